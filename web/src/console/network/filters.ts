// Which stations a list shows, and in what order: as the address says it, and as rows are chosen by it.
import type { Sorting } from "@kit/ui/DataTable";
import { stateOf } from "@kit/ui/states";
import type { Rows, StateCounts, Station } from "./rows";

// Names of filters in the address. Those of several values have them separated by commas.
export const MANY = ["state", "problem", "admission"] as const;
export const SINGLE = ["location", "group", "vendor", "model", "firmware", "version", "connected"] as const;
export type FilterName = (typeof MANY)[number] | (typeof SINGLE)[number];

export type Filters = { q: string; sort: string } & Partial<Record<FilterName, string>>;

export function filtersOf(search: Record<string, unknown>): Filters {
  const found: Filters = { q: String(search.q ?? ""), sort: String(search.sort ?? "") };
  for (const name of [...MANY, ...SINGLE])
    if (search[name] !== undefined && search[name] !== "") found[name] = String(search[name]);
  return found;
}

// What stands in the address: only what is set.
export function searchOf(filters: Filters): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filters).filter((pair): pair is [string, string] => Boolean(pair[1])),
  );
}

export const valuesOf = (filters: Filters, name: FilterName): string[] =>
  filters[name]?.split(",").filter(Boolean) ?? [];

export const isFiltered = (filters: Filters): boolean =>
  filters.q !== "" || [...MANY, ...SINGLE].some((name) => filters[name]);

export function sortingOf(sort: string): Sorting {
  return sort.startsWith("-") ? { key: sort.slice(1), down: true } : { key: sort || "identity", down: false };
}
export const sortOf = (sorting: Sorting): string =>
  sorting.key === "identity" && !sorting.down ? "" : `${sorting.down ? "-" : ""}${sorting.key}`;

const URGENCY = [
  "faulted",
  "offline",
  "pending",
  "unavailable",
  "unknown",
  "reserved",
  "occupied",
  "charging",
  "available",
];
const PROBLEM_URGENCY = [
  "security_critical",
  "faulted",
  "offline",
  "session_stuck",
  "desired_failing",
  "pending",
  "never_connected",
];

export interface Context {
  // Names of locations by id, for finding and sorting by them.
  places: ReadonlyMap<string, string>;
  // Ids of the stations of the chosen group, when one is chosen and known.
  group?: ReadonlySet<string>;
}

type Key = (row: Station, context: Context) => number | string;
const KEYS: Record<string, Key> = {
  state: (row) => URGENCY.indexOf(row.state),
  location: (row, { places }) => places.get(row.location_id ?? "") ?? "\uffff",
  vendor: (row) => `${row.vendor} ${row.model}`.toLowerCase() || "\uffff",
  firmware: (row) => row.firmware.toLowerCase() || "\uffff",
  version: (row) => row.version ?? "\uffff",
  power: (row) => row.power_w,
  sessions: (row) => row.sessions,
  problem: (row) => (row.problem ? PROBLEM_URGENCY.indexOf(row.problem) : 99),
  since: (row) => row.since ?? "",
  last_seen: (row) => row.last_seen_at ?? "",
};
export const SORTABLE = new Set(["identity", ...Object.keys(KEYS)]);

// The rows that are meant, in order; and how many there would be in each state if none were chosen.
export function chosen(
  rows: Rows,
  filters: Filters,
  context: Context,
): { rows: Station[]; states: StateCounts } {
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  const states = new Set(valuesOf(filters, "state"));
  const problems = new Set(valuesOf(filters, "problem"));
  const admissions = new Set(valuesOf(filters, "admission"));
  const { location, vendor, model, firmware, version, connected, group } = filters;
  const near = words.length > 0 ? placesLike(words, context.places) : undefined;
  const counts: StateCounts = {};
  const found: number[] = [];
  rows.all.forEach((row, at) => {
    if (admissions.size > 0) {
      if (!admissions.has(row.admission)) return;
    } else if (row.admission === "refused" || row.admission === "retired") return;
    if (location && (location === "none" ? row.location_id !== null : row.location_id !== location)) return;
    if (group && !context.group?.has(row.id)) return;
    if (vendor && row.vendor !== vendor) return;
    if (model && row.model !== model) return;
    if (firmware && row.firmware !== firmware) return;
    if (version && row.version !== version) return;
    if (connected && String(row.connected) !== connected) return;
    if (problems.size > 0 && !(problems.has(row.problem) || (problems.has("any") && row.problem))) return;
    if (words.length > 0) {
      const text = rows.wordsAt(at);
      const place = near?.get(row.location_id ?? "");
      if (!words.every((word, which) => text.includes(word) || place?.[which])) return;
    }
    const state = stateOf(row.state);
    counts[state] = (counts[state] ?? 0) + 1;
    if (states.size > 0 && !states.has(state)) return;
    found.push(at);
  });
  return { rows: ordered(rows, found, sortingOf(filters.sort), context), states: counts };
}

// Which of the words the name of each place has.
function placesLike(words: string[], places: ReadonlyMap<string, string>): Map<string, boolean[]> {
  const found = new Map<string, boolean[]>();
  for (const [id, name] of places) {
    const small = name.toLowerCase();
    const has = words.map((word) => small.includes(word));
    if (has.includes(true)) found.set(id, has);
  }
  return found;
}

function ordered(rows: Rows, found: number[], sorting: Sorting, context: Context): Station[] {
  const ranks = rows.ranks();
  const key = KEYS[sorting.key];
  const turn = sorting.down ? -1 : 1;
  if (!key) found.sort((one, other) => (ranks[one]! - ranks[other]!) * turn);
  else {
    const keys = new Map(found.map((at) => [at, key(rows.all[at]!, context)]));
    found.sort((one, other) => {
      const [a, b] = [keys.get(one)!, keys.get(other)!];
      if (a === b) return ranks[one]! - ranks[other]!;
      return (a < b ? -1 : 1) * turn;
    });
  }
  return found.map((at) => rows.all[at]!);
}

// What there is to choose from, as long as it is not too much: values and how often, the most frequent first.
export function choices(rows: Rows, name: "vendor" | "model" | "firmware" | "version"): [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows.all) {
    const value = row[name];
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0])).slice(0, 200);
}
