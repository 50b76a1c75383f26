"""How OCPP names a certificate, and what came of asking for them: alike in every version."""

from typing import Any

from currant.stations.commanding.certificates import CertificateHash


def wire_hash(types: Any, named: CertificateHash) -> Any:
    """A CertificateHashDataType of the version whose message types these are."""
    return types.CertificateHashDataType(
        hash_algorithm=named.algorithm,
        issuer_name_hash=named.issuer_name_hash,
        issuer_key_hash=named.issuer_key_hash,
        serial_number=named.serial_number,
    )


def hash_of(told: Any) -> CertificateHash:
    """Of a CertificateHashDataType or OCSPRequestDataType, as the station spelled it."""
    return CertificateHash(
        algorithm=told.hash_algorithm,
        issuer_name_hash=told.issuer_name_hash,
        issuer_key_hash=told.issuer_key_hash,
        serial_number=told.serial_number,
    )


def hash_facts(told: Any) -> dict[str, str]:
    """The same as plain JSON."""
    return {
        "algorithm": told.hash_algorithm,
        "issuer_name_hash": told.issuer_name_hash,
        "issuer_key_hash": told.issuer_key_hash,
        "serial_number": told.serial_number,
    }
