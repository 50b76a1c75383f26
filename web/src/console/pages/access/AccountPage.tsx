// One account: its tokens, what it has used, its sessions.
import { api, asked, data, queries } from "@kit/api/client";
import { DangerButton } from "@kit/ui/DangerButton";
import { Facts } from "@kit/ui/Facts";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Mark } from "@kit/ui/Mark";
import { Page } from "@kit/ui/Page";
import { Time } from "@kit/ui/Time";
import { Anchor, Button, Grid, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useNames } from "../../lists/Pickers";
import { useMay } from "../../session";
import { AccountForm } from "./AccountForm";
import { Quotas } from "./Quotas";
import { RecentSessions } from "./RecentSessions";
import { TokenForm } from "./TokenForm";
import { TokenState } from "./Tokens";

export default function AccountPage() {
  const { t } = useTranslation();
  const { account: id } = useParams({ strict: false }) as { account: string };
  const navigate = useNavigate();
  const may = useMay();
  const [changing, form] = useDisclosure(false);
  const [adding, tokenForm] = useDisclosure(false);
  const path = { account_id: id };
  const account = useQuery(
    asked(["accounts", id], (signal) =>
      api.GET("/api/v1/accounts/{account_id}", { params: { path }, signal }),
    ),
  );
  const used = useQuery(
    asked(["accounts", id, "consumption"], (signal) =>
      api.GET("/api/v1/accounts/{account_id}/consumption", { params: { path }, signal }),
    ),
  );
  const tokens = useQuery(
    asked(["tokens", { account_id: id }], (signal) =>
      api.GET("/api/v1/tokens", { params: { query: { account_id: id, limit: 100 } }, signal }),
    ),
  );
  const policies = useNames("policies");
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/api/v1/accounts/{account_id}", { params: { path } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["accounts"] });
      tellDone(t("access.removed"));
      navigate({ to: "/accounts" as "/" });
    },
    onError: tellProblem,
  });
  const value = account.data;
  return (
    <Page
      title={value?.name ?? "…"}
      badge={value?.blocked && <Mark tone="bad">{t("access.status_blocked")}</Mark>}
      crumbs={[{ title: t("access.accounts"), to: "/accounts" }]}
      actions={
        value &&
        may("tokens:write") && (
          <>
            <Button variant="default" onClick={form.open}>
              {t("access.change")}
            </Button>
            <DangerButton
              onClick={() =>
                ask({
                  title: t("access.remove_account"),
                  text: t("access.remove_account_text", { name: value.name }),
                  action: t("access.remove"),
                  danger: true,
                  onYes: () => remove.mutate(),
                })
              }
            >
              {t("access.remove")}
            </DangerButton>
          </>
        )
      }
    >
      {account.isPending && <Lines />}
      {account.error && <Problem error={account.error} retry={() => account.refetch()} />}
      {value && (
        <>
          <Paper withBorder p="md">
            <Facts
              facts={[
                [
                  t("access.email"),
                  value.email && <Anchor href={`mailto:${value.email}`}>{value.email}</Anchor>,
                ],
                [
                  t("access.policies"),
                  value.policies.map((policy) => policies.get(policy) ?? policy).join(", "),
                ],
                [t("access.created"), <Time key="created" at={value.created_at} mode="date" />],
              ]}
            />
          </Paper>
          <Grid>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Paper withBorder p="md" h="100%">
                <Group justify="space-between" mb="sm">
                  <Title order={2} fz="h4">
                    {t("access.tokens")}
                  </Title>
                  {may("tokens:write") && (
                    <Button
                      size="xs"
                      variant="default"
                      leftSection={<IconPlus size={14} aria-hidden />}
                      onClick={tokenForm.open}
                    >
                      {t("access.add_token")}
                    </Button>
                  )}
                </Group>
                <Stack gap="xs">
                  {tokens.data?.items.length === 0 && <Text c="dimmed">{t("access.no_tokens")}</Text>}
                  {tokens.data?.items.map((token) => (
                    <Group key={token.id} justify="space-between">
                      <Anchor component={Link} to={`/tokens/${token.id}` as "/"} dir="ltr">
                        {token.visual_number || token.uid}
                      </Anchor>
                      <Group gap="xs">
                        <Text size="sm" c="dimmed">
                          {t(`access.kind_${token.kind}`)}
                        </Text>
                        <TokenState token={token} />
                      </Group>
                    </Group>
                  ))}
                </Stack>
              </Paper>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Paper withBorder p="md" h="100%">
                <Title order={2} fz="h4" mb="sm">
                  {t("access.quotas")}
                </Title>
                {used.data && <Quotas consumption={used.data} />}
              </Paper>
            </Grid.Col>
          </Grid>
          <Title order={2} fz="h4">
            {t("access.recent_sessions")}
          </Title>
          <RecentSessions filter={{ account_id: id }} />
        </>
      )}
      <AccountForm opened={changing} onClose={form.close} account={value} />
      <TokenForm opened={adding} onClose={tokenForm.close} accountId={id} />
    </Page>
  );
}
