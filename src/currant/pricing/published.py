"""What the database itself refuses about tariffs: to change what was published, or to lose it.

The statements stand on the table wherever it is made from the metadata, and in the migration.
"""

from typing import Any

from sqlalchemy import Connection, Table

_KEPT = (
    "id",
    "tenant_id",
    "tariff_id",
    "number",
    "prices",
    "texts",
    "valid_from",
    "created_at",
    "published_at",
)
_TEXT = "A published version of a tariff is never changed or deleted."

_SQLITE = (
    "CREATE TRIGGER tariff_versions_unchanged BEFORE UPDATE ON tariff_versions\n"
    "WHEN OLD.published_at IS NOT NULL AND (\n  "
    + "\n  OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _KEPT)
    + "\n  OR (OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NOT OLD.withdrawn_at)\n)\n"
    f"BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END",
    "CREATE TRIGGER tariff_versions_kept BEFORE DELETE ON tariff_versions\n"
    "WHEN OLD.published_at IS NOT NULL\n"
    f"BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END",
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION currant_tariff_version_kept() RETURNS trigger LANGUAGE plpgsql AS $$\n"
    "BEGIN\n"
    "  IF OLD.published_at IS NOT NULL AND (TG_OP = 'DELETE'\n"
    f"    OR ({', '.join(f'NEW.{name}' for name in _KEPT)})\n"
    "    IS DISTINCT FROM\n"
    f"    ({', '.join(f'OLD.{name}' for name in _KEPT)})\n"
    "    OR (OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at))\n"
    f"  THEN RAISE EXCEPTION '{_TEXT}' USING ERRCODE = 'check_violation';\n"
    "  END IF;\n"
    "  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n"
    "  RETURN NEW;\n"
    "END $$",
    "CREATE TRIGGER tariff_versions_kept BEFORE UPDATE OR DELETE ON tariff_versions\n"
    "FOR EACH ROW EXECUTE FUNCTION currant_tariff_version_kept()",
)


def guards(dialect: str) -> tuple[str, ...]:
    """The statements, in a database's own words."""
    return _SQLITE if dialect == "sqlite" else _POSTGRESQL


def stand_guard(table: Table, connection: Connection, **_: Any) -> None:
    """Put them on the table that has just been made."""
    for statement in guards(connection.dialect.name):
        connection.exec_driver_sql(statement)
