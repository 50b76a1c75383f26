import { expect, test } from "vitest";
import { codeOf } from "./code";

test.each([
  ["https://charge.example.com/c/DE*ABC*E0042", "DE*ABC*E0042"],
  ["https://charge.example.com/charge/at/CP-7-1?x=1", "CP-7-1"],
  ["HTTPS://OTHER.example/some/DE%2AABC%2AE1", "DE*ABC*E1"],
  ["  de abc e0042 ", "de abc e0042"],
  ["WIFI:S:guest;;", null],
  ["javascript:alert(1)", null],
  ["a/b", null],
  ["", null],
])("%s is the code %s", (read, code) => {
  expect(codeOf(read)).toBe(code);
});
