"""Fixtures of the tests of charging."""

import pytest

from charging.made import Network
from currant.db.engine import Database


@pytest.fixture
async def network(sqlite_database: Database) -> Network:
    """Services on a SQLite of their own."""
    return Network(sqlite_database)
