// A charger's state in a shape, a word and a colour: readable without the colour.
import {
  IconAlertTriangleFilled,
  IconBolt,
  IconCalendarTime,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconPlug,
  IconPlugOff,
  IconTool,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

const SHAPES: Record<string, TablerIcon> = {
  available: IconCircleCheckFilled,
  occupied: IconPlug,
  charging: IconBolt,
  reserved: IconCalendarTime,
  unavailable: IconTool,
  faulted: IconAlertTriangleFilled,
  offline: IconPlugOff,
  unknown: IconCircleDashed,
};

export function State({ state, words }: { state: string; words?: string }) {
  const { t } = useTranslation();
  const known = state in SHAPES ? state : "unknown";
  const Shape = SHAPES[known]!;
  return (
    <span className="state" data-state={known} style={{ color: `var(--state-${known})` }}>
      <Shape size={20} aria-hidden />
      {words ?? t(`evse_state.${known}`)}
    </span>
  );
}
