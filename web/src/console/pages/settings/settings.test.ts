import { expect, test } from "vitest";
import { grouped, matches, parts, type Setting, shown, variableOf } from "./settings";

const setting = (key: string, value: unknown = 1, doc = ""): Setting =>
  ({ key, value, default: 1, source: "default", doc }) as unknown as Setting;

test("settings stand under the section of their file, general ones first", () => {
  const sections = grouped([setting("ocpp.port"), setting("data_dir"), setting("ocpp.tls_port")]);
  expect(sections.map(([section, items]) => [section, items.length])).toEqual([
    ["", 1],
    ["ocpp", 2],
  ]);
});

test("every word counts, wherever it stands", () => {
  const port = setting("http.port", 8080, "The port to listen on.");
  expect(matches(port, "PORT listen")).toBe(true);
  expect(matches(port, "8080")).toBe(true);
  expect(matches(port, "port tls")).toBe(false);
  expect(matches(port, "")).toBe(true);
});

test("the variable is what the environment calls it", () => {
  expect(variableOf("ocpp.tls_port")).toBe("CURRANT_OCPP_TLS_PORT");
  expect(variableOf("data_dir")).toBe("CURRANT_DATA_DIR");
});

test("nothing is shown as a dash, lists as their parts", () => {
  expect([shown(""), shown([]), shown(["a", "b"]), shown(false)]).toEqual(["–", "–", "a, b", "false"]);
});

test("what stands between backticks is code", () => {
  expect(parts("Set `mail.url` to `file:letters`.")).toEqual([
    ["Set ", false],
    ["mail.url", true],
    [" to ", false],
    ["file:letters", true],
    [".", false],
  ]);
  expect(parts("No code, and a ` alone.")).toEqual([["No code, and a ` alone.", false]]);
});
