"""The values of certificates: those of stations, and those that stations hold."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.event import Event
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.certificates import CertificateHash, LeafUse


class CertificateStatus(StrEnum):
    """How a certificate of a station stands."""

    ISSUED = "issued"
    """Signed; the station has not said yet that it took it."""
    INSTALLED = "installed"
    REFUSED = "refused"
    """The station did not take it."""
    SUPERSEDED = "superseded"
    """A newer one is installed. It is believed until it ends: stations keep the old one to fall back on."""
    REVOKED = "revoked"


class StationCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that was signed for a station, or that it came with."""

    id: str
    tenant_id: TenantId
    station_id: StationId
    use: LeafUse
    status: CertificateStatus
    serial_number: str
    """Hexadecimal digits."""
    fingerprint: str
    """SHA-256, hexadecimal digits."""
    subject: str
    issuer: str
    valid_from: datetime
    valid_until: datetime
    signed_by: str
    """own, http or est: who signed it; `brought` for one that the station had already."""
    created_at: datetime
    changed_at: datetime
    reason: str = ""
    renewal_asked_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str = ""


class InstalledCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that a station says it holds. `name` is the subject where we know it."""

    station_id: StationId
    use: str
    """csms, manufacturer, v2g, mobility_operator, oem; v2g_chain for the station's own towards vehicles."""
    hash: CertificateHash
    children: tuple[CertificateHash, ...] = ()
    at: datetime
    """When it said so."""
    name: str = ""
    valid_until: datetime | None = None


class InstalledCertificates(msgspec.Struct, frozen=True, kw_only=True):
    """What a station holds; `asked_at` None: nobody asked it yet."""

    items: tuple[InstalledCertificate, ...] = ()
    asked_at: datetime | None = None


class KnownRoot(msgspec.Struct, frozen=True, kw_only=True):
    """A root certificate that Currant knows, with the names stations call it by."""

    name: str
    certificate: str
    """PEM."""
    fingerprint: str
    valid_until: datetime
    hashes: tuple[CertificateHash, ...]
    own: bool = False


class StationCertificateChanged(Event, frozen=True, kw_only=True):
    """A certificate of a station was signed, taken, refused, superseded or revoked (`status`), by whom and why."""

    station_id: StationId
    identity: str
    certificate_id: str
    use: LeafUse
    status: CertificateStatus
    serial_number: str
    valid_until: datetime
    reason: str = ""
    by: str = ""


class CertificateNotSigned(Event, frozen=True, kw_only=True):
    """A station asked for a certificate and got none."""

    station_id: StationId
    identity: str
    use: LeafUse
    reason: str


class InstalledCertificatesChanged(Event, frozen=True, kw_only=True):
    """What a station holds is known anew, or differs."""

    station_id: StationId
    identity: str
    count: int
