import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { check } from "./words.mjs";
import { words } from "./words-plugin";

const WORDS = resolve(import.meta.dirname, "../src/words");
let folder: string;
let code: string;

beforeEach(() => {
  const place = mkdtempSync(join(tmpdir(), "words-"));
  folder = join(place, "words");
  code = join(place, "code");
  mkdirSync(folder);
  mkdirSync(code);
  for (const name of readdirSync(WORDS))
    if (name.endsWith(".json")) cpSync(join(WORDS, name), join(folder, name));
});
afterEach(() => rmSync(resolve(folder, ".."), { recursive: true }));

const english = () => JSON.parse(readFileSync(join(folder, "en.json"), "utf8"));
const add = (language: string, text: unknown) =>
  writeFileSync(join(folder, `${language}.json`), JSON.stringify(text));
const saidOf = (language: string) => check(folder, code).filter((line) => line.startsWith(`${language}:`));

test("what a new language lacks is said, line by line", () => {
  add("sv", { language: { name: "Svenska", direction: "ltr" }, kit: { state: { available: "Ledig" } } });
  const said = saidOf("sv");
  expect(said).toContain("sv: kit.state.charging is missing");
  expect(said).not.toContain("sv: kit.state.available is missing");
});

test("one more file is one more language, and no other line changes", () => {
  add("sv", { ...english(), language: { name: "Svenska", direction: "ltr" } });
  expect(saidOf("sv")).toEqual([]);
  const plugin = words(folder) as unknown as { load: (id: string) => string };
  for (const entry of ["console", "driver"]) {
    expect(plugin.load(`\0virtual:words/${entry}`)).toContain(
      '{"code":"sv","name":"Svenska","direction":"ltr"}',
    );
    expect(plugin.load(`\0virtual:words-of/${entry}/sv`)).toContain(english().kit.state.available);
  }
});

test("a language that does not say its name and direction is refused", () => {
  add("sv", { ...english(), language: { name: "Svenska" } });
  expect(saidOf("sv").join()).toContain("direction");
});

test("a placeholder that is lost in translation is found", () => {
  const text = english();
  text.kit.table.select = "Välj";
  add("sv", { ...text, language: { name: "Svenska", direction: "ltr" } });
  expect(saidOf("sv").join()).toContain("kit.table.select has the placeholders");
});

test("numbers need all the forms that the language has", () => {
  // Polish counts one, a few and many apart; the English forms are not enough.
  add("pl", { ...english(), language: { name: "Polski", direction: "ltr" } });
  expect(saidOf("pl")).toContain("pl: kit.map.places_few is missing");
});
