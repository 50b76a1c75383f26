"""Fixtures that every test may use: databases of both kinds, on real servers; and the order of the whole."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says more about who else is at work on the machine.
hypothesis.settings.register_profile("currant", deadline=None)
hypothesis.settings.load_profile("currant")

for folder in (".", "db"):
    sys.path.insert(0, str(Path(__file__).parent / folder))

from currant.db.engine import Database  # noqa: E402
from services import PostgresServer, fresh_database, postgres_server  # noqa: E402

# What takes longest is begun first: no process is to be left with it when the others are done.
LONGEST_FIRST = ("simulation", "browser", "app", "api", "conformance", "wire", "drivers", "stations", "bench")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    ranks = {here / name: rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: next((ranks[up] for up in item.path.parents if up in ranks), len(ranks)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell scripts/test.sh which tests failed, if every test had its turn."""
    told = os.environ.get("TESTS_THAT_FAILED")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not told or reporter is None or hasattr(session.config, "workerinput"):
        return
    if session.shouldstop or session.shouldfail:
        return
    wrong = {report.nodeid: None for kind in ("failed", "error") for report in reporter.stats.get(kind, ())}
    Path(told).write_text("".join(f"{name}\n" for name in wrong), encoding="utf-8")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server of this test process, started when first asked for."""
    server = postgres_server()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new, empty database: the test runs once on each kind.

    A test that asks for `database` as well gets its address, and that one has tables.
    """
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/currant.sqlite"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_tables() if "database" in request.fixturenames else server.new_database()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with all tables; the test runs once on each kind."""
    database = fresh_database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[Database]:
    """A SQLite database with all tables, for tests that are not about the database."""
    database = fresh_database(tmp_path / "currant.sqlite")
    yield database
    await database.close()
