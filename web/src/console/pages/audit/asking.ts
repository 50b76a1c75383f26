// What the address says is wanted of the audit log, in the API's words.
import type { components } from "@kit/api/schema";

export type Entry = components["schemas"]["AuditEntry"];

type Filters = Partial<Record<"kind" | "by" | "about" | "since" | "until", string>>;

// Days are the reader's; the API knows moments. `until` is the whole of its day.
export function askedFor(filters: Filters): Filters {
  const asked: Filters = {};
  if (filters.kind) asked.kind = filters.kind;
  if (filters.by) asked.by = filters.by;
  if (filters.about) asked.about = filters.about;
  const since = moment(filters.since, 0);
  const until = moment(filters.until, 1);
  if (since) asked.since = since;
  if (until) asked.until = until;
  return asked;
}

function moment(day: string | undefined, later: number): string | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? "");
  if (!parts) return undefined;
  return new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + later).toISOString();
}

export function exportAddress(query: Filters): string {
  const words = new URLSearchParams({ ...query, format: "csv" });
  return `/api/v1/audit/export?${words}`;
}
