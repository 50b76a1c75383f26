import { expect, test } from "vitest";
import type { DriverSession } from "../app/types";
import { byMonth } from "./months";

const session = (id: string, started_at: string | null, energy_wh: number) =>
  ({ id, started_at, energy_wh }) as DriverSession;

test("sessions stand by the month they began in, with what they come to", () => {
  const months = byMonth([
    session("d", null, 0),
    session("c", "2026-11-20T12:00:00", 4000),
    session("b", "2026-11-02T12:00:00", 6000),
    session("a", "2025-11-02T12:00:00", 1000),
  ]);
  expect(months.map((month) => [month.key, month.energy_wh])).toEqual([
    ["now", 0],
    ["2026-11", 10_000],
    ["2025-11", 1000],
  ]);
});
