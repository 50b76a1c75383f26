// How much may be charged: energy, sessions or money, in a day, week or month, for each of whom.
import type { components } from "@kit/api/schema";
import { ActionIcon, Button, Group, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

type Quota = components["schemas"]["Quota"];

// Limits are kept in Wh and minor units; people think in kWh and in money.
const FACTOR = { energy: 1000, sessions: 1, money: 100 } as const;

export function QuotaFields({ quotas, onChange }: { quotas: Quota[]; onChange: (quotas: Quota[]) => void }) {
  const { t } = useTranslation();
  const change = (at: number, part: Partial<Quota>) =>
    onChange(quotas.map((quota, here) => (here === at ? { ...quota, ...part } : quota)));
  return (
    <Stack gap="sm">
      {quotas.map((quota, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: quotas have no names
        <Group key={at} align="flex-end" gap="xs">
          <Select
            label={t("access.measure")}
            w={140}
            allowDeselect={false}
            data={(["energy", "sessions", "money"] as const).map((measure) => ({
              value: measure,
              label: t(`access.measure_${measure}`),
            }))}
            value={quota.measure}
            onChange={(measure) =>
              change(at, {
                measure: measure as Quota["measure"],
                limit: FACTOR[measure as "energy"] * 10,
                currency: measure === "money" ? "EUR" : "",
              })
            }
          />
          <NumberInput
            label={quota.measure === "energy" ? t("access.limit_kwh") : t("access.limit")}
            w={120}
            min={0}
            decimalScale={quota.measure === "sessions" ? 0 : 2}
            value={quota.limit / FACTOR[quota.measure]}
            onChange={(limit) => change(at, { limit: Math.round(Number(limit) * FACTOR[quota.measure]) })}
          />
          {quota.measure === "money" && (
            <TextInput
              label={t("access.currency")}
              w={80}
              maxLength={3}
              value={quota.currency ?? ""}
              onChange={(event) => change(at, { currency: event.currentTarget.value.toUpperCase() })}
            />
          )}
          <Select
            label={t("access.period")}
            w={130}
            allowDeselect={false}
            data={(["day", "week", "month"] as const).map((period) => ({
              value: period,
              label: t(`access.period_${period}`),
            }))}
            value={quota.period}
            onChange={(period) => change(at, { period: period as Quota["period"] })}
          />
          <Select
            label={t("access.per")}
            w={160}
            allowDeselect={false}
            data={(["token", "account", "policy"] as const).map((per) => ({
              value: per,
              label: t(`access.per_${per}`),
            }))}
            value={quota.per ?? "token"}
            onChange={(per) => change(at, { per: per as Quota["per"] })}
          />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t("access.remove")}
            onClick={() => onChange(quotas.filter((_, here) => here !== at))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="xs"
        style={{ alignSelf: "start" }}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() =>
          onChange([
            ...quotas,
            { measure: "energy", limit: 50_000, period: "month", per: "token", currency: "" },
          ])
        }
      >
        {t("access.add_quota")}
      </Button>
    </Stack>
  );
}
