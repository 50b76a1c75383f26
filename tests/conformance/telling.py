"""What tests of stations' own messages share: lists of the API, times on the wire, requests for certificates."""

from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from installation import Site

from currant.kit.clock import SystemClock

OPERATOR = "Currant"
"""The operator's name where no setting gives another; a station's certificate is made out to it."""


async def look(site: Site, path: str, **params: Any) -> list[Any]:
    """The items of a list of the API."""
    return list((await site.ask("GET", path, params=params))["items"])


async def found(site: Site, path: str, *, number: int = 1, **params: Any) -> list[Any]:
    """The items of a list as soon as there are as many: what need not be known with the answer is soon known."""

    async def enough() -> list[Any]:
        items = await look(site, path, **params)
        return items if len(items) >= number else []

    return list(await site.eventually(enough))


def seconds_off(told: str) -> float:
    """How far a time on the wire is from now."""
    return abs((datetime.fromisoformat(told) - SystemClock().now()).total_seconds())


def request_for(identity: str, organisation: str = OPERATOR) -> str:
    """A certificate signing request as a station makes it, with a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, identity),
        ]
    )
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()
