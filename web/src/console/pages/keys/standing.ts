// Whether a key still opens anything.

export type KeyStanding = "valid" | "expired" | "revoked";

export function standingOf(
  key: { expires_at?: string | null; revoked_at?: string | null },
  now: Date = new Date(),
): KeyStanding {
  if (key.revoked_at) return "revoked";
  return key.expires_at && new Date(key.expires_at) <= now ? "expired" : "valid";
}

// The end of the day that is so many days from now; undefined is never.
export function expiryIn(days: number, now: Date = new Date()): string | undefined {
  if (days <= 0) return undefined;
  const end = new Date(now);
  end.setDate(end.getDate() + days);
  end.setHours(23, 59, 59, 0);
  return end.toISOString();
}
