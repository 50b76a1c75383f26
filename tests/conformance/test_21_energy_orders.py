"""OCPP 2.1: charging profiles and DER controls, word by word, and what the answers mean."""

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
                            "periods": [{"start_s": 0, "limit": 10, "phases": 1, "phase_to_use": 2}],
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
                            "chargingSchedulePeriod": [
                                {"startPeriod": 0, "limit": 10, "numberPhases": 1, "phaseToUse": 2}
                            ],
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
CURVE: dict[str, Any] = {
    "id": "volt-1",
    "kind": "volt_var",
    "priority": 3,
    "starts_at": AT,
    "duration_s": 600,
    "points": [[92, 30], [108, -30]],
    "y_unit": "percent_max_var",
    "settings": {
        "response_time": 2.5,
        "hysteresis_high": 1,
        "v_ref": 100,
        "power_during_cessation": "active",
    },
}
WIRE_CURVE: dict[str, Any] = {
    "priority": 3,
    "yUnit": "PctMaxVar",
    "startTime": AT,
    "duration": 600,
    "responseTime": 2.5,
    "curveData": [{"x": 92, "y": 30}, {"x": 108, "y": -30}],
    "hysteresis": {"hysteresisHigh": 1},
    "reactivePowerParams": {"vRef": 100},
    "voltageParams": {"powerDuringCessation": "Active"},
}
ENTER: dict[str, Any] = {
    "id": "enter-1",
    "kind": "enter_service",
    "default": True,
    "settings": {"high_voltage": 105, "low_voltage": 91, "high_freq": 50.1, "low_freq": 49.9, "delay": 300},
}
WIRE_ENTER: dict[str, Any] = {
    "priority": 0,
    "highVoltage": 105,
    "lowVoltage": 91,
    "highFreq": 50.1,
    "lowFreq": 49.9,
    "delay": 300,
}
CURVES = {
    "freq_watt": "FreqWatt",
    "hf_must_trip": "HFMustTrip",
    "hf_may_trip": "HFMayTrip",
    "hv_must_trip": "HVMustTrip",
    "hv_mom_cess": "HVMomCess",
    "hv_may_trip": "HVMayTrip",
    "lf_must_trip": "LFMustTrip",
    "lv_must_trip": "LVMustTrip",
    "lv_mom_cess": "LVMomCess",
    "lv_may_trip": "LVMayTrip",
    "power_monitoring_must_trip": "PowerMonitoringMustTrip",
    "volt_watt": "VoltWatt",
    "watt_pf": "WattPF",
    "watt_var": "WattVar",
}
DROOP = {"over_freq": 0.2, "under_freq": 0.3, "over_droop": 5, "under_droop": 6, "response_time": 2}
FACTOR = {"displacement": 0.95, "excitation": True}
# Kind, its word, the control's fields, and where they stand on the wire.
OTHERS: tuple[tuple[str, str, Payload, Payload], ...] = (
    (
        "freq_droop",
        "FreqDroop",
        {"settings": DROOP},
        {
            "freqDroop": {
                "overFreq": 0.2,
                "underFreq": 0.3,
                "overDroop": 5,
                "underDroop": 6,
                "responseTime": 2,
            }
        },
    ),
    ("fixed_pf_absorb", "FixedPFAbsorb", {"settings": FACTOR}, {"fixedPFAbsorb": FACTOR}),
    ("fixed_pf_inject", "FixedPFInject", {"settings": FACTOR}, {"fixedPFInject": FACTOR}),
    (
        "fixed_var",
        "FixedVar",
        {"settings": {"setpoint": 20}, "y_unit": "percent_var_avail"},
        {"fixedVar": {"setpoint": 20, "unit": "PctVarAvail"}},
    ),
    (
        "gradients",
        "Gradients",
        {"settings": {"gradient": 10, "soft_gradient": 5}},
        {"gradient": {"gradient": 10, "softGradient": 5}},
    ),
    (
        "limit_max_discharge",
        "LimitMaxDischarge",
        {"settings": {"pct_max_discharge_power": 60}},
        {"limitMaxDischarge": {"pctMaxDischargePower": 60}},
    ),
)
DER = (
    Order(
        command={"command": "SetDerControl", "control": CURVE},
        action="SetDERControl",
        wire={"isDefault": False, "controlId": "volt-1", "controlType": "VoltVar", "curve": WIRE_CURVE},
    ),
    Order(
        command={"command": "SetDerControl", "control": ENTER},
        action="SetDERControl",
        wire={
            "isDefault": True,
            "controlId": "enter-1",
            "controlType": "EnterService",
            "enterService": WIRE_ENTER,
        },
    ),
    *(
        Order(
            command={"command": "SetDerControl", "control": {**CURVE, "kind": kind}},
            action="SetDERControl",
            wire={"isDefault": False, "controlId": "volt-1", "controlType": word, "curve": WIRE_CURVE},
        )
        for kind, word in CURVES.items()
    ),
    *(
        Order(
            command={
                "command": "SetDerControl",
                "control": {
                    "id": kind,
                    "kind": kind,
                    "priority": 2,
                    **({"default": True} if "gradient" in wire else {"starts_at": AT, "duration_s": 60}),
                    **control,
                },
            },
            action="SetDERControl",
            wire={
                "isDefault": "gradient" in wire,
                "controlId": kind,
                "controlType": word,
                **{
                    field: {
                        "priority": 2,
                        **({} if field == "gradient" else {"startTime": AT, "duration": 60}),
                        **settings,
                    }
                    for field, settings in wire.items()
                },
            },
        )
        for kind, word, control, wire in OTHERS
    ),
    Order(
        command={"command": "GetDerControls", "default": False, "kind": "volt_var"},
        action="GetDERControl",
        wire={"requestId": NUMBER, "isDefault": False, "controlType": "VoltVar"},
        parts=(
            (
                "ReportDERControl",
                {
                    "tbc": True,
                    "curve": [
                        {
                            "id": "volt-1",
                            "curveType": "VoltVar",
                            "isDefault": False,
                            "isSuperseded": True,
                            "curve": WIRE_CURVE,
                        }
                    ],
                },
            ),
            ("ReportDERControl", {"enterService": [{"id": "enter-1", "enterService": WIRE_ENTER}]}),
        ),
        report=[
            {"control": CURVE, "superseded": True},
            {"control": ENTER, "superseded": False},
        ],
    ),
    Order(
        command={"command": "GetDerControls", "id": "none"},
        action="GetDERControl",
        wire={"requestId": NUMBER, "controlId": "none"},
        yes={"status": "NotFound"},
        report=[],
    ),
    Order(
        command={"command": "ClearDerControls", "default": True, "kind": "enter_service"},
        action="ClearDERControl",
        wire={"isDefault": True, "controlType": "EnterService"},
        no={"status": "NotFound"},
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


@shows("2.1 SetDERControl", "2.1 GetDERControl", "2.1 ReportDERControl", "2.1 ClearDERControl")
@pytest.mark.parametrize("order", DER, ids=str)
async def test_der_controls_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)
