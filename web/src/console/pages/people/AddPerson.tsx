// Somebody new: invited by mail, or with a one-time password to be told to them.
import { ApiProblem, api, data } from "@kit/api/client";
import { languages } from "@kit/i18n";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, Modal, Radio, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useMe } from "../../session";
import { Form } from "../me/Form";
import { useEntrance } from "../sign-in/entrance-query";
import { type NewPerson, peopleChanged, ROLES, type Role } from "./people";
import { RoleChoice } from "./RoleChoice";

interface Props {
  opened: boolean;
  onClose: () => void;
  onMade: (made: NewPerson) => void;
}

export function AddPerson({ opened, onClose, onMade }: Props) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={t("people.add")} size="lg">
      <Fields onClose={onClose} onMade={onMade} />
    </Modal>
  );
}

function Fields({ onClose, onMade }: Omit<Props, "opened">) {
  const { t, i18n } = useTranslation();
  const { data: entrance } = useEntrance();
  const me = useMe();
  const mail = entrance?.mail ?? false;
  const wayOf = (chosen: string) => chosen || (mail ? "mail" : "password");
  const form = useForm({
    initialValues: {
      login: "",
      name: "",
      role: "operator" as Role,
      language: i18n.language,
      // Until chosen otherwise: by mail, where there is mail.
      way: "",
    },
    validate: {
      login: (value, values) =>
        wayOf(values.way) === "mail" && !value.includes("@")
          ? t("people.login_mail")
          : value.trim().length < 2
            ? t("people.login_missing")
            : null,
    },
  });
  const add = useMutation({
    mutationFn: ({ way, ...values }: typeof form.values) =>
      data(
        api.POST("/api/v1/people", {
          body: {
            ...values,
            login: values.login.trim(),
            email: values.login.includes("@") ? values.login.trim() : "",
            invite: wayOf(way) === "mail",
          },
        }),
      ),
    onSuccess: (made) => {
      void peopleChanged();
      onClose();
      if (made.one_time_password) onMade(made);
      else tellDone(t("people.invited", { name: made.person.login }));
    },
    onError: (error) => {
      if (error instanceof ApiProblem && error.of("login")) form.setFieldError("login", error.of("login"));
    },
  });
  return (
    <Form onSubmit={form.onSubmit((values) => add.mutate(values))}>
      {add.error && !form.errors.login && <Problem error={add.error} />}
      <TextInput
        label={t("people.login")}
        description={t("people.login_hint")}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        data-autofocus
        maxLength={120}
        {...form.getInputProps("login")}
      />
      <TextInput label={t("me.name")} autoComplete="off" maxLength={200} {...form.getInputProps("name")} />
      <RoleChoice
        roles={ROLES}
        value={form.values.role}
        onChange={(role) => form.setFieldValue("role", role)}
      />
      {mail && (
        <>
          <Radio.Group label={t("people.way")} {...form.getInputProps("way")} value={wayOf(form.values.way)}>
            <Stack gap="sm" mt="xs">
              <Radio value="mail" label={t("people.by_mail")} description={t("people.by_mail_text")} />
              <Radio
                value="password"
                label={t("people.by_password")}
                description={t("people.by_password_text")}
              />
            </Stack>
          </Radio.Group>
          {wayOf(form.values.way) === "mail" && (
            <Select
              label={t("people.mail_language")}
              allowDeselect={false}
              data={languages().map(({ code, name }) => ({ value: code, label: name }))}
              {...form.getInputProps("language")}
            />
          )}
        </>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("ask.cancel")}
        </Button>
        <Button type="submit" loading={add.isPending} disabled={!me}>
          {wayOf(form.values.way) === "mail" ? t("people.invite") : t("people.add")}
        </Button>
      </Group>
    </Form>
  );
}
