// A list with a search, filters and a way to add to it: what most pages of things look like.

import { type Column, DataTable } from "@kit/ui/DataTable";
import { Empty, Lines, Problem } from "@kit/ui/feedback";
import { Page } from "@kit/ui/Page";
import { Button, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconSearch, type TablerIcon } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { usePaged } from "./paged";

interface Props<Row> {
  name: string;
  title: string;
  subtitle?: ReactNode;
  list: ReturnType<typeof usePaged<Row>>;
  columns: Column<Row>[];
  keyOf: (row: Row) => string;
  nameOf?: (row: Row) => string;
  card: (row: Row) => ReactNode;
  cardHeight?: number;
  onOpen?: (row: Row) => void;
  // The words searched for, and what to do with new ones; no search where left out.
  search?: string;
  onSearch?: (words: string) => void;
  // Whether anything narrows the list: then nothing found is not nothing there.
  narrowed?: boolean;
  filters?: ReactNode;
  actions?: ReactNode;
  add?: { label: string; onClick: () => void };
  empty: { title: string; text: ReactNode; icon: TablerIcon };
}

export function ListPage<Row>(props: Props<Row>) {
  const { t } = useTranslation();
  const { list, add } = props;
  const [words, setWords] = useState(props.search ?? "");
  const tell = useDebouncedCallback((value: string) => props.onSearch?.(value), 250);
  const addButton = add && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add.onClick}>
      {add.label}
    </Button>
  );
  return (
    <Page
      title={props.title}
      subtitle={props.subtitle}
      actions={
        <>
          {props.actions}
          {addButton}
        </>
      }
    >
      {list.isPending && <Lines count={8} />}
      {list.error && <Problem error={list.error} retry={() => list.refetch()} />}
      {list.data && (
        <DataTable
          name={props.name}
          label={props.title}
          rows={list.items}
          columns={props.columns}
          keyOf={props.keyOf}
          nameOf={props.nameOf}
          card={props.card}
          cardHeight={props.cardHeight}
          onOpen={props.onOpen}
          onEnd={list.more}
          tools={
            <>
              {props.onSearch && (
                <TextInput
                  aria-label={t("lists.search")}
                  placeholder={t("lists.search")}
                  leftSection={<IconSearch size={16} aria-hidden />}
                  value={words}
                  maxLength={200}
                  onChange={(event) => {
                    setWords(event.currentTarget.value);
                    tell(event.currentTarget.value);
                  }}
                />
              )}
              {props.filters}
            </>
          }
          empty={
            props.narrowed ? (
              <Empty title={t("lists.nothing")}>{t("lists.nothing_text")}</Empty>
            ) : (
              <Empty title={props.empty.title} icon={props.empty.icon} action={addButton}>
                {props.empty.text}
              </Empty>
            )
          }
        />
      )}
    </Page>
  );
}
