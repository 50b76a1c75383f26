// What the station does and why, in a sentence; what is wrong with it, the worst first.
import { useFormats } from "@kit/formats";
import { Lines, Problem } from "@kit/ui/feedback";
import { stateOf, useStateColour } from "@kit/ui/states";
import { Time } from "@kit/ui/Time";
import { Group, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useStationPage } from "../context";
import { insightQuery } from "../queries";
import { Section } from "../Section";
import { readableFacts } from "./facts";
import { Trouble } from "./Trouble";

export function WhatIsUp() {
  const { t } = useTranslation();
  const formats = useFormats();
  const colour = useStateColour();
  const { station, zone } = useStationPage();
  const insight = useQuery({ ...insightQuery(station.id), refetchInterval: 60_000 });
  if (insight.error) return <Problem error={insight.error} retry={() => insight.refetch()} />;
  if (!insight.data) return <Lines count={3} />;
  const { doing, since, problems, state } = insight.data;
  const facts = readableFacts(doing.facts ?? {}, t, formats, zone);
  return (
    <Section title={t("station.what_is_up")}>
      <div role="status" aria-live="polite">
        <Text fz="lg" fw={600} c={colour(stateOf(state))} data-doing={doing.code}>
          {t(`insight.doing.${doing.code}`, { ...facts, defaultValue: insight.data.text })}
        </Text>
        <Text size="sm" c="dimmed" component="div">
          {(doing.facts as Record<string, unknown> | undefined)?.power_w ? `${facts.power_w} · ` : ""}
          {since && (
            <>
              {t("station.since")} <Time at={since} mode="dateTime" zone={zone} /> (<Time at={since} />)
            </>
          )}
        </Text>
      </div>
      {(problems ?? []).length === 0 ? (
        <Group gap={6} c={colour("available")}>
          <IconCircleCheck size={18} aria-hidden />
          <Text size="sm" fw={600} c="inherit">
            {t("station.nothing_wrong")}
          </Text>
        </Group>
      ) : (
        (problems ?? []).map((problem) => (
          <Trouble key={`${problem.code} ${JSON.stringify(problem.facts)}`} problem={problem} />
        ))
      )}
    </Section>
  );
}
