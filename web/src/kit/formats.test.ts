import { describe, expect, it } from "vitest";
import { formatsOf, localeOf } from "./formats";

describe("quantities", () => {
  const english = formatsOf("en-GB");
  it("are scaled to what people say", () => {
    expect(english.power(850)).toBe("850\u202fW");
    expect(english.power(22_080)).toBe("22.1\u202fkW");
    expect(english.energy(5_812_000)).toBe("5.8\u202fMWh");
    expect(english.power(null)).toBe("–");
  });
  it("are written as the language writes numbers", () => {
    expect(formatsOf("de").power(22_080)).toBe("22,1\u202fkW");
  });
});

describe("digits", () => {
  it("are those of the identities beside them in every language", () => {
    expect(formatsOf("ar").number(4812)).toBe("4,812");
    expect(formatsOf("ar").time("2026-11-21T08:12:00Z", { zone: "UTC" })).toContain("08:12");
  });
});

describe("durations", () => {
  it("show the two largest parts", () => {
    expect(formatsOf("en").duration(3 * 3600 + 25 * 60)).toBe("3h 25m");
    expect(formatsOf("en").duration(42)).toBe("42s");
  });
});

describe("times", () => {
  it("are those of the site where one is named", () => {
    const at = "2026-11-21T08:12:00Z";
    expect(formatsOf("en-GB").time(at, { zone: "Europe/Oslo" })).toBe("09:12");
    expect(formatsOf("en-GB").time(at, { zone: "Asia/Kolkata" })).toBe("13:42");
  });
  it("are of the reader's own kind of English", () => {
    expect(localeOf("en", ["de-DE", "en-GB", "en-US"])).toBe("en-GB");
    expect(localeOf("ar", ["en-GB"])).toBe("ar");
  });
});

describe("money", () => {
  it("knows how many minor units a currency has", () => {
    expect(formatsOf("en-GB").money(1234, "EUR")).toBe("€12.34");
    expect(formatsOf("en-GB").money(1234, "JPY")).toBe("JP¥1,234");
  });
});
