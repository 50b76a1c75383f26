"""DER controls of OCPP 2.1 over real sockets: every kind worded and read back, alarms, and starts and stops."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from charge_points import ago, connected
from network import TENANT, Network

from currant.gateway.v2.der_words import neutral_controls
from currant.kit.clock import SystemClock
from currant.ocpp import v21
from currant.stations.commanding.der import ClearDerControls, DerControl, GetDerControls, SetDerControl
from currant.stations.commanding.rules.der import CURVES
from currant.stations.model import CommandStatus
from currant.stations.profiles.der import DerService

BY = "a test"
START = datetime(2026, 1, 31, 12, tzinfo=UTC)
ACTIONS = ("SetDERControl", "GetDERControl", "ClearDERControl")
SCHEDULED: dict[str, Any] = {"default": False, "starts_at": START, "duration_s": 600.0}

KINDS: list[DerControl] = [
    *(
        DerControl(
            id=f"curve-{kind}",
            kind=kind,
            points=((106.0, 100.0), (110.0, 0.0)),
            y_unit="percent_max_w",
            priority=3,
            settings={
                "response_time": 2.5,
                "hysteresis_high": 1.0,
                "v_ref": 100.0,
                "power_during_cessation": "active",
            },
            **SCHEDULED,
        )
        for kind in CURVES
    ),
    DerControl(
        id="enter",
        kind="enter_service",
        default=True,
        settings={
            "high_voltage": 105.0,
            "low_voltage": 91.0,
            "high_freq": 50.1,
            "low_freq": 49.9,
            "delay": 300.0,
        },
    ),
    DerControl(id="ramp", kind="gradients", default=True, settings={"gradient": 10.0, "soft_gradient": 5.0}),
    DerControl(
        id="droop",
        kind="freq_droop",
        settings={
            "over_freq": 0.2,
            "under_freq": 0.2,
            "over_droop": 5.0,
            "under_droop": 5.0,
            "response_time": 2.0,
        },
        **SCHEDULED,
    ),
    *(
        DerControl(id=kind, kind=kind, settings={"displacement": 0.95, "excitation": True}, **SCHEDULED)
        for kind in ("fixed_pf_absorb", "fixed_pf_inject")
    ),
    DerControl(
        id="var", kind="fixed_var", settings={"setpoint": 20.0}, y_unit="percent_max_var", **SCHEDULED
    ),
    DerControl(
        id="limit", kind="limit_max_discharge", settings={"pct_max_discharge_power": 60.0}, **SCHEDULED
    ),
    DerControl(
        id="trip",
        kind="limit_max_discharge",
        points=((0.0, 110.0), (10.0, 100.0)),
        y_unit="percent_max_w",
        **SCHEDULED,
    ),
]


def reported(sent: v21.SetDERControl) -> v21.ReportDERControl:
    """What a station that took this control reports of it, told in the schema's own types."""
    more: dict[str, Any] = {"id": sent.control_id, "is_default": sent.is_default, "is_superseded": False}
    if sent.curve is not None:
        entry: Any = v21.DERCurveGetType(curve=sent.curve, curve_type=sent.control_type, **more)
        return v21.ReportDERControl(request_id=1, curve=[entry])
    if sent.enter_service is not None:
        entry = v21.EnterServiceGetType(id=sent.control_id, enter_service=sent.enter_service)
        return v21.ReportDERControl(request_id=1, enter_service=[entry])
    if sent.gradient is not None:
        return v21.ReportDERControl(
            request_id=1, gradient=[v21.GradientGetType(id=sent.control_id, gradient=sent.gradient)]
        )
    if sent.freq_droop is not None:
        return v21.ReportDERControl(
            request_id=1, freq_droop=[v21.FreqDroopGetType(freq_droop=sent.freq_droop, **more)]
        )
    if sent.fixed_var is not None:
        return v21.ReportDERControl(
            request_id=1, fixed_var=[v21.FixedVarGetType(fixed_var=sent.fixed_var, **more)]
        )
    if sent.limit_max_discharge is not None:
        limit = v21.LimitMaxDischargeGetType(limit_max_discharge=sent.limit_max_discharge, **more)
        return v21.ReportDERControl(request_id=1, limit_max_discharge=[limit])
    if sent.fixed_pf_absorb is not None:
        return v21.ReportDERControl(
            request_id=1, fixed_pf_absorb=[v21.FixedPFGetType(fixed_pf=sent.fixed_pf_absorb, **more)]
        )
    assert sent.fixed_pf_inject is not None
    return v21.ReportDERControl(
        request_id=1, fixed_pf_inject=[v21.FixedPFGetType(fixed_pf=sent.fixed_pf_inject, **more)]
    )


async def test_every_kind_is_worded_as_the_schema_says_and_read_back(open_network: Network) -> None:
    async with connected(open_network, "2.1", "CP", *ACTIONS) as station:
        for control in KINDS:
            record = await open_network.der.give(TENANT, "CP", SetDerControl(control=control), by=BY)
            # The charge point checks every message against the official schema before it answers.
            assert record.status is CommandStatus.ACCEPTED, (control.kind, record.reason)
            message, *_ = await open_network.log("CP", action="SetDERControl")
            sent = msgspec.json.decode(message.request, type=v21.SetDERControl)
            [back] = neutral_controls(reported(sent))
            assert back.control == control
        assert len(station.told_of("SetDERControl")) == len(KINDS)


async def test_what_a_station_does_not_support_is_said_so(open_network: Network) -> None:
    async with connected(open_network, "2.1", "CP", *ACTIONS) as station:
        station.answers["SetDERControl"] = {"status": "NotSupported"}
        record = await open_network.der.give(TENANT, "CP", SetDerControl(control=KINDS[0]), by=BY)
        assert record.status is CommandStatus.UNSUPPORTED
        assert await open_network.der.controls(TENANT, record.station_id) == []
    async with connected(open_network, "2.0.1", "CP-201"):
        record = await open_network.der.give(TENANT, "CP-201", SetDerControl(control=KINDS[0]), by=BY)
        assert record.status is CommandStatus.UNSUPPORTED


async def test_controls_are_reported_in_parts(open_network: Network) -> None:
    async with connected(open_network, "2.1", "CP", *ACTIONS) as station:
        record = await open_network.der.give(TENANT, "CP", SetDerControl(control=KINDS[0]), by=BY)
        ramp = {"priority": 1, "gradient": 10.0, "soft_gradient": 5.0}
        var = {"priority": 1, "setpoint": 20.0, "unit": "PctMaxVar"}

        async def report() -> None:
            request_id = (await station.was_told("GetDERControl"))["request_id"]
            await station.call(
                station.calls.ReportDERControl(
                    request_id=request_id, gradient=[{"id": "ramp", "gradient": ramp}], tbc=True
                )
            )
            await station.call(
                station.calls.ReportDERControl(
                    request_id=request_id,
                    fixed_var=[{"id": "var", "fixed_var": var, "is_default": True, "is_superseded": True}],
                )
            )

        reporting = asyncio.create_task(report())
        await asyncio.sleep(0.01)
        asked = await open_network.der.give(TENANT, "CP", GetDerControls(), by=BY)
        await reporting
        assert asked.status is CommandStatus.ACCEPTED, asked.reason
        found = await open_network.der.controls(TENANT, record.station_id)
        # What was set before and is not reported now is gone.
        assert [(each.control.id, each.control.kind, each.superseded) for each in found] == [
            ("ramp", "gradients", False),
            ("var", "fixed_var", True),
        ]
        cleared = await open_network.der.give(TENANT, "CP", ClearDerControls(default=True), by=BY)
        assert cleared.status is CommandStatus.ACCEPTED
        assert await open_network.der.controls(TENANT, record.station_id) == []


async def test_a_control_starts_and_stops_and_takes_over(open_network: Network) -> None:
    async with connected(open_network, "2.1", "CP", *ACTIONS) as station:
        for control in KINDS[:2]:
            record = await open_network.der.give(TENANT, "CP", SetDerControl(control=control), by=BY)
        first, second = KINDS[0].id, KINDS[1].id
        await station.call(
            station.calls.NotifyDERStartStop(
                control_id=first, started=True, timestamp=ago(1), superseded_ids=[second]
            )
        )
        found = await open_network.der.controls(TENANT, record.station_id)
        assert {each.control.id: (each.started, each.superseded) for each in found} == {
            first: (True, False),
            second: (False, True),
        }
        await station.call(
            station.calls.NotifyDERStartStop(control_id=first, started=False, timestamp=ago(0))
        )
        found = await open_network.der.controls(TENANT, record.station_id)
        assert [each.control.id for each in found] == [second]


async def test_what_a_station_said_since_is_not_undone_by_a_late_event(open_network: Network) -> None:
    net = open_network
    async with connected(net, "2.1", "CP", *ACTIONS) as station:
        records = [await net.der.give(TENANT, "CP", SetDerControl(control=each), by=BY) for each in KINDS[:2]]
        first, second = KINDS[0].id, KINDS[1].id
        await station.call(
            station.calls.NotifyDERStartStop(
                control_id=first, started=True, timestamp=ago(1), superseded_ids=[second]
            )
        )
        # This node again, and another one that keeps it from the event.
        for node in (net.der, DerService(net.database, net.commands, SystemClock())):
            for record in records:
                await node.note(record)
            found = await net.der.controls(TENANT, records[0].station_id)
            assert {each.control.id: (each.started, each.superseded) for each in found} == {
                first: (True, False),
                second: (False, True),
            }


@pytest.mark.parametrize("fault", ["OverVoltage", None])
async def test_an_alarm_is_kept_with_its_end(open_network: Network, fault: str | None) -> None:
    async with connected(open_network, "2.1", "CP") as station:
        entry = open_network.directory.find("CP")
        assert entry is not None
        more = {} if fault is None else {"grid_event_fault": fault}
        for minutes, ended in ((2, False), (1, True)):
            await station.call(
                station.calls.NotifyDERAlarm(
                    control_type="HVMayTrip", timestamp=ago(minutes), alarm_ended=ended, **more
                )
            )
        [alarm] = (await open_network.der.alarms(TENANT, entry.station_id)).items
        assert (alarm.kind, alarm.fault) == ("hv_may_trip", fault or "")
        assert alarm.ended_at is not None
        assert (alarm.ended_at - alarm.began_at).total_seconds() == 60
