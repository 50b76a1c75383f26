// Which modules come together in one file: what both applications need at once, and the driver's icons.
//
// Left to themselves, two applications over one kit fall into dozens of files of two hundred bytes, and
// a phone on a slow network waits for each of them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BASE =
  /node_modules\/(react|react-dom|scheduler|i18next|react-i18next(?!.*(?:Trans|Icu))|use-sync-external-store|@tanstack\/(query-core|react-query))\/|vite\/preload-helper|rolldown\/runtime|src\/kit\/(i18n|formats|branding|api\/send)\.ts/;

function iconsIn(folder: string, found = new Set<string>()): Set<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) iconsIn(path, found);
    else if (/\.tsx?$/.test(entry.name))
      for (const [name] of readFileSync(path, "utf8").matchAll(/\bIcon[A-Z]\w+/g)) found.add(name);
  }
  return found;
}

export function groups(driver: string) {
  const icons = iconsIn(driver);
  return [
    { name: "base", test: BASE, priority: 2 },
    {
      name: "signs",
      test: (id: string) => {
        const name = /@tabler\/icons-react\/dist\/esm\/(?:icons\/)?(\w+)\.mjs/.exec(id)?.[1] ?? "";
        return icons.has(name) || name === "createReactComponent" || name === "defaultAttributes";
      },
      priority: 1,
    },
  ];
}
