import { describe, expect, it } from "vitest";
import { boundsOf, clustered, inOrder, type Place, totalOf, worstOf } from "./clusters";

const place = (id: string, latitude: number, longitude: number, states: Place["states"]): Place => ({
  id,
  name: id,
  latitude,
  longitude,
  states,
});
const TOWNS = [
  place("a", 52.52, 13.4, { available: 3, faulted: 1 }),
  place("b", 52.53, 13.42, { charging: 2 }),
  place("c", 48.13, 11.57, { offline: 1 }),
];

describe("clusters", () => {
  it("join what is near at this zoom and part it nearer by", () => {
    expect(clustered(TOWNS, 2).map((each) => each.places.length)).toEqual([3]);
    expect(clustered(TOWNS, 6).map((each) => each.places.map((one) => one.id))).toEqual([["a", "b"], ["c"]]);
    expect(clustered(TOWNS, 14)).toHaveLength(3);
  });
  it("lose nothing and count nothing twice", () => {
    const many = Array.from({ length: 2000 }, (_, at) =>
      place(`p${at}`, 47 + ((at * 37) % 800) / 100, 6 + ((at * 91) % 900) / 100, {
        available: 2,
        offline: 1,
      }),
    );
    for (const zoom of [1, 4, 7, 11]) {
      const found = clustered(many, zoom);
      expect(found.reduce((sum, each) => sum + each.total, 0)).toBe(6000);
      expect(new Set(found.flatMap((each) => each.places.map((one) => one.id))).size).toBe(2000);
    }
  });
  it("show the worst of their members", () => {
    const [all] = clustered(TOWNS, 2);
    expect(worstOf(all!.states)).toBe("faulted");
    expect(inOrder(all!.states)[0]).toEqual(["faulted", 1]);
    expect(worstOf({ available: 2, charging: 1 })).toBeUndefined();
    expect(totalOf(all!.states)).toBe(7);
  });
  it("find the corners of places", () => {
    expect(boundsOf(TOWNS)).toEqual([
      [11.57, 48.13],
      [13.42, 52.53],
    ]);
    expect(boundsOf([])).toBeUndefined();
  });
});
