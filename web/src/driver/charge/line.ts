// Points over time as the paths of a drawing; gaps stay gaps.
import type { CurvePoint } from "../app/types";

export interface Line {
  path: string;
  area: string;
  most: number;
  from: Date;
  until: Date;
}

export function lineOf(points: CurvePoint[], width: number, height: number): Line | null {
  const known = points.filter((point) => point.power_w != null);
  if (known.length < 2) return null;
  const [first, last] = [Date.parse(points[0]!.at), Date.parse(points.at(-1)!.at)];
  const most = Math.max(...known.map((point) => point.power_w!));
  if (last <= first || most <= 0) return null;
  const x = (at: string) => (((Date.parse(at) - first) / (last - first)) * width).toFixed(1);
  // A fifth of the height is left for the words above.
  const y = (watts: number) => (height - (watts / most) * height * 0.8).toFixed(1);
  const runs: CurvePoint[][] = [[]];
  for (const point of points)
    if (point.power_w == null) runs.push([]);
    else runs.at(-1)!.push(point);
  const drawn = runs.filter((run) => run.length > 1);
  const path = drawn
    .map((run) => run.map((point, at) => `${at ? "L" : "M"}${x(point.at)} ${y(point.power_w!)}`).join(""))
    .join("");
  const area = drawn
    .map(
      (run) =>
        `M${x(run[0]!.at)} ${height}${run.map((point) => `L${x(point.at)} ${y(point.power_w!)}`).join("")}L${x(run.at(-1)!.at)} ${height}Z`,
    )
    .join("");
  return path ? { path, area, most, from: new Date(first), until: new Date(last) } : null;
}
