import { expect, it } from "vitest";
import { stairs } from "./steps";

it("holds each limit until the next one, and the last until the end", () => {
  const { times, values } = stairs("1970-01-01T00:00:00Z", 100, [
    { start_s: 0, limit: 11 },
    { start_s: 60, limit: 22 },
    { start_s: 200, limit: 5 },
  ]);
  expect(times.map(Math.round)).toEqual([0, 60, 60, 100]);
  expect(values).toEqual([11, 11, 22, 22]);
});
