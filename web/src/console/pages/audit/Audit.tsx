// Who did what, and when.
import { api, asked, data } from "@kit/api/client";
import type { Column } from "@kit/ui/DataTable";
import { Time } from "@kit/ui/Time";
import { Button, Group, MultiSelect, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconDownload, IconHistory } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ListPage } from "../../lists/ListPage";
import { usePaged } from "../../lists/paged";
import { useFilters } from "../../lists/search";
import { About } from "./About";
import { askedFor, type Entry, exportAddress } from "./asking";
import { useActs } from "./telling";

const kindsQuery = asked(["audit", "kinds"], (signal) => api.GET("/api/v1/audit/kinds", { signal }));

export default function Audit() {
  const { t } = useTranslation();
  const acts = useActs();
  const [filters, change] = useFilters<"kind" | "by" | "about" | "since" | "until">();
  const query = askedFor(filters);
  const list = usePaged<Entry>(["audit", query], (cursor, signal) =>
    data(api.GET("/api/v1/audit", { params: { query: { ...query, cursor, limit: 100 } }, signal })),
  );
  const kinds = useQuery({ ...kindsQuery, staleTime: Number.POSITIVE_INFINITY });
  const choices = useMemo(() => {
    const groups = new Map<string, { value: string; label: string }[]>();
    for (const { kind, group, text } of kinds.data?.items ?? []) {
      const items = groups.get(group) ?? [];
      items.push({ value: kind, label: acts.kind(kind, text) });
      groups.set(group, items);
    }
    return [...groups].map(([group, items]) => ({ group: t(`audit.group_${group}`), items }));
  }, [kinds.data, acts, t]);
  const [by, setBy] = useState(filters.by ?? "");
  const tellBy = useDebouncedCallback((value: string) => change({ by: value.trim() || undefined }), 300);
  const chosen = filters.kind ? filters.kind.split(",") : [];
  const columns: Column<Entry>[] = [
    {
      key: "at",
      title: t("audit.at"),
      width: "12rem",
      fixed: true,
      render: (entry) => <Time at={entry.at} mode="dateTime" seconds />,
    },
    {
      key: "by",
      title: t("audit.by"),
      width: "minmax(11rem, 1fr)",
      render: (entry) => <bdi>{acts.who(entry.by)}</bdi>,
    },
    {
      key: "what",
      title: t("audit.what"),
      width: "minmax(18rem, 3fr)",
      fixed: true,
      render: (entry) => acts.told(entry),
    },
    {
      key: "about",
      title: t("audit.about"),
      width: "minmax(9rem, 1fr)",
      render: (entry) => <About about={entry.about} />,
    },
    {
      key: "kind",
      title: t("audit.kind_title"),
      hidden: true,
      render: (entry) => acts.kind(entry.kind, entry.kind),
    },
  ];
  const day = (name: "since" | "until") => (
    <TextInput
      type="date"
      aria-label={t(`audit.${name}`)}
      title={t(`audit.${name}`)}
      value={filters[name] ?? ""}
      onChange={(event) => change({ [name]: event.currentTarget.value || undefined })}
    />
  );
  return (
    <ListPage
      name="audit"
      title={t("audit.title")}
      subtitle={t("audit.subtitle")}
      list={list}
      columns={columns}
      keyOf={(entry) => String(entry.id)}
      cardHeight={104}
      card={(entry) => (
        <Stack gap={2}>
          <Text size="sm" lineClamp={2}>
            {acts.told(entry)}
          </Text>
          <Group gap="xs" c="dimmed" fz="sm">
            <bdi>{acts.who(entry.by)}</bdi>
            <Time at={entry.at} mode="dateTime" />
            <About about={entry.about} />
          </Group>
        </Stack>
      )}
      narrowed={Object.values(filters).some(Boolean)}
      filters={
        <>
          <MultiSelect
            aria-label={t("audit.kind_title")}
            placeholder={chosen.length > 0 ? undefined : t("audit.kind_title")}
            data={choices}
            value={chosen}
            onChange={(value) => change({ kind: value.join(",") || undefined })}
            searchable
            clearable
            clearButtonProps={{ "aria-label": t("audit.clear") }}
            maxDropdownHeight={360}
            w={{ base: "100%", sm: 320 }}
          />
          <TextInput
            aria-label={t("audit.by")}
            placeholder={t("audit.by")}
            value={by}
            maxLength={200}
            onChange={(event) => {
              setBy(event.currentTarget.value);
              tellBy(event.currentTarget.value);
            }}
          />
          {day("since")}
          {day("until")}
        </>
      }
      actions={
        <Button
          component="a"
          href={exportAddress(query)}
          download
          variant="default"
          leftSection={<IconDownload size={18} />}
        >
          {t("audit.export")}
        </Button>
      }
      empty={{ title: t("audit.empty"), text: t("audit.empty_text"), icon: IconHistory }}
    />
  );
}
