"""OCPP 2.1: controls of distributed energy resources of every kind, word by word, and what the answers mean."""

from typing import Any

import pytest
from installation import Site
from orders import NUMBER, Order, Payload, carried_out
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = "2031-01-31T12:00:00Z"
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


@shows("2.1 SetDERControl", "2.1 GetDERControl", "2.1 ReportDERControl", "2.1 ClearDERControl")
@pytest.mark.parametrize("order", DER, ids=str)
async def test_der_controls_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)
