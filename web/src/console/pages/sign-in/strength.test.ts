import { expect, test } from "vitest";
import { strengthOf } from "./strength";

test("a short password is too weak, whatever it is made of", () => {
  expect(strengthOf("aB3$xY9!z")).toBe(0);
});

test("the same letter over and over is too weak", () => {
  expect(strengthOf("aaaaaaaaaaaaaaaaaaaaaa")).toBe(0);
});

test("four random words are very good", () => {
  expect(strengthOf("correct horse battery staple")).toBe(3);
});

test("ten letters will do, and more kinds of them are better", () => {
  expect(strengthOf("abcdefghij")).toBe(1);
  expect(strengthOf("abcDEFgh1!")).toBeGreaterThan(1);
});

test("letters of every script count", () => {
  expect(strengthOf("सही घोड़ा बैटरी स्टेपल")).toBeGreaterThan(1);
  expect(strengthOf("حصان بطارية صحيح مشبك")).toBeGreaterThan(1);
});
