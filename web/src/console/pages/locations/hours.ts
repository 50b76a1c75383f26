// Opening hours: as the API keeps them (a period a line) and as people say them (the same on many days).
import type { components } from "@kit/api/schema";

export type Period = components["schemas"]["OpeningPeriod"];
export const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;

// Monday is 1, as ISO 8601 counts.
export function dayName(day: number, language: string, width: "long" | "short" = "long"): string {
  return new Intl.DateTimeFormat(language, { weekday: width, timeZone: "UTC" }).format(
    new Date(Date.UTC(2024, 0, day)),
  );
}

export const ofDay = (periods: readonly Period[], day: number): Period[] =>
  periods
    .filter((period) => period.weekday === day)
    .sort((one, other) => one.begins.localeCompare(other.begins));

// "Mon – Fri 08:00–20:00", one line for days that are alike.
export function hoursInWords(periods: readonly Period[], language: string, closed: string): string[] {
  const lines: string[] = [];
  let from = 1;
  const textOf = (day: number) =>
    ofDay(periods, day)
      .map((period) => `${period.begins}–${period.ends}`)
      .join(", ");
  for (let day = 2; day <= 8; day++) {
    if (day <= 7 && textOf(day) === textOf(from)) continue;
    const last = day - 1;
    const days =
      from === last
        ? dayName(from, language, "short")
        : `${dayName(from, language, "short")} – ${dayName(last, language, "short")}`;
    lines.push(`${days} ${textOf(from) || closed}`);
    from = day;
  }
  return lines;
}
