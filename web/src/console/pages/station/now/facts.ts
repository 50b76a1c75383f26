// Facts of an insight as people read them: times in their zone, power and energy with units.
import type { Formats } from "@kit/formats";
import type { TFunction } from "i18next";
import { aspectWords, errorWords, limitSourceWords, securityKindWords, whoWords } from "../../../vocabulary";

const TIMES = new Set(["since", "until", "at", "last_at", "last_seen_at", "started_at"]);
const KNOWN = [
  ...[
    "since",
    "until",
    "at",
    "by",
    "count",
    "of",
    "detail",
    "kind",
    "profile",
    "evse",
    "number",
    "reason",
    "aspect",
  ],
  ...[
    "example",
    "source",
    "remote_address",
    "power_w",
    "energy_wh",
    "soc",
    "sessions",
    "version",
    "status",
    "error",
  ],
  ...["vendor_error", "connector", "last_seen_at", "limit", "evses", "alike", "info", "raw_error"],
];

// Facts that are words of a vocabulary.
const WORDS: Record<string, (t: TFunction, word: string) => string> = {
  aspect: aspectWords,
  by: whoWords,
  error: errorWords,
  kind: securityKindWords,
  source: limitSourceWords,
};

export function readableFacts(
  facts: Record<string, unknown>,
  t: TFunction,
  formats: Formats,
  zone?: string,
): Record<string, string | number> {
  const told: Record<string, string | number> = Object.fromEntries(KNOWN.map((name) => [name, "–"]));
  for (const [name, value] of Object.entries(facts)) {
    if (value === null || value === undefined || value === "") continue;
    const inWords = WORDS[name];
    if (inWords) told[name] = inWords(t, String(value));
    else if (TIMES.has(name)) told[name] = formats.dateTime(String(value), { zone });
    else if (name === "power_w") told[name] = formats.power(Number(value));
    else if (name === "energy_wh") told[name] = formats.energy(Number(value));
    else if (name === "soc") told[name] = formats.percent(Number(value) / 100);
    else if (name === "limit")
      told[name] = `${formats.number(Number(value), 0)} ${facts.limit_unit ?? facts.unit ?? ""}`.trim();
    else if (name === "count") {
      // The number itself decides on the plural; `counted` is how it is written.
      told.count = Number(value);
      told.counted = formats.number(Number(value));
    } else told[name] = String(value);
  }
  return told;
}

// Details that a technician asks for, where the sentence does not tell them already.
export function details(facts: Record<string, unknown>): string[] {
  return ["raw_error", "vendor_error", "info", "component", "remote_address", "actions", "finding"]
    .map((name) => facts[name])
    .filter((value): value is string => typeof value === "string" && !["", "true", "false"].includes(value));
}
