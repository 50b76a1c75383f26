// What went wrong at the door, in the reader's language; the server's English where a problem is not known here.
import type { TFunction } from "i18next";
import type { Attempt } from "./types";

// What sentences name, and may not be known of an attempt.
const NAMED = [
  "detail",
  "names",
  "organisations",
  "expected",
  "user",
  "profile",
  "came",
  "wanted",
  "offered",
];
const UNKNOWN = "–";

const isThere = (value: unknown) => value !== null && value !== undefined && value !== "";

export function problemWords(
  t: TFunction,
  attempt: Pick<Attempt, "problem" | "facts" | "text" | "path" | "identity">,
): string {
  const { facts } = attempt;
  const told = (value: unknown) =>
    Array.isArray(value) ? value.join(", ") : isThere(value) ? String(value) : UNKNOWN;
  const named = Object.fromEntries(NAMED.map((name) => [name, told(facts?.[name])]));
  const variant = facts?.variant;
  const base = `onboarding.problem.${attempt.problem}`;
  return t(variant ? [`${base}_${variant}`, base] : base, {
    ...named,
    path: told(attempt.path || facts?.path),
    identity: told(facts?.own_identity || facts?.identity || attempt.identity),
    admission: isThere(facts?.admission)
      ? t(`network.admission.${facts?.admission}`, { defaultValue: String(facts?.admission) })
      : UNKNOWN,
    defaultValue: attempt.text,
  }) as string;
}
