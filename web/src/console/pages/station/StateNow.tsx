// The one word for a station, as insight has it; before that is there, as its connection tells.
import { StateBadge } from "@kit/ui/states";
import type { Insight, StationView } from "./queries";

export function StateNow({ station, insight }: { station: StationView; insight?: Insight }) {
  const plain =
    station.admission === "pending"
      ? "pending"
      : station.admission !== "accepted"
        ? "unavailable"
        : station.connected
          ? "unknown"
          : "offline";
  return <StateBadge state={insight?.state ?? plain} size="md" />;
}
