// Values that fields are known to take, and what is known of the station that a command is for.
import type { CommandName } from "../catalogue";

export interface StationAtHand {
  id: string;
  evses: number[];
  sessions?: { transaction: string; title: string }[];
}

// Suggestions, not a limit: stations know more.
export function suggestions(command: CommandName, field: string): string[] | undefined {
  if (command === "Trigger" && field === "message")
    return [
      "boot",
      "heartbeat",
      "status",
      "meter_values",
      "transaction",
      "log_status",
      "firmware_status",
      "sign_station_certificate",
      "sign_v2g_certificate",
    ];
  if (command === "AllowEnergyTransfer" && field === "modes")
    return [
      "ac_single_phase",
      "ac_two_phase",
      "ac_three_phase",
      "dc",
      "ac_bpt",
      "ac_der",
      "ac_bpt_der",
      "dc_bpt",
    ];
  if (command === "GetMonitoringReport" && field === "criteria") return ["threshold", "delta", "periodic"];
  if (command === "GetReport" && field === "criteria") return ["active", "available", "enabled", "problem"];
  if (command === "GetChargingProfiles" && field === "sources") return ["ems", "other", "so", "cso"];
  if (field === "attribute") return ["Actual", "Target", "MinSet", "MaxSet"];
  if (field === "connector_format") return ["socket", "cable"];
  return undefined;
}

// Commands for which EVSE 0 is the whole station.
const WHOLE = new Set<CommandName>([
  "SetChargingProfile",
  "GetCompositeSchedule",
  "GetChargingProfiles",
  "SetDefaultTariff",
  "GetTariffs",
]);
export const mayBeWhole = (command: CommandName): boolean => WHOLE.has(command);

// Texts of many lines.
export const isLong = (field: string): boolean => ["certificate", "chain", "data"].includes(field);
export const isToken = (field: string): boolean => field === "token_uid";
export const isSession = (field: string): boolean => field === "transaction_id";
