"""A simulated station and the charging profiles of OCPP 2.0.1 and 2.1."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from currant.simulator import limits, verbs
from currant.simulator.limits import Period, Profile, Purpose
from currant.simulator.v2_common import Answer, Request, outlet_of, unknown_evse

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

PURPOSES = {
    "ChargingStationMaxProfile": Purpose.STATION_MAX,
    "ChargingStationExternalConstraints": Purpose.STATION_MAX,
    "TxDefaultProfile": Purpose.DEFAULT,
    "TxProfile": Purpose.TRANSACTION,
}
_WIRE_PURPOSES = {
    Purpose.STATION_MAX: "ChargingStationMaxProfile",
    Purpose.DEFAULT: "TxDefaultProfile",
    Purpose.TRANSACTION: "TxProfile",
}


def set_charging_profile(words: "V2", request: Request) -> Answer:
    respond, wire = words.types.SetChargingProfileResponse, request.charging_profile
    outlet = outlet_of(words, request.evse_id)
    if unknown_evse(words, request.evse_id) or wire.charging_profile_purpose not in PURPOSES:
        return respond(status="Rejected")
    profile = read_profile(request.evse_id, wire)
    if not verbs.profile_fits(words.station, outlet, profile):
        return respond(status="Rejected")
    return respond(status="Accepted" if verbs.store_profile(words.station, profile) else "Rejected")


def clear_charging_profile(words: "V2", request: Request) -> Answer:
    criteria = request.charging_profile_criteria
    purpose = getattr(criteria, "charging_profile_purpose", None)
    cleared = verbs.clear_profiles(
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
        and (not criterion.charging_limit_source or "CSO" in criterion.charging_limit_source)
    ]
    if not found:
        return words.types.GetChargingProfilesResponse(status="NoProfiles")
    words.station.run_steps([(0.5, lambda: _report_profiles(words, request.request_id, found))])
    return words.types.GetChargingProfilesResponse(status="Accepted")


def _report_profiles(words: "V2", request_id: int, profiles: Sequence[Profile]) -> None:
    for number, profile in enumerate(profiles, start=1):
        message = words.types.ReportChargingProfiles(
            request_id=request_id,
            charging_limit_source="CSO",
            evse_id=profile.evse,
            charging_profile=[_wire_profile(words.types, profile)],
            tbc=True if number < len(profiles) else None,
        )
        words.station.post("ReportChargingProfiles", lambda message=message: message)  # type: ignore[misc]


def composite_schedule(words: "V2", request: Request) -> Answer:
    types, outlet = words.types, outlet_of(words, request.evse_id)
    if unknown_evse(words, request.evse_id):
        return types.GetCompositeScheduleResponse(status="Rejected")
    unit = request.charging_rate_unit or "W"
    schedule = verbs.composite(words.station, outlet, request.duration, in_watts=unit == "W")
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


def read_profile(evse: int, wire: Any) -> Profile:
    schedule = wire.charging_schedule[0]
    repeats = {"Daily": limits.DAY_S, "Weekly": limits.WEEK_S}.get(wire.recurrency_kind or "")
    return Profile(
        id=wire.id,
        evse=evse,
        purpose=PURPOSES.get(wire.charging_profile_purpose, Purpose.DEFAULT),
        stack_level=wire.stack_level,
        in_watts=schedule.charging_rate_unit == "W",
        periods=tuple(_periods(schedule.charging_schedule_period)),
        relative=wire.charging_profile_kind == "Relative",
        starts_at=schedule.start_schedule.timestamp() if schedule.start_schedule else None,
        duration_s=schedule.duration,
        repeats_s=repeats if wire.charging_profile_kind == "Recurring" else None,
        valid_from=wire.valid_from.timestamp() if wire.valid_from else None,
        valid_to=wire.valid_to.timestamp() if wire.valid_to else None,
        transaction=wire.transaction_id,
    )


def _periods(wire: Iterable[Any]) -> Iterable[Period]:
    for period in wire:
        # 2.1 may give a setpoint in the place of a limit (K28).
        limit = period.limit if period.limit is not None else getattr(period, "setpoint", None)
        if limit is not None:
            yield Period(starts_after_s=period.start_period, limit=limit, phases=period.number_phases)


def _wire_profile(types: Any, profile: Profile) -> Any:
    kind = "Relative" if profile.relative else "Recurring" if profile.repeats_s else "Absolute"
    recurrency = {limits.DAY_S: "Daily", limits.WEEK_S: "Weekly"}.get(profile.repeats_s or 0.0)
    return types.ChargingProfileType(
        id=profile.id,
        stack_level=profile.stack_level,
        charging_profile_purpose=_WIRE_PURPOSES[profile.purpose],
        charging_profile_kind=kind,
        recurrency_kind=recurrency,
        transaction_id=profile.transaction,
        charging_schedule=[
            types.ChargingScheduleType(
                id=profile.id,
                charging_rate_unit="W" if profile.in_watts else "A",
                charging_schedule_period=[
                    types.ChargingSchedulePeriodType(
                        start_period=int(period.starts_after_s),
                        limit=period.limit,
                        number_phases=period.phases,
                    )
                    for period in profile.periods
                ],
            )
        ],
    )
