import { expect, it } from "vitest";
import { joined, type Known, sifted, type Wanted } from "./joined";

const known = (key: string, value: string): Known =>
  ({
    key,
    value,
    variable: { component: key.split(".")[0], name: key.split(".")[1] },
    known_since: "",
    how: "report",
  }) as never;
const wanted = (key: string, desired: unknown, standing: string, aspect = "variables"): Wanted =>
  ({ aspect, key, desired, standing }) as never;

const ROWS = joined(
  [known("OCPPCommCtrlr.HeartbeatInterval", "300"), known("Display.Language", "en")],
  [wanted("OCPPCommCtrlr.HeartbeatInterval", "60", "waiting"), wanted("v2g", ["a"], "in_step", "roots")],
);

it("puts desired beside reported, and keeps what is only one of them", () => {
  expect(ROWS.map(({ key, reported, desired, differs }) => [key, reported, desired, differs])).toEqual([
    ["Display.Language", "en", undefined, false],
    ["OCPPCommCtrlr.HeartbeatInterval", "300", "60", true],
    ["roots: v2g", null, '["a"]', false],
  ]);
});

it("finds by name and value, by component, and only what differs", () => {
  expect(sifted(ROWS, "heartbeat", "", "").length).toBe(1);
  expect(sifted(ROWS, "", "Display", "").map(({ name }) => name)).toEqual(["Language"]);
  expect(sifted(ROWS, "", "", "different").map(({ desired }) => desired)).toEqual(["60"]);
  expect(sifted(ROWS, "", "", "desired").length).toBe(2);
});
