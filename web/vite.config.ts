// How the two applications are built: two entries over one kit, hashed assets, compressed beside the originals.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { groups } from "./scripts/chunks.ts";
import { words } from "./scripts/words-plugin.ts";
import { worker } from "./scripts/worker-plugin.ts";

const OUT = resolve(import.meta.dirname, "../src/currant/web/dist");
const WORTH_COMPRESSING = /\.(js|css|html|json|svg|webmanifest)$/;

// The server picks the smallest that a browser takes; nothing is compressed while somebody waits.
function compressed(): Plugin {
  let out = OUT;
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      if (!existsSync(out)) return; // the build failed, and has said why
      const visit = (folder: string) => {
        for (const name of readdirSync(folder)) {
          const path = join(folder, name);
          if (statSync(path).isDirectory()) visit(path);
          else if (WORTH_COMPRESSING.test(name)) {
            const raw = readFileSync(path);
            if (raw.length < 1024) continue;
            writeFileSync(`${path}.gz`, gzipSync(raw, { level: 9 }));
            writeFileSync(
              `${path}.br`,
              brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
            );
          }
        }
      };
      visit(out);
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  publicDir: "public",
  resolve: { alias: { "@kit": resolve(import.meta.dirname, "src/kit") } },
  plugins: [
    react(),
    words(resolve(import.meta.dirname, "src/words")),
    worker(resolve(import.meta.dirname, "src/driver/worker/sw.js")),
    compressed(),
  ],
  server: {
    port: 5173,
    proxy: { "/api": "http://127.0.0.1:8080", "/driver": "http://127.0.0.1:8080" },
  },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        console: resolve(import.meta.dirname, "console.html"),
        driver: resolve(import.meta.dirname, "driver.html"),
      },
      output: { codeSplitting: { groups: groups(resolve(import.meta.dirname, "src/driver")) } },
    },
  },
});
