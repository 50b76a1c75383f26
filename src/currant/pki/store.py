"""The tables of certificates, and every query over them; imported by this package alone."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Row, Table, Text, select

from currant.db.commits import ChangeSet, delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.pki.model import CertificateStatus, InstalledCertificate, StationCertificate
from currant.stations.commanding.certificates import CertificateHash, LeafUse


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


certificates = Table(
    "station_certificates",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("station_id"),
    _text("use"),
    _text("status"),
    _text("serial_number"),
    _text("fingerprint"),
    _text("subject"),
    _text("issuer"),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    _text("signed_by"),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    _text("reason"),
    Column("renewal_asked_at", BigInteger),
    Column("revoked_at", BigInteger),
    _text("revoked_by"),
    # What is sent to the station, and what tells whether it asks for the same key again.
    _text("chain"),
    _text("key_digest"),
    Column("request_id", BigInteger),
    Index(None, "tenant_id", "id"),
    Index(None, "station_id", "use"),
    Index(None, "status", "valid_until"),
)

installed = Table(
    "installed_certificates",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("use", Text, primary_key=True),
    Column("issuer_key_hash", Text, primary_key=True),
    Column("serial_number", Text, primary_key=True),
    _text("tenant_id"),
    _text("algorithm"),
    _text("issuer_name_hash"),
    _text("children"),
    Column("at", BigInteger, nullable=False),
)

asked = Table(
    "installed_certificates_asked",
    metadata,
    Column("station_id", Text, primary_key=True),
    _text("tenant_id"),
    Column("at", BigInteger, nullable=False),
)

# Certificates are public: those that stations were given are known by name whoever's they are.
known = Table(
    "known_roots",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    _text("certificate"),
)

LEARN = insert_into(known, ignore_duplicates=True)
_INSERT = insert_into(certificates)
_SET_STATUS = update(certificates, set=("status", "reason", "changed_at"), where=("id", "tenant_id"))
_REVOKE = update(
    certificates,
    set=("status", "reason", "changed_at", "revoked_at", "revoked_by"),
    where=("id", "tenant_id"),
)
_ASK_RENEWAL = update(certificates, set=("renewal_asked_at",), where=("id", "tenant_id"))
_SAVE_INSTALLED = upsert(
    installed, key=("station_id", "use", "issuer_key_hash", "serial_number"), keep=("tenant_id",)
)
_DELETE_INSTALLED = delete_from(
    installed, where=("station_id", "use", "issuer_key_hash", "serial_number", "tenant_id")
)
_SAVE_ASKED = upsert(asked, key=("station_id",), keep=("tenant_id",))

_children = msgspec.json.Decoder(tuple[CertificateHash, ...])


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate with what is not shown of it."""

    certificate: StationCertificate
    chain: str
    key_digest: str
    request_id: int | None


# Certificates of stations


def insert(
    changes: ChangeSet,
    certificate: StationCertificate,
    *,
    chain: str,
    key_digest: str,
    request_id: int | None,
) -> None:
    c = certificate
    changes.write(
        _INSERT,
        (
            c.id,
            c.tenant_id,
            c.station_id,
            c.use,
            c.status,
            c.serial_number,
            c.fingerprint,
            c.subject,
            c.issuer,
            micros(c.valid_from),
            micros(c.valid_until),
            c.signed_by,
            micros(c.created_at),
            micros(c.changed_at),
            c.reason,
            None,
            None,
            "",
            chain,
            key_digest,
            request_id,
        ),
    )


def set_status(
    changes: ChangeSet,
    tenant_id: TenantId,
    certificate_id: str,
    status: CertificateStatus,
    *,
    reason: str,
    now: datetime,
) -> None:
    changes.write(_SET_STATUS, (status, reason, micros(now), certificate_id, tenant_id))


def revoke(
    changes: ChangeSet, tenant_id: TenantId, certificate_id: str, *, reason: str, by: str, now: datetime
) -> None:
    at = micros(now)
    changes.write(_REVOKE, (CertificateStatus.REVOKED, reason, at, at, by, certificate_id, tenant_id))


def note_renewal(changes: ChangeSet, tenant_id: TenantId, certificate_id: str, *, now: datetime) -> None:
    changes.write(_ASK_RENEWAL, (micros(now), certificate_id, tenant_id))


def by_id(conn: Connection, tenant_id: TenantId, certificate_id: str) -> Kept | None:
    c = certificates.c
    row = conn.execute(
        select(certificates).where(c.tenant_id == tenant_id, c.id == certificate_id)
    ).one_or_none()
    return None if row is None else _kept(row)


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None = None,
    use: LeafUse | None = None,
    status: CertificateStatus | None = None,
    fingerprint: str | None = None,
    ends_before: datetime | None = None,
    before: str | None = None,
    limit: int,
) -> list[Kept]:
    """Latest first; `before` is the id of the last one seen."""
    c = certificates.c
    query = select(certificates).where(c.tenant_id == tenant_id)
    if station_id is not None:
        query = query.where(c.station_id == station_id)
    if use is not None:
        query = query.where(c.use == use.value)
    if status is not None:
        query = query.where(c.status == status.value)
    if fingerprint is not None:
        query = query.where(c.fingerprint == fingerprint)
    if ends_before is not None:
        query = query.where(c.valid_until < micros(ends_before))
    if before is not None:
        query = query.where(c.id < before)
    return [_kept(row) for row in conn.execute(query.order_by(c.id.desc()).limit(limit))]


def revoked(conn: Connection) -> list[StationCertificate]:
    """Every revoked certificate of every tenant: what a handshake must know."""
    c = certificates.c
    rows = conn.execute(select(certificates).where(c.status == CertificateStatus.REVOKED.value))
    return [_kept(row).certificate for row in rows]


def ending(conn: Connection, *, before: datetime, asked_before: datetime, limit: int) -> list[Kept]:
    """Installed certificates of every tenant that end before a time and were not asked to be renewed of late."""
    c = certificates.c
    query = (
        select(certificates)
        .where(
            c.status == CertificateStatus.INSTALLED.value,
            c.valid_until < micros(before),
            c.renewal_asked_at.is_(None) | (c.renewal_asked_at < micros(asked_before)),
        )
        .order_by(c.valid_until)
        .limit(limit)
    )
    return [_kept(row) for row in conn.execute(query)]


def undelivered(conn: Connection, *, since: datetime, limit: int) -> list[Kept]:
    """Certificates of every tenant that were issued since a time and that no station has taken or refused."""
    c = certificates.c
    query = (
        select(certificates)
        .where(c.status == CertificateStatus.ISSUED.value, c.created_at >= micros(since))
        .order_by(c.id)
        .limit(limit)
    )
    return [_kept(row) for row in conn.execute(query)]


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        certificate=StationCertificate(
            id=row.id,
            tenant_id=row.tenant_id,
            station_id=row.station_id,
            use=LeafUse(row.use),
            status=CertificateStatus(row.status),
            serial_number=row.serial_number,
            fingerprint=row.fingerprint,
            subject=row.subject,
            issuer=row.issuer,
            valid_from=instant(row.valid_from),
            valid_until=instant(row.valid_until),
            signed_by=row.signed_by,
            created_at=instant(row.created_at),
            changed_at=instant(row.changed_at),
            reason=row.reason,
            renewal_asked_at=None if row.renewal_asked_at is None else instant(row.renewal_asked_at),
            revoked_at=None if row.revoked_at is None else instant(row.revoked_at),
            revoked_by=row.revoked_by,
        ),
        chain=row.chain,
        key_digest=row.key_digest,
        request_id=row.request_id,
    )


# What stations hold


def all_known(conn: Connection, *, limit: int) -> list[str]:
    """The roots that stations of any tenant were given (PEM)."""
    return list(conn.execute(select(known.c.certificate).limit(limit)).scalars())


def save_installed(changes: ChangeSet, tenant_id: TenantId, held: InstalledCertificate) -> None:
    changes.write(
        _SAVE_INSTALLED,
        (
            held.station_id,
            held.use,
            held.hash.issuer_key_hash,
            held.hash.serial_number,
            tenant_id,
            held.hash.algorithm,
            held.hash.issuer_name_hash,
            msgspec.json.encode(held.children).decode(),
            micros(held.at),
        ),
    )


def delete_installed(changes: ChangeSet, tenant_id: TenantId, held: InstalledCertificate) -> None:
    changes.write(
        _DELETE_INSTALLED,
        (held.station_id, held.use, held.hash.issuer_key_hash, held.hash.serial_number, tenant_id),
    )


def note_asked(changes: ChangeSet, tenant_id: TenantId, station_id: StationId, *, now: datetime) -> None:
    changes.write(_SAVE_ASKED, (station_id, tenant_id, micros(now)))


def held_by(
    conn: Connection, tenant_id: TenantId, station_id: StationId
) -> tuple[list[InstalledCertificate], datetime | None]:
    """What a station holds, and when it was last asked."""
    c = installed.c
    rows = conn.execute(
        select(installed)
        .where(c.tenant_id == tenant_id, c.station_id == station_id)
        .order_by(c.use, c.issuer_key_hash, c.serial_number)
    )
    held = [
        InstalledCertificate(
            station_id=row.station_id,
            use=row.use,
            hash=CertificateHash(
                algorithm=row.algorithm,
                issuer_name_hash=row.issuer_name_hash,
                issuer_key_hash=row.issuer_key_hash,
                serial_number=row.serial_number,
            ),
            children=_children.decode(row.children),
            at=instant(row.at),
        )
        for row in rows
    ]
    at = conn.execute(
        select(asked.c.at).where(asked.c.tenant_id == tenant_id, asked.c.station_id == station_id)
    ).scalar_one_or_none()
    return held, None if at is None else instant(at)
