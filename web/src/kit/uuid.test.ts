import { afterEach, describe, expect, it, vi } from "vitest";
import { uuid } from "./uuid";

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("a word of our own", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is a UUID on secure pages", () => {
    expect(uuid()).toMatch(SHAPE);
  });

  it("is one on pages of plain http too, where browsers do not make any", () => {
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const many = new Set(Array.from({ length: 100 }, uuid));
    expect(many.size).toBe(100);
    for (const each of many) expect(each).toMatch(SHAPE);
  });
});
