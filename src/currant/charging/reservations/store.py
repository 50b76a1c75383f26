"""The tables of reservations and of those who wait, and their queries.

`live` marks the few rows that matter now; what every authorisation asks is answered from indexes
that hold those alone.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    or_,
    select,
    text,
)

from currant.charging.reservations.model import (
    Reservation,
    ReservationFilter,
    ReservationState,
    Waiting,
    WaitingState,
)
from currant.charging.store import sessions
from currant.db.commits import ChangeSet, Row, upsert
from currant.db.queries import Query
from currant.db.tables import metadata
from currant.kit.clock import instant, micros
from currant.kit.ids import (
    AccountId,
    LocationId,
    ReservationId,
    SessionId,
    StationId,
    TenantId,
    TokenId,
    WaitingId,
)
from currant.stations.model import ConnectorStandard

_LIVE = text("live")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _whole(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


reservations = Table(
    "reservations",
    metadata,
    Column("id", Text, primary_key=True),
    _whole("number"),
    _text("tenant_id"),
    _text("state"),
    _text("reason"),
    _text("token_id"),
    _text("token_uid"),
    _text("token_kind"),
    Column("account_id", Text),
    Column("parent_uid", Text),
    Column("location_id", Text),
    Column("station_id", Text),
    _whole("evse", nullable=True),
    Column("connector_standard", Text),
    _whole("min_power_w", nullable=True),
    _text("place_station_id"),
    _whole("place_evse"),
    Column("any_evse", Boolean, nullable=False),
    _whole("starts_at"),
    _whole("ends_at"),
    Column("ad_hoc", Boolean, nullable=False),
    _whole("hold_from"),
    _whole("release_at"),
    _whole("booked_until"),
    _whole("held_since", nullable=True),
    _whole("ended_at", nullable=True),
    Column("session_id", Text),
    _whole("session_number", nullable=True),
    Column("waiting_id", Text),
    _whole("created_at"),
    _text("created_by"),
    _whole("next_at", nullable=True),
    _whole("tries"),
    Column("station_knows", Boolean, nullable=False),
    Column("retries", Boolean, nullable=False),
    Column("live", Boolean, nullable=False),
    UniqueConstraint("number"),
    Index(None, "tenant_id", "id"),
    Index(None, "place_station_id", "booked_until"),
    Index(None, "location_id", "booked_until"),
    Index(None, "token_id", "id"),
    Index(None, "ended_at"),
    Index(
        "ix_reservations_live_place",
        "place_station_id",
        "hold_from",
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    ),
    Index(
        "ix_reservations_live_token",
        "token_id",
        "hold_from",
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    ),
    Index("ix_reservations_live_account", "account_id", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index(
        "ix_reservations_due",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)

waiting = Table(
    "waiting_drivers",
    metadata,
    Column("id", Text, primary_key=True),
    _text("tenant_id"),
    _text("state"),
    _text("location_id"),
    Column("station_id", Text),
    _text("token_id"),
    _text("token_uid"),
    _text("token_kind"),
    Column("account_id", Text),
    Column("connector_standard", Text),
    _whole("min_power_w", nullable=True),
    _whole("joined_at"),
    _whole("called_at", nullable=True),
    _whole("ended_at", nullable=True),
    Column("reservation_id", Text),
    Column("session_id", Text),
    Column("live", Boolean, nullable=False),
    Index(None, "tenant_id", "id"),
    Index(None, "ended_at"),
    Index("ix_waiting_drivers_live", "location_id", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
    Index("ix_waiting_drivers_live_token", "token_id", sqlite_where=_LIVE, postgresql_where=_LIVE),
)

COLUMNS = tuple(column.name for column in reservations.columns if column.name != "live")
WAITING_COLUMNS = tuple(column.name for column in waiting.columns if column.name != "live")
SAVE = upsert(
    reservations, *COLUMNS, "live", key=("id",), keep=("tenant_id", "number", "created_at", "created_by")
)
SAVE_WAITING = upsert(waiting, *WAITING_COLUMNS, "live", key=("id",), keep=("tenant_id", "joined_at"))

_TIMES = frozenset(
    {
        *("starts_at", "ends_at", "hold_from", "release_at", "booked_until", "held_since", "ended_at"),
        *("created_at", "next_at", "joined_at", "called_at"),
    }
)
_FLAGS = frozenset({"any_evse", "ad_hoc", "station_knows", "retries"})
_WORDS: dict[str, Callable[[str], Any]] = {"connector_standard": ConnectorStandard}


def save(changes: ChangeSet, reservation: Reservation) -> None:
    changes.write(SAVE, (*_row(reservation, COLUMNS), reservation.is_open))


def save_waiting(changes: ChangeSet, driver: Waiting) -> None:
    changes.write(SAVE_WAITING, (*_row(driver, WAITING_COLUMNS), driver.is_on_the_list))


def _row(value: Reservation | Waiting, columns: Sequence[str]) -> Row:
    return tuple([_stored(name, getattr(value, name)) for name in columns])


def _stored(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _TIMES:
        return micros(value)
    return str(value) if name in ("state", "connector_standard") else value


def _values(found: Any, columns: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = dict(zip(columns, found, strict=True))
    for name, value in values.items():
        if value is None:
            continue
        if name in _TIMES:
            values[name] = instant(value)
        elif name in _FLAGS:
            values[name] = bool(value)
        elif name in _WORDS:
            values[name] = _WORDS[name](value)
    return values


def _reservation(found: Any) -> Reservation:
    values = _values(found, COLUMNS)
    return Reservation(**values | {"state": ReservationState(values["state"])})


def _waiting(found: Any) -> Waiting:
    values = _values(found, WAITING_COLUMNS)
    return Waiting(**values | {"state": WaitingState(values["state"])})


r, w = reservations.c, waiting.c
_all = select(*[r[name] for name in COLUMNS])
_of_tenant = _all.where(r.tenant_id == bindparam("tenant"))
_all_waiting = select(*[w[name] for name in WAITING_COLUMNS])

# What every authorisation and every start of a session asks.
_KEPT_AT = Query(
    _of_tenant.where(
        _LIVE, r.place_station_id == bindparam("station"), r.hold_from <= bindparam("now", type_=BigInteger)
    ).order_by(r.hold_from, r.id),
    "tenant",
    "station",
    "now",
)
_KEPT_FOR = Query(
    _of_tenant.where(
        _LIVE, r.token_id == bindparam("token"), r.hold_from <= bindparam("now", type_=BigInteger)
    )
    .order_by(r.hold_from, r.id)
    .limit(bindparam("most", type_=Integer)),
    "tenant",
    "token",
    "now",
    "most",
)


def kept_at(conn: Connection, tenant_id: TenantId, station_id: StationId, now: datetime) -> list[Reservation]:
    """The open reservations at a station whose place is to be kept now, the earliest first."""
    return [_reservation(row) for row in _KEPT_AT.all(conn, tenant_id, station_id, micros(now))]


def kept_for(conn: Connection, tenant_id: TenantId, token_id: TokenId, now: datetime) -> list[Reservation]:
    """The open reservations of a token whose place is to be kept now, the earliest first."""
    return [_reservation(row) for row in _KEPT_FOR.all(conn, tenant_id, token_id, micros(now), 10)]


def one(conn: Connection, tenant_id: TenantId, reservation_id: ReservationId) -> Reservation | None:
    row = conn.execute(_of_tenant.where(r.id == reservation_id), {"tenant": tenant_id}).one_or_none()
    return None if row is None else _reservation(row)


def by_number(conn: Connection, tenant_id: TenantId, number: int) -> Reservation | None:
    row = conn.execute(_of_tenant.where(r.number == number), {"tenant": tenant_id}).one_or_none()
    return None if row is None else _reservation(row)


# What follows is asked after every status and every session: prepared.
_AT_STATION = Query(
    _of_tenant.where(r.place_station_id == bindparam("station"), or_(_LIVE, r.next_at.is_not(None))).order_by(
        r.id
    ),
    "tenant",
    "station",
)
_OF_SESSION = Query(
    _of_tenant.where(r.token_id == bindparam("token"), r.session_id == bindparam("session"))
    .order_by(r.id.desc())
    .limit(bindparam("most", type_=Integer)),
    "tenant",
    "token",
    "session",
    "most",
)


def at_station(conn: Connection, tenant_id: TenantId, station_id: StationId) -> list[Reservation]:
    """The open reservations of a station's places, and those that it still has to be told are over."""
    return [_reservation(row) for row in _AT_STATION.all(conn, tenant_id, station_id)]


def of_session(
    conn: Connection, tenant_id: TenantId, token_id: TokenId, session_id: SessionId
) -> Reservation | None:
    """The reservation that a session of this token used up."""
    row = _OF_SESSION.first(conn, tenant_id, token_id, session_id, 1)
    return None if row is None else _reservation(row)


def booked(
    conn: Connection,
    tenant_id: TenantId,
    *,
    location_id: LocationId | None,
    station_ids: Collection[str],
    after: datetime,
) -> list[Reservation]:
    """What takes away places of these stations, or of this location, at any time after `after`."""
    place: Any = r.place_station_id.in_(sorted(station_ids))
    if location_id is not None:
        place = or_(place, r.location_id == location_id)
    query = _of_tenant.where(
        place, r.booked_until > micros(after), or_(_LIVE, r.state == ReservationState.USED.value)
    )
    return [
        _reservation(row) for row in conn.execute(query.order_by(r.starts_at, r.id), {"tenant": tenant_id})
    ]


def count_open(
    conn: Connection, tenant_id: TenantId, token_id: TokenId, account_id: AccountId | None
) -> tuple[int, int]:
    """How many reservations of the token, and of its account, are open."""
    query = select(func.count()).select_from(reservations).where(r.tenant_id == tenant_id, _LIVE)
    of_token: int = conn.execute(query.where(r.token_id == token_id)).scalar_one()
    if account_id is None:
        return of_token, 0
    return of_token, conn.execute(query.where(r.account_id == account_id)).scalar_one()


def search(
    conn: Connection, tenant_id: TenantId, wanted: ReservationFilter, *, before: str | None, limit: int
) -> list[Reservation]:
    """Latest made first."""
    query = _of_tenant
    if wanted.location_id is not None:
        query = query.where(r.location_id == wanted.location_id)
    if wanted.station_id is not None:
        query = query.where(r.place_station_id == wanted.station_id)
    if wanted.evse is not None:
        query = query.where(r.place_evse == wanted.evse)
    if wanted.token_id is not None:
        query = query.where(r.token_id == wanted.token_id)
    if wanted.token_uid is not None:
        query = query.where(func.lower(r.token_uid) == wanted.token_uid.lower())
    if wanted.account_id is not None:
        query = query.where(r.account_id == wanted.account_id)
    if wanted.number is not None:
        query = query.where(r.number == wanted.number)
    if wanted.state is not None:
        query = query.where(r.state == wanted.state.value)
    if wanted.open is not None:
        query = query.where(r.live.is_(wanted.open))
    if wanted.since is not None:
        query = query.where(r.ends_at > micros(wanted.since))
    if wanted.until is not None:
        query = query.where(r.starts_at < micros(wanted.until))
    if before is not None:
        query = query.where(r.id < before)
    rows = conn.execute(query.order_by(r.id.desc()).limit(limit), {"tenant": tenant_id})
    return [_reservation(row) for row in rows]


def due(conn: Connection, now: datetime, *, limit: int) -> list[tuple[TenantId, ReservationId]]:
    """Those of any tenant for which something is to be done by now, the longest due first."""
    query = select(r.tenant_id, r.id).where(r.next_at <= micros(now)).order_by(r.next_at).limit(limit)
    return [(TenantId(row.tenant_id), ReservationId(row.id)) for row in conn.execute(query)]


# Waiting


def one_waiting(conn: Connection, tenant_id: TenantId, waiting_id: WaitingId) -> Waiting | None:
    query = _all_waiting.where(w.tenant_id == tenant_id, w.id == waiting_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _waiting(row)


def on_the_list(conn: Connection, tenant_id: TenantId, location_id: LocationId) -> list[Waiting]:
    """Who waits at a location or was called, first come first."""
    query = _all_waiting.where(w.tenant_id == tenant_id, w.location_id == location_id, text("live"))
    return [_waiting(row) for row in conn.execute(query.order_by(w.joined_at, w.id))]


_WAITING_OF_TOKEN = Query(
    _all_waiting.where(
        w.tenant_id == bindparam("tenant"), w.token_id == bindparam("token"), text("live")
    ).order_by(w.id),
    "tenant",
    "token",
)


def waiting_of_token(conn: Connection, tenant_id: TenantId, token_id: TokenId) -> list[Waiting]:
    """Where a token is on a list."""
    return [_waiting(row) for row in _WAITING_OF_TOKEN.all(conn, tenant_id, token_id)]


def search_waiting(
    conn: Connection,
    tenant_id: TenantId,
    *,
    location_id: LocationId | None,
    token_uid: str | None,
    live: bool | None,
    before: str | None,
    limit: int,
) -> list[Waiting]:
    """Latest joined first."""
    query = _all_waiting.where(w.tenant_id == tenant_id)
    if location_id is not None:
        query = query.where(w.location_id == location_id)
    if token_uid is not None:
        query = query.where(func.lower(w.token_uid) == token_uid.lower())
    if live is not None:
        query = query.where(w.live.is_(live))
    if before is not None:
        query = query.where(w.id < before)
    return [_waiting(row) for row in conn.execute(query.order_by(w.id.desc()).limit(limit))]


def waited_too_long(
    conn: Connection, *, joined_before: datetime, limit: int
) -> list[tuple[TenantId, WaitingId]]:
    """Those of any tenant who have waited since before an instant and were never called."""
    query = select(w.tenant_id, w.id).where(
        text("live"), w.state == WaitingState.WAITING.value, w.joined_at < micros(joined_before)
    )
    return [(TenantId(row.tenant_id), WaitingId(row.id)) for row in conn.execute(query.limit(limit))]


def locations_with_waiting(conn: Connection, *, limit: int) -> list[tuple[TenantId, LocationId]]:
    """The locations, of any tenant, at which somebody waits to be called."""
    query = select(w.tenant_id, w.location_id).where(text("live"), w.state == WaitingState.WAITING.value)
    return [
        (TenantId(row.tenant_id), LocationId(row.location_id))
        for row in conn.execute(query.distinct().order_by(w.tenant_id, w.location_id).limit(limit))
    ]


# Sessions, as those who plan look at them


def charging_at(
    conn: Connection, tenant_id: TenantId, station_ids: Collection[str]
) -> dict[tuple[StationId, int], tuple[datetime, TokenId | None, SessionId]]:
    """(since when, whose, which) of the sessions that run at these stations' EVSEs."""
    s = sessions.c
    query = select(s.station_id, s.evse, s.started_at, s.token_id, s.id).where(
        s.tenant_id == tenant_id,
        s.station_id.in_(sorted(station_ids)),
        text("phase = 'active'"),
        s.evse.is_not(None),
    )
    return {
        (StationId(row.station_id), row.evse): (
            instant(row.started_at),
            None if row.token_id is None else TokenId(row.token_id),
            SessionId(row.id),
        )
        for row in conn.execute(query)
    }


def session_at(
    conn: Connection, tenant_id: TenantId, station_id: StationId, evse: int
) -> tuple[SessionId, int]:
    """(id, number) of the session that runs at an EVSE; there is one."""
    s = sessions.c
    query = (
        select(s.id, s.number)
        .where(s.tenant_id == tenant_id, s.station_id == station_id, s.evse == evse, text("phase = 'active'"))
        .order_by(s.started_at.desc())
        .limit(1)
    )
    row = conn.execute(query).one()
    return SessionId(row.id), row.number


def lengths(conn: Connection, tenant_id: TenantId, location_id: LocationId, *, most: int) -> list[float]:
    """How long the latest sessions at a location lasted, in seconds."""
    s = sessions.c
    query = (
        select(s.started_at, s.ended_at)
        .where(s.tenant_id == tenant_id, s.location_id == location_id, s.ended_at.is_not(None))
        .order_by(s.started_at.desc())
        .limit(most)
    )
    return [(row.ended_at - row.started_at) / 1e6 for row in conn.execute(query)]
