import { formatsOf } from "@kit/formats";
import type { TFunction } from "i18next";
import { expect, it } from "vitest";
import { details, readableFacts } from "./facts";

const formats = formatsOf("en");
const keys = ((key: string) => key) as TFunction;

it("tells facts with their units, and a dash for what is not known", () => {
  const told = readableFacts(
    { power_w: 22_000, soc: 80, count: 1200, since: "2026-11-21T07:00:00Z", source: "EMS", by: "person:ada" },
    keys,
    formats,
    "UTC",
  );
  expect(told.power_w).toBe("22.0\u202fkW");
  expect(told.soc).toBe("80%");
  expect([told.count, told.counted]).toEqual([1200, "1,200"]);
  expect(told.since).toContain("2026");
  expect(told.source).toBe("limit_source.EMS");
  expect(told.by).toBe("ada");
  expect(told.number).toBe("–");
});

it("gives a technician the charger's own words", () => {
  expect(details({ raw_error: "GroundFailure", vendor_error: "E42", count: 3, info: "" })).toEqual([
    "GroundFailure",
    "E42",
  ]);
});
