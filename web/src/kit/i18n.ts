// Languages: found at build (one file each in src/words), chosen by the person, else by the browser.
import i18next, { type FormatterModule, type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import { isolated } from "./bidi";

export interface Language {
  code: string;
  name: string;
  direction: "ltr" | "rtl";
}
export interface Words {
  languages: Language[];
  load: Record<string, () => Promise<{ default: Record<string, unknown> }>>;
}

let words: Words = { languages: [], load: {} };
export const languages = (): Language[] => words.languages;
export const directionOf = (code: string): "ltr" | "rtl" =>
  words.languages.find((language) => language.code === code)?.direction ?? "ltr";

const KEPT = "currant.language";

function preferred(): string {
  const wishes = [localStorage.getItem(KEPT) ?? "", ...navigator.languages];
  for (const wish of wishes) {
    const base = wish.toLowerCase().split("-")[0] ?? "";
    const found = words.languages.find(
      ({ code }) => code.toLowerCase() === wish.toLowerCase() || code === base,
    );
    if (found) return found.code;
  }
  return "en";
}

async function loaded(code: string): Promise<void> {
  const load = words.load[code];
  if (!load || i18next.hasResourceBundle(code, "translation")) return;
  i18next.addResourceBundle(code, "translation", (await load()).default, true, true);
}

// Counts are written as the language writes them; other numbers may be names, and are left alone.
const counts: FormatterModule = {
  type: "formatter",
  init: () => undefined,
  add: () => undefined,
  addCached: () => undefined,
  format: (value, _format, language, options) =>
    options?.interpolationkey === "count" && typeof value === "number"
      ? new Intl.NumberFormat(`${language}-u-nu-latn`).format(value)
      : value,
};

// English stands in for a word that a language lacks; `alone` does without, where every kilobyte counts
// (the build fails on missing words anyway).
export async function startWords(found: Words, options: { alone?: boolean } = {}): Promise<i18n> {
  words = found;
  const language = preferred();
  await i18next
    .use(initReactI18next)
    .use(counts)
    .init({
      lng: language,
      fallbackLng: "en",
      resources: {},
      partialBundledLanguages: true,
      interpolation: {
        // Not for HTML (React does that): only so that what is put in keeps its own direction.
        escapeValue: true,
        escape: (value) => isolated(String(value), directionOf(i18next.language)),
        alwaysFormat: true,
      },
      returnEmptyString: false,
    });
  await Promise.all([options.alone ? undefined : loaded("en"), loaded(language)]);
  await show(language);
  return i18next;
}

async function show(code: string): Promise<void> {
  await i18next.changeLanguage(code);
  document.documentElement.lang = code;
  document.documentElement.dir = directionOf(code);
}

// Change the language of the page; kept in this browser.
export async function speak(code: string): Promise<void> {
  if (!code) localStorage.removeItem(KEPT);
  const wanted = code || preferred();
  if (code) localStorage.setItem(KEPT, code);
  await loaded(wanted);
  await show(wanted);
}
