// One's own second factors, and the calls that change them.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import type { PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/browser";
import { startRegistration } from "@simplewebauthn/browser";

export type Factors = components["schemas"]["SecondFactorsView"];
export type Passkey = Factors["passkeys"][number];

export const factorsQuery = asked(["me", "second-factors"], (signal) =>
  api.GET("/api/v1/me/second-factors", { signal }),
);

// What one has changed, and with it whether one has a second factor at all.
export async function factorsChanged(): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: factorsQuery.queryKey }),
    queries.invalidateQueries({ queryKey: ["me"], exact: true }),
  ]);
}

// Makes a passkey in the browser and has it kept. With the first second factor come the recovery codes.
export async function addPasskey(name: string, password = ""): Promise<string[]> {
  const options = await data(api.POST("/api/v1/me/passkeys/options", { body: { password } }));
  const credential = await startRegistration({
    optionsJSON: options.options as unknown as PublicKeyCredentialCreationOptionsJSON,
  });
  const added = await data(
    api.POST("/api/v1/me/passkeys", {
      body: {
        challenge_id: options.challenge_id,
        name,
        credential: credential as unknown as Record<string, never>,
      },
    }),
  );
  return [...(added.recovery_codes ?? [])];
}

// What this browser runs on, as a first proposal for a passkey's name.
export function deviceName(agent: string = navigator.userAgent): string {
  const system = (
    [
      ["iPhone", /iPhone/],
      ["iPad", /iPad/],
      ["Android", /Android/],
      ["Windows", /Windows/],
      ["Mac", /Macintosh|Mac OS/],
      ["ChromeOS", /CrOS/],
      ["Linux", /Linux/],
    ] as const
  ).find(([, pattern]) => pattern.test(agent))?.[0];
  const browser = (
    [
      ["Edge", /Edg(e|A|iOS)?\//],
      ["Opera", /OPR\//],
      ["Firefox", /Firefox\/|FxiOS/],
      ["Chrome", /Chrome\/|CriOS/],
      ["Safari", /Safari\//],
    ] as const
  ).find(([, pattern]) => pattern.test(agent))?.[0];
  return [browser, system].filter(Boolean).join(", ");
}
