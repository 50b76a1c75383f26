"""What cars and the grid have to say in OCPP 2.x: needs and schedules of ISO 15118, limits from outside, signals."""

from typing import TYPE_CHECKING, Any

from currant.simulator import profiles
from currant.simulator.limits import Purpose
from currant.simulator.outlet import Outlet
from currant.simulator.parts import Part
from currant.simulator.v2_common import Answer, Request, outlet_with
from currant.simulator.v2_profiles import read_profile
from currant.simulator.vehicle import PHASE_VOLTAGE_V, PowerType

if TYPE_CHECKING:
    from currant.simulator.station import Station
    from currant.simulator.v2 import V2

EXTERNAL_ID = 900_000


class Needs(Part):
    """At which EVSEs a car has told its needs and waits for a schedule; what the server let them transfer."""

    __slots__ = ("allowed", "signal", "told")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.told: dict[int, str] = {}
        self.allowed: dict[str, list[str]] = {}
        self.signal: int | None = None

    def rebooted(self) -> None:
        self.told.clear()


def tell_needs(words: "V2", outlet: Outlet) -> None:
    """A car that speaks ISO 15118 says what it wants (K15.FR.01, K17.FR.01)."""
    station, transaction, car = words.station, outlet.transaction, outlet.vehicle
    if transaction is None or car is None:
        return
    missing = max(0.0, car.model.battery_wh * car.target_soc - car.stored_wh)
    types = words.types
    # 2.0.1 has whole numbers where 2.1 has fractions.
    number = float if words.is_21 else int
    departs = None if outlet.visit is None else station.stamp_of(transaction.began + outlet.visit.stays_s)
    if outlet.spec.power_type is PowerType.DC:
        dc = types.DCChargingParametersType(
            ev_max_current=number(outlet.spec.max_current_a),
            ev_max_voltage=number(car.model.pack_voltage_v * 1.15),
            energy_amount=number(missing),
            ev_max_power=number(outlet.spec.max_power_w),
            state_of_charge=int(car.soc * 100),
            ev_energy_capacity=number(car.model.battery_wh),
        )
        needs = types.ChargingNeedsType(
            requested_energy_transfer="DC", departure_time=departs, dc_charging_parameters=dc
        )
    else:
        phases = min(outlet.spec.phases, car.model.ac_phases)
        mode = {1: "AC_single_phase", 2: "AC_two_phase"}.get(phases, "AC_three_phase")
        ac = types.ACChargingParametersType(
            energy_amount=number(missing),
            ev_min_current=number(6),
            ev_max_current=number(car.model.ac_max_w / phases / PHASE_VOLTAGE_V),
            ev_max_voltage=number(400),
        )
        needs = types.ChargingNeedsType(
            requested_energy_transfer=mode, departure_time=departs, ac_charging_parameters=ac
        )
    waiting = station.part(Needs)

    def answered(answer: Any) -> None:
        if answer.status in ("Accepted", "Processing"):
            waiting.told[outlet.number] = transaction.id

    words.say("NotifyEVChargingNeeds", evse_id=outlet.number, charging_needs=needs, answered=answered)


def answer_profile(words: "V2", evse: int, profile_id: int) -> None:
    """The car takes the schedule that came for its needs, and says how it will charge (K15.FR.10)."""
    station = words.station
    needs, profile = station.has(Needs), station.profiles.get(profile_id)
    if needs is None or profile is None or needs.told.get(evse) != profile.transaction:
        return
    if profile.purpose is not Purpose.TRANSACTION:
        return
    station.run_steps([(2.0, lambda: tell_schedule(words, evse, profile.wire.charging_schedule[0]))])


def tell_schedule(words: "V2", evse: int, schedule: Any) -> None:
    selected: dict[str, Any] = {"selected_charging_schedule_id": max(schedule.id, 0)} if words.is_21 else {}
    words.say(
        "NotifyEVChargingSchedule",
        time_base=words.station.stamp(),
        charging_schedule=schedule,
        evse_id=evse,
        **selected,
    )


def notify_allowed_energy_transfer(words: "V2", request: Request) -> Answer:
    outlet = outlet_with(words, request.transaction_id)
    known = outlet is not None and words.station.spec.iso15118
    if known:
        words.station.part(Needs).allowed[request.transaction_id] = list(request.allowed_energy_transfer)
    return words.types.NotifyAllowedEnergyTransferResponse(status="Accepted" if known else "Rejected")


def afrr_signal(words: "V2", request: Request) -> Answer:
    """Only a profile that follows the signal has a use for it (2.1, Q09)."""
    modes = {
        period.operation_mode
        for profile in words.station.profiles.values()
        if profile.wire is not None
        for period in profile.wire.charging_schedule[0].charging_schedule_period
    }
    follows = "LocalFrequency" in modes or "CentralFrequency" in modes
    if follows:
        words.station.part(Needs).signal = request.signal
    return words.types.AFRRSignalResponse(status="Accepted" if follows else "Rejected")


def limit_from_outside(
    words: "V2", outlet: Outlet | None, watts: float, source: str, *, grid_critical: bool
) -> None:
    """An energy manager or the grid sets a limit: kept, obeyed and told (K11, K12)."""
    types, evse = words.types, 0 if outlet is None else outlet.number
    schedule = types.ChargingScheduleType(
        id=EXTERNAL_ID + evse,
        charging_rate_unit="W",
        start_schedule=words.station.stamp(),
        charging_schedule_period=[types.ChargingSchedulePeriodType(start_period=0, limit=watts)],
    )
    wire = types.ChargingProfileType(
        id=EXTERNAL_ID + evse,
        stack_level=0,
        charging_profile_purpose="ChargingStationExternalConstraints",
        charging_profile_kind="Absolute",
        charging_schedule=[schedule],
    )
    profiles.store(words.station, read_profile(evse, wire, source=source))
    words.say(
        "NotifyChargingLimit",
        evse_id=None if outlet is None else evse,
        charging_limit=types.ChargingLimitType(charging_limit_source=source, is_grid_critical=grid_critical),
        charging_schedule=[schedule],
    )


def release_from_outside(words: "V2", outlet: Outlet | None, source: str) -> None:
    """The limit is gone (K13)."""
    evse = 0 if outlet is None else outlet.number
    words.station.profiles.pop(EXTERNAL_ID + evse, None)
    profiles.review(words.station)
    words.say("ClearedChargingLimit", charging_limit_source=source, evse_id=None if outlet is None else evse)
