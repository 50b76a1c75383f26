"""What sessions count for policies: one row for each of both, and sums by day."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, select, text, tuple_

from currant.access.policy_model import OpenUse
from currant.access.store import tables
from currant.access.store.tables import policy_days, policy_uses
from currant.db.commits import ChangeSet
from currant.db.queries import Query
from currant.kit.clock import instant, micros
from currant.kit.ids import PolicyId, SessionId, TenantId

OPEN_MAX = 5_000
"""Open sessions of one policy that are looked at; whoever has more has no use for a pool."""

_d, _u = policy_days.c, policy_uses.c
# Every start of a session of a token with quotas asks these: prepared.
_SUMS = Query(
    select(
        func.coalesce(func.sum(_d.sessions), text("0")).label("sessions"),
        func.coalesce(func.sum(_d.energy_wh), text("0")).label("energy_wh"),
        func.coalesce(func.sum(_d.cost_minor), text("0")).label("cost_minor"),
    ).where(
        _d.tenant_id == bindparam("tenant"),
        _d.policy_id == bindparam("policy"),
        _d.subject == bindparam("subject"),
        _d.day >= bindparam("first", type_=BigInteger),
        _d.day < bindparam("beyond", type_=BigInteger),
    ),
    *("tenant", "policy", "subject", "first", "beyond"),
)
_OPEN = Query(
    select(policy_uses)
    .where(_u.policy_id == bindparam("policy"), text("open"), _u.tenant_id == bindparam("tenant"))
    .limit(OPEN_MAX),
    "policy",
    "tenant",
)


def sums(
    conn: Connection, tenant_id: TenantId, policy_id: PolicyId, subject: str, *, first: int, beyond: int
) -> tuple[int, int, int]:
    """(sessions, Wh, minor units) counted on the days from `first` to before `beyond`."""
    row = _SUMS.first(conn, tenant_id, policy_id, subject, first, beyond)
    assert row is not None
    return int(row.sessions), int(row.energy_wh), int(row.cost_minor)


def open_uses(conn: Connection, tenant_id: TenantId, policy_id: PolicyId) -> list[OpenUse]:
    return [_use(row) for row in _OPEN.all(conn, policy_id, tenant_id)]


# Asked after every step of every session: prepared.
_USES_OF = Query(
    select(policy_uses).where(_u.session_id == bindparam("session"), _u.tenant_id == bindparam("tenant")),
    "session",
    "tenant",
)


def uses_of(
    conn: Connection, tenant_id: TenantId, session_id: SessionId
) -> dict[PolicyId, tuple[OpenUse, bool]]:
    """What a session counts for each policy, and whether it is open."""
    rows = _USES_OF.all(conn, session_id, tenant_id)
    return {row.policy_id: (_use(row), bool(row.open)) for row in rows}


def save_use(
    changes: ChangeSet, tenant_id: TenantId, policy_id: PolicyId, use: OpenUse, *, is_open: bool
) -> None:
    changes.write(
        tables.SAVE_USE,
        (
            policy_id,
            use.session_id,
            tenant_id,
            use.number,
            use.station_id,
            use.evse,
            use.token_id,
            use.account_id,
            use.day,
            use.energy_wh,
            use.cost_minor,
            is_open,
            None if use.stop_asked_at is None else micros(use.stop_asked_at),
        ),
    )


def add(
    conn: Connection,
    changes: ChangeSet,
    tenant_id: TenantId,
    policy_id: PolicyId,
    subject: str,
    day: int,
    *,
    sessions: int,
    energy_wh: int,
    cost_minor: int,
) -> None:
    """Count more (or less) for a subject on a day; for use within a decision, once per subject and day."""
    row = conn.execute(
        select(policy_days).where(
            _d.policy_id == policy_id, _d.subject == subject, _d.day == day, _d.tenant_id == tenant_id
        )
    ).one_or_none()
    before = (0, 0, 0) if row is None else (row.sessions, row.energy_wh, row.cost_minor)
    changes.write(
        tables.SAVE_DAY,
        (
            policy_id,
            subject,
            day,
            tenant_id,
            before[0] + sessions,
            before[1] + energy_wh,
            before[2] + cost_minor,
        ),
    )


def policies_in_use(conn: Connection) -> Sequence[tuple[TenantId, PolicyId]]:
    """The policies, of whatever tenant, that open sessions count for."""
    rows = conn.execute(select(_u.tenant_id, _u.policy_id).where(text("open")).distinct().limit(1_000))
    return [(row.tenant_id, row.policy_id) for row in rows]


def forget_uses(conn: Connection, *, before: int, limit: int) -> int:
    """Delete what ended sessions of before a day counted, at most `limit`; how many went. The sums stay."""
    old = select(_u.policy_id, _u.session_id).where(_u.day < before, text("NOT open")).limit(limit)
    keys = [tuple(row) for row in conn.execute(old)]
    if not keys:
        return 0
    return conn.execute(policy_uses.delete().where(tuple_(_u.policy_id, _u.session_id).in_(keys))).rowcount


def forget_days(conn: Connection, *, before: int, limit: int) -> int:
    """Delete the sums of before a day, at most `limit`; how many went."""
    old = select(_d.policy_id, _d.subject, _d.day).where(_d.day < before).limit(limit)
    keys = [tuple(row) for row in conn.execute(old)]
    if not keys:
        return 0
    return conn.execute(
        policy_days.delete().where(tuple_(_d.policy_id, _d.subject, _d.day).in_(keys))
    ).rowcount


def _use(row: Any) -> OpenUse:
    return OpenUse(
        session_id=row.session_id,
        number=row.number,
        station_id=row.station_id,
        evse=row.evse,
        token_id=row.token_id,
        account_id=row.account_id,
        day=row.day,
        energy_wh=row.energy_wh,
        cost_minor=row.cost_minor,
        stop_asked_at=None if row.stop_asked_at is None else instant(row.stop_asked_at),
    )
