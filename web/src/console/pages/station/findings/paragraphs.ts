// Where it is written what a finding goes against: for whoever has to show it to a manufacturer.
const RPC = "OCPP-J, 4 (RPC framework)";
const NOT_OF_SCHEMAS: Record<string, string> = {
  "control-character": "RFC 8259, 7",
  "error-frame-irregular": RPC,
  "invalid-escape": "RFC 8259, 7",
  "invalid-utf8": "RFC 8259, 8.1",
  "message-id-too-long": RPC,
  "message-type-not-a-number": RPC,
  "not-a-number": "RFC 8259, 6",
  "payload-missing": RPC,
  "time-as-number": "RFC 3339, 5.6",
  "time-unreadable": "RFC 3339, 5.6",
  "time-without-zone": "RFC 3339, 5.6",
};
// What no paragraph forbids, though it makes the message useless.
const NOWHERE = new Set(["clock-not-set", "signature-not-checked"]);

// A paragraph; or that it is the schema of the message; or nothing, where nothing is written.
export function paragraphOf(code: string, action: string): string | "schema" | undefined {
  if (NOWHERE.has(code)) return undefined;
  return NOT_OF_SCHEMAS[code] ?? (action ? "schema" : undefined);
}
