import { expect, test } from "vitest";
import { expiryIn, standingOf } from "./standing";

const now = new Date("2026-03-01T12:00:00Z");

test("a key opens until it expires or is revoked", () => {
  expect(standingOf({}, now)).toBe("valid");
  expect(standingOf({ expires_at: "2026-03-01T12:00:01Z" }, now)).toBe("valid");
  expect(standingOf({ expires_at: "2026-03-01T12:00:00Z" }, now)).toBe("expired");
  expect(standingOf({ expires_at: "2026-01-01T00:00:00Z", revoked_at: "2025-12-01T00:00:00Z" }, now)).toBe(
    "revoked",
  );
});

test("an expiry lies at the end of its day, and never is no moment", () => {
  expect(expiryIn(0, now)).toBeUndefined();
  const end = new Date(expiryIn(30, now)!);
  expect(end.getTime()).toBeGreaterThan(now.getTime() + 29 * 86_400_000);
  expect([end.getHours(), end.getMinutes()]).toEqual([23, 59]);
});
