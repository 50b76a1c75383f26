"""A charge point of OCPP 1.6 made of the PyPI package `ocpp`, which we did not write."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.client import ClientConnection, connect

LATER = "2026-11-20T12:00:00Z"
BEGAN, HALFWAY, ENDED = "2026-11-20T10:00:00Z", "2026-11-20T10:30:00Z", "2026-11-20T11:00:00Z"


class Charger(ChargePoint):
    """Does what it is told, and remembers it."""

    def __init__(self, identity: str, socket: ClientConnection) -> None:
        super().__init__(identity, socket, response_timeout=20)
        self.socket = socket
        self.told: list[str] = []

    @on("RemoteStartTransaction")
    def remote_start(self, **_: Any) -> call_result.RemoteStartTransaction:
        self.told.append("RemoteStartTransaction")
        return call_result.RemoteStartTransaction(status="Accepted")

    @on("Reset")
    def reset(self, **_: Any) -> call_result.Reset:
        self.told.append("Reset")
        return call_result.Reset(status="Rejected")

    @on("TriggerMessage")
    def trigger(self, **_: Any) -> call_result.TriggerMessage:
        return call_result.TriggerMessage(status="Accepted")

    @on("GetConfiguration")
    def get_configuration(self, **_: Any) -> call_result.GetConfiguration:
        held = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
        return call_result.GetConfiguration(configuration_key=[held], unknown_key=[])

    async def boot(self) -> str:
        answer = await self.call(call.BootNotification(charge_point_model="M1", charge_point_vendor="Acme"))
        return str(answer.status)

    async def charge(self, token: str, *, wh: int) -> int:
        """A whole session; its transaction id."""
        await self.call(call.StatusNotification(connector_id=1, error_code="NoError", status="Preparing"))
        started = await self.begin(token, at=BEGAN)
        sample = {"timestamp": HALFWAY, "sampledValue": [{"value": str(wh // 2), "unit": "Wh"}]}
        await self.call(call.MeterValues(connector_id=1, transaction_id=started, meter_value=[sample]))
        await self.call(
            call.StopTransaction(meter_stop=wh, timestamp=ENDED, transaction_id=started, id_tag=token)
        )
        return started

    async def begin(self, token: str, *, at: str = LATER) -> int:
        answer = await self.call(
            call.StartTransaction(connector_id=1, id_tag=token, meter_start=0, timestamp=at)
        )
        assert answer.id_tag_info["status"] == "Accepted"
        return int(answer.transaction_id)


@asynccontextmanager
async def charger(
    url: str, identity: str, password: str | None, *, trust: ssl.SSLContext | None = None
) -> AsyncIterator[Charger]:
    headers = {}
    if password is not None:
        secret = base64.b64encode(f"{identity}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {secret}"
    async with connect(
        url + identity,
        subprotocols=["ocpp1.6"],
        additional_headers=headers,
        ssl=trust,  # type: ignore[list-item]
    ) as socket:
        station = Charger(identity, socket)
        listening = asyncio.create_task(station.start())
        try:
            yield station
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
