// Curves over time: drawn by uPlot, told in words for who cannot see them.
import "uplot/dist/uPlot.min.css";
import { Box, useComputedColorScheme, VisuallyHidden } from "@mantine/core";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import { CURVES, INK } from "../branding";
import { useFormats } from "../formats";
import { moments, once } from "./ticks";

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
// By which the axis of time goes on.
const STEPS_S = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * DAY),
];

export interface Series {
  name: string;
  values: (number | null)[];
  filled?: boolean;
  dashed?: boolean;
  // A second scale, at the other side (percent of a battery beside power).
  right?: boolean;
}

interface Props {
  label: string;
  // Seconds since 1970, ascending.
  times: number[];
  series: Series[];
  format: (value: number) => string;
  formatRight?: (value: number) => string;
  height?: number;
  zone?: string;
}

export function Curve({ label, times, series, format, formatRight, height = 220, zone }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  const formats = useFormats();
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const { ink, grid } = INK[scheme];
    const colours = CURVES[scheme];
    const axis = {
      stroke: ink,
      grid: { stroke: grid, width: 1 },
      ticks: { show: false },
      font: "12px system-ui",
    };
    const plot = new UPlot(
      {
        width: element.clientWidth,
        height,
        tzDate: (seconds) => (zone ? UPlot.tzDate(new Date(seconds * 1000), zone) : new Date(seconds * 1000)),
        legend: { show: series.length > 1, live: false },
        cursor: { points: { size: 6 } },
        scales: {
          x: { time: true },
          y: { range: (_, low, high) => [Math.min(0, low), high > low ? high * 1.08 : low + 1] },
          right: { range: [0, 100] },
        },
        axes: [
          {
            ...axis,
            space: 84,
            size: 34,
            // Half a second is no step that anybody reads.
            incrs: STEPS_S,
            values: (_, ticks, __, ___, step) => moments(ticks, step, formats, zone),
          },
          { ...axis, size: 64, values: (_, ticks) => once(ticks.map(format)) },
          ...(formatRight
            ? [
                {
                  ...axis,
                  scale: "right",
                  side: 1 as const,
                  size: 48,
                  grid: { show: false },
                  values: (_: UPlot, ticks: number[]) => once(ticks.map(formatRight)),
                },
              ]
            : []),
        ],
        series: [
          {},
          ...series.map((each, at) => ({
            label: each.name,
            scale: each.right ? "right" : "y",
            stroke: colours[at % colours.length],
            fill: each.filled ? `${colours[at % colours.length]}26` : undefined,
            width: 2,
            dash: each.dashed ? [6, 4] : undefined,
            points: { show: false },
            spanGaps: false,
          })),
        ],
      },
      [times, ...series.map((each) => each.values)] as UPlot.AlignedData,
      element,
    );
    const watcher = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [times, series, format, formatRight, height, scheme, zone, formats]);
  const told = series
    .map((each) => {
      const known = each.values.filter((value): value is number => value != null);
      const shown = each.right && formatRight ? formatRight : format;
      return known.length > 0
        ? `${each.name}: ${shown(Math.min(...known))} – ${shown(Math.max(...known))}`
        : each.name;
    })
    .join("; ");
  return (
    <Box role="img" aria-label={`${label}. ${told}`} dir="ltr">
      <div ref={place} style={{ minHeight: height }} />
      <VisuallyHidden>{told}</VisuallyHidden>
    </Box>
  );
}
