"""What is kept of one station's device model, and the numbers that stand for stations, names and kinds."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, func, or_, select, text

from currant.db.queries import Query
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.variables import Traits, Variable
from currant.stations.device.learning import Place, Row
from currant.stations.device.store.tables import device_models, device_traits, device_values, device_variables
from currant.stations.store.tables import stations

NAMES_MAX = 50_000
"""Names of variables that a tenant's stations may have between them; beyond it new ones are not kept."""
TRAITS_MAX = 20_000
SOME = 16
"""Up to so many rows of a station are looked for one by one."""
_CHUNK = 400

_v = device_values.c
_COLUMNS = (
    _v.variable,
    _v.evse,
    _v.connector,
    _v.attribute,
    _v.value,
    _v.traits,
    _v.known_at,
    _v.how,
    _v.pending,
    _v.digest,
)
_ALL_ROWS = Query(select(*_COLUMNS).where(_v.station == bindparam("station")), "station")
_SOME_ROWS = Query(
    select(*_COLUMNS).where(
        _v.station == bindparam("station"), _v.variable.in_([bindparam(f"v{at}") for at in range(SOME)])
    ),
    "station",
    *(f"v{at}" for at in range(SOME)),
)


def rows_of(
    conn: Connection, tenant_id: TenantId, station: int, variables: Sequence[int] | None = None
) -> dict[Place, Row]:
    """What is known of the station with this number: all of it, or of at most `SOME` variables.

    A station's number was found by its tenant, and says whose it is.
    """
    if variables is None:
        rows = _ALL_ROWS.all(conn, station)
    elif variables:
        rows = _SOME_ROWS.all(conn, station, *variables, *[variables[-1]] * (SOME - len(variables)))
    else:
        rows = []
    # A row of the query has all that a `Row` has: thousands of them are compared and let go.
    return {row[:4]: row for row in rows}


def value_row(station: int, place: Place, row: Row) -> tuple[Any, ...]:
    return (station, *place, *row)


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for a station, for names (by their folded form) and for kinds (by their digest)."""

    station: int
    names: Mapping[str, int]
    traits: Mapping[str, int]


_NEW_MODEL = text(
    "INSERT INTO device_models (tenant_id, station_id, vendor, model, firmware_version, complete, attempts, problem)"
    " VALUES (:tenant_id, :station_id, '', '', '', :complete, 0, '') ON CONFLICT DO NOTHING"
)
_NEW_NAME = text(
    "INSERT INTO device_variables (tenant_id, folded, component, component_instance, name, instance)"
    " VALUES (:tenant_id, :folded, :component, :component_instance, :name, :instance) ON CONFLICT DO NOTHING"
)
_NEW_TRAITS = text(
    "INSERT INTO device_traits (tenant_id, digest, body) VALUES (:tenant_id, :digest, :body) ON CONFLICT DO NOTHING"
)


def number(
    conn: Connection,
    tenant_id: TenantId,
    station_id: StationId,
    names: Mapping[str, Variable],
    traits: Mapping[str, str],
) -> Numbers:
    """Find the numbers, giving new ones to what has none; names and kinds beyond the limits get none."""
    station = number_of(conn, tenant_id, station_id)
    if station is None:
        conn.execute(_NEW_MODEL, {"tenant_id": tenant_id, "station_id": station_id, "complete": False})
        station = number_of(conn, tenant_id, station_id)
        assert station is not None
    known_names = _names(conn, tenant_id, list(names))
    new_names = [folded for folded in names if folded not in known_names]
    if new_names:
        room = NAMES_MAX - _count(conn, device_variables.c.tenant_id, tenant_id)
        if room > 0:
            conn.execute(
                _NEW_NAME,
                [
                    {
                        "tenant_id": tenant_id,
                        "folded": folded,
                        "component": names[folded].component,
                        "component_instance": names[folded].component_instance,
                        "name": names[folded].name,
                        "instance": names[folded].instance,
                    }
                    for folded in new_names[:room]
                ],
            )
            known_names |= _names(conn, tenant_id, new_names)
    known_traits = _traits(conn, tenant_id, list(traits))
    new_traits = [digest for digest in traits if digest not in known_traits]
    if new_traits:
        room = TRAITS_MAX - _count(conn, device_traits.c.tenant_id, tenant_id)
        if room > 0:
            conn.execute(
                _NEW_TRAITS,
                [
                    {"tenant_id": tenant_id, "digest": digest, "body": traits[digest]}
                    for digest in new_traits[:room]
                ],
            )
            known_traits |= _traits(conn, tenant_id, new_traits)
    return Numbers(station=station, names=known_names, traits=known_traits)


_NUMBER_OF = Query(
    select(device_models.c.number).where(
        device_models.c.station_id == bindparam("station_id"),
        device_models.c.tenant_id == bindparam("tenant_id"),
    ),
    "station_id",
    "tenant_id",
)


def number_of(conn: Connection, tenant_id: TenantId, station_id: StationId) -> int | None:
    row = _NUMBER_OF.first(conn, station_id, tenant_id)
    return None if row is None else int(row.number)


def _names(conn: Connection, tenant_id: TenantId, folded: Sequence[str]) -> dict[str, int]:
    n = device_variables.c
    found: dict[str, int] = {}
    for begin in range(0, len(folded), _CHUNK):
        query = select(n.folded, n.number).where(
            n.tenant_id == tenant_id, n.folded.in_(folded[begin : begin + _CHUNK])
        )
        found.update({row.folded: row.number for row in conn.execute(query)})
    return found


def _traits(conn: Connection, tenant_id: TenantId, digests: Sequence[str]) -> dict[str, int]:
    t = device_traits.c
    found: dict[str, int] = {}
    for begin in range(0, len(digests), _CHUNK):
        query = select(t.digest, t.number).where(
            t.tenant_id == tenant_id, t.digest.in_(digests[begin : begin + _CHUNK])
        )
        found.update({row.digest: row.number for row in conn.execute(query)})
    return found


def _count(conn: Connection, column: Any, tenant_id: TenantId) -> int:
    return conn.execute(select(func.count()).where(column == tenant_id)).scalar_one()


class KnownRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row with its name and its kind in words."""

    folded: str
    variable: Variable
    place: Place
    row: Row
    traits: Traits


_NAMED = (
    select(
        device_variables.c.folded,
        device_variables.c.component,
        device_variables.c.component_instance,
        device_variables.c.name,
        device_variables.c.instance,
        *_COLUMNS,
        device_traits.c.body,
    )
    .select_from(device_models)
    .join(device_values, _v.station == device_models.c.number)
    .join(device_variables, device_variables.c.number == _v.variable)
    .outerjoin(device_traits, device_traits.c.number == _v.traits)
)


def variables_of(
    conn: Connection,
    tenant_id: TenantId,
    station_id: StationId,
    *,
    component: str | None = None,
    name: str | None = None,
    text_in_name: str | None = None,
    folded: Sequence[str] | None = None,
    after: tuple[str, int, int, int] | None = None,
    limit: int,
) -> list[KnownRow]:
    """In the order (name, EVSE, connector, attribute); `after` is that of the last one seen.

    `folded` are the folded names of a few hundred variables at most.
    """
    n = device_variables.c
    query = _NAMED.where(device_models.c.station_id == station_id, device_models.c.tenant_id == tenant_id)
    if component is not None:
        query = query.where(func.lower(n.component) == component.lower())
    if name is not None:
        query = query.where(func.lower(n.name) == name.lower())
    if text_in_name is not None:
        query = query.where(n.folded.contains(text_in_name.lower(), autoescape=True))
    if folded is not None:
        query = query.where(n.folded.in_(folded))
    if after is not None:
        query = query.where(
            or_(
                n.folded > after[0],
                and_(n.folded == after[0], _v.evse > after[1]),
                and_(n.folded == after[0], _v.evse == after[1], _v.connector > after[2]),
                and_(
                    n.folded == after[0],
                    _v.evse == after[1],
                    _v.connector == after[2],
                    _v.attribute > after[3],
                ),
            )
        )
    query = query.order_by(n.folded, _v.evse, _v.connector, _v.attribute).limit(limit)
    return [_known(row) for row in conn.execute(query)]


def variables_of_many(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[StationId], folded: Sequence[str]
) -> dict[StationId, list[KnownRow]]:
    """What some hundred stations at most have of the variables with these folded names."""
    query = _NAMED.add_columns(device_models.c.station_id).where(
        device_models.c.tenant_id == tenant_id,
        device_models.c.station_id.in_(station_ids),
        device_variables.c.folded.in_(folded),
    )
    found: dict[StationId, list[KnownRow]] = {}
    for row in conn.execute(query):
        found.setdefault(row.station_id, []).append(_known(row))
    return found


def numbers_of(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[StationId]
) -> dict[StationId, int]:
    """The numbers of those that have one."""
    m = device_models.c
    query = select(m.station_id, m.number).where(m.tenant_id == tenant_id, m.station_id.in_(station_ids))
    return {row.station_id: row.number for row in conn.execute(query)}


def _known(row: Any) -> KnownRow:
    return KnownRow(
        folded=row.folded,
        variable=Variable(
            component=row.component,
            component_instance=row.component_instance,
            name=row.name,
            instance=row.instance,
        ),
        place=Place(row.variable, row.evse, row.connector, row.attribute),
        row=Row(row.value, row.traits, row.known_at, row.how, row.pending, row.digest),
        traits=Traits() if row.body is None else msgspec.json.decode(row.body, type=Traits),
    )


def state_of(conn: Connection, tenant_id: TenantId, station_id: StationId) -> tuple[Any, int] | None:
    """(the row of the station's model, how many values are kept of it)."""
    m = device_models.c
    row = conn.execute(
        select(device_models).where(m.station_id == station_id, m.tenant_id == tenant_id)
    ).one_or_none()
    if row is None:
        return None
    count = conn.execute(select(func.count()).where(_v.station == row.number)).scalar_one()
    return row, count


def identity_of(conn: Connection, tenant_id: TenantId, station_id: StationId) -> tuple[str, str, str]:
    """(vendor, model, firmware version) of the station as it last booted."""
    s = stations.c
    row = conn.execute(
        select(s.vendor, s.model, s.firmware_version).where(s.id == station_id, s.tenant_id == tenant_id)
    ).one_or_none()
    return ("", "", "") if row is None else (row.vendor, row.model, row.firmware_version)
