// The figures one looks for first.
import { useFormats } from "@kit/formats";
import { Time } from "@kit/ui/Time";
import { Paper, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Session } from "../sessions/rows";
import { costQuery } from "./queries";

export function Figures({ session, name, zone }: { session: Session; name: string; zone?: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { data: cost } = useQuery(costQuery(name));
  const running = session.phase === "active";
  const end = session.ended_at ? Date.parse(session.ended_at) : Date.now();
  const figures: [string, ReactNode][] = [
    [t("sessions.energy"), formats.energy(session.energy_wh)],
    ...(running ? [[t("sessions.power"), formats.power(session.power_w)] as [string, ReactNode]] : []),
    [t("sessions.duration"), formats.duration((end - Date.parse(session.started_at)) / 1000)],
    [t("sessions.started"), <Time key="s" at={session.started_at} mode="dateTime" zone={zone} />],
    ...(session.ended_at
      ? [
          [t("sessions.ended_at"), <Time key="e" at={session.ended_at} mode="dateTime" zone={zone} />] as [
            string,
            ReactNode,
          ],
        ]
      : []),
    ...(session.soc_percent != null
      ? [[t("sessions.soc"), formats.percent(session.soc_percent / 100)] as [string, ReactNode]]
      : []),
    ...(session.idle_s
      ? [[t("sessions.idle"), formats.duration(session.idle_s)] as [string, ReactNode]]
      : []),
    [
      t("sessions.cost"),
      cost?.currency ? (
        formats.money(cost.gross, cost.currency)
      ) : (
        <Text key="c" span size="sm" c="dimmed">
          {t("sessions.not_rated")}
        </Text>
      ),
    ],
  ];
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: figures.length }} component="dl" m={0}>
      {figures.map(([name, value]) => (
        <Paper key={name} withBorder p="sm">
          <Text component="dt" size="xs" c="dimmed">
            {name}
          </Text>
          <Text component="dd" m={0} fw={700} fz="lg">
            {value}
          </Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}
