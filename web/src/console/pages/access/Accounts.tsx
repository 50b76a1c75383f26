// Who answers for tokens: drivers, companies, fleets.
import { api, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Mark } from "@kit/ui/Mark";
import { Time } from "@kit/ui/Time";
import { Anchor, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUsers } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { useMay } from "../../session";
import { AccountForm } from "./AccountForm";

type Account = components["schemas"]["Account"];

export default function Accounts() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const [filters, set] = useFilters<"q">();
  const [adding, form] = useDisclosure(false);
  const list = usePaged<Account>(["accounts", filters.q], (cursor, signal) =>
    data(
      api.GET("/api/v1/accounts", { params: { query: { search: filters.q, cursor, limit: 100 } }, signal }),
    ),
  );
  const link = (account: Account) => (
    <Anchor component={Link} to={`/accounts/${account.id}` as "/"} size="sm">
      <bdi>{account.name}</bdi>
    </Anchor>
  );
  const state = (account: Account) =>
    account.blocked ? <Mark tone="bad">{t("access.status_blocked")}</Mark> : "–";
  return (
    <>
      <ListPage<Account>
        name="accounts"
        title={t("access.accounts")}
        subtitle={t("access.accounts_text")}
        list={list}
        keyOf={(account) => account.id}
        nameOf={(account) => account.name}
        onOpen={(account) => navigate({ to: `/accounts/${account.id}` as "/" })}
        search={filters.q}
        onSearch={(q) => set({ q })}
        narrowed={Boolean(filters.q)}
        add={may("tokens:write") ? { label: t("access.add_account"), onClick: form.open } : undefined}
        empty={{ title: t("access.no_accounts"), text: t("access.no_accounts_text"), icon: IconUsers }}
        columns={[
          { key: "name", title: t("access.name"), render: link, fixed: true, width: "minmax(10rem, 2fr)" },
          {
            key: "email",
            title: t("access.email"),
            render: (account) => <bdi>{account.email || "–"}</bdi>,
            width: "minmax(10rem, 2fr)",
          },
          { key: "state", title: t("access.status"), render: state },
          {
            key: "created",
            title: t("access.created"),
            render: (account) => <Time at={account.created_at} mode="date" />,
          },
        ]}
        card={(account) => (
          <div>
            {link(account)} {account.blocked && state(account)}
            <Text size="xs" c="dimmed">
              <bdi>{account.email}</bdi>
            </Text>
          </div>
        )}
        cardHeight={64}
      />
      <AccountForm opened={adding} onClose={form.close} />
    </>
  );
}
