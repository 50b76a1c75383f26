"""A network of stations on a real database, with a link that is a small real station of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import ManualClock
from currant.kit.ids import StationId, TenantId
from currant.stations.admission import Admissions
from currant.stations.commanding import AnyCommand
from currant.stations.commands import CommandService
from currant.stations.directory import StationDirectory
from currant.stations.importing import StationImports
from currant.stations.inventory import Inventory
from currant.stations.messages import MessageLog
from currant.stations.model import AttendedStation, CommandOutcome, CommandStatus
from currant.stations.service import StationPolicy, StationService, UnknownStations
from services import fresh_database

TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = b"an installation's own key"


class RememberingLink:
    """A link whose stations answer with `outcomes` in turn, then everything with `outcome`, and which remembers
    what it was asked."""

    def __init__(self) -> None:
        self.connected: set[StationId] = set()
        self.sent: list[tuple[StationId, AnyCommand]] = []
        self.refreshed: list[StationId] = []
        self.dropped: list[StationId] = []
        self.outcome = CommandOutcome(status=CommandStatus.ACCEPTED, answer={"status": "Accepted"})
        self.outcomes: list[CommandOutcome] = []

    async def send(
        self,
        station_id: StationId,
        command: AnyCommand,
        *,
        deadline_s: float,
        only_if_idle: bool = False,
    ) -> CommandOutcome:
        if station_id not in self.connected:
            return CommandOutcome(status=CommandStatus.OFFLINE, reason="The station is not connected.")
        self.sent.append((station_id, command))
        return self.outcomes.pop(0) if self.outcomes else self.outcome

    def is_connected(self, station_id: StationId) -> bool:
        return station_id in self.connected

    def profile_of(self, station_id: StationId) -> int | None:
        return 1 if station_id in self.connected else None

    def refresh(self, station_id: StationId) -> None:
        self.refreshed.append(station_id)

    def drop(self, station_id: StationId, *, reason: str) -> None:
        self.dropped.append(station_id)
        self.connected.discard(station_id)


class Network:
    """Everything of stations/ on one database."""

    def __init__(self, database: Database, unknown: UnknownStations = UnknownStations.PENDING) -> None:
        self.database = database
        self.clock = ManualClock(NOW)
        self.link = RememberingLink()
        self.directory = StationDirectory(database, self.clock, key=KEY)
        policy = StationPolicy(tenant_id=TENANT, unknown_stations=unknown, node="node-1")
        self.stations = StationService(database, self.directory, self.clock, policy)
        self.admissions = Admissions(database, self.directory, self.link, self.clock)
        self.inventory = Inventory(database, self.directory, self.link, self.clock)
        self.commands = CommandService(database, self.directory, self.link, Numbers(database), self.clock)
        self.messages = MessageLog(database, self.clock)
        self.imports = StationImports(database, self.inventory, self.directory, self.clock)

    async def started(self) -> "Network":
        await self.stations.start()
        await self.commands.start()
        return self

    async def attended(self, identity: str, *, version: str = "1.6") -> AttendedStation:
        entry = self.directory.find(identity)
        assert entry is not None
        station = await self.stations.attend(
            entry, version=version, security_profile=1, remote_address="192.0.2.1", at=self.clock.now()
        )
        self.link.connected.add(entry.station_id)
        return station


Again = Callable[[], Awaitable[Network]]


@pytest.fixture
async def network(database: Database) -> Network:
    """Runs on SQLite and on PostgreSQL."""
    return await Network(database).started()


@pytest.fixture
async def small(sqlite_database: Database) -> Network:
    """On SQLite alone, for what does not depend on the database."""
    return await Network(sqlite_database).started()


@pytest.fixture
async def open_network(tmp_path: Path) -> AsyncIterator[Network]:
    database = fresh_database(tmp_path / "open.sqlite")
    yield await Network(database, UnknownStations.OPEN).started()
    await database.close()


@pytest.fixture
async def closed_network(tmp_path: Path) -> AsyncIterator[Network]:
    database = fresh_database(tmp_path / "closed.sqlite")
    yield await Network(database, UnknownStations.REFUSED).started()
    await database.close()
