// Every command that a station can be told, in the order and groups in which people look for them.
import type { components } from "@kit/api/schema";

export type AnyCommand = components["schemas"]["CommandView"]["command"];
export type CommandName = AnyCommand["command"];
export type CommandRecord = components["schemas"]["CommandRecord"];
// What a form holds: the name, and what has been filled in so far.
export type CommandDraft = { command: CommandName } & Record<string, unknown>;

export type CommandGroup =
  | "charging"
  | "station"
  | "settings"
  | "limits"
  | "access"
  | "files"
  | "security"
  | "monitoring"
  | "display"
  | "grid";

// `careful`: asked again before it is sent, because it disturbs drivers or cannot be undone.
interface Entry {
  group: CommandGroup;
  careful?: boolean;
}

export const COMMANDS: Record<CommandName, Entry> = {
  StartCharging: { group: "charging" },
  StopCharging: { group: "charging", careful: true },
  Unlock: { group: "charging" },
  GetTransactionStatus: { group: "charging" },
  Reserve: { group: "charging" },
  CancelReservation: { group: "charging" },
  NotifyWebPaymentStarted: { group: "charging" },
  RequestBatterySwap: { group: "charging" },
  Reset: { group: "station", careful: true },
  SetAvailability: { group: "station" },
  Trigger: { group: "station" },
  TransferData: { group: "station" },
  GetVariables: { group: "settings" },
  SetVariables: { group: "settings" },
  GetReport: { group: "settings" },
  SetNetworkProfile: { group: "settings", careful: true },
  SetChargingProfile: { group: "limits" },
  ClearChargingProfiles: { group: "limits" },
  GetChargingProfiles: { group: "limits" },
  GetCompositeSchedule: { group: "limits" },
  UsePriorityCharging: { group: "limits" },
  UpdateDynamicSchedule: { group: "limits" },
  AllowEnergyTransfer: { group: "limits" },
  ClearCache: { group: "access" },
  GetLocalListVersion: { group: "access" },
  SendLocalList: { group: "access" },
  GetCustomerInformation: { group: "access" },
  GetLog: { group: "files" },
  UpdateFirmware: { group: "files", careful: true },
  PublishFirmware: { group: "files" },
  UnpublishFirmware: { group: "files" },
  InstallCertificate: { group: "security" },
  DeleteCertificate: { group: "security", careful: true },
  GetInstalledCertificates: { group: "security" },
  SendSignedCertificate: { group: "security" },
  SetMonitors: { group: "monitoring" },
  ClearMonitors: { group: "monitoring" },
  SetMonitoringBase: { group: "monitoring" },
  SetMonitoringLevel: { group: "monitoring" },
  GetMonitoringReport: { group: "monitoring" },
  GetEventStreams: { group: "monitoring" },
  AdjustEventStream: { group: "monitoring" },
  SetDisplayMessage: { group: "display" },
  GetDisplayMessages: { group: "display" },
  ClearDisplayMessage: { group: "display" },
  ShowCost: { group: "display" },
  SetDefaultTariff: { group: "display" },
  GetTariffs: { group: "display" },
  ClearTariffs: { group: "display" },
  ChangeTransactionTariff: { group: "display" },
  SetDerControl: { group: "grid" },
  GetDerControls: { group: "grid" },
  ClearDerControls: { group: "grid" },
  SendAfrrSignal: { group: "grid" },
};

export const commandNames = (): CommandName[] => Object.keys(COMMANDS) as CommandName[];

export function commandGroups(): [CommandGroup, CommandName[]][] {
  const groups = new Map<CommandGroup, CommandName[]>();
  for (const name of commandNames()) {
    const { group } = COMMANDS[name];
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  return [...groups];
}

// Set by Currant itself when the command is given.
const OURS = new Set(["remote_start_id"]);
export const isOurs = (field: string, command: CommandName): boolean =>
  OURS.has(field) || (field === "request_id" && command === "RequestBatterySwap");

// Fields that come filled in, because an empty form would be a worse beginning.
export function draftOf(name: CommandName): CommandDraft {
  const number = Math.floor(Math.random() * 2 ** 30) + 1;
  const more: Partial<Record<CommandName, Record<string, unknown>>> = {
    Trigger: { message: "status" },
    SetAvailability: { operative: true },
    Reset: { kind: "on_idle" },
    GetCompositeSchedule: { evse: 1, duration_s: 86_400 },
    SetChargingProfile: {
      evse: 0,
      profile: {
        id: (number % 100_000) + 1,
        purpose: "station_max",
        schedules: [{ unit: "W", periods: [{ start_s: 0, limit: 11_000 }] }],
      },
    },
    GetLog: { request_id: number, kind: "diagnostics" },
    UpdateFirmware: { request_id: number, retrieve_at: new Date().toISOString() },
    PublishFirmware: { request_id: number },
    SetDefaultTariff: { evse: 0 },
    SetMonitoringLevel: { severity: 5 },
    SendAfrrSignal: { at: new Date().toISOString() },
  };
  return { command: name, ...more[name] };
}
