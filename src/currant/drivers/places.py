"""The places of a tenant that drivers may know, in memory on every node: where, what, and whether free.

A tenant's places are read when somebody first asks for them, and kept current by events from then on.
A place is public when an accepted station stands there and its operator has not unlisted it; a station
without a location is nowhere, and so for nobody but its operator.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime

import msgspec

from currant.charging.events import SessionEnded, SessionStarted
from currant.charging.model import Phase, SessionFilter
from currant.charging.service import ChargingService
from currant.db.engine import Database
from currant.drivers import codes, places_store
from currant.drivers.events import PlaceListingChanged
from currant.drivers.model import EvseState, PlaceMark
from currant.kit.errors import NotFound
from currant.kit.event import Event
from currant.kit.ids import LocationId, StationId, TenantId
from currant.stations import events as stations
from currant.stations.directory import StationDirectory
from currant.stations.inventory import Inventory, StationFilters
from currant.stations.model import (
    Admission,
    ConnectorStandard,
    ConnectorStatus,
    Evse,
    Location,
    StationOverview,
)

LOCATIONS_MAX = 20_000
STATIONS_MAX = 50_000
SESSIONS_MAX = 100_000
AT_ONCE = 500
TENANTS_MAX = 200

PLACE_EVENTS: tuple[type[Event], ...] = (
    stations.StationConnected,
    stations.StationDisconnected,
    stations.StationAppeared,
    stations.StationAdmitted,
    stations.StationChanged,
    stations.LocationChanged,
    stations.ConnectorStatusChanged,
    SessionStarted,
    SessionEnded,
    PlaceListingChanged,
)
"""What the directory of places has to hear of, on every node."""

Spot = tuple[StationId, int]
"""(station, EVSE)."""

_CHARGING = frozenset(
    {ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE}
)
_THERE = frozenset({ConnectorStatus.OCCUPIED, ConnectorStatus.PREPARING, ConnectorStatus.FINISHING})
# The first of these that any connector of an EVSE has is the EVSE's state.
_ORDER = (
    (_CHARGING, EvseState.CHARGING),
    (_THERE, EvseState.OCCUPIED),
    (frozenset({ConnectorStatus.RESERVED}), EvseState.RESERVED),
    (frozenset({ConnectorStatus.AVAILABLE}), EvseState.AVAILABLE),
    (frozenset({ConnectorStatus.FAULTED}), EvseState.FAULTED),
    (frozenset({ConnectorStatus.UNAVAILABLE}), EvseState.UNAVAILABLE),
)


class Status(msgspec.Struct, frozen=True):
    status: ConnectorStatus
    since: datetime | None = None


class PublicStation:
    """A station at a public place, as it stands now."""

    __slots__ = (
        "connected",
        "connected_since",
        "evses",
        "identity",
        "location_id",
        "name",
        "states",
        "station_id",
    )

    def __init__(self, overview: StationOverview) -> None:
        station = overview.station
        assert station.location_id is not None, "Only stations at a location are public."
        self.station_id = station.id
        self.identity = station.identity
        self.name = station.name
        self.location_id = station.location_id
        self.evses = {evse.number: evse for evse in station.evses}
        self.connected = station.connected
        self.connected_since = station.connected_at
        self.states = {
            (state.evse, state.connector): Status(state.last_reported or state.status, state.since)
            for state in overview.states
        }

    def of_evse(self, evse: int) -> list[Status]:
        broken = [
            state
            for (number, _), state in self.states.items()
            if number == 0 and state.status in (ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE)
        ]
        # What the station says of itself as a whole holds for all its EVSEs where it is bad.
        return broken or [state for (number, _), state in self.states.items() if number == evse]

    def code_of(self, evse: Evse) -> str:
        return codes.codes_of(self.identity, evse.number, evse.reference, alone=len(self.evses) == 1)[0]

    def name_of(self, evse: Evse) -> str:
        name = self.name or self.identity
        return name if len(self.evses) == 1 else f"{name} · {evse.number}"


class PublicPlace:
    """A location and the public stations at it."""

    __slots__ = ("listed", "location", "mark", "photos", "stations")

    def __init__(self, location: Location) -> None:
        self.location = location
        self.stations: dict[StationId, PublicStation] = {}
        self.photos: tuple[str, ...] = ()
        self.listed = True
        self.mark: PlaceMark | None = None
        """How it stands on the map, until something about it changes."""

    def evses(self) -> Iterator[tuple[PublicStation, Evse]]:
        for station in sorted(self.stations.values(), key=lambda each: each.identity):
            for number in sorted(station.evses):
                yield station, station.evses[number]

    @property
    def is_public(self) -> bool:
        return self.listed and bool(self.stations)


def standards_of(evse: Evse) -> frozenset[ConnectorStandard]:
    """What fits there; nothing is known of an EVSE that nobody has described."""
    return frozenset() if evse.learned else frozenset(each.standard for each in evse.connectors)


def power_of(evse: Evse) -> int | None:
    watts = [each.max_power_w for each in evse.connectors if each.max_power_w is not None]
    return evse.max_power_w or max(watts, default=None)


class TenantPlaces:
    """All of one tenant's places, by location, station and code."""

    def __init__(self, tenant_id: TenantId) -> None:
        self.tenant_id = tenant_id
        self.places: dict[LocationId, PublicPlace] = {}
        self.stations: dict[StationId, PublicStation] = {}
        self.running: dict[Spot, set[str]] = {}
        self.changes = 0
        """Counts up with whatever drivers may see of any place."""
        self._printed: dict[str, set[Spot]] = {}
        self._called: dict[str, set[Spot]] = {}
        self._loose: dict[str, set[Spot]] = {}
        self._states: dict[Spot, tuple[EvseState, datetime | None]] = {}

    def moved(self, station_id: StationId | None = None) -> None:
        """Something about a station, or about places at large, is otherwise than it was."""
        self.changes += 1
        station = None if station_id is None else self.stations.get(station_id)
        if station is not None:
            for evse in station.evses:
                self._states.pop((station.station_id, evse), None)
            place = self.places.get(station.location_id)
            if place is not None:
                place.mark = None

    def public(self) -> Iterator[PublicPlace]:
        return (place for place in self.places.values() if place.is_public)

    def place(self, location_id: str) -> PublicPlace:
        """A public place; NotFound otherwise."""
        place = self.places.get(LocationId(location_id))
        if place is None or not place.is_public:
            raise NotFound("There is no such place.", field="place")
        return place

    def find(self, code: str) -> tuple[PublicPlace, PublicStation, Evse] | None:
        """What a code leads to; None where it leads nowhere public, or to several places."""
        wanted = codes.normalised(code)
        if not wanted:
            return None
        # What is printed on an EVSE is meant before what another one merely is called; some leave the
        # hyphens out.
        found = self._printed.get(wanted) or self._called.get(wanted) or self._loose.get(wanted)
        if found is None or len(found) != 1:
            return None
        (station_id, evse) = next(iter(found))
        return self.at(station_id, evse)

    def at(self, station_id: StationId, evse: int | None) -> tuple[PublicPlace, PublicStation, Evse] | None:
        station = self.stations.get(station_id)
        if station is None or evse is None or evse not in station.evses:
            return None
        place = self.places.get(station.location_id)
        if place is None or not place.is_public:
            return None
        return place, station, station.evses[evse]

    def state_of(self, station: PublicStation, evse: Evse) -> tuple[EvseState, datetime | None]:
        """An EVSE in one word, and since when."""
        spot = (station.station_id, evse.number)
        known = self._states.get(spot)
        if known is None:
            known = self._states[spot] = self._state_of(station, evse)
        return known

    def _state_of(self, station: PublicStation, evse: Evse) -> tuple[EvseState, datetime | None]:
        if not station.connected:
            return EvseState.OFFLINE, None
        told = station.of_evse(evse.number)
        for statuses, state in _ORDER:
            fitting = [each for each in told if each.status in statuses]
            if fitting:
                since = max((each.since for each in fitting if each.since is not None), default=None)
                if state is EvseState.OCCUPIED and self.running.get((station.station_id, evse.number)):
                    # OCPP 2.x has one word for a vehicle that stands there and one that charges.
                    state = EvseState.CHARGING
                return state, since
        return EvseState.UNKNOWN, None

    def put_location(self, location: Location) -> PublicPlace:
        place = self.places.get(location.id)
        if place is None:
            place = self.places[location.id] = PublicPlace(location)
        else:
            place.location, place.mark = location, None
        self.changes += 1
        return place

    def drop_location(self, location_id: LocationId) -> None:
        place = self.places.pop(location_id, None)
        for station in () if place is None else place.stations.values():
            self._index(station, there=False)
            self.stations.pop(station.station_id, None)
        self.changes += 1

    def put_station(self, overview: StationOverview) -> None:
        self.drop_station(overview.station.id)
        self.changes += 1
        station = overview.station
        if station.admission is not Admission.ACCEPTED or station.location_id is None:
            return
        place = self.places.get(station.location_id)
        if place is not None:
            public = PublicStation(overview)
            self.stations[station.id] = place.stations[station.id] = public
            self._index(public, there=True)
            place.mark = None

    def drop_station(self, station_id: StationId) -> None:
        self.moved(station_id)
        known = self.stations.pop(station_id, None)
        if known is not None:
            self._index(known, there=False)
        if known is not None and (place := self.places.get(known.location_id)) is not None:
            place.stations.pop(station_id, None)

    def _index(self, station: PublicStation, *, there: bool) -> None:
        """Note, or forget, every code that means one of a station's EVSEs."""
        alone = len(station.evses) == 1
        for evse in station.evses.values():
            spot = (station.station_id, evse.number)
            every = codes.codes_of(station.identity, evse.number, evse.reference, alone=alone)
            printed = [codes.normalised(evse.reference)]
            # Without hyphens the first EVSE of CP-1 and the station CP-11 would be one: not so for what
            # is put together from an identity and a number.
            loose = [codes.without_hyphens(key) for key in codes.keys_of(every[:-1])]
            for index, keys in (
                (self._printed, printed),
                (self._called, codes.keys_of(every)),
                (self._loose, loose),
            ):
                for key in filter(None, keys):
                    spots = index.setdefault(key, set())
                    if there:
                        spots.add(spot)
                    else:
                        spots.discard(spot)
                    if not spots:
                        del index[key]


class Places:
    """The directory. `of` gives a tenant's places; `follow` is to be told of PLACE_EVENTS."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        inventory: Inventory,
        charging: ChargingService,
    ) -> None:
        self._database = database
        self._directory = directory
        self._inventory = inventory
        self._charging = charging
        self._tenants: dict[TenantId, TenantPlaces] = {}
        self._loading: dict[TenantId, asyncio.Task[TenantPlaces]] = {}
        # What changed while its tenant was being read, to be looked at again.
        self._touched: dict[TenantId, list[Event]] = {}

    async def of(self, tenant_id: TenantId) -> TenantPlaces:
        """A tenant's places; read from the database the first time."""
        known = self._tenants.get(tenant_id)
        if known is not None:
            return known
        loading = self._loading.get(tenant_id)
        if loading is None:
            loading = asyncio.create_task(self._load(tenant_id), name="places of a tenant")
            self._loading[tenant_id] = loading
            self._touched[tenant_id] = []
            loading.add_done_callback(lambda _: self._loading.pop(tenant_id, None))
        # Whoever asked first may go away; the others still wait for the answer.
        return await asyncio.shield(loading)

    def known(self, tenant_id: TenantId) -> TenantPlaces | None:
        """A tenant's places where they are in memory."""
        return self._tenants.get(tenant_id)

    async def follow(self, event: Event) -> None:
        """Keep up with what changed."""
        if event.tenant_id in self._loading:
            self._touched[event.tenant_id].append(event)
            return
        tenant = self._tenants.get(event.tenant_id)
        if tenant is not None:
            await self._take(tenant, event)

    async def stop(self) -> None:
        for loading in list(self._loading.values()):
            loading.cancel()
        await asyncio.gather(*self._loading.values(), return_exceptions=True)

    async def _load(self, tenant_id: TenantId) -> TenantPlaces:
        tenant = TenantPlaces(tenant_id)
        cursor: str | None = None
        while len(tenant.places) < LOCATIONS_MAX:
            page = await self._inventory.list_locations(tenant_id, cursor=cursor, limit=AT_ONCE)
            for location in page.items:
                tenant.put_location(location)
            cursor = page.next_cursor
            if cursor is None:
                break
        unlisted, photos = await self._database.read(
            lambda conn: (places_store.unlisted(conn, tenant_id), places_store.photos(conn, tenant_id))
        )
        for place in tenant.places.values():
            place.listed = place.location.id not in unlisted
            place.photos = photos.get(place.location.id, ())
        accepted = StationFilters(admission=Admission.ACCEPTED)
        cursor, seen = None, 0
        while seen < STATIONS_MAX:
            found = await self._inventory.list_stations(tenant_id, accepted, cursor=cursor, limit=AT_ONCE)
            for overview in found.items:
                tenant.put_station(overview)
            seen, cursor = seen + len(found.items), found.next_cursor
            if cursor is None:
                break
        await self._load_sessions(tenant)
        # Everybody's first question at once is one load; what happened meanwhile is looked at now.
        while self._touched.get(tenant_id):
            await self._take(tenant, self._touched[tenant_id].pop(0))
        self._touched.pop(tenant_id, None)
        if len(self._tenants) >= TENANTS_MAX:
            self._tenants.pop(next(iter(self._tenants)))
        self._tenants[tenant_id] = tenant
        self._loading.pop(tenant_id, None)
        return tenant

    async def _load_sessions(self, tenant: TenantPlaces) -> None:
        cursor, seen = None, 0
        while seen < SESSIONS_MAX:
            page = await self._charging.list(
                tenant.tenant_id, SessionFilter(phase=Phase.ACTIVE), cursor=cursor, limit=AT_ONCE
            )
            for session in page.items:
                if session.evse is not None:
                    tenant.running.setdefault((session.station_id, session.evse), set()).add(session.id)
            seen, cursor = seen + len(page.items), page.next_cursor
            if cursor is None:
                break

    async def _take(self, tenant: TenantPlaces, event: Event) -> None:
        await self._apply(tenant, event)
        tenant.moved(getattr(event, "station_id", None))

    async def _apply(self, tenant: TenantPlaces, event: Event) -> None:
        match event:
            case stations.StationConnected():
                station = tenant.stations.get(event.station_id)
                if station is not None:
                    station.connected, station.connected_since = True, event.happened_at
            case stations.StationDisconnected():
                station = tenant.stations.get(event.station_id)
                # Of a connection that a newer one has taken the place of nothing follows.
                if station is not None and (
                    event.connected_at is None
                    or station.connected_since is None
                    or station.connected_since <= event.connected_at
                ):
                    station.connected = False
            case stations.ConnectorStatusChanged():
                await self._status(tenant, event)
            case stations.LocationChanged():
                await self._look_at_location(tenant, event.location_id)
            case PlaceListingChanged():
                await self._look_at_location(tenant, event.location_id)
            case SessionStarted() | SessionEnded():
                if event.evse is not None:
                    running = tenant.running.setdefault((event.station_id, event.evse), set())
                    if isinstance(event, SessionStarted):
                        running.add(event.session_id)
                    else:
                        running.discard(event.session_id)
                    if not running:
                        del tenant.running[event.station_id, event.evse]
            case stations.StationChanged() | stations.StationAdmitted() | stations.StationAppeared():
                await self._look_at_station(tenant, event.station_id)

    async def _status(self, tenant: TenantPlaces, event: stations.ConnectorStatusChanged) -> None:
        station = tenant.stations.get(event.station_id)
        if station is None:
            return
        if event.evse and event.evse not in station.evses:
            # An EVSE that nobody knew: the station just told of it.
            await self._look_at_station(tenant, event.station_id)
            return
        station.states[event.evse, event.connector] = Status(event.after, event.happened_at)

    async def _look_at_station(self, tenant: TenantPlaces, station_id: StationId) -> None:
        if self._directory.by_id(station_id) is None:
            # It may hear of a new station a moment after us.
            await self._directory.reload(station_id=station_id)
        try:
            overview = await self._inventory.get_station(tenant.tenant_id, station_id)
        except NotFound:
            tenant.drop_station(station_id)
            return
        tenant.put_station(overview)

    async def _look_at_location(self, tenant: TenantPlaces, location_id: LocationId) -> None:
        try:
            location = await self._inventory.get_location(tenant.tenant_id, location_id)
        except NotFound:
            tenant.drop_location(location_id)
            return
        place = tenant.put_location(location)
        tenant_id = tenant.tenant_id
        unlisted, photos = await self._database.read(
            lambda conn: (
                places_store.unlisted(conn, tenant_id, location_id),
                places_store.photos(conn, tenant_id, location_id),
            )
        )
        place.listed = location_id not in unlisted
        place.photos = photos.get(location_id, ())
