"""The network as operators keep it: locations, and the stations registered at them."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import LocationId, StationId, TenantId, new_id
from currant.stations import paging, store
from currant.stations.admission import entry_of, unknown_station
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.drafts import (
    LocationChange,
    LocationDraft,
    StationChange,
    StationDraft,
    changed,
    check_location,
    check_station,
)
from currant.stations.events import LocationChanged, StationChanged
from currant.stations.link import StationLink
from currant.stations.model import (
    ConnectorState,
    ConnectorStatus,
    Finding,
    Location,
    Page,
    SecurityEvent,
    Severity,
    Station,
    StationConnection,
    StationOverview,
    StatusChange,
)
from currant.stations.reports import acceptable_identity
from currant.stations.store.stations import Filters

StationFilters = Filters
ALL = StationFilters()
FINDINGS_MAX = 1_000


class Inventory:
    """Locations and stations made, changed, listed; what became of them read. A station is named by id or identity."""

    def __init__(
        self, database: Database, directory: StationDirectory, link: StationLink, clock: Clock
    ) -> None:
        self._database = database
        self._directory = directory
        self._link = link
        self._clock = clock

    # Locations

    async def create_location(self, tenant_id: TenantId, draft: LocationDraft, *, by: str) -> Location:
        location = location_of(tenant_id, draft)

        def make(conn: Connection, changes: ChangeSet) -> Location:
            self.save_location(conn, changes, location, ("created",), by)
            return location

        return await self._database.decide(make, tenant_id)

    async def update_location(
        self, tenant_id: TenantId, location_id: LocationId, change: LocationChange, *, by: str
    ) -> Location:
        def apply(conn: Connection, changes: ChangeSet) -> Location:
            before = store.locations.by_id(conn, tenant_id, location_id)
            if before is None:
                raise _unknown_location(location_id)
            after, fields = changed(before, change)
            if fields:
                check_location(after)
                self.save_location(conn, changes, after, fields, by)
            return after

        return await self._database.decide(apply, tenant_id)

    def save_location(
        self, conn: Connection, changes: ChangeSet, location: Location, fields: tuple[str, ...], by: str
    ) -> None:
        """Add a new (`created`) or changed location to a change set, within a decision."""
        if location.reference and ("created" in fields or "reference" in fields):
            references = store.locations.by_references(conn, location.tenant_id, [location.reference])
            if references:
                raise Conflict(
                    f"A location with the reference {location.reference} exists already.", field="reference"
                )
        now = self._clock.now()
        if "created" in fields:
            store.locations.insert(changes, location, now=now)
        else:
            store.locations.save(changes, location, now=now)
        changes.emit(
            LocationChanged(
                tenant_id=location.tenant_id, happened_at=now, location_id=location.id, fields=fields, by=by
            )
        )

    async def delete_location(self, tenant_id: TenantId, location_id: LocationId, *, by: str) -> None:
        """Forget a location; Conflict while it has stations."""

        def delete(conn: Connection, changes: ChangeSet) -> None:
            if store.locations.by_id(conn, tenant_id, location_id) is None:
                raise _unknown_location(location_id)
            if store.locations.has_stations(conn, tenant_id, location_id):
                raise Conflict("The location has stations: move them elsewhere first.", location=location_id)
            store.locations.delete(changes, tenant_id, location_id)
            now = self._clock.now()
            changes.emit(
                LocationChanged(
                    tenant_id=tenant_id, happened_at=now, location_id=location_id, fields=("deleted",), by=by
                )
            )

        await self._database.decide(delete, tenant_id)

    async def get_location(self, tenant_id: TenantId, location_id: LocationId) -> Location:
        location = await self._database.read(lambda conn: store.locations.by_id(conn, tenant_id, location_id))
        if location is None:
            raise _unknown_location(location_id)
        return location

    async def list_locations(
        self,
        tenant_id: TenantId,
        *,
        text: str | None = None,
        country: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Location]:
        """By name."""
        limit = paging.bounded(limit)
        after: tuple[str, str] | None = None
        if cursor is not None:
            name, last = paging.decode(cursor, str, str)
            after = (str(name), str(last))
        rows = await self._database.read(
            lambda conn: store.locations.search(
                conn, tenant_id, text=text, country=country, after=after, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda location: paging.encode(location.name, location.id))

    # Stations

    async def create_station(self, tenant_id: TenantId, draft: StationDraft, *, by: str) -> Station:
        """Register a station; Conflict when its identity is taken, by whatever tenant."""
        station = station_of(tenant_id, draft, now=self._clock.now())

        def make(conn: Connection, changes: ChangeSet) -> Station:
            self.save_station(conn, changes, station, ("created",), by)
            return station

        made = await self._database.decide(make, tenant_id)
        self.announce(made)
        return made

    async def update_station(
        self, tenant_id: TenantId, station: StationId | str, change: StationChange, *, by: str
    ) -> Station:
        entry = entry_of(self._directory, tenant_id, station)

        def apply(conn: Connection, changes: ChangeSet) -> tuple[Station, tuple[str, ...]]:
            before = store.stations.by_id(conn, tenant_id, entry.station_id)
            if before is None:
                raise unknown_station(station)
            after, fields = changed(before, change)
            if fields:
                check_station(after)
                self.save_station(conn, changes, after, fields, by)
            return after, fields

        after, fields = await self._database.decide(apply, tenant_id)
        if fields:
            self.announce(after)
        return after

    def save_station(
        self, conn: Connection, changes: ChangeSet, station: Station, fields: tuple[str, ...], by: str
    ) -> None:
        """Add a new (`created`) or changed station to a change set, within a decision; then `announce` it."""
        now = self._clock.now()
        self.check_station_fits(conn, station, fields)
        if "created" in fields:
            store.stations.insert(changes, station, now=now)
        else:
            store.stations.save_registration(changes, station, now=now, evses_too="evses" in fields)
        changes.emit(
            StationChanged(
                tenant_id=station.tenant_id,
                happened_at=now,
                station_id=station.id,
                identity=station.identity,
                fields=fields,
                by=by,
            )
        )

    def check_station_fits(self, conn: Connection, station: Station, fields: tuple[str, ...]) -> None:
        """Raise where a station would be at no location of the tenant's, or have another's identity."""
        new = "created" in fields
        place = station.location_id
        moved = place is not None and (new or "location_id" in fields)
        if place is not None and moved and store.locations.by_id(conn, station.tenant_id, place) is None:
            raise Invalid(f"There is no location {place}.", field="location_id")
        if new and store.stations.identity_taken(conn, station.identity):
            raise Conflict(f"A station {station.identity} exists already.", field="identity")

    def announce(self, station: Station) -> None:
        """Let the directory and the station's connection know what is durable now."""
        known = self._directory.by_id(station.id)
        entry = known or DirectoryEntry(
            station_id=station.id,
            tenant_id=station.tenant_id,
            identity=station.identity,
            admission=station.admission,
        )
        self._directory.put(
            msgspec.structs.replace(
                entry,
                admission=station.admission,
                security_profile=station.security_profile,
                serial_number=station.serial_number,
                location_id=station.location_id,
                settings=station.settings,
            )
        )
        self._link.refresh(station.id)

    def _overviews(
        self, conn: Connection, tenant_id: TenantId, found: list[Station]
    ) -> list[StationOverview]:
        ids = [station.id for station in found]
        states = store.stations.states_of(conn, tenant_id, ids)
        addresses = store.stations.addresses_of(conn, tenant_id, ids)
        return [
            StationOverview(
                station=station,
                states=as_seen(states.get(station.id, []), connected=station.connected),
                connection=StationConnection(
                    connected=station.connected,
                    since=station.connected_at if station.connected else station.disconnected_at,
                    security_profile=self._link.profile_of(station.id),
                    remote_address=addresses.get(station.id, ""),
                    ocpp_version=station.ocpp_version,
                ),
            )
            for station in found
        ]

    async def get_station(self, tenant_id: TenantId, station: StationId | str) -> StationOverview:
        """A station with its EVSEs and connectors, and their states as a reader shall see them."""
        entry = entry_of(self._directory, tenant_id, station)

        def look(conn: Connection) -> StationOverview | None:
            found = store.stations.by_id(conn, tenant_id, entry.station_id)
            return None if found is None else self._overviews(conn, tenant_id, [found])[0]

        overview = await self._database.read(look)
        if overview is None:
            raise unknown_station(station)
        return overview

    async def list_stations(
        self,
        tenant_id: TenantId,
        filters: StationFilters = ALL,
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[StationOverview]:
        """By identity."""
        limit = paging.bounded(limit)
        after = None if cursor is None else str(paging.decode(cursor, str)[0])

        def look(conn: Connection) -> list[StationOverview]:
            rows = store.stations.search(conn, tenant_id, filters, after=after, limit=limit + 1)
            return self._overviews(conn, tenant_id, rows)

        rows = await self._database.read(look)
        return paging.page(rows, limit, lambda overview: paging.encode(overview.station.identity))

    async def count_stations(self, tenant_id: TenantId, filters: StationFilters = ALL) -> int:
        return await self._database.read(lambda conn: store.stations.count(conn, tenant_id, filters))

    async def ids_of(self, tenant_id: TenantId, filters: StationFilters, *, most: int) -> list[StationId]:
        """The ids of the stations that fit; Invalid where more than `most` do."""
        found = await self._database.read(
            lambda conn: store.stations.ids(conn, tenant_id, filters, limit=most + 1)
        )
        if len(found) > most:
            raise Invalid(f"More than {most} stations fit: say more closely which.", field="which")
        return found

    # What became of them

    async def status_history(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        *,
        evse: int | None = None,
        connector: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[StatusChange]:
        """What a station's connectors, or one of them, reported; latest first."""
        limit = paging.bounded(limit)
        entry = entry_of(self._directory, tenant_id, station)
        before: tuple[int, int] | None = None
        if cursor is not None:
            at, last = paging.decode(cursor, int, int)
            before = (int(at), int(last))
        rows = await self._database.read(
            lambda conn: store.stations.history(
                conn,
                tenant_id,
                entry.station_id,
                evse=evse,
                connector=connector,
                since=since,
                until=until,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda change: paging.encode(micros(change.at), change.id))

    async def list_findings(
        self,
        tenant_id: TenantId,
        *,
        station: StationId | str | None = None,
        code: str | None = None,
        vendor: str | None = None,
        model: str | None = None,
        by_model: bool = False,
        limit: int = 200,
    ) -> tuple[Finding, ...]:
        """What stations do against the specification, the most frequent first; `by_model` to show a vendor."""
        if not 1 <= limit <= FINDINGS_MAX:
            raise Invalid(f"Ask for 1 to {FINDINGS_MAX} findings.", field="limit")
        station_id = None if station is None else entry_of(self._directory, tenant_id, station).station_id
        return tuple(
            await self._database.read(
                lambda conn: store.records.search_findings(
                    conn,
                    tenant_id,
                    station_id=station_id,
                    code=code,
                    vendor=vendor,
                    model=model,
                    by_model=by_model,
                    limit=limit,
                )
            )
        )

    async def list_security_events(
        self,
        tenant_id: TenantId,
        *,
        station: StationId | str | None = None,
        kind: str | None = None,
        severity: Severity | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[SecurityEvent]:
        """Latest kept first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        station_id = None if station is None else entry_of(self._directory, tenant_id, station).station_id
        rows = await self._database.read(
            lambda conn: store.records.search_security_events(
                conn,
                tenant_id,
                station_id=station_id,
                kind=kind,
                severity=severity,
                since=since,
                until=until,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda event: paging.encode(event.id))


def location_of(tenant_id: TenantId, draft: LocationDraft) -> Location:
    """The location a draft describes; Invalid where it cannot be one."""
    location = Location(id=LocationId(new_id()), tenant_id=tenant_id, **msgspec.structs.asdict(draft))
    check_location(location)
    return location


def station_of(tenant_id: TenantId, draft: StationDraft, *, now: datetime) -> Station:
    """The station a draft describes; Invalid where it cannot be one."""
    if not acceptable_identity(draft.identity):
        raise Invalid(
            "An identity is 1 to 48 printable characters without `/` and `:`, as the station puts it in its address.",
            field="identity",
        )
    station = Station(
        id=StationId(new_id()), tenant_id=tenant_id, created_at=now, **msgspec.structs.asdict(draft)
    )
    check_station(station)
    return station


def as_seen(states: list[ConnectorState], *, connected: bool) -> tuple[ConnectorState, ...]:
    """States as a reader shall see them: what an offline station last said is not what is so now."""
    if connected:
        return tuple(states)
    return tuple(
        msgspec.structs.replace(state, status=ConnectorStatus.UNKNOWN, last_reported=state.status)
        for state in states
    )


def _unknown_location(location_id: str) -> NotFound:
    return NotFound(f"There is no location {location_id}.", field="location", location=location_id)
