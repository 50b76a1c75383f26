// A state in a word, a shape and a colour: readable without the colour.
import { Group, Text, useComputedColorScheme } from "@mantine/core";
import {
  IconAlertTriangleFilled,
  IconBolt,
  IconCalendarTime,
  IconCircleCheck,
  IconCircleDashed,
  IconClockPause,
  IconPlug,
  IconPlugOff,
  IconTool,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { STATE_COLOURS, type State } from "../branding";

const SHAPES: Record<State, TablerIcon> = {
  available: IconCircleCheck,
  occupied: IconPlug,
  charging: IconBolt,
  reserved: IconCalendarTime,
  unavailable: IconTool,
  faulted: IconAlertTriangleFilled,
  offline: IconPlugOff,
  pending: IconClockPause,
  unknown: IconCircleDashed,
};

export const stateOf = (name: string): State => (name in SHAPES ? (name as State) : "unknown");

export function useStateColour(): (state: State) => string {
  const scheme = useComputedColorScheme("light");
  return (state) => STATE_COLOURS[state][scheme];
}

export function StateBadge({
  state,
  words,
  size = "sm",
}: {
  state: string;
  words?: string;
  size?: "xs" | "sm" | "md";
}) {
  const { t } = useTranslation();
  const known = stateOf(state);
  const Shape = SHAPES[known];
  const colour = useStateColour()(known);
  return (
    <Group
      gap={4}
      wrap="nowrap"
      display="inline-flex"
      c={colour}
      data-state={known}
      style={{ verticalAlign: "middle" }}
    >
      <Shape size={size === "md" ? 20 : 16} aria-hidden />
      <Text span size={size} fw={600} c="inherit" style={{ whiteSpace: "nowrap" }}>
        {words ?? t(`state.${known}`)}
      </Text>
    </Group>
  );
}

// The shape alone, where many stand together; `words` is what it says to who cannot see it.
export function StateMark({ state, words, size = 18 }: { state: string; words?: string; size?: number }) {
  const known = stateOf(state);
  const Shape = SHAPES[known];
  const colour = useStateColour()(known);
  return words ? (
    <Shape size={size} color={colour} role="img" aria-label={words} data-state={known}>
      <title>{words}</title>
    </Shape>
  ) : (
    <Shape size={size} color={colour} aria-hidden data-state={known} />
  );
}
