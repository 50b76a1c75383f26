import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { namesIn } from "./countries";

// What the atlas draws and no list of countries has.
const NAMELESS = [
  "Somaliland",
  "N. Cyprus",
  "Indian Ocean Ter.",
  "Ashmore and Cartier Is.",
  "Siachen Glacier",
];

const names = ["countries-50m", "countries-110m"].flatMap((file) => {
  const atlas = JSON.parse(readFileSync(`node_modules/world-atlas/${file}.json`, "utf8"));
  return atlas.objects.countries.geometries.map(
    (each: { properties: { name: string } }) => each.properties.name,
  ) as string[];
});

test.each(["de", "hi", "ar"])("every country of the atlas has a name in %s", (language) => {
  const called = namesIn(language);
  expect(names.length).toBeGreaterThan(400);
  expect([...new Set(names)].filter((name) => !called(name)).sort()).toEqual([...NAMELESS].sort());
});

test("names are the language's own", () => {
  expect(namesIn("ar")("Turkey")).toBe("تركيا");
  expect(namesIn("de")("Bosnia and Herz.")).toBe("Bosnien und Herzegowina");
  expect(namesIn("en-GB")("W. Sahara")).toBe("W. Sahara");
});
