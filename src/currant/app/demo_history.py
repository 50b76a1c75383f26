"""A past for the demo network: what its drivers would have done in the days before its first start.

Drivers come by the same habits as the simulated ones, their cars draw what such cars draw, and the
meters end where the stations' begin. Every session says that it is made up: it was started by `Demo`.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from currant.charging import idle, repairs
from currant.charging.model import Activity, Phase, Reading, Session
from currant.charging.past import PastSession
from currant.charging.service import ChargingService
from currant.kit.clock import EPOCH, micros
from currant.kit.ids import AccountId, LocationId, SessionId, StationId, TenantId, TokenId, new_id
from currant.simulator import PowerType, StationSpec
from currant.simulator.dice import Dice
from currant.simulator.drivers import Visit, next_arrival, visit
from currant.simulator.vehicle import Offer, power_taken

DAYS = 8
STARTED_BY = "Demo"
ENDS_BEFORE = timedelta(minutes=2)
"""No session of the past reaches into the first minutes of the network's life."""
SESSIONS_MAX = 16_000
"""More stations have fewer drivers each: the first start shall not take long."""
READ_FOR = timedelta(days=2)
"""Of older sessions only the beginning and the end were read."""
DC_STEP_S, AC_STEP_S = 120.0, 600.0
POINTS_MAX = 40
LOST_SHARE, APP_SHARE = 0.01, 0.4
_PAUSE_S = 240.0
LEAVING_S, SHORTEST_S = 600.0, 180.0


class PastPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A station with a past: where it is registered, and its meters' registers at the end of it."""

    spec: StationSpec
    station_id: StationId
    location_id: LocationId | None
    registers_wh: tuple[int, ...]


class PastDriver(msgspec.Struct, frozen=True, kw_only=True):
    """A registered token."""

    uid: str
    kind: str
    token_id: TokenId
    account_id: AccountId | None


class _Stay(msgspec.Struct, frozen=True, gc=False):
    """One visit: epoch seconds, Wh, and (seconds, Wh so far, W, state of charge) on the way."""

    evse: int
    visit: Visit
    began: float
    ended: float
    satisfied: float
    energy_wh: float
    points: list[tuple[float, float, float, float]]


async def make_history(
    charging: ChargingService,
    tenant_id: TenantId,
    places: Sequence[PastPlace],
    drivers: Sequence[PastDriver],
    *,
    now: datetime,
    seed: int,
) -> int:
    """Make up and keep the past of a network; how many sessions it has."""
    past = await asyncio.to_thread(
        lambda: list(sessions_before(tenant_id, places, drivers, now=now, seed=seed))
    )
    return await charging.take_in(tenant_id, past)


def sessions_before(
    tenant_id: TenantId,
    places: Sequence[PastPlace],
    drivers: Sequence[PastDriver],
    *,
    now: datetime,
    seed: int,
) -> Iterator[PastSession]:
    """The sessions of the days before `now`; the same seed and time make the same ones."""
    expected = sum(place.spec.sessions_per_day for place in places) * DAYS
    share = min(1.0, SESSIONS_MAX / max(expected, 1.0))
    by_uid = {driver.uid: driver for driver in drivers}
    for place in places:
        spec = msgspec.structs.replace(place.spec, sessions_per_day=place.spec.sessions_per_day * share)
        dice = Dice(seed, spec.identity, "past")
        by_evse: dict[int, list[_Stay]] = {}
        for stay in _stays(spec, dice, now, [driver.uid for driver in drivers]):
            by_evse.setdefault(stay.evse, []).append(stay)
        for evse, stays in by_evse.items():
            register = place.registers_wh[evse - 1] - sum(round(stay.energy_wh) for stay in stays)
            for stay in stays:
                register += round(stay.energy_wh)
                yield _past(tenant_id, place, stay, register, by_uid, dice, now)


def _stays(spec: StationSpec, dice: Dice, now: datetime, uids: Sequence[str]) -> Iterator[_Stay]:
    """Who came, as far as an EVSE was free, in order of time."""
    latest = (now - ENDS_BEFORE - EPOCH).total_seconds()
    at: float | None = (now - timedelta(days=DAYS) - EPOCH).total_seconds()
    free_from = [0.0] * len(spec.evses)
    while at is not None and (at := next_arrival(spec, dice, at)) is not None and at < latest:
        free = [number for number, since in enumerate(free_from, start=1) if since <= at]
        if not free or not uids:
            continue
        evse = free[dice.integer(0, len(free) - 1)]
        driver = visit(spec, evse, dice.choice(uids), dice)
        # Who would still be there has just left: the real beginning is not an empty network's.
        until = min(driver.stays_s, latest - at - dice.uniform(0, LEAVING_S))
        if until > SHORTEST_S:
            stay = _stay(spec, evse, msgspec.structs.replace(driver, stays_s=until), at)
            free_from[evse - 1] = stay.ended + _PAUSE_S
            yield stay


def _stay(spec: StationSpec, evse: int, driver: Visit, began: float) -> _Stay:
    outlet = spec.evses[evse - 1]
    offer = Offer(
        power_type=outlet.power_type,
        max_power_w=float(outlet.max_power_w),
        phases=outlet.phases,
        max_current_a=outlet.max_current_a,
    )
    direct = outlet.power_type is PowerType.DC
    step_s = DC_STEP_S if direct else AC_STEP_S
    car, passed, energy = driver.vehicle, 0.0, 0.0
    efficiency = car.model.dc_efficiency if direct else car.model.ac_efficiency
    points = []
    while passed < driver.stays_s:
        power = power_taken(car, offer)
        points.append((passed, energy, power, car.soc))
        if power <= 0:
            break
        seconds = min(step_s, driver.stays_s - passed)
        goal = (car.model.battery_wh * car.target_soc - car.stored_wh) / efficiency
        taken = min(power * seconds / 3600, goal)
        passed += seconds * taken / (power * seconds / 3600)
        energy += taken
        car = msgspec.structs.replace(car, stored_wh=car.stored_wh + taken * efficiency)
        if taken >= goal:
            break
    satisfied = passed
    leaves = passed if driver.leaves_when_satisfied else driver.stays_s
    points.append((passed, energy, 0.0, car.soc))
    return _Stay(
        evse, driver, began, began + max(leaves, passed, 60.0), began + satisfied, energy, _thinned(points)
    )


def _thinned(points: list[tuple[float, float, float, float]]) -> list[tuple[float, float, float, float]]:
    every = -(-len(points) // POINTS_MAX)
    return [*points[:-1:every], points[-1]]


def _past(
    tenant_id: TenantId,
    place: PastPlace,
    stay: _Stay,
    register: int,
    by_uid: Mapping[str, PastDriver],
    dice: Dice,
    now: datetime,
) -> PastSession:
    driver = by_uid[stay.visit.token]
    began, ended = _time(stay.began), _time(stay.ended)
    flowed = _time(stay.satisfied)
    energy = round(stay.energy_wh)
    begun_at = register - energy
    idle_s = int(stay.ended - stay.satisfied) if stay.ended - stay.satisfied > 600 else 0
    session = Session(
        id=SessionId(new_id()),
        number=0,
        tenant_id=tenant_id,
        station_id=place.station_id,
        transaction_id=f"demo-{place.spec.identity}-{stay.evse}-{micros(began) // 1_000_000}",
        started_at=began,
        location_id=place.location_id,
        evse=stay.evse,
        connector=stay.visit.connector,
        phase=Phase.ENDED,
        activity=Activity.IDLE if idle_s else Activity.CHARGING,
        activity_since=flowed,
        token_id=driver.token_id,
        account_id=driver.account_id,
        token_uid=driver.uid,
        token_kind=driver.kind,
        authorised=True,
        authorisation="accepted",
        start_cause=STARTED_BY,
        ended_at=ended,
        stop_reason="EVDisconnected" if stay.visit.stops_by_unplugging else "Local",
        meter_start_wh=begun_at,
        meter_last_wh=register,
        meter_last_at=ended,
        meter_stop_wh=register,
        energy_wh=energy,
        soc_percent=round(stay.points[-1][3] * 100, 1)
        if place.spec.evses[stay.evse - 1].power_type is PowerType.DC
        else None,
        first_energy_at=began if energy else None,
        last_energy_at=flowed if energy else None,
        idle_since=flowed if idle_s else None,
        idle_s=idle_s,
        received_at=began,
        updated_at=ended,
        reported_started_at=began,
        timeline=(
            (micros(began), micros(began), idle.CHARGING),
            (micros(flowed), micros(flowed), idle.VEHICLE),
        ),
        base_wh=begun_at,
        read_at=ended,
        heard_at=ended,
    )
    if dice.happens(LOST_SHARE):
        session = repairs.noted(
            session, "stop_lost", "Its end was never reported; another session began on the same EVSE."
        )
    return PastSession(session=session, readings=tuple(_readings(session, stay, now)))


def _readings(session: Session, stay: _Stay, now: datetime) -> Iterator[Reading]:
    assert session.meter_start_wh is not None
    assert session.ended_at is not None
    recent = now - session.started_at < READ_FOR
    last = len(stay.points) - 1
    for number, (passed, energy, power, soc) in enumerate(stay.points):
        ends = number == last
        if number and not ends and not recent:
            continue
        at = session.ended_at if ends else session.started_at + timedelta(seconds=passed)
        yield Reading(
            at=at,
            received_at=at,
            evse=stay.evse,
            context="Transaction.End" if ends else "Sample.Periodic" if number else "Transaction.Begin",
            energy_wh=float(session.meter_start_wh + round(energy)),
            power_w=round(power, 1),
            soc_percent=round(soc * 100, 1) if session.soc_percent is not None else None,
        )


def _time(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=int(seconds))
