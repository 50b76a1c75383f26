// Search as one types, and the other filters: a button opens them, what is set stands beside it.
import {
  ActionIcon,
  Button,
  CloseButton,
  Group,
  Indicator,
  Pill,
  Popover,
  Select,
  SimpleGrid,
  TextInput,
} from "@mantine/core";
import { IconFilter, IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { choices, type FilterName, type Filters } from "../../network/filters";
import type { Rows } from "../../network/rows";
import { PROBLEMS, problemWords } from "../../network/words";

interface Props {
  rows: Rows;
  filters: Filters;
  change: (change: Partial<Filters>, quietly?: boolean) => void;
  places: ReadonlyMap<string, string>;
  groups: { id: string; name: string }[];
}

const OFFERED: FilterName[] = [
  "location",
  "group",
  "problem",
  "connected",
  "vendor",
  "model",
  "firmware",
  "version",
  "admission",
];

export function FilterBar({ rows, filters, change, places, groups }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(filters.q);
  // What is typed shows at once, and comes into the address when one pauses.
  useEffect(() => setText(filters.q), [filters.q]);
  useEffect(() => {
    if (text === filters.q) return;
    const timer = setTimeout(() => change({ q: text }, true), 150);
    return () => clearTimeout(timer);
  }, [text, filters.q, change]);
  const offered = (name: FilterName): { value: string; label: string }[] => {
    switch (name) {
      case "location":
        return [
          { value: "none", label: t("stations.no_location") },
          ...[...places].map(([value, label]) => ({ value, label })),
        ];
      case "group":
        return groups.map(({ id, name: label }) => ({ value: id, label }));
      case "problem":
        return [
          { value: "any", label: t("stations.any_problem") },
          ...PROBLEMS.map((value) => ({ value, label: problemWords(t, value) })),
        ];
      case "connected":
        return [
          { value: "true", label: t("stations.connected") },
          { value: "false", label: t("stations.not_connected") },
        ];
      case "admission":
        return ["accepted", "pending", "refused", "retired"].map((value) => ({
          value,
          label: t(`network.admission.${value}`),
        }));
      case "state":
        return [];
      default:
        return choices(rows, name).map(([value, count]) => ({ value, label: `${value} (${count})` }));
    }
  };
  const set = OFFERED.filter((name) => filters[name]);
  const wordsOf = (name: FilterName) =>
    (filters[name] ?? "")
      .split(",")
      .map((value) => offered(name).find((each) => each.value === value)?.label ?? value)
      .join(", ");
  return (
    <Group gap="xs">
      <TextInput
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        aria-label={t("stations.search")}
        placeholder={t("stations.search")}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          text && (
            <CloseButton size="sm" aria-label={t("stations.clear_search")} onClick={() => setText("")} />
          )
        }
        maxLength={100}
        w={{ base: "calc(100% - 52px)", xs: 320 }}
        type="search"
      />
      <Popover position="bottom-end" width="min(92vw, 560px)" withinPortal shadow="md" trapFocus>
        <Indicator label={set.length} size={18} disabled={set.length === 0}>
          <Popover.Target>
            <ActionIcon variant="default" size={36} aria-label={t("stations.filters")}>
              <IconFilter size={18} />
            </ActionIcon>
          </Popover.Target>
        </Indicator>
        <Popover.Dropdown>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            {OFFERED.map((name) => (
              <Select
                key={name}
                label={t(`stations.filter_${name}`)}
                placeholder={t("stations.all")}
                clearable
                clearButtonProps={{
                  "aria-label": t("network.clear", { name: t(`stations.filter_${name}`) }),
                }}
                searchable
                limit={100}
                nothingFoundMessage={t("stations.nothing_to_choose")}
                comboboxProps={{ withinPortal: false }}
                data={offered(name)}
                value={filters[name]?.split(",")[0] ?? null}
                onChange={(value) => change({ [name]: value ?? "" })}
              />
            ))}
          </SimpleGrid>
        </Popover.Dropdown>
      </Popover>
      {set.map((name) => (
        <Pill
          key={name}
          size="md"
          withRemoveButton
          removeButtonProps={{
            "aria-label": t("stations.remove_filter", { name: t(`stations.filter_${name}`) }),
            "aria-hidden": false,
            tabIndex: 0,
          }}
          onRemove={() => change({ [name]: "" })}
        >
          {t(`stations.filter_${name}`)}: <bdi>{wordsOf(name)}</bdi>
        </Pill>
      ))}
      {(set.length > 0 || filters.state || filters.q) && (
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() =>
            change({ q: "", state: "", ...Object.fromEntries(OFFERED.map((name) => [name, ""])) })
          }
        >
          {t("stations.clear_filters")}
        </Button>
      )}
    </Group>
  );
}
