"""Certificates: what the commands must be, whatever the version."""

import re
from collections.abc import Callable
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import certificates
from currant.stations.commanding.rules.common import count, text

ROOT_MAX = 10_000
"""2.1; earlier versions take 5,500 characters, which the gateway sees to."""
CHAIN_MAX = 10_000
_HEX = re.compile(r"[0-9A-Fa-f]+")
_BEGIN = "-----BEGIN CERTIFICATE-----"


def install(command: certificates.InstallCertificate) -> None:
    text("certificate", command.certificate, least=1, most=ROOT_MAX)
    blocks = command.certificate.count(_BEGIN)
    if blocks != 1:
        raise Invalid(
            f"Give one certificate as PEM, which begins with {_BEGIN}; this has {blocks}.",
            field="certificate",
        )
    if "PRIVATE KEY" in command.certificate:
        raise Invalid("This holds a private key: give the certificate alone.", field="certificate")


def delete(command: certificates.DeleteCertificate) -> None:
    named = command.hash
    if named.algorithm not in ("SHA256", "SHA384", "SHA512"):
        raise Invalid("A certificate is named by SHA256, SHA384 or SHA512.", field="algorithm")
    for field, value, most in (
        ("issuer_name_hash", named.issuer_name_hash, 128),
        ("issuer_key_hash", named.issuer_key_hash, 128),
        ("serial_number", named.serial_number, 40),
    ):
        text(field, value, least=1, most=most)
        if not _HEX.fullmatch(value):
            raise Invalid(f"{field} is written in hexadecimal digits.", field=field)


def get_installed(command: certificates.GetInstalledCertificates) -> None:
    count("uses", len(command.uses), least=0, most=len(certificates.RootUse))
    if not command.roots and (command.uses or not command.chains):
        raise Invalid("Without roots there is the chain alone to ask for, and no use.", field="roots")


def send_signed(command: certificates.SendSignedCertificate) -> None:
    text("chain", command.chain, least=1, most=CHAIN_MAX)
    if _BEGIN not in command.chain:
        raise Invalid("Give the certificate chain as PEM, the station's own first.", field="chain")


CHECKS: dict[type, Callable[[Any], None]] = {
    certificates.DeleteCertificate: delete,
    certificates.GetInstalledCertificates: get_installed,
    certificates.InstallCertificate: install,
    certificates.SendSignedCertificate: send_signed,
}
