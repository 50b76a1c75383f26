// What went wrong at the door, in the reader's language; the server's English where a problem is not known here.
import type { TFunction } from "i18next";
import type { Attempt } from "./types";

export function problemWords(
  t: TFunction,
  attempt: Pick<Attempt, "problem" | "facts" | "text" | "path" | "identity">,
): string {
  const facts = {
    ...attempt.facts,
    path: attempt.path,
    identity: attempt.facts?.identity ?? attempt.identity,
  };
  const variant = attempt.facts?.variant;
  return t(
    [
      variant ? `onboarding.problem.${attempt.problem}_${variant}` : "",
      `onboarding.problem.${attempt.problem}`,
    ].filter(Boolean),
    {
      ...facts,
      defaultValue: attempt.text,
    },
  ) as string;
}
