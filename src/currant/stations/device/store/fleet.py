"""Questions across stations: whose models are to be read, and what a variable is everywhere."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, or_, select, update

from currant.kit.ids import StationId, TenantId
from currant.stations.device.model import HOWS, Fleet, How
from currant.stations.device.store.tables import device_models, device_values, device_variables, monitors
from currant.stations.model import Admission
from currant.stations.store.groups import station_group_members
from currant.stations.store.tables import stations

_v = device_values.c
_m = device_models.c
_s = stations.c


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A station whose model is to be read, and why."""

    station_id: StationId
    tenant_id: TenantId
    version: str
    attempts: int


def connected_since(conn: Connection, moment: int) -> int:
    """How many stations of every tenant came in after a moment: a crowd is left alone."""
    query = select(func.count()).select_from(stations).where(_s.connected.is_(True), _s.connected_at > moment)
    return conn.execute(query).scalar_one()


def due(
    conn: Connection, *, now: int, settled_before: int, read_before: int, spread: int, limit: int
) -> list[Due]:
    """Accepted, connected stations of every tenant whose model was never read, or has aged, or is another's by now.

    Those read long ago come due one after the other, `spread` microseconds apart by their numbers' last
    two digits.
    """
    query = (
        select(_s.id, _s.tenant_id, _s.ocpp_version, func.coalesce(_m.attempts, 0).label("attempts"))
        .select_from(stations.outerjoin(device_models, _m.station_id == _s.id))
        .where(
            _s.connected.is_(True),
            _s.admission == Admission.ACCEPTED.value,
            _s.connected_at < settled_before,
            or_(_m.next_at.is_(None), _m.next_at <= now),
            or_(
                _m.read_at.is_(None),
                _m.firmware_version != _s.firmware_version,
                _m.model != _s.model,
                _m.vendor != _s.vendor,
                _m.read_at + (_m.number % 100) * spread < read_before,
                # N04.FR.19: after a restart its monitors may be others.
                and_(_s.last_boot_at > _m.read_at, exists().where(monitors.c.station_id == _s.id)),
                # It was read, and is to be read again since then.
                and_(_m.complete.is_(False), _m.next_at.is_not(None)),
            ),
        )
        .order_by(_m.read_at.is_not(None), _s.connected_at)
        .limit(limit)
    )
    return [
        Due(station_id=row.id, tenant_id=row.tenant_id, version=row.ocpp_version or "", attempts=row.attempts)
        for row in conn.execute(query)
    ]


def settle_pending(conn: Connection, *, now: int, limit: int) -> list[tuple[TenantId, StationId]]:
    """Let what waited for a restart be in force at stations of every tenant that have booted since; which those are.

    They are due to be read again: whether it is so is theirs to say.
    """
    query = (
        select(_m.number, _m.tenant_id, _m.station_id)
        .select_from(device_models.join(stations, _s.id == _m.station_id))
        .where(_m.pending_since.is_not(None), _s.last_boot_at > _m.pending_since)
        .limit(limit)
    )
    found = conn.execute(query).all()
    if not found:
        return []
    numbers = [row.number for row in found]
    conn.execute(
        update(device_values)
        .where(_v.station.in_(numbers), _v.pending.is_not(None))
        .values(
            # A value that is not kept in clear waits as an empty word.
            value=case((_v.digest.is_not(None), _v.value), else_=_v.pending),
            pending=None,
            how=HOWS.index(How.BOOT),
        )
    )
    conn.execute(
        update(device_models)
        .where(_m.number.in_(numbers))
        .values(pending_since=None, complete=False, next_at=now)
    )
    return [(row.tenant_id, row.station_id) for row in found]


def names(
    conn: Connection,
    tenant_id: TenantId,
    *,
    component: str | None = None,
    component_instance: str | None = None,
    name: str | None = None,
    instance: str | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int,
) -> Sequence[Any]:
    """Variables by their names, in the order of these; an instance that is not named may be any."""
    n = device_variables.c
    query = select(device_variables).where(n.tenant_id == tenant_id)
    for column, wanted in (
        (n.component, component),
        (n.component_instance, component_instance),
        (n.name, name),
        (n.instance, instance),
    ):
        if wanted is not None:
            query = query.where(func.lower(column) == wanted.lower())
    if text is not None:
        query = query.where(n.folded.contains(text.lower(), autoescape=True))
    if after is not None:
        query = query.where(n.folded > after)
    return conn.execute(query.order_by(n.folded).limit(limit)).all()


def values(
    conn: Connection,
    tenant_id: TenantId,
    numbers: Sequence[int],
    fleet: Fleet,
    *,
    evse: int | None = None,
    attribute: int | None = None,
    value: str | None = None,
    after: tuple[str, int, int, int, int] | None = None,
    limit: int,
) -> Sequence[Any]:
    """What stations have of these variables, by identity and place; `after` is the last one's place in that order."""
    query: Select[Any] = (
        select(
            _s.id,
            _s.identity,
            _s.vendor,
            _s.model,
            _v.variable,
            _v.evse,
            _v.connector,
            _v.attribute,
            _v.value,
            _v.pending,
            _v.known_at,
        )
        .select_from(
            device_values.join(device_models, _m.number == _v.station).join(stations, _s.id == _m.station_id)
        )
        .where(_v.variable.in_(numbers), _m.tenant_id == tenant_id, *_stations(fleet))
    )
    query = _wanted(query, evse, attribute, value)
    order = (_s.identity, _v.variable, _v.evse, _v.connector, _v.attribute)
    if after is not None:
        query = query.where(_beyond(order, after))
    return conn.execute(query.order_by(*order).limit(limit)).all()


def counts(
    conn: Connection,
    tenant_id: TenantId,
    numbers: Sequence[int],
    fleet: Fleet,
    *,
    evse: int | None = None,
    attribute: int | None = None,
    limit: int,
) -> Sequence[Any]:
    """How often these variables have which value, the most frequent first."""
    together = device_values.join(device_models, _m.number == _v.station)
    conditions = _stations(fleet)
    if conditions:
        together = together.join(stations, _s.id == _m.station_id)
    amount = func.count().label("amount")
    query: Select[Any] = (
        select(
            _v.variable,
            _v.attribute,
            _v.value,
            amount,
            func.count(_v.station.distinct()).label("stations"),
        )
        .select_from(together)
        .where(_v.variable.in_(numbers), _m.tenant_id == tenant_id, *conditions)
    )
    query = _wanted(query, evse, attribute, None).group_by(_v.variable, _v.attribute, _v.value)
    return conn.execute(query.order_by(amount.desc(), _v.variable, _v.value).limit(limit)).all()


def _wanted(query: Select[Any], evse: int | None, attribute: int | None, value: str | None) -> Select[Any]:
    if evse is not None:
        query = query.where(_v.evse == evse)
    if attribute is not None:
        query = query.where(_v.attribute == attribute)
    return query if value is None else query.where(_v.value == value)


def _stations(fleet: Fleet) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        column == wanted
        for column, wanted in (
            (_s.vendor, fleet.vendor),
            (_s.model, fleet.model),
            (_s.firmware_version, fleet.firmware_version),
            (_s.ocpp_version, fleet.ocpp_version),
            (_s.location_id, fleet.location_id),
        )
        if wanted is not None
    ]
    if fleet.connected is not None:
        conditions.append(_s.connected.is_(fleet.connected))
    if fleet.group_id is not None:
        members = station_group_members.c
        conditions.append(exists().where(members.group_id == fleet.group_id, members.station_id == _s.id))
    return conditions


def _beyond(columns: Sequence[ColumnElement[Any]], last: Sequence[Any]) -> ColumnElement[bool]:
    """Past `last` in the order of the columns."""
    return or_(
        *(
            and_(*(columns[at] == last[at] for at in range(place)), columns[place] > last[place])
            for place in range(len(columns))
        )
    )
