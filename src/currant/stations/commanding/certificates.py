"""Certificates in a station (1.6 security extension; 2.x blocks A and M)."""

from enum import StrEnum

from currant.stations.commanding.base import Command, Part


class RootUse(StrEnum):
    """What a root certificate in a station vouches for."""

    CSMS = "csms"
    """1.6 CentralSystemRootCertificate."""
    MANUFACTURER = "manufacturer"
    V2G = "v2g"
    MOBILITY_OPERATOR = "mobility_operator"
    OEM = "oem"
    """2.1."""


class LeafUse(StrEnum):
    """What a certificate of the station's own is for."""

    STATION = "station"
    """Its client certificate towards us."""
    V2G = "v2g"
    COMBINED = "combined"
    """2.1 V2G20 stays with `v2g`; 2.0.1 lets one certificate serve both."""
    V2G20 = "v2g20"


class CertificateHash(Part, frozen=True, kw_only=True):
    """How OCPP names a certificate: digests (hexadecimal) of its issuer, and its serial number (hexadecimal)."""

    algorithm: str
    """SHA256, SHA384 or SHA512."""
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class InstallCertificate(Command, frozen=True, kw_only=True):
    use: RootUse
    certificate: str
    """PEM, one certificate."""


class DeleteCertificate(Command, frozen=True, kw_only=True):
    hash: CertificateHash


class GetInstalledCertificates(Command, frozen=True, kw_only=True):
    """Roots of these uses and, with `chains`, the V2G certificate chain; none named means all."""

    uses: tuple[RootUse, ...] = ()
    chains: bool = True
    roots: bool = True
    """False: the V2G certificate chain alone."""


class SendSignedCertificate(Command, frozen=True, kw_only=True):
    """The certificate that the station asked for: PEM, leaf first (CertificateSigned)."""

    chain: str
    use: LeafUse = LeafUse.STATION
    request_id: int | None = None
    """2.1: of the SignCertificate that it answers."""
