"""Tables whose rows are written once: the database itself refuses to change or delete them.

`append_only` puts the refusal on a table wherever tables are made from the metadata; migrations call
`statements` for the same. Both say one sentence, so that whoever meets it in a log knows what it is.
"""

from typing import Any

from sqlalchemy import Connection, Table, event

MARK = "append_only"


def append_only(table: Table) -> None:
    """Let nobody update or delete rows of this table."""
    table.info[MARK] = True

    def made(target: Table, connection: Connection, **_: Any) -> None:
        for statement in statements(target.name, connection.dialect.name):
            connection.exec_driver_sql(statement)

    event.listen(table, "after_create", made)


def statements(table: str, dialect: str) -> tuple[str, ...]:
    """What makes the database refuse, in its own words."""
    text = f"Rows of {table} are never changed or deleted."
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{text}'); END"
            for verb in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE OR REPLACE FUNCTION currant_{table}_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = 'restrict_violation'; END $$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION currant_{table}_kept()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION currant_{table}_kept()",
    )
