import { describe, expect, it } from "vitest";
import { countries, countryName } from "./countries";
import { hoursInWords } from "./hours";
import { listed, type PlaceRow } from "./listing";

const row = (name: string, city: string, states: PlaceRow["sums"]["states"]): PlaceRow => ({
  place: {
    id: name,
    name,
    city,
    country: "DE",
    address: "",
    latitude: null,
    longitude: null,
    time_zone: "UTC",
  },
  sums: { stations: 1, connected: 1, states, power_w: 0, sessions: 0 },
});

describe("opening hours", () => {
  const open = (weekday: number, begins = "08:00", ends = "20:00") => ({ weekday, begins, ends });
  it("are told together for days that are alike", () => {
    const week = [1, 2, 3, 4, 5].map((day) => open(day));
    expect(hoursInWords([...week, open(6, "10:00", "14:00")], "en", "closed")).toEqual([
      "Mon – Fri 08:00–20:00",
      "Sat 10:00–14:00",
      "Sun closed",
    ]);
  });
});

describe("countries", () => {
  it("are named in the reader's language", () => {
    expect(countryName("DE", "en")).toBe("Germany");
    expect(countryName("DE", "de")).toBe("Deutschland");
    expect(countryName("??", "en")).toBe("??");
    const all = countries("en").map((each) => each.value);
    expect(all).toContain("IN");
    expect(all).not.toContain("EU");
    expect(all.length).toBeGreaterThan(230);
  });
});

describe("the list of locations", () => {
  const rows = [row("Mill", "Bonn", { available: 1 }), row("Quay", "Kiel", { faulted: 1 })];
  it("finds by any of the words and sorts by urgency", () => {
    expect(listed(rows, "kiel quay", "").map((each) => each.place.name)).toEqual(["Quay"]);
    expect(listed(rows, "", "states")[0]?.place.name).toBe("Quay");
    expect(listed(rows, "", "-name")[0]?.place.name).toBe("Quay");
  });
});
