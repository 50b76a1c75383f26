"""The table of moves to another security profile, and every query over it."""

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Table, Text, select

from currant.db.commits import ChangeSet, upsert
from currant.db.tables import metadata
from currant.kit.clock import micros
from currant.kit.ids import StationId, TenantId
from currant.pki.security_upgrade import Upgrade, UpgradePhase

upgrades = Table(
    "security_upgrades",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("phase", Text, nullable=False),
    # Whether a handshake has to know of it.
    Column("open", Boolean, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("value", Text, nullable=False),
    Index(None, "tenant_id", "id"),
    Index(None, "station_id", "id"),
    Index(None, "open"),
)

_SAVE = upsert(upgrades, key=("id",), keep=("tenant_id", "station_id", "started_at"))
_upgrade = msgspec.json.Decoder(Upgrade)


def save(changes: ChangeSet, upgrade: Upgrade, *, is_open: bool) -> None:
    changes.write(
        _SAVE,
        (
            upgrade.id,
            upgrade.tenant_id,
            upgrade.station_id,
            upgrade.phase,
            is_open,
            micros(upgrade.started_at),
            msgspec.json.encode(upgrade).decode(),
        ),
    )


def all_open(conn: Connection, *, station_id: StationId | None = None) -> list[Upgrade]:
    """Those of every tenant, or of one station, that a handshake has to know of."""
    query = select(upgrades.c.value).where(upgrades.c.open.is_(True))
    if station_id is not None:
        query = query.where(upgrades.c.station_id == station_id)
    return [_upgrade.decode(value) for value in conn.execute(query.order_by(upgrades.c.id)).scalars()]


def search(
    conn: Connection,
    tenant_id: TenantId,
    *,
    station_id: StationId | None = None,
    phase: UpgradePhase | None = None,
    before: str | None = None,
    limit: int,
) -> list[Upgrade]:
    """Latest first; `before` is the id of the last one seen."""
    c = upgrades.c
    query = select(c.value).where(c.tenant_id == tenant_id)
    if station_id is not None:
        query = query.where(c.station_id == station_id)
    if phase is not None:
        query = query.where(c.phase == phase.value)
    if before is not None:
        query = query.where(c.id < before)
    values = conn.execute(query.order_by(c.id.desc()).limit(limit)).scalars()
    return [_upgrade.decode(value) for value in values]
