// Opening hours by weekday, in the place's own zone.
import type { OpeningPeriod } from "../app/types";

export interface Day {
  // 1 Monday … 7 Sunday
  weekday: number;
  periods: { begins: string; ends: string }[];
  isToday: boolean;
}

const SHORT = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

export function weekdayAt(now: Date, zone: string): number {
  const name = new Intl.DateTimeFormat("en", { weekday: "short", timeZone: zone }).format(now);
  return SHORT.indexOf(name) + 1;
}

// The week, Monday first; empty where a place is open round the clock.
export function weekOf(periods: OpeningPeriod[], zone: string, now: Date): Day[] {
  if (periods.length === 0) return [];
  const today = weekdayAt(now, zone);
  return SHORT.map((_, at) => ({
    weekday: at + 1,
    isToday: today === at + 1,
    periods: periods
      .filter((period) => period.weekday === at + 1)
      .sort((a, b) => a.begins.localeCompare(b.begins)),
  }));
}

// 1 January 2024 was a Monday.
export const nameOfDay = (weekday: number, language: string) =>
  new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }).format(
    new Date(Date.UTC(2024, 0, weekday)),
  );
