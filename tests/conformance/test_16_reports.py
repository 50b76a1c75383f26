"""OCPP 1.6 with its security extension: every message that a station sends, its answer, and what Currant knows then."""

from typing import Any

import pytest
from charger import ScriptedCharger, now
from cryptography import x509
from installation import Site
from shows import shows
from signed import signed
from telling import found, look, request_for, seconds_off

pytestmark = pytest.mark.asyncio(loop_scope="module")


@shows("1.6 BootNotification")
async def test_a_1_6_station_boots_and_is_known(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        answer = await station.call(
            "BootNotification",
            chargePointVendor="Maker",
            chargePointModel="Post",
            chargePointSerialNumber="SN-1",
            firmwareVersion="1.2.3",
            iccid="8944",
            imsi="26201",
            meterType="Iskra",
            meterSerialNumber="M-9",
        )
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
        assert seconds_off(answer["currentTime"]) < 5
        known = await site.ask("GET", f"/stations/{identity}")
    told = {name: known[name] for name in ("vendor", "model", "serial_number", "firmware_version", "iccid")}
    assert told == {
        "vendor": "Maker",
        "model": "Post",
        "serial_number": "SN-1",
        "firmware_version": "1.2.3",
        "iccid": "8944",
    }
    assert known["ocpp_version"] == "1.6"


@shows("1.6 Heartbeat")
async def test_a_heartbeat_of_1_6_gets_the_time(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        answer = await station.call("Heartbeat")
        assert set(answer) == {"currentTime"}
        assert seconds_off(answer["currentTime"]) < 5
        assert (await site.ask("GET", f"/stations/{identity}"))["connection"]["connected"]


@shows("1.6 Authorize")
async def test_a_1_6_station_asks_who_may_charge(site: Site) -> None:
    identity = await site.register()
    await site.token("16-GOOD", valid_until="2031-01-01T00:00:00Z")
    blocked = await site.token("16-BAD")
    await site.ask("POST", f"/tokens/{blocked['id']}/block")
    await site.token("16-OLD", valid_until="2021-01-01T00:00:00Z")
    async with site.charger(identity, "1.6") as station:
        await station.boot()

        async def info(tag: str) -> Any:
            return (await station.call("Authorize", idTag=tag))["idTagInfo"]

        assert await info("16-good") == {"status": "Accepted", "expiryDate": "2031-01-01T00:00:00Z"}
        assert (await info("16-BAD"))["status"] == "Blocked"
        assert (await info("16-OLD"))["status"] == "Expired"
        assert await info("16-STRANGER") == {"status": "Invalid"}


@shows("1.6 StartTransaction", "1.6 MeterValues", "1.6 StopTransaction", "1.6 StatusNotification")
async def test_a_session_of_1_6_is_told_from_start_to_stop(site: Site) -> None:
    identity = await site.register()
    await site.token("16-DRIVER")
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        assert await station.status("Preparing") == {}
        begun = await station.call(
            "StartTransaction", connectorId=1, idTag="16-DRIVER", meterStart=1000, timestamp=now(minutes=-50)
        )
        assert begun["idTagInfo"]["status"] == "Accepted"
        number = begun["transactionId"]
        await station.status("Charging")
        sampled = [
            {"value": "4500", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
            {"value": "7.2", "measurand": "Power.Active.Import", "unit": "kW"},
            {"value": "55", "measurand": "SoC", "unit": "Percent"},
        ]
        values = [{"timestamp": now(minutes=-20), "sampledValue": sampled}]
        assert await station.call("MeterValues", connectorId=1, transactionId=number, meterValue=values) == {}

        async def counted() -> Any:
            [session] = await site.sessions(identity)
            return session["energy_wh"] == 3500 and session

        session = await site.eventually(counted)
        assert (session["phase"], session["number"], session["token_uid"]) == ("active", number, "16-DRIVER")
        assert (session["power_w"], session["soc_percent"]) == (7200, 55)
        ended = await station.call(
            "StopTransaction",
            transactionId=number,
            meterStop=6000,
            timestamp=now(),
            idTag="16-DRIVER",
            reason="EVDisconnected",
        )
        assert ended["idTagInfo"]["status"] == "Accepted"
    [session] = await site.sessions(identity)
    assert (session["phase"], session["energy_wh"]) == ("ended", 5000)
    assert (session["meter_start_wh"], session["meter_stop_wh"]) == (1000, 6000)
    assert session["stop_reason"] == "EVDisconnected"


@shows("1.6 StartTransaction")
async def test_a_1_6_station_that_starts_for_a_stranger_is_told_so(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        begun = await station.call(
            "StartTransaction", connectorId=1, idTag="16-NOBODY", meterStart=0, timestamp=now()
        )
        assert begun["idTagInfo"]["status"] == "Invalid"
        assert begun["transactionId"] > 0
        [session] = await site.sessions(identity)
        assert (session["number"], session["authorised"]) == (begun["transactionId"], False)


@shows("1.6 StopTransaction")
async def test_a_session_of_1_6_that_nobody_saw_begin_is_kept(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        answer = await station.call(
            "StopTransaction", transactionId=987654, meterStop=700, timestamp=now(), reason="PowerLoss"
        )
        assert answer == {}
        sessions = await site.sessions(identity)
    # With the time of its end: a station may count from the beginning again.
    assert [each["transaction_id"].partition("@")[0] for each in sessions] == ["987654"]
    assert (sessions[0]["phase"], sessions[0]["certain"]) == ("ended", False)


@shows("1.6 StatusNotification")
async def test_a_fault_of_a_1_6_connector_is_told(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        answer = await station.call(
            "StatusNotification",
            connectorId=2,
            status="Faulted",
            errorCode="GroundFailure",
            info="look",
            vendorId="maker",
            vendorErrorCode="E-17",
            timestamp=now(),
        )
        assert answer == {}

        async def faulted() -> Any:
            known = await site.ask("GET", f"/stations/{identity}")
            return [each for each in known["connectors"] if each["status"] == "faulted"]

        [state] = await site.eventually(faulted)
    assert (state["raw_error"], state["vendor_error"], state["info"]) == ("GroundFailure", "E-17", "look")
    assert state["error"]


@shows("1.6 DataTransfer")
async def test_data_of_a_vendor_that_nobody_knows_is_kept_in_the_log(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        answer = await station.call("DataTransfer", vendorId="com.maker", messageId="Hi", data="there")
        assert answer == {"status": "UnknownVendorId"}
    [message] = await found(site, f"/stations/{identity}/messages", action="DataTransfer")
    assert "com.maker" in str(message)


@shows("1.6 SecurityEventNotification")
async def test_security_events_of_1_6_are_kept_by_their_weight(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        for kind in ("TamperDetectionActivated", "InvalidMessages", "LidOpened"):
            told = {"type": kind, "timestamp": now(), "techInfo": "door"}
            assert await station.call("SecurityEventNotification", **told) == {}
        kept = await look(site, "/security-events", station=identity)
    assert {each["kind"]: each["severity"] for each in kept} == {
        "TamperDetectionActivated": "critical",
        "InvalidMessages": "low",
        "LidOpened": "medium",
    }
    assert {each["detail"] for each in kept} == {"door"}


@shows("1.6 SignCertificate", "1.6 CertificateSigned")
async def test_a_1_6_station_gets_the_certificate_it_asks_for(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        assert await station.call("SignCertificate", csr=request_for(identity)) == {"status": "Accepted"}
        chain = (await station.asked_for("CertificateSigned"))["certificateChain"]
        leaf = x509.load_pem_x509_certificates(chain.encode())[0]
        assert identity in leaf.subject.rfc4514_string()

        async def installed() -> Any:
            kept = await look(site, "/certificates", station=identity)
            return [each for each in kept if each["status"] == "installed"]

        [kept] = await site.eventually(installed)
        assert int(kept["serial_number"], 16) == leaf.serial_number


@shows("1.6 SignCertificate")
async def test_a_1_6_station_gets_no_certificate_in_anothers_name(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        assert await station.call("SignCertificate", csr=request_for("SOMEBODY")) == {"status": "Rejected"}
        assert await look(site, "/certificates", station=identity) == []
        assert station.not_asked_for("CertificateSigned")


async def progress(station: ScriptedCharger, action: str, status: str, **more: Any) -> None:
    assert await station.call(action, status=status, **more) == {}


@shows(
    "1.6 DiagnosticsStatusNotification",
    "1.6 FirmwareStatusNotification",
    "1.6 LogStatusNotification",
    "1.6 SignedFirmwareStatusNotification",
)
@pytest.mark.parametrize(
    ("path", "asked", "action", "steps"),
    [
        (
            "logs",
            {"kind": "diagnostics", "security_extension": False, "url": "https://files.test/up/"},
            "DiagnosticsStatusNotification",
            {"Uploading": "transferring", "UploadFailed": "failed"},
        ),
        (
            "logs",
            {"kind": "security", "url": "https://files.test/up/"},
            "LogStatusNotification",
            {"Uploading": "transferring", "PermissionDenied": "failed"},
        ),
        (
            "firmware",
            {"url": "https://files.test/2.bin", "version": "2"},
            "FirmwareStatusNotification",
            {"Downloading": "transferring", "InstallationFailed": "failed"},
        ),
        (
            "firmware",
            {"url": "https://files.test/2.bin", "version": "2", "signing": "yes"},
            "SignedFirmwareStatusNotification",
            {"Downloading": "transferring", "InvalidSignature": "failed"},
        ),
    ],
    ids=["diagnostics", "log", "firmware", "signed firmware"],
)
async def test_a_transfer_of_1_6_goes_as_far_as_the_station_says(
    site: Site, path: str, asked: dict[str, Any], action: str, steps: dict[str, str]
) -> None:
    if "signing" in asked:
        asked = {**asked, "signing": signed(b"image")}
    identity = await site.register()
    async with site.charger(
        identity, "1.6", answers={"GetDiagnostics": {"fileName": "d.zip"}, "UpdateFirmware": {}}
    ) as station:
        await station.boot()
        begun = await site.ask("POST", f"/stations/{identity}/{path}", json=asked)
        assert begun["status"] == "accepted"
        requests = [told for name, told in station.sent_by_currant if "requestId" in told]
        more = {"requestId": requests[-1]["requestId"]} if requests else {}
        for status, stands in steps.items():
            await progress(station, action, status, **more)
            transfer = await site.ask("GET", f"/transfers/{begun['id']}")
            assert transfer["status"] == stands, transfer
