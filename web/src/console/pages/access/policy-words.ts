// A policy in a few words: where, when, how much.
import type { components } from "@kit/api/schema";
import { useFormats } from "@kit/formats";
import { useTranslation } from "react-i18next";
import { amountOf } from "./Quotas";

type Policy = Pick<
  components["schemas"]["Policy"],
  "locations" | "stations" | "station_groups" | "windows" | "quotas" | "parallel"
>;

export function usePolicyWords() {
  const { t } = useTranslation();
  const formats = useFormats();
  const where = (policy: Policy) => {
    const parts = [
      policy.locations.length > 0 && t("access.locations_count", { count: policy.locations.length }),
      policy.station_groups.length > 0 && t("access.groups_count", { count: policy.station_groups.length }),
      policy.stations.length > 0 && t("access.stations_count", { count: policy.stations.length }),
    ].filter((part): part is string => Boolean(part));
    return parts.length > 0 ? formats.list(parts) : t("access.everywhere");
  };
  const when = (policy: Policy) =>
    policy.windows.length === 0
      ? t("access.always")
      : policy.windows
          .map(
            ({ days, begin, end }) =>
              `${(days ?? []).map((day) => t(`access.day_${day}`)).join(", ")} ${begin}–${end}`,
          )
          .join("; ");
  const howMuch = (policy: Policy) => {
    const parts = policy.quotas.map((quota) =>
      t("access.quota_words", {
        amount:
          quota.measure === "sessions"
            ? t("access.sessions_count", { count: quota.limit })
            : amountOf(formats, quota, quota.limit),
        period: t(`access.period_${quota.period}`),
        per: t(`access.per_${quota.per}`),
      }),
    );
    if (policy.parallel)
      parts.push(
        t("access.parallel_words", {
          count: policy.parallel.limit,
          per: t(`access.per_${policy.parallel.per}`),
        }),
      );
    return parts.length > 0 ? parts.join("; ") : t("access.unlimited");
  };
  return { where, when, howMuch };
}
