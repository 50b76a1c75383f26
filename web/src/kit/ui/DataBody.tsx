// The part of a table that scrolls: of any number of rows those that are seen, and a few around them.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { DataRow } from "./DataRow";
import type { Column } from "./DataTable";
import classes from "./DataTable.module.css";

interface Props<Row> {
  label: string;
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  nameOf?: (row: Row) => string;
  columns: Column<Row>[];
  template: string;
  card?: (row: Row) => ReactNode;
  size: number;
  height: string;
  // Absent where nothing can be selected.
  selected?: ReadonlySet<string>;
  onToggle: (key: string) => void;
  onOpen?: (row: Row) => void;
  onEnd?: () => void;
  head: ReactNode;
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };

export function DataBody<Row>(props: Props<Row>) {
  const { rows, keyOf, nameOf, columns, template, card, size, selected, onToggle, onOpen, onEnd } = props;
  const place = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => size,
    overscan: 6,
    // Drawn with the next frame, and not in the midst of scrolling.
    useFlushSync: false,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (onEnd && rows.length > 0 && last >= rows.length - 10) onEnd();
  }, [last, rows.length, onEnd]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows become cards, and of another height
  useEffect(() => virtual.measure(), [size]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const row = rows[active];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(rows.length - 1, active + step));
      setActive(next);
      virtual.scrollToIndex(next);
    } else if (event.target !== place.current || row === undefined) return;
    else if (event.key === "Enter") onOpen?.(row);
    else if (event.key === " " && selected) {
      event.preventDefault();
      onToggle(keyOf(row));
    }
  };
  return (
    <div
      ref={place}
      role="region"
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
      tabIndex={0}
      onKeyDown={onKeyDown}
      className={classes.frame}
      style={{ maxHeight: props.height }}
    >
      <div
        role="table"
        aria-label={props.label}
        aria-rowcount={rows.length + 1}
        className={card ? classes.cards : classes.table}
      >
        {props.head}
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
                name={nameOf?.(row) ?? key}
                index={item.index}
                start={item.start}
                size={item.size}
                template={template}
                columns={columns}
                card={card}
                active={item.index === active}
                selected={selected?.has(key)}
                onToggle={onToggle}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
