// Sessions as listed, with what has been heard of them since.
import type { components } from "@kit/api/schema";

export type Session = components["schemas"]["SessionView"];

export function patched(rows: readonly Session[], live: Record<string, Partial<Session>>): Session[] {
  return rows.map((row) => {
    const patch = live[row.id];
    return patch ? { ...row, ...patch } : row;
  });
}
