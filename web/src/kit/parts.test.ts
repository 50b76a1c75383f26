import { expect, test } from "vitest";
import { anew } from "./parts";

function memory(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as unknown as Storage;
}

test("a page whose parts are gone is loaded anew, once in a while", () => {
  const storage = memory();
  let loads = 0;
  const reload = () => {
    loads += 1;
  };
  expect(anew(storage, 1_000_000, reload)).toBe(true);
  expect(anew(storage, 1_005_000, reload)).toBe(false);
  expect(loads).toBe(1);
  expect(anew(storage, 1_030_000, reload)).toBe(true);
  expect(loads).toBe(2);
});
