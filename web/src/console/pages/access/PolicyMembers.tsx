// Whom a rule is about: tokens, groups of tokens and accounts, added and taken off.
import { api, asked, data, queries } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Anchor, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PickOne, useNames } from "../../lists/Pickers";
import { useMay } from "../../session";

type Holder = components["schemas"]["Holder"];

export function PolicyMembers({ policy }: { policy: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const path = { policy_id: policy };
  const members = useQuery(
    asked(["policies", "members", policy], (signal) =>
      api.GET("/api/v1/policies/{policy_id}/members", { params: { path }, signal }),
    ),
  );
  const [accounts, groups] = [useNames("accounts"), useNames("groups")];
  const [account, setAccount] = useState<string | null>(null);
  const [group, setGroup] = useState<string | null>(null);
  const move = useMutation({
    mutationFn: ({ holder, id, on }: { holder: Holder; id: string; on: boolean }) => {
      const params = { params: { path: { ...path, holder, holder_id: id } } };
      return data(
        on
          ? api.PUT("/api/v1/policies/{policy_id}/{holder}/{holder_id}", params)
          : api.DELETE("/api/v1/policies/{policy_id}/{holder}/{holder_id}", params),
      );
    },
    onSuccess: (_, moved) => {
      void queries.invalidateQueries({ queryKey: ["policies", "members", policy] });
      tellDone(moved.on ? t("access.member_added") : t("access.member_removed"), () =>
        move.mutate({ ...moved, on: !moved.on }),
      );
      setAccount(null);
      setGroup(null);
    },
    onError: tellProblem,
  });
  const line = (holder: Holder, id: string, name: string, to?: string) => (
    <Group key={id} justify="space-between" wrap="nowrap">
      {to ? (
        <Anchor component={Link} to={to as "/"} truncate>
          <bdi>{name}</bdi>
        </Anchor>
      ) : (
        <Text truncate>
          <bdi>{name}</bdi>
        </Text>
      )}
      {may("tokens:write") && (
        <Button size="compact-xs" variant="default" onClick={() => move.mutate({ holder, id, on: false })}>
          {t("access.take_off")}
        </Button>
      )}
    </Group>
  );
  const found = members.data;
  const none = found && found.accounts.length + found.groups.length + found.tokens.length === 0;
  return (
    <Paper withBorder p="md" maw={860}>
      <Title order={2} fz="h4" mb="sm">
        {t("access.members")}
      </Title>
      {members.isPending && <Lines count={3} />}
      {members.error && <Problem error={members.error} retry={() => members.refetch()} />}
      {none && <Text c="dimmed">{t("access.no_members")}</Text>}
      <Stack gap="xs" mb="md">
        {found?.accounts.map((id) => line("accounts", id, accounts.get(id) ?? id, `/accounts/${id}`))}
        {found?.groups.map((id) => line("groups", id, groups.get(id) ?? id))}
        {found?.tokens.map((id) => line("tokens", id, id, `/tokens/${id}`))}
      </Stack>
      {may("tokens:write") && (
        <Group align="flex-end" grow>
          <PickOne
            kind="accounts"
            label={t("access.add_account_to")}
            value={account}
            onChange={(id) => id && move.mutate({ holder: "accounts", id, on: true })}
          />
          <PickOne
            kind="groups"
            label={t("access.add_group_to")}
            value={group}
            onChange={(id) => id && move.mutate({ holder: "groups", id, on: true })}
          />
        </Group>
      )}
    </Paper>
  );
}
