"""Brings a database's schema up to this version of Currant, once, whoever starts first.

The migrations are Alembic's, inside the package (`db/migrations/versions`), and run in one
transaction under a lock: a start that dies in the middle leaves the schema as it was.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect

from currant.db.backends import Backend
from currant.db.failures import Cause, cause_of, translated
from currant.db.tables import load_own, metadata
from currant.kit.errors import CurrantError

# Alembic is imported where it is used: most starts find the schema as it should be.
if TYPE_CHECKING:
    from alembic.config import Config


class SchemaTooNew(CurrantError):
    """A newer version of Currant has changed this database in a way that this one does not know."""

    code = "schema_too_new"
    status = 503


def prepare(backend: Backend, *, create_all: bool = False) -> None:
    """Migrate the schema to the newest version this code knows, or make all tables at once."""
    try:
        with backend.connect_for_schema() as connection:
            backend.lock_schema(connection)
            try:
                if create_all:
                    load_own()
                    metadata.create_all(connection)
                else:
                    _upgrade(connection)
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")
    except Exception as error:
        if cause_of(error) is Cause.AWAY:
            raise translated(error) from error
        raise


def configuration(connection: Connection | None = None) -> "Config":
    """Alembic's configuration; for `alembic.command` from code, there is no `alembic.ini`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "currant.db:migrations")
    config.attributes["connection"] = connection
    return config


def draft(connection: Connection, message: str, version: str) -> None:
    """Write the next migration from what the stores declare and this migrated database lacks.

    For developers: `version` is the file's name and the schema's, such as ``0003_wallets``.
    """
    from alembic import command

    config = configuration(connection)
    config.attributes["drafting"] = True
    config.set_main_option("file_template", "%%(rev)s")
    command.revision(config, message=message, autogenerate=True, rev_id=version)


def newest_version() -> str:
    """The newest schema this code knows; migrations are numbered, so it is the last file's name."""
    versions = Path(__file__).with_name("migrations") / "versions"
    return max(file.stem for file in versions.glob("[0-9]*.py"))


def version_of(connection: Connection) -> str | None:
    """The version of the schema in this database, ``None`` when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    version, newest = version_of(connection), newest_version()
    if version == newest:
        return
    from alembic import command
    from alembic.script import ScriptDirectory

    config = configuration(connection)
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == newest, "The newest migration is not the last by its number."
    known: set[Any] = {script.revision for script in scripts.walk_revisions()}
    if version is not None and version not in known:
        raise SchemaTooNew(
            f"This database was changed by a newer version of Currant (schema {version};"
            f" this version knows {newest}). Start that version, or restore a backup.",
            schema=version,
        )
    command.upgrade(config, "head")
