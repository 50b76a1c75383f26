"""Sessions under way, and those of a day, as an overview needs them: few columns, many rows."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Connection, bindparam, or_, select, text

from currant.charging.store import sessions
from currant.db.queries import Query
from currant.kit.ids import LocationId, TenantId

_c = sessions.c
_running = _c.phase == text("'active'")

_RUNNING = Query(
    select(
        *(
            _c.id,
            _c.station_id,
            _c.evse,
            _c.activity,
            _c.activity_since,
            _c.power_w,
            _c.read_at,
            _c.updated_at,
        ),
        *(_c.number, _c.location_id, _c.energy_wh, _c.soc_percent, _c.idle_s),
    ).where(
        _c.tenant_id == bindparam("tenant"),
        _running,
        or_(_c.updated_at > bindparam("since", type_=BigInteger), _c.updated_at.is_(None)),
    ),
    "tenant",
    "since",
)
# A session that began longer before than this counts to the days of its beginning alone.
DAY_US = 86_400_000_000


class Spell(msgspec.Struct, frozen=True, gc=False):
    """When a session took its energy; instants are microseconds since 1970."""

    started: int
    flowed_from: int
    flowed_until: int
    energy_wh: int
    location_id: str | None
    station_id: str


_SPELLS = Query(
    select(
        *(_c.started_at, _c.first_energy_at, _c.last_energy_at, _c.ended_at, _c.read_at),
        *(_c.energy_wh, _c.location_id, _c.station_id),
    ).where(
        _c.tenant_id == bindparam("tenant"),
        _c.started_at >= bindparam("earliest", type_=BigInteger),
        _c.started_at < bindparam("until", type_=BigInteger),
        or_(
            _c.started_at >= bindparam("since", type_=BigInteger),
            _c.ended_at.is_(None),
            _c.ended_at > bindparam("since", type_=BigInteger),
        ),
    ),
    *("tenant", "earliest", "since", "until"),
)


def running(conn: Connection, tenant_id: TenantId, *, since_us: int = 0) -> list[Any]:
    """The sessions under way of which something was heard after an instant."""
    return _RUNNING.all(conn, tenant_id, since_us)


def spells(
    conn: Connection,
    tenant_id: TenantId,
    *,
    since_us: int,
    until_us: int,
    location_id: LocationId | None = None,
) -> list[Spell]:
    """Sessions that began in a span, or the day before and reached into it."""
    found = []
    for row in _SPELLS.all(conn, tenant_id, since_us - DAY_US, since_us, until_us):
        started, first, last, ended, read, energy, location, station = row
        if location_id is not None and location != location_id:
            continue
        begun = first if first is not None else started
        done = last if last is not None else (ended or read or begun)
        found.append(Spell(started, begun, max(done, begun), energy, location, station))
    return found
