// Whether something limits the station now.
import { useFormats } from "@kit/formats";
import { Time } from "@kit/ui/Time";
import { Button, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { limitSourceWords } from "../../../vocabulary";
import { useStationPage } from "../context";
import { profilesQuery } from "../limits/queries";
import { outsideLimitsQuery } from "../queries";
import { Section } from "../Section";

export function LimitsNow() {
  const { t } = useTranslation();
  const formats = useFormats();
  const { station, zone, go } = useStationPage();
  const outside = useQuery(outsideLimitsQuery(station.id));
  const profiles = useQuery(profilesQuery(station.id));
  const limits = outside.data?.items ?? [];
  const count = profiles.data?.items.length ?? 0;
  return (
    <Section
      title={t("station.limits_now")}
      tools={
        <Button size="compact-sm" variant="subtle" onClick={() => go("limits")}>
          {t("station.show_tab", { tab: t("station.tab.limits") })}
        </Button>
      }
    >
      <Stack gap={4}>
        {limits.map((limit) => {
          const first = limit.schedules?.[0];
          const rate = (first?.periods[0] as { limit?: number | null } | undefined)?.limit;
          return (
            <Text key={`${limit.evse} ${limit.source}`} size="sm">
              {t("station.outside_limit", {
                source: limitSourceWords(t, limit.source),
                limit: rate == null ? "–" : `${formats.number(rate)} ${first?.unit ?? ""}`,
              })}{" "}
              <Time at={limit.at} mode="dateTime" zone={zone} />
            </Text>
          );
        })}
        {count > 0 && <Text size="sm">{t("station.profiles_there", { count })}</Text>}
        {limits.length === 0 && count === 0 && (
          <Text size="sm" c="dimmed">
            {t("station.no_limits")}
          </Text>
        )}
      </Stack>
    </Section>
  );
}
