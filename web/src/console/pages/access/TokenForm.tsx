// A token made, or changed.
import { ApiProblem, api, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Problem, tellDone } from "@kit/ui/feedback";
import { Button, Group, Modal, Select, Stack, Switch, TextInput } from "@mantine/core";
import { DateTimePicker } from "@mantine/dates";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { PickMany, PickOne } from "../../lists/Pickers";
import { TOKEN_KINDS } from "./words";

type Token = components["schemas"]["Token"];
const stamp = (value: string | null | undefined) => (value ? new Date(value).toISOString() : null);

interface Props {
  opened: boolean;
  onClose: () => void;
  token?: Token;
  accountId?: string;
}

export function TokenForm({ opened, onClose, token, accountId }: Props) {
  const { t } = useTranslation();
  const form = useForm({
    initialValues: {
      kind: "rfid" as Token["kind"],
      uid: "",
      visual_number: "",
      account_id: accountId ?? (null as string | null),
      group_id: null as string | null,
      valid_from: null as string | null,
      valid_until: null as string | null,
      policies: [] as string[],
      locations: [] as string[],
      parallel: true,
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: filled when it opens, not while it is written
  useEffect(() => {
    if (opened && token)
      form.setValues({
        ...token,
        account_id: token.account_id ?? null,
        group_id: token.group_id ?? null,
        valid_from: token.valid_from ?? null,
        valid_until: token.valid_until ?? null,
        policies: token.policies ?? [],
        locations: token.locations ?? [],
        parallel: token.concurrent_use === "allowed",
      } as never);
    else if (opened) form.reset();
  }, [opened, token]);
  const save = useMutation({
    mutationFn: (values: typeof form.values) => {
      const { parallel, kind, uid, ...rest } = values;
      const change = {
        visual_number: rest.visual_number.trim(),
        account_id: rest.account_id,
        group_id: rest.group_id,
        policies: rest.policies,
        locations: rest.locations,
        valid_from: stamp(rest.valid_from),
        valid_until: stamp(rest.valid_until),
        concurrent_use: parallel ? ("allowed" as const) : ("refused" as const),
      };
      return token
        ? data(
            api.PATCH("/api/v1/tokens/{token}", {
              params: { path: { token: token.id } },
              body: change as never,
            }),
          )
        : data(api.POST("/api/v1/tokens", { body: { ...change, kind, uid: uid.trim() } as never }));
    },
    onSuccess: () => {
      tellDone(token ? t("access.saved") : t("access.token_added"));
      void queries.invalidateQueries({ queryKey: ["tokens"] });
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiProblem)
        for (const { field, message } of error.errors) form.setFieldError(field, message);
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={token ? t("access.change_token") : t("access.add_token")}
      size="lg"
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {save.error && <Problem error={save.error} />}
          {!token && (
            <Group grow align="flex-start">
              <Select
                label={t("access.kind")}
                allowDeselect={false}
                data={TOKEN_KINDS.map((kind) => ({ value: kind, label: t(`access.kind_${kind}`) }))}
                {...form.getInputProps("kind")}
              />
              <TextInput
                label={t("access.uid")}
                description={t("access.uid_help")}
                required
                dir="ltr"
                maxLength={255}
                {...form.getInputProps("uid")}
              />
            </Group>
          )}
          <TextInput
            label={t("access.visual")}
            description={t("access.visual_help")}
            maxLength={64}
            {...form.getInputProps("visual_number")}
          />
          <Group grow align="flex-start">
            <PickOne
              kind="accounts"
              label={t("access.account")}
              value={form.values.account_id}
              onChange={(id) => form.setFieldValue("account_id", id)}
            />
            <PickOne
              kind="groups"
              label={t("access.group")}
              value={form.values.group_id}
              onChange={(id) => form.setFieldValue("group_id", id)}
            />
          </Group>
          <Group grow align="flex-start">
            <DateTimePicker label={t("access.valid_from")} clearable {...form.getInputProps("valid_from")} />
            <DateTimePicker
              label={t("access.valid_until")}
              clearable
              {...form.getInputProps("valid_until")}
            />
          </Group>
          <PickMany
            kind="policies"
            label={t("access.policies")}
            description={t("access.policies_help")}
            value={form.values.policies}
            onChange={(ids) => form.setFieldValue("policies", ids)}
          />
          <PickMany
            kind="locations"
            label={t("access.only_at")}
            description={t("access.only_at_help")}
            value={form.values.locations}
            onChange={(ids) => form.setFieldValue("locations", ids)}
          />
          <Switch label={t("access.parallel")} {...form.getInputProps("parallel", { type: "checkbox" })} />
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
