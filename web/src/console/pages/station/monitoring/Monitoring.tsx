// What the station watches of itself, and what it told of it.
import { api, asked } from "@kit/api/client";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { StateBadge } from "@kit/ui/states";
import { Time } from "@kit/ui/Time";
import { Button, Group, Stack, Table, Text } from "@mantine/core";
import { IconActivity } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../session";
import { errorWords } from "../../../vocabulary";
import { useStationPage } from "../context";
import { usePages } from "../pages";
import type { Schemas } from "../queries";
import { Section } from "../Section";

const nameOf = (variable: Schemas["Variable"]) =>
  `${[variable.component, variable.name].filter(Boolean).join(".")}${variable.instance ? `[${variable.instance}]` : ""}${variable.evse ? `@${variable.evse}` : ""}`;

export default function Monitoring() {
  const { t } = useTranslation();
  const may = useMay();
  const { station, zone, command } = useStationPage();
  const params = { path: { station: station.id } };
  const monitors = useQuery(
    asked(["station", station.id, "monitors"], (signal) =>
      api.GET("/api/v1/stations/{station}/monitors", {
        params: { ...params, query: { limit: 200 } },
        signal,
      }),
    ),
  );
  const events = usePages(["station", station.id, "events"], (cursor, signal) =>
    api.GET("/api/v1/stations/{station}/events", {
      params: { ...params, query: { cursor, limit: 50 } },
      signal,
    }),
  );
  return (
    <Stack>
      <Section
        title={t("station.monitors")}
        tools={
          may("commands:give") && (
            <Group gap="xs">
              <Button size="sm" variant="default" onClick={() => command({ command: "GetMonitoringReport" })}>
                {t("station.read_again")}
              </Button>
              <Button size="sm" onClick={() => command({ command: "SetMonitors" })}>
                {t("commands.name.SetMonitors")}
              </Button>
            </Group>
          )
        }
      >
        {monitors.error && <Problem error={monitors.error} retry={() => monitors.refetch()} />}
        {monitors.isPending && <Lines count={2} />}
        {monitors.data?.items.length === 0 && (
          <Empty icon={IconActivity} title={t("station.no_monitors")}>
            {t("station.no_monitors_text")}
          </Empty>
        )}
        {(monitors.data?.items.length ?? 0) > 0 && (
          <Table.ScrollContainer minWidth={0}>
            <Table aria-label={t("station.monitors")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("station.variable")}</Table.Th>
                  <Table.Th>{t("commands.field.kind")}</Table.Th>
                  <Table.Th>{t("commands.field.value")}</Table.Th>
                  <Table.Th>{t("commands.field.severity")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {monitors.data?.items.map((monitor) => (
                  <Table.Tr key={monitor.id}>
                    <Table.Td style={{ overflowWrap: "anywhere" }}>
                      <bdi dir="ltr">{nameOf(monitor.variable)}</bdi>
                    </Table.Td>
                    <Table.Td>{t(`monitor_kind.${monitor.kind}`)}</Table.Td>
                    <Table.Td>{monitor.value}</Table.Td>
                    <Table.Td>{monitor.severity}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Section>
      <Section title={t("station.component_events")}>
        {events.error && <Problem error={events.error} retry={() => events.refetch()} />}
        {events.data && events.items.length === 0 && (
          <Text c="dimmed">{t("station.no_component_events")}</Text>
        )}
        {events.items.map((event) => (
          <Group key={event.id || `${event.event_id} ${event.at}`} gap="xs">
            <StateBadge
              state={event.cleared ? "available" : event.error ? "faulted" : "unknown"}
              words={event.cleared ? t("station.cleared") : errorWords(t, event.error) || t("station.event")}
            />
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              <bdi dir="ltr">
                {nameOf(event.variable)} = {event.value}
              </bdi>
            </Text>
            <Text size="sm" c="dimmed">
              <Time at={event.at} mode="dateTime" zone={zone} /> {event.tech_info || event.tech_code}
            </Text>
          </Group>
        ))}
        {events.hasNextPage && (
          <Button variant="default" onClick={events.more} loading={events.isFetchingNextPage}>
            {t("station.show_more")}
          </Button>
        )}
      </Section>
    </Stack>
  );
}
