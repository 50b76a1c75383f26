// Acts in the reader's words. A kind that these pages do not know yet is told as the server tells it.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { aspectWords, whoWords } from "../../vocabulary";
import type { Entry } from "./asking";

const NAMES = ["login", "name", "identity", "uid", "number", "remote_address", "provider", "version"];

export function useActs() {
  const { t, i18n } = useTranslation();
  return useMemo(() => {
    const word = (value: unknown): string => {
      if (Array.isArray(value)) return value.map(word).join(", ");
      if (typeof value === "boolean") return t(value ? "audit.yes" : "audit.no");
      if (value === null || value === undefined || value === "") return "–";
      if (typeof value === "object") return JSON.stringify(value);
      const text = String(value);
      return i18n.exists(`audit.word_${text}`) ? t(`audit.word_${text}`) : text.replaceAll("_", " ");
    };
    const kind = (name: string, otherwise: string) => {
      const key = `audit.kind_${name}`;
      return i18n.exists(key) ? t(key) : otherwise;
    };
    // What other vocabularies have words for.
    const special: Record<string, (value: unknown) => string | undefined> = {
      command: (value) => t(`commands.name.${value}`, { defaultValue: String(value) }),
      aspect: (value) => aspectWords(t, String(value ?? "")),
      // Names that people gave may look like our words.
      ...Object.fromEntries(NAMES.map((name) => [name, (value: unknown) => String(value || "–")])),
    };
    return {
      kind,
      who: (by: string) => whoWords(t, by),
      told: (entry: Entry) => {
        const key = `audit.text_${entry.kind}`;
        if (!i18n.exists(key)) return i18n.language === "en" ? entry.text : kind(entry.kind, entry.text);
        const facts = Object.fromEntries(
          Object.entries(entry.facts).map(([name, value]) => [name, special[name]?.(value) ?? word(value)]),
        );
        return t(key, { identity: entry.about?.label, ...facts });
      },
    };
  }, [t, i18n]);
}
