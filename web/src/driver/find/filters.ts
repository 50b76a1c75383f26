// What is looked for, as the address keeps it and the server is asked.
export interface Filters {
  q: string;
  free: boolean;
  standard: string;
  // kW
  power: string;
  near: boolean;
  map: boolean;
}

export const POWERS = ["22", "50", "150"];

export function filtersOf(search: URLSearchParams): Filters {
  const power = search.get("power") ?? "";
  return {
    q: (search.get("q") ?? "").slice(0, 100),
    free: search.get("free") === "1",
    standard: search.get("standard") ?? "",
    power: POWERS.includes(power) ? power : "",
    near: search.get("near") === "1",
    map: search.get("view") === "map",
  };
}

export interface Position {
  lat: number;
  lon: number;
}

// The question to the server. A position is told to a hundred metres: enough to sort by, and no more.
export function questionOf(filters: Filters, here: Position | null): string {
  const asked = new URLSearchParams();
  if (filters.q.trim()) asked.set("q", filters.q.trim());
  if (filters.free) asked.set("available", "true");
  if (filters.standard) asked.set("standard", filters.standard);
  if (filters.power) asked.set("min_power_w", String(Number(filters.power) * 1000));
  if (filters.near && here) {
    asked.set("lat", here.lat.toFixed(3));
    asked.set("lon", here.lon.toFixed(3));
  }
  asked.set("limit", "20");
  return asked.toString();
}
