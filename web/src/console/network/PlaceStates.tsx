// How many stations of a place are in which state, the worst first.
import { useFormats } from "@kit/formats";
import { inOrder } from "@kit/map/clusters";
import { StateMark } from "@kit/ui/states";
import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { StateCounts } from "./rows";

export function PlaceStates({ states, words }: { states: StateCounts; words?: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const some = inOrder(states);
  if (some.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("map.no_stations")}
      </Text>
    );
  return (
    <Group gap={10} wrap={words ? "wrap" : "nowrap"}>
      {some.map(([state, count]) => (
        <Group key={state} gap={3} wrap="nowrap">
          <StateMark state={state} size={16} words={words ? undefined : t(`state.${state}`)} />
          <Text span size="sm">
            {formats.number(count)} {words && t(`state.${state}`)}
          </Text>
        </Group>
      ))}
    </Group>
  );
}
