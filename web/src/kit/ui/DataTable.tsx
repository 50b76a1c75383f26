// A table of any length: only what is seen is drawn, columns by choice, rows selected for a common deed.
import { ActionIcon, Box, Checkbox, Group, Menu, Text, UnstyledButton } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp, IconColumns3 } from "@tabler/icons-react";
import { type ReactNode, useCallback, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { DataBody } from "./DataBody";
import classes from "./DataTable.module.css";

export interface Column<Row> {
  key: string;
  title: string;
  // CSS grid width, such as "minmax(8rem, 1fr)".
  width?: string;
  render: (row: Row) => ReactNode;
  sortable?: boolean;
  // Shown only when chosen.
  hidden?: boolean;
  // Cannot be hidden.
  fixed?: boolean;
  end?: boolean;
}

export interface Sorting {
  key: string;
  down: boolean;
}

interface Props<Row> {
  name: string;
  label: string;
  rows: readonly Row[];
  columns: Column<Row>[];
  keyOf: (row: Row) => string;
  // What a row is called where it is chosen; its key when it has no name.
  nameOf?: (row: Row) => string;
  // What a row is as a card on a phone.
  card?: (row: Row) => ReactNode;
  rowHeight?: number;
  cardHeight?: number;
  height?: string;
  onOpen?: (row: Row) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: Set<string>) => void;
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
  // Called when the end comes near, for lists that come in pages.
  onEnd?: () => void;
  tools?: ReactNode;
  empty?: ReactNode;
}

export function DataTable<Row>(props: Props<Row>) {
  const { rows, columns, keyOf, card, onOpen, selected, onSelect, sorting, onSort, onEnd } = props;
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const asCards = Boolean(narrow && card);
  const [hidden, setHidden] = useLocalStorage<string[]>({
    key: `currant.columns.${props.name}`,
    defaultValue: columns.filter((column) => column.hidden).map((column) => column.key),
    getInitialValueInEffect: false,
  });
  const shown = useMemo(
    () => columns.filter((column) => column.fixed || !hidden.includes(column.key)),
    [columns, hidden],
  );
  const template = `${onSelect ? "2.5rem " : ""}${shown.map((column) => column.width ?? "minmax(7rem, 1fr)").join(" ")}`;
  const chosen = useRef({ selected, onSelect });
  chosen.current = { selected, onSelect };
  const toggle = useCallback((key: string) => {
    const next = new Set(chosen.current.selected);
    if (!next.delete(key)) next.add(key);
    chosen.current.onSelect?.(next);
  }, []);
  const allKeys = () => new Set(rows.map(keyOf));
  const allChosen = useMemo(
    () => rows.length > 0 && Boolean(selected) && rows.every((row) => selected?.has(keyOf(row))),
    [rows, selected, keyOf],
  );
  return (
    <Box>
      <Group justify="space-between" mb="xs" gap="xs" wrap="nowrap" align="flex-end">
        <Group gap="xs" miw={0} style={{ flex: 1 }}>
          {props.tools}
        </Group>
        {!asCards && (
          <Menu closeOnItemClick={false} position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="default" size="lg" aria-label={t("table.columns")}>
                <IconColumns3 size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {columns
                .filter((column) => !column.fixed)
                .map((column) => (
                  <Menu.Item
                    key={column.key}
                    role="menuitemcheckbox"
                    aria-checked={!hidden.includes(column.key)}
                    leftSection={
                      <Checkbox
                        size="xs"
                        checked={!hidden.includes(column.key)}
                        readOnly
                        tabIndex={-1}
                        aria-hidden
                      />
                    }
                    onClick={() =>
                      setHidden((before) =>
                        before.includes(column.key)
                          ? before.filter((key) => key !== column.key)
                          : [...before, column.key],
                      )
                    }
                  >
                    {column.title}
                  </Menu.Item>
                ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      {rows.length === 0 && props.empty ? (
        props.empty
      ) : (
        <DataBody
          label={props.label}
          rows={rows}
          keyOf={keyOf}
          nameOf={props.nameOf}
          columns={shown}
          template={template}
          card={asCards ? card : undefined}
          size={asCards ? (props.cardHeight ?? 92) : (props.rowHeight ?? 44)}
          height={props.height ?? "calc(100dvh - 16rem)"}
          selected={onSelect && (selected ?? NONE)}
          onToggle={toggle}
          onOpen={onOpen}
          onEnd={onEnd}
          head={
            !asCards && (
              <div
                role="row"
                aria-rowindex={1}
                className={classes.head}
                style={{ gridTemplateColumns: template }}
              >
                {onSelect && (
                  <div role="columnheader">
                    <Checkbox
                      aria-label={t("table.select_all")}
                      checked={allChosen}
                      indeterminate={Boolean(selected && selected.size > 0 && !allChosen)}
                      onChange={() => onSelect(allChosen ? new Set() : allKeys())}
                    />
                  </div>
                )}
                {shown.map((column) => (
                  <div
                    key={column.key}
                    role="columnheader"
                    aria-sort={
                      sorting?.key === column.key ? (sorting.down ? "descending" : "ascending") : undefined
                    }
                    className={column.end ? classes.end : undefined}
                  >
                    {column.sortable && onSort ? (
                      <UnstyledButton
                        fz="sm"
                        fw={600}
                        onClick={() =>
                          onSort({ key: column.key, down: sorting?.key === column.key && !sorting.down })
                        }
                      >
                        {column.title}{" "}
                        {sorting?.key === column.key &&
                          (sorting.down ? (
                            <IconArrowDown size={14} aria-hidden />
                          ) : (
                            <IconArrowUp size={14} aria-hidden />
                          ))}
                      </UnstyledButton>
                    ) : (
                      <Text fz="sm" fw={600}>
                        {column.title}
                      </Text>
                    )}
                  </div>
                ))}
              </div>
            )
          }
        />
      )}
    </Box>
  );
}

const NONE: ReadonlySet<string> = new Set();
