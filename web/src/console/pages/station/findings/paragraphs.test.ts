import { expect, test } from "vitest";
import words from "../../../../words/en.json";
import { paragraphOf } from "./paragraphs";

test("a finding names the paragraph, else the schema of its message", () => {
  expect(paragraphOf("time-without-zone", "MeterValues")).toBe("RFC 3339, 5.6");
  expect(paragraphOf("string-too-long", "BootNotification")).toBe("schema");
  expect(paragraphOf("string-too-long", "")).toBeUndefined();
  expect(paragraphOf("clock-not-set", "StopTransaction")).toBeUndefined();
});

test("every finding that has a paragraph has words", () => {
  const said = Object.keys(words.console.finding.says);
  expect(said).toHaveLength(33);
  expect(said.filter((code) => paragraphOf(code.replaceAll("_", "-"), ""))).toHaveLength(11);
});
