"""Block K and its kin in Q: what stations tell of profiles, outside limits, and vehicles' needs and plans."""

from datetime import datetime
from typing import Any

from currant.charging.needs import Control, EnergyNeeds
from currant.charging.needs_model import NeedsAnswer
from currant.gateway.services import Caller, Services, reported_at
from currant.gateway.v2.collecting import hand_over
from currant.gateway.v2.profile_words import neutral_profiles, neutral_schedule, source_of
from currant.ocpp import v21, v201
from currant.ocpp.catalogue import Version
from currant.stations.profiles.model import DynamicValues, OutsideLimit, Reported

SCHEDULES_KEPT = 3


async def report_charging_profiles(
    request: v201.ReportChargingProfiles | v21.ReportChargingProfiles,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    """K09: kept, whether anybody asked or not, before it is handed to who waits for it."""
    await services.profiles.reported(
        caller.station,
        Reported(
            evse=request.evse_id,
            source=source_of(request.charging_limit_source),
            profiles=neutral_profiles(request.charging_profile),
        ),
        at=received_at,
    )
    hand_over(caller, request)
    return caller.types.ReportChargingProfilesResponse()


async def notify_charging_limit(
    request: v201.NotifyChargingLimit | v21.NotifyChargingLimit,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    limit = request.charging_limit
    await services.profiles.limit_told(
        caller.station,
        OutsideLimit(
            station_id=caller.station.station_id,
            evse=request.evse_id or 0,
            source=source_of(limit.charging_limit_source),
            at=received_at,
            schedules=tuple(
                [
                    neutral_schedule(schedule)
                    for schedule in (request.charging_schedule or ())[:SCHEDULES_KEPT]
                ]
            ),
            grid_critical=limit.is_grid_critical or False,
            local_generation=getattr(limit, "is_local_generation", None) or False,
        ),
    )
    return caller.types.NotifyChargingLimitResponse()


async def cleared_charging_limit(
    request: v201.ClearedChargingLimit | v21.ClearedChargingLimit,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    await services.profiles.limit_cleared(
        caller.station, source_of(request.charging_limit_source), evse=request.evse_id, at=received_at
    )
    return caller.types.ClearedChargingLimitResponse()


# 2.0.1 has no word for "none follows, and that is all": Rejected is it there (K15.FR.04, K18.FR.04).
ANSWERS_201 = {
    NeedsAnswer.ACCEPTED: "Accepted",
    NeedsAnswer.PROCESSING: "Processing",
    NeedsAnswer.NO_PROFILE: "Rejected",
    NeedsAnswer.REJECTED: "Rejected",
}
ANSWERS_21 = ANSWERS_201 | {NeedsAnswer.NO_PROFILE: "NoChargingProfile"}


async def notify_ev_charging_needs(
    request: v201.NotifyEVChargingNeeds | v21.NotifyEVChargingNeeds,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    answer = await services.energy_needs.told(
        caller.station,
        caller.sessions,
        request.evse_id,
        needs_of(request.charging_needs, request.max_schedule_tuples),
        at=reported_at(getattr(request, "timestamp", None), received_at),
    )
    words = ANSWERS_21 if caller.version is Version.V21 else ANSWERS_201
    return caller.types.NotifyEVChargingNeedsResponse(status=words[answer])


def needs_of(needs: v201.ChargingNeedsType | v21.ChargingNeedsType, max_periods: int | None) -> EnergyNeeds:
    """The needs in neutral words: ISO 15118-2 tells AC or DC parameters, ISO 15118-20 those of V2X."""
    told: dict[str, Any] = {}
    ac, dc = needs.ac_charging_parameters, needs.dc_charging_parameters
    if ac is not None:
        told |= {
            "energy_wh": float(ac.energy_amount),
            "min_current_a": float(ac.ev_min_current),
            "max_current_a": float(ac.ev_max_current),
            "max_voltage_v": float(ac.ev_max_voltage),
        }
    if dc is not None:
        told |= {
            "energy_wh": dc.energy_amount,
            "max_current_a": float(dc.ev_max_current),
            "max_voltage_v": float(dc.ev_max_voltage),
            "max_power_w": dc.ev_max_power,
            "battery_wh": dc.ev_energy_capacity,
            "soc_percent": dc.state_of_charge,
            "full_soc_percent": dc.full_soc,
            "bulk_soc_percent": dc.bulk_soc,
        }
    v2x = getattr(needs, "v2x_charging_parameters", None)
    if v2x is not None:
        told |= _needs_of_v2x(v2x)
    return EnergyNeeds(
        transfer=needs.requested_energy_transfer.lower(),
        available_transfers=tuple(
            mode.lower() for mode in getattr(needs, "available_energy_transfer", None) or ()
        ),
        departure_at=needs.departure_time,
        control=Control.DYNAMIC
        if getattr(needs, "control_mode", None) == "DynamicControl"
        else Control.SCHEDULED,
        mobility={"EVCC": "ev", "EVCC_SECC": "ev_and_station"}.get(
            getattr(needs, "mobility_needs_mode", None) or "", ""
        ),
        iso15118_20=v2x is not None,
        max_periods=max_periods or None,
        **{name: None if value is None else value for name, value in told.items()},
    )


def _needs_of_v2x(v2x: v21.V2XChargingParametersType) -> dict[str, Any]:
    """Powers of L1 stand alone where the vehicle is one-phase or tells the sum; L2 and L3 are added."""
    return {
        "energy_wh": v2x.ev_target_energy_request,
        "min_energy_wh": v2x.ev_min_energy_request,
        "max_energy_wh": v2x.ev_max_energy_request,
        "min_power_w": _sum(v2x.min_charge_power, v2x.min_charge_power_l2, v2x.min_charge_power_l3),
        "max_power_w": _sum(v2x.max_charge_power, v2x.max_charge_power_l2, v2x.max_charge_power_l3),
        "max_discharge_w": _sum(
            v2x.max_discharge_power, v2x.max_discharge_power_l2, v2x.max_discharge_power_l3
        ),
        "min_current_a": v2x.min_charge_current,
        "max_current_a": v2x.max_charge_current,
        "max_voltage_v": v2x.max_voltage,
        "target_soc_percent": v2x.target_soc,
    }


def _sum(*powers: float | None) -> float | None:
    told = [power for power in powers if power is not None]
    return sum(told) if told else None


async def notify_ev_charging_schedule(
    request: v201.NotifyEVChargingSchedule | v21.NotifyEVChargingSchedule,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    accepted = await services.energy_needs.planned(
        caller.station,
        caller.sessions,
        request.evse_id,
        neutral_schedule(request.charging_schedule),
        time_base=request.time_base,
        chosen=getattr(request, "selected_charging_schedule_id", None),
        at=received_at,
    )
    return caller.types.NotifyEVChargingScheduleResponse(status="Accepted" if accepted else "Rejected")


async def pull_dynamic_schedule_update(
    request: v21.PullDynamicScheduleUpdate, caller: Caller, services: Services, received_at: datetime
) -> Any:
    """2.1 K28.FR.07, .12."""
    values = await services.profiles.pulled(caller.station, request.charging_profile_id)
    if values is None:
        return v21.PullDynamicScheduleUpdateResponse(
            status="Rejected", status_info=v21.StatusInfoType(reason_code="InvalidProfile")
        )
    fields = {name: getattr(values, name) for name in DynamicValues.__struct_fields__}
    return v21.PullDynamicScheduleUpdateResponse(
        status="Accepted", schedule_update=v21.ChargingScheduleUpdateType(**fields)
    )


async def notify_priority_charging(
    request: v21.NotifyPriorityCharging, caller: Caller, services: Services, received_at: datetime
) -> Any:
    await services.energy_needs.priority_changed(
        caller.station,
        caller.sessions,
        request.transaction_id,
        active=request.activated,
        at=received_at,
    )
    return v21.NotifyPriorityChargingResponse()
