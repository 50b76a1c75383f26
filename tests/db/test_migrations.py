"""Migrations make what the stores declare, once, and refuse what they do not know."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from currant.db.backends import backend_for
from currant.db.engine import Database
from currant.db.migrating import SchemaTooNew, newest_version, version_of
from currant.db.tables import load_stores


def test_the_migrated_schema_is_what_the_stores_declare(database_url: str) -> None:
    metadata = load_stores()
    asyncio.run(_open_and_close(database_url))
    backend = backend_for(database_url)
    with backend.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "include_name": lambda name, *_: not str(name).startswith("test_")},
        )
        differences = [
            difference
            for difference in compare_metadata(context, metadata)
            if "test_" not in repr(difference)
        ]
        assert version_of(connection) == newest_version()
    backend.close()
    assert differences == []


async def test_opening_again_changes_nothing(database_url: str) -> None:
    await _open_and_close(database_url)
    database = Database.open(database_url)
    assert await database.read(version_of) == newest_version()
    await database.close()


async def test_many_nodes_that_start_at_once_migrate_once(database_url: str) -> None:
    databases = await asyncio.gather(*(asyncio.to_thread(Database.open, database_url) for _ in range(4)))
    for database in databases:
        assert await database.read(version_of) == newest_version()
        await database.close()


async def test_a_schema_from_the_future_is_refused_in_words(database_url: str) -> None:
    await _open_and_close(database_url)
    backend = backend_for(database_url)
    with backend.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    backend.close()
    with pytest.raises(SchemaTooNew, match="9999_future"):
        Database.open(database_url)


def test_an_address_of_another_kind_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="sqlite:///"):
        Database.open("mysql://localhost/currant")
    with pytest.raises(ValueError, match="needs a file"):
        Database.open("sqlite://")


async def _open_and_close(url: str) -> None:
    await Database.open(url).close()
