// Passkeys: the browser's part, between the server's question and its answer.
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";
import { tell } from "../app/api";
import type { Me, Passkey } from "../app/types";

export const canPasskey = browserSupportsWebAuthn;

export async function signInWithPasskey(): Promise<Me> {
  const asked = await tell<{ challenge_id: string; options: PublicKeyCredentialRequestOptionsJSON }>(
    "POST",
    "/sign-in/passkey/options",
  );
  const credential = await startAuthentication({ optionsJSON: asked.options });
  return tell<Me>("POST", "/sign-in/passkey", { challenge_id: asked.challenge_id, credential });
}

export async function newPasskey(name: string): Promise<Passkey> {
  const asked = await tell<{ challenge_id: string; options: PublicKeyCredentialCreationOptionsJSON }>(
    "POST",
    "/me/passkeys/options",
  );
  const credential = await startRegistration({ optionsJSON: asked.options });
  return tell<Passkey>("POST", "/me/passkeys", { challenge_id: asked.challenge_id, credential, name });
}

// Whether somebody just closed the browser's own question.
export const wasCancelled = (error: unknown) =>
  error instanceof Error && ["NotAllowedError", "AbortError"].includes(error.name);
