// The fleet as it stands: rows by number, patched in place as changes come, told in batches.
//
// A row is replaced when something about it changes and is the same object otherwise, so that whoever draws it
// knows by looking at it once. Counts are made when asked for and kept until something changes.
import type { State } from "@kit/branding";
import { stateOf } from "@kit/ui/states";

export type ConnectorNow = [evse: number, connector: number, status: string, error?: string];

export interface Station {
  id: string;
  identity: string;
  name: string;
  location_id: string | null;
  vendor: string;
  model: string;
  firmware: string;
  version: string | null;
  admission: string;
  connected: boolean;
  since: string | null;
  state: string;
  connectors: ConnectorNow[];
  power_w: number;
  sessions: number;
  problem: string;
  last_seen_at: string | null;
}
export interface Snapshot {
  at: string;
  live_id: string;
  columns: string[];
  rows: unknown[][];
}
export type StateCounts = Partial<Record<State, number>>;

// What the stations of a place (or of all) have together.
export interface Sums {
  stations: number;
  connected: number;
  states: StateCounts;
  power_w: number;
  sessions: number;
}

const nothing = (): Sums => ({ stations: 0, connected: 0, states: {}, power_w: 0, sessions: 0 });

function add(sums: Sums, row: Station): void {
  sums.stations += 1;
  sums.connected += row.connected ? 1 : 0;
  sums.power_w += row.power_w;
  sums.sessions += row.sessions;
  const state = stateOf(row.state);
  sums.states[state] = (sums.states[state] ?? 0) + 1;
}

export class Rows {
  // Grows with every change; what was made from an older one is old.
  version = 0;
  private list: Station[] = [];
  private readonly at = new Map<string, number>();
  // What is searched in, in small letters; by row.
  private words: string[] = [];
  private order: Uint32Array | undefined;
  private sums: { version: number; all: Sums; places: Map<string, Sums> } | undefined;
  private readonly collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  get all(): readonly Station[] {
    return this.list;
  }
  get size(): number {
    return this.list.length;
  }
  get(id: string): Station | undefined {
    const at = this.at.get(id);
    return at === undefined ? undefined : this.list[at];
  }

  load(snapshot: Snapshot): void {
    this.list = [];
    this.words = [];
    this.at.clear();
    for (const values of snapshot.rows)
      this.append(Object.fromEntries(snapshot.columns.map((name, at) => [name, values[at]])) as never);
    this.order = undefined;
    this.version += 1;
  }

  // Take changes on; whether anything is different.
  patch(set: Record<string, Partial<Station>>, gone: readonly string[] = []): boolean {
    let changed = false;
    for (const [id, values] of Object.entries(set)) {
      const at = this.at.get(id);
      if (at === undefined) {
        // A station that is new comes whole; a part of one that is not known says nothing.
        if (values.identity === undefined) continue;
        this.append({ ...EMPTY, ...values, id });
        this.order = undefined;
      } else {
        const row = { ...this.list[at]!, ...values };
        this.list[at] = row;
        if (SEARCHED.some((name) => name in values)) this.words[at] = wordsOf(row);
        if ("identity" in values) this.order = undefined;
      }
      changed = true;
    }
    for (const id of gone) changed = this.remove(id) || changed;
    if (changed) this.version += 1;
    return changed;
  }

  // What a row is found by.
  wordsAt(at: number): string {
    return this.words[at]!;
  }

  // The place of each row in the order of identities, as people count (CS-2 before CS-10).
  ranks(): Uint32Array {
    if (this.order) return this.order;
    const byIdentity = Array.from(this.list.keys()).sort((one, other) =>
      this.collator.compare(this.list[one]!.identity, this.list[other]!.identity),
    );
    const ranks = new Uint32Array(this.list.length);
    byIdentity.forEach((at, rank) => {
      ranks[at] = rank;
    });
    this.order = ranks;
    return ranks;
  }

  total(): Sums {
    return this.summed().all;
  }
  // By location; stations without one under the empty name.
  byPlace(): Map<string, Sums> {
    return this.summed().places;
  }

  private summed() {
    if (this.sums?.version === this.version) return this.sums;
    const [all, places] = [nothing(), new Map<string, Sums>()];
    for (const row of this.list) {
      if (row.admission === "refused" || row.admission === "retired") continue;
      add(all, row);
      const place = row.location_id ?? "";
      let sums = places.get(place);
      if (!sums) {
        sums = nothing();
        places.set(place, sums);
      }
      add(sums, row);
    }
    this.sums = { version: this.version, all, places };
    return this.sums;
  }

  private append(row: Station): void {
    this.at.set(row.id, this.list.length);
    this.list.push(row);
    this.words.push(wordsOf(row));
  }

  private remove(id: string): boolean {
    const at = this.at.get(id);
    if (at === undefined) return false;
    const last = this.list.pop()!;
    const words = this.words.pop()!;
    this.at.delete(id);
    if (last.id !== id) {
      this.list[at] = last;
      this.words[at] = words;
      this.at.set(last.id, at);
    }
    this.order = undefined;
    return true;
  }
}

const SEARCHED = ["identity", "name", "vendor", "model", "firmware"] as const;
const wordsOf = (row: Station): string =>
  SEARCHED.map((name) => row[name])
    .join("\n")
    .toLowerCase();

const EMPTY: Omit<Station, "id"> = {
  identity: "",
  name: "",
  location_id: null,
  vendor: "",
  model: "",
  firmware: "",
  version: null,
  admission: "pending",
  connected: false,
  since: null,
  state: "unknown",
  connectors: [],
  power_w: 0,
  sessions: 0,
  problem: "",
  last_seen_at: null,
};
