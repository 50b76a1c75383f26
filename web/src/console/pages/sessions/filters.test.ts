import { expect, it } from "vitest";
import { askedOf, type Filters } from "./filters";

const NONE: Filters = {
  state: "",
  station: "",
  location: "",
  token: "",
  certain: "",
  since: "",
  until: "",
  number: "",
};

it("asks for nothing that was not chosen", () => {
  expect(Object.values(askedOf(NONE)).every((value) => value === undefined)).toBe(true);
});

it("means the whole of the last day, and only whole numbers", () => {
  const asked = askedOf({
    ...NONE,
    state: "running",
    certain: "repaired",
    since: "2026-11-20",
    until: "2026-11-20",
    number: "12x",
  });
  expect([asked.active, asked.certain, asked.number]).toEqual([true, false, undefined]);
  expect(Date.parse(asked.until!) - Date.parse(asked.since!)).toBe(86_400_000);
});
