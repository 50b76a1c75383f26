"""Independent charge points (PyPI `ocpp`, which checks every message against the official schemas) that
remember what they were told and answer what a test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import ModuleType
from typing import Any

import websockets
from network import Network, until
from ocpp.routing import on

from currant.kit.clock import SystemClock, wire_time
from ocpp import v16, v21, v201

MODULES: dict[str, ModuleType] = {"1.6": v16, "2.0.1": v201, "2.1": v21}
SUBPROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}


def ago(minutes: float) -> str:
    return wire_time(SystemClock().now() - timedelta(minutes=minutes))


class Told:
    """One call that a charge point got."""

    def __init__(self, action: str, payload: dict[str, Any]) -> None:
        self.action = action
        self.payload = payload


class Remembering:
    """What every charge point here can do beside its version's own."""

    told: list[Told]
    answers: dict[str, dict[str, Any]]
    calls: Any

    def told_of(self, action: str) -> list[dict[str, Any]]:
        return [told.payload for told in self.told if told.action == action]

    async def was_told(self, action: str, times: int = 1) -> dict[str, Any]:
        """The latest call of this action, once there have been so many."""
        await until(lambda: len(self.told_of(action)) >= times)
        return self.told_of(action)[-1]


def _handler(action: str, result: Any) -> Any:
    async def handle(self: Any, **payload: Any) -> Any:
        self.told.append(Told(action, payload))
        return result(**self.answers.get(action, {"status": "Accepted"}))

    # The package finds its handlers by their names.
    handle.__name__ = f"on_{action}"
    return on(action)(handle)


def charge_point(version: str, *actions: str) -> Any:
    """The class of a charge point that takes these actions."""
    module = MODULES[version]
    handlers = {f"on_{action}": _handler(action, getattr(module.call_result, action)) for action in actions}
    return type(f"Station{version}", (Remembering, module.ChargePoint), {**handlers, "calls": module.call})


@asynccontextmanager
async def connected(network: Network, version: str, identity: str, *actions: str) -> AsyncIterator[Any]:
    """A booted charge point on a socket of its own."""
    subprotocol: Any = SUBPROTOCOLS[version]
    async with websockets.connect(f"{network.url}/{identity}", subprotocols=[subprotocol]) as socket:
        station = charge_point(version, *actions)(identity, socket)
        station.told, station.answers = [], {}
        listening = asyncio.create_task(station.start())
        if version == "1.6":
            boot = station.calls.BootNotification(charge_point_model="M", charge_point_vendor="V")
        else:
            boot = station.calls.BootNotification(
                charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp"
            )
        assert (await station.call(boot)).status == "Accepted"
        try:
            yield station
        finally:
            listening.cancel()


async def begin(station: Any, transaction_id: str, *, evse: int = 1, token: str = "04A1B2C3") -> None:
    """Begin a transaction of 2.x."""
    await station.call(
        station.calls.TransactionEvent(
            event_type="Started",
            timestamp=ago(1),
            trigger_reason="Authorized",
            seq_no=0,
            transaction_info={"transaction_id": transaction_id, "charging_state": "EVConnected"},
            evse={"id": evse, "connector_id": 1},
            id_token={"id_token": token, "type": "ISO14443"},
        )
    )


async def end(station: Any, transaction_id: str, *, evse: int = 1) -> None:
    await station.call(
        station.calls.TransactionEvent(
            event_type="Ended",
            timestamp=ago(0),
            trigger_reason="EVDeparted",
            seq_no=9,
            transaction_info={"transaction_id": transaction_id, "stopped_reason": "EVDisconnected"},
            evse={"id": evse, "connector_id": 1},
        )
    )
