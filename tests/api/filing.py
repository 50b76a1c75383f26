"""An API that takes files, over real HTTPS with a certificate of Currant's own authority."""

import ssl
from pathlib import Path
from typing import Any

import httpx
import msgspec
from served import KEY, LOCAL_KEY, Api

from currant.api.server import ApiServer, Tls
from currant.db.numbers import Numbers
from currant.kit.clock import ManualClock
from currant.kit.ids import StationId
from currant.pki.authority import Authority
from currant.stations.drafts import StationDraft
from currant.stations.transfers.addressing import Addressing, Bases
from currant.stations.transfers.files import FileLimits, FileService
from currant.stations.transfers.firmware import FirmwareLibrary
from currant.stations.transfers.service import TransferService
from currant.stations.transfers.shelf import Shelf


class Filing:
    """What travels: `station` is connected and says yes to everything, `owner` may do everything."""

    def __init__(self, api: Api, folder: Path, **limits: Any) -> None:
        self.api = api
        self.folder = folder / "files"
        self.clock = ManualClock(api.clock.now())
        self.authority = Authority.open(folder / "pki", clock=api.clock, organisation="Test")
        self.shelf = Shelf(self.folder, node="node-1", free_bytes_min=0)
        self.shelf.prepare()
        self.limits = FileLimits(**limits)
        self.addressing = Addressing(KEY, lambda: Bases(public=self.address), self.clock)
        self.transfers = TransferService(
            api.database,
            api.directory,
            api.commands,
            api.inventory,
            api.link,
            Numbers(api.database),
            self.addressing,
            self.clock,
        )
        self.files = FileService(
            api.database, self.shelf, self.transfers, self.addressing, self.clock, self.limits
        )
        self.firmware = FirmwareLibrary(api.database, self.shelf, self.files, self.clock, self.limits)
        self._open: list[httpx.AsyncClient] = []

    async def start(self) -> "Filing":
        state = self.api.app.state
        state.services = msgspec.structs.replace(
            state.services, transfers=self.transfers, files=self.files, firmware=self.firmware
        )
        await self.transfers.start()
        made = self.authority.server_certificates(["127.0.0.1"])[0]
        self.server = ApiServer(
            self.api.app, host="127.0.0.1", port=0, tls=Tls(certificate=made.certificate, key=made.key)
        )
        await self.server.start()
        self.tenant_id = (await self.api.owner()).tenant_id
        self.station = await self.added("CP-1")
        self.owner = self.client(LOCAL_KEY)
        self.charger = self.client()
        return self

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.server.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority.root))

    def client(self, secret: str = "") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        client = httpx.AsyncClient(base_url=self.address, headers=headers, verify=self.trust, timeout=20)
        self._open.append(client)
        return client

    async def added(self, identity: str) -> StationId:
        station = await self.api.inventory.create_station(
            self.tenant_id, StationDraft(identity=identity), by="a test"
        )
        self.api.link.connected.add(station.id)
        return station.id

    async def log_wanted(self, **body: Any) -> tuple[dict[str, Any], str]:
        """A transfer that the station accepted, and the address that it was given."""
        answer = await self.owner.post("/api/v1/stations/CP-1/logs", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json(), self.told().url

    def told(self) -> Any:
        """What the station was told last."""
        return self.api.link.sent[-1][1]

    async def transfer(self, transfer_id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.owner.get(f"/api/v1/transfers/{transfer_id}")).json()
        return found

    async def image(self, content: bytes, **described: str) -> dict[str, Any]:
        """An image of this content, kept here."""
        parameters = {"version": "2.0"} | described
        answer = await self.owner.post("/api/v1/firmware", params=parameters, content=content)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def stop(self) -> None:
        for client in self._open:
            await client.aclose()
        await self.server.stop()
        self.shelf.close()
