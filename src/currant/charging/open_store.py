"""What is asked of open sessions when somebody wants to charge: prepared, for every start may ask it."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, text

from currant.charging.store import sessions
from currant.db.queries import Query
from currant.kit.ids import SessionId, StationId, TenantId, TokenId

TOGETHER = 50

_c = sessions.c
_running = _c.phase == text("'active'")
_ENERGY = Query(
    select(_c.id, _c.energy_wh).where(
        _c.id.in_([bindparam(f"session{n}") for n in range(TOGETHER)]), _c.tenant_id == bindparam("tenant")
    ),
    *(f"session{n}" for n in range(TOGETHER)),
    "tenant",
)
_HERE = Query(
    select(_c.number)
    .where(
        _c.token_id == bindparam("token"),
        _running,
        _c.station_id == bindparam("station"),
        _c.tenant_id == bindparam("tenant"),
    )
    .limit(1),
    *("token", "station", "tenant"),
)


def energy_of(
    conn: Connection, tenant_id: TenantId, session_ids: Sequence[SessionId]
) -> dict[SessionId, int]:
    """What these sessions have taken so far, in Wh."""
    found: dict[SessionId, int] = {}
    for begin in range(0, len(session_ids), TOGETHER):
        some = session_ids[begin : begin + TOGETHER]
        padded = (*some, *[some[-1]] * (TOGETHER - len(some)))
        found.update((row.id, row.energy_wh) for row in _ENERGY.all(conn, *padded, tenant_id))
    return found


_UID_HERE = Query(
    select(_c.number)
    .where(
        _c.station_id == bindparam("station"),
        _running,
        _c.token_uid == bindparam("uid"),
        _c.authorised.is_(True),
        _c.tenant_id == bindparam("tenant"),
    )
    .limit(1),
    *("station", "uid", "tenant"),
)


def uid_runs_here(conn: Connection, tenant_id: TenantId, uid: str, station_id: StationId) -> bool:
    """Whether a session that was allowed runs at a station for a uid, whoever that is."""
    return _UID_HERE.first(conn, station_id, uid, tenant_id) is not None


def runs_here(conn: Connection, tenant_id: TenantId, token_id: TokenId, station_id: StationId) -> bool:
    """Whether a token has a session open at a station."""
    return _HERE.first(conn, token_id, station_id, tenant_id) is not None
