// A state in a word, a shape and a colour: readable without the colour.
import { useComputedColorScheme } from "@mantine/core";
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
import classes from "./states.module.css";

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

// Both colours at once: the browser takes the one of its scheme. Lists have hundreds of these, and none of them
// has to be drawn anew, nor to listen, when the scheme changes.
const inkOf = (state: State): string =>
  `light-dark(${STATE_COLOURS[state].light}, ${STATE_COLOURS[state].dark})`;

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
  return (
    <span className={classes.badge} data-size={size} data-state={known} style={{ color: inkOf(known) }}>
      <Shape size={size === "md" ? 20 : 16} aria-hidden />
      <span>{words ?? t(`state.${known}`)}</span>
    </span>
  );
}

// The shape alone, where many stand together; `words` is what it says to who cannot see it.
export function StateMark({ state, words, size = 18 }: { state: string; words?: string; size?: number }) {
  const known = stateOf(state);
  const Shape = SHAPES[known];
  const style = { color: inkOf(known) };
  return words ? (
    <Shape size={size} style={style} role="img" aria-label={words} data-state={known}>
      <title>{words}</title>
    </Shape>
  ) : (
    <Shape size={size} style={style} aria-hidden data-state={known} />
  );
}
