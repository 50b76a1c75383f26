import { expect, test } from "vitest";
import { contrast, inkOn, paletteOf } from "./branding";

const BRANDS = ["#ffd400", "#0b3d2e", "#9b1b4b", "#ffffff", "#000000", "#7f7f7f", "#00a3e0", "#ff5a00"];

test.each(BRANDS)("whatever brand (%s), what is written can be read", (brand) => {
  for (const scheme of ["light", "dark"] as const) {
    const of = paletteOf(brand, scheme) as Record<string, string>;
    expect(contrast(of["on-brand"]!, of.brand!)).toBeGreaterThanOrEqual(4.5);
    for (const ground of [of.ground!, of.soft!]) {
      for (const ink of ["ink", "dim", "brand-text", "danger"])
        expect(contrast(of[ink]!, ground), `${ink} in ${scheme}`).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(of["brand-edge"]!, of.ground!)).toBeGreaterThanOrEqual(3);
    expect(contrast(of.edge!, of.ground!)).toBeGreaterThanOrEqual(3);
    expect(contrast(of["on-warn"]!, of.warn!)).toBeGreaterThanOrEqual(4.5);
  }
});

test("a brand's colour stays as it is where it can be seen", () => {
  expect(paletteOf("#ffd400", "light").brand).toBe("#ffd400");
  expect(paletteOf("#ffffff", "light").brand).not.toBe("#ffffff");
  expect(inkOn("#ffd400")).toBe("#000000");
});
