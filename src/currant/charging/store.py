"""The tables of charging and the queries on sessions.

`sessions` has a row per session, keyed by its number: small, and the order of birth. Readings
hang on metering points (reading_store.py). Lists are answered from indexes that end in
`started_at`, because every list of sessions is newest first.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    bindparam,
    func,
    select,
    text,
    tuple_,
)

from currant.charging.model import Activity, Phase, Repair, Session, SessionFilter
from currant.db.commits import insert_into, update
from currant.db.queries import Query
from currant.db.tables import Position, metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import SessionId, StationId, TenantId, TokenId

sessions = Table(
    "sessions",
    metadata,
    Column("number", Position, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("tenant_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("location_id", Text),
    Column("evse", BigInteger),
    Column("connector", BigInteger),
    Column("phase", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("activity_since", BigInteger),
    Column("token_id", Text),
    Column("account_id", Text),
    Column("token_uid", Text, nullable=False),
    Column("token_kind", Text, nullable=False),
    Column("authorised", Boolean, nullable=False),
    Column("authorisation", Text, nullable=False),
    Column("authorisation_reference", Text, nullable=False, server_default=""),
    Column("start_cause", Text, nullable=False),
    Column("remote_start_id", BigInteger),
    Column("reservation_id", BigInteger),
    Column("ended_at", BigInteger),
    Column("stop_reason", Text, nullable=False),
    Column("stop_token_uid", Text, nullable=False),
    Column("meter_start_wh", BigInteger),
    Column("meter_last_wh", BigInteger),
    Column("meter_last_at", BigInteger),
    Column("meter_stop_wh", BigInteger),
    Column("energy_wh", BigInteger, nullable=False),
    Column("power_w", Float),
    Column("soc_percent", Float),
    Column("first_energy_at", BigInteger),
    Column("last_energy_at", BigInteger),
    Column("idle_since", BigInteger),
    Column("idle_s", BigInteger, nullable=False),
    Column("paused_by_station_s", BigInteger, nullable=False),
    Column("sequences_seen", Text, nullable=False),
    Column("offline", Boolean, nullable=False),
    Column("certain", Boolean, nullable=False),
    Column("repairs", Text),
    Column("received_at", BigInteger),
    Column("updated_at", BigInteger),
    Column("reported_started_at", BigInteger),
    Column("started_known", Boolean, nullable=False),
    Column("ended_sequence", BigInteger),
    Column("token_sequence", BigInteger),
    Column("freed_at", BigInteger),
    Column("rebooted_at", BigInteger),
    Column("timeline", Text),
    Column("base_wh", BigInteger),
    Column("before_wh", BigInteger, nullable=False),
    Column("odd_first_wh", BigInteger),
    Column("odd_last_wh", BigInteger),
    Column("odd_count", BigInteger, nullable=False),
    Column("estimated_wh", Float, nullable=False),
    Column("read_at", BigInteger),
    Column("heard_at", BigInteger),
    Column("meter_notes", BigInteger, nullable=False),
    UniqueConstraint("station_id", "transaction_id"),
    Index(None, "tenant_id", "started_at"),
    Index(None, "location_id", "started_at"),
    Index(None, "station_id", "started_at"),
    Index(None, "token_id", "started_at"),
    Index(None, "account_id", "started_at"),
    Index(None, "token_uid", "started_at"),
    Index(None, "tenant_id", "phase", "started_at", "number"),
    # The few that are asked for most: what runs now, and what needs a look.
    Index(
        "ix_sessions_active",
        "station_id",
        sqlite_where=text("phase = 'active'"),
        postgresql_where=text("phase = 'active'"),
    ),
    Index(
        "ix_sessions_active_token",
        "token_id",
        sqlite_where=text("phase = 'active'"),
        postgresql_where=text("phase = 'active'"),
    ),
    Index(
        "ix_sessions_silent",
        "updated_at",
        sqlite_where=text("phase = 'active'"),
        postgresql_where=text("phase = 'active'"),
    ),
    Index(
        "ix_sessions_uncertain",
        "started_at",
        "number",
        sqlite_where=text("NOT certain"),
        postgresql_where=text("NOT certain"),
    ),
)

_TIMES = frozenset(
    {
        "started_at",
        "activity_since",
        "ended_at",
        "meter_last_at",
        "first_energy_at",
        "last_energy_at",
        "idle_since",
        "received_at",
        "updated_at",
        "reported_started_at",
        "freed_at",
        "rebooted_at",
        "read_at",
        "heard_at",
    }
)
COLUMNS = tuple(sessions.columns.keys())
# What stays as it was at birth; the station's own word for it changes only in `RENAME`.
_FIXED = frozenset({"number", "id", "tenant_id", "station_id", "transaction_id", "received_at"})
_SAVED = tuple(name for name in COLUMNS if name not in _FIXED)

INSERT = insert_into(sessions, *COLUMNS)
SAVE = update(sessions, set=_SAVED, where=("number",))
# What a meter value moves while everything goes as it should: the hot path.
METERED = update(
    sessions,
    set=(
        *("energy_wh", "meter_last_wh", "meter_last_at", "power_w", "soc_percent", "last_energy_at"),
        *("read_at", "updated_at", "odd_count", "estimated_wh", "meter_notes", "sequences_seen", "heard_at"),
    ),
    where=("number",),
)
RENAME = update(sessions, set=("transaction_id",), where=("number",))

_repairs = msgspec.json.Decoder(tuple[Repair, ...])
_timeline = msgspec.json.Decoder(tuple[tuple[int, int, str], ...])
_json = msgspec.json.Encoder()


def row(session: Session, columns: Sequence[str] = COLUMNS) -> tuple[Any, ...]:
    return tuple([_stored(name, getattr(session, name)) for name in columns])


def save_row(session: Session) -> tuple[Any, ...]:
    return (*row(session, _SAVED), session.number)


def metered_row(session: Session, read_us: int, received_us: int) -> tuple[Any, ...]:
    """The row of `METERED`; `read_us` is `session.read_at`, known to the caller, who needs it too."""
    read_at, flowed_at, heard_at, last_at = (
        session.read_at,
        session.last_energy_at,
        session.heard_at,
        session.meter_last_at,
    )
    return (
        session.energy_wh,
        session.meter_last_wh,
        read_us if last_at is read_at else _micros(last_at),
        session.power_w,
        session.soc_percent,
        read_us if flowed_at is read_at else _micros(flowed_at),
        read_us,
        received_us,
        session.odd_count,
        session.estimated_wh,
        session.meter_notes,
        sequences_text(session.sequences_seen),
        read_us if heard_at == read_at else _micros(heard_at),
        session.number,
    )


def sequences_text(seen: tuple[tuple[int, int], ...]) -> str:
    """`0-57,60-61`: short, and readable in the database."""
    if len(seen) == 1:
        return f"{seen[0][0]}-{seen[0][1]}"
    return ",".join([f"{low}-{high}" for low, high in seen])


def _sequences(stored: str) -> tuple[tuple[int, int], ...]:
    if not stored:
        return ()
    ranges = []
    for part in stored.split(","):
        # A number below zero has a sign of its own.
        low, _, high = part.rpartition("-") if part.count("-") == 1 else _signed(part)
        ranges.append((int(low), int(high)))
    return tuple(ranges)


def _signed(part: str) -> tuple[str, str, str]:
    middle = part.index("-", 1)
    return part[:middle], "-", part[middle + 1 :]


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _stored(name: str, value: Any) -> Any:
    if value is None or name not in _CODED:
        return value
    return _CODED[name](value)


def _json_or_none(value: Any) -> str | None:
    return _json.encode(value).decode() if value else None


_CODED: dict[str, Callable[[Any], Any]] = dict.fromkeys(_TIMES, micros) | {
    "phase": str,
    "activity": str,
    "sequences_seen": sequences_text,
    "repairs": _json_or_none,
    "timeline": _json_or_none,
}


def session_of(found: Any) -> Session:
    values: dict[str, Any] = dict(zip(COLUMNS, found, strict=True))
    for name in _TIMES:
        if values[name] is not None:
            values[name] = instant(values[name])
    values["phase"] = Phase(values["phase"])
    values["activity"] = Activity(values["activity"])
    values["sequences_seen"] = _sequences(values["sequences_seen"])
    values["repairs"] = _repairs.decode(values["repairs"]) if values["repairs"] else ()
    values["timeline"] = _timeline.decode(values["timeline"]) if values["timeline"] else ()
    for name in ("authorised", "offline", "certain", "started_known"):
        values[name] = bool(values[name])
    return Session(**values)


_all = select(*[sessions.c[name] for name in COLUMNS])


_of_tenant = _all.where(sessions.c.tenant_id == bindparam("tenant"))
_of_station = _of_tenant.where(sessions.c.station_id == bindparam("station"))
_newest = _of_station.order_by(sessions.c.started_at.desc()).limit(bindparam("most", type_=Integer))
_running = sessions.c.phase == text("'active'")

# What every start, stop and connection asks: prepared.
_ONE = Query(_of_tenant.where(sessions.c.id == bindparam("session")), "tenant", "session")
_OF_TRANSACTION = Query(
    _of_station.where(sessions.c.transaction_id == bindparam("transaction")),
    "tenant",
    "station",
    "transaction",
)
_ACTIVE = Query(_of_station.where(_running).order_by(sessions.c.started_at), "tenant", "station")
_LATEST = Query(_newest, "tenant", "station", "most")
_LATEST_AT = Query(
    _newest.where(sessions.c.evse == bindparam("evse", type_=BigInteger)), "tenant", "station", "most", "evse"
)
_STARTED_AT = Query(
    _of_station.where(sessions.c.started_at == bindparam("at")).limit(20), "tenant", "station", "at"
)
_OPEN_ELSEWHERE = Query(
    select(sessions.c.station_id, sessions.c.evse, sessions.c.number)
    .where(
        sessions.c.token_id == bindparam("token"),
        _running,
        sessions.c.authorised.is_(True),
        sessions.c.tenant_id == bindparam("tenant"),
    )
    .limit(1000),
    "tenant",
    "token",
)


def one(conn: Connection, tenant_id: TenantId, session_id: SessionId) -> Session | None:
    found = _ONE.first(conn, tenant_id, session_id)
    return None if found is None else session_of(found)


def of_transaction(
    conn: Connection, tenant_id: TenantId, station_id: StationId, transaction_id: str
) -> Session | None:
    found = _OF_TRANSACTION.first(conn, tenant_id, station_id, transaction_id)
    return None if found is None else session_of(found)


def active_of(conn: Connection, tenant_id: TenantId, station_ids: Sequence[StationId]) -> list[Session]:
    """The running sessions of some stations, the oldest first."""
    if len(station_ids) == 1:
        return [session_of(found) for found in _ACTIVE.all(conn, tenant_id, station_ids[0])]
    query = _all.where(
        sessions.c.station_id.in_(station_ids), _running, sessions.c.tenant_id == tenant_id
    ).order_by(sessions.c.started_at)
    return [session_of(found) for found in conn.execute(query)]


def latest_of(
    conn: Connection, tenant_id: TenantId, station_id: StationId, *, evse: int | None = None, limit: int
) -> list[Session]:
    """The last sessions of a station (or of one of its EVSEs), newest first."""
    if evse is None:
        return [session_of(found) for found in _LATEST.all(conn, tenant_id, station_id, limit)]
    return [session_of(found) for found in _LATEST_AT.all(conn, tenant_id, station_id, limit, evse)]


def started_at(conn: Connection, tenant_id: TenantId, station_id: StationId, at: datetime) -> list[Session]:
    return [session_of(found) for found in _STARTED_AT.all(conn, tenant_id, station_id, micros(at))]


def count_active(
    conn: Connection,
    tenant_id: TenantId,
    token_id: TokenId,
    *,
    station_id: StationId,
    evse: int | None,
    number: int | None = None,
) -> int:
    """How many sessions a token has open elsewhere: not on this EVSE (None: at this station), nor this one."""
    return sum(
        not (found.station_id == station_id and (evse is None or found.evse == evse))
        and found.number != number
        for found in _OPEN_ELSEWHERE.all(conn, tenant_id, token_id)
    )


def silent(
    conn: Connection,
    *,
    silent_before: datetime,
    rebooted_before: datetime,
    freed_before: datetime,
    limit: int,
) -> list[Session]:
    """Running sessions, of whatever tenant, that may be dead; zombies.py says which are."""
    active = sessions.c.phase == text("'active'")
    quiet = sessions.c.updated_at <= micros(silent_before)
    rebooted = (sessions.c.rebooted_at <= micros(rebooted_before)) & (
        sessions.c.updated_at <= sessions.c.rebooted_at
    )
    freed = (sessions.c.freed_at <= micros(freed_before)) & (
        sessions.c.read_at.is_(None) | (sessions.c.read_at <= sessions.c.freed_at)
    )
    query = _all.where(active, quiet | rebooted | freed).order_by(sessions.c.updated_at).limit(limit)
    return [session_of(found) for found in conn.execute(query)]


def search(
    conn: Connection,
    tenant_id: TenantId,
    wanted: SessionFilter,
    *,
    before: tuple[int, int] | None,
    limit: int,
) -> list[Session]:
    """Newest first, those that started before (microseconds, number)."""
    query = _all.where(*_conditions(tenant_id, wanted))
    if before is not None:
        query = query.where(
            sessions.c.started_at <= before[0],
            tuple_(sessions.c.started_at, sessions.c.number) < tuple_(*before),
        )
    query = query.order_by(sessions.c.started_at.desc(), sessions.c.number.desc()).limit(limit)
    return [session_of(found) for found in conn.execute(query)]


def count(conn: Connection, tenant_id: TenantId, wanted: SessionFilter, *, most: int) -> int:
    """How many there are, counted no further than `most`."""
    few = select(sessions.c.number).where(*_conditions(tenant_id, wanted)).limit(most)
    return int(conn.execute(select(func.count()).select_from(few.subquery())).scalar_one())


_NARROW = ("location_id", "station_id", "token_id", "token_uid", "account_id", "number", "transaction_id")


def _conditions(tenant_id: TenantId, wanted: SessionFilter) -> list[ColumnElement[bool] | TextClause]:
    conditions: list[ColumnElement[bool] | TextClause] = []
    for name in _NARROW:
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(sessions.c[name] == value)
    # Without statistics SQLite cannot tell which of two indexes finds fewer rows, and may walk through
    # all sessions of the tenant in search of one token's; so the tenant is then no index's business.
    if conditions or wanted.certain is False:
        conditions.append(func.coalesce(sessions.c.tenant_id, "") == tenant_id)
    else:
        conditions.append(sessions.c.tenant_id == tenant_id)
    if wanted.phase is not None:
        # Spelled out, so that the index of what is active is seen to fit.
        conditions.append(sessions.c.phase == text(f"'{Phase(wanted.phase).value}'"))
    if wanted.certain is not None:
        # Spelled as the index of the uncertain ones is.
        conditions.append(sessions.c.certain.is_(True) if wanted.certain else text("NOT sessions.certain"))
    if wanted.since is not None:
        conditions.append(sessions.c.started_at >= micros(wanted.since))
    if wanted.until is not None:
        conditions.append(sessions.c.started_at < micros(wanted.until))
    return conditions
