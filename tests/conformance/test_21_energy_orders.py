"""OCPP 2.1: charging profiles and what is done with them, word by word, and what the answers mean."""

from typing import Any

import pytest
from installation import Site
from orders import NUMBER, Order, Payload, carried_out
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT, LATER = "2031-01-31T12:00:00Z", "2031-01-31T18:30:00Z"
PROFILE: dict[str, Any] = {
    "id": 5,
    "purpose": "tx_default",
    "kind": "recurring",
    "recurrency": "weekly",
    "stack_level": 2,
    "valid_from": AT,
    "valid_until": "2031-03-31T12:00:00Z",
    "max_offline_s": 600,
    "invalid_after_offline": True,
    "schedules": [
        {
            "id": 1,
            "unit": "W",
            "starts_at": AT,
            "duration_s": 86400,
            "min_rate": 1400,
            "local_time": True,
            "randomized_delay_s": 30,
            "periods": [
                {"start_s": 0, "limit": 11000, "limit_l2": 3600, "limit_l3": 3600, "phases": 3},
                {
                    "start_s": 3600,
                    "operation_mode": "central_setpoint",
                    "limit": 11000,
                    "discharge_limit": -5000,
                    "setpoint": -2500.5,
                    "setpoint_reactive": 100,
                },
                {
                    "start_s": 7200,
                    "operation_mode": "local_frequency",
                    "baseline_w": 500,
                    "frequency_watt": [[49.8, -3000], [50.2, 3000]],
                    "signal_watt": [[-1, -1000], [1, 1000]],
                },
                {"start_s": 9000, "operation_mode": "idle", "evse_sleep": True, "preconditioning": True},
            ],
        }
    ],
}
WIRE_PROFILE: dict[str, Any] = {
    "id": 5,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Weekly",
    "validFrom": AT,
    "validTo": "2031-03-31T12:00:00Z",
    "maxOfflineDuration": 600,
    "invalidAfterOfflineDuration": True,
    "chargingSchedule": [
        {
            "id": 1,
            "chargingRateUnit": "W",
            "startSchedule": AT,
            "duration": 86400,
            "minChargingRate": 1400,
            "useLocalTime": True,
            "randomizedDelay": 30,
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 11000, "limit_L2": 3600, "limit_L3": 3600, "numberPhases": 3},
                {
                    "startPeriod": 3600,
                    "operationMode": "CentralSetpoint",
                    "limit": 11000,
                    "dischargeLimit": -5000,
                    "setpoint": -2500.5,
                    "setpointReactive": 100,
                },
                {
                    "startPeriod": 7200,
                    "operationMode": "LocalFrequency",
                    "v2xBaseline": 500,
                    "v2xFreqWattCurve": [
                        {"frequency": 49.8, "power": -3000},
                        {"frequency": 50.2, "power": 3000},
                    ],
                    "v2xSignalWattCurve": [{"signal": -1, "power": -1000}, {"signal": 1, "power": 1000}],
                },
                {
                    "startPeriod": 9000,
                    "operationMode": "Idle",
                    "evseSleep": True,
                    "preconditioningRequest": True,
                },
            ],
        }
    ],
}
DYNAMIC: dict[str, Any] = {
    "id": 6,
    "purpose": "tx",
    "kind": "dynamic",
    "dynamic_interval_s": 30,
    "dynamic_updated_at": AT,
    "schedules": [{"id": 1, "unit": "A", "periods": [{"start_s": 0, "limit": 16}]}],
}
WIRE_DYNAMIC: dict[str, Any] = {
    "id": 6,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Dynamic",
    "dynUpdateInterval": 30,
    "dynUpdateTime": AT,
    "chargingSchedule": [
        {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}
    ],
}
CHARGING = (
    Order(
        command={"command": "SetChargingProfile", "evse": 1, "profile": PROFILE},
        action="SetChargingProfile",
        wire={"evseId": 1, "chargingProfile": WIRE_PROFILE},
    ),
    *(
        Order(
            command={
                "command": "SetChargingProfile",
                "evse": evse,
                "profile": {
                    "id": 9,
                    "purpose": purpose,
                    "schedules": [
                        {
                            "unit": "A",
                            "starts_at": AT,
                            "periods": [{"start_s": 0, "limit": 10, "phases": 1}],
                        }
                    ],
                    **more,
                },
            },
            action="SetChargingProfile",
            wire={
                "evseId": evse,
                "chargingProfile": {
                    "id": 9,
                    "stackLevel": 0,
                    "chargingProfilePurpose": word,
                    "chargingProfileKind": "Absolute",
                    "chargingSchedule": [
                        {
                            "id": 0,
                            "chargingRateUnit": "A",
                            "startSchedule": AT,
                            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10, "numberPhases": 1}],
                        }
                    ],
                    **wire,
                },
            },
            no={"status": "Rejected", "statusInfo": {"reasonCode": "TooManyProfiles"}},
        )
        for purpose, word, evse, more, wire in (
            ("station_max", "ChargingStationMaxProfile", 0, {}, {}),
            ("tx_default", "TxDefaultProfile", 0, {}, {}),
            ("tx", "TxProfile", 1, {"transaction_id": "T-1"}, {"transactionId": "T-1"}),
            ("priority", "PriorityCharging", 1, {}, {}),
            ("local_generation", "LocalGeneration", 0, {}, {}),
        )
    ),
    Order(
        command={"command": "StartCharging", "token_uid": "04AA", "evse": 1, "profile": DYNAMIC},
        action="RequestStartTransaction",
        wire={
            "idToken": {"idToken": "04AA", "type": "Central"},
            "remoteStartId": NUMBER,
            "evseId": 1,
            "chargingProfile": WIRE_DYNAMIC,
        },
    ),
    Order(
        command={"command": "ClearChargingProfiles", "profile_id": 5},
        action="ClearChargingProfile",
        wire={"chargingProfileId": 5},
        no={"status": "Unknown"},
    ),
    Order(
        command={"command": "ClearChargingProfiles", "evse": 0, "purpose": "priority", "stack_level": 1},
        action="ClearChargingProfile",
        wire={
            "chargingProfileCriteria": {
                "evseId": 0,
                "chargingProfilePurpose": "PriorityCharging",
                "stackLevel": 1,
            }
        },
        no={"status": "Unknown"},
    ),
    Order(
        command={
            "command": "GetChargingProfiles",
            "evse": 1,
            "purpose": "tx_default",
            "stack_level": 2,
            "sources": ["cso", "grid"],
        },
        action="GetChargingProfiles",
        wire={
            "requestId": NUMBER,
            "evseId": 1,
            "chargingProfile": {
                "chargingProfilePurpose": "TxDefaultProfile",
                "stackLevel": 2,
                "chargingLimitSource": ["CSO", "grid"],
            },
        },
        no=None,
        parts=(
            (
                "ReportChargingProfiles",
                {
                    "evseId": 1,
                    "chargingLimitSource": "CSO",
                    "chargingProfile": [WIRE_PROFILE],
                    "tbc": True,
                },
            ),
            (
                "ReportChargingProfiles",
                {"evseId": 1, "chargingLimitSource": "grid", "chargingProfile": [WIRE_DYNAMIC]},
            ),
        ),
        report=[
            {"evse": 1, "source": "cso", "profile": PROFILE},
            {"evse": 1, "source": "grid", "profile": DYNAMIC},
        ],
    ),
    Order(
        command={"command": "GetChargingProfiles", "ids": [5]},
        action="GetChargingProfiles",
        wire={"requestId": NUMBER, "chargingProfile": {"chargingProfileId": [5]}},
        yes={"status": "NoProfiles"},
        no=None,
        report=[],
    ),
    Order(
        command={"command": "GetCompositeSchedule", "evse": 1, "duration_s": 3600, "unit": "W"},
        action="GetCompositeSchedule",
        wire={"evseId": 1, "duration": 3600, "chargingRateUnit": "W"},
        yes={
            "status": "Accepted",
            "schedule": {
                "evseId": 1,
                "duration": 3600,
                "scheduleStart": AT,
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "setpoint": -100, "limit": 5000}],
            },
        },
        report=[
            {
                "evse": 1,
                "starts_at": AT,
                "duration_s": 3600,
                "unit": "W",
                "periods": [{"start_s": 0, "setpoint": -100, "limit": 5000}],
            }
        ],
    ),
    Order(
        command={"command": "UsePriorityCharging", "transaction_id": "abc-1", "activate": True},
        action="UsePriorityCharging",
        wire={"transactionId": "abc-1", "activate": True},
        no={"status": "NoProfile"},
    ),
    Order(
        command={
            "command": "UpdateDynamicSchedule",
            "profile_id": 6,
            "limit": 10,
            "limit_l2": 11,
            "limit_l3": 12,
            "discharge_limit": -5,
            "setpoint": 6.5,
            "setpoint_reactive": 1,
        },
        action="UpdateDynamicSchedule",
        wire={
            "chargingProfileId": 6,
            "scheduleUpdate": {
                "limit": 10,
                "limit_L2": 11,
                "limit_L3": 12,
                "dischargeLimit": -5,
                "setpoint": 6.5,
                "setpointReactive": 1,
            },
        },
    ),
    Order(
        command={
            "command": "AllowEnergyTransfer",
            "transaction_id": "abc-1",
            "modes": ["ac_single_phase", "dc_bpt", "ac_der"],
        },
        action="NotifyAllowedEnergyTransfer",
        wire={"transactionId": "abc-1", "allowedEnergyTransfer": ["AC_single_phase", "DC_BPT", "AC_DER"]},
    ),
    Order(
        command={"command": "SendAfrrSignal", "at": AT, "signal": -7},
        action="AFRRSignal",
        wire={"timestamp": AT, "signal": -7},
    ),
)


@shows(
    "2.1 SetChargingProfile",
    "2.1 RequestStartTransaction",
    "2.1 ClearChargingProfile",
    "2.1 GetChargingProfiles",
    "2.1 ReportChargingProfiles",
    "2.1 GetCompositeSchedule",
    "2.1 UsePriorityCharging",
    "2.1 UpdateDynamicSchedule",
    "2.1 NotifyAllowedEnergyTransfer",
    "2.1 AFRRSignal",
)
@pytest.mark.parametrize("order", CHARGING, ids=str)
async def test_charging_profiles_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)


@shows("2.1 SetChargingProfile")
async def test_a_phase_is_named_to_stations_that_can_choose_one(site: Site) -> None:
    def able(request: Payload) -> Payload:
        return {
            "getVariableResult": [
                {**one, "attributeStatus": "Accepted", "attributeValue": "true"}
                for one in request["getVariableData"]
            ]
        }

    period = {"start_s": 0, "limit": 10, "phases": 1, "phase_to_use": 2}
    schedule = {"unit": "A", "starts_at": AT, "periods": [period]}
    profile = {"id": 9, "purpose": "tx_default", "schedules": [schedule]}
    identity = await site.register()
    async with site.charger(identity, "2.1", answers={"GetVariables": able}) as station:
        await station.boot()
        record = await site.command(identity, "SetChargingProfile", evse=1, profile=profile)
        # K01.FR.20: not where it has not said so.
        assert (record["status"], station.not_asked_for("SetChargingProfile")) == ("refused", True)
        supported = {"component": "SmartChargingCtrlr", "name": "ACPhaseSwitchingSupported"}
        await site.command(identity, "GetVariables", variables=[supported])

        async def sent() -> bool:
            record = await site.command(identity, "SetChargingProfile", evse=1, profile=profile)
            return bool(record["status"] == "accepted")

        assert await site.eventually(sent)
        request = await station.asked_for("SetChargingProfile")
        [told] = request["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert told == {"startPeriod": 0, "limit": 10, "numberPhases": 1, "phaseToUse": 2}
