import { expect, it } from "vitest";
import { tracks } from "./spans";

const at = (hour: number) => new Date(Date.UTC(2026, 10, 21, hour)).toISOString();
const ms = (hour: number) => Date.UTC(2026, 10, 21, hour);

it("makes bars of changes, cut to the window, equal neighbours joined", () => {
  const found = tracks(
    [
      { evse: 1, connector: 1, status: "charging", at: at(9) },
      { evse: 1, connector: 1, status: "available", at: at(6) },
      { evse: 1, connector: 1, status: "charging", at: at(10) },
      { evse: 2, connector: 1, status: "faulted", error: "GroundFailure", at: at(11) },
    ],
    ms(8),
    ms(12),
  );
  expect(
    found.map(({ evse, spans }) => [evse, spans.map((span) => [span.status, span.from, span.until])]),
  ).toEqual([
    [
      1,
      [
        ["available", ms(8), ms(9)],
        ["charging", ms(9), ms(12)],
      ],
    ],
    [2, [["faulted", ms(11), ms(12)]]],
  ]);
});
