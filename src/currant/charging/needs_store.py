"""The table of what vehicles said they need, beside their sessions, and the queries on it."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Table, Text, bindparam, select

from currant.charging.needs import EnergyNeeds
from currant.charging.needs_model import EnergyRecord
from currant.db.commits import ChangeSet, upsert
from currant.db.queries import Query
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import SessionId, StationId, TenantId
from currant.stations.commanding.profiles import ChargingSchedule

session_needs = Table(
    "session_needs",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("evse", BigInteger, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("needs", Text),
    Column("told_at", BigInteger),
    Column("profile_id", BigInteger),
    Column("offered", Text),
    Column("offered_at", BigInteger),
    Column("outcome", Text, nullable=False),
    Column("planned", Text),
    Column("planned_at", BigInteger),
    Column("planned_accepted", Boolean),
    Column("renegotiations", BigInteger, nullable=False),
    Column("priority", Boolean, nullable=False),
    Column("allowed_transfers", Text),
    Index(None, "tenant_id", "station_id", "transaction_id"),
)

_UPSERT = upsert(session_needs, key=("session_id",))
_schedule = msgspec.json.Decoder(ChargingSchedule)
_needs = msgspec.json.Decoder(EnergyNeeds)
_words = msgspec.json.Decoder(tuple[str, ...])


def save(changes: ChangeSet, record: EnergyRecord) -> None:
    changes.write(
        _UPSERT,
        (
            record.session_id,
            changes.tenant_id,
            record.station_id,
            record.evse,
            record.transaction_id,
            _json(record.needs),
            None if record.told_at is None else micros(record.told_at),
            record.profile_id,
            _json(record.offered),
            None if record.offered_at is None else micros(record.offered_at),
            record.outcome,
            _json(record.planned),
            None if record.planned_at is None else micros(record.planned_at),
            record.planned_accepted,
            record.renegotiations,
            record.priority,
            _json(record.allowed_transfers),
        ),
    )


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


_BY_TRANSACTION = Query(
    select(session_needs).where(
        session_needs.c.tenant_id == bindparam("tenant"),
        session_needs.c.station_id == bindparam("station"),
        session_needs.c.transaction_id == bindparam("transaction"),
    ),
    "tenant",
    "station",
    "transaction",
)


def of_transaction(
    conn: Connection, tenant_id: TenantId, station_id: StationId, transaction_id: str
) -> EnergyRecord | None:
    row = _BY_TRANSACTION.first(conn, tenant_id, station_id, transaction_id)
    return None if row is None else _record(row)


def of_session(conn: Connection, tenant_id: TenantId, session_id: SessionId) -> EnergyRecord | None:
    c = session_needs.c
    row = conn.execute(
        select(session_needs).where(c.tenant_id == tenant_id, c.session_id == session_id)
    ).one_or_none()
    return None if row is None else _record(row)


def _record(row: Any) -> EnergyRecord:
    return EnergyRecord(
        session_id=row.session_id,
        station_id=row.station_id,
        evse=row.evse,
        transaction_id=row.transaction_id,
        needs=None if row.needs is None else _needs.decode(row.needs),
        told_at=None if row.told_at is None else instant(row.told_at),
        profile_id=row.profile_id,
        offered=None if row.offered is None else _schedule.decode(row.offered),
        offered_at=None if row.offered_at is None else instant(row.offered_at),
        outcome=row.outcome,
        planned=None if row.planned is None else _schedule.decode(row.planned),
        planned_at=None if row.planned_at is None else instant(row.planned_at),
        planned_accepted=None if row.planned_accepted is None else bool(row.planned_accepted),
        renegotiations=row.renegotiations,
        priority=bool(row.priority),
        allowed_transfers=None if row.allowed_transfers is None else _words.decode(row.allowed_transfers),
    )
