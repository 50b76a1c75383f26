import { describe, expect, it } from "vitest";
import { contrast, readable, STATE_COLOURS, shades, TONES } from "./branding";

describe("a brand's colour", () => {
  it("is kept where it can be read", () => {
    expect(readable("#8a2348", "#ffffff")).toBe("#8a2348");
  });
  it.each(["#ffe600", "#7fffd4", "#ffffff", "#ff8800"])("%s is darkened until white carries it", (colour) => {
    expect(contrast(readable(colour, "#ffffff"), "#ffffff")).toBeGreaterThanOrEqual(4.5);
  });
  it.each(["#000000", "#1a0033", "#8a2348"])("%s is lightened on a dark ground", (colour) => {
    expect(contrast(readable(colour, "#1f2329"), "#1f2329")).toBeGreaterThanOrEqual(4.5);
  });
  it("gives a shade for buttons that carries white text, and one for dark grounds", () => {
    const ten = shades("#ffe600");
    expect(contrast(ten[6]!, "#ffffff")).toBeGreaterThanOrEqual(4.5);
    expect(contrast(ten[4]!, "#1f2329")).toBeGreaterThanOrEqual(4.5);
  });
});

describe("colours of states and tones", () => {
  it.each(
    Object.entries({ ...STATE_COLOURS, ...TONES }),
  )("%s can be read on light and on dark", (_, colour) => {
    expect(contrast(colour.light, "#ffffff")).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour.dark, "#242424")).toBeGreaterThanOrEqual(4.5);
  });
});
