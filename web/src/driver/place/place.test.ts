import { expect, test } from "vitest";
import { distanceIn } from "../find/distance";
import { directionsTo } from "./directions";
import { weekdayAt, weekOf } from "./week";

test("the day is that of the place, not of the phone", () => {
  const sundayNightInLondon = new Date("2026-11-22T23:30:00Z");
  expect(weekdayAt(sundayNightInLondon, "Europe/London")).toBe(7);
  expect(weekdayAt(sundayNightInLondon, "Asia/Kolkata")).toBe(1);
});

test("a place without hours is open round the clock and has no week to show", () => {
  expect(weekOf([], "UTC", new Date())).toEqual([]);
  const week = weekOf(
    [{ weekday: 2, begins: "08:00", ends: "20:00" }],
    "UTC",
    new Date("2026-11-24T12:00:00Z"),
  );
  expect(week.map((day) => day.periods.length)).toEqual([0, 1, 0, 0, 0, 0, 0]);
  expect(week.find((day) => day.isToday)?.weekday).toBe(2);
});

test("the way is shown by the map that a phone has", () => {
  expect(directionsTo(48.4, 9.99, "Town hall", "Mozilla/5.0 (Linux; Android 14)")).toBe(
    "geo:48.4,9.99?q=48.4,9.99(Town%20hall)",
  );
  expect(directionsTo(48.4, 9.99, "Town hall", "Mozilla/5.0 (iPhone)")).toContain("maps.apple.com");
});

test("distances are told as one would say them", () => {
  expect(distanceIn("en", 430)).toBe("450 m");
  expect(distanceIn("en", 2340)).toBe("2.3 km");
  expect(distanceIn("de", 23_400)).toBe("23 km");
});
