// The driver's app as it will look: in light and dark, with the brand's name and colours.
import { CURRANT, paletteOf } from "@kit/branding";
import { useFormats } from "@kit/formats";
import { Box, Group, SegmentedControl, useComputedColorScheme } from "@mantine/core";
import { IconBolt, IconMapPin } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Section } from "../me/Section";
import type { BrandingFacts, Draft } from "./Branding";
import { isColour } from "./colour";
import classes from "./Preview.module.css";

export function Preview({ draft, branding }: { draft: Draft; branding: BrandingFacts }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const now = useComputedColorScheme("light");
  const [scheme, setScheme] = useState<"light" | "dark">(now);
  const colour = isColour(draft.primary_colour) ? draft.primary_colour : CURRANT;
  const palette = paletteOf(colour, scheme);
  const style = Object.fromEntries(
    Object.entries(palette).map(([name, value]) => [`--preview-${name}`, value]),
  );
  const logo = scheme === "dark" ? (branding.dark_logo_url ?? branding.logo_url) : branding.logo_url;
  const name = draft.product_name || draft.name;
  return (
    <Section title={t("branding.preview")} text={t("branding.preview_text")}>
      <Group justify="center">
        <SegmentedControl
          aria-label={t("branding.preview")}
          value={scheme}
          onChange={(value) => setScheme(value as "light" | "dark")}
          data={[
            { value: "light", label: t("me.light") },
            { value: "dark", label: t("me.dark") },
          ]}
        />
      </Group>
      <Box className={classes.phone} style={style} data-testid="preview">
        <div className={classes.bar}>
          {logo ? <img src={logo} alt={name} className={classes.logo} /> : <strong>{name}</strong>}
        </div>
        <div className={classes.map}>
          <IconMapPin size={34} className={classes.pin} aria-hidden />
        </div>
        <div className={classes.card}>
          <strong>{t("branding.preview_place")}</strong>
          <span className={classes.dim}>{formats.power(22_000)}</span>
          <span className={classes.state}>
            <IconBolt size={18} aria-hidden /> {t("branding.preview_free")}
          </span>
          <div className={classes.button}>{t("branding.sample_button")}</div>
          <span className={classes.link}>
            {draft.support_phone || draft.support_email || t("branding.preview_help")}
          </span>
        </div>
      </Box>
    </Section>
  );
}
