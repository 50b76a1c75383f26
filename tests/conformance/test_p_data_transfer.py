"""OCPP 2.0.1, block P: what a vendor adds of its own, in messages and within messages."""

from typing import Any

import pytest
from charger import now
from installation import Site
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN: Any = {"vendorId": "com.example", "bay": {"floor": 2, "tags": ["wide", None]}, "note": "as it is"}


async def log(site: Site, identity: str, action: str) -> str:
    """The latest message of this action in the log, as it was received."""

    async def look() -> list[Any]:
        found = await site.ask("GET", f"/stations/{identity}/messages", params={"action": action})
        return list(found["items"])

    return str((await site.eventually(look))[0]["request"])


@pytest.mark.parametrize(
    "said",
    [
        {"vendorId": "com.example", "messageId": "bay-occupied", "data": "text"},
        {"vendorId": "com.example", "messageId": "bay-occupied", "data": {"bay": [1, 2]}},
        {"vendorId": "com.example"},
    ],
)
@shows("TC_P_02_CSMS")
async def test_a_vendor_s_own_message_is_declined_and_kept(site: Site, said: Any) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        await station.boot()
        assert await station.call("DataTransfer", **said) == {"status": "UnknownVendorId"}
        assert "com.example" in await log(site, identity, "DataTransfer")


@shows("TC_P_03_CSMS")
async def test_what_a_vendor_adds_to_messages_does_them_no_harm(site: Site) -> None:
    identity = await site.register()
    uid = (await site.token("P03"))["uid"]
    async with site.charger(identity) as station:
        await station.boot()
        status = await station.call(
            "StatusNotification",
            timestamp=now(),
            connectorStatus="Occupied",
            evseId=1,
            connectorId=1,
            customData=OWN,
        )
        assert status == {}
        answer = await station.call(
            "TransactionEvent",
            eventType="Started",
            timestamp=now(),
            triggerReason="Authorized",
            seqNo=0,
            transactionInfo={"transactionId": "P03", "chargingState": "EVConnected", "customData": OWN},
            evse={"id": 1, "connectorId": 1},
            idToken={"idToken": uid, "type": "ISO14443", "customData": OWN},
            customData=OWN,
        )
        assert answer["idTokenInfo"]["status"] == "Accepted"
        [session] = await site.sessions(identity)
        assert session["token_uid"] == uid
        for action in ("StatusNotification", "TransactionEvent"):
            assert '"note":"as it is"' in (await log(site, identity, action)).replace(": ", ":")
        site.currant.stations.flush_findings()
        # Written behind what is written from now on.
        await site.token("P03-after")
        assert (await site.ask("GET", f"/stations/{identity}/findings"))["items"] == []
