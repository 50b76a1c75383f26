"""OCPP 2.0.1, block N, as far as it is about logs, and its like in 1.6 and 2.1: asked for, sent, received."""

from typing import Any

import httpx
import pytest
from charger import Answer, Refusing, ScriptedCharger
from installation import Site
from shows import shows

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMED: dict[str, Answer] = {"GetLog": {"status": "Accepted", "filename": "station.log"}}


async def ask(site: Site, identity: str, kind: str, **more: Any) -> Any:
    return await site.ask("POST", f"/stations/{identity}/logs", json={"kind": kind, **more})


async def transfer(site: Site, begun: Any) -> Any:
    return await site.ask("GET", f"/transfers/{begun['id']}")


async def tells(station: ScriptedCharger, request: Any, status: str) -> None:
    assert await station.call("LogStatusNotification", status=status, requestId=request["requestId"]) == {}


async def upload(url: str, name: str, content: bytes) -> None:
    """As a station does it: to the address, with the name of its file appended (N01.FR.21)."""
    async with httpx.AsyncClient() as client:
        assert url.endswith("/")
        assert (await client.put(url + name, content=content)).status_code == 200


async def sent(site: Site, version: str, kind: str, log_type: str) -> None:
    identity = await site.register()
    async with site.charger(identity, version, answers=dict(NAMED)) as station:
        await station.boot()
        begun = await ask(site, identity, kind, oldest="2026-01-01T00:00:00Z")
        assert (begun["status"], begun["file_name"]) == ("accepted", "station.log")
        request = await station.asked_for("GetLog")
        assert request["logType"] == log_type
        assert request["log"]["oldestTimestamp"] == "2026-01-01T00:00:00Z"
        await tells(station, request, "Uploading")
        await upload(request["log"]["remoteLocation"], "station.log", b"what happened")
        await tells(station, request, "Uploaded")
        ended = await transfer(site, begun)
        assert ended["status"] == "done"
        looked = await site.ask("GET", f"/files/{ended['file_id']}/preview")
        assert looked["text"] == "what happened"


@shows("TC_N_25_CSMS")
async def test_diagnostics_are_sent(site: Site) -> None:
    await sent(site, "2.0.1", "diagnostics", "DiagnosticsLog")


@shows("TC_N_35_CSMS")
async def test_the_security_log_is_sent(site: Site) -> None:
    await sent(site, "2.0.1", "security", "SecurityLog")


@shows("2.1 GetLog", "2.1 LogStatusNotification")
async def test_the_log_of_the_data_collector_is_sent_in_2_1(site: Site) -> None:
    await sent(site, "2.1", "data_collector", "DataCollectorLog")


@shows("1.6 GetLog", "1.6 LogStatusNotification")
async def test_the_security_log_is_sent_in_1_6(site: Site) -> None:
    await sent(site, "1.6", "security", "SecurityLog")


@shows("TC_N_34_CSMS")
async def test_a_log_is_refused(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, answers={"GetLog": {"status": "Rejected"}}) as station:
        await station.boot()
        begun = await ask(site, identity, "diagnostics")
        assert (begun["status"], "Rejected" in begun["reason"]) == ("refused", True)


@shows("TC_N_36_CSMS")
async def test_a_second_request_for_a_log_cancels_the_first(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, answers=dict(NAMED)) as station:
        await station.boot()
        first = await ask(site, identity, "diagnostics")
        before = await station.asked_for("GetLog")
        await tells(station, before, "Uploading")
        station.answers["GetLog"] = {"status": "AcceptedCanceled", "filename": "second.log"}
        second = await ask(site, identity, "diagnostics")
        assert second["status"] == "accepted"
        await tells(station, before, "AcceptedCanceled")
        request = await station.asked_for("GetLog")
        assert request["requestId"] != before["requestId"]
        await tells(station, request, "Uploading")
        await upload(request["log"]["remoteLocation"], "second.log", b"second")
        await tells(station, request, "Uploaded")
        assert (await transfer(site, first))["status"] == "cancelled"
        assert (await transfer(site, second))["status"] == "done"


@shows("1.6 GetDiagnostics", "1.6 DiagnosticsStatusNotification")
async def test_diagnostics_of_a_station_without_the_security_extension(site: Site) -> None:
    def unknown(_: Any) -> Any:
        raise Refusing("NotImplemented")

    identity = await site.register()
    answers: dict[str, Answer] = {"GetLog": unknown, "GetDiagnostics": {"fileName": "diag.zip"}}
    async with site.charger(identity, "1.6", answers=answers) as station:
        await station.boot()
        begun = await ask(site, identity, "diagnostics")
        assert (begun["status"], begun["file_name"]) == ("accepted", "diag.zip")
        request = await station.asked_for("GetDiagnostics")
        await station.call("DiagnosticsStatusNotification", status="Uploading")
        await upload(request["location"], "diag.zip", b"diagnostics")
        await station.call("DiagnosticsStatusNotification", status="Uploaded")
        assert (await transfer(site, begun))["status"] == "done"
