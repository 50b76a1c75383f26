// What has no form of its own, as JSON; it counts as soon as it can be read.
import { Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  label: string;
  required?: boolean;
  value: unknown;
  onChange: (value: unknown) => void;
}

export function JsonInput({ label, required, value, onChange }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const [wrong, setWrong] = useState(false);
  return (
    <Textarea
      label={`${label} (JSON)`}
      required={required}
      autosize
      minRows={2}
      maxRows={12}
      dir="ltr"
      value={text}
      error={wrong ? t("commands.not_json") : undefined}
      onChange={(event) => {
        const written = event.currentTarget.value;
        setText(written);
        try {
          onChange(written.trim() === "" ? undefined : JSON.parse(written));
          setWrong(false);
        } catch {
          setWrong(true);
        }
      }}
    />
  );
}
