import { expect, test } from "vitest";
import { isolated } from "./bidi";

test("an identity keeps its direction within Arabic", () => {
  expect(isolated("CP-01*A", "rtl")).toBe("\u2068CP-01*A\u2069");
  expect(isolated("10.0.0.7:443", "rtl")).toBe("\u206810.0.0.7:443\u2069");
  expect(isolated("+49 30 1234", "rtl")).toBe("\u2068+49 30 1234\u2069");
});

test("Arabic within Arabic is left as it is", () => {
  expect(isolated("محطة الشمال", "rtl")).toBe("محطة الشمال");
  expect(isolated("7", "rtl")).toBe("7");
});

test("an Arabic name keeps its direction within German, and everything else is untouched", () => {
  expect(isolated("محطة 5", "ltr")).toBe("\u2068محطة 5\u2069");
  expect(isolated("CP-01*A", "ltr")).toBe("CP-01*A");
});
