// The colours of the product, and of whoever's brand it is shown in: the only place with colour literals.
// Types alone come from Mantine: the driver's app takes colours from here and nothing of Mantine.
import type { MantineColorsTuple, MantineThemeOverride } from "@mantine/core";

export const CURRANT = "#8a2348";

// Colours of states, readable on light and on dark; a state is never told by its colour alone.
export const STATE_COLOURS = {
  available: { light: "#1b7a3d", dark: "#5fd38a" },
  occupied: { light: "#8a5a00", dark: "#f2b84b" },
  charging: { light: "#1459b8", dark: "#7db5ff" },
  reserved: { light: "#6b3fb5", dark: "#bfa1ff" },
  unavailable: { light: "#5b6470", dark: "#aab4c0" },
  faulted: { light: "#c01f2e", dark: "#ff8a8f" },
  offline: { light: "#4a5260", dark: "#98a3b3" },
  pending: { light: "#0b6e78", dark: "#5ccbd6" },
  unknown: { light: "#5b6470", dark: "#aab4c0" },
} as const;
export type State = keyof typeof STATE_COLOURS;

// Tones of short words about things.
export const TONES = {
  good: STATE_COLOURS.available,
  bad: STATE_COLOURS.faulted,
  busy: STATE_COLOURS.charging,
  warn: STATE_COLOURS.occupied,
  quiet: STATE_COLOURS.unknown,
} as const;
export type Tone = keyof typeof TONES;

export const CURVES = {
  light: ["#1459b8", "#8a8f98", "#1b7a3d", "#b3480f"],
  dark: ["#7db5ff", "#8f98a5", "#5fd38a", "#ff9d5c"],
};

// Axes and grids of curves.
export const INK = { light: { ink: "#414955", grid: "#e3e6ea" }, dark: { ink: "#c9d0da", grid: "#343a44" } };

type Rgb = [number, number, number];

function parse(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
const written = (rgb: Rgb) =>
  `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

// Relative luminance and contrast as WCAG 2.2 defines them.
function luminance([r, g, b]: Rgb): number {
  const linear = (part: number) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(parse(one)), luminance(parse(other))].sort((a, b) => b - a) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

const mixed = (from: Rgb, to: Rgb, share: number): Rgb =>
  from.map((part, at) => part + (to[at]! - part) * share) as Rgb;

// The nearest colour to a brand's that can be read on `ground` (4.5:1 unless told otherwise).
export function readable(colour: string, ground: string, wanted = 4.5): string {
  const away: Rgb = luminance(parse(ground)) > 0.4 ? [0, 0, 0] : [255, 255, 255];
  for (let share = 0; share <= 1; share += 0.02) {
    const tried = written(mixed(parse(colour), away, share));
    if (contrast(tried, ground) >= wanted) return tried;
  }
  return written(away);
}

// Ten shades around a colour, as Mantine wants them; the seventh carries white text, the fifth is for dark grounds.
export function shades(colour: string): MantineColorsTuple {
  const strong = readable(colour, "#ffffff", 4.6);
  const base = parse(strong);
  const bright = readable(colour, "#1f2329", 5.2);
  const tint = (share: number) => written(mixed(base, [255, 255, 255], share));
  const deep = (share: number) => written(mixed(base, [0, 0, 0], share));
  return [
    tint(0.93),
    tint(0.84),
    tint(0.7),
    tint(0.55),
    bright,
    tint(0.2),
    strong,
    deep(0.1),
    deep(0.22),
    deep(0.36),
  ];
}

export function themeOf(colour: string = CURRANT): MantineThemeOverride {
  return {
    primaryColor: "brand",
    primaryShade: { light: 6, dark: 6 },
    colors: { brand: shades(colour) },
    fontFamily:
      'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Devanagari", "Noto Sans Arabic", sans-serif',
    defaultRadius: "md",
    cursorType: "pointer",
    respectReducedMotion: true,
    components: {
      // An alert's tone is told by its icon and border; its title has to be read.
      Alert: { styles: { title: { color: "var(--mantine-color-text)" } } },
      Anchor: { defaultProps: { underline: "hover" } },
      Tooltip: {
        defaultProps: { openDelay: 300, withArrow: true, events: { hover: true, focus: true, touch: true } },
      },
      Modal: { defaultProps: { centered: true } },
      // Its tag alone would make it a second banner of the page.
      ModalHeader: { defaultProps: { role: "presentation" } },
      Table: { defaultProps: { verticalSpacing: "xs" } },
    },
  };
}

// The grounds and inks of the driver's app: read in the sun, in the rain, by old eyes.
const GROUNDS = {
  light: {
    ground: "#ffffff",
    soft: "#f1f3f5",
    line: "#c9ced6",
    edge: "#767e8a",
    ink: "#12161b",
    dim: "#48505b",
    danger: "#b3121f",
    "danger-fill": "#b3121f",
    "on-danger": "#ffffff",
    warn: "#fff1cc",
    "on-warn": "#4d3300",
  },
  dark: {
    ground: "#13161a",
    soft: "#20252b",
    line: "#414953",
    edge: "#8a94a1",
    ink: "#f5f7f9",
    dim: "#bcc4ce",
    danger: "#ff9a9e",
    "danger-fill": "#c01f2e",
    "on-danger": "#ffffff",
    warn: "#40330f",
    "on-warn": "#ffe4a3",
  },
} as const;

const INKS = ["#ffffff", "#000000"] as const;

// What can be read on a colour: white where that is enough, else black.
export function inkOn(colour: string): string {
  return contrast(colour, INKS[0]) >= 4.5 ? INKS[0] : INKS[1];
}

// The driver's app in a brand's colours, as CSS variables: the brand's own colour where it may stay as it is
// (with an ink that can be read on it), put right where text or an edge would not be seen.
export function paletteOf(colour: string, scheme: "light" | "dark"): Record<string, string> {
  const grounds = GROUNDS[scheme];
  const edge = readable(colour, grounds.ground, 3);
  const fill = contrast(colour, grounds.ground) >= 1.25 ? colour : edge;
  const states = Object.entries(STATE_COLOURS).map(([state, shades]) => [`state-${state}`, shades[scheme]]);
  return {
    ...grounds,
    ...Object.fromEntries(states),
    brand: fill,
    "on-brand": inkOn(fill),
    "brand-edge": edge,
    "brand-text": readable(colour, grounds.soft, 4.6),
    curve: CURVES[scheme][0]!,
  };
}
