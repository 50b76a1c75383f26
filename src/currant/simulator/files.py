"""Firmware, logs and published firmware: the stages that a file goes through, over simulated time.

Where the station really transfers, the stages follow what really happened; else they are told
as if all had gone well, save what a test wants refused: `Firmware.Download`,
`Firmware.Certificate`, `Firmware.Signature`, `Firmware.Install` and `Log.Upload`.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from currant.simulator import keyring
from currant.simulator.parts import Part
from currant.simulator.transfers import Outcome, Transfer

if TYPE_CHECKING:
    from currant.simulator.outlet import Outlet
    from currant.simulator.station import Station

FIRMWARE_MARK = "CURRANT-SIM "
DOWNLOAD_S, INSTALL_S, UPLOAD_S = 30.0, 60.0, 15.0
WAIT_MAX_S = 30 * 86_400.0
RETRIES_MAX = 10
LOG_LINES = 200

Ordered = Literal["Accepted", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"]


class FirmwareOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to install and when; `request_id` None is 1.6's plain update, which tells fewer stages."""

    location: str
    request_id: int | None
    retrieve_at: float
    install_at: float | None = None
    certificate: str | None = None
    signature: str | None = None
    retries: int = 0
    retry_after_s: float = 0.0


class LogOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Which log to send where; `request_id` None is 1.6's GetDiagnostics."""

    location: str
    request_id: int | None
    kind: str = "DiagnosticsLog"
    retries: int = 0
    retry_after_s: float = 0.0


class PublishOrder(msgspec.Struct, frozen=True, kw_only=True):
    location: str
    checksum: str
    request_id: int
    retries: int = 0
    retry_after_s: float = 0.0


class Job(msgspec.Struct, kw_only=True):
    """An order under way: the stage it last told, and how often it may still be tried."""

    request_id: int | None
    retries: int
    retry_after_s: float
    status: str = "Idle"


class Files(Part):
    """What a station fetches, installs, publishes and sends: at most one of each at a time."""

    __slots__ = ("_held", "_installed", "firmware", "log", "published", "publishing")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.firmware: Job | None = None
        self.log: Job | None = None
        self.publishing: tuple[str, Job] | None = None
        self.published: set[str] = set()
        self._held: list[Outlet] = []
        self._installed: int | Literal[False] | None = False

    def rebooted(self) -> None:
        self.log = self.publishing = None
        self._release()

    def _release(self) -> None:
        """No update is under way any more: outlets that were kept free for it are open again."""
        self.firmware = None
        held, self._held = self._held, []
        for outlet in held:
            outlet.operative = True
            self.station.show_status(outlet)

    def accepted(self) -> None:
        """Back after an installation that restarted the station itself (L01, InstallRebooting)."""
        if self._installed is not False:
            request_id, self._installed = self._installed, False
            self.station.dialect.firmware_status("Installed", request_id)

    # Firmware

    def update(self, order: FirmwareOrder) -> Ordered:
        """Begin an update; one that is under way gives way to it (L01.FR.24)."""
        station = self.station
        if order.certificate is not None:
            if station.refuses("Firmware.Certificate"):
                return "RevokedCertificate"
            if not keyring.is_valid(order.certificate, station.now):
                station.run_steps(
                    [(0.5, lambda: station.dialect.security_event("InvalidFirmwareSigningCertificate"))]
                )
                return "InvalidCertificate"
        replaced = self.firmware is not None
        job = Job(
            request_id=order.request_id,
            retries=min(order.retries, RETRIES_MAX),
            retry_after_s=order.retry_after_s,
        )
        self.firmware = job
        wait = min(max(0.0, order.retrieve_at - station.now), WAIT_MAX_S)
        if wait > 1:

            def schedule() -> None:
                self._firmware_stage(job, "DownloadScheduled")

            station.run_steps([(0.5, schedule)])
        station.run_steps([(max(wait, 1.0), lambda: self._download(job, order))])
        return "AcceptedCanceled" if replaced else "Accepted"

    def _firmware_stage(self, job: Job, status: str) -> bool:
        """Tell it, unless another update has taken this one's place."""
        if self.firmware is not job:
            return False
        job.status = status
        self.station.dialect.firmware_status(status, job.request_id)
        return True

    def _download(self, job: Job, order: FirmwareOrder) -> None:
        if not self._firmware_stage(job, "Downloading"):
            return

        def done(outcome: Outcome) -> None:
            if self.firmware is not job:
                return
            if outcome.problem is None:
                self._downloaded(job, order, outcome.content)
            elif job.retries > 0:
                job.retries -= 1
                self.station.run_steps([(max(job.retry_after_s, 1.0), lambda: self._download(job, order))])
            else:
                self._firmware_stage(job, "DownloadFailed")
                self._release()

        self._move(Transfer(url=order.location), "Firmware.Download", DOWNLOAD_S, done)

    def _downloaded(self, job: Job, order: FirmwareOrder, content: bytes) -> None:
        station = self.station
        self._firmware_stage(job, "Downloaded")
        if order.signature is not None:
            good = self._signed_well(order, content)
            self._firmware_stage(job, "SignatureVerified" if good else "InvalidSignature")
            if not good:
                station.dialect.security_event("InvalidFirmwareSignature")
                self._release()
                return
        version = _version_in(content) or _name_in(order.location) or station.firmware
        wait = min(max(0.0, (order.install_at or 0.0) - station.now), WAIT_MAX_S)
        if wait > 1:
            self._firmware_stage(job, "InstallScheduled")
        station.run_steps([(max(wait, 5.0), lambda: self._install_when_idle(job, version))])

    def _signed_well(self, order: FirmwareOrder, content: bytes) -> bool:
        if self.station.refuses("Firmware.Signature"):
            return False
        try:
            signature = base64.b64decode(order.signature or "", validate=True)
        except binascii.Error:
            return False
        if self.station.carrier is None or order.certificate is None:
            return True
        return keyring.verifies(order.certificate, signature, content)

    def _install_when_idle(self, job: Job, version: str) -> None:
        """Sessions end first, and none begins meanwhile (L01.FR.06, 07)."""
        station = self.station
        if self.firmware is not job:
            return
        busy = [outlet for outlet in station.outlets if outlet.transaction is not None]
        if not busy:
            self._install(job, version)
            return
        if job.status != "InstallScheduled":
            self._firmware_stage(job, "InstallScheduled")
        for outlet in station.outlets:
            if outlet.operative and outlet not in self._held:
                self._held.append(outlet)
                outlet.operative = False
                station.show_status(outlet)
        station.when_idle(lambda: self._install(job, version))

    def _install(self, job: Job, version: str) -> None:
        station = self.station
        if not self._firmware_stage(job, "Installing"):
            return

        def finished() -> None:
            if self.firmware is not job:
                return
            if station.refuses("Firmware.Install"):
                self._firmware_stage(job, "InstallationFailed")
                self._release()
                return
            station.firmware = version
            if station.spec.installs == "by_rebooting":
                self._firmware_stage(job, "InstallRebooting")
                self._installed = job.request_id
            else:
                self._firmware_stage(job, "Installed")
            if job.request_id is not None:
                station.dialect.security_event("FirmwareUpdated", version[:255])
            station.run_steps([(2.0, lambda: station.reboot("FirmwareUpdate"))])

        station.run_steps([(INSTALL_S, finished)])

    # Logs

    def send_log(self, order: LogOrder) -> tuple[Literal["Accepted", "AcceptedCanceled"], str]:
        """Begin an upload; one under way is given up, and its end told (N01)."""
        station, before = self.station, self.log
        job = Job(
            request_id=order.request_id,
            retries=min(order.retries, RETRIES_MAX),
            retry_after_s=order.retry_after_s,
        )
        name = f"{station.spec.identity}-{order.kind}-{int(station.now)}.log"[-255:]
        if before is not None:
            station.dialect.log_status("AcceptedCanceled", before.request_id)
        self.log = job
        station.run_steps([(2.0, lambda: self._upload(job, order, name))])
        return ("Accepted" if before is None else "AcceptedCanceled"), name

    def _log_stage(self, job: Job, status: str) -> bool:
        if self.log is not job:
            return False
        job.status = status
        self.station.dialect.log_status(status, job.request_id)
        return True

    def _upload(self, job: Job, order: LogOrder, name: str) -> None:
        if not self._log_stage(job, "Uploading"):
            return
        url = f"{order.location}{name}" if order.location.endswith("/") else order.location

        def done(outcome: Outcome) -> None:
            if self.log is not job:
                return
            if outcome.problem is not None and job.retries > 0:
                job.retries -= 1
                wait = max(job.retry_after_s, 1.0)
                self.station.run_steps([(wait, lambda: self._upload(job, order, name))])
                return
            self._log_stage(job, "Uploaded" if outcome.problem is None else _why_not_sent(outcome))
            self.log = None

        content = _log_of(self.station, order.kind)
        self._move(Transfer(url=url, content=content), "Log.Upload", UPLOAD_S, done)

    # Firmware for other stations

    def publish(self, order: PublishOrder) -> None:
        """Fetch firmware and offer it to stations near by (L03)."""
        retries = min(order.retries, RETRIES_MAX)
        job = Job(request_id=order.request_id, retries=retries, retry_after_s=order.retry_after_s)
        self.publishing = (order.checksum, job)
        self.station.run_steps([(1.0, lambda: self._fetch_to_publish(job, order))])

    def _publish_stage(self, job: Job, status: str, locations: Sequence[str] = ()) -> bool:
        if self.publishing is None or self.publishing[1] is not job:
            return False
        job.status = status
        self.station.dialect.published(status, job.request_id, locations)
        return True

    def _fetch_to_publish(self, job: Job, order: PublishOrder) -> None:
        if not self._publish_stage(job, "Downloading"):
            return

        def done(outcome: Outcome) -> None:
            if self.publishing is None or self.publishing[1] is not job:
                return
            if outcome.problem is not None and job.retries > 0:
                job.retries -= 1
                wait = max(job.retry_after_s, 1.0)
                self.station.run_steps([(wait, lambda: self._fetch_to_publish(job, order))])
                return
            if outcome.problem is not None:
                self._publish_stage(job, "DownloadFailed")
            else:
                self._offer(job, order, outcome.content)
            self.publishing = None

        self._move(Transfer(url=order.location), "Firmware.Download", DOWNLOAD_S, done)

    def _offer(self, job: Job, order: PublishOrder, content: bytes) -> None:
        self._publish_stage(job, "Downloaded")
        wanted = order.checksum.lower()
        if self.station.carrier is None:
            good = len(wanted) == 32 and all(digit in "0123456789abcdef" for digit in wanted)
        else:
            good = hashlib.md5(content, usedforsecurity=False).hexdigest() == wanted
        if not good:
            self._publish_stage(job, "InvalidChecksum")
            return
        self._publish_stage(job, "ChecksumVerified")
        self.published.add(wanted)
        name = _name_in(order.location) or wanted
        places = [f"{scheme}://{self.station.spec.identity}.local/{name}" for scheme in ("http", "ftp")]
        self._publish_stage(job, "Published", places)

    def unpublish(self, checksum: str) -> Literal["DownloadOngoing", "NoFirmware", "Unpublished"]:
        if self.publishing is not None and self.publishing[0].lower() == checksum.lower():
            return "DownloadOngoing"
        if checksum.lower() not in self.published:
            return "NoFirmware"
        self.published.discard(checksum.lower())
        return "Unpublished"

    def _move(
        self, transfer: Transfer, refusable: str, seconds: float, done: Callable[[Outcome], None]
    ) -> None:
        """Have it carried, or pretend so."""
        station = self.station
        if station.refuses(refusable):
            station.run_steps([(seconds, lambda: done(Outcome(problem="Refused, as the test wants it.")))])
        elif station.carrier is None:
            station.run_steps([(seconds, lambda: done(Outcome()))])
        else:
            station.carrier(msgspec.structs.replace(transfer, ca_file=station.spec.ca_file), done)


def _version_in(content: bytes) -> str | None:
    line = content[:200].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    return line.removeprefix(FIRMWARE_MARK)[:50] if line.startswith(FIRMWARE_MARK) else None


def _name_in(location: str) -> str:
    return urlsplit(location).path.rsplit("/", 1)[-1].rsplit(".", 1)[0][:50]


def _why_not_sent(outcome: Outcome) -> str:
    """2.x, UploadLogStatusEnumType."""
    if outcome.status in (401, 403):
        return "PermissionDenied"
    if outcome.status == 400:
        return "BadMessage"
    return "NotSupportedOperation" if "only HTTP" in (outcome.problem or "") else "UploadFailure"


def _log_of(station: "Station", kind: str) -> bytes:
    """A log as a station might have kept it: what it is, and how it has been doing."""
    spec = station.spec
    lines = [
        f"{kind} of {spec.vendor} {spec.model} {spec.serial or spec.identity}, firmware {station.firmware}",
        f"{station.stamp().isoformat()} up, boot reason {station.boot_reason}",
        f"{station.stamp().isoformat()} {station.messages_sent} messages sent, {station.errors_received} errors",
    ]
    lines += [
        f"{station.stamp().isoformat()} EVSE {outlet.number}: {outlet.status.value}, {outlet.meter_wh} Wh"
        for outlet in station.outlets
    ]
    return "\n".join(lines[:LOG_LINES]).encode() + b"\n"
