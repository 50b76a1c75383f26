"""A network to look at: a dozen places, their stations simulated over real sockets, drivers coming and going.

Everything goes the way of real chargers and real apps: stations connect with their passwords to the
OCPP endpoint, drivers present cards to them or start from an app. Time is the clock's own, so what
is shown is true at the moment it is shown. The same seed makes the same network; a second start on
the same data finds it and goes on.
"""

import asyncio
import logging
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import msgspec

from currant.access.model import AccountDraft, GroupDraft, Presented, TokenDraft, TokenKind
from currant.app.container import Currant
from currant.app.demo_history import PastDriver, PastPlace, make_history
from currant.app.demo_prices import FastCharger, charge_for_the_past, make_prices
from currant.charging.model import Phase, SessionFilter
from currant.kit.clock import micros
from currant.kit.crypto import digest
from currant.kit.errors import Conflict, CurrantError
from currant.kit.ids import LocationId
from currant.simulator import EvseSpec, Faults, Fleet, Site, StationSpec, invent, invent_tokens
from currant.simulator import PowerType as Current
from currant.stations.drafts import LocationDraft, StationDraft
from currant.stations.model import (
    Connector,
    ConnectorFormat,
    ConnectorStandard,
    ConnectorStatus,
    Evse,
    PowerType,
)

log = logging.getLogger(__name__)

BY = "demo"
PREFIX = "DEMO"
CARDS = 60
APPS = 40
BOOT_SPREAD_S = 10.0
# App drivers that begin while people open the page for the first time, and then from time to time.
OPENING_SHARE = 0.4
OPENING_S = 60.0
APP_DRIVER_EVERY_S = 20.0
STAYS_AT_LEAST_S = 300.0
# More than any EVSE can have given in the days that are made up before the first start.
REGISTERS_FROM_WH = 100_000_000
FAULTS = Faults(offline_per_day=2.0, offline_s=300.0, reboots_per_day=1.0, errors_per_day=2.0, error_s=400.0)


class DemoSite(msgspec.Struct, frozen=True, kw_only=True):
    """A place and how busy it is; `per_day` is sessions an EVSE."""

    location: LocationDraft
    site: Site


def _site(
    name: str,
    place: tuple[str, str, str, str],
    coordinates: tuple[float, float],
    time_zone: str,
    demand: str,
    per_day: float,
    *facilities: str,
) -> DemoSite:
    address, postal_code, city, country = place
    return DemoSite(
        location=LocationDraft(
            name=name,
            address=address,
            postal_code=postal_code,
            city=city,
            country=country,
            latitude=coordinates[0],
            longitude=coordinates[1],
            time_zone=time_zone,
            facilities=facilities,
            reference=f"demo-{name.lower().replace(' ', '-')}",
        ),
        site=Site(name=name, time_zone=time_zone, demand=demand, sessions_per_day=per_day),  # type: ignore[arg-type]
    )


SITES: tuple[DemoSite, ...] = (
    _site("Harbour Quay", ("Kaistrasse 4", "20457", "Hamburg", "DE"), (53.5430, 9.9880), "Europe/Berlin", "public", 12, "RESTAURANT"),
    _site("Isar Offices", ("Arnulfweg 12", "80335", "München", "DE"), (48.1420, 11.5500), "Europe/Berlin", "workplace", 6),
    _site("Canal Street", ("Prinsengracht 200", "1016", "Amsterdam", "NL"), (52.3740, 4.8830), "Europe/Amsterdam", "residential", 6),
    _site("Porte de Lyon", ("Aire de Limas", "69400", "Limas", "FR"), (45.9760, 4.7050), "Europe/Paris", "highway", 40, "CAFE", "RESTAURANT"),
    _site("Fjord Ferry", ("Strandgaten 9", "5004", "Bergen", "NO"), (60.3960, 5.3220), "Europe/Oslo", "public", 20, "WIFI"),
    _site("Mercado Central", ("Calle Mayor 31", "46001", "Valencia", "ES"), (39.4740, -0.3790), "Europe/Madrid", "public", 12, "MALL"),
    _site("Thames Depot", ("Dock Road 77", "E16 2AB", "London", "GB"), (51.5080, 0.0490), "Europe/London", "depot", 8),
    _site("Torre Verde", ("Via Torino 5", "20123", "Milano", "IT"), (45.4620, 9.1850), "Europe/Rome", "public", 12, "HOTEL"),
    _site("Riverside Plaza", ("1200 SW Park Ave", "97205", "Portland", "US"), (45.5160, -122.6830), "America/Los_Angeles", "public", 14, "SUPERMARKET"),
    _site("Maple Travel Stop", ("88 Kingston Road", "K7L 1A1", "Kingston", "CA"), (44.2310, -76.4860), "America/Toronto", "highway", 30, "CAFE"),
    _site("Orchard Road", ("Orchard Link 3", "238823", "Singapore", "SG"), (1.3010, 103.8380), "Asia/Singapore", "public", 16, "MALL"),
    _site("Southern Cross", ("Spencer Street 99", "3000", "Melbourne", "AU"), (-37.8180, 144.9530), "Australia/Melbourne", "workplace", 8),
)  # fmt: skip


class DemoNetwork:
    """The demo network of one data directory."""

    def __init__(self, currant: Currant, *, stations: int, seed: int) -> None:
        self._currant = currant
        self._tenant_id = currant.tenancy.host_tenant_id
        self._seed = seed
        self._random = Random(f"{seed}/app drivers")
        self._cards = invent_tokens(CARDS, seed=seed)
        self._apps = [f"APP-{self._random.randrange(16**8):08X}" for _ in range(APPS)]
        self._specs = [
            msgspec.structs.replace(spec, password=self._password(spec.identity), transfers=True)
            for spec in invent(
                stations,
                seed=seed,
                prefix=PREFIX,
                sites=[each.site for each in SITES],
                meter_interval_s=30,
            )
        ]

    @property
    def sites(self) -> int:
        return min(len(SITES), len(self._specs))

    async def prepare(self) -> None:
        """Register what is not there yet: places, stations with passwords, drivers with cards and apps."""
        locations = await self._locations()
        known = {entry.identity for entry in self._currant.directory}
        first_start = not any(spec.identity in known for spec in self._specs)
        for spec in self._specs:
            if spec.identity not in known:
                draft = StationDraft(
                    identity=spec.identity,
                    name=f"{spec.site} {spec.identity.removeprefix(PREFIX + '-').lstrip('0')}",
                    location_id=locations[spec.site],
                    evses=_evses(spec),
                )
                await self._currant.inventory.create_station(self._tenant_id, draft, by=BY)
            entry = self._currant.directory.find(spec.identity)
            assert entry is not None
            assert spec.password is not None
            if not self._currant.directory.check_password(entry, spec.password.encode()):
                await self._currant.admissions.set_password(
                    self._tenant_id, entry.station_id, spec.password, by=BY
                )
        await self._drivers()
        await self._prices(locations)
        if first_start and not (await self._currant.charging.list(self._tenant_id, limit=1)).items:
            await self._past()

    async def _prices(self, locations: dict[str, LocationId]) -> None:
        """Say what charging costs, unless somebody has said anything about prices already."""
        pricing = self._currant.pricing
        if (await pricing.tariffs.list(self._tenant_id, archived=True, limit=1)).items:
            return
        fast = []
        for spec in self._specs:
            entry = self._currant.directory.find(spec.identity)
            assert entry is not None, "It has just been registered."
            direct = [n for n, evse in enumerate(spec.evses, start=1) if evse.power_type is Current.DC]
            if direct and entry.location_id is not None:
                some = () if len(direct) == len(spec.evses) else tuple(direct)
                fast.append(
                    FastCharger(station_id=entry.station_id, location_id=entry.location_id, evses=some)
                )
        await make_prices(
            pricing,
            self._tenant_id,
            places={locations[site.location.name]: site.location.country for site in SITES},
            fast=fast,
        )

    async def _past(self) -> None:
        """Give a network that has never run something to show: the days before."""
        places = []
        for spec in map(self._with_registers, self._specs):
            entry = self._currant.directory.find(spec.identity)
            assert entry is not None, "It has just been registered."
            places.append(
                PastPlace(
                    spec=spec,
                    station_id=entry.station_id,
                    location_id=entry.location_id,
                    registers_wh=spec.register_wh,
                )
            )
        drivers = []
        cursor: str | None = None
        while True:
            page = await self._currant.access.list_tokens(self._tenant_id, cursor=cursor, limit=200)
            drivers += [
                PastDriver(
                    uid=token.uid, kind=token.kind.value, token_id=token.id, account_id=token.account_id
                )
                for token in page.items
            ]
            cursor = page.next_cursor
            if cursor is None:
                break
        made = await make_history(
            self._currant.charging,
            self._tenant_id,
            places,
            drivers,
            now=self._currant.clock.now(),
            seed=self._seed,
        )
        log.info("The demo network was given a past of %d sessions.", made)
        await charge_for_the_past(
            self._currant.database, self._currant.charging, self._tenant_id, now=self._currant.clock.now()
        )

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[Fleet]:
        """The stations connect and drivers come, until the block ends."""
        fleet = Fleet(
            [self._with_registers(spec) for spec in self._specs],
            self._currant.ocpp_url + "{identity}",
            seed=self._seed,
            tokens=self._cards,
            faults=FAULTS,
            boot_spread_s=BOOT_SPREAD_S,
            clock=self._currant.clock,
        )
        fleet.start()
        apps = asyncio.create_task(self._app_drivers(), name="demo app drivers")
        try:
            yield fleet
        finally:
            apps.cancel()
            await asyncio.gather(apps, return_exceptions=True)
            await fleet.stop()

    def _password(self, identity: str) -> str:
        """Known to this installation alone, and the same at every start."""
        key = self._currant.place.installation_key()
        return urlsafe_b64encode(digest(f"demo {identity}".encode(), key=key)).decode()[:20]

    def _with_registers(self, spec: StationSpec) -> StationSpec:
        """Meters that never run backwards from one start to the next: they show the most there can have been."""
        born = min(
            (self._currant.place.folder / "installation.key").stat().st_mtime,
            micros(self._currant.clock.now()) / 1e6,
        )
        hours = (micros(self._currant.clock.now()) / 1e6 - born) / 3600
        dice = Random(f"{self._seed}/{spec.identity}/registers")
        # A 1.6 station tells its register as a 32-bit number (StartTransaction.meterStart).
        registers = (
            REGISTERS_FROM_WH + dice.randrange(10_000, 30_000_000) + int(hours * evse.max_power_w)
            for evse in spec.evses
        )
        return msgspec.structs.replace(
            spec, register_wh=tuple(min(each, 2_000_000_000) for each in registers)
        )

    async def _locations(self) -> dict[str, LocationId]:
        found: dict[str, LocationId] = {}
        cursor: str | None = None
        while True:
            page = await self._currant.inventory.list_locations(self._tenant_id, cursor=cursor, limit=200)
            found.update({location.name: location.id for location in page.items})
            cursor = page.next_cursor
            if cursor is None:
                break
        for site in SITES:
            if site.location.name not in found:
                made = await self._currant.inventory.create_location(self._tenant_id, site.location, by=BY)
                found[made.name] = made.id
        return found

    async def _drivers(self) -> None:
        access, tenant_id = self._currant.access, self._tenant_id
        if (await access.list_tokens(tenant_id, limit=1)).items:
            return
        group = await access.create_group(tenant_id, GroupDraft(name="Orchard Logistics fleet"), by=BY)
        for number, uid in enumerate(self._cards):
            account = await access.create_account(
                tenant_id, AccountDraft(name=f"Driver {number + 1:02d}"), by=BY
            )
            draft = TokenDraft(
                kind=TokenKind.RFID,
                uid=uid,
                visual_number=f"CUR-{number + 1:04d}",
                account_id=account.id,
                group_id=group.id if number % 6 == 0 else None,
            )
            await self._once(draft)
            if number < APPS:
                app = TokenDraft(kind=TokenKind.APP, uid=self._apps[number], account_id=account.id)
                await self._once(app)

    async def _once(self, draft: TokenDraft) -> None:
        try:
            await self._currant.access.create_token(self._tenant_id, draft, by=BY)
        except Conflict:
            log.debug("The token %s is there already.", draft.uid)

    async def _app_drivers(self) -> None:
        """People who start and stop from their telephones: many at first, then now and then."""
        opening = int(len(self._specs) * OPENING_SHARE)
        await asyncio.sleep(BOOT_SPREAD_S / 2)
        for _ in range(opening):
            await asyncio.sleep(OPENING_S / max(opening, 1))
            await self._try(self._someone_starts)
        while True:
            await asyncio.sleep(self._random.expovariate(1 / APP_DRIVER_EVERY_S))
            await self._try(self._random.choice((self._someone_starts, self._someone_stops)))

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except CurrantError as error:
            log.debug("An app driver was turned away: %s", error)
        except Exception:
            log.exception("An app driver of the demo failed; the next one comes.")

    async def _someone_starts(self) -> None:
        spec = self._random.choice(self._specs)
        overview = await self._currant.inventory.get_station(self._tenant_id, spec.identity)
        free = [
            state.evse
            for state in overview.states
            if state.evse > 0 and state.status is ConnectorStatus.AVAILABLE
        ]
        under_way = await self._currant.charging.list(
            self._tenant_id, SessionFilter(phase=Phase.ACTIVE), limit=200
        )
        charging = {session.token_uid for session in under_way.items}
        idle = [uid for uid in self._apps if uid not in charging]
        if free and idle:
            # Who has waited longest: a start under way is no session yet.
            self._apps.remove(idle[0])
            self._apps.append(idle[0])
            await self._currant.charging.start_remotely(
                self._tenant_id,
                overview.station.id,
                Presented(uid=idle[0], kind=TokenKind.APP),
                by="app:demo driver",
                evse=self._random.choice(free),
            )

    async def _someone_stops(self) -> None:
        wanted = SessionFilter(phase=Phase.ACTIVE)
        page = await self._currant.charging.list(self._tenant_id, wanted, limit=200)
        now = self._currant.clock.now()
        long_enough = [
            session
            for session in page.items
            if session.token_uid in self._apps
            and (now - session.started_at).total_seconds() > STAYS_AT_LEAST_S
        ]
        if long_enough:
            session = self._random.choice(long_enough)
            await self._currant.charging.stop_remotely(self._tenant_id, session.id, by="app:demo driver")


def _evses(spec: StationSpec) -> tuple[Evse, ...]:
    return tuple(
        Evse(
            number=number,
            max_power_w=evse.max_power_w,
            connectors=tuple(
                _connector(evse, place, standard) for place, standard in enumerate(evse.connectors, start=1)
            ),
        )
        for number, evse in enumerate(spec.evses, start=1)
    )


def _connector(evse: EvseSpec, number: int, standard: str) -> Connector:
    direct = evse.power_type is Current.DC
    return Connector(
        number=number,
        standard=ConnectorStandard(standard),
        format=ConnectorFormat.CABLE if evse.cable_attached else ConnectorFormat.SOCKET,
        power_type=PowerType.DC
        if direct
        else (PowerType.AC_1_PHASE if evse.phases == 1 else PowerType.AC_3_PHASE),
        max_voltage_v=920 if direct else (230 if evse.phases == 1 else 400),
        max_current_a=round(evse.max_current_a),
        max_power_w=evse.max_power_w,
        phases=None if direct else evse.phases,
    )
