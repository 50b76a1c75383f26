"""A whole network on loopback for the tests: real services on SQLite, a real gateway, real sockets."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from currant.access.model import Token, TokenDraft
from currant.access.service import AccessService
from currant.charging.energy_needs import EnergyNeedsService
from currant.charging.model import Session, SessionFilter
from currant.charging.reservations.service import Reservations
from currant.charging.service import ChargingService
from currant.charging.swaps import Swaps
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.events.live import LiveFeed
from currant.gateway.config import GatewayConfig, TlsConfig
from currant.gateway.registry import Registry
from currant.gateway.server import Gateway
from currant.gateway.services import Services
from currant.kit.clock import Clock, SystemClock
from currant.kit.ids import TenantId
from currant.pki.authority import Authority
from currant.stations.admission import Admissions
from currant.stations.commands import CommandService
from currant.stations.device.monitoring import Monitoring
from currant.stations.device.service import DeviceModel
from currant.stations.directory import StationDirectory
from currant.stations.drafts import StationDraft
from currant.stations.inventory import Inventory
from currant.stations.messages import MessageLog
from currant.stations.model import Message, Station
from currant.stations.profiles.der import DerService
from currant.stations.profiles.device import known_to
from currant.stations.profiles.service import ProfileService
from currant.stations.service import StationPolicy, StationService, UnknownStations
from services import fresh_database

TENANT = TenantId("the-operator")
BY = "a test"
PASSWORD = "sixteen-chars-or-more"


class Network:
    """Everything that stands behind a gateway, and the gateway."""

    def __init__(
        self,
        folder: Path,
        *,
        unknown: UnknownStations = UnknownStations.PENDING,
        clock: Clock | None = None,
        **config: Any,
    ) -> None:
        self.clock = clock or SystemClock()
        self.database: Database = fresh_database(folder / "currant.sqlite")
        self.live = LiveFeed()
        self.registry = Registry()
        self.directory = StationDirectory(self.database, self.clock, key=b"k" * 32)
        self.stations = StationService(
            self.database,
            self.directory,
            self.clock,
            StationPolicy(tenant_id=TENANT, unknown_stations=unknown, retry_interval_s=1),
        )
        self.admissions = Admissions(self.database, self.directory, self.registry, self.clock)
        self.inventory = Inventory(self.database, self.directory, self.registry, self.clock)
        self.numbers = Numbers(self.database)
        self.commands = CommandService(self.database, self.directory, self.registry, self.numbers, self.clock)
        self.messages = MessageLog(self.database, self.clock)
        self.device = DeviceModel(self.database, self.clock, key=b"k" * 32)
        self.monitoring = Monitoring(self.database, self.device, self.clock)
        self.profiles = ProfileService(
            self.database,
            self.directory,
            self.commands,
            self.numbers,
            self.clock,
            known=known_to(self.device),
        )
        self.der = DerService(self.database, self.commands, self.clock)
        self.swaps = Swaps(self.database)
        self.energy_needs = EnergyNeedsService(self.database, self.profiles, self.commands, self.clock)
        self.access = AccessService(self.database, self.clock)
        self.charging = ChargingService(
            self.database,
            self.stations,
            self.access,
            self.numbers,
            self.live,
            self.clock,
            commands=self.commands,
        )
        self.reservations = Reservations(
            self.database, self.directory, self.access, self.commands, self.numbers, self.clock
        )
        self.gateway = Gateway(
            GatewayConfig(**({"port": 0, "tls_port": 0, "allow_unauthenticated": True} | config)),
            Services(
                directory=self.directory,
                stations=self.stations,
                charging=self.charging,
                messages=self.messages,
                device=self.device,
                monitoring=self.monitoring,
                profiles=self.profiles,
                der=self.der,
                energy_needs=self.energy_needs,
                swaps=self.swaps,
                clock=self.clock,
                reservations=self.reservations,
            ),
            self.registry,
        )

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.gateway.ports.plain}/ocpp"

    @property
    def tls_url(self) -> str:
        return f"wss://localhost:{self.gateway.ports.tls}/ocpp"

    async def add(self, identity: str, *, password: str | bytes | None = None, **draft: Any) -> Station:
        """Register a station, accepted."""
        station = await self.inventory.create_station(TENANT, StationDraft(identity=identity, **draft), by=BY)
        if password is not None:
            await self.admissions.set_password(TENANT, station.id, password, by=BY)
        return station

    async def issue(self, uid: str, **draft: Any) -> Token:
        return await self.access.create_token(TENANT, TokenDraft(uid=uid, **draft), by=BY)

    async def sessions(self, **wanted: Any) -> list[Session]:
        page = await self.charging.list(TENANT, SessionFilter(**wanted))
        return list(page.items)

    async def log(self, identity: str, **wanted: Any) -> list[Message]:
        """The message log of a station, latest first."""
        await self.flush()
        entry = self.directory.find(identity)
        assert entry is not None
        page = await self.messages.search(TENANT, station_id=entry.station_id, limit=200, **wanted)
        return list(page.items)

    async def findings(self) -> set[tuple[str, str]]:
        """(code, action) of everything that stations were found to do."""
        self.stations.flush_findings()
        await self.flush()
        return {(found.code, found.action) for found in await self.inventory.list_findings(TENANT)}

    async def security_events(self) -> list[str]:
        await self.flush()
        page = await self.inventory.list_security_events(TENANT)
        return [event.kind for event in page.items]

    async def flush(self) -> None:
        """Have what was noted without acknowledgement written."""
        await self.database.decide(lambda conn, changes: None, TENANT)


@asynccontextmanager
async def network(folder: Path, **config: Any) -> AsyncIterator[Network]:
    built = Network(folder, **config)
    await built.numbers.prepare("session")
    await built.stations.start()
    await built.commands.start()
    await built.profiles.start()
    await built.reservations.start()
    await built.gateway.start()
    try:
        yield built
    finally:
        await built.gateway.stop(grace_s=2.0)
        await built.reservations.stop()
        await built.energy_needs.stop()
        await built.device.stop()
        await built.database.close()


def tls_config(authority: Authority, *, organisation: str | None = None) -> TlsConfig:
    made = authority.server_certificates(["localhost", "127.0.0.1"])
    return TlsConfig(
        certificates=tuple((str(files.certificate), str(files.key)) for files in made),
        client_authorities=str(authority.root),
        client_organisation=organisation,
    )


def client_context(
    authority: Authority, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.root))
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def basic(user: str | bytes, password: str | bytes) -> dict[str, str]:
    pair = b":".join(part.encode() if isinstance(part, str) else part for part in (user, password))
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


async def until(condition: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Wait for something that happens by itself."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


def call(message_id: str, action: str, **payload: Any) -> str:
    return msgspec.json.encode([2, message_id, action, payload]).decode()
