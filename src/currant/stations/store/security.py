"""Passwords that stations were offered and have not used yet, and what became of the others."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, LargeBinary, Row, Table, Text, select

from currant.db.commits import ChangeSet, insert_into, update
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations.security_model import PasswordOffer, PasswordStatus
from currant.stations.store.tables import credentials

offers = Table(
    "station_password_offers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    # Whether a station may still come with it.
    Column("valid", Boolean, nullable=False),
    Column("offered_at", BigInteger, nullable=False),
    Column("offered_by", Text, nullable=False),
    # When the station came with its old password after this one was offered.
    Column("contradicted_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("reason", Text, nullable=False),
    Index(None, "station_id", "id"),
    Index(None, "valid", "offered_at"),
    Index(None, "ended_at"),
)

_INSERT = insert_into(offers)
_STATUS = update(offers, set=("status", "valid", "reason", "ended_at"), where=("id", "tenant_id"))
_CONTRADICT = update(offers, set=("contradicted_at",), where=("id", "tenant_id"))
# Those of a station that are still valid end together.
END_OFFERS = update(
    offers, set=("status", "valid", "reason", "ended_at"), where=("station_id", "tenant_id", "valid")
)


class KeptOffer(msgspec.Struct, frozen=True, kw_only=True):
    offer: PasswordOffer
    digest: bytes
    valid: bool


def insert(changes: ChangeSet, kept: KeptOffer) -> None:
    offer = kept.offer
    changes.write(
        _INSERT,
        (
            offer.id,
            offer.tenant_id,
            offer.station_id,
            kept.digest,
            offer.status,
            kept.valid,
            micros(offer.offered_at),
            offer.offered_by,
            None,
            None,
            offer.reason,
        ),
    )


def set_status(
    changes: ChangeSet,
    tenant_id: TenantId,
    offer_id: str,
    status: PasswordStatus,
    *,
    valid: bool,
    reason: str = "",
    ended_at: datetime | None = None,
) -> None:
    ended = None if ended_at is None else micros(ended_at)
    changes.write(_STATUS, (status, valid, reason, ended, offer_id, tenant_id))


def end_all(
    changes: ChangeSet,
    tenant_id: TenantId,
    station_id: StationId,
    status: PasswordStatus,
    *,
    reason: str,
    now: datetime,
) -> None:
    """End every offer of a station that is still valid."""
    changes.write(END_OFFERS, (status, False, reason, micros(now), station_id, tenant_id, True))


def contradict(changes: ChangeSet, tenant_id: TenantId, offer_id: str, *, now: datetime) -> None:
    changes.write(_CONTRADICT, (micros(now), offer_id, tenant_id))


def valid_offers(conn: Connection, *, station_id: StationId | None = None) -> list[KeptOffer]:
    """What stations of every tenant, or one, may still come with: a handshake knows no tenant."""
    query = select(offers).where(offers.c.valid.is_(True))
    if station_id is not None:
        query = query.where(offers.c.station_id == station_id)
    return [_kept(row) for row in conn.execute(query.order_by(offers.c.id))]


def offers_of(
    conn: Connection, tenant_id: TenantId, station_id: StationId, *, limit: int
) -> list[PasswordOffer]:
    """Latest first."""
    rows = conn.execute(
        select(offers)
        .where(offers.c.tenant_id == tenant_id, offers.c.station_id == station_id)
        .order_by(offers.c.id.desc())
        .limit(limit)
    )
    return [_kept(row).offer for row in rows]


def password_set_at(conn: Connection, tenant_id: TenantId, station_id: StationId) -> datetime | None:
    """Since when the station has its password; None when it has none."""
    at = conn.execute(
        select(credentials.c.changed_at).where(
            credentials.c.tenant_id == tenant_id, credentials.c.station_id == station_id
        )
    ).scalar_one_or_none()
    return None if at is None else instant(at)


def _kept(row: Row[Any]) -> KeptOffer:
    return KeptOffer(
        offer=PasswordOffer(
            id=row.id,
            tenant_id=row.tenant_id,
            station_id=row.station_id,
            status=PasswordStatus(row.status),
            offered_at=instant(row.offered_at),
            offered_by=row.offered_by,
            contradicted_at=None if row.contradicted_at is None else instant(row.contradicted_at),
            ended_at=None if row.ended_at is None else instant(row.ended_at),
            reason=row.reason,
        ),
        digest=bytes(row.digest),
        valid=bool(row.valid),
    )
