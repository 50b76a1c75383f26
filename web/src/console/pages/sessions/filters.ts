// What a list of sessions is limited to, as the address says it and as the API wants it.
export interface Filters {
  state: string;
  station: string;
  location: string;
  token: string;
  certain: string;
  since: string;
  until: string;
  number: string;
}
export const NAMES = [
  "state",
  "station",
  "location",
  "token",
  "certain",
  "since",
  "until",
  "number",
] as const;

export function askedOf(filters: Filters) {
  const day = (text: string, plus = 0) => {
    if (!text) return undefined;
    const at = new Date(`${text}T00:00:00`);
    if (Number.isNaN(at.getTime())) return undefined;
    at.setDate(at.getDate() + plus);
    return at.toISOString();
  };
  return {
    active: filters.state === "running" ? true : filters.state === "ended" ? false : undefined,
    station: filters.station || undefined,
    location_id: filters.location || undefined,
    token: filters.token || undefined,
    certain: filters.certain === "certain" ? true : filters.certain === "repaired" ? false : undefined,
    since: day(filters.since),
    // The day itself is meant too.
    until: day(filters.until, 1),
    number: /^\d+$/.test(filters.number) ? Number(filters.number) : undefined,
  };
}
