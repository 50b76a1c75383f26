"""A till for tests: payments on a real database, with the sandbox as the provider."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from till import Till

from services import PostgresServer, fresh_database


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    """On SQLite, for tests that are not about the database."""
    opened = await Till(fresh_database(tmp_path / "currant.sqlite")).open()
    yield opened
    await opened.database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_till(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Till]:
    """On each kind of database."""
    where: str | Path = tmp_path / "currant.sqlite"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        where = server.new_tables()
    opened = await Till(fresh_database(where)).open()
    yield opened
    await opened.database.close()
