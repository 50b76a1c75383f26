import { expect, it } from "vitest";
import { touched } from "./following";

it("refreshes what a happening touches, and always what the station is and does", () => {
  expect([...touched(["ConnectorStatusChanged/x/1/1"])]).toEqual(["view", "insight", "history", "running"]);
  expect(touched(["CommandEnded/x"]).has("commands")).toBe(true);
  expect([...touched(["SomethingElse/x"])]).toEqual(["view", "insight"]);
});
