// One row of a table: drawn anew only when it, its place or its columns are different.
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Column } from "./DataTable";
import classes from "./DataTable.module.css";

interface Props<Row> {
  row: Row;
  rowKey: string;
  name: string;
  index: number;
  start: number;
  size: number;
  template: string;
  columns: Column<Row>[];
  // Drawn as a card instead of cells.
  card?: (row: Row) => ReactNode;
  active: boolean;
  // Undefined where nothing can be selected.
  selected?: boolean;
  onToggle: (key: string) => void;
}

function Plain<Row>(props: Props<Row>) {
  const { row, rowKey, index, start, size, template, columns, card, active, selected, onToggle } = props;
  const { t } = useTranslation();
  const choice = selected !== undefined && (
    <input
      type="checkbox"
      className={classes.tick}
      aria-label={t("table.select", { name: props.name })}
      checked={selected}
      onChange={() => onToggle(rowKey)}
    />
  );
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-active={active || undefined}
      className={card ? classes.card : classes.row}
      style={{
        transform: `translateY(${start}px)`,
        height: size,
        gridTemplateColumns: card ? undefined : template,
      }}
    >
      {card ? (
        <div role="cell" className={classes.fill}>
          {choice && <div className={classes.choice}>{choice}</div>}
          <div className={classes.content}>{card(row)}</div>
        </div>
      ) : (
        <>
          {choice && <div role="cell">{choice}</div>}
          {columns.map((column) => (
            <div key={column.key} role="cell" className={column.end ? classes.end : undefined}>
              {column.render(row)}
            </div>
          ))}
        </>
      )}
    </div>
  );
}

export const DataRow = memo(Plain) as typeof Plain;
