// Closed sets of the API that pages offer as choices.
import type { components } from "@kit/api/schema";

export const TOKEN_KINDS: components["schemas"]["TokenKind"][] = [
  "rfid",
  "app",
  "emaid",
  "mac",
  "central",
  "local",
  "keyless",
  "unknown",
];
