import { expect, test } from "vitest";
import { lineOf } from "./line";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();

test("one point is no line, and no power is none either", () => {
  expect(lineOf([{ at: at(0), power_w: 7000 }], 100, 100)).toBeNull();
  expect(
    lineOf(
      [
        { at: at(0), power_w: 0 },
        { at: at(1), power_w: 0 },
      ],
      100,
      100,
    ),
  ).toBeNull();
});

test("the most is at the top, and the line spans the whole time", () => {
  const line = lineOf(
    [
      { at: at(0), power_w: 0 },
      { at: at(10), power_w: 11_000 },
    ],
    100,
    100,
  );
  expect(line?.path).toBe("M0.0 100.0L100.0 20.0");
  expect(line?.most).toBe(11_000);
});

test("what was not measured is a gap", () => {
  const line = lineOf(
    [1, 1, null, 1, 1].map((kw, minute) => ({ at: at(minute), power_w: kw === null ? null : kw * 1000 })),
    100,
    100,
  );
  expect(line?.path.match(/M/g)).toHaveLength(2);
});
