// What the law wants said, in every language that the app speaks.
import { languages } from "@kit/i18n";
import { SegmentedControl, Select, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "../me/Section";
import type { Draft } from "./Branding";

type Legal = NonNullable<Draft["legal"]>;
type Kind = "imprint" | "privacy" | "terms";
const KINDS: Kind[] = ["imprint", "privacy", "terms"];

export function LegalTexts({ legal, onChange }: { legal: Legal; onChange: (legal: Legal) => void }) {
  const { t, i18n } = useTranslation();
  const [kind, setKind] = useState<Kind>("imprint");
  const [language, setLanguage] = useState(i18n.language);
  const texts = (legal[kind] ?? {}) as Record<string, string>;
  const written = languages().filter(({ code }) => texts[code]?.trim());
  const direction = languages().find(({ code }) => code === language)?.direction ?? "ltr";
  const write = (text: string) => {
    const { [language]: _, ...others } = texts;
    onChange({ ...legal, [kind]: text ? { ...others, [language]: text } : others } as Legal);
  };
  return (
    <Section title={t("branding.legal")} text={t("branding.legal_text")}>
      <SegmentedControl
        aria-label={t("branding.legal")}
        value={kind}
        onChange={(value) => setKind(value as Kind)}
        data={KINDS.map((each) => ({ value: each, label: t(`branding.${each}`) }))}
      />
      <Select
        label={t("shell.language")}
        allowDeselect={false}
        data={languages().map(({ code, name }) => ({ value: code, label: name }))}
        value={language}
        onChange={(value) => value && setLanguage(value)}
      />
      <Textarea
        label={t(`branding.${kind}`)}
        lang={language}
        dir={direction}
        autosize
        minRows={6}
        maxRows={18}
        maxLength={50_000}
        value={texts[language] ?? ""}
        onChange={(event) => write(event.currentTarget.value)}
      />
      <Text size="sm" c="dimmed">
        {written.length > 0
          ? t("branding.written", { languages: written.map(({ name }) => name).join(", ") })
          : t("branding.not_written")}
      </Text>
    </Section>
  );
}
