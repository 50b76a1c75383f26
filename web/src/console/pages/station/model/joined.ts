// What a station has and what it shall have, side by side.
import type { Schemas } from "../queries";

export type Known = Schemas["KnownVariable"];
export type Wanted = Schemas["DesiredKey"];

export interface Row {
  key: string;
  component: string;
  name: string;
  reported: string | null;
  desired?: string;
  known?: Known;
  wanted?: Wanted;
  differs: boolean;
}

const written = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

export function joined(known: readonly Known[], wanted: readonly Wanted[]): Row[] {
  const rows = new Map<string, Row>();
  for (const one of known)
    rows.set(one.key, {
      key: one.key,
      component: one.variable.component ?? "",
      name: one.variable.name,
      reported: one.value ?? null,
      known: one,
      differs: false,
    });
  for (const one of wanted) {
    const variable = one.aspect === "variables";
    const key = variable ? one.key : `${one.aspect}: ${one.key}`;
    const before = rows.get(one.key);
    const [component = "", name = one.key] = variable ? one.key.split(/\.(.*)/s) : [one.aspect, one.key];
    rows.set(variable ? one.key : key, {
      key,
      component: before?.component ?? component,
      name: before?.name ?? name,
      // The newer of the two: what is desired is looked at more often.
      reported: one.reported == null ? (before?.reported ?? null) : written(one.reported),
      desired: written(one.desired),
      known: before?.known,
      wanted: one,
      differs: one.standing !== "in_step",
    });
  }
  return [...rows.values()].sort((a, b) => a.key.localeCompare(b.key));
}

export function sifted(rows: readonly Row[], find: string, component: string, only: string): Row[] {
  const sought = find.trim().toLowerCase();
  return rows.filter(
    (row) =>
      (!sought ||
        `${row.key} ${row.reported ?? ""} ${row.desired ?? ""} ${row.known?.ocpp16_key ?? ""}`
          .toLowerCase()
          .includes(sought)) &&
      (!component || row.component === component) &&
      (only !== "desired" || row.wanted !== undefined) &&
      (only !== "different" || row.differs),
  );
}
