// Groups of tokens: families, fleets, staff; who is in one may end the others' sessions.
import { api, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { DangerButton } from "@kit/ui/DangerButton";
import { ask, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Mark } from "@kit/ui/Mark";
import { Anchor, Button, Modal, Group as Row, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconUsersGroup } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { PickMany } from "../../lists/Pickers";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { useMay } from "../../session";

type Group = components["schemas"]["Group"];

export default function Groups() {
  const { t } = useTranslation();
  const may = useMay();
  const [filters, set] = useFilters<"q">();
  const [opened, form] = useDisclosure(false);
  const [chosen, choose] = useState<Group>();
  const list = usePaged<Group>(["groups", filters.q], (cursor, signal) =>
    data(api.GET("/api/v1/groups", { params: { query: { search: filters.q, cursor, limit: 100 } }, signal })),
  );
  const open = (group?: Group) => {
    choose(group);
    form.open();
  };
  const name = (group: Group) => (
    <Anchor component="button" type="button" size="sm" onClick={() => open(group)}>
      <bdi>{group.name}</bdi>
    </Anchor>
  );
  return (
    <>
      <ListPage<Group>
        name="groups"
        title={t("access.groups")}
        subtitle={t("access.groups_text")}
        list={list}
        keyOf={(group) => group.id}
        nameOf={(group) => group.name}
        search={filters.q}
        onSearch={(q) => set({ q })}
        narrowed={Boolean(filters.q)}
        add={may("tokens:write") ? { label: t("access.add_group"), onClick: () => open() } : undefined}
        empty={{ title: t("access.no_groups"), text: t("access.no_groups_text"), icon: IconUsersGroup }}
        columns={[
          { key: "name", title: t("access.name"), render: name, fixed: true, width: "minmax(10rem, 2fr)" },
          {
            key: "uid",
            title: t("access.parent_uid"),
            render: (group) => <bdi dir="ltr">{group.parent_uid}</bdi>,
          },
          {
            key: "master",
            title: t("access.master"),
            render: (group) => (group.master ? <Mark tone="warn">{t("access.master_yes")}</Mark> : "–"),
          },
        ]}
        card={(group) => (
          <div>
            {name(group)}
            <Text size="xs" c="dimmed" dir="ltr">
              {group.parent_uid}
            </Text>
          </div>
        )}
        cardHeight={60}
      />
      <GroupForm opened={opened} onClose={form.close} group={chosen} />
    </>
  );
}

function GroupForm({ opened, onClose, group }: { opened: boolean; onClose: () => void; group?: Group }) {
  const { t } = useTranslation();
  const may = useMay();
  const form = useForm({
    initialValues: { name: "", parent_uid: "", master: false, policies: [] as string[] },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: filled when it opens, not while it is written
  useEffect(() => {
    if (!opened) return;
    if (group)
      form.setValues({
        name: group.name,
        parent_uid: group.parent_uid,
        master: group.master,
        policies: group.policies,
      });
    else form.reset();
  }, [opened, group]);
  const done = () => {
    void queries.invalidateQueries({ queryKey: ["groups"] });
    onClose();
  };
  const save = useMutation({
    mutationFn: ({ parent_uid, ...rest }: typeof form.values) =>
      data(
        group
          ? api.PATCH("/api/v1/groups/{group_id}", { params: { path: { group_id: group.id } }, body: rest })
          : api.POST("/api/v1/groups", { body: { ...rest, parent_uid } }),
      ),
    onSuccess: () => {
      tellDone(t("access.saved"));
      done();
    },
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      data(api.DELETE("/api/v1/groups/{group_id}", { params: { path: { group_id: id } } })),
    onSuccess: () => {
      tellDone(t("access.removed"));
      done();
    },
    onError: tellProblem,
  });
  return (
    <Modal opened={opened} onClose={onClose} title={group ? group.name : t("access.add_group")}>
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
            label={t("access.parent_uid")}
            description={t("access.parent_uid_help")}
            dir="ltr"
            maxLength={20}
            disabled={Boolean(group)}
            {...form.getInputProps("parent_uid")}
          />
          <PickMany
            kind="policies"
            label={t("access.policies")}
            description={t("access.policies_help")}
            value={form.values.policies}
            onChange={(ids) => form.setFieldValue("policies", ids)}
          />
          <Switch
            label={t("access.master")}
            description={t("access.master_help")}
            {...form.getInputProps("master", { type: "checkbox" })}
          />
          {may("tokens:write") && (
            <Row justify="space-between">
              {group ? (
                <DangerButton
                  onClick={() =>
                    ask({
                      title: t("access.remove_group"),
                      text: t("access.remove_group_text", { name: group.name }),
                      action: t("access.remove"),
                      danger: true,
                      onYes: () => remove.mutate(group.id),
                    })
                  }
                >
                  {t("access.remove")}
                </DangerButton>
              ) : (
                <span />
              )}
              <Button type="submit" loading={save.isPending}>
                {t("access.save")}
              </Button>
            </Row>
          )}
        </Stack>
      </form>
    </Modal>
  );
}
