// A table of any length: only what is seen is drawn, columns by choice, rows selected for a common deed.
import { ActionIcon, Box, Checkbox, Group, Menu, Text, UnstyledButton } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp, IconColumns3 } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { DataRow } from "./DataRow";
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
  const place = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => (asCards ? (props.cardHeight ?? 92) : (props.rowHeight ?? 44)),
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (onEnd && rows.length > 0 && last >= rows.length - 10) onEnd();
  }, [last, rows.length, onEnd]);

  const template = `${onSelect ? "2.5rem " : ""}${shown.map((column) => column.width ?? "minmax(7rem, 1fr)").join(" ")}`;
  const chosen = useRef({ selected, onSelect });
  chosen.current = { selected, onSelect };
  const toggle = useCallback((key: string) => {
    const next = new Set(chosen.current.selected);
    if (!next.delete(key)) next.add(key);
    chosen.current.onSelect?.(next);
  }, []);
  const allKeys = () => new Set(rows.map(keyOf));
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(rows.length - 1, active + step));
      setActive(next);
      virtual.scrollToIndex(next);
    } else if (event.target === place.current && event.key === "Enter" && rows[active])
      onOpen?.(rows[active]);
    else if (event.target === place.current && event.key === " " && onSelect && rows[active]) {
      event.preventDefault();
      toggle(keyOf(rows[active]));
    }
  };

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
        <div
          ref={place}
          role="region"
          aria-label={props.label}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
          tabIndex={0}
          onKeyDown={onKeyDown}
          className={classes.frame}
          style={{ maxHeight: props.height ?? "calc(100dvh - 16rem)" }}
        >
          <div
            role="table"
            aria-label={props.label}
            aria-rowcount={rows.length + 1}
            className={asCards ? classes.cards : classes.table}
          >
            {!asCards && (
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
                      checked={rows.length > 0 && selected?.size === rows.length}
                      indeterminate={Boolean(selected && selected.size > 0 && selected.size < rows.length)}
                      onChange={() => onSelect(selected?.size === rows.length ? new Set() : allKeys())}
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
            )}
            <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
              {items.map((item) => {
                const row = rows[item.index];
                if (row === undefined) return null;
                const key = keyOf(row);
                return (
                  <DataRow
                    key={key}
                    row={row}
                    rowKey={key}
                    name={props.nameOf?.(row) ?? key}
                    index={item.index}
                    start={item.start}
                    size={item.size}
                    template={template}
                    columns={shown}
                    card={asCards ? card : undefined}
                    active={item.index === active}
                    selected={onSelect ? (selected?.has(key) ?? false) : undefined}
                    onToggle={toggle}
                  />
                );
              })}
            </div>
          </div>
        </div>
      )}
    </Box>
  );
}
