// What the commands of every day need: their forms are there at once, without asking for the API's description.
import type { CommandName } from "./catalogue";
import type { Schema } from "./schema";

const evse: Schema = { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] };
const form = (required: string[], properties: Record<string, Schema>): Schema => ({
  type: "object",
  required: ["command", ...required],
  properties,
});

export const IMPORTANT: Partial<Record<CommandName, Schema>> = {
  StartCharging: form(["token_uid"], { token_uid: { type: "string", maxLength: 255 }, evse }),
  StopCharging: form(["transaction_id"], { transaction_id: { type: "string" } }),
  Unlock: form(["evse"], {
    evse: { type: "integer", minimum: 1 },
    connector: { type: "integer", minimum: 1, default: 1 },
  }),
  Reset: form([], {
    kind: { type: "string", enum: ["on_idle", "immediate", "immediate_and_resume"], default: "on_idle" },
    evse,
  }),
  SetAvailability: form(["operative"], { operative: { type: "boolean" }, evse, connector: evse }),
  Trigger: form(["message"], { message: { type: "string" }, evse, connector: evse }),
  ClearCache: form([], {}),
};
