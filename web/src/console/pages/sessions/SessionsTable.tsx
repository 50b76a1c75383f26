// Sessions in a table, those under way live; filters in the address; totals of what fits.
import { api, asked } from "@kit/api/client";
import { useFormats } from "@kit/formats";
import { useTopic } from "@kit/live/feed";
import { type Column, DataTable } from "@kit/ui/DataTable";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Time } from "@kit/ui/Time";
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconBolt, IconDownload } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { stopReasonWords } from "../../vocabulary";
import { useAddress } from "../station/address";
import { usePages } from "../station/pages";
import { CertaintyBadge, PhaseBadge } from "./badges";
import { askedOf, type Filters, NAMES } from "./filters";
import { patched, type Session } from "./rows";
import { SessionFilters } from "./SessionFilters";

export function SessionsTable({ station, zone }: { station?: string; zone?: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const client = useQueryClient();
  const navigate = useNavigate();
  const address = useAddress();
  const filters = Object.fromEntries(NAMES.map((name) => [name, address.get(name)])) as unknown as Filters;
  const query = askedOf(station ? { ...filters, station } : filters);
  const key = station ? ["station", station, "sessions", query] : ["sessions", query];
  const list = usePages(
    key,
    (cursor, signal) =>
      api.GET("/api/v1/sessions", { params: { query: { ...query, cursor, limit: 100 } }, signal }),
    // Besides what is told live: what began between the question and the first word of the stream.
    { refetchInterval: 10_000 },
  );
  const { number: _, ...countable } = query;
  const count = useQuery(
    asked([...key, "count"], (signal) =>
      api.GET("/api/v1/sessions/count", { params: { query: countable }, signal }),
    ),
  );
  // What has changed since the list was asked for.
  const [live, setLive] = useState<Record<string, Partial<Session>>>({});
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  const refetch = () => {
    again.current ??= setTimeout(() => {
      again.current = undefined;
      client.invalidateQueries({ queryKey: key });
    }, 1_500);
  };
  const known = useMemo(() => new Set(list.items.map(({ id }) => id)), [list.items]);
  useTopic("sessions", {
    changes: ({ set }) => {
      setLive((before) => {
        const next = { ...before };
        for (const [id, patch] of Object.entries(set))
          next[id] = { ...next[id], ...(patch as Partial<Session>) };
        return next;
      });
      // One that has begun: it may belong into the list.
      if (Object.keys(set).some((id) => !known.has(id))) refetch();
    },
    reload: () => list.refetch(),
  });
  const rows = useMemo(() => patched(list.items, live), [list.items, live]);
  const energy = rows.reduce((sum, { energy_wh }) => sum + (energy_wh ?? 0), 0);
  const export_query = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  const link = (session: Session) => (
    <Text
      component={Link}
      to={`/sessions/${session.number}` as "/"}
      size="sm"
      fw={600}
      td="underline"
      c="inherit"
    >
      {session.number}
    </Text>
  );
  const duration = (session: Session) =>
    formats.duration(
      (Date.parse(session.ended_at ?? new Date().toISOString()) - Date.parse(session.started_at)) / 1000,
    );
  const columns: Column<Session>[] = [
    { key: "number", title: t("sessions.number"), width: "5rem", fixed: true, render: link },
    {
      key: "state",
      title: t("sessions.state"),
      width: "minmax(10.5rem, 1fr)",
      render: (each) => <PhaseBadge session={each} />,
    },
    {
      key: "started",
      title: t("sessions.started"),
      width: "11.5rem",
      render: (each) => <Time at={each.started_at} mode="dateTime" zone={zone} />,
    },
    { key: "duration", title: t("sessions.duration"), width: "5.5rem", end: true, render: duration },
    ...(station
      ? []
      : [
          {
            key: "station",
            title: t("sessions.station"),
            width: "minmax(7rem, 1fr)",
            render: (each: Session) => (
              <Text
                component={Link}
                to={`/stations/${each.station_id}` as "/"}
                size="sm"
                td="underline"
                c="inherit"
              >
                <bdi dir="ltr">{each.station_identity}</bdi>
              </Text>
            ),
          },
        ]),
    {
      key: "evse",
      title: t("sessions.evse"),
      width: "6.5rem",
      hidden: true,
      render: (each) => each.evse ?? "–",
    },
    {
      key: "token",
      title: t("sessions.token"),
      width: "minmax(8.5rem, 1fr)",
      render: (each) => <bdi dir="ltr">{each.token_uid || "–"}</bdi>,
    },
    {
      key: "energy",
      title: t("sessions.energy"),
      width: "5.5rem",
      end: true,
      render: (each) => formats.energy(each.energy_wh),
    },
    {
      key: "power",
      title: t("sessions.power"),
      width: "5.5rem",
      end: true,
      render: (each) => (each.phase === "active" ? formats.power(each.power_w) : "–"),
    },
    {
      key: "soc",
      title: t("sessions.soc"),
      width: "5rem",
      end: true,
      hidden: true,
      render: (each) => (each.soc_percent == null ? "–" : formats.percent(each.soc_percent / 100)),
    },
    {
      key: "certain",
      title: t("sessions.certainty"),
      width: "7.5rem",
      render: (each) => <CertaintyBadge session={each} />,
    },
    {
      key: "reason",
      title: t("sessions.stop_reason"),
      width: "9rem",
      hidden: true,
      render: (each) => stopReasonWords(t, each.stop_reason) || "–",
    },
  ];
  return (
    <Stack gap="sm">
      <SessionFilters filters={filters} set={address.set} forStation={Boolean(station)} />
      {list.error && <Problem error={list.error} retry={() => list.refetch()} />}
      {list.isPending && <Lines />}
      {list.data && (
        <DataTable
          name={station ? "station-sessions" : "sessions"}
          label={t("sessions.title")}
          rows={rows}
          columns={columns}
          keyOf={(each) => each.id}
          onOpen={(each) => navigate({ to: `/sessions/${each.number}` as "/" })}
          onEnd={list.more}
          cardHeight={108}
          height="max(24rem, calc(100dvh - 22rem))"
          card={(each) => (
            <Stack gap={4}>
              <Group justify="space-between" wrap="nowrap">
                <Group gap="xs">
                  {link(each)}
                  <bdi dir="ltr">{each.station_identity}</bdi>
                </Group>
                <Text fw={700}>{formats.energy(each.energy_wh)}</Text>
              </Group>
              <Group justify="space-between">
                <PhaseBadge session={each} />
                <Text size="sm">
                  {each.phase === "active" ? formats.power(each.power_w) : duration(each)}
                </Text>
              </Group>
              <Group justify="space-between">
                <Text size="sm" c="dimmed">
                  <Time at={each.started_at} mode="dateTime" zone={zone} />
                </Text>
                <CertaintyBadge session={each} />
              </Group>
            </Stack>
          )}
          tools={
            <>
              <Text size="sm" role="status">
                {count.data &&
                  t("sessions.count", { count: count.data.count, number: formats.number(count.data.count) })}
                {rows.length > 0 && ` · ${t("sessions.energy_shown", { energy: formats.energy(energy) })}`}
              </Text>
              <Button
                component="a"
                href={`/api/v1/sessions/export?${export_query}`}
                download
                size="sm"
                variant="default"
                leftSection={<IconDownload size={16} aria-hidden />}
              >
                {t("station.export")}
              </Button>
            </>
          }
          empty={
            <Empty icon={IconBolt} title={t("sessions.none")}>
              {t("sessions.none_text")}
            </Empty>
          }
        />
      )}
    </Stack>
  );
}
