"""The heartbeat interval that is declared is the one that stations are told when they boot."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from charge_points import MODULES, SUBPROTOCOLS

from currant.app.container import Currant, running
from currant.app.settings import load
from currant.stations.desired.model import DeclarationDraft, Pace, Scope

VARIABLE = "OCPPCommCtrlr.HeartbeatInterval"


@pytest.fixture
async def currant(tmp_path: Path) -> AsyncIterator[Currant]:
    options: dict[str, Any] = {
        "data_dir": tmp_path,
        "ocpp.port": 0,
        "ocpp.tls": False,
        "ocpp.allow_unauthenticated": True,
        "ocpp.unknown_stations": "open",
        "http.port": 0,
    }
    thresholds = gc.get_threshold()
    async with running(load(options=options, environment={})) as built:
        yield built
    # A server sets the garbage collector of its process, and here that is the tests' own.
    gc.set_threshold(*thresholds)
    gc.unfreeze()


async def interval_told(currant: Currant, version: str, *, vendor: str = "V") -> int:
    """What a station is answered when it boots."""
    subprotocol: Any = SUBPROTOCOLS[version]
    async with websockets.connect(
        f"{currant.ocpp_url}CP-{version}-{vendor}", subprotocols=[subprotocol]
    ) as socket:
        station = MODULES[version].ChargePoint("CP", socket)
        listening = asyncio.create_task(station.start())
        boot = MODULES[version].call.BootNotification
        if version == "1.6":
            answer = await station.call(boot(charge_point_model="M", charge_point_vendor=vendor))
        else:
            answer = await station.call(
                boot(charging_station={"model": "M", "vendor_name": vendor}, reason="PowerUp")
            )
        listening.cancel()
        return int(answer.interval)


async def declare(currant: Currant, key: str, value: str, *, pace: Pace | None = None, **more: Any) -> None:
    draft = DeclarationDraft(**({"scope": Scope.ALL, "aspect": "variables"} | more), key=key, value=value)
    tenant_id = currant.tenancy.host_tenant_id
    await currant.desired.declarations.declare(tenant_id, [draft], by="olga", pace=pace or Pace())
    await currant.delivery.settled()


@pytest.mark.parametrize("key", [VARIABLE, "HeartbeatInterval", "ocppcommctrlr.heartbeatinterval"])
async def test_a_boot_is_answered_with_the_declared_interval(currant: Currant, key: str) -> None:
    assert await interval_told(currant, "1.6") == currant.settings.ocpp.heartbeat_interval_s
    await declare(currant, key, "777")
    assert [await interval_told(currant, version) for version in ("1.6", "2.0.1", "2.1")] == [777] * 3


async def test_the_narrower_declaration_prevails_and_others_do_not_matter(currant: Currant) -> None:
    await declare(currant, VARIABLE, "777")
    await declare(currant, VARIABLE, "60", scope=Scope.MODEL, vendor="W", model="M")
    await declare(currant, "OCPPCommCtrlr.WebSocketPingInterval", "33")
    assert await interval_told(currant, "1.6", vendor="W") == 60
    assert await interval_told(currant, "1.6", vendor="V") == 777


async def test_what_is_paused_or_still_rolled_out_is_not_told_ahead_of_its_turn(currant: Currant) -> None:
    usual = currant.settings.ocpp.heartbeat_interval_s
    await interval_told(currant, "1.6")
    await declare(currant, VARIABLE, "777", pace=Pace(per_minute=1))
    assert await interval_told(currant, "1.6", vendor="W") == usual
