"""Curves as they are drawn: a station's over a span of time, a session's from its first reading to its last."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from currant.charging import curve_store, store
from currant.charging.common import no_session
from currant.charging.curve_store import Point, Stretch
from currant.charging.curves import carried, keeping_peaks, registered, step_of, summed
from currant.charging.model import Session
from currant.db.engine import Database
from currant.kit.clock import instant, micros
from currant.kit.errors import Invalid
from currant.kit.ids import SessionId, StationId, TenantId

POINTS_MAX = 2_000
SPAN_MAX = timedelta(days=62)
CARRIED_FOR_S = 1_800


class StationCurve(msgspec.Struct, frozen=True, kw_only=True):
    """What a station gave to vehicles, step by step of `step_s` seconds from `from` on; None where nothing is known."""

    since: datetime = msgspec.field(name="from")
    step_s: int
    power_w: list[float | None]
    """Mean W of each step, of all EVSEs together."""
    peak_w: list[float | None]
    """The most that was read in a step, of all EVSEs together."""
    energy_wh: int
    """Counted by its registers in the whole span."""
    temperature_c: list[float | None] | None = None
    """Where it measures one."""


class SessionPoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One point of a session's curve. `energy_wh` is what the session had taken, `current_a` the strongest phase."""

    at: datetime
    energy_wh: float
    power_w: float | None = None
    soc: float | None = None
    current_a: float | None = None
    voltage_v: float | None = None
    temperature_c: float | None = None


class SessionCurve(msgspec.Struct, frozen=True, kw_only=True):
    """A session's curve, oldest first; thinned so that peaks stay."""

    points: list[SessionPoint]


class Curves:
    """Draws curves from readings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_station(
        self, tenant_id: TenantId, station_id: StationId, *, since: datetime, until: datetime, points: int
    ) -> StationCurve:
        """A station's power over time in at most so many steps; Invalid for a span that is too long."""
        span = until - since
        if not timedelta(0) < span <= SPAN_MAX:
            raise Invalid(
                f"Ask for at most {SPAN_MAX.days} days, and for an end after its beginning.", field="until"
            )
        _check_points(points)
        step_s = step_of(span.total_seconds(), points)
        step_us = step_s * 1_000_000
        # Steps begin at round times, so that a curve asked for again a moment later is the same one.
        since_us = micros(since) // step_us * step_us
        until_us = micros(until)
        found = await self._database.read(
            lambda conn: list(
                curve_store.of_station(
                    conn, tenant_id, station_id, since_us=since_us, until_us=until_us, step_us=step_us
                )
            )
        )
        return station_curve(
            found, since_us=since_us, step_s=step_s, steps=-(-(until_us - since_us) // step_us)
        )

    async def of_session(self, tenant_id: TenantId, session_id: SessionId, *, points: int) -> SessionCurve:
        """A session's curve in at most so many points."""
        _check_points(points)

        def read(connection: Connection) -> SessionCurve:
            session = store.one(connection, tenant_id, session_id)
            if session is None:
                raise no_session(session_id)
            return session_curve(session, curve_store.of_session(connection, tenant_id, session), points)

        return await self._database.read(read)


def station_curve(stretches: list[Stretch], *, since_us: int, step_s: int, steps: int) -> StationCurve:
    """The EVSEs of a station as one curve; its main meter counts only where they are not metered themselves."""
    by_evse: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        by_evse.setdefault(stretch.evse, []).append(stretch)
    if len(by_evse) > 1:
        by_evse.pop(0, None)
    means, peaks = [], []
    energy = 0.0
    temperatures: dict[int, list[float]] = {}
    reach = max(CARRIED_FOR_S // step_s, 1)
    for of_evse in by_evse.values():
        of_evse = [stretch for stretch in of_evse if 0 <= stretch.step < steps]
        power = {s.step: s.power_w for s in of_evse if s.power_w is not None}
        means.append(carried(power, steps=steps, reach=reach))
        most = {s.step: s.peak_w for s in of_evse if s.peak_w is not None}
        peaks.append(carried(most, steps=steps, reach=reach))
        energy += registered(
            (s.low_wh, s.high_wh) for s in of_evse if s.low_wh is not None and s.high_wh is not None
        )
        for stretch in of_evse:
            if stretch.temperature_c is not None:
                temperatures.setdefault(stretch.step, []).append(stretch.temperature_c)
    return StationCurve(
        since=instant(since_us),
        step_s=step_s,
        power_w=_rounded(summed(means, steps)),
        peak_w=_rounded(summed(peaks, steps)),
        energy_wh=round(energy),
        temperature_c=None
        if not temperatures
        else [
            round(sum(found) / len(found), 1) if (found := temperatures.get(step)) else None
            for step in range(steps)
        ],
    )


def session_curve(session: Session, found: list[Point], points: int) -> SessionCurve:
    """A session's readings as points; what it had taken never falls, whatever its register did."""
    kept = keeping_peaks(_merged(found), points, lambda point: point.power_w)
    base = session.meter_start_wh
    if base is None:
        base = next((round(point.energy_wh) for point in kept if point.energy_wh is not None), 0)
    taken = 0.0
    drawn = []
    for point in kept:
        if point.energy_wh is not None:
            taken = min(max(taken, point.energy_wh - base), max(float(session.energy_wh), taken))
        phases = [a for a in (point.current_l1_a, point.current_l2_a, point.current_l3_a) if a is not None]
        drawn.append(
            SessionPoint(
                at=instant(point.at),
                energy_wh=round(taken, 1),
                power_w=point.power_w,
                soc=point.soc,
                current_a=max(phases) if phases else None,
                voltage_v=point.voltage_v,
                temperature_c=point.temperature_c,
            )
        )
    return SessionCurve(points=drawn)


def _merged(points: list[Point]) -> list[Point]:
    """One point for each instant: a beginning and a clock's reading may have come at the same one."""
    found: list[Point] = []
    for point in points:
        if found and found[-1].at == point.at:
            before = found[-1]
            found[-1] = Point(
                *[
                    old if new is None else new
                    for old, new in zip(
                        msgspec.structs.astuple(before), msgspec.structs.astuple(point), strict=True
                    )
                ]
            )
        else:
            found.append(point)
    return found


def _rounded(curve: list[float | None]) -> list[float | None]:
    return [None if value is None else round(value) for value in curve]


def _check_points(points: int) -> None:
    if not 4 <= points <= POINTS_MAX:
        raise Invalid(f"Ask for 4 to {POINTS_MAX} points.", field="points")
