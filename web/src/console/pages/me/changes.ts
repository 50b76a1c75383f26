// Changing and removing second factors: each asks for the password where the server wants it.
import { api, data } from "@kit/api/client";
import { ask, tellDone } from "@kit/ui/feedback";
import i18next from "i18next";
import { factorsChanged, type Passkey } from "./factors";
import { actOrAskPassword, askPassword } from "./proof";

const t = (key: string, values: Record<string, unknown> = {}) => i18next.t(key, values);

export function removeTotp(): void {
  askPassword({
    title: t("factors.remove_totp"),
    text: t("factors.remove_totp_text"),
    action: t("factors.remove"),
    danger: true,
    act: async (password) => {
      await data(api.DELETE("/api/v1/me/totp", { body: { password } }));
      await factorsChanged();
      tellDone(t("factors.removed"));
    },
  });
}

export function removePasskey(passkey: Passkey): void {
  ask({
    title: t("factors.remove_passkey"),
    text: t("factors.remove_passkey_text", { name: passkey.name }),
    action: t("factors.remove"),
    danger: true,
    onYes: () =>
      actOrAskPassword({
        title: t("factors.remove_passkey"),
        action: t("factors.remove"),
        danger: true,
        act: async (password) => {
          await data(
            api.DELETE("/api/v1/me/passkeys/{passkey_id}", {
              params: { path: { passkey_id: passkey.id } },
              body: { password },
            }),
          );
          await factorsChanged();
          tellDone(t("factors.removed"));
        },
      }),
  });
}

export function newRecoveryCodes(show: (codes: string[]) => void): void {
  askPassword({
    title: t("factors.new_codes"),
    text: t("factors.new_codes_text"),
    action: t("factors.new_codes"),
    act: async (password) => {
      const made = await data(api.POST("/api/v1/me/recovery-codes", { body: { password } }));
      await factorsChanged();
      show([...(made.recovery_codes ?? [])]);
    },
  });
}
