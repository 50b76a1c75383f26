"""What curves are drawn from: readings by steps, or one session's readings with the few columns a curve shows."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, func, select, text

from currant.charging.model import Session
from currant.charging.reading_store import CURVE_MAX, MARGIN, meters, readings
from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """What one EVSE measured in one step: mean and highest W, lowest and highest register, °C."""

    evse: int
    step: int
    power_w: float | None
    peak_w: float | None
    low_wh: float | None
    high_wh: float | None
    temperature_c: float | None


def of_station(
    conn: Connection,
    tenant_id: TenantId,
    station_id: StationId,
    *,
    since_us: int,
    until_us: int,
    step_us: int,
) -> Iterator[Stretch]:
    """The readings of a station's EVSEs by steps, in order of time; EVSE 0 is its main meter."""
    step = ((readings.c.at - since_us) // step_us).label("step")
    query = (
        select(
            meters.c.evse,
            step,
            func.avg(readings.c.power_w),
            func.max(readings.c.power_w),
            func.min(readings.c.energy_wh),
            func.max(readings.c.energy_wh),
            func.avg(readings.c.temperature_c),
        )
        .select_from(meters.join(readings, meters.c.number == readings.c.meter))
        .where(
            meters.c.station_id == station_id,
            meters.c.tenant_id == tenant_id,
            readings.c.at >= since_us,
            readings.c.at < until_us,
        )
        .group_by(meters.c.number, meters.c.evse, text("step"))
        .order_by(meters.c.number, text("step"))
    )
    for found in conn.execute(query):
        yield Stretch(*found)


_OF_SESSION = (
    "at",
    "power_w",
    "energy_wh",
    "soc_percent",
    "current_l1_a",
    "current_l2_a",
    "current_l3_a",
    "voltage_l1_v",
    "temperature_c",
)


class Point(msgspec.Struct, frozen=True, gc=False):
    """What was measured of a session at an instant (microseconds since 1970)."""

    at: int
    power_w: float | None
    energy_wh: float | None
    soc: float | None
    current_l1_a: float | None
    current_l2_a: float | None
    current_l3_a: float | None
    voltage_v: float | None
    temperature_c: float | None


def of_session(conn: Connection, tenant_id: TenantId, session: Session) -> list[Point]:
    """A session's readings in order of time."""
    query = (
        select(*(readings.c[name] for name in _OF_SESSION))
        .select_from(meters.join(readings, meters.c.number == readings.c.meter))
        .where(
            meters.c.station_id == session.station_id,
            meters.c.tenant_id == tenant_id,
            readings.c.at >= micros(session.started_at - MARGIN),
            readings.c.at <= micros((session.ended_at or instant(2**52)) + MARGIN),
            readings.c.session == session.number,
        )
        .order_by(readings.c.at, readings.c.context)
        .limit(CURVE_MAX)
    )
    if session.evse is not None:
        query = query.where(meters.c.evse.in_((session.evse, 0)))
    return [Point(*found) for found in conn.execute(query)]
