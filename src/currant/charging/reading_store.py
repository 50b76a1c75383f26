"""Readings, one row per instant and context, clustered by the point where they were taken.

A metering point is an EVSE of a station at a place (EVSE 0: the station's main meter). Readings
are kept in the order (point, time, context): that one key finds a session's curve and a site's
load, and keeps a reading that is delivered twice from counting twice, without a second index on
the largest table there is.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    text,
)

from currant.charging.metering import CONTEXTS
from currant.charging.model import Reading, Session
from currant.db.commits import Write, insert_into, upsert
from currant.db.queries import Query
from currant.db.tables import Position, metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import LocationId, StationId, TenantId

meters = Table(
    "meters",
    metadata,
    Column("number", Position, primary_key=True, autoincrement=False),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("evse", BigInteger, nullable=False),
    Column("location_id", Text, nullable=False),
    Column("thinned_until", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("station_id", "evse", "location_id"),
    Index(None, "location_id"),
)
readings = Table(
    "readings",
    metadata,
    Column("meter", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("context", BigInteger, primary_key=True, autoincrement=False),
    Column("session", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("energy_wh", Float),
    Column("energy_export_wh", Float),
    Column("power_w", Float),
    Column("power_export_w", Float),
    Column("power_offered_w", Float),
    Column("current_l1_a", Float),
    Column("current_l2_a", Float),
    Column("current_l3_a", Float),
    Column("current_offered_a", Float),
    Column("voltage_l1_v", Float),
    Column("voltage_l2_v", Float),
    Column("voltage_l3_v", Float),
    Column("soc_percent", Float),
    Column("temperature_c", Float),
    Column("frequency_hz", Float),
    Column("others", Text),
    Column("signed", Text),
    Column("flags", BigInteger, nullable=False),
    Column("sequence", BigInteger),
    sqlite_with_rowid=False,
)

# Delivered twice, it is there already.
INSERT = insert_into(readings, ignore_duplicates=True)
# More of the same instant: some stations send a message per measurand.
REPLACE = upsert(readings, key=("meter", "at", "context"))

CURVE_MAX = 20_000
# A session's readings are looked for this much before its start and after its end: clocks drift.
MARGIN = timedelta(days=1)

_CODES = {context: code for code, context in enumerate(CONTEXTS)}
_json = msgspec.json.Encoder()


def row(
    meter: int, reading: Reading, at_us: int, received_us: int, session: int | None, flags: int = 0
) -> tuple[Any, ...]:
    others, signed = reading.others, reading.signed
    return (
        meter,
        at_us,
        _CODES[reading.context],
        session,
        received_us,
        reading.energy_wh,
        reading.energy_export_wh,
        reading.power_w,
        reading.power_export_w,
        reading.power_offered_w,
        reading.current_l1_a,
        reading.current_l2_a,
        reading.current_l3_a,
        reading.current_offered_a,
        reading.voltage_l1_v,
        reading.voltage_l2_v,
        reading.voltage_l3_v,
        reading.soc_percent,
        reading.temperature_c,
        reading.frequency_hz,
        None if others is None else _json.encode(others).decode(),
        _json.encode(signed).decode() if signed else None,
        reading.flags | flags,
        reading.sequence,
    )


def insertion(values: tuple[Any, ...]) -> tuple[Write, tuple[Any, ...]]:
    """How to insert a `row`: with the columns it has values for, because binding the two dozen that a
    charger never fills costs as much as the insert itself.

    A charger fills the same ones again and again; past `SHAPES_MAX` sets of columns all are written.
    """
    shape = tuple([value is None for value in values])
    known = _shapes.get(shape)
    if known is None:
        if len(_shapes) >= SHAPES_MAX:
            return INSERT, values
        places = [place for place, absent in enumerate(shape) if not absent]
        names = [_NAMES[place] for place in places]
        known = _shapes[shape] = (
            insert_into(readings, *names, ignore_duplicates=True),
            itemgetter(*places),
        )
    write, present = known
    return write, present(values)


SHAPES_MAX = 64
_NAMES = readings.columns.keys()
_shapes: dict[tuple[bool, ...], tuple[Write, Callable[[tuple[Any, ...]], tuple[Any, ...]]]] = {}


_all = select(*readings.columns, meters.c.evse).select_from(
    readings.join(meters, meters.c.number == readings.c.meter)
)


def reading_of(found: Any) -> Reading:
    return Reading(
        at=instant(found.at),
        received_at=instant(found.received_at),
        evse=found.evse,
        context=CONTEXTS[found.context],
        energy_wh=found.energy_wh,
        energy_export_wh=found.energy_export_wh,
        power_w=found.power_w,
        power_export_w=found.power_export_w,
        power_offered_w=found.power_offered_w,
        current_l1_a=found.current_l1_a,
        current_l2_a=found.current_l2_a,
        current_l3_a=found.current_l3_a,
        current_offered_a=found.current_offered_a,
        voltage_l1_v=found.voltage_l1_v,
        voltage_l2_v=found.voltage_l2_v,
        voltage_l3_v=found.voltage_l3_v,
        soc_percent=found.soc_percent,
        temperature_c=found.temperature_c,
        frequency_hz=found.frequency_hz,
        others=None if found.others is None else msgspec.json.decode(found.others),
        signed=() if found.signed is None else tuple(msgspec.json.decode(found.signed)),
        flags=found.flags,
        sequence=found.sequence,
    )


def meters_of(
    conn: Connection, tenant_id: TenantId, station_ids: Sequence[StationId]
) -> list[tuple[StationId, int, str, int]]:
    """(station, EVSE, location, number) of the stations' metering points."""
    query = select(meters.c.station_id, meters.c.evse, meters.c.location_id, meters.c.number).where(
        meters.c.station_id.in_(station_ids), meters.c.tenant_id == tenant_id
    )
    return [(StationId(found[0]), found[1], found[2], found[3]) for found in conn.execute(query)]


_METER = Query(
    select(meters.c.number).where(
        meters.c.station_id == bindparam("station"),
        meters.c.evse == bindparam("evse"),
        meters.c.location_id == bindparam("location"),
    ),
    "station",
    "evse",
    "location",
)


def meter_at(
    conn: Connection, tenant_id: TenantId, station_id: StationId, evse: int, location_id: LocationId | None
) -> int:
    """The number of a metering point, which is made when there is none; within a `Database.decide`."""
    where = location_id or ""
    known = _METER.first(conn, station_id, evse, where)
    number = None if known is None else known.number
    if number is None:
        number = int(conn.execute(select(func.coalesce(func.max(meters.c.number), 0))).scalar_one()) + 1
        conn.execute(
            insert(meters).values(
                number=number,
                tenant_id=tenant_id,
                station_id=station_id,
                evse=evse,
                location_id=where,
                thinned_until=0,
            )
        )
    return int(number)


def of_session(
    conn: Connection, tenant_id: TenantId, session: Session, *, limit: int = CURVE_MAX
) -> list[Reading]:
    """All readings of a session, in order of time; at most `limit`."""
    query = (
        _all.where(
            meters.c.station_id == session.station_id,
            meters.c.tenant_id == tenant_id,
            readings.c.at >= micros(session.started_at - MARGIN),
            readings.c.session == session.number,
        )
        .order_by(readings.c.at, readings.c.context)
        .limit(limit)
    )
    if session.evse is not None:
        # 2.x may report before it knows on which EVSE: those readings are the station's.
        query = query.where(meters.c.evse.in_((session.evse, 0)))
    if session.ended_at is not None:
        query = query.where(readings.c.at <= micros(session.ended_at + MARGIN))
    return [reading_of(found) for found in conn.execute(query)]


def signed_of_session(
    conn: Connection, tenant_id: TenantId, session: Session, *, limit: int
) -> list[Reading]:
    """The readings of a session that have signed values, in order of time; the earliest `limit`."""
    query = (
        _all.where(
            meters.c.station_id == session.station_id,
            meters.c.tenant_id == tenant_id,
            readings.c.at >= micros(session.started_at - MARGIN),
            readings.c.session == session.number,
            readings.c.signed.is_not(None),
        )
        .order_by(readings.c.at, readings.c.context)
        .limit(limit)
    )
    return [reading_of(found) for found in conn.execute(query)]


def load(
    conn: Connection,
    tenant_id: TenantId,
    location_id: LocationId,
    *,
    since_us: int,
    until_us: int,
    step_us: int,
    of: Sequence[int] | None = None,
) -> Iterator[tuple[str, int, int, float | None, float | None]]:
    """(station, EVSE, step, mean power, Wh counted) of a location's metering points, or of some of them."""
    step = ((readings.c.at - since_us) // step_us).label("step")
    query = (
        select(
            meters.c.station_id,
            meters.c.evse,
            step,
            func.avg(readings.c.power_w),
            func.max(readings.c.energy_wh) - func.min(readings.c.energy_wh),
        )
        .select_from(meters.join(readings, meters.c.number == readings.c.meter))
        .where(
            meters.c.location_id == location_id,
            meters.c.tenant_id == tenant_id,
            readings.c.at >= since_us,
            readings.c.at < until_us,
        )
        .group_by(meters.c.station_id, meters.c.evse, text("step"))
    )
    if of is not None:
        query = query.where(meters.c.number.in_(of))
    for found in conn.execute(query):
        yield found[0], found[1], found[2], found[3], found[4]


_LAST = (
    "(SELECT r.{column} FROM readings r WHERE r.meter = m.number AND r.at < b.at AND r.energy_wh IS NOT NULL"
    " ORDER BY r.at DESC LIMIT 1)"
)
_registers = text(
    "WITH RECURSIVE bounds(n, at) AS (SELECT 0, CAST(:since AS BIGINT) UNION ALL"
    " SELECT n + 1, at + CAST(:step AS BIGINT) FROM bounds WHERE n < :steps)"
    f" SELECT m.number, m.station_id, m.evse, b.n, b.at, {_LAST.format(column='at')},"
    f" {_LAST.format(column='energy_wh')} FROM meters m CROSS JOIN bounds b"
    " WHERE m.location_id = :location AND m.tenant_id = :tenant ORDER BY m.number, b.n"
)


def registers(
    conn: Connection, tenant_id: TenantId, location_id: LocationId, *, since_us: int, step_us: int, steps: int
) -> Iterator[tuple[int, str, int, int, int, int | None, float | None]]:
    """(metering point, station, EVSE, bound, its time, time and Wh of the last register before it), in order.

    There is a bound at the beginning of each step and at the end of the last. Two seeks a bound,
    however many readings lie between: a month of a busy site would be millions.
    """
    asked = {
        "since": since_us,
        "step": step_us,
        "steps": steps,
        "location": location_id,
        "tenant": tenant_id,
    }
    for found in conn.execute(_registers, asked):
        yield tuple(found)


def first_register(
    conn: Connection, tenant_id: TenantId, meter: int, *, since_us: int, until_us: int
) -> float | None:
    """The first register (Wh) of a metering point in a span."""
    query = (
        select(readings.c.energy_wh)
        .select_from(meters.join(readings, meters.c.number == readings.c.meter))
        .where(
            meters.c.tenant_id == tenant_id,
            readings.c.meter == meter,
            readings.c.at >= since_us,
            readings.c.at < until_us,
            readings.c.energy_wh.is_not(None),
        )
        .order_by(readings.c.at)
        .limit(1)
    )
    return conn.execute(query).scalar_one_or_none()


# Retention. Beginnings, ends and interruptions are kept: they are what a session is judged by.

_THINNED = ("Sample.Periodic", "Sample.Clock", "Trigger", "Other")
_thin = text(
    "DELETE FROM readings WHERE meter = :meter AND at >= :since AND at < :until"
    f" AND context IN ({', '.join(str(_CODES[context]) for context in _THINNED)})"
    " AND at NOT IN (SELECT min(at) FROM readings WHERE meter = :meter AND at >= :since AND at < :until"
    "  GROUP BY session, at / CAST(:step AS BIGINT))"
    " AND at NOT IN (SELECT max(at) FROM readings WHERE meter = :meter AND at >= :since AND at < :until"
    "  GROUP BY session)"
)


def meters_to_thin(conn: Connection, before_us: int, *, limit: int) -> list[tuple[int, int]]:
    """(number, thinned until) of metering points that have something old enough."""
    query = (
        select(meters.c.number, meters.c.thinned_until)
        .where(meters.c.thinned_until < before_us)
        .order_by(meters.c.thinned_until)
        .limit(limit)
    )
    return [(found[0], found[1]) for found in conn.execute(query)]


def thin(conn: Connection, meter: int, *, since_us: int, until_us: int, step_us: int) -> tuple[int, int]:
    """Thin a stretch of one metering point; how many rows went, and how far it is done now."""
    query = select(func.min(readings.c.at)).where(
        readings.c.meter == meter, readings.c.at >= since_us, readings.c.at < until_us
    )
    first = conn.execute(query).scalar_one_or_none()
    if first is None:
        done, gone = until_us, 0
    else:
        # Whole steps, so that the same readings are kept wherever a stretch begins.
        done = min(until_us, (first // step_us + STEPS_AT_ONCE) * step_us)
        values = {"meter": meter, "since": first, "until": done, "step": step_us}
        gone = conn.execute(_thin, values).rowcount
    conn.execute(meters.update().where(meters.c.number == meter).values(thinned_until=done))
    return gone, done


STEPS_AT_ONCE = 500


def delete_before(conn: Connection, meter: int, before_us: int, *, limit: int) -> int:
    """Delete a metering point's oldest readings, at most `limit`; how many went."""
    keys = (
        select(readings.c.at)
        .where(readings.c.meter == meter, readings.c.at < before_us)
        .order_by(readings.c.at)
        .limit(limit)
    )
    ats = [found[0] for found in conn.execute(keys)]
    if not ats:
        return 0
    gone = readings.delete().where(readings.c.meter == meter, readings.c.at <= ats[-1])
    return conn.execute(gone).rowcount


def meter_numbers(conn: Connection, *, after: int, limit: int) -> list[int]:
    query = select(meters.c.number).where(meters.c.number > after).order_by(meters.c.number).limit(limit)
    return [found[0] for found in conn.execute(query)]
