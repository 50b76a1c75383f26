import { expect, test } from "vitest";
import { filtersOf, questionOf } from "./filters";

const of = (address: string) => filtersOf(new URLSearchParams(address));

test("what the address says is what is asked", () => {
  const filters = of("q=Ulm&free=1&standard=CHADEMO&power=50");
  expect(questionOf(filters, null)).toBe("q=Ulm&available=true&standard=CHADEMO&min_power_w=50000&limit=20");
});

test("a position is told to a hundred metres, and only when one wants what is near", () => {
  const here = { lat: 48.3984219, lon: 9.9915504 };
  expect(questionOf(of("near=1"), here)).toBe("lat=48.398&lon=9.992&limit=20");
  expect(questionOf(of(""), here)).toBe("limit=20");
});

test("a power that is not offered is no filter", () => {
  expect(of("power=7").power).toBe("");
});
