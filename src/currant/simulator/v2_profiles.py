"""A simulated station and the charging profiles of OCPP 2.0.1 and 2.1."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from currant.simulator import limits, profiles
from currant.simulator.limits import Period, Profile, Purpose
from currant.simulator.outlet import Outlet
from currant.simulator.v2_common import Answer, Request, in_parts, outlet_of, outlet_with, unknown_evse
from currant.simulator.vehicle import PowerType

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

PURPOSES = {
    "ChargingStationMaxProfile": Purpose.STATION_MAX,
    "ChargingStationExternalConstraints": Purpose.EXTERNAL,
    "TxDefaultProfile": Purpose.DEFAULT,
    "TxProfile": Purpose.TRANSACTION,
    "PriorityCharging": Purpose.PRIORITY,
    "LocalGeneration": Purpose.LOCAL_GENERATION,
}
REPORTED_AT_ONCE = 2
RELATIVE_S = {"Daily": limits.DAY_S, "Weekly": limits.WEEK_S}


def set_charging_profile(words: "V2", request: Request) -> Answer:
    respond, wire = words.types.SetChargingProfileResponse, request.charging_profile
    reason = _objection(words, request.evse_id, wire)
    if reason is None:
        profile = read_profile(request.evse_id, wire)
        reason = None if profiles.store(words.station, profile) else "TooManyElements"
    if reason is not None:
        return respond(status="Rejected", status_info=words.types.StatusInfoType(reason_code=reason))
    pull_later(words, wire.id)
    words.profile_stored(request.evse_id, wire.id)
    return respond(status="Accepted")


def _objection(words: "V2", evse_id: int, wire: Any) -> str | None:
    """Why this profile is not taken, as a reason code; None when it is."""
    outlet, purpose = outlet_of(words, evse_id), PURPOSES[wire.charging_profile_purpose]
    if unknown_evse(words, evse_id):
        return "UnknownEVSE"
    if purpose is Purpose.EXTERNAL:
        return "InvalidProfile"
    if purpose is Purpose.TRANSACTION:
        # K01.FR.03, 09, 16 and 33.
        if evse_id == 0 or wire.transaction_id is None:
            return "InvalidProfile"
        if outlet is None or outlet.transaction is None or outlet.transaction.id != wire.transaction_id:
            return "TxNotFound"
    elif wire.transaction_id is not None or (purpose is Purpose.STATION_MAX and evse_id != 0):
        return "InvalidProfile"
    if not all(_sound(outlet, wire, schedule) for schedule in wire.charging_schedule):
        return "InvalidSchedule"
    profile = read_profile(evse_id, wire)
    if not profiles.fits(words.station, outlet, profile):
        return "InvalidSchedule"
    return "DuplicateProfile" if profiles.conflicts(words.station, profile) else None


def _sound(outlet: Outlet | None, wire: Any, schedule: Any) -> bool:
    """K01.FR.40, 41 and 44; K28.FR.01 to 04."""
    kind = wire.charging_profile_kind
    if kind in ("Absolute", "Recurring") and schedule.start_schedule is None:
        return False
    if kind == "Relative" and schedule.start_schedule is not None:
        return False
    if (kind == "Recurring") != (wire.recurrency_kind is not None):
        return False
    periods = schedule.charging_schedule_period
    if kind == "Dynamic":
        if len(wire.charging_schedule) != 1 or len(periods) != 1:
            return False
    elif getattr(wire, "dyn_update_interval", None) is not None:
        return False
    dc = outlet is not None and outlet.spec.power_type is PowerType.DC
    return not (dc and any(period.phase_to_use is not None for period in periods))


def pull_later(words: "V2", profile_id: int) -> None:
    """A dynamic profile with an interval is asked for anew each time that is over (2.1, K28.FR.10)."""
    station = words.station
    stored = station.profiles.get(profile_id)
    interval = None if stored is None else getattr(stored.wire, "dyn_update_interval", None)
    if stored is None or not interval:
        return
    wire = stored.wire

    def updated(answer: Any) -> None:
        if answer.status == "Accepted" and answer.schedule_update is not None:
            profiles.update(station, profile_id, _new_limit(answer.schedule_update))

    def due() -> None:
        now = station.profiles.get(profile_id)
        if now is not None and now.wire is wire:
            words.say("PullDynamicScheduleUpdate", charging_profile_id=profile_id, answered=updated)
            pull_later(words, profile_id)

    station.at(station.now + interval, due)


def update_dynamic_schedule(words: "V2", request: Request) -> Answer:
    limit = _new_limit(request.schedule_update)
    done = profiles.update(words.station, request.charging_profile_id, limit)
    return words.types.UpdateDynamicScheduleResponse(status="Accepted" if done else "Rejected")


def _new_limit(update: Any) -> float | None:
    return update.limit if update.limit is not None else update.setpoint  # type: ignore[no-any-return]


def use_priority_charging(words: "V2", request: Request) -> Answer:
    station, respond = words.station, words.types.UsePriorityChargingResponse
    outlet = outlet_with(words, request.transaction_id)
    if outlet is None:
        return respond(status="Rejected")
    if request.activate and not any(each.purpose is Purpose.PRIORITY for each in station.profiles.values()):
        return respond(status="NoProfile")
    chosen = outlet
    station.run_steps([(0.2, lambda: prioritise(words, chosen, activated=request.activate))])
    return respond(status="Accepted")


def prioritise(words: "V2", outlet: Outlet, *, activated: bool) -> None:
    """Charge this car first, or no longer, and say so (K21.FR.05, 08; K22)."""
    if outlet.transaction is None or outlet.priority == activated:
        return
    outlet.meter()
    outlet.priority = activated
    words.say("NotifyPriorityCharging", transaction_id=outlet.transaction.id, activated=activated)
    profiles.review(words.station)


def clear_charging_profile(words: "V2", request: Request) -> Answer:
    criteria = request.charging_profile_criteria
    purpose = getattr(criteria, "charging_profile_purpose", None)
    cleared = profiles.clear(
        words.station,
        id=request.charging_profile_id,
        evse=getattr(criteria, "evse_id", None),
        purpose=None if purpose is None else PURPOSES.get(purpose),
        stack_level=getattr(criteria, "stack_level", None),
    )
    return words.types.ClearChargingProfileResponse(status="Accepted" if cleared else "Unknown")


def get_charging_profiles(words: "V2", request: Request) -> Answer:
    criterion = request.charging_profile
    found = [
        profile
        for profile in words.station.profiles.values()
        if (request.evse_id is None or profile.evse == request.evse_id)
        and (not criterion.charging_profile_id or profile.id in criterion.charging_profile_id)
        and (criterion.stack_level is None or profile.stack_level == criterion.stack_level)
        and (
            criterion.charging_profile_purpose is None
            or PURPOSES.get(criterion.charging_profile_purpose) is profile.purpose
        )
        and (not criterion.charging_limit_source or profile.source in criterion.charging_limit_source)
    ]
    if not found:
        return words.types.GetChargingProfilesResponse(status="NoProfiles")
    words.station.run_steps([(0.5, lambda: _report_profiles(words, request.request_id, found))])
    return words.types.GetChargingProfilesResponse(status="Accepted")


def _report_profiles(words: "V2", request_id: int, found: Sequence[Profile]) -> None:
    """A message holds profiles of one EVSE and one source (K09)."""
    groups: dict[tuple[int, str], list[Profile]] = {}
    for profile in found:
        groups.setdefault((profile.evse, profile.source), []).append(profile)
    messages = [
        (evse, source, part)
        for (evse, source), own in groups.items()
        for _, part, _ in in_parts(own, REPORTED_AT_ONCE)
    ]
    for number, (evse, source, part) in enumerate(messages, start=1):
        words.say(
            "ReportChargingProfiles",
            request_id=request_id,
            charging_limit_source=source,
            evse_id=evse,
            charging_profile=[wire_profile(profile) for profile in part],
            tbc=True if number < len(messages) else None,
        )


def composite_schedule(words: "V2", request: Request) -> Answer:
    types, outlet = words.types, outlet_of(words, request.evse_id)
    if unknown_evse(words, request.evse_id):
        return types.GetCompositeScheduleResponse(status="Rejected")
    unit = request.charging_rate_unit or "W"
    schedule = profiles.composite(words.station, outlet, request.duration, in_watts=unit == "W")
    return types.GetCompositeScheduleResponse(
        status="Accepted",
        schedule=types.CompositeScheduleType(
            evse_id=request.evse_id,
            duration=request.duration,
            schedule_start=words.station.stamp(),
            charging_rate_unit=unit,
            charging_schedule_period=[
                types.ChargingSchedulePeriodType(start_period=start, limit=limit) for start, limit in schedule
            ],
        ),
    )


def read_profile(evse: int, wire: Any, *, source: str = "CSO") -> Profile:
    schedule = wire.charging_schedule[0]
    return Profile(
        id=wire.id,
        evse=evse,
        purpose=PURPOSES[wire.charging_profile_purpose],
        stack_level=wire.stack_level,
        in_watts=schedule.charging_rate_unit == "W",
        periods=tuple(_periods(schedule.charging_schedule_period)),
        relative=wire.charging_profile_kind == "Relative",
        starts_at=schedule.start_schedule.timestamp() if schedule.start_schedule else None,
        duration_s=schedule.duration,
        repeats_s=RELATIVE_S.get(wire.recurrency_kind or "")
        if wire.charging_profile_kind == "Recurring"
        else None,
        valid_from=wire.valid_from.timestamp() if wire.valid_from else None,
        valid_to=wire.valid_to.timestamp() if wire.valid_to else None,
        transaction=wire.transaction_id,
        dynamic=wire.charging_profile_kind == "Dynamic",
        source=source,
        wire=wire,
    )


def _periods(wire: Iterable[Any]) -> Iterable[Period]:
    for period in wire:
        # 2.1 may give a setpoint in the place of a limit, or none with an operation mode (K28, Q).
        limit = period.limit if period.limit is not None else getattr(period, "setpoint", None)
        yield Period(
            starts_after_s=period.start_period,
            limit=1e9 if limit is None else limit,
            phases=period.number_phases,
        )


def wire_profile(profile: Profile) -> Any:
    """As it was given; a dynamic one with the limit it has now."""
    if not profile.dynamic:
        return profile.wire
    replace = msgspec.structs.replace
    schedule = profile.wire.charging_schedule[0]
    period = replace(schedule.charging_schedule_period[0], limit=profile.periods[0].limit)
    return replace(profile.wire, charging_schedule=[replace(schedule, charging_schedule_period=[period])])
