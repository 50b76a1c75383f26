// One token: whose it is, whether it would be let in, what it has used.
import { api, asked, data, queries } from "@kit/api/client";
import { DangerButton } from "@kit/ui/DangerButton";
import { Facts } from "@kit/ui/Facts";
import { ask, Lines, Problem, tellDone, tellProblem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Time } from "@kit/ui/Time";
import { Anchor, Button, Grid, Group, Paper, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useNames } from "../../lists/Pickers";
import { useMay } from "../../session";
import { Quotas } from "./Quotas";
import { RecentSessions } from "./RecentSessions";
import { Standing } from "./Standing";
import { TokenForm } from "./TokenForm";
import { TokenState } from "./Tokens";

const tokenQuery = (token: string) =>
  asked(["tokens", token], (signal) =>
    api.GET("/api/v1/tokens/{token}", { params: { path: { token } }, signal }),
  );
const usedQuery = (token: string) =>
  asked(["tokens", token, "consumption"], (signal) =>
    api.GET("/api/v1/tokens/{token}/consumption", { params: { path: { token } }, signal }),
  );

export default function TokenPage() {
  const { t } = useTranslation();
  const { token: id } = useParams({ strict: false }) as { token: string };
  const navigate = useNavigate();
  const may = useMay();
  const [changing, form] = useDisclosure(false);
  const token = useQuery(tokenQuery(id));
  const used = useQuery(usedQuery(id));
  const [accounts, groups, policies] = [useNames("accounts"), useNames("groups"), useNames("policies")];
  const anew = () => void queries.invalidateQueries({ queryKey: ["tokens"] });
  const block = useMutation({
    mutationFn: (blocked: boolean) => {
      const params = { params: { path: { token: id } } };
      return data(
        blocked
          ? api.POST("/api/v1/tokens/{token}/block", params)
          : api.POST("/api/v1/tokens/{token}/unblock", params),
      );
    },
    onSuccess: (_, blocked) => {
      anew();
      tellDone(blocked ? t("access.blocked_done") : t("access.unblocked_done"), () => block.mutate(!blocked));
    },
    onError: tellProblem,
  });
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/api/v1/tokens/{token}", { params: { path: { token: id } } })),
    onSuccess: () => {
      anew();
      tellDone(t("access.removed"));
      navigate({ to: "/tokens" as "/" });
    },
    onError: tellProblem,
  });
  const value = token.data;
  const name = value?.visual_number || value?.uid || "…";
  return (
    <Page
      title={name}
      badge={value && <TokenState token={value} />}
      crumbs={[{ title: t("access.tokens"), to: "/tokens" }]}
      actions={
        value &&
        may("tokens:write") && (
          <>
            <Button variant="default" onClick={form.open}>
              {t("access.change")}
            </Button>
            <Button
              variant="default"
              loading={block.isPending}
              onClick={() => block.mutate(value.status === "active")}
            >
              {value.status === "active" ? t("access.block") : t("access.unblock")}
            </Button>
            <DangerButton
              onClick={() =>
                ask({
                  title: t("access.remove_token"),
                  text: t("access.remove_token_text", { name }),
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
      {token.isPending && <Lines />}
      {token.error && <Problem error={token.error} retry={() => token.refetch()} />}
      {value && (
        <>
          <Paper withBorder p="md">
            <Facts
              facts={[
                [t("access.uid"), <bdi key="uid">{value.uid}</bdi>],
                [t("access.kind"), t(`access.kind_${value.kind}`)],
                [
                  t("access.account"),
                  value.account_id && (
                    <Anchor component={Link} to={`/accounts/${value.account_id}` as "/"}>
                      <bdi>{accounts.get(value.account_id) ?? t("access.account")}</bdi>
                    </Anchor>
                  ),
                ],
                [t("access.group"), value.group_id && (groups.get(value.group_id) ?? value.group_id)],
                [
                  t("access.policies"),
                  value.policies?.map((policy) => policies.get(policy) ?? policy).join(", "),
                ],
                [t("access.valid_from"), value.valid_from && <Time at={value.valid_from} mode="dateTime" />],
                [
                  t("access.valid_until"),
                  value.valid_until && <Time at={value.valid_until} mode="dateTime" />,
                ],
                [t("access.parallel"), value.concurrent_use === "allowed" ? t("access.yes") : t("access.no")],
                [t("access.created"), <Time key="created" at={value.created_at} />],
              ]}
            />
          </Paper>
          <Grid>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Paper withBorder p="md" h="100%">
                <Title order={2} fz="h4" mb="sm">
                  {t("access.standing")}
                </Title>
                <Standing token={id} />
              </Paper>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Paper withBorder p="md" h="100%">
                <Title order={2} fz="h4" mb="sm">
                  {t("access.quotas")}
                </Title>
                {used.error && <Problem error={used.error} />}
                {used.data && <Quotas consumption={used.data} />}
              </Paper>
            </Grid.Col>
          </Grid>
          <Group justify="space-between">
            <Title order={2} fz="h4">
              {t("access.recent_sessions")}
            </Title>
          </Group>
          <RecentSessions filter={{ token_id: id }} />
        </>
      )}
      <TokenForm opened={changing} onClose={form.close} token={value} />
    </Page>
  );
}
