// What stations shall be: how the network stands on it, and the changes on their way.
import { api, asked, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import type { Tone } from "@kit/branding";
import { useFormats } from "@kit/formats";
import { Mark } from "@kit/ui/Mark";
import { Time } from "@kit/ui/Time";
import { Anchor, Group, Paper, Text } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { usePaged } from "../../lists/paged";
import { useMay } from "../../session";
import { whoWords } from "../../vocabulary";

type Rollout = components["schemas"]["Rollout"];
type Standing = components["schemas"]["Standing"];

export const ROLLOUT_TONES: Record<Rollout["state"], Tone> = {
  starting: "busy",
  running: "busy",
  paused: "warn",
  stopped: "bad",
  undone: "quiet",
  done: "good",
};
export const STANDING_TONES: Record<Standing, Tone> = {
  in_step: "good",
  in_progress: "busy",
  waiting: "warn",
  drifting: "bad",
  refused: "bad",
  unsupported: "quiet",
  unknown: "quiet",
};

export default function Rollouts() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const list = usePaged<Rollout>(["rollouts"], (cursor, signal) =>
    data(api.GET("/api/v1/desired/rollouts", { params: { query: { cursor, limit: 50 } }, signal })),
  );
  const state = (rollout: Rollout) => (
    <Mark tone={ROLLOUT_TONES[rollout.state]}>{t(`care.rollout_${rollout.state}`)}</Mark>
  );
  const link = (rollout: Rollout) => (
    <Anchor component={Link} to={`/rollouts/${rollout.id}` as "/"} size="sm">
      <Time at={rollout.began_at} mode="dateTime" />
    </Anchor>
  );
  return (
    <ListPage<Rollout>
      name="rollouts"
      title={t("care.rollouts")}
      subtitle={<Counts />}
      list={list}
      keyOf={(rollout) => rollout.id}
      onOpen={(rollout) => navigate({ to: `/rollouts/${rollout.id}` as "/" })}
      add={
        may("desired:write")
          ? { label: t("care.declare"), onClick: () => navigate({ to: "/rollouts/new" as "/" }) }
          : undefined
      }
      empty={{ title: t("care.no_rollouts"), text: t("care.no_rollouts_text"), icon: IconRoute }}
      columns={[
        { key: "began", title: t("care.began"), render: link, fixed: true, width: "minmax(11rem, 1fr)" },
        { key: "state", title: t("care.state"), render: state },
        { key: "stations", title: t("access.stations"), render: (rollout) => rollout.stations },
        { key: "by", title: t("care.by"), render: (rollout) => <bdi>{whoWords(t, rollout.by)}</bdi> },
        {
          key: "reason",
          title: t("care.reason"),
          render: (rollout) => rollout.reason || "–",
          width: "minmax(10rem, 2fr)",
        },
      ]}
      card={(rollout) => (
        <Group justify="space-between">
          <div>
            {link(rollout)}
            <Text size="xs" c="dimmed">
              {t("access.stations_count", { count: rollout.stations })}
            </Text>
          </div>
          {state(rollout)}
        </Group>
      )}
      cardHeight={60}
    />
  );
}

// How many stations stand how on what is declared, over all aspects.
function Counts() {
  const { t } = useTranslation();
  const formats = useFormats();
  const counts = useQuery({
    ...asked(["desired", "counts"], (signal) => api.GET("/api/v1/desired/counts", { signal })),
    refetchInterval: 15_000,
  });
  const sums = new Map<Standing, number>();
  for (const each of counts.data?.items ?? [])
    sums.set(each.standing, (sums.get(each.standing) ?? 0) + each.stations);
  return (
    <>
      <Text c="dimmed">{t("care.rollouts_text")}</Text>
      {sums.size > 0 && (
        <Paper withBorder p="sm" mt="sm">
          <Group gap="lg">
            {[...sums].map(([standing, count]) => (
              <Group key={standing} gap={6}>
                <Text fw={700}>{formats.number(count)}</Text>
                <Mark tone={STANDING_TONES[standing]}>{t(`care.standing_${standing}`)}</Mark>
              </Group>
            ))}
          </Group>
        </Paper>
      )}
    </>
  );
}
