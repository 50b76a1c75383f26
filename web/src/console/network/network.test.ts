import { describe, expect, it } from "vitest";
import { csvOf } from "./csv";
import { choices, chosen, filtersOf, searchOf, sortingOf, sortOf } from "./filters";
import { Rows, type Snapshot, type Station } from "./rows";

const COLUMNS = [
  "id",
  "identity",
  "name",
  "location_id",
  "vendor",
  "model",
  "firmware",
  "version",
  "admission",
  "connected",
  "since",
  "state",
  "connectors",
  "power_w",
  "sessions",
  "problem",
  "last_seen_at",
];
function station(at: number, values: Partial<Station> = {}): unknown[] {
  const row: Record<string, unknown> = {
    id: `id-${at}`,
    identity: `CS-${at}`,
    name: "",
    location_id: at % 2 ? "here" : "there",
    vendor: at % 3 ? "Alfa" : "Beta",
    model: "M",
    firmware: "1.0",
    version: at % 2 ? "1.6" : "2.0.1",
    admission: "accepted",
    connected: true,
    since: null,
    state: "available",
    connectors: [[1, 1, "available"]],
    power_w: 0,
    sessions: 0,
    problem: "",
    last_seen_at: null,
    ...values,
  };
  return COLUMNS.map((name) => row[name]);
}
const snapshot = (rows: unknown[][]): Snapshot => ({ at: "", live_id: "e-1", columns: COLUMNS, rows });
const places = new Map([
  ["here", "Town hall"],
  ["there", "Harbour"],
]);

function filled(): Rows {
  const rows = new Rows();
  rows.load(
    snapshot([
      station(10, { state: "charging", power_w: 11_000, sessions: 1 }),
      station(2, { state: "faulted", problem: "faulted" }),
      station(1),
      station(3, { state: "offline", connected: false, problem: "offline" }),
      station(4, { admission: "retired", state: "unavailable" }),
    ]),
  );
  return rows;
}
const ids = (rows: Rows, search: Record<string, unknown>) =>
  chosen(rows, filtersOf(search), { places }).rows.map((row) => row.identity);

describe("rows", () => {
  it("are patched, added and taken away, and the rest stays the same object", () => {
    const rows = filled();
    const [before, other] = [rows.get("id-1"), rows.get("id-2")];
    expect(rows.patch({ "id-1": { state: "faulted" } })).toBe(true);
    expect(rows.get("id-1")).not.toBe(before);
    expect(rows.get("id-1")?.state).toBe("faulted");
    expect(rows.get("id-2")).toBe(other);
    rows.patch({
      "id-9": { identity: "CS-9", state: "available", admission: "accepted" },
      x: { state: "offline" },
    });
    expect(rows.size).toBe(6);
    rows.patch({}, ["id-10", "nobody"]);
    expect(rows.get("id-10")).toBeUndefined();
    expect(rows.get("id-9")?.identity).toBe("CS-9");
    expect(rows.patch({}, [])).toBe(false);
  });
  it("are added up by place, without those that are no part of the network", () => {
    const rows = filled();
    expect(rows.total()).toMatchObject({ stations: 4, connected: 3, power_w: 11_000, sessions: 1 });
    expect(rows.byPlace().get("here")?.states).toEqual({ available: 1, offline: 1 });
    rows.patch({ "id-3": { state: "available", connected: true } });
    expect(rows.byPlace().get("here")?.states).toEqual({ available: 2 });
  });
});

describe("filters", () => {
  it("come back from the address as they went there", () => {
    const filters = filtersOf({
      q: "abc",
      state: "faulted,offline",
      version: 1.6,
      connected: true,
      sort: "-power",
    });
    expect(filtersOf(searchOf(filters))).toEqual(filters);
    expect(searchOf(filtersOf({}))).toEqual({});
    expect(sortOf(sortingOf("-power"))).toBe("-power");
    expect(sortOf({ key: "identity", down: false })).toBe("");
  });
  it("sort identities as people count", () => {
    expect(ids(filled(), {})).toEqual(["CS-1", "CS-2", "CS-3", "CS-10"]);
    expect(ids(filled(), { sort: "-identity" })[0]).toBe("CS-10");
    expect(ids(filled(), { sort: "-power" })[0]).toBe("CS-10");
    expect(ids(filled(), { sort: "state" })).toEqual(["CS-2", "CS-3", "CS-10", "CS-1"]);
  });
  it("choose by state, place, version, trouble and words", () => {
    const rows = filled();
    expect(ids(rows, { state: "faulted,offline" })).toEqual(["CS-2", "CS-3"]);
    expect(ids(rows, { location: "there" })).toEqual(["CS-2", "CS-10"]);
    expect(ids(rows, { version: "1.6" })).toEqual(["CS-1", "CS-3"]);
    expect(ids(rows, { problem: "any" })).toEqual(["CS-2", "CS-3"]);
    expect(ids(rows, { connected: "false" })).toEqual(["CS-3"]);
    expect(ids(rows, { q: "harbour cs-1" })).toEqual(["CS-10"]);
    expect(ids(rows, { admission: "retired" })).toEqual(["CS-4"]);
  });
  it("count states as if none were chosen", () => {
    const { states, rows } = chosen(filled(), filtersOf({ state: "faulted" }), { places });
    expect(rows).toHaveLength(1);
    expect(states).toEqual({ available: 1, charging: 1, faulted: 1, offline: 1 });
  });
  it("offer what there is, the most frequent first", () => {
    expect(choices(filled(), "vendor")).toEqual([
      ["Alfa", 4],
      ["Beta", 1],
    ]);
  });
});

describe("CSV", () => {
  it("quotes what has to be and disarms formulas", () => {
    expect(
      csvOf(
        ["a", "b"],
        [
          ['say "hi", you', '=HYPERLINK("x")'],
          [-3, null],
        ],
      ),
    ).toBe('a,b\r\n"say ""hi"", you","\'=HYPERLINK(""x"")"\r\n-3,\r\n');
  });
});
