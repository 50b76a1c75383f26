// One's name, address, language and time zone.
import { api, data } from "@kit/api/client";
import { languages, speak } from "@kit/i18n";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type Me, signedInAs } from "../../session";
import { actOrAskPassword } from "./proof";
import { Section } from "./Section";
import { zones } from "./zones";

export function Profile({ me }: { me: Me }) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: {
      name: me.name,
      email: me.email ?? "",
      language: me.language ?? "",
      time_zone: me.time_zone ?? "",
    },
    validate: { email: (value) => (value === "" || value.includes("@") ? null : t("me.email_wrong")) },
  });
  const save = useMutation({
    mutationFn: async (values: typeof form.values) =>
      actOrAskPassword({
        title: t("me.change_email"),
        action: t("me.save"),
        act: async (password) => {
          const changed = await data(api.PATCH("/api/v1/me", { body: { ...values, password } }));
          signedInAs(changed);
          form.resetDirty(values);
          await speak(values.language);
          tellDone(t("me.saved"));
        },
      }),
  });
  const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const choices = useMemo(() => zones(), []);
  return (
    <Section title={t("me.profile")}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        {save.error && <Problem error={save.error} />}
        <TextInput label={t("me.name")} autoComplete="name" maxLength={200} {...form.getInputProps("name")} />
        <TextInput
          mt="sm"
          label={t("me.email")}
          description={t("me.email_hint")}
          type="email"
          autoComplete="email"
          maxLength={254}
          {...form.getInputProps("email")}
        />
        <Select
          mt="sm"
          label={t("shell.language")}
          allowDeselect={false}
          data={[
            { value: "", label: t("me.browsers_language") },
            ...languages().map(({ code, name }) => ({ value: code, label: name })),
          ]}
          {...form.getInputProps("language")}
        />
        <Select
          mt="sm"
          label={t("me.time_zone")}
          searchable
          allowDeselect={false}
          limit={60}
          nothingFoundMessage={t("palette.nothing")}
          data={[{ value: "", label: t("me.browsers_zone", { zone: browserZone }) }, ...choices]}
          {...form.getInputProps("time_zone")}
        />
        <Group mt="md">
          <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
            {t("me.save")}
          </Button>
        </Group>
      </form>
    </Section>
  );
}
