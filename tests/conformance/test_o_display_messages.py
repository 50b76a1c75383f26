"""OCPP 2.0.1, block O: messages on stations' displays, set, replaced, looked at and taken off."""

import asyncio
from typing import Any

import pytest
from charger import Answer, ScriptedCharger
from installation import Site
from plugged import Visit
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

STARTS, ENDS = "2036-01-31T12:00:00Z", "2036-01-31T13:00:00Z"


def refusing(status: str) -> dict[str, Answer]:
    return {"SetDisplayMessage": {"status": status}}


async def show(site: Site, station: ScriptedCharger, number: int = 5, **message: Any) -> tuple[Any, Any]:
    """Set a message: what came of it, and what the station was told."""
    texts = message.pop("texts", [{"text": f"Message {number}", "format": "utf8", "language": "en"}])
    record = await site.command(
        station.identity, "SetDisplayMessage", message={"id": number, "texts": texts, **message}
    )
    return record, (await station.asked_for("SetDisplayMessage"))["message"]


async def charging(site: Site, station: ScriptedCharger) -> Visit:
    uid = f"CARD-{station.identity}"
    await site.token(uid)
    driver = Visit(station, uid)
    await driver.started()
    return driver


def shown(number: int, **more: Any) -> dict[str, Any]:
    """A message as a station reports it."""
    text = {"format": "UTF8", "language": "en", "content": f"Message {number}"}
    return {"id": number, "priority": "NormalCycle", "message": text, **more}


async def ask(site: Site, station: ScriptedCharger, *parts: list[Any], **wanted: Any) -> tuple[Any, Any]:
    """Ask which messages there are; the station reports them in these parts. The record and the request."""
    asking = asyncio.create_task(site.command(station.identity, "GetDisplayMessages", **wanted))
    request = await station.asked_for("GetDisplayMessages")
    for number, part in enumerate(parts, start=1):
        last = number == len(parts)
        told = {"requestId": request["requestId"], "messageInfo": part, "tbc": not last}
        assert await station.call("NotifyDisplayMessages", **told) == {}
    return await asking, request


@shows("TC_O_01_CSMS")
async def test_a_message_is_shown(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        record, message = await show(site, station, priority="always_front")
        assert record["status"] == "accepted"
        assert message == {
            "id": 5,
            "priority": "AlwaysFront",
            "message": {"format": "UTF8", "language": "en", "content": "Message 5"},
        }


@shows("TC_O_02_CSMS")
async def test_all_messages_are_reported(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        for number in (5, 6):
            await show(site, station, number)
        record, request = await ask(site, station, [shown(5)], [shown(6)])
        assert request.keys() == {"requestId"}
        assert [message["id"] for message in record["report"]] == [5, 6]
        assert record["report"][0]["texts"][0]["text"] == "Message 5"


@shows("TC_O_03_CSMS")
async def test_a_station_that_shows_no_messages_says_so(site: Site) -> None:
    answers: dict[str, Answer] = {"GetDisplayMessages": {"status": "Unknown"}}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        record, request = await ask(site, station)
        assert request.keys() == {"requestId"}
        assert (record["status"], record.get("report", [])) == ("accepted", [])
        assert "no such message" in record["reason"]


@shows("TC_O_04_CSMS")
async def test_a_message_is_taken_off(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        _, message = await show(site, station)
        found, _ = await ask(site, station, [shown(message["id"])])
        record = await site.command(station.identity, "ClearDisplayMessage", id=found["report"][0]["id"])
        assert record["status"] == "accepted"
        assert await station.asked_for("ClearDisplayMessage") == {"id": message["id"]}


@shows("TC_O_05_CSMS")
async def test_a_message_that_is_not_there_is_not_taken_off(site: Site) -> None:
    answers: dict[str, Answer] = {"ClearDisplayMessage": {"status": "Unknown"}}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        record = await site.command(station.identity, "ClearDisplayMessage", id=77)
        assert await station.asked_for("ClearDisplayMessage") == {"id": 77}
        assert (record["status"], "Unknown" in record["reason"]) == ("refused", True)


@shows("TC_O_06_CSMS")
async def test_a_message_is_shown_while_a_session_goes_on(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        driver = await charging(site, station)
        [session] = await site.sessions(station.identity)
        record, message = await show(
            site, station, priority="in_front", transaction_id=session["transaction_id"]
        )
        assert record["status"] == "accepted"
        assert (message["transactionId"], message["priority"]) == (driver.transaction_id, "InFront")
        await driver.stopped()
        await driver.left()


@shows("TC_O_07_CSMS")
async def test_one_message_is_asked_for_by_its_number(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        await show(site, station)
        record, request = await ask(site, station, [shown(5)], ids=[5])
        assert request["id"] == [5]
        assert request.keys() == {"requestId", "id"}
        assert [message["id"] for message in record["report"]] == [5]


@shows("TC_O_08_CSMS")
async def test_messages_of_a_priority_are_asked_for(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        await show(site, station, priority="in_front")
        record, request = await ask(site, station, [shown(5, priority="InFront")], priority="in_front")
        assert request["priority"] == "InFront"
        assert request.keys() == {"requestId", "priority"}
        assert record["report"][0]["priority"] == "in_front"


@shows("TC_O_09_CSMS")
async def test_messages_of_a_state_are_asked_for(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        await show(site, station, state="charging")
        record, request = await ask(site, station, [shown(5, state="Charging")], state="charging")
        assert request["state"] == "Charging"
        assert request.keys() == {"requestId", "state"}
        assert record["report"][0]["state"] == "charging"


@shows("TC_O_10_CSMS")
async def test_a_station_does_not_know_the_session_of_a_message(site: Site) -> None:
    answers = refusing("UnknownTransaction")
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        driver = await charging(site, station)
        record, message = await show(site, station, priority="in_front", transaction_id=driver.transaction_id)
        assert (message["transactionId"], message["priority"]) == (driver.transaction_id, "InFront")
        assert (record["status"], "UnknownTransaction" in record["reason"]) == ("refused", True)


@shows("TC_O_11_CSMS")
async def test_a_message_that_is_not_there_is_not_found(site: Site) -> None:
    answers: dict[str, Answer] = {"GetDisplayMessages": {"status": "Unknown"}}
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        await show(site, station)
        record, request = await ask(site, station, ids=[6])
        assert request["id"] == [6]
        assert (record["status"], record.get("report", [])) == ("accepted", [])


@shows("TC_O_12_CSMS")
async def test_a_message_is_replaced(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        await show(site, station)
        record, message = await show(site, station, priority="in_front", texts=[{"text": "Another"}])
        assert record["status"] == "accepted"
        assert (message["id"], message["priority"]) == (5, "InFront")
        assert message["message"]["content"] == "Another"


@shows("TC_O_13_CSMS")
async def test_a_message_is_shown_from_a_time_on(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        record, message = await show(site, station, starts_at=STARTS)
        assert record["status"] == "accepted"
        assert (message["id"], message["startDateTime"]) == (5, STARTS)
        assert "endDateTime" not in message


@shows("TC_O_14_CSMS")
async def test_a_message_is_shown_until_a_time(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        record, message = await show(site, station, ends_at=ENDS)
        assert record["status"] == "accepted"
        assert (message["id"], message["endDateTime"]) == (5, ENDS)
        assert "startDateTime" not in message


@shows("TC_O_17_CSMS")
async def test_a_station_does_not_have_a_priority(site: Site) -> None:
    async with site.charger(await site.register(), answers=refusing("NotSupportedPriority")) as station:
        await station.boot()
        record, message = await show(site, station, priority="in_front")
        assert (message["id"], message["priority"]) == (5, "InFront")
        assert (record["status"], "NotSupportedPriority" in record["reason"]) == ("refused", True)


@shows("TC_O_18_CSMS")
async def test_a_station_does_not_have_a_state(site: Site) -> None:
    async with site.charger(await site.register(), answers=refusing("NotSupportedState")) as station:
        await station.boot()
        record, message = await show(site, station, state="faulted")
        assert (message["id"], message["state"]) == (5, "Faulted")
        assert (record["status"], "NotSupportedState" in record["reason"]) == ("refused", True)


@shows("TC_O_19_CSMS")
async def test_a_station_does_not_have_a_format(site: Site) -> None:
    answers = refusing("NotSupportedMessageFormat")
    async with site.charger(await site.register(), answers=answers) as station:
        await station.boot()
        texts = [{"text": "<b>Welcome</b>", "format": "html"}]
        record, message = await show(site, station, texts=texts)
        assert (message["id"], message["message"]["format"]) == (5, "HTML")
        assert (record["status"], "NotSupportedMessageFormat" in record["reason"]) == ("refused", True)


@shows("TC_O_25_CSMS")
async def test_a_message_is_shown_in_one_state_of_the_station(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        record, message = await show(site, station, state="charging")
        assert record["status"] == "accepted"
        assert (message["id"], message["state"]) == (5, "Charging")


@shows("TC_O_26_CSMS")
async def test_a_message_is_refused(site: Site) -> None:
    async with site.charger(await site.register(), answers=refusing("Rejected")) as station:
        await station.boot()
        record, message = await show(site, station, priority="normal_cycle")
        assert (message["id"], message["priority"]) == (5, "NormalCycle")
        assert (record["status"], "Rejected" in record["reason"]) == ("refused", True)


@shows("TC_O_27_CSMS")
async def test_a_message_of_a_session_is_shown_from_a_time_on(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        driver = await charging(site, station)
        record, message = await show(site, station, starts_at=STARTS, transaction_id=driver.transaction_id)
        assert record["status"] == "accepted"
        assert (message["id"], message["startDateTime"]) == (5, STARTS)
        assert message["transactionId"] == driver.transaction_id


@shows("TC_O_28_CSMS")
async def test_a_message_of_a_session_is_shown_until_a_time(site: Site) -> None:
    async with site.charger(await site.register()) as station:
        await station.boot()
        driver = await charging(site, station)
        record, message = await show(
            site,
            station,
            priority="in_front",
            state="charging",
            ends_at=ENDS,
            transaction_id=driver.transaction_id,
        )
        assert record["status"] == "accepted"
        assert message == {
            "id": 5,
            "priority": "InFront",
            "state": "Charging",
            "endDateTime": ENDS,
            "transactionId": driver.transaction_id,
            "message": {"format": "UTF8", "language": "en", "content": "Message 5"},
        }
