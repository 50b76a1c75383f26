// What a session is in figures: power, energy, time, the battery, what it costs so far.
import { useFormats } from "@kit/formats";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DriverSession } from "../app/types";

// Seconds are shown in the first minute alone.
const FIRST_MS = 60_000;
const TICK_MS = 15_000;

// The time goes on by itself while we hear of it.
function useDuration(session: DriverSession, live: boolean): number {
  const [now, setNow] = useState(Date.now);
  const runs = live && !session.ended_at && session.started_at;
  const young = now - Date.parse(session.started_at ?? "") < FIRST_MS;
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => setNow(Date.now()), young ? 1_000 : TICK_MS);
    return () => clearInterval(timer);
  }, [runs, young]);
  if (!runs || !session.started_at) return session.duration_s;
  return Math.max(session.duration_s, (now - Date.parse(session.started_at)) / 1000);
}

export function Figures({ session, live }: { session: DriverSession; live: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const duration = useDuration(session, live);
  const figures: [string, string][] = [[t("charging.energy"), formats.energy(session.energy_wh)]];
  if (session.power_w != null) figures.unshift([t("charging.power"), formats.power(session.power_w)]);
  figures.push([t("charging.time"), formats.duration(duration)]);
  if (session.soc != null) figures.push([t("charging.battery"), formats.percent(session.soc / 100)]);
  if (session.cost)
    figures.push([t(session.cost.final ? "charging.cost" : "charging.cost_so_far"), session.cost.text]);
  return (
    <dl className="figures">
      {figures.map(([name, value]) => (
        <div key={name} className="figure">
          <dt>{name}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
