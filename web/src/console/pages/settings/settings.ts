// Settings as the page sorts and says them.
import type { components } from "@kit/api/schema";

export type Setting = components["schemas"]["SettingShown"];

export function shown(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (Array.isArray(value)) return value.length === 0 ? "–" : value.map(shown).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// A sentence in its parts; what stands between backticks is to be typed as it is.
export function parts(doc: string): [text: string, code: boolean][] {
  return doc
    .split(/`([^`]+)`/)
    .map((text, at): [string, boolean] => [text, at % 2 === 1])
    .filter(([text]) => text !== "");
}

// Every word has to be found somewhere in what a setting is called, means or holds.
export function matches(item: Setting, words: string): boolean {
  const text = `${item.key} ${item.doc} ${shown(item.value)} ${variableOf(item.key)}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

// By the part before the dot, in the order they come; those without one are first and have none.
export function grouped(items: Setting[]): [section: string, items: Setting[]][] {
  const sections = new Map<string, Setting[]>([["", []]]);
  for (const item of items) {
    const dot = item.key.indexOf(".");
    const section = dot < 0 ? "" : item.key.slice(0, dot);
    sections.set(section, [...(sections.get(section) ?? []), item]);
  }
  return [...sections].filter(([, some]) => some.length > 0);
}

// The environment variable that sets it.
export function variableOf(key: string): string {
  return `CURRANT_${key.replaceAll(".", "_").toUpperCase()}`;
}
