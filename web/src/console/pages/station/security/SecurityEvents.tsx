// What mattered for security at this station, latest first.
import { api } from "@kit/api/client";
import { Problem } from "@kit/ui/feedback";
import { StateBadge } from "@kit/ui/states";
import { Time } from "@kit/ui/Time";
import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { securityKindWords } from "../../../vocabulary";
import { useStationPage } from "../context";
import { usePages } from "../pages";
import { Section } from "../Section";

export function SecurityEvents() {
  const { t } = useTranslation();
  const { station, zone } = useStationPage();
  const events = usePages(["station", station.id, "security-events"], (cursor, signal) =>
    api.GET("/api/v1/security-events", {
      params: { query: { station: station.id, cursor, limit: 30 } },
      signal,
    }),
  );
  return (
    <Section title={t("station.security_events")}>
      {events.error && <Problem error={events.error} retry={() => events.refetch()} />}
      {events.data && events.items.length === 0 && <Text c="dimmed">{t("station.no_security_events")}</Text>}
      {events.items.map((event) => (
        <div key={event.id}>
          <Group gap="xs">
            <StateBadge
              state={
                event.severity === "critical"
                  ? "faulted"
                  : event.severity === "medium"
                    ? "occupied"
                    : "unknown"
              }
              words={t(`severity.${event.severity ?? "low"}`)}
            />
            <Text size="sm" fw={600}>
              <bdi title={event.kind}>{securityKindWords(t, event.kind)}</bdi>
            </Text>
            <Text size="sm" c="dimmed">
              <Time at={event.at} mode="dateTime" zone={zone} />{" "}
              {event.remote_address && <bdi dir="ltr">{event.remote_address}</bdi>}
            </Text>
          </Group>
          {event.detail && <Text size="sm">{event.detail}</Text>}
        </div>
      ))}
      {events.hasNextPage && (
        <Button variant="default" onClick={events.more} loading={events.isFetchingNextPage}>
          {t("station.show_more")}
        </Button>
      )}
    </Section>
  );
}
