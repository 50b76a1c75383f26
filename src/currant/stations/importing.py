"""Locations and stations in bulk, into Currant and out of it.

An import can be repeated: a location is known by its reference, a station by its identity, and
what is the same already is left alone. A CSV of stations has a row for each connector.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import CurrantError, Invalid
from currant.kit.ids import LocationId, TenantId
from currant.stations import store
from currant.stations.admission import check_password
from currant.stations.bulk import (
    Counts,
    Errors,
    Format,
    ImportReport,
    Outcome,
    Problems,
    Row,
    convert,
    export,
    in_two_rounds,
    listed,
    read_rows,
    report,
)
from currant.stations.directory import StationDirectory
from currant.stations.drafts import (
    LocationChange,
    LocationDraft,
    StationChange,
    StationDraft,
    changed,
    check_location,
    check_station,
)
from currant.stations.inventory import Inventory, location_of, station_of
from currant.stations.model import Connector, Evse, Location, Station, StationOverview

EXPORT_AT_ONCE = 500
LOCATION_COLUMNS = LocationDraft.__struct_fields__
STATION_COLUMNS = (
    "identity",
    "name",
    "location_reference",
    "admission",
    "vendor",
    "model",
    "serial_number",
    "security_profile",
)
EVSE_COLUMNS = {"evse": "number", "evse_reference": "reference", "evse_max_power_w": "max_power_w"}
CONNECTOR_COLUMNS = {
    "connector": "number",
    **{name: name for name in Connector.__struct_fields__ if name not in ("number",)},
}


class _Location(msgspec.Struct, frozen=True):
    row: int
    draft: LocationDraft
    change: LocationChange


class _Station(msgspec.Struct, frozen=True):
    row: int
    draft: StationDraft
    change: StationChange
    location_reference: str | None
    password: str | None


class StationImports:
    """Reads and writes locations and stations in bulk."""

    def __init__(
        self, database: Database, inventory: Inventory, directory: StationDirectory, clock: Clock
    ) -> None:
        self._database = database
        self._inventory = inventory
        self._directory = directory
        self._clock = clock

    # In

    async def import_locations(
        self,
        tenant_id: TenantId,
        content: bytes,
        form: Format,
        *,
        by: str,
        dry_run: bool = False,
        partial: bool = False,
    ) -> ImportReport:
        """Create and change locations. With one problem nothing is written, unless `partial` takes the good rows."""
        # Up to 100,000 rows: read beside the loop, so that no station waits for a spreadsheet.
        rows, good, problems = await asyncio.to_thread(_read_locations, content, form)
        counts = Counts()

        async def apply(some: Sequence[_Location], *, really: bool, counted: Counts) -> None:
            def decide(conn: Connection, changes: ChangeSet) -> Outcome:
                return self._save_locations(conn, changes, tenant_id, some, by=by, really=really)

            done = await (
                self._database.decide(decide, tenant_id)
                if really
                else self._database.read(lambda conn: decide(conn, ChangeSet(tenant_id)))
            )
            counted.add(done, problems)

        applied = await in_two_rounds(good, apply, counts, problems, dry_run=dry_run, partial=partial)
        return report(rows, counts, problems, applied=applied)

    def _save_locations(
        self,
        conn: Connection,
        changes: ChangeSet,
        tenant_id: TenantId,
        some: Sequence[_Location],
        *,
        by: str,
        really: bool,
    ) -> Outcome:
        counts, errors = Counts(), Errors()
        known = store.locations.by_references(conn, tenant_id, [each.draft.reference for each in some])
        for each in some:
            before = known.get(each.draft.reference)
            fields: tuple[str, ...]
            try:
                if before is None:
                    after, fields = location_of(tenant_id, each.draft), ("created",)
                else:
                    after, fields = changed(before, each.change)
                    check_location(after)
                if fields and really:
                    self._inventory.save_location(conn, changes, after, fields, by)
                counts.count(fields)
            except CurrantError as error:
                errors.append((each.row, error))
        return counts, errors

    async def import_stations(
        self,
        tenant_id: TenantId,
        content: bytes,
        form: Format,
        *,
        by: str,
        dry_run: bool = False,
        partial: bool = False,
    ) -> ImportReport:
        """Create and change stations. With one problem nothing is written, unless `partial` takes the good ones.

        Beside the fields of a station a row may have `location_reference` and `password`. A known
        station keeps its admission.
        """
        rows, good, problems = await asyncio.to_thread(_read_stations, content, form)
        counts = Counts()

        async def apply(some: Sequence[_Station], *, really: bool, counted: Counts) -> None:
            def decide(
                conn: Connection, changes: ChangeSet
            ) -> tuple[Outcome, list[tuple[Station, bytes | None]]]:
                return self._save_stations(conn, changes, tenant_id, some, by=by, really=really)

            done, saved = await (
                self._database.decide(decide, tenant_id)
                if really
                else self._database.read(lambda conn: decide(conn, ChangeSet(tenant_id)))
            )
            if really:
                for station, digest in saved:
                    self._inventory.announce(station)
                    self._put_digest(station, digest)
            counted.add(done, problems)

        applied = await in_two_rounds(good, apply, counts, problems, dry_run=dry_run, partial=partial)
        return report(rows, counts, problems, applied=applied)

    def _save_stations(
        self,
        conn: Connection,
        changes: ChangeSet,
        tenant_id: TenantId,
        some: Sequence[_Station],
        *,
        by: str,
        really: bool,
    ) -> tuple[Outcome, list[tuple[Station, bytes | None]]]:
        counts, errors = Counts(), Errors()
        saved: list[tuple[Station, bytes | None]] = []
        now = self._clock.now()
        known = store.stations.by_identities(conn, tenant_id, [each.draft.identity for each in some])
        references = [each.location_reference for each in some if each.location_reference]
        locations = store.locations.by_references(conn, tenant_id, references) if references else {}
        for each in some:
            before = known.get(each.draft.identity)
            fields: tuple[str, ...]
            try:
                draft, change = _placed(each, locations)
                if before is None:
                    after, fields = station_of(tenant_id, draft, now=now), ("created",)
                else:
                    after, fields = changed(before, change)
                    check_station(after)
                self._inventory.check_station_fits(conn, after, fields)
                digest = None
                if each.password is not None:
                    digest = self._directory.digest(each.password.encode())
                    entry = self._directory.by_id(after.id)
                    if entry is not None and entry.digest == digest:
                        digest = None
                    elif before is not None:
                        fields = (*fields, "password")
                if fields and really:
                    self._inventory.save_station(conn, changes, after, fields, by)
                    if digest is not None:
                        row = (after.id, tenant_id, digest, None, None, micros(now))
                        changes.write(store.tables.SAVE_CREDENTIAL, row)
                    saved.append((after, digest))
                counts.count(fields)
            except CurrantError as error:
                errors.append((each.row, error))
        return (counts, errors), saved

    def _put_digest(self, station: Station, digest: bytes | None) -> None:
        entry = self._directory.by_id(station.id)
        if digest is not None and entry is not None:
            self._directory.put(
                msgspec.structs.replace(entry, digest=digest, previous_digest=None, previous_until=0)
            )

    # Out

    def export_locations(self, tenant_id: TenantId, form: Format) -> AsyncIterator[bytes]:
        return export(
            lambda cursor: self._inventory.list_locations(tenant_id, cursor=cursor, limit=EXPORT_AT_ONCE),
            lambda location: [_location_row(location)],
            LOCATION_COLUMNS,
            form,
        )

    async def export_stations(self, tenant_id: TenantId, form: Format) -> AsyncIterator[bytes]:
        """Without passwords, which nobody but the station knows."""
        references: dict[LocationId, str] = {}
        cursor: str | None = None
        while True:
            page = await self._inventory.list_locations(tenant_id, cursor=cursor, limit=EXPORT_AT_ONCE)
            references.update((location.id, location.reference) for location in page.items)
            cursor = page.next_cursor
            if cursor is None:
                break

        def rows_of(overview: StationOverview) -> list[Row]:
            return _station_rows(overview.station, references, form)

        async for chunk in export(
            lambda cursor: self._inventory.list_stations(tenant_id, cursor=cursor, limit=EXPORT_AT_ONCE),
            rows_of,
            (*STATION_COLUMNS, *EVSE_COLUMNS, *CONNECTOR_COLUMNS),
            form,
        ):
            yield chunk


def _read_locations(content: bytes, form: Format) -> tuple[int, list[_Location], Problems]:
    """How many rows there are, those that can be taken, and what is wrong with the others."""
    rows, problems = read_rows(content, form), Problems()
    prepared: dict[str, _Location] = {}
    for number, row in rows:
        try:
            location = _read_location(number, row, form)
            if location.draft.reference in prepared:
                raise Invalid("Another row above has the same reference.", field="reference")
            prepared[location.draft.reference] = location
        except CurrantError as error:
            problems.add_error(number, error)
    return len(rows), list(prepared.values()), problems


def _read_stations(content: bytes, form: Format) -> tuple[int, list[_Station], Problems]:
    """How many rows there are, the stations that can be taken, and what is wrong with the others."""
    rows, problems = read_rows(content, form), Problems()
    prepared: dict[str, _Station] = {}
    for number, row in _gathered(rows, problems) if form == Format.CSV else rows:
        try:
            station = _read_station(number, row, form)
            if station.draft.identity in prepared:
                raise Invalid("Another row above has the same identity.", field="identity")
            prepared[station.draft.identity] = station
        except CurrantError as error:
            problems.add_error(number, error)
    good = [station for station in prepared.values() if station.row not in problems.rows]
    return len(rows), good, problems


def _read_location(number: int, row: Row, form: Format) -> _Location:
    listed(row, "facilities", form)
    listed(row, "opening_hours", form)
    draft = convert(row, LocationDraft, form)
    if not draft.reference:
        raise Invalid("Give it a reference, so that a repeated import knows it again.", field="reference")
    return _Location(number, draft, convert(row, LocationChange, form))


def _read_station(number: int, row: Row, form: Format) -> _Station:
    row = dict(row)
    reference, password = row.pop("location_reference", None), row.pop("password", None)
    if password is not None:
        if not isinstance(password, str):
            raise Invalid("A password is text.", field="password")
        check_password(password.encode())
    if reference is not None and not isinstance(reference, str):
        raise Invalid("A reference is text.", field="location_reference")
    draft = convert(row, StationDraft, form)
    rest = {field: value for field, value in row.items() if field not in ("identity", "admission")}
    return _Station(number, draft, convert(rest, StationChange, form), reference, password)


def _placed(station: _Station, locations: dict[str, Location]) -> tuple[StationDraft, StationChange]:
    if station.location_reference is None:
        return station.draft, station.change
    location = locations.get(station.location_reference)
    if location is None:
        raise Invalid(
            f"There is no location with the reference {station.location_reference}: import locations first.",
            field="location_reference",
        )
    return (
        msgspec.structs.replace(station.draft, location_id=location.id),
        msgspec.structs.replace(station.change, location_id=location.id),
    )


def _gathered(rows: Sequence[tuple[int, Row]], problems: Problems) -> list[tuple[int, Row]]:
    """The rows of a CSV's connectors as stations; a station has the number of its first row."""
    stations: dict[str, tuple[int, Row]] = {}
    places: dict[str, dict[str, Row]] = {}
    for number, row in rows:
        identity = row.get("identity", "")
        evse = {field: row.pop(column) for column, field in EVSE_COLUMNS.items() if column in row}
        connector = {field: row.pop(column) for column, field in CONNECTOR_COLUMNS.items() if column in row}
        known = stations.setdefault(identity, (number, row))
        differs = [field for field in row if field in known[1] and row[field] != known[1][field]]
        for field in differs:
            problems.add(number, field, f"Row {known[0]} says {known[1][field]!r} of the same station.")
            problems.rows.add(known[0])
        known[1].update(row)
        if not evse and not connector:
            continue
        which = evse.setdefault("number", "1")
        its_evse = places.setdefault(identity, {}).setdefault(which, {"connectors": []})
        its_evse.update(evse)
        if connector:
            connector.setdefault("number", "1")
            its_evse["connectors"].append(connector)
    for identity, evses in places.items():
        stations[identity][1]["evses"] = list(evses.values())
    return list(stations.values())


def _location_row(location: Location) -> Row:
    row: Row = msgspec.to_builtins(location)
    return {column: row[column] for column in LOCATION_COLUMNS}


def _station_rows(station: Station, references: dict[LocationId, str], form: Format) -> list[Row]:
    whole: Row = msgspec.to_builtins(station)
    whole["location_reference"] = references.get(station.location_id or LocationId(""), "")
    row = {column: whole[column] for column in STATION_COLUMNS}
    if form == Format.JSON:
        settings = {name: value for name, value in whole["settings"].items() if value is not None}
        return [{**row, "evses": whole["evses"], "settings": settings}]
    places = [
        _place_cells(evse, connector) for evse in station.evses for connector in evse.connectors or (None,)
    ]
    return [{**row, **place} for place in places] or [row]


def _place_cells(evse: Evse, connector: Connector | None) -> Row:
    cells = {column: getattr(evse, field) for column, field in EVSE_COLUMNS.items()}
    if connector is not None:
        cells.update((column, getattr(connector, field)) for column, field in CONNECTOR_COLUMNS.items())
    return cells
