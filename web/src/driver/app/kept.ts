// What was last known, for when there is no network: the places last seen, the session under way, who one is.
//
// Nothing else is kept in the phone, and what is a person's own goes when they sign out.

export interface Kept<T> {
  at: number;
  of: string;
  data: T;
}

export type Kind = "places" | "session" | "me" | "site";
const PRIVATE: Kind[] = ["session", "me"];
const nameOf = (kind: Kind) => `currant.kept.${kind}`;

export function keep<T>(kind: Kind, data: T, of = ""): void {
  try {
    localStorage.setItem(nameOf(kind), JSON.stringify({ at: Date.now(), of, data } satisfies Kept<T>));
  } catch {
    // A full or forbidden store: the app does without.
  }
}

export function lastKnown<T>(kind: Kind, of?: string): Kept<T> | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(nameOf(kind)) ?? "null") as Kept<T> | null;
    return kept && (of === undefined || kept.of === of) ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function forget(kind: Kind): void {
  localStorage.removeItem(nameOf(kind));
}

export function forgetPerson(): void {
  for (const kind of PRIVATE) forget(kind);
}
