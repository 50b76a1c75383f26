"""Firmware, logs and published firmware: their stages, told or really gone through."""

import asyncio
import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from bench_top import Bench
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from driving import VERSIONS, start, statuses
from files_server import Shelf, shelf
from judge import Judge
from websockets.asyncio.server import ServerConnection, serve

from currant.simulator import Fleet, StationSpec
from currant.simulator.transfers import carry_at_once

NOW = "2026-01-31T12:00:00Z"
V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])
SIGNED = pytest.mark.parametrize("version", VERSIONS)
FIRMWARE = b"CURRANT-SIM 9.9.1\nthe rest"


@pytest.fixture
def files() -> Any:
    with shelf() as kept:
        yield kept


def carrying(version: str, **fields: Any) -> Bench:
    bench = Bench(version, transfers=True, **fields)
    bench.station.carrier = carry_at_once
    return bench.connect()


def update(bench: Bench, location: str, request_id: int = 4, **more: Any) -> str:
    """Order an update, with the security extension in 1.6 where there is a signature."""
    retries = {name: more.pop(name) for name in ("retries", "retryInterval") if name in more}
    firmware = {"location": location, "retrieveDateTime": NOW} | more
    if bench.judge.version != "1.6":
        return str(
            bench.ask("UpdateFirmware", {"requestId": request_id, "firmware": firmware} | retries)["status"]
        )
    if "signature" in more:
        request = {"requestId": request_id, "firmware": firmware} | retries
        return str(bench.ask("SignedUpdateFirmware", request)["status"])
    bench.ask("UpdateFirmware", {"location": location, "retrieveDate": NOW} | retries)
    return "Accepted"


def stages(bench: Bench, request_id: int | None = None) -> list[str]:
    said = bench.judge.said("FirmwareStatusNotification") + bench.judge.said(
        "SignedFirmwareStatusNotification"
    )
    return [each["status"] for each in said if request_id is None or each.get("requestId") == request_id]


def firmware_told(bench: Bench) -> str:
    boot = bench.judge.said("BootNotification")[-1]
    return str(boot.get("firmwareVersion") or boot["chargingStation"]["firmwareVersion"])


def signer(*, days: int = 365) -> tuple[ec.EllipticCurvePrivateKey, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Maker")])
    began = datetime(2026, 1, 1, tzinfo=UTC)
    ends = datetime.fromtimestamp(began.timestamp() + days * 86_400, UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
    certificate = builder.not_valid_before(began).not_valid_after(ends).sign(key, hashes.SHA256())
    return key, certificate.public_bytes(serialization.Encoding.PEM).decode()


def signature(key: ec.EllipticCurvePrivateKey, content: bytes) -> str:
    return base64.b64encode(key.sign(content, ec.ECDSA(hashes.SHA256()))).decode()


@SIGNED
def test_firmware_is_really_fetched_and_says_its_version(version: str, files: Shelf) -> None:
    files.files["/fw/any.bin"] = FIRMWARE
    bench = carrying(version)
    assert update(bench, f"{files.url}/fw/any.bin?key=1") == "Accepted"
    bench.run(300)
    assert stages(bench) == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert firmware_told(bench) == "9.9.1"
    assert files.asked == ["/fw/any.bin?key=1"]


@SIGNED
def test_a_download_is_tried_again_and_then_given_up(version: str, files: Shelf) -> None:
    files.files["/fw.bin"] = FIRMWARE
    files.failures = 2
    bench = carrying(version)
    update(bench, f"{files.url}/fw.bin", retries=2, retryInterval=30)
    bench.run(300)
    assert stages(bench)[-1] == "Installed"
    assert len(files.asked) == 3
    update(bench, f"{files.url}/nothing.bin", 5, retries=1)
    bench.run(300)
    assert stages(bench)[-1] == "DownloadFailed"
    assert firmware_told(bench) == "9.9.1"


@SIGNED
@pytest.mark.parametrize("genuine", [True, False])
def test_signed_firmware_is_installed_only_with_its_makers_signature(
    version: str, files: Shelf, *, genuine: bool
) -> None:
    key, certificate = signer()
    files.files["/fw.bin"] = FIRMWARE
    made = signature(key, FIRMWARE if genuine else b"something else")
    bench = carrying(version)
    status = update(bench, f"{files.url}/fw.bin", signingCertificate=certificate, signature=made)
    assert status == "Accepted"
    bench.run(300)
    if genuine:
        assert stages(bench, 4)[2:] == ["SignatureVerified", "Installing", "Installed"]
        assert firmware_told(bench) == "9.9.1"
    else:
        assert stages(bench, 4)[2:] == ["InvalidSignature"]
        assert "InvalidFirmwareSignature" in [
            each["type"] for each in bench.judge.said("SecurityEventNotification")
        ]


@SIGNED
def test_a_signing_certificate_that_is_none_or_has_run_out_is_refused(version: str) -> None:
    bench = Bench(version).connect()
    _, expired = signer(days=10)
    for certificate in ("rubbish", expired):
        answer = update(bench, "https://a/fw.bin", signingCertificate=certificate, signature="AAAA")
        assert answer == "InvalidCertificate"
    bench.run(60)
    assert stages(bench) == []
    kinds = [each["type"] for each in bench.judge.said("SecurityEventNotification")]
    assert kinds == ["InvalidFirmwareSigningCertificate"] * 2


@V2
def test_a_second_update_takes_the_place_of_the_first(version: str) -> None:
    bench = Bench(version).connect()
    assert update(bench, "https://a/fw-1.bin", 1) == "Accepted"
    bench.run(10)
    assert update(bench, "https://a/fw-2.bin", 2) == "AcceptedCanceled"
    bench.run(300)
    assert stages(bench, 1) == ["Downloading"]
    assert stages(bench, 2)[-1] == "Installed"
    assert firmware_told(bench) == "fw-2"


@V2
def test_an_update_is_scheduled_and_waits_for_sessions(version: str) -> None:
    bench = Bench(version).connect()
    start(bench, evse=1)
    later = {"retrieveDateTime": "2026-01-31T12:10:00Z", "installDateTime": "2026-01-31T12:20:00Z"}
    update(bench, "https://a/fw-7.bin", **later)
    bench.run(1_500)
    assert stages(bench) == ["DownloadScheduled", "Downloading", "Downloaded", "InstallScheduled"]
    assert not bench.station.outlets[1].operative
    bench.station.outlets[0].unplug()
    bench.run(300)
    assert stages(bench)[-2:] == ["Installing", "Installed"]
    assert all(outlet.operative for outlet in bench.station.outlets)


@V2
def test_outlets_kept_free_for_an_update_that_fails_are_open_again(version: str) -> None:
    bench = Bench(version, refusals={"Firmware.Install": 1}).connect()
    start(bench, evse=1)
    update(bench, "https://a/fw-7.bin")
    bench.run(100)
    assert statuses(bench, 2)[-1] == "Unavailable"
    bench.station.outlets[0].unplug()
    bench.run(100)
    assert stages(bench)[-1] == "InstallationFailed"
    assert [statuses(bench, evse)[-1] for evse in (1, 2)] == ["Available", "Available"]


@V2
def test_a_station_may_tell_the_installation_after_its_restart(version: str) -> None:
    bench = Bench(version, installs="by_rebooting").connect()
    update(bench, "https://a/fw-7.bin")
    bench.run(300)
    order = [
        payload.get("status", "boot")
        for _, name, payload in bench.judge.calls
        if name in ("FirmwareStatusNotification", "BootNotification")
    ]
    assert order[-4:] == ["Installing", "InstallRebooting", "boot", "Installed"]


@pytest.mark.parametrize(
    ("refused", "last"), [("Firmware.Download", "DownloadFailed"), ("Firmware.Install", "InstallationFailed")]
)
@SIGNED
def test_an_update_fails_where_a_test_wants_it(version: str, refused: str, last: str) -> None:
    bench = Bench(version, refusals={refused: 1}).connect()
    update(bench, "https://a/fw-7.bin")
    bench.run(300)
    assert stages(bench)[-1] == last
    assert bench.station.firmware == "4.2.1"
    update(bench, "https://a/fw-7.bin", 5)
    bench.run(300)
    assert stages(bench)[-1] == "Installed"


@V2
def test_a_trigger_tells_where_the_update_and_the_upload_stand(version: str) -> None:
    bench = Bench(version).connect()
    for message in ("FirmwareStatusNotification", "LogStatusNotification"):
        bench.ask("TriggerMessage", {"requestedMessage": message})
    bench.run(2)
    assert bench.judge.said("FirmwareStatusNotification") == [{"status": "Idle"}]
    assert bench.judge.said("LogStatusNotification") == [{"status": "Idle"}]
    update(bench, "https://a/fw-7.bin", 9)
    bench.run(10)
    bench.ask("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    bench.run(2)
    assert bench.judge.said("FirmwareStatusNotification")[-1] == {"status": "Downloading", "requestId": 9}


def log(bench: Bench, location: str, request_id: int = 6) -> dict[str, Any]:
    request = {
        "log": {"remoteLocation": location},
        "logType": "DiagnosticsLog",
        "requestId": request_id,
    }
    answer: dict[str, Any] = bench.ask("GetLog", request)
    return answer


def log_stages(bench: Bench, request_id: int = 6) -> list[str]:
    said = bench.judge.said("LogStatusNotification")
    return [each["status"] for each in said if each["requestId"] == request_id]


@SIGNED
def test_a_log_is_really_sent(version: str, files: Shelf) -> None:
    bench = carrying(version)
    name = log(bench, f"{files.url}/logs/")["filename"]
    bench.run(30)
    assert log_stages(bench) == ["Uploading", "Uploaded"]
    assert b"firmware 4.2.1" in files.put[f"/logs/{name}"]
    log(bench, f"{files.url}/exactly-here?key=1", 7)
    bench.run(30)
    assert "/exactly-here?key=1" in files.put


@SIGNED
@pytest.mark.parametrize(("answered", "told"), [(403, "PermissionDenied"), (500, "UploadFailure")])
def test_a_log_that_was_not_taken_says_why(version: str, files: Shelf, answered: int, told: str) -> None:
    files.put_status = answered
    bench = carrying(version)
    log(bench, f"{files.url}/logs/")
    bench.run(30)
    assert log_stages(bench) == ["Uploading", told]


@SIGNED
def test_a_scheme_the_station_does_not_know_is_told(version: str) -> None:
    bench = carrying(version)
    log(bench, "ftp://127.0.0.1/logs/")
    bench.run(30)
    assert log_stages(bench) == ["Uploading", "NotSupportedOperation"]


@SIGNED
def test_a_second_log_ends_the_first(version: str) -> None:
    bench = Bench(version).connect()
    assert log(bench, "https://a/", 1)["status"] == "Accepted"
    bench.run(5)
    assert log(bench, "https://a/", 2)["status"] == "AcceptedCanceled"
    bench.run(60)
    expected = ["Uploading"] if version == "1.6" else ["Uploading", "AcceptedCanceled"]
    assert log_stages(bench, 1) == expected
    assert log_stages(bench, 2) == ["Uploading", "Uploaded"]


def test_diagnostics_of_one_six_are_sent_and_told_in_its_own_words(files: Shelf) -> None:
    bench = carrying("1.6")
    name = bench.ask("GetDiagnostics", {"location": f"{files.url}/d/"})["fileName"]
    bench.run(30)
    files.put_status = 500
    bench.ask("GetDiagnostics", {"location": f"{files.url}/d/"})
    bench.run(30)
    told = [each["status"] for each in bench.judge.said("DiagnosticsStatusNotification")]
    assert told == ["Uploading", "Uploaded", "Uploading", "UploadFailed"]
    assert f"/d/{name}" in files.put


def publish(bench: Bench, location: str, checksum: str) -> list[dict[str, Any]]:
    request = {"location": location, "checksum": checksum, "requestId": 3}
    assert bench.ask("PublishFirmware", request)["status"] == "Accepted"
    bench.run(60)
    return bench.judge.said("PublishFirmwareStatusNotification")


@V2
def test_firmware_is_published_when_its_checksum_is_right_and_withdrawn(version: str, files: Shelf) -> None:
    files.files["/fw.bin"] = FIRMWARE
    checksum = hashlib.md5(FIRMWARE).hexdigest()
    bench = carrying(version)
    said = publish(bench, f"{files.url}/fw.bin", checksum)
    assert [each["status"] for each in said] == [
        "Downloading",
        "Downloaded",
        "ChecksumVerified",
        "Published",
    ]
    assert len(said[-1]["location"]) == 2
    statuses = [bench.ask("UnpublishFirmware", {"checksum": checksum})["status"] for _ in range(2)]
    assert statuses == ["Unpublished", "NoFirmware"]
    said = publish(bench, f"{files.url}/fw.bin", "0" * 32)
    assert said[-1]["status"] == "InvalidChecksum"


@V2
def test_firmware_cannot_be_withdrawn_while_it_is_fetched(version: str) -> None:
    bench = Bench(version).connect()
    request = {"location": "https://a/fw.bin", "checksum": "a" * 32, "requestId": 3}
    bench.ask("PublishFirmware", request)
    bench.run(5)
    assert bench.ask("UnpublishFirmware", {"checksum": "a" * 32})["status"] == "DownloadOngoing"


class Quiet:
    """A server for a whole fleet, that only answers."""

    def __init__(self, version: str) -> None:
        self.judge = Judge(version)

    async def talk(self, connection: ServerConnection) -> None:
        self.connection = connection
        async for data in connection:
            answer = self.judge.hear(data if isinstance(data, bytes) else data.encode())
            if answer is not None:
                await connection.send(answer.decode())


@SIGNED
async def test_a_fleet_moves_files_in_threads_while_its_stations_talk_on(version: Any, files: Shelf) -> None:
    server, protocol = Quiet(version), [f"ocpp{version}"]
    files.files["/fw.bin"] = FIRMWARE
    async with serve(server.talk, "127.0.0.1", 0, subprotocols=protocol) as listening:  # type: ignore[arg-type]
        port = listening.sockets[0].getsockname()[1]
        spec = StationSpec(identity="CP1", version=version, transfers=True)
        fleet = Fleet([spec], f"ws://127.0.0.1:{port}/{{identity}}", speed=60)
        fleet.start()
        async with asyncio.timeout(20):
            while not server.judge.said("BootNotification"):
                await asyncio.sleep(0.02)
            location = {"remoteLocation": f"{files.url}/logs/"}
            request = {"log": location, "logType": "SecurityLog", "requestId": 1}
            await server.connection.send(server.judge.ask("GetLog", request).decode())
            past = "2020-01-31T12:00:00Z"
            if version == "1.6":
                update: dict[str, Any] = {"location": f"{files.url}/fw.bin", "retrieveDate": past}
            else:
                firmware = {"location": f"{files.url}/fw.bin", "retrieveDateTime": past}
                update = {"requestId": 2, "firmware": firmware}
            await server.connection.send(server.judge.ask("UpdateFirmware", update).decode())
            while len(server.judge.said("BootNotification")) < 2:
                await asyncio.sleep(0.02)
        await fleet.stop()
    assert fleet.stations[0].firmware == "9.9.1"
    assert [each["status"] for each in server.judge.said("LogStatusNotification")][:2] == [
        "Uploading",
        "Uploaded",
    ]
    assert len(files.put) == 1
