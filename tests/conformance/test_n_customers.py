"""OCPP 2.0.1, block N, as far as it is about customers: what stations hold about them is told and forgotten."""

import asyncio
from typing import Any

import pytest
from charger import Answer, ScriptedCharger, now
from installation import Site
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORT, CLEAR, BOTH = (
    {"report": True},
    {"report": False, "clear": True},
    {"report": True, "clear": True},
)
CERTIFICATE = {
    "algorithm": "SHA256",
    "issuer_name_hash": "0a" * 32,
    "issuer_key_hash": "1b" * 32,
    "serial_number": "5c0ffee",
}


def of_card(uid: str) -> dict[str, str]:
    return {"idToken": uid, "type": "ISO14443"}


async def asks(
    site: Site, station: ScriptedCharger, *parts: str, **wanted: Any
) -> tuple[Any, dict[str, Any]]:
    """Ask about a customer; the station tells this in parts. The record, and what was asked."""
    asking = asyncio.create_task(site.command(station.identity, "GetCustomerInformation", **wanted))
    request = await station.asked_for("CustomerInformation")
    for number, data in enumerate(parts):
        answer = await station.call(
            "NotifyCustomerInformation",
            requestId=request["requestId"],
            seqNo=number,
            generatedAt=now(),
            tbc=number < len(parts) - 1,
            data=data,
        )
        assert answer == {}
    return await asking, {name: value for name, value in request.items() if name != "requestId"}


@shows("TC_N_27_CSMS", "TC_N_28_CSMS", "TC_N_30_CSMS", "TC_N_31_CSMS", "TC_N_32_CSMS")
@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        (REPORT, ["Card of ", "Olga"]),
        (REPORT, [""]),
        (BOTH, ["Card of ", "Olga"]),
        (BOTH, [""]),
        (CLEAR, [""]),
    ],
    ids=["told", "nothing_to_tell", "told_and_forgotten", "nothing_to_forget", "forgotten"],
)
async def test_a_station_tells_or_forgets_what_it_holds_about_a_card(
    site: Site, wanted: Any, parts: list[str]
) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        uid = f"CARD-{station.identity}"
        await site.token(uid)
        record, request = await asks(site, station, *parts, token_uid=uid, token_kind="rfid", **wanted)
        assert request == {"clear": False, **wanted, "idToken": of_card(uid)}
        assert (record["status"], record["report"]) == ("accepted", [{"data": "".join(parts)}])


@shows("TC_N_29_CSMS")
async def test_a_station_tells_nothing_about_a_card(site: Site) -> None:
    answers: dict[str, Answer] = {"CustomerInformation": {"status": "Rejected"}}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        uid = f"CARD-{station.identity}"
        record, request = await asks(site, station, token_uid=uid, **REPORT)
        assert request == {"report": True, "clear": False, "idToken": of_card(uid)}
        assert (record["status"], "Rejected" in record["reason"]) == ("refused", True)


@shows("TC_N_62_CSMS")
async def test_a_station_forgets_a_customer_by_name(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        record, request = await asks(site, station, "Olga", customer_identifier="Customer 5", **BOTH)
        assert request == {"report": True, "clear": True, "customerIdentifier": "Customer 5"}
        assert (record["status"], record["report"]) == ("accepted", [{"data": "Olga"}])


@shows("TC_N_63_CSMS")
async def test_a_station_forgets_a_customer_by_certificate(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        record, request = await asks(site, station, "Olga", certificate=CERTIFICATE, **BOTH)
        assert request == {
            "report": True,
            "clear": True,
            "customerCertificate": {
                "hashAlgorithm": "SHA256",
                "issuerNameHash": "0a" * 32,
                "issuerKeyHash": "1b" * 32,
                "serialNumber": "5c0ffee",
            },
        }
        assert (record["status"], record["report"]) == ("accepted", [{"data": "Olga"}])


async def forgets(site: Site, station: ScriptedCharger, uid: str) -> Any:
    """A station forgets a card; the list that it is sent after that."""
    _, request = await asks(site, station, "Olga", token_uid=uid, token_kind="rfid", **BOTH)
    assert request == {"report": True, "clear": True, "idToken": of_card(uid)}
    return await station.asked_for("SendLocalList")


@shows("TC_N_46_CSMS")
async def test_a_customer_whom_a_station_forgets_is_taken_off_its_list(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        uids = [f"CARD-{station.identity}-{number}" for number in (1, 2)]
        entries = [{"token_uid": uid, "token_kind": "rfid"} for uid in uids]
        await site.command(station.identity, "SendLocalList", version=7, full=True, entries=entries)
        assert (await station.asked_for("SendLocalList"))["versionNumber"] == 7
        assert await forgets(site, station, uids[0]) == {
            "updateType": "Differential",
            "versionNumber": 8,
            "localAuthorizationList": [{"idToken": of_card(uids[0])}],
        }
        # The second one's turn builds on that.
        assert await forgets(site, station, uids[1]) == {
            "updateType": "Differential",
            "versionNumber": 9,
            "localAuthorizationList": [{"idToken": of_card(uids[1])}],
        }
        # Who is not on the list cannot be taken off it.
        await asks(site, station, "", token_uid=uids[1], token_kind="rfid", **BOTH)
        await asyncio.sleep(0.3)
        assert station.not_asked_for("SendLocalList")
