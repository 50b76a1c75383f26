"""The tables of meters' keys and of sessions' evidence, and every query over them."""

from datetime import datetime

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, UniqueConstraint, select

from currant.billing.evidence.model import Judgement, KeyStanding, MeterKey, SessionEvidence, SignedRecord
from currant.db.commits import ChangeSet, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import SessionId, StationId, TenantId

KEYS_MAX = 200

keys = Table(
    "meter_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("evse", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("meter_serial", Text, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("valid_until", BigInteger),
    Column("by", Text, nullable=False),
    UniqueConstraint("station_id", "evse", "key"),
    Index(None, "tenant_id", "id"),
)

evidence = Table(
    "session_evidence",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("judged_at", BigInteger, nullable=False),
    Column("standing", Text, nullable=False),
    Column("energy_wh", BigInteger, nullable=False),
    Column("judgement", Text, nullable=False),
    Column("records", Text, nullable=False),
    Index(None, "tenant_id", "standing", "session_id"),
    Index(None, "station_id", "session_id"),
)

_SAVE_KEY = upsert(keys, key=("id",), keep=("tenant_id", "station_id", "first_seen"))
_SAVE = upsert(evidence, key=("session_id",), keep=("tenant_id", "station_id", "number"))
_judgement = msgspec.json.Decoder(Judgement)
_records = msgspec.json.Decoder(tuple[SignedRecord, ...])


def save_key(changes: ChangeSet, key: MeterKey) -> None:
    changes.write(
        _SAVE_KEY,
        (
            key.id,
            key.tenant_id,
            key.station_id,
            key.evse,
            key.key,
            key.standing.value,
            key.meter_serial,
            micros(key.first_seen),
            None if key.valid_until is None else micros(key.valid_until),
            key.by,
        ),
    )


def keys_of(
    conn: Connection, tenant_id: TenantId, station_id: StationId, *, evse: int | None = None
) -> list[MeterKey]:
    """The keys of a station, confirmed ones first; of one EVSE and the whole station's with `evse`."""
    c = keys.c
    query = select(keys).where(c.tenant_id == tenant_id, c.station_id == station_id)
    if evse is not None:
        query = query.where(c.evse.in_((evse, 0)))
    return [
        MeterKey(
            id=row.id,
            tenant_id=row.tenant_id,
            station_id=row.station_id,
            evse=row.evse,
            key=row.key,
            standing=KeyStanding(row.standing),
            meter_serial=row.meter_serial,
            first_seen=instant(row.first_seen),
            valid_until=None if row.valid_until is None else instant(row.valid_until),
            by=row.by,
        )
        for row in conn.execute(query.order_by(c.standing, c.first_seen, c.id).limit(KEYS_MAX))
    ]


def save(changes: ChangeSet, found: SessionEvidence) -> None:
    changes.write(
        _SAVE,
        (
            found.session_id,
            found.tenant_id,
            found.station_id,
            found.number,
            micros(found.judged_at),
            found.judgement.standing.value,
            found.energy_wh,
            msgspec.json.encode(found.judgement).decode(),
            msgspec.json.encode(found.records).decode(),
        ),
    )


def one(conn: Connection, tenant_id: TenantId, session_id: SessionId) -> SessionEvidence | None:
    c = evidence.c
    row = conn.execute(
        select(evidence).where(c.tenant_id == tenant_id, c.session_id == session_id)
    ).one_or_none()
    if row is None:
        return None
    return SessionEvidence(
        session_id=row.session_id,
        tenant_id=row.tenant_id,
        station_id=row.station_id,
        number=row.number,
        judged_at=instant(row.judged_at),
        judgement=_judgement.decode(row.judgement),
        records=_records.decode(row.records),
        energy_wh=row.energy_wh,
    )


def sessions_since(
    conn: Connection, tenant_id: TenantId, station_id: StationId, since: datetime, *, limit: int
) -> list[SessionId]:
    """Sessions of a station that were judged since, the latest first: those that a new key may change."""
    c = evidence.c
    query = (
        select(c.session_id)
        .where(c.tenant_id == tenant_id, c.station_id == station_id, c.judged_at >= micros(since))
        .order_by(c.session_id.desc())
        .limit(limit)
    )
    return [SessionId(each) for each in conn.execute(query).scalars()]
