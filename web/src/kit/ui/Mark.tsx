// A short word about something, with a dot in its tone: readable on light and dark, and without the colour.
import { Group, Text, useComputedColorScheme } from "@mantine/core";
import type { ReactNode } from "react";
import { TONES, type Tone } from "../branding";

export function Mark({ tone, children }: { tone: Tone; children: ReactNode }) {
  const scheme = useComputedColorScheme("light");
  const colour = TONES[tone][scheme];
  return (
    <Group component="span" gap={6} wrap="nowrap" display="inline-flex" data-tone={tone}>
      <span
        aria-hidden
        style={{
          width: 8,
          height: 8,
          borderRadius: tone === "bad" ? 2 : 8,
          background: colour,
          flexShrink: 0,
        }}
      />
      <Text span size="sm" fw={600} style={{ color: colour, whiteSpace: "nowrap" }}>
        {children}
      </Text>
    </Group>
  );
}
