// Sessions by the month in which they began; what has not begun or runs comes first.
import type { DriverSession } from "../app/types";

export interface Month {
  key: string;
  at: Date | null;
  energy_wh: number;
  sessions: DriverSession[];
}

export function byMonth(sessions: DriverSession[]): Month[] {
  const months = new Map<string, Month>();
  for (const session of sessions) {
    const began = session.started_at ? new Date(session.started_at) : null;
    const key = began ? `${began.getFullYear()}-${began.getMonth() + 1}` : "now";
    const month = months.get(key) ?? {
      key,
      at: began && new Date(began.getFullYear(), began.getMonth(), 1),
      energy_wh: 0,
      sessions: [],
    };
    month.energy_wh += session.energy_wh;
    month.sessions.push(session);
    months.set(key, month);
  }
  return [...months.values()];
}
