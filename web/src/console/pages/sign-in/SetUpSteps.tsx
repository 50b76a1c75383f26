// What the steps of setting up ask for.
import { api, data, queries } from "@kit/api/client";
import { Problem } from "@kit/ui/feedback";
import { Button, Group, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { signedInAs, useMe } from "../../session";
import { Form } from "../me/Form";
import { NewPasswordFields } from "./NewPasswordFields";
import { usePasswordForm } from "./password-form";

export function SetUpPassword({ login, onDone }: { login: string; onDone: () => void }) {
  const { t } = useTranslation();
  const form = usePasswordForm({ current: "" });
  const change = useMutation({
    mutationFn: (values: { current: string; password: string }) =>
      data(
        api.POST("/api/v1/me/password", {
          body: { current_password: values.current, new_password: values.password },
        }),
      ),
    onSuccess: (me) => {
      onDone();
      signedInAs(me);
    },
  });
  return (
    <Form onSubmit={form.onSubmit((values) => change.mutate(values))}>
      {change.error && <Problem error={change.error} />}
      {/* So that password managers know whose password this is. */}
      <input type="text" value={login} readOnly autoComplete="username" hidden />
      <PasswordInput
        label={t("set_up.one_time_password")}
        description={t("set_up.one_time_password_hint")}
        size="md"
        autoComplete="current-password"
        required
        visibilityToggleButtonProps={{ "aria-label": t("sign_in.show_password"), size: 32 }}
        {...form.getInputProps("current")}
      />
      <NewPasswordFields form={form} />
      <Button type="submit" size="md" loading={change.isPending}>
        {t("set_up.set_password")}
      </Button>
    </Form>
  );
}

export function SetUpOrganisation({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const form = useForm({
    initialValues: { name: me?.organisation ?? "" },
    validate: { name: (value) => (value.trim() ? null : t("set_up.organisation_missing")) },
  });
  const rename = useMutation({
    mutationFn: (name: string) => data(api.PATCH("/api/v1/organisation", { body: { name } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["me"] });
      void queries.invalidateQueries({ queryKey: ["sign-in"] });
      onDone();
    },
  });
  return (
    <Form onSubmit={form.onSubmit(({ name }) => rename.mutate(name.trim()))}>
      {rename.error && <Problem error={rename.error} />}
      <TextInput
        label={t("organisation.name")}
        size="md"
        autoComplete="organization"
        autoFocus
        {...form.getInputProps("name")}
      />
      <Button type="submit" size="md" loading={rename.isPending}>
        {t("set_up.go_on")}
      </Button>
    </Form>
  );
}

export function SetUpCharger() {
  const { t } = useTranslation();
  return (
    <Group grow>
      <Button component={Link} to={"/onboarding" as "/"} size="md">
        {t("set_up.connect")}
      </Button>
      <Button component={Link} to="/" size="md" variant="default">
        {t("set_up.look_around")}
      </Button>
    </Group>
  );
}
