import { describe, expect, it } from "vitest";
import { cleaned, fieldsOf, missing, type Schemas } from "./schema";

const SCHEMAS: Schemas = {
  Kind: { type: "string", enum: ["now", "later"] },
  Part: {
    type: "object",
    properties: { name: { type: "string" }, evse: { type: "integer" } },
    required: ["name"],
  },
  Order: {
    type: "object",
    required: ["command", "parts", "kind"],
    properties: {
      command: { enum: ["Order"] },
      kind: { $ref: "#/components/schemas/Kind" },
      parts: { type: "array", items: { $ref: "#/components/schemas/Part" } },
      at: { anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] },
      ids: { type: "array", items: { type: "integer" } },
      odd: { type: "object" },
    },
  },
};
const ORDER = { $ref: "#/components/schemas/Order" };

describe("forms from the API's description", () => {
  it("knows what sort of field each is, through references and optional ones", () => {
    expect(fieldsOf(ORDER, SCHEMAS).map(({ name, sort, required }) => [name, sort, required])).toEqual([
      ["kind", "choice", true],
      ["parts", "list", true],
      ["at", "time", false],
      ["ids", "numbers", false],
      ["odd", "json", false],
    ]);
  });
  it("says what is still missing, inside of lists too", () => {
    expect(missing(ORDER, SCHEMAS, {})).toEqual(["kind", "parts"]);
    expect(missing(ORDER, SCHEMAS, { kind: "now", parts: [{ name: "a" }, { evse: 0 }] })).toEqual([
      "parts.2.name",
    ]);
    expect(missing(ORDER, SCHEMAS, { kind: "now", parts: [{ name: "a" }] })).toEqual([]);
  });
  it("leaves out what was left empty, but neither zero nor no", () => {
    expect(cleaned({ a: "", b: 0, c: false, d: null, e: [], f: { g: undefined, h: 1 } })).toEqual({
      b: 0,
      c: false,
      f: { h: 1 },
    });
  });
});
