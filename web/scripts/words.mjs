// Keeps the words of all languages whole. `check` says what is missing, unused or differs in its placeholders;
// `put FILE` merges {"console.<part>": {"en": {…}, "de": {…}, …}} into the language files.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const WORDS = resolve(HERE, "../src/words");
const SOURCES = resolve(HERE, "../src");
const PLURAL = /_(zero|one|two|few|many|other)$/;

const languagesIn = (folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -5));

function flat(value, prefix = "", into = new Map()) {
  for (const [key, inner] of Object.entries(value)) {
    const name = prefix ? `${prefix}.${key}` : key;
    if (typeof inner === "object" && inner !== null) flat(inner, name, into);
    else into.set(name, String(inner));
  }
  return into;
}

const placeholders = (text) =>
  [...text.matchAll(/\{\{\s*([\w.]+)[^}]*\}\}|<(\d+|\w+)>/g)]
    .map((found) => found[1] ?? found[2])
    .sort()
    .join();

const single = (keys) => new Set([...keys].map((key) => key.replace(PLURAL, "")));

function sources(folder, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sources(path, found);
    else if (/\.tsx?$/.test(entry.name) && !entry.name.endsWith(".d.ts")) found.push(path);
  }
  return found;
}

// Keys that sources name: whole ones, and the beginnings of those put together at run time.
function named(folder) {
  const whole = new Map();
  const beginnings = new Map();
  for (const path of sources(folder)) {
    const text = readFileSync(path, "utf8");
    for (const [, key] of text.matchAll(
      /(?:\bt\(|\bi18nKey=|\bwords?:\s*|\btitle:\s*)\s*"([a-z][\w]*(?:\.[\w]+)+)"/g,
    ))
      whole.set(key, path);
    for (const [, beginning] of text.matchAll(/\bt\(\s*`([a-z]\w*(?:\.\w+)*\.[\w]*)\$\{/g))
      beginnings.set(beginning, path);
  }
  return { whole, beginnings };
}

// What is wrong, one line each; empty when all languages are complete.
export function check(folder = WORDS, code = SOURCES) {
  const wrong = [];
  const texts = Object.fromEntries(
    languagesIn(folder).map((name) => [name, JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))]),
  );
  const flats = {};
  for (const [name, text] of Object.entries(texts)) {
    if (!text.language?.name || !["ltr", "rtl"].includes(text.language?.direction))
      wrong.push(`${name}: "language" wants a "name" and a "direction" (ltr or rtl)`);
    const { language, ...parts } = text;
    flats[name] = flat(parts);
  }
  const english = flats.en;
  const wanted = single(english.keys());
  for (const [name, words] of Object.entries(flats)) {
    if (name === "en") continue;
    const has = single(words.keys());
    for (const key of wanted) if (!has.has(key)) wrong.push(`${name}: ${key} is missing`);
    for (const key of has) if (!wanted.has(key)) wrong.push(`${name}: ${key} is not in en`);
    for (const [key, text] of words) {
      const model = english.get(key) ?? english.get(key.replace(PLURAL, "_other"));
      if (model === undefined) continue;
      const [ours, theirs] = [placeholders(text), placeholders(model)];
      // A plural form may leave the number out ("one station", in Arabic a dual).
      const lacks =
        PLURAL.test(key) && ours.split(",").every((each) => each === "" || theirs.split(",").includes(each));
      if (ours !== theirs && !lacks)
        wrong.push(`${name}: ${key} has the placeholders [${ours}], en has [${theirs}]`);
      if (text.trim() === "") wrong.push(`${name}: ${key} is empty`);
    }
  }
  for (const [name, words] of Object.entries(flats)) {
    // What is counted needs every form that the language's numbers have.
    const forms = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
    for (const key of english.keys()) {
      const counted = key.replace(/_one$/, "");
      if (counted === key || !english.has(`${counted}_other`)) continue;
      for (const form of forms)
        if (!words.has(`${counted}_${form}`) && (words.has(`${counted}_other`) || name === "en"))
          wrong.push(`${name}: ${counted}_${form} is missing`);
    }
  }
  const seen = new Set([...wanted].map((key) => key.replace(/^(kit|console|driver)\./, "")));
  const { whole, beginnings } = named(code);
  for (const [key, path] of whole)
    if (!seen.has(key) && ![...seen].some((one) => one.startsWith(`${key}.`)))
      wrong.push(`en: ${key} is missing (${path.slice(code.length + 1)})`);
  for (const [beginning, path] of beginnings)
    if (![...seen].some((one) => one.startsWith(beginning)))
      wrong.push(`en: nothing begins with ${beginning} (${path.slice(code.length + 1)})`);
  return wrong;
}

function merge(into, from) {
  for (const [key, value] of Object.entries(from)) {
    if (typeof value === "object" && value !== null) {
      into[key] = merge(typeof into[key] === "object" ? into[key] : {}, value);
    } else into[key] = value;
  }
  return into;
}

function put(file) {
  const parts = JSON.parse(readFileSync(file, "utf8"));
  const lock = join(WORDS, ".lock");
  for (let tries = 0; ; tries++) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (tries > 100) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    for (const [part, byLanguage] of Object.entries(parts))
      for (const [language, words] of Object.entries(byLanguage)) {
        const path = join(WORDS, `${language}.json`);
        const text = JSON.parse(readFileSync(path, "utf8"));
        let place = text;
        for (const step of part.split(".")) place = place[step] ??= {};
        merge(place, words);
        writeFileSync(`${path}.new`, `${JSON.stringify(text, null, 2)}\n`);
        renameSync(`${path}.new`, path);
      }
  } finally {
    rmdirSync(lock);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [verb, file] = process.argv.slice(2);
  if (verb === "put") put(file);
  else {
    const wrong = check();
    for (const line of wrong) console.error(line);
    process.exit(wrong.length > 0 ? 1 : 0);
  }
}
