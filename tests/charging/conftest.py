"""Fixtures of the tests of charging."""

import pytest
from currant.db.engine import Database

from charging.made import Network


@pytest.fixture
async def network(sqlite_database: Database) -> Network:
    """Services on a SQLite of their own."""
    return Network(sqlite_database)
