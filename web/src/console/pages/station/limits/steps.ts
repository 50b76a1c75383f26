// A schedule of periods as a curve of steps.
export interface Step {
  start_s: number;
  limit: number | null;
}

// Times in seconds since 1970; each limit holds until the next one begins.
export function stairs(
  startsAt: string,
  durationS: number,
  periods: readonly Step[],
): { times: number[]; values: (number | null)[] } {
  const from = Date.parse(startsAt) / 1000;
  const times: number[] = [];
  const values: (number | null)[] = [];
  for (const [at, period] of periods.entries()) {
    const end = Math.min(periods[at + 1]?.start_s ?? durationS, durationS);
    if (end <= period.start_s) continue;
    times.push(from + period.start_s, from + end - 0.001);
    values.push(period.limit, period.limit);
  }
  return { times, values };
}
