// Access rules: who may charge where, when and how much.
import { api, asked, data } from "@kit/api/client";
import type { components } from "@kit/api/schema";
import { Anchor, Button, Text } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { useMay } from "../../session";
import { usePolicyWords } from "./policy-words";

type Policy = components["schemas"]["Policy"];

export default function Policies() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const words = usePolicyWords();
  const [filters, set] = useFilters<"q">();
  const list = usePaged<Policy>(["policies", filters.q], (cursor, signal) =>
    data(
      api.GET("/api/v1/policies", { params: { query: { search: filters.q, cursor, limit: 100 } }, signal }),
    ),
  );
  const authoriser = useQuery({
    ...asked(["authoriser"], (signal) => api.GET("/api/v1/authoriser", { signal })),
    retry: false,
  });
  const link = (policy: Policy) => (
    <Anchor component={Link} to={`/policies/${policy.id}` as "/"} size="sm">
      <bdi>{policy.name}</bdi>
    </Anchor>
  );
  return (
    <ListPage<Policy>
      name="policies"
      title={t("access.rules")}
      subtitle={t("access.rules_text")}
      list={list}
      keyOf={(policy) => policy.id}
      nameOf={(policy) => policy.name}
      onOpen={(policy) => navigate({ to: `/policies/${policy.id}` as "/" })}
      search={filters.q}
      onSearch={(q) => set({ q })}
      narrowed={Boolean(filters.q)}
      actions={
        <>
          <Button variant="default" component={Link} to="/holidays">
            {t("access.holidays")}
          </Button>
          <Button variant="default" component={Link} to="/authoriser">
            {t("access.authoriser")}
            {authoriser.data?.enabled ? ` · ${t("access.on")}` : ""}
          </Button>
        </>
      }
      add={
        may("tokens:write")
          ? { label: t("access.add_rule"), onClick: () => navigate({ to: "/policies/new" as "/" }) }
          : undefined
      }
      empty={{ title: t("access.no_rules"), text: t("access.no_rules_text"), icon: IconShieldCheck }}
      columns={[
        { key: "name", title: t("access.name"), render: link, fixed: true, width: "minmax(10rem, 1.5fr)" },
        { key: "where", title: t("access.where"), render: words.where, width: "minmax(9rem, 1.5fr)" },
        { key: "when", title: t("access.when"), render: words.when, width: "minmax(9rem, 1.5fr)" },
        { key: "how_much", title: t("access.how_much"), render: words.howMuch, width: "minmax(10rem, 2fr)" },
      ]}
      card={(policy) => (
        <div>
          {link(policy)}
          <Text size="xs" c="dimmed" lineClamp={2}>
            {[words.where(policy), words.when(policy), words.howMuch(policy)].join(" · ")}
          </Text>
        </div>
      )}
      cardHeight={76}
    />
  );
}
