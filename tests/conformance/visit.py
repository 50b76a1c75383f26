"""A driver's visit as the certification's cases tell of it: more ways to begin and to end, and what Currant made of it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import plugged
from charger import Payload, ScriptedCharger, now
from installation import Site

_numbers = itertools.count(1)


def card() -> str:
    """The uid of a card that nobody had before."""
    return f"04AB{next(_numbers):010X}"


class Visit(plugged.Visit):
    """One driver at one EVSE; `group` is what Currant must call the token's group in every answer."""

    def __init__(
        self,
        station: ScriptedCharger,
        uid: str = "",
        *,
        evse: int = 1,
        kind: str = "ISO14443",
        group: str = "",
    ) -> None:
        super().__init__(station, uid, evse=evse, kind=kind)
        self.group = group
        self.place = {"id": evse, "connectorId": 1}
        self._meter_wh = 1_000

    def is_accepted(self, answer: Payload) -> None:
        """The answer lets the token charge, and names its group if it has one."""
        info = answer["idTokenInfo"]
        assert info["status"] == "Accepted"
        assert info.get("groupIdToken", {}).get("idToken", "") == self.group

    async def authorize(self, uid: str = "") -> None:
        """Authorize alone, of this driver's token or of another one."""
        token = {**self.token, "idToken": uid} if uid else self.token
        self.is_accepted(await self.station.call("Authorize", idToken=token))

    async def authorized(self, **more: Any) -> None:
        await self.authorize()
        self.is_accepted(await self.event("Authorized", idToken=self.token, **more))

    async def suspended(self) -> None:
        """The vehicle takes no more energy for now."""
        answer = await self.event("ChargingStateChanged", state="SuspendedEV", meterValue=[self.reading(500)])
        assert answer == {}

    async def stop_authorized(self, **more: Any) -> None:
        self.is_accepted(await self.event("StopAuthorized", **{"idToken": self.token, **more}))

    async def ended(self, trigger: str, reason: str, *, state: str | None = None, **more: Any) -> Payload:
        """The transaction is over; the answer to that."""
        answer: Payload = await self.event(
            trigger, state=state, eventType="Ended", info={"stoppedReason": reason}, **more
        )
        return answer

    def reading(self, more_wh: int = 0, context: str = "Sample.Periodic") -> Payload:
        """The meter, after so much more energy."""
        self._meter_wh += more_wh
        sampled = {
            "value": self._meter_wh,
            "context": context,
            "measurand": "Energy.Active.Import.Register",
            "unitOfMeasure": {"unit": "Wh"},
        }
        return {"timestamp": now(), "sampledValue": [sampled]}

    async def session(self, site: Site) -> Any:
        """What Currant's API shows of it: one session, and no second."""
        [found] = await site.sessions(self.station.identity, transaction_id=self.transaction_id)
        return found


@asynccontextmanager
async def booted(site: Site) -> AsyncIterator[ScriptedCharger]:
    """A station of the network that has been switched on, and whose first connector is available."""
    identity = await site.register()
    async with site.charger(identity) as station:
        assert (await station.boot())["status"] == "Accepted"
        await station.status("Available")
        yield station


async def tell_connector(station: ScriptedCharger, status: str, *, evse: int = 1) -> None:
    """A connector's status, in both ways that 2.x has for it."""
    assert await station.status(status, evse) == {}
    await plugged.connector_event(station, status, evse)


async def connector_shown(site: Site, identity: str, evse: int = 1) -> str:
    """The status of an EVSE's connector as the API shows it."""
    station = await site.ask("GET", f"/stations/{identity}")
    found = [
        each["status"] for each in station["connectors"] if (each["evse"], each["connector"]) == (evse, 1)
    ]
    return str(found[0]) if found else ""
