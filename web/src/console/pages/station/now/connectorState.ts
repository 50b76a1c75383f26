// A connector's status as one of the states that everything is shown in.
import type { State } from "@kit/branding";
import type { Schemas } from "../queries";

type Status = Schemas["ConnectorStatus"];

const STATES: Record<Status, State> = {
  available: "available",
  charging: "charging",
  faulted: "faulted",
  finishing: "occupied",
  occupied: "occupied",
  preparing: "occupied",
  reserved: "reserved",
  suspended_ev: "occupied",
  suspended_evse: "occupied",
  unavailable: "unavailable",
  unknown: "unknown",
};

export const stateOfConnector = (status: Status): State => STATES[status] ?? "unknown";
