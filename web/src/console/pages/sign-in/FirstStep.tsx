// The first step of signing in: name and password, or a passkey, or a provider.
import { Problem } from "@kit/ui/feedback";
import { Alert, Anchor, Button, Divider, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { browserSupportsWebAuthnAutofill, WebAuthnAbortService } from "@simplewebauthn/browser";
import { IconFingerprint, IconKey, IconLogin2 } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Form } from "../me/Form";
import { type Answer, byPasskey, byPassword, isGivenUp } from "./entering";
import { useEntrance } from "./entrance-query";

interface Props {
  returnTo: string;
  onAnswer: (answer: Answer) => void;
}

// Passkeys are offered by the browser where the name is typed.
function usePasskeyAutofill(on: boolean, onAnswer: (answer: Answer) => void): void {
  const answer = useRef(onAnswer);
  answer.current = onAnswer;
  useEffect(() => {
    if (!on) return;
    let left = false;
    void (async () => {
      if (!(await browserSupportsWebAuthnAutofill()) || left) return;
      try {
        answer.current(await byPasskey("", true));
      } catch {
        // Nobody chose a passkey, or it is none of ours: the other ways stay.
      }
    })();
    return () => {
      left = true;
      WebAuthnAbortService.cancelCeremony();
    };
  }, [on]);
}

export function FirstStep({ returnTo, onAnswer }: Props) {
  const { t } = useTranslation();
  const { data: entrance } = useEntrance();
  const form = useForm({
    initialValues: { login: "", password: "" },
    validate: {
      login: (value) => (value.trim() ? null : t("sign_in.login_missing")),
      password: (value) => (value ? null : t("sign_in.password_missing")),
    },
  });
  const enter = useMutation({ mutationFn: byPassword, onSuccess: onAnswer });
  const passkey = useMutation({ mutationFn: () => byPasskey(), onSuccess: onAnswer });
  const passkeys = Boolean(entrance?.passkeys) && "PublicKeyCredential" in window;
  usePasskeyAutofill(passkeys, onAnswer);
  const error = enter.error ?? (isGivenUp(passkey.error) ? null : passkey.error);
  return (
    <Stack>
      {entrance?.first_run && (
        <Alert icon={<IconKey />} color="brand" variant="outline" title={t("sign_in.first_title")}>
          {t("sign_in.first_text")}
        </Alert>
      )}
      <Form
        onSubmit={form.onSubmit(({ login, password }) => {
          passkey.reset();
          enter.mutate({ login: login.trim(), password });
        })}
      >
        {error && <Problem error={error} />}
        <TextInput
          label={t("sign_in.login")}
          size="md"
          autoComplete="username webauthn"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          {...form.getInputProps("login")}
        />
        <PasswordInput
          label={t("sign_in.password")}
          size="md"
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": t("sign_in.show_password"), size: 32 }}
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" loading={enter.isPending}>
          {t("sign_in.enter")}
        </Button>
        <Anchor component={Link} to={"/forgotten" as "/"} size="sm" py={4} style={{ alignSelf: "center" }}>
          {t("sign_in.forgotten")}
        </Anchor>
      </Form>
      {(passkeys || (entrance?.providers.length ?? 0) > 0) && (
        <>
          <Divider label={t("sign_in.or")} c="dimmed" />
          {passkeys && (
            <Button
              variant="default"
              size="md"
              leftSection={<IconFingerprint size={20} />}
              loading={passkey.isPending}
              onClick={() => {
                enter.reset();
                passkey.mutate();
              }}
            >
              {t("sign_in.with_passkey")}
            </Button>
          )}
          {entrance?.providers.map((provider) => (
            <Button
              key={provider.id}
              component="a"
              href={`/api/v1/login/oidc/${encodeURIComponent(provider.id)}/start?return_to=${encodeURIComponent(returnTo)}`}
              variant="default"
              size="md"
              leftSection={<IconLogin2 size={20} />}
            >
              {t("sign_in.with_provider", { name: provider.name })}
            </Button>
          ))}
        </>
      )}
    </Stack>
  );
}
