// The place of a new charger: one that is known, a new one, or none yet.
import { api, asked } from "@kit/api/client";
import { Grid, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

export interface PlaceDraft {
  name: string;
  address: string;
  postal_code: string;
  city: string;
  country: string;
  time_zone: string;
}
export type Where = { kind: "none" } | { kind: "known"; id: string } | { kind: "new"; draft: PlaceDraft };

const emptyDraft = (): PlaceDraft => ({
  name: "",
  address: "",
  postal_code: "",
  city: "",
  country: "",
  time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
});

export function WherePicker({ where, onChange }: { where: Where; onChange: (where: Where) => void }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 30em)", false, { getInitialValueInEffect: false });
  const [words, setWords] = useState("");
  const [wanted] = useDebouncedValue(words, 200);
  const places = useQuery({
    ...asked(["locations", "picker", wanted], (signal) =>
      api.GET("/api/v1/locations", {
        params: { query: { search: wanted || undefined, limit: 50 } as never },
        signal,
      }),
    ),
    placeholderData: keepPreviousData,
  });
  const draft = where.kind === "new" ? where.draft : emptyDraft();
  const write = (part: Partial<PlaceDraft>) => onChange({ kind: "new", draft: { ...draft, ...part } });
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500} id="where-label">
        {t("onboarding.where")}
      </Text>
      <SegmentedControl
        aria-labelledby="where-label"
        orientation={narrow ? "vertical" : "horizontal"}
        value={where.kind}
        onChange={(kind) =>
          onChange(
            kind === "known"
              ? { kind, id: "" }
              : kind === "new"
                ? { kind, draft: emptyDraft() }
                : { kind: "none" },
          )
        }
        data={[
          { value: "known", label: t("onboarding.where_known") },
          { value: "new", label: t("onboarding.where_new") },
          { value: "none", label: t("onboarding.where_none") },
        ]}
      />
      {where.kind === "known" && (
        <Select
          label={t("onboarding.place")}
          searchable
          required
          data={
            places.data?.items.map((place) => ({
              value: place.id,
              label: [place.name, place.city].filter(Boolean).join(", "),
            })) ?? []
          }
          filter={({ options }) => options}
          searchValue={words}
          onSearchChange={setWords}
          value={where.id || null}
          onChange={(id) => onChange({ kind: "known", id: id ?? "" })}
          nothingFoundMessage={t("onboarding.place_none")}
        />
      )}
      {where.kind === "new" && (
        <Grid gap="xs">
          <Grid.Col span={12}>
            <TextInput
              required
              label={t("onboarding.place_name")}
              value={draft.name}
              onChange={(e) => write({ name: e.currentTarget.value })}
            />
          </Grid.Col>
          <Grid.Col span={12}>
            <TextInput
              label={t("onboarding.address")}
              autoComplete="off"
              value={draft.address}
              onChange={(e) => write({ address: e.currentTarget.value })}
            />
          </Grid.Col>
          <Grid.Col span={{ base: 4, xs: 3 }}>
            <TextInput
              label={t("onboarding.postal_code")}
              value={draft.postal_code}
              onChange={(e) => write({ postal_code: e.currentTarget.value })}
            />
          </Grid.Col>
          <Grid.Col span={{ base: 8, xs: 5 }}>
            <TextInput
              label={t("onboarding.city")}
              value={draft.city}
              onChange={(e) => write({ city: e.currentTarget.value })}
            />
          </Grid.Col>
          <Grid.Col span={{ base: 12, xs: 4 }}>
            <TextInput
              label={t("onboarding.country")}
              placeholder="DE"
              maxLength={2}
              value={draft.country}
              onChange={(e) => write({ country: e.currentTarget.value.toUpperCase() })}
            />
          </Grid.Col>
          <Grid.Col span={12}>
            <Select
              label={t("onboarding.time_zone")}
              searchable
              data={Intl.supportedValuesOf("timeZone")}
              value={draft.time_zone}
              onChange={(zone) => write({ time_zone: zone ?? "UTC" })}
              limit={40}
            />
          </Grid.Col>
        </Grid>
      )}
    </Stack>
  );
}
