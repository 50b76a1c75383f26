// API keys: how programs come in.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { type Column, DataTable } from "@kit/ui/DataTable";
import { ask, Empty, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Time } from "@kit/ui/Time";
import { Badge, Button, Code, Group, Modal, Stack, Switch, Text } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { whoWords } from "../../vocabulary";
import { MakeKey } from "./MakeKey";
import { ShownOnce } from "./ShownOnce";
import { standingOf } from "./standing";

export type ApiKey = components["schemas"]["ApiKey"];
export type NewKey = components["schemas"]["NewKey"];

const keysQuery = asked(["keys"], (signal) =>
  api.GET("/api/v1/keys", { params: { query: { limit: 200 } }, signal }),
);
const keysChanged = () => queries.invalidateQueries({ queryKey: keysQuery.queryKey });

const COLOURS = { valid: "green", expired: "orange", revoked: "gray" } as const;

function Standing({ apiKey }: { apiKey: ApiKey }) {
  const { t } = useTranslation();
  const standing = standingOf(apiKey);
  return (
    <Badge tt="none" variant="outline" color={COLOURS[standing]} c="inherit">
      {t(`keys.${standing}`)}
    </Badge>
  );
}

export default function Keys() {
  const { t } = useTranslation();
  const keys = useQuery(keysQuery);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewKey>();
  const [all, setAll] = useState(false);
  const revoke = useMutation({
    mutationFn: (key: ApiKey) =>
      data(api.DELETE("/api/v1/keys/{key_id}", { params: { path: { key_id: key.id } } })),
    onSuccess: (key) => tellDone(t("keys.revoked_done", { name: key.name })),
    onError: tellProblem,
    onSettled: keysChanged,
  });
  const askRevoke = (key: ApiKey) =>
    ask({
      title: t("keys.revoke"),
      text: t("keys.revoke_text", { name: key.name }),
      action: t("keys.revoke_do"),
      danger: true,
      onYes: () => revoke.mutate(key),
    });
  const button = (key: ApiKey) =>
    standingOf(key) !== "revoked" && (
      <Button
        size="xs"
        variant="default"
        aria-label={t("keys.revoke_named", { name: key.name })}
        onClick={() => askRevoke(key)}
      >
        {t("keys.revoke_do")}
      </Button>
    );
  const used = (key: ApiKey) => (key.last_used_at ? <Time at={key.last_used_at} /> : t("people.never"));
  const columns: Column<ApiKey>[] = [
    { key: "name", title: t("me.name"), width: "minmax(9rem, 2fr)", fixed: true, render: (key) => key.name },
    { key: "prefix", title: t("keys.begins"), render: (key) => <Code dir="ltr">{key.prefix}…</Code> },
    { key: "role", title: t("people.role"), render: (key) => t(`roles.${key.role}`) },
    { key: "standing", title: t("people.standing"), render: (key) => <Standing apiKey={key} /> },
    { key: "used", title: t("keys.last_used"), render: used },
    {
      key: "expires",
      title: t("keys.expires"),
      render: (key) => (key.expires_at ? <Time at={key.expires_at} mode="date" /> : t("people.never")),
    },
    {
      key: "by",
      title: t("keys.by"),
      hidden: true,
      render: (key) => <bdi>{whoWords(t, key.created_by)}</bdi>,
    },
    {
      key: "made",
      title: t("keys.made"),
      hidden: true,
      render: (key) => <Time at={key.created_at} mode="date" />,
    },
    { key: "do", title: t("people.do"), width: "8rem", fixed: true, end: true, render: button },
  ];
  const items = keys.data?.items ?? [];
  const shown = all ? items : items.filter((key) => standingOf(key) !== "revoked");
  const gone = items.length - items.filter((key) => standingOf(key) !== "revoked").length;
  const make = (
    <Button leftSection={<IconPlus size={18} />} onClick={() => setMaking(true)}>
      {t("keys.make")}
    </Button>
  );
  return (
    <Page
      title={t("keys.title")}
      subtitle={
        <>
          {t("keys.subtitle")}{" "}
          <a href="/api/docs" style={{ color: "inherit" }}>
            {t("keys.docs")}
          </a>
        </>
      }
      actions={make}
    >
      {keys.isPending && <Lines />}
      {keys.error && <Problem error={keys.error} retry={() => keys.refetch()} />}
      {keys.data && (
        <DataTable
          name="keys"
          label={t("keys.title")}
          rows={shown}
          columns={columns}
          keyOf={(key) => key.id}
          cardHeight={112}
          tools={
            gone > 0 && (
              <Switch
                label={t("keys.show_revoked", { count: gone })}
                checked={all}
                onChange={(event) => setAll(event.currentTarget.checked)}
              />
            )
          }
          card={(key) => (
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Stack gap={2} style={{ minWidth: 0 }}>
                <Text fw={600} truncate>
                  {key.name}
                </Text>
                <Text size="sm" c="dimmed" truncate>
                  {t(`roles.${key.role}`)} · <bdi>{key.prefix}…</bdi>
                </Text>
                <Group gap="xs">
                  <Standing apiKey={key} />
                  <Text size="sm">
                    {t("keys.last_used")}: {used(key)}
                  </Text>
                </Group>
              </Stack>
              {button(key)}
            </Group>
          )}
          empty={
            <Empty title={t("keys.empty")} icon={IconKey} action={make}>
              {t("keys.empty_text")}
            </Empty>
          }
        />
      )}
      <MakeKey
        opened={making}
        onClose={() => setMaking(false)}
        onMade={(key) => {
          void keysChanged();
          setMade(key);
        }}
      />
      <Modal
        opened={made !== undefined}
        onClose={() => undefined}
        withCloseButton={false}
        title={t("keys.made_title")}
        size="lg"
      >
        {made && (
          <ShownOnce secret={made.secret} label={made.key.name} onDone={() => setMade(undefined)}>
            <Text size="sm" c="dimmed">
              {t("keys.use")} <Code dir="ltr">Authorization: Bearer {made.key.prefix}…</Code>
            </Text>
          </ShownOnce>
        )}
      </Modal>
    </Page>
  );
}
