// Somebody's name, address and role.
import { api, data } from "@kit/api/client";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Form } from "../me/Form";
import { nameOf, type Person, peopleChanged, ROLES } from "./people";
import { RoleChoice } from "./RoleChoice";

export function ChangePerson({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { name: person.name ?? "", email: person.email ?? "", role: person.role },
  });
  const change = useMutation({
    mutationFn: (body: typeof form.values) =>
      data(api.PATCH("/api/v1/people/{person_id}", { params: { path: { person_id: person.id } }, body })),
    onSuccess: () => {
      void peopleChanged();
      tellDone(t("me.saved"));
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={t("people.change_title", { name: nameOf(person) })} size="lg">
      <Form onSubmit={form.onSubmit((values) => change.mutate(values))}>
        {change.error && <Problem error={change.error} />}
        <TextInput
          label={t("me.name")}
          autoComplete="off"
          maxLength={200}
          data-autofocus
          {...form.getInputProps("name")}
        />
        <TextInput
          label={t("me.email")}
          type="email"
          autoComplete="off"
          maxLength={254}
          {...form.getInputProps("email")}
        />
        <RoleChoice
          roles={ROLES}
          value={form.values.role}
          onChange={(role) => form.setFieldValue("role", role)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("ask.cancel")}
          </Button>
          <Button type="submit" loading={change.isPending}>
            {t("me.save")}
          </Button>
        </Group>
      </Form>
    </Modal>
  );
}
