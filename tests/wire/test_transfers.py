"""Logs and firmware in every version, with stations that really send and fetch, over real sockets."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from carrying import Carrying, carrying
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from network import TENANT
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16

from currant.kit.clock import SystemClock
from currant.stations.commanding.transfers import LogKind
from currant.stations.model import CommandStatus
from currant.stations.service import UnknownStations
from currant.stations.transfers.model import Transfer, TransferStatus

S = TransferStatus
VERSIONS = ("1.6", "2.0.1", "2.1")
BY = "a test"


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[Carrying]:
    async with carrying(tmp_path, unknown=UnknownStations.OPEN) as built:
        yield built


def stations_words(transfer: Transfer) -> list[str]:
    return [step.said for step in transfer.steps if step.said]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_log_is_asked_for_and_comes(net: Carrying, version: str) -> None:
    async with net.simulated(net.spec(version)):
        asked = await net.transfers.request_log(TENANT, "SIM-1", LogKind.SECURITY, by=BY)
        assert asked.status is S.ACCEPTED
        done = await net.comes_to(asked, S.DONE)
        assert stations_words(done) == ["Uploading", "Uploaded"]
        assert done.file_id is not None
        file = await net.files.get(TENANT, done.file_id)
        assert (file.name, file.size > 0) == (done.file_name, True)
        assert "SecurityLog" in file.name


async def test_diagnostics_of_a_station_without_the_security_extension(net: Carrying) -> None:
    async with net.simulated(net.spec("1.6", unsupported=frozenset({"GetLog"}))):
        asked = await net.transfers.request_log(TENANT, "SIM-1", LogKind.DIAGNOSTICS, by=BY)
        done = await net.comes_to(asked, S.DONE)
        assert done.file_id is not None
        assert {message.action for message in await net.log("SIM-1")} >= {
            "GetDiagnostics",
            "DiagnosticsStatusNotification",
        }
        refused = await net.transfers.request_log(TENANT, "SIM-1", LogKind.SECURITY, by=BY)
        assert refused.status is S.REFUSED
        assert "does not support" in refused.reason


async def test_diagnostics_without_the_security_extension_where_a_station_has_it(net: Carrying) -> None:
    async with net.simulated(net.spec("1.6")):
        asked = await net.transfers.request_log(
            TENANT, "SIM-1", LogKind.DIAGNOSTICS, by=BY, security_extension=False
        )
        assert (await net.comes_to(asked, S.DONE)).file_id is not None
        actions = {message.action for message in await net.log("SIM-1")}
        assert "GetDiagnostics" in actions
        assert "GetLog" not in actions


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_what_a_version_has_no_log_of_is_said(net: Carrying, version: str) -> None:
    async with net.simulated(net.spec(version)):
        refused = await net.transfers.request_log(TENANT, "SIM-1", LogKind.DATA_COLLECTOR, by=BY)
        assert (refused.status, refused.reason) == (S.REFUSED, f"OCPP {version} has no data_collector log.")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_second_request_cancels_the_first(net: Carrying, version: str) -> None:
    # Slow enough for the first not to be done when the second is made, whatever else this machine does.
    async with net.simulated(net.spec(version), speed=3):
        first = await net.transfers.request_log(TENANT, "SIM-1", LogKind.DIAGNOSTICS, by=BY)
        second = await net.transfers.request_log(TENANT, "SIM-1", LogKind.DIAGNOSTICS, by=BY)
        assert second.status is S.ACCEPTED
        assert (await net.comes_to(second, S.DONE)).file_id is not None
        before = await net.transfers.get(TENANT, first.id)
        assert before.status is S.CANCELLED
        assert before.file_id is None


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_log_that_cannot_be_sent_failed(net: Carrying, version: str) -> None:
    async with net.simulated(net.spec(version, refusals={"Log.Upload": -1})):
        asked = await net.transfers.request_log(TENANT, "SIM-1", LogKind.DIAGNOSTICS, by=BY)
        failed = await net.comes_to(asked, S.FAILED)
        assert failed.reason
        assert failed.file_id is None


@pytest.mark.parametrize("installs", ["then_reboots", "by_rebooting"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_firmware_is_fetched_installed_and_started(net: Carrying, version: str, installs: str) -> None:
    image = await net.image("9.9")
    async with net.simulated(net.spec(version, installs=installs)):
        asked = await net.transfers.update_firmware(TENANT, "SIM-1", by=BY, firmware_id=image.id)
        assert asked.status is S.ACCEPTED
        done = await net.comes_to(asked, S.DONE, when=lambda found: bool(found.version_after))
        assert (done.version_after, done.reason) == ("9.9", "")
        assert done.version_before not in ("", "9.9")
        assert done.fetched_at is not None
        words = stations_words(done)
        assert words[:3] == ["Downloading", "Downloaded", "Installing"]
        overview = await net.inventory.get_station(TENANT, "SIM-1")
        assert overview.station.firmware_version == "9.9"


def signed(content: bytes) -> dict[str, str]:
    """A manufacturer's certificate and signature over an image."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Firmware signing")])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return {
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "signature": base64.b64encode(key.sign(content, ec.ECDSA(hashes.SHA256()))).decode(),
    }


@pytest.mark.parametrize("version", VERSIONS)
async def test_signed_firmware_is_verified_by_the_station(net: Carrying, version: str) -> None:
    content = b"CURRANT-SIM 7.0\n" + b"x" * 5_000
    image = await net.image("7.0", content=content, **signed(content))
    async with net.simulated(net.spec(version)):
        asked = await net.transfers.update_firmware(TENANT, "SIM-1", by=BY, firmware_id=image.id)
        done = await net.comes_to(asked, S.DONE, when=lambda found: bool(found.version_after))
        assert "SignatureVerified" in stations_words(done)
        sent = {message.action for message in await net.log("SIM-1")}
        assert ("SignedUpdateFirmware" if version == "1.6" else "UpdateFirmware") in sent


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ("Firmware.Download", "could not transfer"),
        ("Firmware.Signature", "signature is not that"),
        ("Firmware.Install", "could not install"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
async def test_an_update_that_fails_says_why(net: Carrying, version: str, refusal: str, reason: str) -> None:
    content = b"CURRANT-SIM 7.0\n"
    image = await net.image("7.0", content=content, **signed(content))
    async with net.simulated(net.spec(version, refusals={refusal: -1})):
        asked = await net.transfers.update_firmware(TENANT, "SIM-1", by=BY, firmware_id=image.id)
        failed = await net.comes_to(asked, S.FAILED)
        assert reason in failed.reason


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_certificate_that_the_station_does_not_trust(net: Carrying, version: str) -> None:
    content = b"CURRANT-SIM 7.0\n"
    image = await net.image("7.0", content=content, **signed(content))
    async with net.simulated(net.spec(version, refusals={"Firmware.Certificate": -1})):
        refused = await net.transfers.update_firmware(TENANT, "SIM-1", by=BY, firmware_id=image.id)
        assert refused.status is S.REFUSED
        assert "RevokedCertificate" in refused.reason


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_firmware_is_scheduled(net: Carrying, version: str) -> None:
    image = await net.image("9.9")
    async with net.simulated(net.spec(version)):
        now = SystemClock().now()
        asked = await net.transfers.update_firmware(
            TENANT,
            "SIM-1",
            by=BY,
            firmware_id=image.id,
            retrieve_at=now + timedelta(minutes=2),
            install_at=now + timedelta(minutes=4),
        )
        done = await net.comes_to(asked, S.DONE)
        words = stations_words(done)
        assert words[0] == "DownloadScheduled"
        assert words.index("Downloaded") < words.index("InstallScheduled") < words.index("Installed")


async def test_unsigned_firmware_of_one_six_is_not_scheduled_for_installation(net: Carrying) -> None:
    image = await net.image("9.9")
    async with net.simulated(net.spec("1.6")):
        refused = await net.transfers.update_firmware(
            TENANT,
            "SIM-1",
            by=BY,
            firmware_id=image.id,
            install_at=SystemClock().now() + timedelta(hours=1),
        )
        assert refused.status is S.REFUSED
        assert "cannot say when" in refused.reason


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_firmware_is_published_and_withdrawn(net: Carrying, version: str) -> None:
    image = await net.image("9.9")
    async with net.simulated(net.spec(version)):
        asked = await net.transfers.publish_firmware(TENANT, "SIM-1", by=BY, firmware_id=image.id)
        done = await net.comes_to(asked, S.DONE)
        assert stations_words(done) == ["Downloading", "Downloaded", "ChecksumVerified", "Published"]
        assert len(done.locations) == 2
        withdrawn = await net.transfers.unpublish_firmware(TENANT, "SIM-1", checksum=image.md5, by=BY)
        assert withdrawn.status is CommandStatus.ACCEPTED
        again = await net.transfers.unpublish_firmware(TENANT, "SIM-1", checksum=image.md5, by=BY)
        assert again.status is CommandStatus.REFUSED
        assert "no firmware with this checksum" in again.reason


async def test_one_six_publishes_nothing(net: Carrying) -> None:
    image = await net.image("9.9")
    async with net.simulated(net.spec("1.6")):
        refused = await net.transfers.publish_firmware(TENANT, "SIM-1", by=BY, firmware_id=image.id)
        assert refused.status is S.REFUSED


class Patchy(ChargePoint16):
    """Fetches firmware over a bad line, in two parts, and says nothing of it: it just starts with it."""

    url = ""
    trust: ssl.SSLContext

    @on("UpdateFirmware")
    def on_update(self, location: str, retrieve_date: str, **_: Any) -> result16.UpdateFirmware:
        self.url = location
        return result16.UpdateFirmware()

    async def fetch(self) -> bytes:
        async with httpx.AsyncClient(verify=self.trust) as client:
            first = await client.get(self.url, headers={"Range": "bytes=0-49999"})
            headers = {"Range": "bytes=50000-", "If-Range": first.headers["etag"]}
            rest = await client.get(self.url, headers=headers)
            assert (first.status_code, rest.status_code) == (206, 206)
            return first.content + rest.content


async def test_a_silent_station_is_done_when_it_starts_with_what_it_fetched(net: Carrying) -> None:
    image = await net.image("9.9")
    async with websockets.connect(f"{net.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = Patchy("CP-16", socket)
        station.trust = ssl.create_default_context(cafile=str(net.authority.root))
        listening = asyncio.create_task(station.start())

        async def boot(version: str) -> None:
            await station.call(
                call16.BootNotification(
                    charge_point_model="M", charge_point_vendor="V", firmware_version=version
                )
            )

        await boot("1.0")
        asked = await net.transfers.update_firmware(TENANT, "CP-16", by=BY, firmware_id=image.id)
        assert asked.status is S.ACCEPTED
        fetched = await station.fetch()
        assert len(fetched) == image.size
        await boot("9.9")
        done = await net.comes_to(asked, S.DONE)
        assert (done.version_before, done.version_after) == ("1.0", "9.9")
        listening.cancel()


async def test_what_nobody_asked_for_is_kept_as_a_fact(net: Carrying) -> None:
    async with websockets.connect(f"{net.url}/CP-16", subprotocols=["ocpp1.6"]) as socket:
        station = ChargePoint16("CP-16", socket)
        listening = asyncio.create_task(station.start())
        await station.call(call16.BootNotification(charge_point_model="M", charge_point_vendor="V"))
        answer = await station.call(call16.FirmwareStatusNotification(status="Idle"))
        assert isinstance(answer, result16.FirmwareStatusNotification)
        assert (await net.transfers.list(TENANT)).items == ()
        listening.cancel()
