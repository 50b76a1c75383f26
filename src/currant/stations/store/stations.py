"""Stations, EVSEs, connectors, states and credentials: rows to values, values to rows, queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, exists, func, or_, select
from sqlalchemy import update as update_rows

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.ids import LocationId, StationGroupId, StationId, TenantId
from currant.stations.model import (
    DEFAULT_SETTINGS,
    Admission,
    AttendedStation,
    BootReport,
    Connector,
    ConnectorFormat,
    ConnectorStandard,
    ConnectorState,
    ConnectorStatus,
    Evse,
    PowerType,
    Station,
    StationSettings,
    StatusChange,
    StatusReport,
)
from currant.stations.reports import TEXT_MAX
from currant.stations.store import tables
from currant.stations.store.groups import station_group_members
from currant.stations.store.tables import (
    connector_states,
    connectors,
    credentials,
    evses,
    stations,
    status_history,
)

_settings = msgspec.json.Decoder(StationSettings)


def at(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)


def settings_from(text: str) -> StationSettings:
    return DEFAULT_SETTINGS if text == "{}" else _settings.decode(text)


def settings_text(settings: StationSettings) -> str:
    known = {name: value for name, value in msgspec.to_builtins(settings).items() if value is not None}
    return msgspec.json.encode(known).decode()


# Writing


def insert(changes: ChangeSet, station: Station, *, now: datetime, remote_address: str = "") -> None:
    changes.write(
        tables.INSERT_STATION,
        (
            station.id,
            station.tenant_id,
            station.identity,
            station.location_id,
            station.name,
            station.admission,
            station.vendor,
            station.model,
            station.serial_number,
            station.firmware_version,
            station.iccid,
            station.imsi,
            station.meter_type,
            station.meter_serial_number,
            station.ocpp_version,
            station.security_profile,
            settings_text(station.settings),
            False,
            None,
            None,
            None,
            None,
            "",
            remote_address,
            "",
            micros(now),
            micros(now),
        ),
    )
    _insert_evses(changes, station)


def save_registration(
    changes: ChangeSet, station: Station, *, now: datetime, evses_too: bool = False
) -> None:
    """What an operator says of a station, over what is there; not what the station says of itself."""
    changes.write(
        tables.REGISTER,
        (
            station.location_id,
            station.name,
            station.admission,
            station.vendor,
            station.model,
            station.serial_number,
            station.firmware_version,
            station.security_profile,
            settings_text(station.settings),
            micros(now),
            station.id,
            station.tenant_id,
        ),
    )
    if evses_too:
        changes.write(tables.DELETE_EVSES, (station.id, station.tenant_id))
        changes.write(tables.DELETE_CONNECTORS, (station.id, station.tenant_id))
        _insert_evses(changes, station)


def _insert_evses(changes: ChangeSet, station: Station) -> None:
    for evse in station.evses:
        changes.write(tables.SAVE_EVSE, evse_row(station.tenant_id, station.id, evse))
        for connector in evse.connectors:
            row = connector_row(station.tenant_id, station.id, evse.number, connector)
            changes.write(tables.SAVE_CONNECTOR, row)


def learn(changes: ChangeSet, tenant_id: TenantId, station_id: StationId, evse: int, connector: int) -> None:
    """Keep a place that only a status report has told of; one that is described stays as it is."""
    changes.write(tables.LEARN_EVSE, evse_row(tenant_id, station_id, Evse(number=evse, learned=True)))
    if connector:
        changes.write(
            tables.LEARN_CONNECTOR, connector_row(tenant_id, station_id, evse, Connector(number=connector))
        )


def evse_row(tenant_id: TenantId, station_id: StationId, evse: Evse) -> tuple[Any, ...]:
    return (station_id, evse.number, tenant_id, evse.reference, evse.max_power_w, evse.learned)


def connector_row(
    tenant_id: TenantId, station_id: StationId, evse: int, connector: Connector
) -> tuple[Any, ...]:
    return (
        station_id,
        evse,
        connector.number,
        tenant_id,
        connector.standard,
        connector.format,
        connector.power_type,
        connector.max_voltage_v,
        connector.max_current_a,
        connector.max_power_w,
        connector.phases,
        connector.phase_rotation,
        connector.ocpp16_connector_id,
    )


def save_state(
    changes: ChangeSet,
    tenant_id: TenantId,
    station_id: StationId,
    state: ConnectorState,
    report: StatusReport,
) -> None:
    """Keep a connector's new state, and the report that told of it in its history."""
    assert state.since is not None
    since, received = micros(state.since), micros(report.received_at)
    changes.write(
        tables.SAVE_STATE,
        (
            station_id,
            state.evse,
            state.connector,
            tenant_id,
            state.status,
            since,
            received,
            state.error,
            state.raw_error,
            state.vendor_error,
            state.info,
        ),
    )
    changes.write(
        tables.INSERT_HISTORY,
        (
            tenant_id,
            station_id,
            state.evse,
            state.connector,
            state.status,
            since,
            received,
            state.error,
            report.raw_status[:TEXT_MAX],
            state.raw_error,
            state.vendor_error,
            report.vendor_id[:TEXT_MAX],
            state.info,
        ),
    )


def boot_row(station: AttendedStation, report: BootReport, at: datetime) -> tuple[Any, ...]:
    words = (
        report.vendor,
        report.model,
        report.serial_number,
        report.firmware_version,
        report.iccid,
        report.imsi,
        report.meter_type,
        report.meter_serial_number,
    )
    moment = micros(at)
    return (
        *(word[:TEXT_MAX] for word in words),
        moment,
        report.reason[:TEXT_MAX],
        moment,
        station.station_id,
        station.tenant_id,
    )


# Reading


def by_id(conn: Connection, tenant_id: TenantId, station_id: StationId) -> Station | None:
    return _one(conn, tenant_id, stations.c.id == station_id)


def by_identity(conn: Connection, tenant_id: TenantId, identity: str) -> Station | None:
    return _one(conn, tenant_id, stations.c.identity == identity)


def by_identities(conn: Connection, tenant_id: TenantId, identities: Sequence[str]) -> dict[str, Station]:
    """Those of `identities` (a few hundred at most) that the tenant has."""
    rows = conn.execute(
        select(stations).where(stations.c.tenant_id == tenant_id, stations.c.identity.in_(identities))
    ).all()
    return {station.identity: station for station in _with_evses(conn, tenant_id, rows)}


def identity_taken(conn: Connection, identity: str) -> bool:
    """Whether any tenant has a station of this identity: identities are unique in the installation."""
    return conn.execute(select(exists().where(stations.c.identity == identity))).scalar_one()


def _one(conn: Connection, tenant_id: TenantId, condition: Any) -> Station | None:
    row = conn.execute(select(stations).where(stations.c.tenant_id == tenant_id, condition)).one_or_none()
    return None if row is None else _with_evses(conn, tenant_id, [row])[0]


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which stations a list shall hold; None asks for nothing in particular."""

    location_id: LocationId | None = None
    admission: Admission | None = None
    connected: bool | None = None
    version: str | None = None
    vendor: str | None = None
    model: str | None = None
    status: ConnectorStatus | None = None
    text: str | None = None
    group_id: StationGroupId | None = None


def search(
    conn: Connection, tenant_id: TenantId, filters: Filters, *, after: str | None, limit: int
) -> list[Station]:
    """At most `limit` stations in the order of their identities, beginning after `after`."""
    query = select(stations).where(stations.c.tenant_id == tenant_id, *_conditions(filters))
    if after is not None:
        query = query.where(stations.c.identity > after)
    rows = conn.execute(query.order_by(stations.c.identity).limit(limit)).all()
    return _with_evses(conn, tenant_id, rows)


def ids(conn: Connection, tenant_id: TenantId, filters: Filters, *, limit: int) -> list[StationId]:
    """The ids of at most `limit` stations, in the order of their identities."""
    query = select(stations.c.id).where(stations.c.tenant_id == tenant_id, *_conditions(filters))
    return [row[0] for row in conn.execute(query.order_by(stations.c.identity).limit(limit))]


def count(conn: Connection, tenant_id: TenantId, filters: Filters) -> int:
    query = select(func.count()).select_from(stations)
    return conn.execute(query.where(stations.c.tenant_id == tenant_id, *_conditions(filters))).scalar_one()


def _conditions(filters: Filters) -> list[Any]:
    s = stations.c
    conditions: list[Any] = []
    if filters.location_id is not None:
        conditions.append(s.location_id == filters.location_id)
    if filters.admission is not None:
        conditions.append(s.admission == filters.admission.value)
    if filters.connected is not None:
        conditions.append(s.connected.is_(filters.connected))
    if filters.version is not None:
        conditions.append(s.ocpp_version == filters.version)
    if filters.vendor is not None:
        conditions.append(s.vendor == filters.vendor)
    if filters.model is not None:
        conditions.append(s.model == filters.model)
    if filters.group_id is not None:
        m = station_group_members.c
        conditions.append(exists().where(m.station_id == s.id, m.group_id == filters.group_id))
    if filters.status is not None:
        reported = exists().where(
            connector_states.c.station_id == s.id,
            connector_states.c.status == filters.status.value,
            connector_states.c.tenant_id == s.tenant_id,
        )
        # What an offline station last said is not what its connectors are now.
        if filters.status is ConnectorStatus.UNKNOWN:
            conditions.append(or_(s.connected.is_(False), reported))
        else:
            conditions.append(and_(s.connected.is_(True), reported))
    if filters.text:
        columns = (s.identity, s.name, s.vendor, s.model, s.serial_number)
        conditions.append(or_(*(column.icontains(filters.text, autoescape=True) for column in columns)))
    return conditions


def evses_of(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[str]
) -> dict[str, tuple[Evse, ...]]:
    plugs: dict[tuple[str, int], list[Connector]] = {}
    c = connectors.c
    for row in conn.execute(
        select(connectors)
        .where(c.tenant_id == tenant_id, c.station_id.in_(station_ids))
        .order_by(c.station_id, c.evse, c.number)
    ):
        plugs.setdefault((row.station_id, row.evse), []).append(
            Connector(
                number=row.number,
                standard=ConnectorStandard(row.standard),
                format=ConnectorFormat(row.format),
                power_type=PowerType(row.power_type),
                max_voltage_v=row.max_voltage_v,
                max_current_a=row.max_current_a,
                max_power_w=row.max_power_w,
                phases=row.phases,
                phase_rotation=row.phase_rotation,
                ocpp16_connector_id=row.ocpp16_connector_id,
            )
        )
    found: dict[str, list[Evse]] = {}
    e = evses.c
    for row in conn.execute(
        select(evses)
        .where(e.tenant_id == tenant_id, e.station_id.in_(station_ids))
        .order_by(e.station_id, e.number)
    ):
        found.setdefault(row.station_id, []).append(
            Evse(
                number=row.number,
                reference=row.reference,
                max_power_w=row.max_power_w,
                connectors=tuple(plugs.get((row.station_id, row.number), ())),
                learned=row.learned,
            )
        )
    return {station_id: tuple(items) for station_id, items in found.items()}


def _with_evses(conn: Connection, tenant_id: TenantId, rows: Sequence[Row[Any]]) -> list[Station]:
    evses_by_station = evses_of(conn, tenant_id, [row.id for row in rows]) if rows else {}
    return [_station(row, evses_by_station.get(row.id, ())) for row in rows]


def _station(row: Row[Any], its_evses: tuple[Evse, ...]) -> Station:
    return Station(
        id=row.id,
        tenant_id=row.tenant_id,
        identity=row.identity,
        location_id=row.location_id,
        name=row.name,
        admission=Admission(row.admission),
        vendor=row.vendor,
        model=row.model,
        serial_number=row.serial_number,
        firmware_version=row.firmware_version,
        iccid=row.iccid,
        imsi=row.imsi,
        meter_type=row.meter_type,
        meter_serial_number=row.meter_serial_number,
        ocpp_version=row.ocpp_version,
        security_profile=row.security_profile,
        evses=its_evses,
        settings=settings_from(row.settings),
        connected=row.connected,
        connected_at=at(row.connected_at),
        disconnected_at=at(row.disconnected_at),
        last_seen_at=at(row.last_seen_at),
        last_boot_at=at(row.last_boot_at),
        boot_reason=row.boot_reason,
        created_at=at(row.created_at),
    )


def addresses_of(conn: Connection, tenant_id: TenantId, station_ids: Sequence[str]) -> dict[str, str]:
    """Where stations come from, or last came from."""
    query = select(stations.c.id, stations.c.remote_address).where(
        stations.c.id.in_(station_ids), stations.c.tenant_id == tenant_id
    )
    return {row.id: row.remote_address for row in conn.execute(query)}


# States


def states_of(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[str]
) -> dict[str, list[ConnectorState]]:
    c = connector_states.c
    found: dict[str, list[ConnectorState]] = {}
    for row in conn.execute(
        select(connector_states)
        .where(c.tenant_id == tenant_id, c.station_id.in_(station_ids))
        .order_by(c.station_id, c.evse, c.connector)
    ):
        found.setdefault(row.station_id, []).append(
            ConnectorState(
                evse=row.evse,
                connector=row.connector,
                status=ConnectorStatus(row.status),
                since=at(row.since),
                error=row.error,
                raw_error=row.raw_error,
                vendor_error=row.vendor_error,
                info=row.info,
            )
        )
    return found


def places_of(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[str]
) -> dict[str, list[tuple[int, int, int | None, bool, int | None]]]:
    """(EVSE, connector or 0, OCPP 1.6's id of it, learned, most watts) of every place of these stations."""
    e, c = evses.c, connectors.c
    found: dict[str, list[tuple[int, int, int | None, bool, int | None]]] = {}
    for row in conn.execute(
        select(
            e.station_id,
            e.number,
            c.number.label("connector"),
            c.ocpp16_connector_id,
            e.learned,
            # An EVSE's own limit is that of all its connectors.
            func.coalesce(e.max_power_w, c.max_power_w).label("watts"),
        )
        .select_from(evses.outerjoin(connectors, and_(c.station_id == e.station_id, c.evse == e.number)))
        .where(e.tenant_id == tenant_id, e.station_id.in_(station_ids))
    ):
        found.setdefault(row.station_id, []).append(
            (row.number, row.connector or 0, row.ocpp16_connector_id, row.learned, row.watts)
        )
    return found


def history(
    conn: Connection,
    tenant_id: TenantId,
    station_id: StationId,
    *,
    evse: int | None,
    connector: int | None,
    since: datetime | None,
    until: datetime | None,
    before: tuple[int, int] | None,
    limit: int,
) -> list[StatusChange]:
    """Latest first; `before` is (at in microseconds, id) of the last one seen."""
    h = status_history.c
    query = select(status_history).where(h.tenant_id == tenant_id, h.station_id == station_id)
    if evse is not None:
        query = query.where(h.evse == evse)
    if connector is not None:
        query = query.where(h.connector == connector)
    if since is not None:
        query = query.where(h.at >= micros(since))
    if until is not None:
        query = query.where(h.at < micros(until))
    if before is not None:
        query = query.where(or_(h.at < before[0], and_(h.at == before[0], h.id < before[1])))
    rows = conn.execute(query.order_by(h.at.desc(), h.id.desc()).limit(limit))
    return [
        StatusChange(
            id=row.id,
            evse=row.evse,
            connector=row.connector,
            status=ConnectorStatus(row.status),
            at=instant(row.at),
            received_at=instant(row.received_at),
            error=row.error,
            raw_status=row.raw_status,
            raw_error=row.raw_error,
            vendor_error=row.vendor_error,
            vendor_id=row.vendor_id,
            info=row.info,
        )
        for row in rows
    ]


# The whole installation: a handshake names no tenant, and a node owns its connections alone.

_DIRECTORY = select(
    stations.c.id,
    stations.c.tenant_id,
    stations.c.identity,
    stations.c.admission,
    stations.c.security_profile,
    stations.c.serial_number,
    stations.c.settings,
    stations.c.location_id,
    credentials.c.digest,
    credentials.c.previous_digest,
    credentials.c.previous_until,
).select_from(stations.outerjoin(credentials, credentials.c.station_id == stations.c.id))


def directory(
    conn: Connection, *, station_id: str | None = None, identity: str | None = None
) -> Sequence[Any]:
    """What a handshake needs of every station of every tenant, or of one."""
    query = _DIRECTORY
    if station_id is not None:
        query = query.where(stations.c.id == station_id)
    if identity is not None:
        query = query.where(stations.c.identity == identity)
    return conn.execute(query).all()


def forget_connections(conn: Connection, node: str, *, now: datetime) -> int:
    """Mark stations disconnected whose connection this node held when it last stopped, of every tenant."""
    done = conn.execute(
        update_rows(stations)
        .where(stations.c.node == node, stations.c.connected.is_(True))
        .values(connected=False, disconnected_at=micros(now))
    )
    return done.rowcount
