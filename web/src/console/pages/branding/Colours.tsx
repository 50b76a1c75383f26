// The brand's colours, and whether they can be read: said at once, for what cannot be read is put right in the app.
import { contrast, inkOn, paletteOf } from "@kit/branding";
import { useFormats } from "@kit/formats";
import { Box, ColorInput, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Section } from "../me/Section";
import { isColour } from "./colour";

// Beside its field, not at the end of the page: so it is heard where it belongs.
const IN_PLACE = { withinPortal: false };

interface Props {
  primary: string;
  accent: string;
  onPrimary: (colour: string) => void;
  onAccent: (colour: string) => void;
}

function OneGround({ colour, scheme }: { colour: string; scheme: "light" | "dark" }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const palette = paletteOf(colour, scheme);
  const ground = palette.ground ?? "";
  const shown = palette["brand-text"] ?? colour;
  const ratio = contrast(colour, ground);
  const fine = ratio >= 4.5;
  return (
    <Box
      p="sm"
      style={{
        flex: 1,
        minWidth: "14rem",
        borderRadius: 8,
        background: ground,
        color: palette.ink,
        border: `1px solid ${palette.line}`,
      }}
    >
      <Text size="sm" fw={600} c="inherit">
        {t(`me.${scheme}`)}
      </Text>
      <Text fw={700} style={{ color: shown }}>
        {t("branding.sample")}
      </Text>
      <Box
        mt={6}
        px="sm"
        py={6}
        style={{
          display: "inline-block",
          borderRadius: 8,
          fontWeight: 600,
          background: palette.brand,
          color: palette["on-brand"] ?? inkOn(colour),
        }}
      >
        {t("branding.sample_button")}
      </Box>
      <Group gap={6} mt="xs" wrap="nowrap" align="flex-start">
        {fine ? <IconCircleCheck size={18} aria-hidden /> : <IconAlertTriangle size={18} aria-hidden />}
        <Text size="sm" c="inherit" aria-live="polite">
          {t(fine ? "branding.readable" : "branding.corrected", { ratio: formats.number(ratio, 1) })}
        </Text>
      </Group>
    </Box>
  );
}

export function Colours({ primary, accent, onPrimary, onAccent }: Props) {
  const { t } = useTranslation();
  const pickers = { format: "hex" as const, withEyeDropper: false, dir: "ltr", popoverProps: IN_PLACE };
  return (
    <Section title={t("branding.colours")} text={t("branding.colours_text")}>
      <Group grow align="flex-start">
        <ColorInput
          {...pickers}
          label={t("branding.primary")}
          value={primary}
          onChange={onPrimary}
          error={isColour(primary) ? null : t("branding.no_colour")}
        />
        <ColorInput
          {...pickers}
          label={t("branding.accent")}
          value={accent}
          onChange={onAccent}
          error={accent === "" || isColour(accent) ? null : t("branding.no_colour")}
        />
      </Group>
      {isColour(primary) && (
        <Stack gap="xs">
          <Group align="stretch">
            <OneGround colour={primary} scheme="light" />
            <OneGround colour={primary} scheme="dark" />
          </Group>
        </Stack>
      )}
    </Section>
  );
}
