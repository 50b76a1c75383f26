"""The TLS side of security profiles 2 and 3: contexts with the mandatory cipher suites and two certificates."""

import ssl
from pathlib import Path
from typing import Any

from currant.gateway.config import TlsConfig

# All four mandatory suites (1.6 whitepaper A00.FR.318, 2.x A00.FR.318), forward secret ones first. Python's
# default refuses the two RSA ones, so they are named; TLS 1.3's suites are not affected by this list.
CIPHERS = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    )
)


def server_context(config: TlsConfig) -> ssl.SSLContext:
    """A context for the TLS listener; raises OSError or ssl.SSLError naming what cannot be loaded."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(CIPHERS)
    # Chargers seldom resume sessions, and a cache of ten thousand of them is not small.
    context.num_tickets = 0
    load(context, config)
    return context


def load(context: ssl.SSLContext, config: TlsConfig) -> None:
    """Load the certificates into a context; again after renewal, for connections from then on."""
    if not config.certificates:
        raise ValueError("TLS needs at least one server certificate: set `tls.certificates`.")
    for chain, key in config.certificates:
        for path in (chain, key):
            if not Path(path).is_file():
                raise FileNotFoundError(f"The certificate file {path} does not exist.")
        context.load_cert_chain(chain, key)
    if config.client_authorities is not None:
        context.load_verify_locations(config.client_authorities)
        # Wanted, not demanded: profile 2 stations show none on the same port. Whoever shows one that
        # does not verify is not let in at all (A00.FR.407).
        context.verify_mode = ssl.CERT_OPTIONAL


def subject_of(certificate: dict[str, Any] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(common names, organisations) of a verified certificate, as `SSLObject.getpeercert` returns it."""
    names: list[str] = []
    organisations: list[str] = []
    for relative_name in (certificate or {}).get("subject", ()):
        for key, value in relative_name:
            if key == "commonName":
                names.append(value)
            elif key == "organizationName":
                organisations.append(value)
    return tuple(names), tuple(organisations)
