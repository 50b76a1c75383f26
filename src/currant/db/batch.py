"""Many change sets as few statements: rows are merged by `Write`, and their order is kept where it matters."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Table

from currant.db.commits import Row, Write

Run = tuple[Write, list[Row]]


def merged(rows: Iterable[tuple[Write, Row]], rank: dict[Table, int]) -> list[Run]:
    """The runs of equal statements that leave the same state as the rows one after the other.

    Different tables are independent but for foreign keys, so tables go by `rank`, parents
    first. Within a table two statements may swap only where they touch different rows.
    """
    by_write: dict[Write, list[Row]] = {}
    for write, row in rows:
        group = by_write.get(write)
        if group is None:
            by_write[write] = [row]
        else:
            group.append(row)
    by_table: dict[Table, list[Write]] = {}
    for write in by_write:
        by_table.setdefault(write.table, []).append(write)
    runs: list[Run] = []
    for table in sorted(by_table, key=lambda table: rank.get(table, len(rank))):
        writes = by_table[table]
        if len(writes) == 1:
            runs.append((writes[0], by_write[writes[0]]))
        else:
            runs.extend(_in_order(pair for pair in rows if pair[0].table is table))
    return runs


def as_written(rows: Iterable[tuple[Write, Row]]) -> Iterator[Run]:
    """The rows strictly one after the other; only neighbours with the same statement are merged."""
    run: Run | None = None
    for write, row in rows:
        if run is not None and run[0] is write:
            run[1].append(row)
        else:
            if run is not None:
                yield run
            run = (write, [row])
    if run is not None:
        yield run


def _in_order(rows: Iterable[tuple[Write, Row]]) -> list[Run]:
    """Each row goes to the first run of its statement that is not before the last one that touched it."""
    runs: list[Run] = []
    touched: dict[Row, int] = {}
    barrier = 0
    for write, row in rows:
        if write.key_at is None:
            # It may touch any row: after all that was, before all that follows.
            if not runs or runs[-1][0] is not write:
                runs.append((write, []))
            barrier = len(runs) - 1
            runs[barrier][1].append(row)
            continue
        key = tuple([row[place] for place in write.key_at])
        at = max(barrier, touched.get(key, 0))
        while at < len(runs) and runs[at][0] is not write:
            at += 1
        if at == len(runs):
            runs.append((write, []))
        runs[at][1].append(row)
        touched[key] = at
    return runs
