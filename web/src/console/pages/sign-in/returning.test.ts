import { expect, test } from "vitest";
import { fragment, safeReturn } from "./returning";

test("one comes back to the page one was on", () => {
  expect(safeReturn("/stations?state=faulted")).toBe("/console/stations?state=faulted");
  expect(safeReturn("/console/audit?kind=KeyMade#top")).toBe("/console/audit?kind=KeyMade#top");
});

test("without a wish one comes to the beginning", () => {
  expect(safeReturn(null)).toBe("/console/");
  expect(safeReturn("")).toBe("/console/");
});

test.each([
  "https://elsewhere.example/",
  "//elsewhere.example/",
  "/\\elsewhere.example",
  "javascript:alert(1)",
  "/console/../api/v1/logout",
  "/console@elsewhere.example",
])("nobody is led elsewhere by %s", (wanted) => {
  expect(safeReturn(wanted)).toBe("/console/");
});

test("signing in does not lead to signing in", () => {
  expect(safeReturn("/console/sign-in?return_to=/console/sign-in")).toBe("/console/");
  expect(safeReturn("/set-up")).toBe("/console/");
});

test("what stands behind the # is read", () => {
  expect(fragment("#ticket=abc&ways=totp,passkey").get("ways")).toBe("totp,passkey");
});
