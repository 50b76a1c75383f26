"""A whole installation for browsers to look at: Currant and a handful of simulated chargers, in a thread of its own.

The thread has its own event loop, so chargers go on charging while a test waits for a page. What a
test wants of the chargers it asks for by name (`charge`, `fault`, `mend`, `cut`, `restore`), what it
wants of the server it asks of the public API (`ask`) or of the server itself (`inside`).
"""

import asyncio
import contextlib
import gc
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from currant.app.container import Currant, running
from currant.app.settings import load
from currant.db.engine import Database
from currant.db.migrating import newest_version
from currant.simulator import EvseSpec, Fleet, PowerType, StationSpec, drivers
from currant.simulator.outlet import Outlet
from currant.simulator.specs import Timing
from currant.simulator.station import Station
from currant.tenancy.local_key import read_local_key

T = TypeVar("T")

PASSWORD = "a password for every test"
STATION_PASSWORD = "a-password-of-chargers"
CARD = "04A1B2C3D4E5F6"
ROLES = ("owner", "operator", "support", "read_only")

AC = EvseSpec()
DC = EvseSpec(power_type=PowerType.DC, max_power_w=150_000, connectors=("IEC_62196_T2_COMBO",), cable_attached=True)  # fmt: skip

STATIONS = (
    StationSpec(identity="QUAY-1", version="1.6", evses=(AC, AC), model="Pillar 2x22"),
    StationSpec(identity="QUAY-2", version="2.0.1", evses=(DC,), vendor="Vltava", model="Fast 150"),
    StationSpec(identity="QUAY-3", version="2.1", evses=(DC, AC), vendor="Vltava", model="Fast 150"),
    StationSpec(identity="MILL-1", version="2.0.1", evses=(AC,)),
)
"""Connected: QUAY-1 free, QUAY-2 charging, QUAY-3 faulted at its first EVSE, MILL-1 free.
Besides, MILL-2 is registered and has never been seen, and NEW-1 waits to be accepted."""

PLACES: tuple[dict[str, Any], ...] = (
    {"name": "Harbour Quay", "address": "Kaistrasse 4", "postal_code": "20457", "city": "Hamburg", "country": "DE", "latitude": 53.543, "longitude": 9.988, "time_zone": "Europe/Berlin"},
    {"name": "Old Mill", "address": "Prinsengracht 200", "postal_code": "1016", "city": "Amsterdam", "country": "NL", "latitude": 52.374, "longitude": 4.883, "time_zone": "Europe/Amsterdam"},
)  # fmt: skip


class Bed:
    """An installation that runs; made by `bed`."""

    def __init__(self, folder: Path, specs: Sequence[StationSpec], options: dict[str, Any]) -> None:
        self.folder = folder
        self._specs = [_known(spec) for spec in specs]
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._live, name="installation", daemon=True)

    currant: Currant
    fleet: Fleet
    api: httpx.AsyncClient
    locations: dict[str, str]

    @property
    def url(self) -> str:
        """Where browsers go. A name, for passkeys are given to names and not to addresses."""
        return f"http://localhost:{self.currant.api.port}"

    @property
    def console(self) -> str:
        return f"{self.url}/console"

    # The thread

    def _live(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._run())
        except BaseException as error:
            self._failed = error
        finally:
            self._ready.set()

    async def _run(self) -> None:
        async with running(_settings(self.folder, self._options)) as currant:
            self.currant = currant
            self.fleet = Fleet(
                self._specs,
                self.currant.ocpp_url + "{identity}",
                tokens=[CARD],
                timing=Timing(boot_s=0.5, reconnect_min_s=0.2, reconnect_max_s=1.0),
            )
            self._ready.set()
            await self._stop.wait()
            await self.fleet.stop()

    async def start(self) -> None:
        _make_tables(self.folder)
        thresholds = gc.get_threshold()
        self._thread.start()
        await asyncio.to_thread(self._ready.wait)
        # A server sets the garbage collector of its process, and here that is the tests' own.
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        if self._failed is not None:
            raise self._failed
        key = read_local_key(self.folder)
        self.api = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=40
        )

    async def close(self) -> None:
        await self.api.aclose()
        self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join, 30)

    async def inside(self, act: Callable[[], Awaitable[T] | T]) -> T:
        """Do something in the installation's own loop and thread: to its services, or to its chargers."""

        async def there() -> T:
            done = act()
            return await done if isinstance(done, Awaitable) else done

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(there(), self._loop))

    # The server

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """Call the API under /api/v1 with an owner's rights; the body of the answer, which must be a success."""
        answer = await self.api.request(method, f"/api/v1{path}", **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def eventually(self, look: Callable[[], Awaitable[T]], *, within_s: float = 60.0) -> T:
        """What `look` returns once it is true."""
        async with asyncio.timeout(within_s):
            while True:
                found = await look()
                if found:
                    return found
                await asyncio.sleep(0.05)

    async def add_person(self, role: str, login: str, *, name: str = "") -> None:
        """Somebody who signs in with PASSWORD."""
        added = await self.ask("POST", "/people/", json={"login": login, "role": role, "name": name})
        async with httpx.AsyncClient(base_url=self.url, timeout=60) as browser:
            once = {"login": login, "password": added["one_time_password"]}
            me = (await browser.post("/api/v1/login", json=once)).raise_for_status().json()
            changed = await browser.post(
                "/api/v1/me/password",
                json={"current_password": once["password"], "new_password": PASSWORD},
                headers={"X-CSRF-Token": me["csrf_token"]},
            )
            changed.raise_for_status()

    async def furnish(self) -> None:
        """Places, chargers in different states, a card, and somebody of every role."""
        self.locations = {}
        for place in PLACES:
            self.locations[place["name"]] = (await self.ask("POST", "/locations/", json=place))["id"]
        for spec in self._specs:
            await self.register(spec.identity, spec)
        await self.register("MILL-2")
        await self.ask("POST", "/stations/", json={"identity": "NEW-1", "admission": "pending"})
        await self.ask("POST", "/tokens/", json={"uid": CARD, "visual_number": "CUR-0001"})
        for role in ROLES:
            await self.add_person(
                role, f"{role}@bed.example", name=f"An {role}" if role[0] == "o" else f"A {role}"
            )
        await self.inside(self.fleet.start)
        for spec in self._specs:
            await self.connected(spec.identity)
        await self.charge("QUAY-2")
        await self.fault("QUAY-3")

        async def charging() -> bool:
            found = await self.ask("GET", "/sessions/", params={"active": True})
            return bool(found["items"])

        await self.eventually(charging)

    async def register(self, identity: str, spec: StationSpec | None = None) -> None:
        place = "Harbour Quay" if identity.startswith("QUAY") else "Old Mill"
        evses = [
            {
                "number": number,
                "max_power_w": evse.max_power_w,
                "connectors": [
                    {
                        "number": place,
                        "standard": standard,
                        "format": "cable" if evse.cable_attached else "socket",
                        "power_type": "DC" if evse.power_type is PowerType.DC else "AC_3_PHASE",
                        "max_power_w": evse.max_power_w,
                    }
                    for place, standard in enumerate(evse.connectors, start=1)
                ],
            }
            for number, evse in enumerate(spec.evses if spec else (AC,), start=1)
        ]
        draft = {"identity": identity, "name": f"{place} {identity[-1]}", "evses": evses}
        await self.ask("POST", "/stations/", json={**draft, "location_id": self.locations.get(place)})
        await self.ask("POST", f"/stations/{identity}/password", json={"password": STATION_PASSWORD})

    # The chargers

    def station(self, identity: str) -> Station:
        return next(each for each in self.fleet.stations if each.spec.identity == identity)

    async def connected(self, identity: str) -> None:
        async def look() -> bool:
            # Accepted as well: before that, a charger lets nobody charge.
            return await self.inside(lambda: self.station(identity).online)

        await self.eventually(look)

    async def at(self, identity: str, evse: int, act: Callable[[Station, Outlet], None]) -> None:
        link = next(each for each in self.fleet.links if each.station.spec.identity == identity)

        def there() -> None:
            station = link.station
            now = self.fleet.time.now()
            station.at(now, lambda: act(station, station.outlets[evse - 1]))
            station.advance(now)
            link.arrange()

        await self.inside(there)

    async def charge(self, identity: str, evse: int = 1, *, card: str = CARD) -> None:
        """A driver plugs in and holds a card to the charger: a session begins within seconds."""

        def arrive(station: Station, outlet: Outlet) -> None:
            visit = drivers.visit(station.spec, evse, card, station.drivers_dice)
            outlet.visit, outlet.vehicle = visit, visit.vehicle
            outlet.round += 1
            outlet.plug_in()
            outlet.present_token()

        await self.at(identity, evse, arrive)

    async def leave(self, identity: str, evse: int = 1) -> None:
        """The driver stops with the card and pulls the cable."""

        def go(station: Station, outlet: Outlet) -> None:
            outlet.stop("Local")
            outlet.unplug()

        await self.at(identity, evse, go)

    async def fault(
        self, identity: str, evse: int = 1, *, fault: str = "ground", seconds: float = 3600
    ) -> None:
        await self.at(identity, evse, lambda station, outlet: station.break_down(outlet, fault, seconds))

    async def mend(self, identity: str, evse: int = 1) -> None:
        def well(station: Station, outlet: Outlet) -> None:
            fault, outlet.fault = outlet.fault, None
            if fault is not None:
                station.dialect.faulted(outlet, fault, cleared=True)
            station.show_status(outlet)

        await self.at(identity, evse, well)

    async def cut(self, identity: str) -> None:
        """The charger's line is cut, and stays so until `restore`."""

        def gone(station: Station, _: Outlet) -> None:
            station.has_network = False
            station.wants_disconnect = True

        await self.at(identity, 1, gone)

    async def restore(self, identity: str) -> None:
        await self.at(identity, 1, lambda station, _: setattr(station, "has_network", True))


def _known(spec: StationSpec) -> StationSpec:
    return msgspec.structs.replace(spec, password=STATION_PASSWORD, meter_interval_s=5)


def _settings(folder: Path, options: dict[str, Any]) -> Any:
    wanted = {
        "data_dir": folder,
        "operator": "Test network",
        "ocpp.port": 0,
        "ocpp.tls_port": 0,
        "http.port": 0,
        **options,
    }
    return load(options=wanted, environment={})


def _make_tables(folder: Path) -> None:
    """The tables as the stores declare them: faster than migrating, which has tests of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "currant.sqlite"
    if path.exists():
        return  # The installation is started again.
    database = Database.open(f"sqlite:///{path}", create_all=True)
    database.backend.close()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(64) NOT NULL PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (newest_version(),))


@asynccontextmanager
async def bed(
    folder: Path, specs: Sequence[StationSpec] = STATIONS, *, furnished: bool = True, **options: Any
) -> AsyncIterator[Bed]:
    """A running installation. Options are dotted, as on the command line (`**{"map.tiles": "…"}`)."""
    made = Bed(folder, specs, options)
    await made.start()
    try:
        if furnished:
            await made.furnish()
        yield made
    finally:
        await made.close()
