// Light or dark: of this browser, not of the person.
import { SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "./Section";

export function Appearance() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Section title={t("me.appearance")} text={t("me.appearance_text")}>
      <SegmentedControl
        aria-label={t("me.appearance")}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as "light" | "dark" | "auto")}
        data={[
          { value: "auto", label: t("me.auto") },
          { value: "light", label: t("me.light") },
          { value: "dark", label: t("me.dark") },
        ]}
      />
    </Section>
  );
}
