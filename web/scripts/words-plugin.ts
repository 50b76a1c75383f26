// The words of the two applications: one file a language, and of it each application loads its own part alone.
//
// `virtual:words/console` and `virtual:words/driver` list every language found in the folder, with a loader
// for its words. So a language is added by adding a file, and no other line changes.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { check } from "./words.mjs";

const ENTRIES = ["console", "driver"];
const LIST = "virtual:words/";
const ONE = "virtual:words-of/";

export function words(folder: string): Plugin {
  const read = (language: string) => JSON.parse(readFileSync(join(folder, `${language}.json`), "utf8"));
  return {
    name: "words",
    buildStart() {
      const wrong = check(folder);
      // While pages are being written their words come last: a developer may look at them before.
      const tell = process.env.CURRANT_WORDS === "loose" ? this.warn : this.error;
      if (wrong.length > 0) tell.call(this, `Words are missing:\n${wrong.slice(0, 40).join("\n")}`);
      for (const file of readdirSync(folder)) this.addWatchFile(join(folder, file));
    },
    resolveId(id) {
      return id.startsWith(LIST) || id.startsWith(ONE) ? `\0${id}` : undefined;
    },
    load(id) {
      if (id.startsWith(`\0${LIST}`)) {
        const entry = id.slice(LIST.length + 1);
        if (!ENTRIES.includes(entry)) this.error(`There is no application ${entry}.`);
        const languages = readdirSync(folder)
          .filter((name) => name.endsWith(".json"))
          .map((name) => name.slice(0, -5))
          .sort((a, b) => (a === "en" ? -1 : b === "en" ? 1 : a.localeCompare(b)));
        const list = languages.map((code) => ({ code, ...read(code).language }));
        const loaders = languages.map(
          (code) => `${JSON.stringify(code)}: () => import(${JSON.stringify(`${ONE}${entry}/${code}`)})`,
        );
        return `export const languages = ${JSON.stringify(list)};\nexport const load = {${loaders.join(",")}};`;
      }
      if (id.startsWith(`\0${ONE}`)) {
        const [entry, code] = id.slice(ONE.length + 1).split("/") as [string, string];
        const { kit, [entry]: own } = read(code);
        return `export default ${JSON.stringify({ ...kit, ...own })};`;
      }
      return undefined;
    },
  };
}
