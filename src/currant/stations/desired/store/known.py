"""What stations have of the things that nothing else keeps (displayed messages, tariffs): rows and queries."""

from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from currant.db.commits import ChangeSet
from currant.db.queries import Query
from currant.kit.ids import StationId, TenantId
from currant.stations.desired.store import tables
from currant.stations.desired.store.tables import known
from currant.stations.store.tables import stations

_items = msgspec.json.Decoder(dict[str, Any])

_KNOWN = Query(
    select(known.c["items"].label("found"), known.c.read_at, stations.c.last_boot_at)
    .select_from(known.join(stations, stations.c.id == known.c.station_id))
    .where(
        known.c.station_id == bindparam("station"),
        known.c.aspect == bindparam("aspect"),
        known.c.tenant_id == bindparam("tenant"),
    ),
    "station",
    "aspect",
    "tenant",
)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a station has, by key; `stale` once it has booted since it was read."""

    items: dict[str, Any]
    read_at: int
    stale: bool


def of_station(conn: Connection, tenant_id: TenantId, station_id: StationId, aspect: str) -> Known | None:
    row = _KNOWN.first(conn, station_id, aspect, tenant_id)
    if row is None:
        return None
    return Known(
        items=_items.decode(row.found),
        read_at=row.read_at,
        # 0: forgotten, because an answer was lost.
        stale=row.read_at == 0 or (row.last_boot_at is not None and row.last_boot_at > row.read_at),
    )


def save(
    changes: ChangeSet, station_id: StationId, aspect: str, items: dict[str, Any], *, read_at: int
) -> None:
    changes.write(
        tables.SAVE_KNOWN,
        (station_id, aspect, changes.tenant_id, msgspec.json.encode(items).decode(), read_at),
    )
