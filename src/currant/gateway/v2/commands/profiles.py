"""Charging profiles: worded in OCPP 2.x (block K, and what 2.1 adds to it in K and Q)."""

from typing import Any

import msgspec

from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of, refused
from currant.gateway.services import Caller
from currant.gateway.v2.collecting import collected
from currant.gateway.v2.profile_words import (
    PURPOSES,
    SOURCES,
    neutral_periods,
    neutral_profiles,
    source_of,
    wire_profile,
)
from currant.ocpp.catalogue import Version
from currant.stations.commanding.profiles import (
    AllowEnergyTransfer,
    ClearChargingProfiles,
    GetChargingProfiles,
    GetCompositeSchedule,
    ProfilePurpose,
    SendAfrrSignal,
    SetChargingProfile,
    UpdateDynamicSchedule,
    UsePriorityCharging,
)
from currant.stations.commanding.rules.profile_versions import NEW_IN_21, version_problem
from currant.stations.model import CommandOutcome, CommandStatus

ENERGY_TRANSFERS = {
    "ac_single_phase": "AC_single_phase",
    "ac_two_phase": "AC_two_phase",
    "ac_three_phase": "AC_three_phase",
    "dc": "DC",
    "ac_bpt": "AC_BPT",
    "ac_bpt_der": "AC_BPT_DER",
    "ac_der": "AC_DER",
    "dc_bpt": "DC_BPT",
    "dc_acdp": "DC_ACDP",
    "dc_acdp_bpt": "DC_ACDP_BPT",
    "wpt": "WPT",
}


async def set_charging_profile(command: SetChargingProfile, caller: Caller, ask: Ask) -> CommandOutcome:
    station = caller.station
    problem = version_problem(command.profile, caller.version) or await caller.services.profiles.obstacle(
        station.tenant_id, station.station_id, command, version=caller.version
    )
    if problem is not None:
        return refused(problem)
    caller.services.profiles.sending(station.station_id, command)
    return outcome_of(
        await ask(
            "SetChargingProfile",
            caller.types.SetChargingProfile(
                evse_id=command.evse, charging_profile=wire_profile(caller, command.profile)
            ),
        )
    )


async def clear_charging_profiles(command: ClearChargingProfiles, caller: Caller, ask: Ask) -> CommandOutcome:
    types = caller.types
    if _too_new(command.purpose, caller):
        return refused(f"OCPP {caller.version} has no profiles of purpose {command.purpose}: 2.1 does.")
    criteria = None
    if command.profile_id is None:
        criteria = types.ClearChargingProfileType(
            evse_id=command.evse,
            charging_profile_purpose=None if command.purpose is None else PURPOSES[command.purpose],
            stack_level=command.stack_level,
        )
    return outcome_of(
        await ask(
            "ClearChargingProfile",
            types.ClearChargingProfile(
                charging_profile_id=command.profile_id, charging_profile_criteria=criteria
            ),
        )
    )


async def get_charging_profiles(command: GetChargingProfiles, caller: Caller, ask: Ask) -> CommandOutcome:
    """K09: the profiles come afterwards, in parts, one for each source and EVSE or several."""
    types = caller.types
    if _too_new(command.purpose, caller):
        return refused(f"OCPP {caller.version} has no profiles of purpose {command.purpose}: 2.1 does.")
    unknown = [source for source in command.sources if source.lower() not in SOURCES]
    if unknown and caller.version is not Version.V21:
        return refused(f"OCPP {caller.version} knows the sources {', '.join(SOURCES)}: {unknown[0]} is none.")
    criterion = types.ChargingProfileCriterionType(
        charging_profile_purpose=None if command.purpose is None else PURPOSES[command.purpose],
        stack_level=command.stack_level,
        charging_profile_id=list(command.ids) or None,
        charging_limit_source=[SOURCES.get(source.lower(), source) for source in command.sources] or None,
    )
    report = await collected(
        caller,
        ask,
        "GetChargingProfiles",
        "ReportChargingProfiles",
        lambda request_id: types.GetChargingProfiles(
            request_id=request_id, charging_profile=criterion, evse_id=command.evse
        ),
    )
    facts = as_facts(report.answer)
    if report.answer.status == "NoProfiles":
        return CommandOutcome(
            status=CommandStatus.ACCEPTED,
            reason="The station has no such profiles.",
            answer={**facts, "complete": True},
        )
    if report.answer.status != "Accepted":
        return outcome_of(report.answer)
    items = tuple(
        {
            "evse": part.evse_id,
            "source": source_of(part.charging_limit_source),
            "profile": msgspec.to_builtins(profile),
        }
        for part in report.parts
        for profile in neutral_profiles(part.charging_profile)
    )
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason="" if report.complete else "The station's report broke off; this is what came of it.",
        answer={**facts, "complete": report.complete},
        report=items,
    )


async def get_composite_schedule(command: GetCompositeSchedule, caller: Caller, ask: Ask) -> CommandOutcome:
    answer = await ask(
        "GetCompositeSchedule",
        caller.types.GetCompositeSchedule(
            evse_id=command.evse, duration=command.duration_s, charging_rate_unit=command.unit
        ),
    )
    outcome = outcome_of(answer)
    schedule = answer.schedule
    if outcome.status is not CommandStatus.ACCEPTED or schedule is None:
        return outcome
    neutral: dict[str, Any] = {
        "evse": schedule.evse_id,
        "starts_at": msgspec.to_builtins(schedule.schedule_start),
        "duration_s": schedule.duration,
        "unit": schedule.charging_rate_unit,
        "periods": msgspec.to_builtins(neutral_periods(schedule.charging_schedule_period)),
    }
    return CommandOutcome(
        status=outcome.status, answer={"status": answer.status, "schedule": neutral}, report=(neutral,)
    )


def _too_new(purpose: ProfilePurpose | None, caller: Caller) -> bool:
    return purpose in NEW_IN_21 and caller.version is not Version.V21


async def use_priority_charging(command: UsePriorityCharging, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.UsePriorityCharging(
        transaction_id=command.transaction_id, activate=command.activate
    )
    return outcome_of(await ask("UsePriorityCharging", request))


async def update_dynamic_schedule(command: UpdateDynamicSchedule, caller: Caller, ask: Ask) -> CommandOutcome:
    values = {name: getattr(command, name) for name in command.__struct_fields__ if name != "profile_id"}
    request = caller.types.UpdateDynamicSchedule(
        charging_profile_id=command.profile_id,
        schedule_update=caller.types.ChargingScheduleUpdateType(**values),
    )
    return outcome_of(await ask("UpdateDynamicSchedule", request))


async def allow_energy_transfer(command: AllowEnergyTransfer, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.NotifyAllowedEnergyTransfer(
        transaction_id=command.transaction_id,
        allowed_energy_transfer=[ENERGY_TRANSFERS[mode] for mode in command.modes],
    )
    return outcome_of(await ask("NotifyAllowedEnergyTransfer", request))


async def send_afrr_signal(command: SendAfrrSignal, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.AFRRSignal(timestamp=command.at, signal=command.signal)
    return outcome_of(await ask("AFRRSignal", request))


COMMANDS: dict[type, Wording] = {
    ClearChargingProfiles: clear_charging_profiles,
    GetChargingProfiles: get_charging_profiles,
    GetCompositeSchedule: get_composite_schedule,
    SetChargingProfile: set_charging_profile,
}

# What 2.1 alone has.
COMMANDS_21: dict[type, Wording] = {
    AllowEnergyTransfer: allow_energy_transfer,
    SendAfrrSignal: send_afrr_signal,
    UpdateDynamicSchedule: update_dynamic_schedule,
    UsePriorityCharging: use_priority_charging,
}
