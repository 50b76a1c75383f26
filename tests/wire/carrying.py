"""A network whose stations' files really travel: over HTTPS, with a certificate of Currant's own authority."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from network import TENANT, Network

from currant.api.edge import Edge
from currant.api.routes.files import station_router
from currant.api.server import ApiServer, Tls
from currant.events.delivery import Delivery, Subscription
from currant.pki.authority import Authority
from currant.simulator import EvseSpec, Fleet, StationSpec
from currant.stations.events import StationBooted
from currant.stations.transfers.addressing import Addressing, Bases
from currant.stations.transfers.files import FileLimits, FileService
from currant.stations.transfers.firmware import FirmwareDraft, FirmwareLibrary
from currant.stations.transfers.model import FirmwareImage, Transfer, TransferStatus
from currant.stations.transfers.service import TransferService
from currant.stations.transfers.shelf import Shelf

FAST = 60.0
"""How much faster than a real one a simulated station lives."""


class Content:
    """A file that somebody puts into the library."""

    media_type = ""

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.content, self.announced = name, content, len(content)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.content


class Carrying(Network):
    """A network and what is needed for files."""

    def __init__(self, folder: Path, **config: Any) -> None:
        super().__init__(folder, **config)
        self.authority = Authority.open(folder / "pki", clock=self.clock, organisation="Test")
        self.folder = folder / "files"
        self.shelf = Shelf(self.folder, node="node-1", free_bytes_min=0)
        self.shelf.prepare()
        addressing = Addressing(
            b"k" * 32, lambda: Bases(public=f"https://127.0.0.1:{self.server.port}"), self.clock
        )
        self.transfers = TransferService(
            self.database,
            self.directory,
            self.commands,
            self.inventory,
            self.registry,
            self.numbers,
            addressing,
            self.clock,
        )
        limits = FileLimits()
        self.files = FileService(self.database, self.shelf, self.transfers, addressing, self.clock, limits)
        self.firmware = FirmwareLibrary(self.database, self.shelf, self.files, self.clock, limits)
        self.gateway.services = msgspec.structs.replace(self.gateway.services, transfers=self.transfers)
        self.delivery = Delivery(
            self.database,
            [Subscription("firmware updates", self.transfers.booted, to=(StationBooted,))],
        )

    async def open(self) -> None:
        app = Edge(route_handlers=[station_router], openapi_config=None)
        app.state.services = SimpleNamespace(files=self.files)
        app.state.closing = asyncio.Event()
        made = self.authority.server_certificates(["127.0.0.1"])[0]
        self.server = ApiServer(
            app, host="127.0.0.1", port=0, tls=Tls(certificate=made.certificate, key=made.key)
        )
        await self.server.start()
        await self.numbers.prepare("session")
        for service in (self.stations, self.commands, self.transfers, self.delivery, self.gateway):
            await service.start()

    async def close(self) -> None:
        await self.gateway.stop(grace_s=2.0)
        await self.delivery.stop()
        await self.server.stop()
        await self.energy_needs.stop()
        await self.device.stop()
        await self.database.close()
        self.shelf.close()

    def spec(self, version: str, **given: Any) -> StationSpec:
        return StationSpec(
            **{
                "identity": "SIM-1",
                "version": version,
                "evses": (EvseSpec(),),
                "sessions_per_day": 0,
                "transfers": True,
                "ca_file": str(self.authority.root),
            }
            | given
        )

    @asynccontextmanager
    async def simulated(self, spec: StationSpec, *, speed: float = FAST) -> AsyncIterator[Fleet]:
        """A simulated station, connected and started; `speed` is how fast its own time runs."""
        fleet = Fleet([spec], f"{self.url}/{{identity}}", speed=speed)
        fleet.start()
        try:
            async with asyncio.timeout(20):
                while not await self._is_up(spec.identity):
                    await asyncio.sleep(0.02)
            yield fleet
        finally:
            await fleet.stop()

    async def _is_up(self, identity: str) -> bool:
        entry = self.directory.find(identity)
        if entry is None or not self.registry.is_connected(entry.station_id):
            return False
        overview = await self.inventory.get_station(TENANT, identity)
        return overview.station.firmware_version != ""

    async def image(self, version: str, *, content: bytes | None = None, **described: Any) -> FirmwareImage:
        """Firmware of which a simulated station knows which version it is."""
        if content is None:
            content = f"CURRANT-SIM {version}\n".encode() + b"x" * 100_000
        draft = FirmwareDraft(version=version, **described)
        return await self.firmware.add(
            TENANT, Content(f"fw-{version}.bin", content), lambda: draft, by="a test"
        )

    async def comes_to(
        self,
        transfer: Transfer,
        status: TransferStatus,
        *,
        when: Callable[[Transfer], bool] = lambda _: True,
    ) -> Transfer:
        """The transfer once it has come to this state."""
        found = transfer
        try:
            async with asyncio.timeout(30):
                while True:
                    found = await self.transfers.get(TENANT, transfer.id)
                    if found.status is status and when(found):
                        return found
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"It stays {found.status}: {found.steps}") from None


@asynccontextmanager
async def carrying(folder: Path, **config: Any) -> AsyncIterator[Carrying]:
    built = Carrying(folder, **config)
    await built.open()
    try:
        yield built
    finally:
        await built.close()
