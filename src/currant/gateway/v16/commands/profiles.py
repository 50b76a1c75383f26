"""Charging profiles: worded in OCPP 1.6 (5.5, 5.7, 5.16)."""

from typing import Any

import msgspec

from currant.gateway.outcomes import Ask, Wording, outcome_of, refused
from currant.gateway.services import Caller
from currant.ocpp import v16
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ClearChargingProfiles,
    GetChargingProfiles,
    GetCompositeSchedule,
    ProfileKind,
    ProfilePurpose,
    SchedulePeriod,
    SetChargingProfile,
)
from currant.stations.commanding.rules.profile_versions import version_problem
from currant.stations.model import CommandOutcome, CommandStatus
from currant.stations.profiles.rules import asked_for

PURPOSES: dict[ProfilePurpose, v16.ChargingProfilePurposeType] = {
    ProfilePurpose.STATION_MAX: "ChargePointMaxProfile",
    ProfilePurpose.TX_DEFAULT: "TxDefaultProfile",
    ProfilePurpose.TX: "TxProfile",
}
KINDS: dict[ProfileKind, v16.ChargingProfileKindType] = {
    ProfileKind.ABSOLUTE: "Absolute",
    ProfileKind.RECURRING: "Recurring",
    ProfileKind.RELATIVE: "Relative",
}
RECURRENCIES: dict[str, v16.RecurrencyKindType] = {"daily": "Daily", "weekly": "Weekly"}


def wire_profile(profile: ChargingProfile) -> v16.ChargingProfile:
    """A ChargingProfile of OCPP 1.6, whose rules it keeps (rules/profile_versions.py)."""
    [schedule] = profile.schedules
    return v16.ChargingProfile(
        charging_profile_id=profile.id,
        stack_level=profile.stack_level,
        charging_profile_purpose=PURPOSES[profile.purpose],
        charging_profile_kind=KINDS[profile.kind],
        charging_schedule=v16.ChargingSchedule(
            charging_rate_unit=schedule.unit,
            charging_schedule_period=[
                v16.ChargingSchedulePeriod(
                    start_period=period.start_s, limit=period.limit or 0.0, number_phases=period.phases
                )
                for period in schedule.periods
            ],
            duration=schedule.duration_s,
            start_schedule=schedule.starts_at,
            min_charging_rate=schedule.min_rate,
        ),
        transaction_id=None if profile.transaction_id is None else int(profile.transaction_id),
        recurrency_kind=None if profile.recurrency is None else RECURRENCIES[profile.recurrency],
        valid_from=profile.valid_from,
        valid_to=profile.valid_until,
    )


def _connector(caller: Caller, evse: int) -> int:
    """1.6 has connectors where others have EVSEs: of an EVSE with several, the first stands for it."""
    return 0 if evse == 0 else caller.station.ocpp16_connector_of(evse, 1)


async def set_charging_profile(command: SetChargingProfile, caller: Caller, ask: Ask) -> CommandOutcome:
    station = caller.station
    problem = version_problem(command.profile, "1.6") or await caller.services.profiles.obstacle(
        station.tenant_id, station.station_id, command, version="1.6"
    )
    if problem is not None:
        return refused(problem)
    connector_id = _connector(caller, command.evse)
    if command.profile.purpose is ProfilePurpose.TX:
        session = caller.sessions.open.get(command.profile.transaction_id or "")
        if session is not None and session.evse == command.evse and session.connector is not None:
            connector_id = caller.station.ocpp16_connector_of(command.evse, session.connector)
    return outcome_of(
        await ask(
            "SetChargingProfile",
            v16.SetChargingProfile(
                connector_id=connector_id, cs_charging_profiles=wire_profile(command.profile)
            ),
        )
    )


async def clear_charging_profiles(command: ClearChargingProfiles, caller: Caller, ask: Ask) -> CommandOutcome:
    if command.purpose is not None and command.purpose not in PURPOSES:
        return refused(f"OCPP 1.6 has no profiles of purpose {command.purpose}.")
    by_id = command.profile_id is not None
    return outcome_of(
        await ask(
            "ClearChargingProfile",
            v16.ClearChargingProfile(
                id=command.profile_id,
                # The id says it all, and with it the other fields have no meaning (1.6 5.5).
                connector_id=None if by_id or command.evse is None else _connector(caller, command.evse),
                charging_profile_purpose=None
                if by_id or command.purpose is None
                else PURPOSES[command.purpose],
                stack_level=None if by_id else command.stack_level,
            ),
        )
    )


async def get_charging_profiles(command: GetChargingProfiles, caller: Caller, ask: Ask) -> CommandOutcome:
    """1.6 has no such question: the answer is what is known to be installed."""
    station = caller.station
    installed = await caller.services.profiles.of_station(station.tenant_id, station.station_id)
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason="OCPP 1.6 cannot ask a station for its profiles: these are known to be installed.",
        report=tuple(
            {
                "evse": found.evse,
                "source": found.source,
                "profile": msgspec.to_builtins(found.profile),
            }
            for found in asked_for(command, installed)
        ),
    )


async def get_composite_schedule(command: GetCompositeSchedule, caller: Caller, ask: Ask) -> CommandOutcome:
    answer: v16.GetCompositeScheduleResponse = await ask(
        "GetCompositeSchedule",
        v16.GetCompositeSchedule(
            connector_id=_connector(caller, command.evse),
            duration=command.duration_s,
            charging_rate_unit=command.unit,
        ),
    )
    outcome = outcome_of(answer)
    schedule = answer.charging_schedule
    if outcome.status is not CommandStatus.ACCEPTED or schedule is None:
        return outcome
    neutral: dict[str, Any] = {
        "evse": command.evse,
        "starts_at": msgspec.to_builtins(answer.schedule_start or schedule.start_schedule),
        "duration_s": schedule.duration or command.duration_s,
        "unit": schedule.charging_rate_unit,
        "periods": msgspec.to_builtins(
            tuple(
                SchedulePeriod(start_s=period.start_period, limit=period.limit, phases=period.number_phases)
                for period in schedule.charging_schedule_period
            )
        ),
    }
    return CommandOutcome(
        status=outcome.status, answer={"status": answer.status, "schedule": neutral}, report=(neutral,)
    )


COMMANDS: dict[type, Wording] = {
    ClearChargingProfiles: clear_charging_profiles,
    GetChargingProfiles: get_charging_profiles,
    GetCompositeSchedule: get_composite_schedule,
    SetChargingProfile: set_charging_profile,
}
