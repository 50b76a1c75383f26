// How much of a policy's quotas is used: a bar, and the figures in words.
import type { components } from "@kit/api/schema";
import { type Formats, useFormats } from "@kit/formats";
import { Progress, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

type Consumption = components["schemas"]["Consumption"];
type Quota = components["schemas"]["Quota"];

export function amountOf(
  formats: Formats,
  quota: Pick<Quota, "measure" | "currency">,
  amount: number,
): string {
  if (quota.measure === "energy") return formats.energy(amount);
  if (quota.measure === "money" && quota.currency) return formats.money(amount, quota.currency);
  return formats.number(amount);
}

export function Quotas({ consumption }: { consumption: readonly Consumption[] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const some = consumption.filter((each) => (each.quotas?.length ?? 0) > 0);
  if (some.length === 0) return <Text c="dimmed">{t("access.no_quotas")}</Text>;
  return (
    <Stack>
      {some.map((each) => (
        <div key={each.policy_id}>
          <Text fw={600}>
            <bdi>{each.policy_name}</bdi>
          </Text>
          {each.quotas?.map((use, at) => {
            const limit = use.quota.limit;
            const said = t("access.quota_use", {
              used: amountOf(formats, use.quota, use.used),
              limit: amountOf(formats, use.quota, limit),
              measure: t(`access.measure_${use.quota.measure}`),
              period: t(`access.period_${use.quota.period}`),
            });
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: quotas have no names
              <div key={at}>
                <Text size="sm">{said}</Text>
                <Progress
                  value={limit > 0 ? Math.min(100, (use.used / limit) * 100) : 100}
                  color={use.exhausted ? "red.8" : "brand"}
                  aria-label={said}
                />
                <Text size="xs" c="dimmed">
                  {use.exhausted ? t("access.exhausted") : ""}{" "}
                  {t("access.begins_anew", { date: formats.date(`${use.next_first_day}T12:00:00Z`) })}
                </Text>
              </div>
            );
          })}
        </div>
      ))}
    </Stack>
  );
}
