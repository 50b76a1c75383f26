// The password of a new charger is told once. It is kept in this tab's memory alone, until the tab is closed.
import type { Onboarding } from "./types";

const known = new Map<string, Onboarding>();

export function keepSecrets(made: Onboarding): void {
  known.set(made.station.id, made);
}
export function secretsOf(stationId: string): Onboarding | undefined {
  return known.get(stationId);
}
