// What stands at the axes of a curve: as exact as the steps need it, and nothing twice.
import type { Formats } from "../formats";

const MINUTE = 60;
const DAY = 86_400;

// Values so near to each other that they are written alike are written once.
export function once(labels: string[]): string[] {
  return labels.map((label, at) => (label === labels[at - 1] ? "" : label));
}

// Moments (seconds since 1970), `step` seconds apart: with seconds where minutes would repeat, days where there are only days.
export function moments(ticks: number[], step: number, formats: Formats, zone?: string): string[] {
  return once(
    ticks.map((tick) => {
      const at = new Date(tick * 1000);
      if (step >= DAY) return formats.date(at, { zone });
      return formats.time(at, { zone, seconds: step < MINUTE });
    }),
  );
}
