// An account made, or changed.
import { api, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, Modal, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { PickMany } from "../../lists/Pickers";

type Account = components["schemas"]["Account"];

export function AccountForm({
  opened,
  onClose,
  account,
}: {
  opened: boolean;
  onClose: () => void;
  account?: Account;
}) {
  const { t } = useTranslation();
  const form = useForm({ initialValues: { name: "", email: "", blocked: false, policies: [] as string[] } });
  // biome-ignore lint/correctness/useExhaustiveDependencies: filled when it opens, not while it is written
  useEffect(() => {
    if (!opened) return;
    if (account)
      form.setValues({
        name: account.name,
        email: account.email,
        blocked: account.blocked,
        policies: account.policies,
      });
    else form.reset();
  }, [opened, account]);
  const save = useMutation({
    mutationFn: (body: typeof form.values) =>
      data(
        account
          ? api.PATCH("/api/v1/accounts/{account_id}", { params: { path: { account_id: account.id } }, body })
          : api.POST("/api/v1/accounts", { body }),
      ),
    onSuccess: () => {
      tellDone(t("access.saved"));
      void queries.invalidateQueries({ queryKey: ["accounts"] });
      onClose();
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={account ? t("access.change_account") : t("access.add_account")}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {save.error && <Problem error={save.error} />}
          <TextInput
            label={t("access.name")}
            required
            maxLength={200}
            data-autofocus
            {...form.getInputProps("name")}
          />
          <TextInput
            label={t("access.email")}
            type="email"
            maxLength={200}
            {...form.getInputProps("email")}
          />
          <PickMany
            kind="policies"
            label={t("access.policies")}
            description={t("access.policies_help")}
            value={form.values.policies}
            onChange={(ids) => form.setFieldValue("policies", ids)}
          />
          <Switch
            label={t("access.account_blocked")}
            description={t("access.account_blocked_help")}
            {...form.getInputProps("blocked", { type: "checkbox" })}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("ask.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("access.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
