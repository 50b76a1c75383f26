"""Which certificates are not believed any more: in memory for every handshake, and as a list for others.

Three sources: what operators revoke here, lists (CRLs) of other authorities given as a file, and
nothing else. The own list is written beside the root and served for whoever checks it.
"""

import asyncio
from datetime import datetime
from logging import getLogger
from pathlib import Path
from typing import Protocol

from cryptography import x509

from currant.db.engine import Database
from currant.kit.event import Event
from currant.pki import store
from currant.pki.authority import Authority
from currant.pki.hashes import fingerprint, folded_serial
from currant.pki.model import CertificateStatus, StationCertificate, StationCertificateChanged

log = getLogger(__name__)


class Revocation(Protocol):
    """What a handshake asks."""

    def why_revoked(self, der: bytes) -> str | None: ...


class Revocations:
    """Serial numbers of revoked certificates by their issuer; nothing here waits but loading and writing."""

    def __init__(self, database: Database, authority: Authority | None, *, lists: Path | None = None) -> None:
        """`lists` is a file of CRLs of other authorities, PEM or DER."""
        self._database = database
        self._authority = authority
        self._lists = lists
        self._by_issuer: dict[str, dict[str, str]] = {}
        self._fingerprints: dict[str, str] = {}
        self._others: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._fingerprints)

    async def load(self) -> None:
        """Take in every revoked certificate and the lists of others; at start, and daily.

        A list that cannot be read is logged, and the one before it stays in force.
        """
        rows = await self._database.read(store.revoked)
        for row in rows:
            self.add(row)
        if self._lists is not None:
            try:
                self._others = await asyncio.to_thread(read_lists, self._lists)
            except (OSError, ValueError) as error:
                log.error("The list of revoked certificates %s cannot be read: %s", self._lists, error)
        await self.publish(rows)

    def add(self, certificate: StationCertificate) -> None:
        reason = certificate.reason or "revoked"
        serials = self._by_issuer.setdefault(certificate.issuer, {})
        serials[folded_serial(certificate.serial_number)] = reason
        self._fingerprints[certificate.fingerprint] = reason

    async def publish(self, rows: list[StationCertificate] | None = None) -> None:
        """Write the own authority's list anew."""
        if self._authority is None:
            return
        own = self._authority.certificate.subject.rfc4514_string()
        known = await self._database.read(store.revoked) if rows is None else rows
        entries: list[tuple[int, datetime]] = [
            (int(each.serial_number, 16), each.revoked_at or each.changed_at)
            for each in known
            if each.issuer == own
        ]
        await asyncio.to_thread(self._authority.write_crl, entries)

    def why_revoked(self, der: bytes) -> str | None:
        """Why the certificate shown (DER) is not believed; None when nothing speaks against it."""
        if not self._fingerprints and not self._others:
            return None
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:
            return "It cannot be read."
        issuer, serial = certificate.issuer.rfc4514_string(), f"{certificate.serial_number:x}"
        reason = self._fingerprints.get(fingerprint(certificate)) or self._by_issuer.get(issuer, {}).get(
            folded_serial(serial)
        )
        if reason is None and folded_serial(serial) in self._others.get(issuer, ()):
            reason = "its authority has revoked it"
        return reason

    async def follow(self, event: Event) -> None:
        """Keep up with what other nodes revoked."""
        if isinstance(event, StationCertificateChanged) and event.status is CertificateStatus.REVOKED:
            tenant_id, certificate_id = event.tenant_id, event.certificate_id
            kept = await self._database.read(lambda conn: store.by_id(conn, tenant_id, certificate_id))
            if kept is not None:
                self.add(kept.certificate)


def read_lists(path: Path) -> dict[str, set[str]]:
    """Issuer to revoked serial numbers, of all lists in a file; raises ValueError when one cannot be read."""
    data = path.read_bytes()
    lists = []
    if b"-----BEGIN X509 CRL-----" in data:
        for part in data.split(b"-----BEGIN X509 CRL-----")[1:]:
            body, end, _ = part.partition(b"-----END X509 CRL-----")
            if not end:
                raise ValueError("a list in it has no end")
            pem = b"-----BEGIN X509 CRL-----" + body + b"-----END X509 CRL-----\n"
            lists.append(x509.load_pem_x509_crl(pem))
    else:
        lists.append(x509.load_der_x509_crl(data))
    found: dict[str, set[str]] = {}
    for each in lists:
        serials = found.setdefault(each.issuer.rfc4514_string(), set())
        serials.update(folded_serial(f"{revoked.serial_number:x}") for revoked in each)
    return found
