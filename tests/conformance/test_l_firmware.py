"""OCPP 2.0.1, block L, and its like in 1.6 and 2.1: firmware updated, and published by local controllers."""

import itertools
from typing import Any

import pytest
from charger import Answer, ScriptedCharger, now
from installation import Site
from shows import shows
from signed import signed

pytestmark = pytest.mark.asyncio(loop_scope="module")

_versions = (f"9.{number}" for number in itertools.count(1))
INSTALLING = ("Downloading", "Downloaded", "SignatureVerified", "Installing")


async def image(site: Site) -> Any:
    """A signed image that nobody had before."""
    version = next(_versions)
    content = f"firmware {version}".encode()
    return await site.ask(
        "POST",
        "/firmware/",
        files={"file": ("firmware.bin", content)},
        data={"version": version, **signed(content)},
    )


async def give(site: Site, identity: str, firmware: Any, **more: Any) -> Any:
    """Give a station an image; the transfer as it stands when the station has answered."""
    return await site.ask(
        "POST", f"/stations/{identity}/firmware", json={"firmware_id": firmware["id"], **more}
    )


async def transfer(site: Site, begun: Any) -> Any:
    return await site.ask("GET", f"/transfers/{begun['id']}")


async def tells(station: ScriptedCharger, request: Any, *statuses: str) -> None:
    for status in statuses:
        assert (
            await station.call("FirmwareStatusNotification", status=status, requestId=request["requestId"])
            == {}
        )


async def restarts(station: ScriptedCharger, version: str) -> None:
    """Comes back with new firmware (TC_L_01, steps 15 to 19)."""
    answer = await station.boot("FirmwareUpdate", firmwareVersion=version)
    assert answer["status"] == "Accepted"
    await station.status("Available")


@shows("TC_L_01_CSMS")
async def test_secure_firmware_is_installed(site: Site) -> None:
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity) as station:
        await station.boot(firmwareVersion="1.0")
        begun = await give(site, identity, firmware)
        assert begun["status"] == "accepted"
        request = await station.asked_for("UpdateFirmware")
        assert request["firmware"]["signingCertificate"].startswith("-----BEGIN CERTIFICATE-----")
        assert request["firmware"]["signature"] == firmware["signature"]
        assert "/files/down/" in request["firmware"]["location"]
        await tells(station, request, *INSTALLING, "InstallRebooting")
        assert (await transfer(site, begun))["status"] == "rebooting"
        await restarts(station, firmware["version"])
        await tells(station, request, "Installed")
        await station.call(
            "SecurityEventNotification", type="FirmwareUpdated", timestamp=now(), techInfo="new"
        )

        async def noticed() -> bool:
            ended = await transfer(site, begun)
            return bool(ended["status"] == "done" and ended["version_after"] == firmware["version"])

        assert await site.eventually(noticed)


@shows("TC_L_02_CSMS")
async def test_an_installation_is_scheduled(site: Site) -> None:
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity) as station:
        await station.boot()
        begun = await give(site, identity, firmware, install_at=now(hours=1))
        request = await station.asked_for("UpdateFirmware")
        assert request["firmware"]["installDateTime"] > request["firmware"]["retrieveDateTime"]
        await tells(station, request, "Downloading", "Downloaded", "SignatureVerified", "InstallScheduled")
        assert (await transfer(site, begun))["status"] == "install_scheduled"
        await tells(station, request, "Installing", "InstallRebooting")
        await restarts(station, "2")
        await tells(station, request, "Installed")
        assert (await transfer(site, begun))["status"] == "done"


@shows("TC_L_03_CSMS")
async def test_a_download_is_scheduled(site: Site) -> None:
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity) as station:
        await station.boot()
        begun = await give(site, identity, firmware, retrieve_at=now(hours=1))
        request = await station.asked_for("UpdateFirmware")
        assert request["firmware"]["retrieveDateTime"] > now(minutes=50)
        await tells(station, request, "DownloadScheduled")
        assert (await transfer(site, begun))["status"] == "scheduled"
        await tells(station, request, *INSTALLING, "Installed")
        assert (await transfer(site, begun))["status"] == "done"


async def refused(site: Site, answer: str) -> None:
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity, answers={"UpdateFirmware": {"status": answer}}) as station:
        await station.boot()
        begun = await give(site, identity, firmware)
        assert begun["status"] == "refused"
        assert answer in begun["reason"]
        await station.call(
            "SecurityEventNotification", type="InvalidFirmwareSigningCertificate", timestamp=now()
        )


@shows("TC_L_04_CSMS")
async def test_a_signing_certificate_is_revoked(site: Site) -> None:
    await refused(site, "RevokedCertificate")


@shows("TC_L_05_CSMS")
async def test_a_signing_certificate_is_invalid(site: Site) -> None:
    await refused(site, "InvalidCertificate")


async def failed(site: Site, *statuses: str) -> str:
    """The reason why an update failed that went as the station told."""
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity) as station:
        await station.boot()
        begun = await give(site, identity, firmware)
        await tells(station, await station.asked_for("UpdateFirmware"), *statuses)
        ended = await transfer(site, begun)
        assert ended["status"] == "failed"
        assert [step["said"] for step in ended["steps"] if step.get("said")] == list(statuses)
        return str(ended["reason"])


@shows("TC_L_06_CSMS")
async def test_a_signature_is_invalid(site: Site) -> None:
    assert "signature" in await failed(site, "Downloading", "Downloaded", "InvalidSignature")


@shows("TC_L_07_CSMS")
async def test_a_download_fails(site: Site) -> None:
    assert "could not transfer" in await failed(site, "Downloading", "DownloadFailed")


@shows("TC_L_08_CSMS")
async def test_firmware_is_found_wrong_when_it_is_installed(site: Site) -> None:
    assert "damaged" in await failed(site, *INSTALLING, "InstallVerificationFailed")


@shows("TC_L_09_CSMS")
async def test_an_installation_fails(site: Site) -> None:
    assert "could not install" in await failed(site, *INSTALLING, "InstallationFailed")


@shows("TC_L_10_CSMS")
async def test_an_update_gives_way_to_another(site: Site) -> None:
    identity, firmware, newer = await site.register(), await image(site), await image(site)
    async with site.charger(identity) as station:
        await station.boot()
        first = await give(site, identity, firmware)
        await tells(station, await station.asked_for("UpdateFirmware"), "Downloading")
        station.answers["UpdateFirmware"] = {"status": "AcceptedCanceled"}
        second = await give(site, identity, newer)
        assert second["status"] == "accepted"
        assert (await transfer(site, first))["status"] == "cancelled"
        request = await station.asked_for("UpdateFirmware")
        await tells(station, request, *INSTALLING, "InstallRebooting")
        await restarts(station, newer["version"])
        await tells(station, request, "Installed")
        assert (await transfer(site, second))["status"] == "done"


@shows("TC_L_11_CSMS")
async def test_an_update_that_cannot_be_cancelled_goes_on(site: Site) -> None:
    identity, firmware, newer = await site.register(), await image(site), await image(site)
    async with site.charger(identity) as station:
        await station.boot()
        first = await give(site, identity, firmware)
        request = await station.asked_for("UpdateFirmware")
        await tells(station, request, "Downloading")
        station.answers["UpdateFirmware"] = {"status": "Rejected"}
        assert (await give(site, identity, newer))["status"] == "refused"
        assert (await transfer(site, first))["status"] == "transferring"
        await tells(station, request, "Downloaded", "SignatureVerified", "Installing", "InstallRebooting")
        await restarts(station, firmware["version"])
        await tells(station, request, "Installed")
        assert (await transfer(site, first))["status"] == "done"


@shows("TC_L_13_CSMS")
async def test_an_update_waits_for_a_transaction_to_end(site: Site) -> None:
    identity, firmware = await site.register(), await image(site)
    token = (await site.token(f"L13{identity}"))["uid"]

    async def event(kind: str, number: int, trigger: str, state: str) -> None:
        await station.call(
            "TransactionEvent",
            eventType=kind,
            timestamp=now(),
            triggerReason=trigger,
            seqNo=number,
            transactionInfo={"transactionId": f"tx-{identity}", "chargingState": state},
            evse={"id": 1, "connectorId": 1},
            **({"idToken": {"idToken": token, "type": "Central"}} if kind != "Updated" else {}),
        )

    async with site.charger(identity) as station:
        await station.boot()
        await station.status("Occupied")
        await event("Started", 0, "Authorized", "Charging")
        begun = await give(site, identity, firmware)
        request = await station.asked_for("UpdateFirmware")
        await tells(station, request, "DownloadScheduled")
        await station.status("Unavailable", evse=2)
        await event("Updated", 1, "StopAuthorized", "EVConnected")
        await event("Ended", 2, "EVCommunicationLost", "Idle")
        await station.status("Unavailable")
        assert (await transfer(site, begun))["status"] == "scheduled"
        await tells(station, request, *INSTALLING, "InstallRebooting")
        await restarts(station, firmware["version"])
        await tells(station, request, "Installed")
        assert (await transfer(site, begun))["status"] == "done"
        (session,) = await site.sessions(identity)
        assert session["phase"] == "ended"


async def published(site: Site, version: str, *statuses: str) -> Any:
    """How it ended when a local controller went through these."""
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity, version) as station:
        await station.boot()
        begun = await site.ask(
            "POST", f"/stations/{identity}/published-firmware", json={"firmware_id": firmware["id"]}
        )
        request = await station.asked_for("PublishFirmware")
        assert request["checksum"] == firmware["md5"]
        for status in statuses:
            told: dict[str, Any] = {"status": status, "requestId": request["requestId"]}
            if status == "Published":
                told["location"] = ["http://10.0.0.1/fw", "ftp://10.0.0.1/fw"]
            await station.call("PublishFirmwareStatusNotification", **told)
        return await transfer(site, begun)


CHECKED = ("Downloading", "Downloaded", "ChecksumVerified")


@shows("TC_L_17_CSMS")
async def test_firmware_is_published(site: Site) -> None:
    ended = await published(site, "2.0.1", *CHECKED, "Published")
    assert (ended["status"], ended["locations"]) == ("done", ["http://10.0.0.1/fw", "ftp://10.0.0.1/fw"])


@shows("2.1 PublishFirmware", "2.1 PublishFirmwareStatusNotification")
async def test_firmware_is_published_in_2_1(site: Site) -> None:
    assert (await published(site, "2.1", *CHECKED, "Published"))["status"] == "done"


@shows("TC_L_24_CSMS")
async def test_firmware_to_publish_cannot_be_fetched(site: Site) -> None:
    assert (await published(site, "2.0.1", "Downloading", "DownloadFailed"))["status"] == "failed"


@shows("TC_L_19_CSMS")
async def test_firmware_to_publish_has_another_checksum(site: Site) -> None:
    ended = await published(site, "2.0.1", "Downloading", "Downloaded", "InvalidChecksum")
    assert (ended["status"], "checksum" in ended["reason"]) == ("failed", True)


@shows("TC_L_20_CSMS")
async def test_firmware_cannot_be_published(site: Site) -> None:
    assert (await published(site, "2.0.1", *CHECKED, "PublishFailed"))["status"] == "failed"


async def withdrawn(site: Site, version: str, answer: str) -> Any:
    identity = await site.register()
    answers: dict[str, Answer] = {"UnpublishFirmware": {"status": answer}}
    async with site.charger(identity, version, answers=answers) as station:
        await station.boot()
        record = await site.ask(
            "POST", f"/stations/{identity}/unpublish-firmware", json={"checksum": "a" * 32}
        )
        assert await station.asked_for("UnpublishFirmware") == {"checksum": "a" * 32}
        return record


@shows("TC_L_21_CSMS")
async def test_published_firmware_is_withdrawn(site: Site) -> None:
    assert (await withdrawn(site, "2.0.1", "Unpublished"))["status"] == "accepted"


@shows("2.1 UnpublishFirmware")
async def test_published_firmware_is_withdrawn_in_2_1(site: Site) -> None:
    assert (await withdrawn(site, "2.1", "Unpublished"))["status"] == "accepted"


@shows("TC_L_22_CSMS")
async def test_there_is_nothing_to_withdraw(site: Site) -> None:
    record = await withdrawn(site, "2.0.1", "NoFirmware")
    assert (record["status"], "no firmware" in record["reason"]) == ("refused", True)


@shows("TC_L_23_CSMS")
async def test_firmware_that_is_being_fetched_is_not_withdrawn(site: Site) -> None:
    record = await withdrawn(site, "2.0.1", "DownloadOngoing")
    assert (record["status"], "just now" in record["reason"]) == ("refused", True)


@shows("2.1 UpdateFirmware", "2.1 FirmwareStatusNotification")
async def test_an_update_in_2_1_says_more_of_its_failure(site: Site) -> None:
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity, "2.1") as station:
        await station.boot()
        begun = await give(site, identity, firmware)
        request = await station.asked_for("UpdateFirmware")
        await station.call(
            "FirmwareStatusNotification",
            status="DownloadFailed",
            requestId=request["requestId"],
            statusInfo={"reasonCode": "NoRoom", "additionalInfo": "The flash is full."},
        )
        ended = await transfer(site, begun)
        assert (ended["status"], "NoRoom: The flash is full." in ended["reason"]) == ("failed", True)


@shows("1.6 UpdateFirmware", "1.6 FirmwareStatusNotification")
async def test_one_six_is_updated_without_numbers(site: Site) -> None:
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity, "1.6", answers={"UpdateFirmware": {}}) as station:
        await station.boot()
        begun = await give(site, identity, firmware, signed=False)
        assert begun["status"] == "accepted"
        request = await station.asked_for("UpdateFirmware")
        assert set(request) == {"location", "retrieveDate"}
        for status in ("Downloading", "Downloaded", "Installing", "Installed"):
            await station.call("FirmwareStatusNotification", status=status)
        assert (await transfer(site, begun))["status"] == "done"


@shows("1.6 SignedUpdateFirmware", "1.6 SignedFirmwareStatusNotification")
async def test_one_six_is_updated_with_signed_firmware(site: Site) -> None:
    identity, firmware = await site.register(), await image(site)
    async with site.charger(identity, "1.6") as station:
        await station.boot()
        begun = await give(site, identity, firmware)
        request = await station.asked_for("SignedUpdateFirmware")
        assert request["firmware"]["signature"] == firmware["signature"]
        for status in (*INSTALLING, "Installed"):
            await station.call(
                "SignedFirmwareStatusNotification", status=status, requestId=request["requestId"]
            )
        assert (await transfer(site, begun))["status"] == "done"
