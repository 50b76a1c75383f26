// How the station stands to what it shall have.
import type { State } from "@kit/branding";
import { StateBadge } from "@kit/ui/states";
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Wanted } from "./joined";

const LOOKS: Record<Wanted["standing"], State> = {
  in_step: "available",
  in_progress: "charging",
  waiting: "pending",
  drifting: "occupied",
  refused: "faulted",
  unsupported: "unavailable",
  unknown: "unknown",
};

export function StandingBadge({ wanted }: { wanted: Wanted }) {
  const { t } = useTranslation();
  const words = t(`standing.${wanted.standing}`);
  const cause = wanted.cause ? t(`standing.cause.${wanted.cause}`) : "";
  return (
    <Tooltip label={[cause, wanted.reason].filter(Boolean).join(": ") || words}>
      <span data-standing={wanted.standing}>
        <StateBadge state={LOOKS[wanted.standing]} words={words} />
      </span>
    </Tooltip>
  );
}
