"""OCPP 2.1: what stations say of themselves, of drivers and of sessions, its answers, and what Currant knows then."""

import itertools
from typing import Any

import pytest
from charger import Payload, ScriptedCharger, now
from cryptography import x509
from installation import Site
from shows import shows
from telling import found, look, request_for, seconds_off

pytestmark = pytest.mark.asyncio(loop_scope="module")


def card(uid: str, kind: str = "ISO14443") -> Payload:
    return {"idToken": uid, "type": kind}


@shows("2.1 BootNotification", "2.1 Heartbeat")
async def test_a_2_1_station_boots_and_is_known(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        answer = await station.boot(
            "PowerUp", serialNumber="SN-1", firmwareVersion="1.2.3", modem={"iccid": "8944", "imsi": "26201"}
        )
        assert answer["status"] == "Accepted"
        assert answer["interval"] > 0
        assert seconds_off(answer["currentTime"]) < 5
        beat = await station.call("Heartbeat")
        assert set(beat) == {"currentTime"}
        assert seconds_off(beat["currentTime"]) < 5
        known = await site.ask("GET", f"/stations/{identity}")
    told = {name: known[name] for name in ("vendor", "model", "serial_number", "firmware_version", "iccid")}
    assert told == {
        "vendor": "Vendor",
        "model": "Model",
        "serial_number": "SN-1",
        "firmware_version": "1.2.3",
        "iccid": "8944",
    }
    assert known["ocpp_version"] == "2.1"


@shows("2.1 StatusNotification", "2.1 NotifyEvent")
async def test_a_2_1_connector_tells_its_status_either_way(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        assert await station.status("Available", 1) == {}
        event = {
            "eventId": 1,
            "timestamp": now(),
            "trigger": "Delta",
            "actualValue": "Occupied",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "Connector", "evse": {"id": 2, "connectorId": 1}},
            "variable": {"name": "AvailabilityState"},
        }
        assert await station.call("NotifyEvent", generatedAt=now(), seqNo=0, eventData=[event]) == {}

        async def both() -> bool:
            known = (await site.ask("GET", f"/stations/{identity}"))["connectors"]
            return {(each["evse"], each["status"]) for each in known} == {(1, "available"), (2, "occupied")}

        assert await site.eventually(both)


@shows("2.1 Authorize")
async def test_a_2_1_station_asks_who_may_charge(site: Site) -> None:
    identity = await site.register()
    await site.token("21-GOOD", valid_until="2031-01-01T00:00:00Z", language="de")
    blocked = await site.token("21-BAD")
    await site.ask("POST", f"/tokens/{blocked['id']}/block")
    async with site.charger(identity, "2.1") as station:
        await station.boot()

        async def info(uid: str) -> Any:
            return (await station.call("Authorize", idToken=card(uid)))["idTokenInfo"]

        assert await info("21-good") == {
            "status": "Accepted",
            "cacheExpiryDateTime": "2031-01-01T00:00:00Z",
            "language1": "de",
        }
        assert (await info("21-BAD"))["status"] == "Blocked"
        assert await info("21-STRANGER") == {"status": "Unknown"}


class Transaction:
    """One transaction of a station, told event by event."""

    def __init__(self, station: ScriptedCharger, evse: int = 1) -> None:
        self.station = station
        self.evse = evse
        self.id = f"T-{station.identity}"
        self.numbers = itertools.count()

    async def event(self, kind: str, trigger: str, **more: Any) -> Payload:
        return await self.station.call(
            "TransactionEvent",
            **{
                "eventType": kind,
                "timestamp": now(),
                "triggerReason": trigger,
                "seqNo": next(self.numbers),
                "transactionInfo": {"transactionId": self.id, **more.pop("info", {})},
                "evse": {"id": self.evse, "connectorId": 1},
                **more,
            },
        )


def register(wh: float, minutes: float) -> list[Payload]:
    return [{"timestamp": now(minutes=-minutes), "sampledValue": [{"value": wh}]}]


@shows("2.1 TransactionEvent", "2.1 MeterValues")
async def test_a_session_of_2_1_is_told_from_start_to_end(site: Site) -> None:
    identity = await site.register()
    await site.token("21-DRIVER")
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        told = Transaction(station)
        begun = await told.event(
            "Started",
            "Authorized",
            timestamp=now(minutes=-50),
            idToken=card("21-DRIVER"),
            meterValue=register(1000, 50),
            info={"chargingState": "Charging", "operationMode": "ChargingOnly"},
        )
        assert begun["idTokenInfo"]["status"] == "Accepted"
        assert await told.event("Updated", "MeterValuePeriodic", meterValue=register(4500, 20)) == {}

        async def counted() -> Any:
            [session] = await site.sessions(identity)
            return session["energy_wh"] == 3500 and session

        session = await site.eventually(counted)
        assert (session["phase"], session["token_uid"], session["evse"]) == ("active", "21-DRIVER", 1)
        assert session["transaction_id"] == told.id
        # Outside of a transaction there are readings of the station's own clock.
        assert await station.call("MeterValues", evseId=2, meterValue=register(77, 0)) == {}
        ended = await told.event(
            "Ended",
            "EVCommunicationLost",
            info={"stoppedReason": "EVDisconnected", "chargingState": "Idle"},
            meterValue=register(6000, 0),
        )
        assert ended == {}
    [session] = await site.sessions(identity)
    assert (session["phase"], session["energy_wh"]) == ("ended", 5000)
    assert (session["stop_reason"], session["meter_stop_wh"]) == ("EVDisconnected", 6000)


@shows("2.1 TransactionEvent")
async def test_a_2_1_station_that_starts_for_a_stranger_is_told_so(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        begun = await Transaction(station).event("Started", "Authorized", idToken=card("21-NOBODY"))
        assert begun["idTokenInfo"]["status"] == "Unknown"
        [session] = await site.sessions(identity)
        assert session["authorised"] is False


@shows("2.1 DataTransfer")
async def test_data_of_a_vendor_that_nobody_knows_is_kept_in_the_log(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        told = {"vendorId": "com.maker", "messageId": "Hi", "data": {"deep": [1, 2]}}
        assert await station.call("DataTransfer", **told) == {"status": "UnknownVendorId"}
    [message] = await found(site, f"/stations/{identity}/messages", action="DataTransfer")
    assert "com.maker" in str(message)


@shows("2.1 SecurityEventNotification")
async def test_security_events_of_2_1_are_kept_by_their_weight(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        for kind in ("MaintenanceLoginFailed", "InvalidMessages", "LidOpened"):
            told = {"type": kind, "timestamp": now(), "techInfo": "door"}
            assert await station.call("SecurityEventNotification", **told) == {}
        kept = await look(site, "/security-events", station=identity)
    assert {each["kind"]: each["severity"] for each in kept} == {
        "MaintenanceLoginFailed": "critical",
        "InvalidMessages": "low",
        "LidOpened": "medium",
    }


@shows("2.1 SignCertificate", "2.1 CertificateSigned")
async def test_a_2_1_station_gets_the_certificate_it_asks_for(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        answer = await station.call(
            "SignCertificate",
            csr=request_for(identity),
            certificateType="ChargingStationCertificate",
            requestId=41,
        )
        assert answer == {"status": "Accepted"}
        sent = await station.asked_for("CertificateSigned")
        assert (sent["certificateType"], sent["requestId"]) == ("ChargingStationCertificate", 41)
        leaf = x509.load_pem_x509_certificates(sent["certificateChain"].encode())[0]

        async def installed() -> Any:
            kept = await look(site, "/certificates", station=identity)
            return [each for each in kept if each["status"] == "installed"]

        [kept] = await site.eventually(installed)
        assert int(kept["serial_number"], 16) == leaf.serial_number


@shows("2.1 SignCertificate")
async def test_a_2_1_station_gets_no_certificate_in_anothers_name(site: Site) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        answer = await station.call("SignCertificate", csr=request_for("SOMEBODY"))
        assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", "WrongCommonName")
        assert await look(site, "/certificates", station=identity) == []
        assert station.not_asked_for("CertificateSigned")


@shows("2.1 ReservationStatusUpdate", "2.1 ReserveNow")
@pytest.mark.parametrize(
    ("word", "state"), [("Expired", "expired"), ("Removed", "removed"), ("NoTransaction", "no_show")]
)
async def test_a_2_1_station_gives_a_reservation_up(site: Site, word: str, state: str) -> None:
    identity = await site.register(evses=[{"number": 1, "connectors": [{"number": 1}]}])
    uid = f"RES-{identity}"
    await site.token(uid)
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        await station.status("Available")
        # A station whose clock is up to two minutes fast is believed: so this need not take a minute.
        wanted = {"token_uid": uid, "station": identity, "evse": 1, "ends_at": now(seconds=90)}
        made = await site.ask("POST", "/reservations", json=wanted)
        request = await station.asked_for("ReserveNow")
        assert (request["evseId"], request["idToken"]) == (1, card(uid))
        told = {"reservationId": request["id"], "reservationUpdateStatus": word}
        assert await station.call("ReservationStatusUpdate", **told) == {}
        stands = await site.ask("GET", f"/reservations/{made['id']}")
    assert stands["state"] == state


@shows("2.1 LogStatusNotification", "2.1 FirmwareStatusNotification", "2.1 PublishFirmwareStatusNotification")
@pytest.mark.parametrize(
    ("path", "asked", "action", "steps"),
    [
        (
            "logs",
            {"kind": "security", "url": "https://files.test/up/"},
            "LogStatusNotification",
            {"Uploading": "transferring", "NotSupportedOperation": "failed"},
        ),
        (
            "firmware",
            {"url": "https://files.test/2.bin", "version": "2"},
            "FirmwareStatusNotification",
            {"DownloadScheduled": "scheduled", "Downloading": "transferring", "DownloadFailed": "failed"},
        ),
        (
            "published-firmware",
            {"url": "https://files.test/2.bin", "checksum": "0" * 32},
            "PublishFirmwareStatusNotification",
            {"Downloading": "transferring", "InvalidChecksum": "failed"},
        ),
    ],
    ids=["log", "firmware", "published firmware"],
)
async def test_a_transfer_of_2_1_goes_as_far_as_the_station_says(
    site: Site, path: str, asked: Payload, action: str, steps: dict[str, str]
) -> None:
    identity = await site.register()
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        begun = await site.ask("POST", f"/stations/{identity}/{path}", json=asked)
        assert begun["status"] == "accepted"
        [request] = [told for _, told in station.sent_by_currant]
        for status, stands in steps.items():
            told = {"status": status, "requestId": request["requestId"], "statusInfo": {"reasonCode": "Why"}}
            assert await station.call(action, **told) == {}
            transfer = await site.ask("GET", f"/transfers/{begun['id']}")
            assert transfer["status"] == stands, transfer
    assert "Why" in str(transfer)
