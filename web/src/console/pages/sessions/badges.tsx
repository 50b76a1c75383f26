// How a session stands, and whether all about it is certain.
import type { State } from "@kit/branding";
import { StateBadge } from "@kit/ui/states";
import { Group, Text } from "@mantine/core";
import { IconCircleCheck, IconTool } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Session } from "./rows";

const ACTIVITIES: Record<Session["activity"], State> = {
  charging: "charging",
  idle: "occupied",
  paused_by_station: "occupied",
  paused_by_vehicle: "occupied",
  waiting: "reserved",
};

export function PhaseBadge({ session }: { session: Session }) {
  const { t } = useTranslation();
  if (session.phase === "ended") return <StateBadge state="unavailable" words={t("sessions.ended")} />;
  return (
    <StateBadge state={ACTIVITIES[session.activity]} words={t(`sessions.activity.${session.activity}`)} />
  );
}

export function CertaintyBadge({ session }: { session: Session }) {
  const { t } = useTranslation();
  const repaired = (session.repairs?.length ?? 0) > 0;
  const word = !session.certain ? "uncertain" : repaired ? "repaired" : "certain";
  const Shape = session.certain ? IconCircleCheck : IconTool;
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex" data-certain={session.certain}>
      <Shape size={16} aria-hidden />
      <Text span size="sm">
        {t(`sessions.${word}`)}
      </Text>
    </Group>
  );
}
