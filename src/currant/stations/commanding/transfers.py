"""Files between stations and Currant: logs, diagnostics, firmware (1.6 5.7, 5.19 and security extension; 2.x L, N01)."""

from enum import StrEnum

from currant.stations.commanding.base import Command, Instant, Part, Retrying


class LogKind(StrEnum):
    DIAGNOSTICS = "diagnostics"
    SECURITY = "security"
    DATA_COLLECTOR = "data_collector"
    """2.1."""


class GetLog(Command, frozen=True, kw_only=True):
    """Upload a log to `url`. OCPP 1.6 has GetDiagnostics for diagnostics where the station knows no GetLog."""

    kind: LogKind
    url: str
    request_id: int
    oldest: Instant | None = None
    latest: Instant | None = None
    retrying: Retrying | None = None
    security_extension: bool = True
    """False: diagnostics in OCPP 1.6 without GetLog, which some stations answer and do not carry out."""


class FirmwareSigning(Part, frozen=True, kw_only=True):
    """The manufacturer's certificate (PEM) and the signature (Base64) over the image."""

    certificate: str
    signature: str


class UpdateFirmware(Command, frozen=True, kw_only=True):
    """Fetch firmware from `url` from `retrieve_at` on and install it at `install_at` (None: at once)."""

    url: str
    request_id: int
    retrieve_at: Instant
    install_at: Instant | None = None
    signing: FirmwareSigning | None = None
    retrying: Retrying | None = None


class PublishFirmware(Command, frozen=True, kw_only=True):
    """Have a local controller offer firmware to its stations (2.x L03); `checksum` is MD5 in hexadecimal."""

    url: str
    checksum: str
    request_id: int
    retrying: Retrying | None = None


class UnpublishFirmware(Command, frozen=True, kw_only=True):
    checksum: str
