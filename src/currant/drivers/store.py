"""The tables of drivers and their queries: who they are, how they sign in, what they asked for."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    LargeBinary,
    Row,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
)

from currant.db.commits import delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.drivers.model import Driver, KeptSubscription, Start, StartState
from currant.kit.clock import instant, micros
from currant.kit.ids import AccountId, StationId, TenantId

drivers = Table(
    "drivers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("guest", Boolean, nullable=False),
    # In lower case; NULL for guests, who are many without one.
    Column("email", Text),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("token_id", Text, nullable=False),
    Column("token_uid", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "email"),
    Index("ix_drivers_account", "tenant_id", "account_id"),
    Index("ix_drivers_guests", "seen_at", sqlite_where=text("guest"), postgresql_where=text("guest")),
)

driver_sign_ins = Table(
    "driver_sign_ins",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("driver_id", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_driver_sign_ins_driver", "tenant_id", "driver_id", "created_at"),
    Index("ix_driver_sign_ins_expires_at", "expires_at"),
)

driver_links = Table(
    "driver_links",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_driver_links_email", "tenant_id", "email", "created_at"),
    Index("ix_driver_links_expires_at", "expires_at"),
)

driver_challenges = Table(
    "driver_challenges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    # NULL for the challenge of somebody who is not signed in yet.
    Column("driver_id", Text),
    Column("challenge", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_driver_challenges_expires_at", "expires_at"),
)

driver_passkeys = Table(
    "driver_passkeys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("driver_id", Text, nullable=False),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    UniqueConstraint("tenant_id", "credential_id"),
    Index("ix_driver_passkeys_driver", "tenant_id", "driver_id"),
)

driver_starts = Table(
    "driver_starts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("driver_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("location_id", Text, nullable=False),
    Column("station_id", Text, nullable=False),
    Column("evse", BigInteger, nullable=False),
    Column("connector", BigInteger),
    Column("asked_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("remote_start_id", BigInteger),
    Column("session_id", Text),
    Column("stop_asked_at", BigInteger),
    Column("ended_at", BigInteger),
    Index("ix_driver_starts_driver", "tenant_id", "driver_id", "asked_at"),
    Index("ix_driver_starts_session", "tenant_id", "session_id"),
    Index(
        "ix_driver_starts_open",
        "asked_at",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("driver_id", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("p256dh", Text, nullable=False),
    Column("auth", Text, nullable=False),
    # Which sign-in set it: it goes with that.
    Column("sign_in", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tenant_id", "endpoint"),
    Index("ix_push_subscriptions_driver", "tenant_id", "driver_id"),
)

INSERT_DRIVER = insert_into(drivers)
SAVE_DRIVER = update(drivers, set=("guest", "email", "name", "language"), where=("tenant_id", "id"))
DRIVER_SEEN = update(drivers, set=("seen_at",), where=("tenant_id", "id"))
DELETE_DRIVER = delete_from(drivers, where=("tenant_id", "id"))
INSERT_SIGN_IN = insert_into(driver_sign_ins)
DELETE_SIGN_IN = delete_from(driver_sign_ins, where=("tenant_id", "digest"))
DELETE_SIGN_INS = delete_from(driver_sign_ins, where=("tenant_id", "driver_id"))
INSERT_LINK = insert_into(driver_links)
DELETE_LINK = delete_from(driver_links, where=("tenant_id", "digest"))
DELETE_LINKS = delete_from(driver_links, where=("tenant_id", "email"))
INSERT_CHALLENGE = insert_into(driver_challenges)
DELETE_CHALLENGE = delete_from(driver_challenges, where=("tenant_id", "id"))
INSERT_PASSKEY = insert_into(driver_passkeys)
PASSKEY_USED = update(driver_passkeys, set=("sign_count", "last_used_at"), where=("tenant_id", "id"))
DELETE_PASSKEY = delete_from(driver_passkeys, where=("tenant_id", "id"))
DELETE_PASSKEYS = delete_from(driver_passkeys, where=("tenant_id", "driver_id"))
SAVE_START = upsert(driver_starts, key=("id",))
DELETE_STARTS = delete_from(driver_starts, where=("tenant_id", "driver_id"))
PUT_SUBSCRIPTION = insert_into(push_subscriptions)
DELETE_SUBSCRIPTION = delete_from(push_subscriptions, where=("tenant_id", "id"))
DELETE_ENDPOINT = delete_from(push_subscriptions, where=("tenant_id", "endpoint"))
DELETE_SUBSCRIPTIONS = delete_from(push_subscriptions, where=("tenant_id", "driver_id"))
DELETE_SUBSCRIPTIONS_OF_SIGN_IN = delete_from(push_subscriptions, where=("tenant_id", "sign_in"))


class KeptPasskey(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    driver_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: int
    last_used_at: int | None


# Drivers


def driver(conn: Connection, tenant_id: TenantId, driver_id: str) -> Driver | None:
    row = conn.execute(
        select(drivers).where(drivers.c.tenant_id == tenant_id, drivers.c.id == driver_id)
    ).first()
    return None if row is None else _driver(row)


def driver_by_email(conn: Connection, tenant_id: TenantId, email: str) -> Driver | None:
    row = conn.execute(
        select(drivers).where(drivers.c.tenant_id == tenant_id, drivers.c.email == email)
    ).first()
    return None if row is None else _driver(row)


def driver_by_account(conn: Connection, tenant_id: TenantId, account_id: AccountId) -> Driver | None:
    row = conn.execute(
        select(drivers).where(drivers.c.tenant_id == tenant_id, drivers.c.account_id == account_id)
    ).first()
    return None if row is None else _driver(row)


def driver_row(made: Driver, *, now: int) -> tuple[Any, ...]:
    return (
        made.id,
        made.tenant_id,
        made.guest,
        made.email or None,
        made.name,
        made.language,
        made.account_id,
        made.token_id,
        made.token_uid,
        micros(made.created_at),
        now,
    )


def sign_in(conn: Connection, tenant_id: TenantId, digest: bytes, *, now: int) -> Driver | None:
    """The driver of a cookie that has not expired."""
    row = conn.execute(
        select(drivers)
        .join(driver_sign_ins, driver_sign_ins.c.driver_id == drivers.c.id)
        .where(
            driver_sign_ins.c.digest == digest,
            driver_sign_ins.c.tenant_id == tenant_id,
            drivers.c.tenant_id == tenant_id,
            driver_sign_ins.c.expires_at > now,
        )
    ).first()
    return None if row is None else _driver(row)


def oldest_sign_ins(conn: Connection, tenant_id: TenantId, driver_id: str, *, beyond: int) -> list[bytes]:
    """The digests of all but the newest `beyond` sign-ins of a driver."""
    rows = conn.execute(
        select(driver_sign_ins.c.digest)
        .where(driver_sign_ins.c.tenant_id == tenant_id, driver_sign_ins.c.driver_id == driver_id)
        .order_by(driver_sign_ins.c.created_at.desc())
        .offset(beyond)
    )
    return [row.digest for row in rows]


def link(conn: Connection, tenant_id: TenantId, digest: bytes, *, now: int) -> tuple[str, str] | None:
    """(address, language) of a link that has not expired."""
    row = conn.execute(
        select(driver_links.c.email, driver_links.c.language).where(
            driver_links.c.digest == digest,
            driver_links.c.tenant_id == tenant_id,
            driver_links.c.expires_at > now,
        )
    ).first()
    return None if row is None else (row.email, row.language)


def links_since(conn: Connection, tenant_id: TenantId, email: str, *, since: int) -> int:
    """How many links were sent to an address since then."""
    found = conn.execute(
        select(func.count()).where(
            driver_links.c.tenant_id == tenant_id,
            driver_links.c.email == email,
            driver_links.c.created_at >= since,
        )
    )
    return int(found.scalar_one())


def challenge(
    conn: Connection, tenant_id: TenantId, challenge_id: str, *, driver_id: str | None, now: int
) -> bytes | None:
    """A challenge that was given to this driver, or to nobody in particular, and has not expired."""
    c = driver_challenges.c
    query = select(c.challenge).where(c.id == challenge_id, c.tenant_id == tenant_id, c.expires_at > now)
    query = query.where(c.driver_id.is_(None) if driver_id is None else c.driver_id == driver_id)
    row = conn.execute(query).first()
    return None if row is None else bytes(row.challenge)


def passkeys(conn: Connection, tenant_id: TenantId, driver_id: str) -> list[KeptPasskey]:
    c = driver_passkeys.c
    rows = conn.execute(
        select(driver_passkeys).where(c.tenant_id == tenant_id, c.driver_id == driver_id).order_by(c.id)
    )
    return [_passkey(row) for row in rows]


def passkey_by_credential(conn: Connection, tenant_id: TenantId, credential_id: bytes) -> KeptPasskey | None:
    c = driver_passkeys.c
    row = conn.execute(
        select(driver_passkeys).where(c.tenant_id == tenant_id, c.credential_id == credential_id)
    ).first()
    return None if row is None else _passkey(row)


# What they asked for


def start(conn: Connection, tenant_id: TenantId, driver_id: str, start_id: str) -> Start | None:
    c = driver_starts.c
    row = conn.execute(
        select(driver_starts).where(c.tenant_id == tenant_id, c.driver_id == driver_id, c.id == start_id)
    ).first()
    return None if row is None else _start(row)


def starts_of_sessions(conn: Connection, tenant_id: TenantId, session_ids: Sequence[str]) -> dict[str, Start]:
    """The wishes that these sessions (a page of them) answer."""
    c = driver_starts.c
    rows = conn.execute(
        select(driver_starts).where(c.tenant_id == tenant_id, c.session_id.in_(list(session_ids)))
    )
    return {row.session_id: _start(row) for row in rows}


def open_starts(conn: Connection, tenant_id: TenantId, driver_id: str) -> list[Start]:
    """What a driver asked for and has not ended, the latest first."""
    c = driver_starts.c
    rows = conn.execute(
        select(driver_starts)
        .where(c.tenant_id == tenant_id, c.driver_id == driver_id, c.ended_at.is_(None))
        .order_by(c.asked_at.desc())
        .limit(50)
    )
    return [_start(row) for row in rows]


def recent_starts(
    conn: Connection, tenant_id: TenantId, driver_id: str, station_id: StationId, *, since: int
) -> list[Start]:
    """What a driver asked for at a station since an instant, the latest first."""
    c = driver_starts.c
    rows = conn.execute(
        select(driver_starts)
        .where(
            c.tenant_id == tenant_id,
            c.driver_id == driver_id,
            c.station_id == station_id,
            c.asked_at >= since,
        )
        .order_by(c.asked_at.desc())
        .limit(20)
    )
    return [_start(row) for row in rows]


def failed_starts(conn: Connection, tenant_id: TenantId, driver_id: str, *, since: int) -> list[Start]:
    """What did not come to be, the latest first."""
    c = driver_starts.c
    rows = conn.execute(
        select(driver_starts)
        .where(
            c.tenant_id == tenant_id,
            c.driver_id == driver_id,
            c.state == StartState.FAILED.value,
            c.asked_at >= since,
        )
        .order_by(c.asked_at.desc())
        .limit(5)
    )
    return [_start(row) for row in rows]


def all_open_starts(conn: Connection, *, before: int, limit: int) -> list[Start]:
    """Whatever was asked before an instant, of every tenant, and has not ended; the oldest first."""
    c = driver_starts.c
    rows = conn.execute(
        select(driver_starts)
        .where(c.ended_at.is_(None), c.asked_at < before)
        .order_by(c.asked_at)
        .limit(limit)
    )
    return [_start(row) for row in rows]


def start_row(made: Start) -> tuple[Any, ...]:
    return (
        made.id,
        made.tenant_id,
        made.driver_id,
        made.code,
        made.location_id,
        made.station_id,
        made.evse,
        made.connector,
        micros(made.asked_at),
        made.state.value,
        made.why,
        made.said[:500],
        made.remote_start_id,
        made.session_id,
        None if made.stop_asked_at is None else micros(made.stop_asked_at),
        None if made.ended_at is None else micros(made.ended_at),
    )


# Messages to their browsers


def subscriptions(conn: Connection, tenant_id: TenantId, driver_id: str) -> list[KeptSubscription]:
    """A driver's, the oldest first."""
    c = push_subscriptions.c
    rows = conn.execute(
        select(push_subscriptions).where(c.tenant_id == tenant_id, c.driver_id == driver_id).order_by(c.id)
    )
    return [
        KeptSubscription(
            id=row.id,
            tenant_id=row.tenant_id,
            driver_id=row.driver_id,
            endpoint=row.endpoint,
            p256dh=row.p256dh,
            auth=row.auth,
        )
        for row in rows
    ]


# Retention


def forget_expired(conn: Connection, *, before: int, limit: int) -> int:
    """Sign-ins, links and challenges whose time is over; how many went, at most `limit` of each kind."""
    gone = 0
    for table, key in (
        (driver_sign_ins, driver_sign_ins.c.digest),
        (driver_links, driver_links.c.digest),
        (driver_challenges, driver_challenges.c.id),
    ):
        old = select(key).where(table.c.expires_at < before).limit(limit)
        gone += conn.execute(delete(table).where(key.in_(old))).rowcount
    return gone


def guests_unseen(conn: Connection, *, before: int, limit: int) -> list[Driver]:
    """Guests who have not come back since an instant, of every tenant."""
    rows = conn.execute(
        select(drivers)
        .where(drivers.c.guest, drivers.c.seen_at < before)
        .order_by(drivers.c.seen_at)
        .limit(limit)
    )
    return [_driver(row) for row in rows]


def _driver(row: Row[Any]) -> Driver:
    return Driver(
        id=row.id,
        tenant_id=row.tenant_id,
        guest=row.guest,
        email=row.email or "",
        name=row.name,
        language=row.language,
        account_id=row.account_id,
        token_id=row.token_id,
        token_uid=row.token_uid,
        created_at=instant(row.created_at),
    )


def _passkey(row: Row[Any]) -> KeptPasskey:
    return KeptPasskey(
        id=row.id,
        driver_id=row.driver_id,
        credential_id=bytes(row.credential_id),
        public_key=bytes(row.public_key),
        sign_count=row.sign_count,
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )


def _start(row: Row[Any]) -> Start:
    return Start(
        id=row.id,
        tenant_id=row.tenant_id,
        driver_id=row.driver_id,
        code=row.code,
        location_id=row.location_id,
        station_id=row.station_id,
        evse=row.evse,
        connector=row.connector,
        asked_at=instant(row.asked_at),
        state=StartState(row.state),
        why=row.why,
        said=row.said,
        remote_start_id=row.remote_start_id,
        session_id=row.session_id,
        stop_asked_at=None if row.stop_asked_at is None else instant(row.stop_asked_at),
        ended_at=None if row.ended_at is None else instant(row.ended_at),
    )
