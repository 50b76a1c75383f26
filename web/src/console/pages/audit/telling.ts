// Acts in the reader's words. A kind that these pages do not know yet is told as the server tells it.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Entry } from "./asking";

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
    return {
      kind,
      // `person:ada@example.com` is who it was, not how we note it down.
      who: (by: string) => {
        const [sort, ...rest] = by.split(":");
        const name = rest.join(":");
        if (sort === "person") return name;
        if (sort === "key") return t("audit.by_key", { name });
        if (sort === "local") return t("audit.by_local");
        return by || "–";
      },
      told: (entry: Entry) => {
        const key = `audit.text_${entry.kind}`;
        if (!i18n.exists(key)) return i18n.language === "en" ? entry.text : kind(entry.kind, entry.text);
        const facts = Object.fromEntries(
          Object.entries(entry.facts).map(([name, value]) => [name, word(value)]),
        );
        return t(key, { identity: entry.about?.label, ...facts });
      },
    };
  }, [t, i18n]);
}
