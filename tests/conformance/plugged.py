"""A transaction as a station of OCPP 2.x tells of it, step by step: a driver comes, charges and leaves."""

import itertools
from typing import Any

from charger import ScriptedCharger, now

_numbers = itertools.count(1)


class Visit:
    """One driver at one EVSE. Steps are told in the order in which the test calls them."""

    def __init__(self, station: ScriptedCharger, uid: str, *, evse: int = 1, kind: str = "ISO14443") -> None:
        self.station = station
        self.evse = evse
        self.token = {"idToken": uid, "type": kind}
        self.transaction_id = f"{station.identity}-T{next(_numbers)}"
        self._sequence = 0

    async def event(
        self, trigger: str, *, state: str | None = None, info: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        """TransactionEvent: the first one begins the transaction; `eventType` says what is else."""
        told = {"transactionId": self.transaction_id, **(info or {})}
        if state is not None:
            told["chargingState"] = state
        kind = more.pop("eventType", "Updated" if self._sequence else "Started")
        answer = await self.station.call(
            "TransactionEvent",
            eventType=kind,
            timestamp=more.pop("timestamp", now()),
            triggerReason=trigger,
            seqNo=more.pop("seqNo", self._sequence),
            transactionInfo=told,
            **more,
        )
        self._sequence += 1
        return answer

    async def available(self, status: str) -> None:
        """StatusNotification and NotifyEvent of the connector."""
        await self.station.status(status, self.evse)
        await connector_event(self.station, status, self.evse)

    async def authorized(self, **more: Any) -> None:
        answer = await self.station.call("Authorize", idToken=self.token)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        told = await self.event("Authorized", idToken=self.token, **more)
        assert told["idTokenInfo"]["status"] == "Accepted"

    async def plugged_in(self, **more: Any) -> None:
        await self.available("Occupied")
        place = {"id": self.evse, "connectorId": 1}
        await self.event("CablePluggedIn", state="EVConnected", evse=place, **more)

    async def charging(self) -> None:
        await self.event("ChargingStateChanged", state="Charging")

    async def started(self) -> None:
        """Energy flows."""
        await self.authorized()
        await self.plugged_in()
        await self.charging()

    async def stopped(self) -> None:
        """The driver ended it, and the vehicle is still plugged in."""
        told = await self.event("StopAuthorized", idToken=self.token)
        assert told["idTokenInfo"]["status"] == "Accepted"
        await self.event("ChargingStateChanged", state="EVConnected")

    async def left(self, **more: Any) -> Any:
        """The cable is out; the transaction ends. The answer to its end."""
        await self.available("Available")
        return await self.event(
            "EVCommunicationLost",
            state="Idle",
            eventType="Ended",
            info={"stoppedReason": "EVDisconnected"},
            **more,
        )


async def connector_event(station: ScriptedCharger, value: str, evse: int = 1) -> None:
    """NotifyEvent: a connector's AvailabilityState changed."""
    answer = await station.call(
        "NotifyEvent",
        generatedAt=now(),
        seqNo=0,
        eventData=[
            {
                "eventId": next(_numbers),
                "timestamp": now(),
                "trigger": "Delta",
                "actualValue": value,
                "eventNotificationType": "HardWiredNotification",
                "component": {"name": "Connector", "evse": {"id": evse, "connectorId": 1}},
                "variable": {"name": "AvailabilityState"},
            }
        ],
    )
    assert answer == {}
