// Which locations a list shows, and in what order.
import { WORRYING, worstOf } from "@kit/map/clusters";
import type { FleetPlace } from "../../network/places";
import type { Sums } from "../../network/rows";

export interface PlaceRow {
  place: FleetPlace;
  sums: Sums;
}

const urgencyOf = (sums: Sums): number => {
  const worst = worstOf(sums.states);
  return worst ? WORRYING.indexOf(worst) : WORRYING.length;
};

const KEYS: Record<string, (row: PlaceRow) => string | number> = {
  city: (row) => row.place.city.toLowerCase(),
  country: (row) => row.place.country,
  states: (row) => urgencyOf(row.sums),
  stations: (row) => row.sums.stations,
  power: (row) => row.sums.power_w,
};

export function listed(rows: PlaceRow[], words: string, sort: string): PlaceRow[] {
  const small = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter(({ place }) => {
    const text = `${place.name} ${place.city} ${place.address} ${place.country}`.toLowerCase();
    return small.every((word) => text.includes(word));
  });
  const down = sort.startsWith("-");
  const key = KEYS[down ? sort.slice(1) : sort];
  const byName = (one: PlaceRow, other: PlaceRow) => one.place.name.localeCompare(other.place.name);
  return found.sort((one, other) => {
    if (!key) return byName(one, other) * (down ? -1 : 1);
    const [a, b] = [key(one), key(other)];
    return a === b ? byName(one, other) : (a < b ? -1 : 1) * (down ? -1 : 1);
  });
}
