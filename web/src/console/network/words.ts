// Words that several pages of the network share: what connectors do, what is wrong with stations.
import type { State } from "@kit/branding";
import type { TFunction } from "i18next";

// Problems a station can have as far as a list shows them, the most urgent first (stations/fleet.py).
export const PROBLEMS = [
  "security_critical",
  "faulted",
  "offline",
  "session_stuck",
  "desired_failing",
  "pending",
  "never_connected",
] as const;

// The state whose colour and shape a connector's status has.
const LOOKS: Record<string, State> = {
  preparing: "occupied",
  suspended_ev: "occupied",
  suspended_evse: "occupied",
  finishing: "occupied",
};
export const lookOfStatus = (status: string): string => LOOKS[status] ?? status;

export const statusWords = (t: TFunction, status: string): string =>
  status in LOOKS ? t(`network.status.${status}`) : t(`state.${status}`);

export const problemWords = (t: TFunction, code: string): string =>
  t(`network.problem.${code}`, { defaultValue: code.replaceAll("_", " ") });
