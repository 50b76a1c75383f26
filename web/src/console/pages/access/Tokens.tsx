// What drivers present: cards, apps, contracts, vehicles.
import { api, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Mark } from "@kit/ui/Mark";
import { Time } from "@kit/ui/Time";
import { Anchor, Group, Select, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCreditCard } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { useNames } from "../../lists/Pickers";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { useMay } from "../../session";
import { TokenForm } from "./TokenForm";
import { TOKEN_KINDS } from "./words";

type Token = components["schemas"]["Token"];

export function TokenState({ token }: { token: Pick<Token, "status"> }) {
  const { t } = useTranslation();
  return <Mark tone={token.status === "active" ? "good" : "bad"}>{t(`access.status_${token.status}`)}</Mark>;
}

export default function Tokens() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const [filters, set] = useFilters<"q" | "kind" | "status">();
  const [adding, form] = useDisclosure(false);
  const accounts = useNames("accounts");
  const query = {
    search: filters.q,
    kind: filters.kind as Token["kind"] | undefined,
    status: filters.status as Token["status"] | undefined,
  };
  const list = usePaged<Token>(["tokens", query], (cursor, signal) =>
    data(api.GET("/api/v1/tokens", { params: { query: { ...query, cursor, limit: 100 } }, signal })),
  );
  const link = (token: Token) => (
    <Anchor component={Link} to={`/tokens/${token.id}` as "/"} size="sm" dir="ltr">
      {token.visual_number || token.uid}
    </Anchor>
  );
  return (
    <>
      <ListPage<Token>
        name="tokens"
        title={t("access.tokens")}
        subtitle={t("access.tokens_text")}
        list={list}
        keyOf={(token) => token.id}
        nameOf={(token) => token.visual_number || token.uid}
        onOpen={(token) => navigate({ to: `/tokens/${token.id}` as "/" })}
        search={filters.q}
        onSearch={(q) => set({ q })}
        narrowed={Object.keys(filters).length > 0}
        add={may("tokens:write") ? { label: t("access.add_token"), onClick: form.open } : undefined}
        empty={{ title: t("access.no_tokens"), text: t("access.no_tokens_text"), icon: IconCreditCard }}
        filters={
          <>
            <Select
              aria-label={t("access.kind")}
              placeholder={t("access.kind")}
              clearable
              w={170}
              data={TOKEN_KINDS.map((kind) => ({ value: kind, label: t(`access.kind_${kind}`) }))}
              value={filters.kind ?? null}
              onChange={(kind) => set({ kind: kind ?? undefined })}
            />
            <Select
              aria-label={t("access.status")}
              placeholder={t("access.status")}
              clearable
              w={140}
              data={(["active", "blocked"] as const).map((status) => ({
                value: status,
                label: t(`access.status_${status}`),
              }))}
              value={filters.status ?? null}
              onChange={(status) => set({ status: status ?? undefined })}
            />
          </>
        }
        columns={[
          { key: "uid", title: t("access.token"), render: link, fixed: true, width: "minmax(10rem, 2fr)" },
          { key: "kind", title: t("access.kind"), render: (token) => t(`access.kind_${token.kind}`) },
          { key: "status", title: t("access.status"), render: (token) => <TokenState token={token} /> },
          {
            key: "account",
            title: t("access.account"),
            width: "minmax(9rem, 1.5fr)",
            render: (token) =>
              token.account_id ? (
                <Anchor component={Link} to={`/accounts/${token.account_id}` as "/"} size="sm">
                  <bdi>{accounts.get(token.account_id) ?? t("access.account")}</bdi>
                </Anchor>
              ) : (
                "–"
              ),
          },
          {
            key: "until",
            title: t("access.valid_until"),
            render: (token) => <Time at={token.valid_until} mode="date" />,
          },
          {
            key: "created",
            title: t("access.created"),
            hidden: true,
            render: (token) => <Time at={token.created_at} />,
          },
        ]}
        card={(token) => (
          <Group justify="space-between" wrap="nowrap" h="100%">
            <div>
              {link(token)}
              <Text size="xs" c="dimmed">
                {t(`access.kind_${token.kind}`)}
                {token.account_id && accounts.has(token.account_id)
                  ? ` · ${accounts.get(token.account_id)}`
                  : ""}
              </Text>
            </div>
            <TokenState token={token} />
          </Group>
        )}
        cardHeight={64}
      />
      <TokenForm opened={adding} onClose={form.close} />
    </>
  );
}
