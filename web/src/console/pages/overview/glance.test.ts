import { describe, expect, it } from "vitest";
import { change, type Glance, withNow } from "./glance";

const GLANCE = {
  stations: { by_state: { available: 2 }, total: 2, connected: 2 },
  connectors: { by_status: { available: 4 } },
  power_w: 100,
  capacity_w: 1000,
  sessions: { active: 1, today: 9 },
} as unknown as Glance;

describe("the overview", () => {
  it("takes on what is told live and keeps the rest", () => {
    const now = withNow(GLANCE, { power_w: 0, sessions_active: 0 });
    expect(now.power_w).toBe(0);
    expect(now.sessions).toEqual({ active: 0, today: 9 });
    expect(now.stations).toEqual(GLANCE.stations);
  });
  it("compares with the same weekday where there was something", () => {
    expect(change(150, 100)).toBeCloseTo(0.5);
    expect(change(150, 0)).toBeUndefined();
    expect(change(150, null)).toBeUndefined();
  });
});
