"""What a session's readings add up to: its energy, from registers that may lie.

A register counts up. Where one falls, or leaps further than the EVSE could have delivered, the
reading is set aside; three in a row that agree with each other are a new register (a meter that
was swapped or reset, a start that was never read), and counting goes on from there without what
lies between. Without any register the power is added up over time, and said to be an estimate.

`count` takes one reading after another; `recount` takes all of them anew, which is what a late
one calls for. Both come to the same.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import IntFlag

from msgspec.structs import replace

from currant.charging.measurands import Flag
from currant.charging.metering import taken
from currant.charging.model import Reading, Session


class Note(IntFlag):
    """What was odd about a session's registers."""

    REGISTER_READ = 1
    """Nothing odd: a meter value held a register at all."""
    WENT_BACK = 2
    JUMPED = 4
    REBASED = 8
    ESTIMATED = 16
    STOP_BELOW = 32
    STOP_JUMPED = 64
    STOP_MISSING = 128
    UNSETTLED = 256
    """A leap that nothing has explained yet: no reading came back to the level before it."""


# Enums are slow to combine, and this is done for every meter value there is.
_REGISTER_READ = int(Note.REGISTER_READ)
_SETTLED = ~int(Note.UNSETTLED)

# What an EVSE whose limit is not known is believed to deliver; megawatt charging says so by its power.
POWER_MAX_W = 500_000
# Coarse registers (whole kWh) and coarse times make small leaps that mean nothing.
SLACK_WH = 2_000
# Readings that must agree before a register is believed to be another one.
AGREEING = 3
# Less than this is a station's standby, or a car's trickle, and not charging.
FLOWING_W = 100.0
# Power is added up over no longer gap than this: what happened in between is not known.
GAP_MAX_S = 1_800.0

INTERVAL = "Energy.Active.Import.Interval"


def count(session: Session, reading: Reading, *, max_power_w: int | None = None) -> tuple[Session, int]:
    """The session with one more reading, taken after all others, and the flags the reading earned."""
    at = reading.at
    wh = reading.energy_wh
    if wh is None:
        return _without_register(session, reading), 0
    register = int(wh + 0.5)
    power = reading.power_w
    last = session.meter_last_wh
    notes = session.meter_notes | _REGISTER_READ
    soc = reading.soc_percent if reading.soc_percent is not None else session.soc_percent
    if last is None or session.base_wh is None:
        return (
            replace(
                session,
                meter_start_wh=register if session.meter_start_wh is None else session.meter_start_wh,
                meter_last_wh=register,
                meter_last_at=at,
                base_wh=register,
                before_wh=session.energy_wh,
                power_w=power,
                soc_percent=soc,
                read_at=at,
                meter_notes=notes,
            ),
            0,
        )
    delta = register - last
    before_at = session.meter_last_at or session.started_at
    seconds = (at - before_at).total_seconds()
    if delta < 0 or (delta > SLACK_WH and delta * 3000.0 > _bound(max_power_w, power) * max(seconds, 0.0)):
        return _set_aside(session, reading, register, max_power_w, soc)
    energy = session.before_wh + register - session.base_wh
    flows = delta > 0 and delta * 3600.0 >= FLOWING_W * seconds
    if power is None:
        # Some stations stop sending power when none flows; what they sent last is stale (quirk F7).
        power = delta * 3600.0 / seconds if seconds >= 1.0 else session.power_w
    return (
        replace(
            session,
            meter_last_wh=register,
            meter_last_at=at,
            energy_wh=energy if energy > session.energy_wh else session.energy_wh,
            power_w=power,
            soc_percent=soc,
            first_energy_at=session.first_energy_at or before_at if flows else session.first_energy_at,
            last_energy_at=at if flows else session.last_energy_at,
            read_at=at,
            odd_count=0,
            meter_notes=notes & _SETTLED,
        ),
        0,
    )


def recount(session: Session, readings: Iterable[Reading], *, max_power_w: int | None = None) -> Session:
    """The session with all its readings counted anew, in the order in which they were taken.

    What 1.6 reported with the start is kept; with 2.x the first register is the start. Readings
    that an end by sequence number left behind it count no more.
    """
    fresh = uncounted(session)
    for reading in sorted(readings, key=taken):
        if counts(session, reading):
            fresh, _ = count(fresh, reading, max_power_w=max_power_w)
    if session.ended_at is not None and not session.sequences_seen and session.meter_stop_wh is not None:
        fresh = close_with(fresh, session.meter_stop_wh, session.ended_at, max_power_w=max_power_w)
    return fresh


def uncounted(session: Session) -> Session:
    """The session as if nothing had been read of it yet."""
    begun = session.meter_start_wh if not session.sequences_seen else None
    return replace(
        session,
        meter_start_wh=begun,
        meter_last_wh=begun,
        meter_last_at=session.started_at if begun is not None else None,
        base_wh=begun,
        before_wh=0,
        energy_wh=0,
        odd_first_wh=None,
        odd_last_wh=None,
        odd_count=0,
        estimated_wh=0.0,
        power_w=None,
        soc_percent=None,
        first_energy_at=None,
        last_energy_at=None,
        read_at=None,
        meter_notes=0,
    )


def counts(session: Session, reading: Reading) -> bool:
    """Whether a reading is of the time before the session's end."""
    if session.ended_sequence is not None and reading.sequence is not None:
        return reading.sequence <= session.ended_sequence
    return session.ended_at is None or reading.at <= session.ended_at


def close_with(
    session: Session, stop_wh: int, ended_at: datetime, *, max_power_w: int | None = None
) -> Session:
    """The energy of a session whose end was reported with a register (1.6 meterStop).

    Start and stop are what is billed, so where they agree with each other they outrank odd readings
    in between. Where they do not, the readings are what is left.
    """
    start, counted = session.meter_start_wh, session.energy_wh
    notes, energy = session.meter_notes, counted
    seconds = max((ended_at - session.started_at).total_seconds(), 0.0)
    bound = _bound(max_power_w, session.power_w)
    last, base = session.meter_last_wh, session.base_wh
    total = None if start is None else stop_wh - start
    if total is not None and total >= 0 and _plausible(total, seconds, bound):
        if total >= counted or (notes & Note.ESTIMATED and total > 0):
            energy = total
            notes &= ~(Note.REBASED | Note.ESTIMATED | Note.UNSETTLED)
        elif not notes & Note.ESTIMATED:
            notes |= Note.STOP_BELOW
    else:
        since = (ended_at - (session.meter_last_at or session.started_at)).total_seconds()
        if (
            last is not None
            and base is not None
            and (notes & Note.REBASED or start is None)
            and stop_wh >= last
            and _plausible(stop_wh - last, max(since, 0.0), bound)
        ):
            energy = max(counted, session.before_wh + stop_wh - base)
            notes &= ~Note.UNSETTLED
        elif total is not None:
            notes |= Note.STOP_BELOW if total < 0 else Note.STOP_JUMPED
    flowed = energy > counted
    return replace(
        session,
        meter_stop_wh=stop_wh,
        energy_wh=max(energy, 0),
        first_energy_at=session.first_energy_at or (session.started_at if flowed else None),
        last_energy_at=ended_at
        if flowed and (energy - counted) * 3600.0 >= FLOWING_W * _since_last(session, ended_at)
        else session.last_energy_at,
        meter_notes=notes,
    )


def _since_last(session: Session, until: datetime) -> float:
    return max((until - (session.meter_last_at or session.started_at)).total_seconds(), 0.0)


def _bound(max_power_w: int | None, power_w: float | None) -> float:
    bound = max_power_w or POWER_MAX_W
    return bound if power_w is None or power_w <= bound else power_w


def _plausible(delta: int, seconds: float, bound: float) -> bool:
    # A fifth more than the bound: 3600 s an hour over 1.2.
    return delta <= SLACK_WH or delta * 3000.0 <= bound * seconds


def _without_register(session: Session, reading: Reading) -> Session:
    power, at = reading.power_w, reading.at
    others = reading.others
    step = 0.0
    if not session.meter_notes & Note.REGISTER_READ:
        interval = others.get(INTERVAL) if others else None
        if isinstance(interval, int | float) and interval >= 0:
            step = float(interval)
        elif power is not None and session.power_w is not None and session.read_at is not None:
            seconds = (at - session.read_at).total_seconds()
            if 0 < seconds <= GAP_MAX_S:
                step = (session.power_w + power) * seconds / 7200.0
    estimated = session.estimated_wh + step
    flows = power is not None and power >= FLOWING_W and power <= _bound(None, power)
    return replace(
        session,
        estimated_wh=estimated,
        energy_wh=max(session.energy_wh, int(estimated)) if step else session.energy_wh,
        power_w=session.power_w if power is None else power,
        soc_percent=session.soc_percent if reading.soc_percent is None else reading.soc_percent,
        first_energy_at=session.first_energy_at or (at if flows else None),
        last_energy_at=at if flows else session.last_energy_at,
        read_at=at,
        meter_notes=int(session.meter_notes | Note.ESTIMATED) if step else session.meter_notes,
    )


def _set_aside(
    session: Session, reading: Reading, register: int, max_power_w: int | None, soc: float | None
) -> tuple[Session, int]:
    """A register that cannot be: set aside, or, when it is the third of its kind, counted from on."""
    assert session.meter_last_wh is not None
    fell = register < session.meter_last_wh
    note = Note.WENT_BACK if fell else Note.JUMPED
    flag = Flag.METER_WENT_BACK if fell else Flag.METER_JUMPED
    power = session.power_w if reading.power_w is None else reading.power_w
    seconds = max((reading.at - (session.read_at or session.started_at)).total_seconds(), 0.0)
    odd = session.odd_last_wh
    agrees = (
        session.odd_count > 0
        and odd is not None
        and register >= odd
        and _plausible(register - odd, seconds, _bound(max_power_w, power))
    )
    if agrees and session.odd_count + 1 >= AGREEING:
        assert session.odd_first_wh is not None
        first = session.odd_first_wh
        return (
            replace(
                session,
                before_wh=session.energy_wh,
                base_wh=first,
                energy_wh=session.energy_wh + register - first,
                meter_last_wh=register,
                meter_last_at=reading.at,
                odd_count=0,
                power_w=power,
                soc_percent=soc,
                first_energy_at=session.first_energy_at or (reading.at if register > first else None),
                last_energy_at=reading.at if register > first else session.last_energy_at,
                read_at=reading.at,
                meter_notes=int((session.meter_notes | note | Note.REBASED | Note.REGISTER_READ) & _SETTLED),
            ),
            int(flag),
        )
    return (
        replace(
            session,
            odd_first_wh=session.odd_first_wh if agrees else register,
            odd_last_wh=register,
            odd_count=session.odd_count + 1 if agrees else 1,
            power_w=power,
            soc_percent=soc,
            read_at=reading.at,
            meter_notes=int(
                session.meter_notes | note | Note.REGISTER_READ | (0 if fell else Note.UNSETTLED)
            ),
        ),
        int(flag),
    )
