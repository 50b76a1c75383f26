// What can be done here about what is wrong; advice that is not here is for people on site.
import type { CommandDraft } from "../../../commands";

type Facts = Record<string, unknown>;

export interface Deed {
  // A command, prepared.
  command?: (facts: Facts) => CommandDraft;
  // A tab of this page, with what to choose there.
  tab?: string;
  more?: Record<string, string>;
  // Another page.
  to?: (station: string, facts: Facts) => string;
  // Something of its own.
  own?: "accept" | "stop" | "retry_desired";
}

const evse = (facts: Facts) => (typeof facts.evse === "number" && facts.evse > 0 ? { evse: facts.evse } : {});

export const DEEDS: Record<string, Deed> = {
  accept_or_refuse: { own: "accept" },
  follow_onboarding: { to: (station) => `/onboarding/${station}` },
  see_last_messages: { tab: "messages" },
  see_refused_messages: { tab: "messages", more: { outcome: "error:" } },
  set_password: { tab: "security" },
  see_certificates: { tab: "security" },
  renew_certificate: { tab: "security" },
  change_security_profile: { tab: "security" },
  raise_security_profile: { tab: "security" },
  see_security: { tab: "security" },
  stop_use: { command: (facts) => ({ command: "SetAvailability", operative: false, ...evse(facts) }) },
  make_available: { command: (facts) => ({ command: "SetAvailability", operative: true, ...evse(facts) }) },
  trigger_status: { command: (facts) => ({ command: "Trigger", message: "status", ...evse(facts) }) },
  trigger_meter_values: {
    command: (facts) => ({ command: "Trigger", message: "meter_values", ...evse(facts) }),
  },
  restart_station: { command: () => ({ command: "Reset", kind: "on_idle" }) },
  unlock_connector: {
    command: (facts) => ({ command: "Unlock", evse: facts.evse ?? 1, connector: facts.connector ?? 1 }),
  },
  start_remotely: { command: (facts) => ({ command: "StartCharging", ...evse(facts) }) },
  stop_session: { own: "stop" },
  close_session: { to: (_, facts) => `/sessions/${facts.number ?? facts.session}` },
  check_access_rules: { to: () => "/policies" },
  check_meter_settings: { tab: "model", more: { find: "MeterValue" } },
  check_queue_settings: { tab: "model", more: { find: "Offline" } },
  see_limits: { tab: "limits" },
  get_diagnostics: { tab: "files" },
  update_firmware: { tab: "files" },
  see_transfer: { tab: "files" },
  retry_firmware: { tab: "files" },
  see_findings: { tab: "findings" },
  see_desired: { tab: "model", more: { only: "desired" } },
  retry_desired: { own: "retry_desired" },
  see_commands: { tab: "commands" },
  set_clock_zone: { tab: "settings" },
  choose_location: { tab: "settings" },
  describe_hardware: { tab: "settings" },
};
