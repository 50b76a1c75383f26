// Whose token: found by number, name on the card or holder; one that is not registered can be typed.
import { api, asked } from "@kit/api/client";
import { Autocomplete } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMay } from "../../session";

interface Props {
  label: string;
  required?: boolean;
  value: string;
  onChange: (value: string) => void;
}

export function TokenInput({ label, required, value, onChange }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const [search] = useDebouncedValue(value.trim(), 200);
  const found = useQuery({
    ...asked(["tokens", "search", search], (signal) =>
      api.GET("/api/v1/tokens", { params: { query: { search: search || undefined, limit: 8 } }, signal }),
    ),
    enabled: may("tokens:read"),
    placeholderData: keepPreviousData,
  });
  const tokens = found.data?.items ?? [];
  const words = new Map(tokens.map((token) => [token.uid, token.visual_number]));
  return (
    <Autocomplete
      label={label}
      required={required}
      description={t("commands.token_help")}
      data={[...words.keys()]}
      // The server has searched already, in more than the uid.
      filter={({ options }) => options}
      renderOption={({ option }) => (
        <span>
          <bdi dir="ltr">{option.value}</bdi>
          {words.get(option.value) ? ` · ${words.get(option.value)}` : ""}
        </span>
      )}
      value={value}
      onChange={onChange}
      maxLength={255}
    />
  );
}
