import { expect, test } from "vitest";
import { formatsOf } from "../formats";
import { moments, once } from "./ticks";

const formats = formatsOf("en-GB");
const noon = Date.UTC(2026, 0, 31, 12) / 1000;

test("a curve of a minute tells seconds, one of hours does not", () => {
  expect(moments([noon, noon + 10, noon + 20], 10, formats, "UTC")).toEqual([
    "12:00:00",
    "12:00:10",
    "12:00:20",
  ]);
  expect(moments([noon, noon + 3600], 3600, formats, "UTC")).toEqual(["12:00", "13:00"]);
});

test("steps of days tell days", () => {
  expect(moments([noon, noon + 86_400], 86_400, formats, "UTC")).toEqual(["31 Jan 2026", "1 Feb 2026"]);
});

test("nothing is written twice in a row", () => {
  expect(once(["0 W", "0 W", "1 W", "1 W", "0 W"])).toEqual(["0 W", "", "1 W", "", "0 W"]);
});
