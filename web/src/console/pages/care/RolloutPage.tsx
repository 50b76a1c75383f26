// One change on its way through the network: what it changes, how far it is; held, let go on, undone.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { useFormats } from "@kit/formats";
import { DangerButton } from "@kit/ui/DangerButton";
import { Facts } from "@kit/ui/Facts";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Mark } from "@kit/ui/Mark";
import { Page } from "@kit/ui/Page";
import { Time } from "@kit/ui/Time";
import {
  Anchor,
  Button,
  Code,
  Group,
  Paper,
  Progress,
  ScrollArea,
  Stack,
  Table,
  Text,
  Title,
} from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePaged } from "../../lists/paged";
import { useMay } from "../../session";
import { aspectWords, whoWords } from "../../vocabulary";
import { ROLLOUT_TONES, STANDING_TONES } from "./Rollouts";

type Standing = components["schemas"]["Standing"];
type RolloutStation = components["schemas"]["RolloutStation"];
const UNDER_WAY = new Set(["starting", "running"]);

export default function RolloutPage() {
  const { t } = useTranslation();
  const formats = useFormats();
  const { rollout: id } = useParams({ strict: false }) as { rollout: string };
  const may = useMay();
  const path = { rollout: id };
  const progress = useQuery({
    ...asked(["rollouts", id], (signal) =>
      api.GET("/api/v1/desired/rollouts/{rollout}", { params: { path }, signal }),
    ),
    refetchInterval: (query) => (UNDER_WAY.has(query.state.data?.rollout.state ?? "") ? 2_000 : 15_000),
  });
  const rollout = progress.data?.rollout;
  const revision = useQuery({
    ...asked(["revisions", rollout?.revision_id], (signal) =>
      api.GET("/api/v1/desired/revisions/{revision}", {
        params: { path: { revision: rollout?.revision_id ?? "" } },
        signal,
      }),
    ),
    enabled: Boolean(rollout),
  });
  const stations = usePaged<RolloutStation>(["rollouts", id, "stations"], (cursor, signal) =>
    data(
      api.GET("/api/v1/desired/rollouts/{rollout}/stations", {
        params: { path, query: { cursor, limit: 100 } },
        signal,
      }),
    ),
  );
  const anew = () => void queries.invalidateQueries({ queryKey: ["rollouts"] });
  const act = useMutation({
    mutationFn: (deed: "pause" | "resume" | "release" | "undo") => {
      const params = { params: { path } };
      if (deed === "pause")
        return data<unknown>(api.POST("/api/v1/desired/rollouts/{rollout}/pause", params as never));
      if (deed === "resume")
        return data<unknown>(api.POST("/api/v1/desired/rollouts/{rollout}/resume", params));
      if (deed === "release")
        return data<unknown>(api.POST("/api/v1/desired/rollouts/{rollout}/release", params));
      return data<unknown>(api.POST("/api/v1/desired/rollouts/{rollout}/undo", params as never));
    },
    onSuccess: (_, deed) => {
      tellDone(t(`care.${deed}_done`));
      anew();
    },
    onError: tellProblem,
  });
  const counts = Object.entries(progress.data?.by_standing ?? {}) as [Standing, number][];
  const total = Math.max(
    1,
    counts.reduce((sum, [, count]) => sum + count, 0),
  );
  return (
    <Page
      title={t("care.rollout")}
      badge={rollout && <Mark tone={ROLLOUT_TONES[rollout.state]}>{t(`care.rollout_${rollout.state}`)}</Mark>}
      subtitle={revision.data?.why}
      crumbs={[{ title: t("care.rollouts"), to: "/rollouts" }]}
      actions={
        rollout &&
        may("desired:write") && (
          <>
            {rollout.state === "running" && (
              <Button variant="default" onClick={() => act.mutate("pause")}>
                {t("care.pause")}
              </Button>
            )}
            {(rollout.state === "paused" || rollout.state === "stopped") && (
              <Button onClick={() => act.mutate("resume")}>{t("care.resume")}</Button>
            )}
            {rollout.state !== "undone" && (
              <DangerButton
                onClick={() =>
                  ask({
                    title: t("care.undo_title"),
                    text: t("care.undo_text"),
                    action: t("care.undo"),
                    danger: true,
                    onYes: () => act.mutate("undo"),
                  })
                }
              >
                {t("care.undo")}
              </DangerButton>
            )}
          </>
        )
      }
    >
      {progress.isPending && <Lines />}
      {progress.error && <Problem error={progress.error} retry={() => progress.refetch()} />}
      {rollout && (
        <>
          <Paper withBorder p="md">
            <Stack>
              <Facts
                facts={[
                  [t("care.began"), <Time key="at" at={rollout.began_at} mode="dateTime" />],
                  [t("care.by"), <bdi key="by">{whoWords(t, rollout.by)}</bdi>],
                  [t("access.stations"), formats.number(rollout.stations)],
                  [t("care.reason"), rollout.reason],
                  [t("care.canary"), rollout.pace.canary],
                  [t("care.at_once"), rollout.pace.at_once],
                  [t("care.per_minute"), rollout.pace.per_minute],
                  [
                    t("care.stop_above"),
                    rollout.pace.stop_above_percent != null
                      ? formats.percent(rollout.pace.stop_above_percent / 100)
                      : null,
                  ],
                ]}
              />
              {counts.length > 0 && (
                <>
                  <Progress.Root size="lg" aria-hidden>
                    {counts.map(([standing, count]) => (
                      <Progress.Section
                        key={standing}
                        value={(100 * count) / total}
                        color={
                          {
                            good: "green.8",
                            bad: "red.8",
                            busy: "blue.8",
                            warn: "yellow.8",
                            quiet: "gray.6",
                          }[STANDING_TONES[standing]]
                        }
                      />
                    ))}
                  </Progress.Root>
                  <Group gap="lg">
                    {counts.map(([standing, count]) => (
                      <Group key={standing} gap={6}>
                        <Text fw={700}>{formats.number(count)}</Text>
                        <Mark tone={STANDING_TONES[standing]}>{t(`care.standing_${standing}`)}</Mark>
                      </Group>
                    ))}
                  </Group>
                </>
              )}
            </Stack>
          </Paper>
          <Title order={2} fz="h4">
            {t("care.changes")}
          </Title>
          <Stack gap="xs">
            {revision.data?.made.map((change, at) => {
              const { before, after } = change;
              const shown = after ?? before;
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: changes have no names
                <Group key={at} gap="xs">
                  <Text size="sm">{aspectWords(t, shown?.aspect)}</Text>
                  <Code dir="ltr">{shown?.key}</Code>
                  <Text size="sm">
                    <bdi>{before ? JSON.stringify(before.value) : t("care.nothing")}</bdi>{" "}
                    <IconArrowRight className="flip" size={14} aria-hidden />{" "}
                    <bdi>{after ? JSON.stringify(after.value) : t("care.nothing")}</bdi>
                  </Text>
                </Group>
              );
            })}
          </Stack>
          <Title order={2} fz="h4">
            {t("access.stations")}
          </Title>
          <ScrollArea viewportProps={{ tabIndex: 0, "aria-label": t("access.stations") }}>
            <Table miw={560}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("access.station")}</Table.Th>
                  <Table.Th>{t("care.state")}</Table.Th>
                  <Table.Th>{t("care.reason")}</Table.Th>
                  <Table.Th>{t("care.since")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {stations.items.map((each) => (
                  <Table.Tr key={each.station_id}>
                    <Table.Td>
                      <Anchor component={Link} to={`/stations/${each.station_id}` as "/"}>
                        <bdi>{each.station_identity}</bdi>
                      </Anchor>
                    </Table.Td>
                    <Table.Td>
                      <Mark tone={STANDING_TONES[each.standing]}>{t(`care.standing_${each.standing}`)}</Mark>
                    </Table.Td>
                    <Table.Td>{each.reason || "–"}</Table.Td>
                    <Table.Td>
                      <Time at={each.since} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </ScrollArea>
          {stations.hasNextPage && (
            <Button variant="default" onClick={stations.more} loading={stations.isFetchingNextPage}>
              {t("care.more")}
            </Button>
          )}
        </>
      )}
    </Page>
  );
}
