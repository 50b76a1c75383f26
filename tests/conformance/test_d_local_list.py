"""OCPP 2.0.1, block D: the local authorisation list sent by command and kept as declared, and its version."""

from typing import Any

import pytest
from charger import Payload, ScriptedCharger
from installation import Site
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

GATHERED_WITHIN_S = 25.0


class Listing:
    """A charger's local list, kept as the specification has it."""

    def __init__(self, station: ScriptedCharger, version: int = 0) -> None:
        self.version = version
        self.tokens: dict[str, Payload] = {}
        station.answers["GetLocalListVersion"] = lambda _: {"versionNumber": self.version}
        station.answers["SendLocalList"] = self.take

    def take(self, sent: Payload) -> Payload:
        if sent["updateType"] == "Differential" and sent["versionNumber"] <= self.version:
            return {"status": "VersionMismatch"}
        if sent["updateType"] == "Full":
            self.tokens = {}
        for entry in sent.get("localAuthorizationList", ()):
            uid = entry["idToken"]["idToken"]
            if "idTokenInfo" in entry:
                self.tokens[uid] = entry["idTokenInfo"]
            else:
                self.tokens.pop(uid, None)
        self.version = sent["versionNumber"]
        return {"status": "Accepted"}


async def send(site: Site, identity: str, version: int, *entries: Any, full: bool) -> None:
    record = await site.command(identity, "SendLocalList", version=version, full=full, entries=list(entries))
    assert record["status"] == "accepted"


def entry(uid: str, status: str = "Accepted") -> Payload:
    """A token with its information, as it is worded on the wire."""
    return {"idToken": {"idToken": uid, "type": "ISO14443"}, "idTokenInfo": {"status": status}}


@shows("TC_D_01_CSMS", "TC_D_02_CSMS", "TC_D_03_CSMS", "TC_D_04_CSMS")
async def test_a_list_is_sent_changed_shortened_and_emptied(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        listing = Listing(station, version=1)
        await station.boot()
        told = await site.command(identity, "GetLocalListVersion")
        held = told["report"][0]["version"]
        assert await station.asked_for("GetLocalListVersion") == {}
        await send(site, identity, held + 1, {"token_uid": "D001"}, {"token_uid": "D002"}, full=True)
        assert await station.asked_for("SendLocalList") == {
            "versionNumber": 2,
            "updateType": "Full",
            "localAuthorizationList": [entry("D001"), entry("D002")],
        }
        await send(site, identity, held + 2, {"token_uid": "D003", "status": "blocked"}, full=False)
        assert await station.asked_for("SendLocalList") == {
            "versionNumber": 3,
            "updateType": "Differential",
            "localAuthorizationList": [entry("D003", "Blocked")],
        }
        await send(site, identity, held + 3, {"token_uid": "D001", "status": None}, full=False)
        assert await station.asked_for("SendLocalList") == {
            "versionNumber": 4,
            "updateType": "Differential",
            "localAuthorizationList": [{"idToken": {"idToken": "D001", "type": "ISO14443"}}],
        }
        assert set(listing.tokens) == {"D002", "D003"}
        await send(site, identity, held + 4, full=True)
        # D01.FR.04: a list without entries is left out, for the schema wants one at least.
        assert await station.asked_for("SendLocalList") == {"versionNumber": 5, "updateType": "Full"}
        assert listing.tokens == {}


async def declared(site: Site, identity: str, value: Any) -> None:
    draft = {
        "scope": "station",
        "station": identity,
        "aspect": "local_list",
        "key": "tokens",
        "value": value,
    }
    await site.ask("POST", "/desired/declarations", json={"declarations": [draft]})


@shows("TC_D_01_CSMS", "TC_D_02_CSMS", "TC_D_03_CSMS", "TC_D_04_CSMS")
async def test_a_declared_list_follows_who_may_charge(site: Site) -> None:
    identity = await site.register()
    for uid in ("D101", "D102", "D103"):
        await site.token(uid)
    async with site.charger(identity) as station:
        listing = Listing(station, version=1)
        await station.boot()
        await declared(site, identity, {})
        sent = await station.asked_for("SendLocalList")
        assert (sent["updateType"], sent["versionNumber"]) == ("Full", 2)
        assert {each["idToken"]["idToken"] for each in sent["localAuthorizationList"]} == {
            "D101",
            "D102",
            "D103",
        }
        # Changes of tokens are gathered for some seconds; a list that is declared anew is looked at at once.
        await site.token("D104")
        await declared(site, identity, {"limit": 400})
        sent = await station.asked_for("SendLocalList", within_s=GATHERED_WITHIN_S)
        assert (sent["updateType"], sent["versionNumber"]) == ("Differential", 3)
        assert [each["idToken"]["idToken"] for each in sent["localAuthorizationList"]] == ["D104"]
        await site.ask("POST", "/tokens/D102/block")
        await declared(site, identity, {"limit": 300})
        sent = await station.asked_for("SendLocalList", within_s=GATHERED_WITHIN_S)
        assert (sent["updateType"], sent["versionNumber"]) == ("Differential", 4)
        assert sent["localAuthorizationList"] == [{"idToken": {"idToken": "D102", "type": "ISO14443"}}]
        assert set(listing.tokens) == {"D101", "D103", "D104"}
        await declared(site, identity, None)
        assert await station.asked_for("SendLocalList") == {"versionNumber": 5, "updateType": "Full"}
        assert listing.tokens == {}


@pytest.mark.parametrize("version", [7, 0])
@shows("TC_D_08_CSMS", "TC_D_09_CSMS")
async def test_a_list_s_version_is_read(site: Site, version: int) -> None:
    identity = await site.register()
    async with site.charger(identity) as station:
        Listing(station, version)
        await station.boot()
        record = await site.command(identity, "GetLocalListVersion")
        assert await station.asked_for("GetLocalListVersion") == {}
        assert (record["status"], record["report"]) == ("accepted", [{"version": version}])
