// When a command goes out, and how long it waits for stations that are offline.
import { Group, Select, Stack, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

export interface Terms {
  kind: "connected" | "later";
  // As the browser's picker writes it, in the browser's zone.
  at: string;
  // Hours after which it is given up.
  hours: number;
}
export const NOW: Terms = { kind: "connected", at: "", hours: 24 };
const HOURS = [1, 6, 24, 72, 168, 720];

export function termsOf(terms: Terms): { not_before?: string; expires_at: string } {
  const from = terms.kind === "later" && terms.at ? new Date(terms.at) : new Date();
  const expires = new Date(from.getTime() + terms.hours * 3_600_000);
  return {
    ...(terms.kind === "later" && { not_before: from.toISOString() }),
    expires_at: expires.toISOString(),
  };
}

export function WhenFields({ value, onChange }: { value: Terms; onChange: (value: Terms) => void }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <Group grow align="flex-start">
        <Select
          label={t("bulk.when")}
          allowDeselect={false}
          data={[
            { value: "connected", label: t("bulk.when_now") },
            { value: "later", label: t("bulk.when_later") },
          ]}
          value={value.kind}
          onChange={(kind) => kind && onChange({ ...value, kind: kind as Terms["kind"] })}
        />
        <Select
          label={t("bulk.keep")}
          allowDeselect={false}
          data={HOURS.map((hours) => ({
            value: String(hours),
            label: hours < 24 ? t("bulk.hours", { count: hours }) : t("bulk.days", { count: hours / 24 }),
          }))}
          value={String(value.hours)}
          onChange={(hours) => onChange({ ...value, hours: Number(hours) })}
        />
      </Group>
      {value.kind === "later" && (
        <TextInput
          type="datetime-local"
          required
          label={t("bulk.at")}
          value={value.at}
          onChange={(event) => onChange({ ...value, at: event.currentTarget.value })}
        />
      )}
    </Stack>
  );
}
