// What is wrong in the network, the most urgent first: how many, since when, and what to do about it.
import { useFormats } from "@kit/formats";
import { useStateColour } from "@kit/ui/states";
import { Time } from "@kit/ui/Time";
import { Anchor, Group, Text } from "@mantine/core";
import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconCircleCheck,
  IconInfoCircle,
  type TablerIcon,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { problemWords } from "../../network/words";
import { Section } from "../station/Section";
import type { Glance } from "./glance";
import classes from "./overview.module.css";

type Colour = "faulted" | "occupied" | "pending";
const LOOKS: Record<string, [TablerIcon, Colour]> = {
  critical: [IconAlertOctagon, "faulted"],
  serious: [IconAlertTriangle, "faulted"],
  warning: [IconAlertTriangle, "occupied"],
  info: [IconInfoCircle, "pending"],
};

export function Problems({ problems }: { problems: Glance["problems"] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const colour = useStateColour();
  return (
    <Section title={t("overview.problems")}>
      {problems.length === 0 && (
        <Group gap="xs" c={colour("available")}>
          <IconCircleCheck size={20} aria-hidden />
          <Text fw={600} c="inherit">
            {t("overview.no_problems")}
          </Text>
        </Group>
      )}
      <ul style={{ listStyle: "none", margin: 0, padding: 0 }}>
        {problems.map((problem) => {
          const [Shape, look] = LOOKS[problem.severity] ?? LOOKS.info!;
          return (
            <li key={problem.code} className={classes.problem} data-problem={problem.code}>
              <Group gap="xs" wrap="nowrap" align="flex-start">
                <Shape
                  size={20}
                  style={{ flexShrink: 0 }}
                  color={colour(look)}
                  role="img"
                  aria-label={t(`overview.severity.${problem.severity}`)}
                />
                <div style={{ minWidth: 0 }}>
                  <Anchor
                    component={Link}
                    to={"/stations" as "/"}
                    search={{ problem: problem.code } as never}
                    fw={600}
                  >
                    {problemWords(t, problem.code)}:{" "}
                    {t("overview.stations", {
                      count: problem.stations,
                      number: formats.number(problem.stations),
                    })}
                  </Anchor>
                  <Text size="sm">{t(`overview.todo.${problem.code}`, { defaultValue: "" })}</Text>
                  <Text size="sm" c="dimmed" component="div">
                    <Anchor component={Link} to={`/stations/${problem.example.id}` as "/"} size="sm">
                      <bdi dir="ltr">{problem.example.identity}</bdi>
                    </Anchor>
                    {problem.since && (
                      <>
                        {" · "}
                        <Time at={problem.since} />
                      </>
                    )}
                  </Text>
                </div>
              </Group>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
