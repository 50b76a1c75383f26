// Changing one's own password.
import { ApiProblem, api, data } from "@kit/api/client";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { signedInAs, useMe } from "../../session";
import { NewPasswordFields } from "../sign-in/NewPasswordFields";
import { usePasswordForm } from "../sign-in/password-form";
import { Form } from "./Form";
import { Section } from "./Section";
import { signInsChanged } from "./SignIns";

export function Password() {
  const { t } = useTranslation();
  const me = useMe();
  const form = usePasswordForm({ current: "" });
  const change = useMutation({
    mutationFn: (values: { current: string; password: string }) =>
      data(
        api.POST("/api/v1/me/password", {
          body: { current_password: values.current, new_password: values.password },
        }),
      ),
    onSuccess: (changed) => {
      signedInAs(changed);
      form.reset();
      void signInsChanged();
      tellDone(t("me.password_changed"));
    },
    onError: (error) => {
      const wrong = error instanceof ApiProblem ? error.of("current_password") : undefined;
      if (wrong) form.setFieldError("current", wrong);
    },
  });
  return (
    <Section title={t("sign_in.password")} text={t("me.password_text")}>
      <Form onSubmit={form.onSubmit((values) => change.mutate(values))}>
        {change.error && !form.errors.current && <Problem error={change.error} />}
        <input type="text" value={me?.login ?? ""} readOnly autoComplete="username" hidden />
        <PasswordInput
          label={t("me.current_password")}
          size="md"
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": t("sign_in.show_password"), size: 32 }}
          {...form.getInputProps("current")}
        />
        <NewPasswordFields form={form} />
        <Group>
          <Button type="submit" loading={change.isPending} disabled={!form.values.current}>
            {t("me.change_password")}
          </Button>
        </Group>
      </Form>
    </Section>
  );
}
