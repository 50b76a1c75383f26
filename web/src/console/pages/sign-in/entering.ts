// The calls that sign somebody in. A password alone may not be enough: then there is a ticket for the next step.
import { api, data, queries } from "@kit/api/client";
import { speak } from "@kit/i18n";
import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/browser";
import { startAuthentication } from "@simplewebauthn/browser";
import { type Me, signedInAs } from "../../session";

export type Way = "totp" | "passkey" | "recovery_code";
// What goes with the second step: the server answers it with 202.
export interface Ticket {
  ticket: string;
  ways: Way[];
  expires_at: string;
}
export type Answer = Me | Ticket;

export const isTicket = (answer: Answer): answer is Ticket => "ticket" in answer;

// Nothing of whoever was here before stays, and the pages speak the language that the person has chosen.
export async function welcome(me: Me): Promise<void> {
  queries.removeQueries({ type: "inactive" });
  signedInAs(me);
  if (me.language) await speak(me.language);
}

export const byPassword = (body: { login: string; password: string }): Promise<Answer> =>
  data(api.POST("/api/v1/login", { body })) as Promise<Answer>;

export const byCode = (ticket: string, way: "totp" | "recovery_code", code: string): Promise<Me> =>
  way === "totp"
    ? data(api.POST("/api/v1/login/totp", { body: { ticket, code } }))
    : data(api.POST("/api/v1/login/recovery-code", { body: { ticket, code } }));

// Without a ticket a passkey takes the place of everything. With `autofill` the browser offers passkeys where the
// name is typed, and this answers only once somebody has chosen one.
export async function byPasskey(ticket = "", autofill = false): Promise<Me> {
  const asked = await data(api.POST("/api/v1/login/passkey/options", { body: { ticket } }));
  const credential = await startAuthentication({
    optionsJSON: asked.options as unknown as PublicKeyCredentialRequestOptionsJSON,
    useBrowserAutofill: autofill,
  });
  return data(
    api.POST("/api/v1/login/passkey", {
      body: {
        challenge_id: asked.challenge_id,
        ticket,
        credential: credential as unknown as Record<string, never>,
      },
    }),
  );
}

// The person closed the browser's question, or it was taken back: no fault to speak of.
export const isGivenUp = (error: unknown): boolean =>
  error instanceof Error && ["NotAllowedError", "AbortError"].includes(error.name);
