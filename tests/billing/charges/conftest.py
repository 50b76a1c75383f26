"""A network that sells, for tests of charges."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop import Shop

from currant.db.engine import Database


@pytest.fixture
async def shop(sqlite_database: Database) -> Shop:
    """On a SQLite of its own."""
    shop = Shop(sqlite_database)
    await shop.till.open()
    return shop


@pytest.fixture
async def any_shop(database: Database) -> Shop:
    """The same on each kind of database."""
    shop = Shop(database)
    await shop.till.open()
    return shop
