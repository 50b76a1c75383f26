import i18next from "i18next";
import { beforeAll, expect, test, vi } from "vitest";
import { speak, startWords } from "./i18n";

const words: Record<string, Record<string, string>> = {
  en: { stations_one: "{{count}} station", stations_other: "{{count}} stations", of: "Session {{number}}" },
  ar: {
    stations_zero: "لا محطات",
    stations_one: "محطة واحدة",
    stations_two: "محطتان",
    stations_few: "{{count}} محطات",
    stations_many: "{{count}} محطة",
    stations_other: "{{count}} محطة",
    of: "الجلسة {{number}}",
  },
};
const shown: Record<string, string> = {};

beforeAll(async () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal("document", { documentElement: shown });
  await startWords({
    languages: [
      { code: "en", name: "English", direction: "ltr" },
      { code: "ar", name: "العربية", direction: "rtl" },
    ],
    load: Object.fromEntries(
      Object.keys(words).map((code) => [code, async () => ({ default: words[code] ?? {} })]),
    ),
  });
});

test("counts are written as the language writes them, numbers that are names are not", async () => {
  await speak("en");
  expect(i18next.t("stations", { count: 4812 })).toBe("4,812 stations");
  expect(i18next.t("stations", { count: 1 })).toBe("1 station");
  expect(i18next.t("of", { number: 4812 })).toBe("Session 4812");
});

test("Arabic has a form for none, one, two, a few and many", async () => {
  await speak("ar");
  const told = [0, 1, 2, 3, 11, 100].map((count) =>
    i18next.t("stations", { count }).replace(/[\u2068\u2069]/g, ""),
  );
  expect(told.slice(0, 3)).toEqual(["لا محطات", "محطة واحدة", "محطتان"]);
  expect(told[3]).toContain("محطات");
  expect(told[4]).toMatch(/محطة$/);
  expect(told[5]).toMatch(/محطة$/);
});

test("the page is turned with its language", async () => {
  await speak("ar");
  expect([shown.lang, shown.dir]).toEqual(["ar", "rtl"]);
  await speak("en");
  expect([shown.lang, shown.dir]).toEqual(["en", "ltr"]);
});
