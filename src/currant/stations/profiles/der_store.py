"""The tables of DER controls and alarms, and the queries on them."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Table, Text, select

from currant.db.commits import ChangeSet, delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.der import DerControl
from currant.stations.profiles.der_model import DerAlarm, InstalledControl

der_controls = Table(
    "station_der_controls",
    metadata,
    Column("station_id", Text, primary_key=True),
    Column("control_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("control", Text, nullable=False),
    Column("superseded", Boolean, nullable=False),
    Column("started", Boolean, nullable=False),
    Column("installed_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index(None, "tenant_id", "station_id"),
)

der_alarms = Table(
    "station_der_alarms",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("info", Text, nullable=False),
    Index(None, "tenant_id", "station_id", "id"),
)

_UPSERT_CONTROL = upsert(der_controls, key=("station_id", "control_id"))
_DELETE_CONTROL = delete_from(der_controls, where=("station_id", "control_id", "tenant_id"))
_INSERT_ALARM = insert_into(der_alarms)
_END_ALARM = update(der_alarms, set=("ended_at",), where=("id", "tenant_id"))

_control = msgspec.json.Decoder(DerControl)

CONTROLS_MAX = 1_000


def save_control(changes: ChangeSet, found: InstalledControl) -> None:
    changes.write(
        _UPSERT_CONTROL,
        (
            found.station_id,
            found.control.id,
            changes.tenant_id,
            msgspec.json.encode(found.control).decode(),
            found.superseded,
            found.started,
            micros(found.installed_at),
            micros(found.changed_at),
        ),
    )


def remove_control(changes: ChangeSet, station_id: StationId, control_id: str) -> None:
    changes.write(_DELETE_CONTROL, (station_id, control_id, changes.tenant_id))


def controls_of(conn: Connection, tenant_id: TenantId, station_id: StationId) -> list[InstalledControl]:
    """A station's controls, by id."""
    c = der_controls.c
    rows = conn.execute(
        select(der_controls)
        .where(c.tenant_id == tenant_id, c.station_id == station_id)
        .order_by(c.control_id)
        .limit(CONTROLS_MAX)
    )
    return [
        InstalledControl(
            station_id=row.station_id,
            control=_control.decode(row.control),
            superseded=row.superseded,
            started=row.started,
            installed_at=instant(row.installed_at),
            changed_at=instant(row.changed_at),
        )
        for row in rows
    ]


def insert_alarm(changes: ChangeSet, alarm: DerAlarm) -> None:
    changes.write(
        _INSERT_ALARM,
        (
            alarm.id,
            changes.tenant_id,
            alarm.station_id,
            alarm.kind,
            alarm.fault,
            micros(alarm.began_at),
            None if alarm.ended_at is None else micros(alarm.ended_at),
            alarm.info,
        ),
    )


def end_alarm(changes: ChangeSet, alarm_id: str, *, at: datetime) -> None:
    changes.write(_END_ALARM, (micros(at), alarm_id, changes.tenant_id))


def open_alarms(conn: Connection, tenant_id: TenantId, station_id: StationId) -> list[DerAlarm]:
    """The alarms of a station that have not ended, the latest first."""
    c = der_alarms.c
    rows = conn.execute(
        select(der_alarms)
        .where(c.tenant_id == tenant_id, c.station_id == station_id, c.ended_at.is_(None))
        .order_by(c.id.desc())
        .limit(100)
    )
    return [_alarm(row) for row in rows]


def search_alarms(
    conn: Connection, tenant_id: TenantId, station_id: StationId, *, before: str | None, limit: int
) -> list[DerAlarm]:
    """Latest first; `before` is the id of the last one seen."""
    c = der_alarms.c
    query = select(der_alarms).where(c.tenant_id == tenant_id, c.station_id == station_id)
    if before is not None:
        query = query.where(c.id < before)
    return [_alarm(row) for row in conn.execute(query.order_by(c.id.desc()).limit(limit))]


def _alarm(row: Any) -> DerAlarm:
    return DerAlarm(
        id=row.id,
        station_id=row.station_id,
        kind=row.kind,
        fault=row.fault,
        began_at=instant(row.began_at),
        ended_at=None if row.ended_at is None else instant(row.ended_at),
        info=row.info,
    )
