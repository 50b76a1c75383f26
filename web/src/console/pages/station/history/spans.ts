// Bars from changes: how a connector stood, from when to when.
export interface Change {
  evse: number;
  connector: number;
  status: string;
  at: string;
  error?: string;
}
export interface Span {
  status: string;
  from: number;
  until: number;
  error: string;
}
export interface Track {
  key: string;
  evse: number;
  connector: number;
  spans: Span[];
}

// Changes in any order; what was before the first one in the window is not known.
export function tracks(changes: readonly Change[], from: number, until: number): Track[] {
  const byPlace = new Map<string, Change[]>();
  for (const change of changes) {
    const key = `${change.evse}-${change.connector}`;
    byPlace.set(key, [...(byPlace.get(key) ?? []), change]);
  }
  return [...byPlace]
    .map(([key, some]) => {
      const sorted = some
        .map((each) => ({ ...each, time: Date.parse(each.at) }))
        .sort((a, b) => a.time - b.time);
      const spans: Span[] = [];
      for (const [at, change] of sorted.entries()) {
        const begin = Math.max(change.time, from);
        const end = Math.min(sorted[at + 1]?.time ?? until, until);
        if (end <= from || begin >= until || end <= begin) continue;
        const last = spans[spans.length - 1];
        if (
          last &&
          last.status === change.status &&
          last.error === (change.error ?? "") &&
          last.until === begin
        )
          last.until = end;
        else spans.push({ status: change.status, from: begin, until: end, error: change.error ?? "" });
      }
      const { evse, connector } = sorted[0]!;
      return { key, evse, connector, spans };
    })
    .sort((a, b) => a.evse - b.evse || a.connector - b.connector);
}
