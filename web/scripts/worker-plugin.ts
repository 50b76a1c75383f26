// The service worker of the driver's app: its source with the list of what it keeps, as the build named it.
//
// Kept is what the app's pages are made of. The map, the reader of codes and the languages are not: they
// are large or many, and what of them a phone has once loaded it keeps by itself.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const LARGE = /maplibre|jsqr|world-atlas|words-of|MapPage|MapView/i;

export function worker(source: string): Plugin {
  return {
    name: "worker",
    apply: "build",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((part) => part.type === "chunk");
      const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
      const kept = new Set<string>();
      const take = (name: string) => {
        const chunk = byName.get(name);
        if (!chunk || kept.has(name)) return;
        if ([chunk.name, ...chunk.moduleIds].some((id) => LARGE.test(id))) return;
        kept.add(name);
        for (const style of chunk.viteMetadata?.importedCss ?? []) kept.add(style);
        for (const next of [...chunk.imports, ...chunk.dynamicImports]) take(next);
      };
      const entry = chunks.find((chunk) => chunk.isEntry && chunk.name === "driver");
      if (!entry) this.error("There is no driver's app for the worker to keep.");
      take(entry.fileName);
      const shell = [...kept].sort().map((name) => `/${name}`);
      const text = readFileSync(source, "utf8");
      const version = createHash("sha256").update(text).update(shell.join()).digest("hex").slice(0, 16);
      this.emitFile({
        type: "asset",
        fileName: "sw.js",
        source: text
          .replace('"__VERSION__"', JSON.stringify(version))
          .replace('"__ENTRY__"', JSON.stringify(`/${entry.fileName}`))
          .replace('["__SHELL__"]', JSON.stringify(shell)),
      });
    },
  };
}
