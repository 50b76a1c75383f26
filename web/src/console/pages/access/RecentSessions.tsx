// The latest sessions of somebody or something, with the way to all of them.
import { api, asked } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Anchor, ScrollArea, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

type Filter = { token_id: string } | { account_id: string };

export function RecentSessions({ filter }: { filter: Filter }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const sessions = useQuery(
    asked(["sessions", "recent", filter], (signal) =>
      api.GET("/api/v1/sessions", { params: { query: { ...filter, limit: 10 } }, signal }),
    ),
  );
  if (sessions.isPending) return <Lines count={4} />;
  if (sessions.error) return <Problem error={sessions.error} retry={() => sessions.refetch()} />;
  if (sessions.data.items.length === 0) return <Text c="dimmed">{t("access.no_sessions")}</Text>;
  return (
    <>
      <ScrollArea viewportProps={{ tabIndex: 0, "aria-label": t("access.recent_sessions") }}>
        <Table miw={520}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("access.session")}</Table.Th>
              <Table.Th>{t("access.station")}</Table.Th>
              <Table.Th>{t("access.began")}</Table.Th>
              <Table.Th ta="end">{t("access.energy")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sessions.data.items.map((session) => (
              <Table.Tr key={session.id}>
                <Table.Td>
                  <Anchor component={Link} to={`/sessions/${session.number}` as "/"}>
                    {session.number}
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <Anchor component={Link} to={`/stations/${session.station_id}` as "/"}>
                    <bdi>{session.station_identity}</bdi>
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <Time at={session.started_at} mode="dateTime" />
                </Table.Td>
                <Table.Td ta="end">{formats.energy(session.energy_wh)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      <Anchor component={Link} to={"/sessions" as "/"} search={filter as never} size="sm">
        {t("access.all_sessions")}
      </Anchor>
    </>
  );
}
