// What came of a command: in a word and a shape, with the station's reason.
import type { components } from "@kit/api/schema";
import type { State } from "@kit/branding";
import { useStateColour } from "@kit/ui/states";
import { Group, Stack, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconHourglass,
  IconPlugOff,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

type Status = components["schemas"]["CommandStatus"];

const LOOKS: Record<Status, [TablerIcon, State]> = {
  accepted: [IconCircleCheck, "available"],
  scheduled: [IconClock, "reserved"],
  queued: [IconClock, "pending"],
  sent: [IconHourglass, "charging"],
  refused: [IconCircleX, "faulted"],
  failed: [IconAlertTriangle, "faulted"],
  unsupported: [IconCircleX, "occupied"],
  unanswered: [IconAlertTriangle, "occupied"],
  offline: [IconPlugOff, "offline"],
  expired: [IconClock, "unavailable"],
  cancelled: [IconCircleX, "unavailable"],
};

export function OutcomeBadge({ status }: { status: Status }) {
  const { t } = useTranslation();
  const colour = useStateColour();
  const [Shape, state] = LOOKS[status] ?? [IconClock, "unknown"];
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex" c={colour(state)} data-outcome={status}>
      <Shape size={16} aria-hidden />
      <Text span size="sm" fw={600} c="inherit">
        {t(`commands.status.${status}`)}
      </Text>
    </Group>
  );
}

export const wentWell = (status: Status): boolean =>
  ["accepted", "scheduled", "queued", "sent"].includes(status);

export function Outcome({ status, reason }: { status: Status; reason?: string }) {
  const { t } = useTranslation();
  return (
    <Stack gap={2} role="status">
      <OutcomeBadge status={status} />
      <Text size="sm">{t(`commands.status_help.${status}`)}</Text>
      {reason && (
        <Text size="sm" c="dimmed">
          {t("commands.reason")} <bdi>{reason}</bdi>
        </Text>
      )}
    </Stack>
  );
}
