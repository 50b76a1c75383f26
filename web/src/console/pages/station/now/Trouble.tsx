// One thing that is wrong: what, since when, and step by step what to do about it; can be read out on the phone.

import type { State } from "@kit/branding";
import { useFormats } from "@kit/formats";
import { useStateColour } from "@kit/ui/states";
import { Time } from "@kit/ui/Time";
import { Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconExclamationCircle,
  IconInfoCircle,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useStationPage } from "../context";
import type { Schemas } from "../queries";
import { details, readableFacts } from "./facts";
import { TodoStep } from "./TodoStep";

const LOOKS: Record<string, [TablerIcon, State]> = {
  critical: [IconAlertOctagon, "faulted"],
  serious: [IconAlertTriangle, "faulted"],
  warning: [IconExclamationCircle, "occupied"],
  info: [IconInfoCircle, "charging"],
};

export function Trouble({ problem }: { problem: Schemas["StationProblem"] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const colour = useStateColour();
  const { zone } = useStationPage();
  const [Shape, state] = LOOKS[problem.severity] ?? [IconInfoCircle, "unknown"];
  const facts = readableFacts({ since: problem.since, ...problem.facts }, t, formats, zone);
  const place = Number(problem.facts.evse) > 0 ? t("station.at_evse", { evse: problem.facts.evse }) : "";
  const more = details(problem.facts);
  return (
    <Paper withBorder p="sm" data-problem={problem.code} data-severity={problem.severity} component="article">
      <Stack gap={6}>
        <Group gap="xs" wrap="nowrap" align="flex-start">
          <Text span c={colour(state)} lh={1} mt={2}>
            <Shape size={22} aria-hidden />
          </Text>
          <div>
            <Text size="xs" fw={700} c={colour(state)}>
              {t(`insight.severity.${problem.severity}`)}
              {place && ` · ${place}`}
            </Text>
            <Title order={3} fz="md">
              {t(`insight.${problem.code}`, { ...facts, defaultValue: problem.text })}
            </Title>
            {problem.since && (
              <Text size="sm" c="dimmed">
                {t("station.since")} <Time at={problem.since} mode="dateTime" zone={zone} /> (
                <Time at={problem.since} />)
              </Text>
            )}
            {more.length > 0 && (
              <Text size="sm" c="dimmed">
                {t("station.station_says")} <bdi dir="ltr">{more.join(" · ")}</bdi>
              </Text>
            )}
          </div>
        </Group>
        {problem.todo.length > 0 && (
          <div>
            <Text size="sm" fw={600} mb={4}>
              {t("station.what_to_do")}
            </Text>
            <List type="ordered" size="sm" spacing={6}>
              {problem.todo.map((code) => (
                <List.Item key={code}>
                  <TodoStep code={code} facts={problem.facts} />
                </List.Item>
              ))}
            </List>
          </div>
        )}
      </Stack>
    </Paper>
  );
}
