import { expect, test } from "vitest";
import { askedFor, exportAddress } from "./asking";

test("days of the reader become moments, and the last day counts whole", () => {
  const { since, until } = askedFor({ since: "2026-03-01", until: "2026-03-01" });
  expect(new Date(until!).getTime() - new Date(since!).getTime()).toBe(86_400_000);
  expect(new Date(since!).getHours()).toBe(0);
});

test("what is no day is not asked for", () => {
  expect(askedFor({ since: "yesterday", kind: "", by: undefined })).toEqual({});
});

test("what is exported is what is shown", () => {
  expect(exportAddress({ kind: "KeyMade,KeyRevoked", by: "person:ada" })).toBe(
    "/api/v1/audit/export?kind=KeyMade%2CKeyRevoked&by=person%3Aada&format=csv",
  );
});
