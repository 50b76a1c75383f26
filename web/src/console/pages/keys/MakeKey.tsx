// A new key: what for, as what, for how long.
import { api, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Problem } from "@kit/ui/feedback";
import { Button, Group, Modal, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Form } from "../me/Form";
import { RoleChoice } from "../people/RoleChoice";
import { expiryIn } from "./standing";

type Role = components["schemas"]["Role"];
const ROLES: Role[] = ["integration", "read_only", "support", "operator", "owner"];
const DAYS = [30, 90, 365, 0];

interface Props {
  opened: boolean;
  onClose: () => void;
  onMade: (made: components["schemas"]["NewKey"]) => void;
}

export function MakeKey({ opened, onClose, onMade }: Props) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: { name: "", role: "integration" as Role, days: "365" },
    validate: { name: (value) => (value.trim() ? null : t("keys.name_missing")) },
  });
  const make = useMutation({
    mutationFn: ({ name, role, days }: typeof form.values) =>
      data(
        api.POST("/api/v1/keys", {
          body: { name: name.trim(), role, expires_at: expiryIn(Number(days)) ?? null },
        }),
      ),
    onSuccess: (made) => {
      onClose();
      form.reset();
      onMade(made);
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t("keys.make")} size="lg">
      <Form onSubmit={form.onSubmit((values) => make.mutate(values))}>
        {make.error && <Problem error={make.error} />}
        <TextInput
          label={t("me.name")}
          description={t("keys.name_hint")}
          maxLength={120}
          data-autofocus
          {...form.getInputProps("name")}
        />
        <RoleChoice
          roles={ROLES}
          value={form.values.role}
          onChange={(role) => form.setFieldValue("role", role)}
        />
        <Select
          label={t("keys.lasts")}
          allowDeselect={false}
          data={DAYS.map((days) => ({
            value: String(days),
            label: days === 0 ? t("keys.for_ever") : t("keys.days", { count: days }),
          }))}
          {...form.getInputProps("days")}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("ask.cancel")}
          </Button>
          <Button type="submit" loading={make.isPending}>
            {t("keys.make")}
          </Button>
        </Group>
      </Form>
    </Modal>
  );
}
