// Plugs and sockets as one sees them at the charger: the face, with its pins where they are.
import type { ReactNode } from "react";

const pin = (x: number, y: number, r: number) => <circle key={`${x}-${y}`} cx={x} cy={y} r={r} />;
const pins = (...all: [number, number, number][]) => all.map(([x, y, r]) => pin(x, y, r));
const ring = <circle cx="16" cy="16" r="13" fill="none" stroke="currentColor" strokeWidth="2" />;
const outline = (d: string) => (
  <path d={d} fill="none" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" />
);

// Type 2: round, flat at the top; two small pins, three large, two below.
const TYPE_2 =
  "M7.5 5h17a11.5 11.5 0 0 1 4 8.5c0 7-5.6 12.5-12.5 12.5S3.5 20.5 3.5 13.5A11.5 11.5 0 0 1 7.5 5Z";
const SMALL_2 = "M10 2h12a8.5 8.5 0 0 1 3 6.4C25 13.5 21 17 16 17s-9-3.5-9-8.6A8.5 8.5 0 0 1 10 2Z";
const DC_BELOW = "M8 19.5h16a4.7 4.7 0 0 1 0 10.5H8a4.7 4.7 0 0 1 0-10.5Z";

const FACES: Record<string, ReactNode> = {
  IEC_62196_T1: (
    <>
      {ring}
      {pins([11.5, 11.5, 2.2], [20.5, 11.5, 2.2], [10, 17.5, 1.4], [22, 17.5, 1.4], [16, 21.5, 2.2])}
    </>
  ),
  IEC_62196_T1_COMBO: (
    <>
      <circle cx="16" cy="9.5" r="8" fill="none" stroke="currentColor" strokeWidth="2" />
      {pins([13, 7, 1.5], [19, 7, 1.5], [12.5, 10.8, 1], [19.5, 10.8, 1], [16, 13, 1.5])}
      {outline(DC_BELOW)}
      {pins([10.5, 24.7, 2.6], [21.5, 24.7, 2.6])}
    </>
  ),
  IEC_62196_T2: (
    <>
      {outline(TYPE_2)}
      {pins(
        [12.5, 8.8, 1.4],
        [19.5, 8.8, 1.4],
        [9, 14, 2.1],
        [16, 14, 2.1],
        [23, 14, 2.1],
        [12.3, 20, 2.1],
        [19.7, 20, 2.1],
      )}
    </>
  ),
  IEC_62196_T2_COMBO: (
    <>
      {outline(SMALL_2)}
      {pins(
        [13.5, 5, 1],
        [18.5, 5, 1],
        [11.5, 8.7, 1.4],
        [16, 8.7, 1.4],
        [20.5, 8.7, 1.4],
        [13.5, 12.9, 1.4],
        [18.5, 12.9, 1.4],
      )}
      {outline(DC_BELOW)}
      {pins([10.5, 24.7, 2.6], [21.5, 24.7, 2.6])}
    </>
  ),
  CHADEMO: (
    <>
      {ring}
      <circle cx="9.5" cy="16" r="3.4" fill="none" stroke="currentColor" strokeWidth="2" />
      <circle cx="22.5" cy="16" r="3.4" fill="none" stroke="currentColor" strokeWidth="2" />
      {pins(
        [9.5, 16, 1.2],
        [22.5, 16, 1.2],
        [14.5, 8.5, 1.3],
        [17.5, 8.5, 1.3],
        [14.5, 23.5, 1.3],
        [17.5, 23.5, 1.3],
        [16, 11.5, 1.3],
        [16, 20.5, 1.3],
      )}
    </>
  ),
  SAE_J3400: (
    <>
      {outline("M9 4h14c3 0 5 2.5 4.5 6l-1.5 9c-.8 5-4.5 9-10 9S6.8 24 6 19L4.5 10C4 6.5 6 4 9 4Z")}
      {pins([11.5, 12, 3.2], [20.5, 12, 3.2], [16, 22, 2], [11.7, 19.3, 1.2], [20.3, 19.3, 1.2])}
    </>
  ),
  DOMESTIC_F: (
    <>
      {ring}
      {pins([11, 16, 2.3], [21, 16, 2.3])}
      <path d="M14 3.5h4v5h-4zM14 23.5h4v5h-4z" />
    </>
  ),
  GBT_AC: (
    <>
      {outline("M6 7.5A13 13 0 0 1 26 7.5 13 13 0 0 1 16 29 13 13 0 0 1 6 7.5Z")}
      {pins(
        [12, 9.5, 1.3],
        [20, 9.5, 1.3],
        [9, 15, 2],
        [16, 15, 2],
        [23, 15, 2],
        [12, 21.5, 2],
        [20, 21.5, 2],
      )}
    </>
  ),
  GBT_DC: (
    <>
      {ring}
      {pins(
        [10, 14, 3],
        [22, 14, 3],
        [16, 22.5, 2.2],
        [16, 8, 1.2],
        [12.5, 7.5, 1.2],
        [19.5, 7.5, 1.2],
        [9.5, 21, 1.4],
        [22.5, 21, 1.4],
      )}
    </>
  ),
  DOMESTIC_G: (
    <>
      {outline("M4 4h24v24H4z")}
      <path d="M14 7h4v7h-4zM7 19h7v3.5H7zM18 19h7v3.5h-7z" />
    </>
  ),
  MCS: (
    <>
      {outline("M16 3 29 27H3Z")}
      {pins([11, 22, 2.6], [21, 22, 2.6], [16, 13, 2], [16, 18.5, 1.3])}
    </>
  ),
};

const ALIKE: Record<string, string> = {
  TESLA_S: "SAE_J3400",
  TESLA_R: "SAE_J3400",
  CHAOJI: "GBT_DC",
  IEC_62196_T3A: "IEC_62196_T1",
  IEC_62196_T3C: "IEC_62196_T2",
  DOMESTIC_M: "DOMESTIC_G",
};

const FIVE = (
  <>
    {ring}
    {pins([16, 8, 2], [23.5, 13.5, 2], [20.7, 22, 2], [11.3, 22, 2], [8.5, 13.5, 2])}
  </>
);

export function PlugIcon({ standard, size = 32 }: { standard: string; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="currentColor" aria-hidden="true">
      {FACES[standard] ?? FACES[ALIKE[standard] ?? ""] ?? FIVE}
    </svg>
  );
}
