"""Policies and holiday calendars: rows to values, values to rows, queries."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, and_, bindparam, or_, select

from currant.access.policy_model import HolidayCalendar, Members, Policy
from currant.access.store import tables
from currant.access.store.tables import accounts, calendars, groups, policies, tokens
from currant.db.commits import ChangeSet
from currant.db.queries import Query
from currant.kit.clock import instant, micros
from currant.kit.ids import AccountId, CalendarId, GroupId, PolicyId, TenantId, TokenId

_OF_THE_ROW = frozenset({"id", "tenant_id", "name", "revision", "created_at"})
_json = msgspec.json.Encoder()


def save_policy(changes: ChangeSet, policy: Policy) -> None:
    assert policy.created_at is not None
    changes.write(
        tables.SAVE_POLICY,
        (
            policy.id,
            policy.tenant_id,
            policy.name,
            _content(policy),
            policy.revision,
            micros(policy.created_at),
        ),
    )


def save_calendar(changes: ChangeSet, calendar: HolidayCalendar) -> None:
    assert calendar.created_at is not None
    changes.write(
        tables.SAVE_CALENDAR,
        (
            calendar.id,
            calendar.tenant_id,
            calendar.name,
            _content(calendar),
            calendar.revision,
            micros(calendar.created_at),
        ),
    )


def _content(value: Policy | HolidayCalendar) -> str:
    fields = {name: getattr(value, name) for name in value.__struct_fields__ if name not in _OF_THE_ROW}
    return _json.encode(fields).decode()


_POLICY = Query(
    select(policies).where(policies.c.tenant_id == bindparam("tenant"), policies.c.id == bindparam("policy")),
    "tenant",
    "policy",
)
_CALENDAR = Query(
    select(calendars).where(
        calendars.c.tenant_id == bindparam("tenant"), calendars.c.id == bindparam("calendar")
    ),
    "tenant",
    "calendar",
)


def policy(conn: Connection, tenant_id: TenantId, policy_id: PolicyId) -> Policy | None:
    row = _POLICY.first(conn, tenant_id, policy_id)
    return None if row is None else _policy(row)


def calendar(conn: Connection, tenant_id: TenantId, calendar_id: CalendarId) -> HolidayCalendar | None:
    row = _CALENDAR.first(conn, tenant_id, calendar_id)
    return None if row is None else _calendar(row)


def search_policies(
    conn: Connection,
    tenant_id: TenantId,
    *,
    text: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Policy]:
    """By name; `after` is (name, id) of the last one seen."""
    return [_policy(row) for row in _search(conn, policies, tenant_id, text, after, limit)]


def search_calendars(
    conn: Connection,
    tenant_id: TenantId,
    *,
    text: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[HolidayCalendar]:
    """By name; `after` is (name, id) of the last one seen."""
    return [_calendar(row) for row in _search(conn, calendars, tenant_id, text, after, limit)]


def policies_by_name(conn: Connection, tenant_id: TenantId, names: Sequence[str]) -> dict[str, PolicyId]:
    c = policies.c
    rows = conn.execute(select(c.name, c.id).where(c.tenant_id == tenant_id, c.name.in_(names)))
    return {row.name: row.id for row in rows}


def count_policies(conn: Connection, tenant_id: TenantId, *, most: int) -> int:
    rows = conn.execute(select(policies.c.id).where(policies.c.tenant_id == tenant_id).limit(most))
    return len(rows.all())


def members(conn: Connection, tenant_id: TenantId, policy_id: PolicyId, *, limit: int) -> Members:
    """Whom a policy is given to itself: tokens, groups and accounts, at most so many of each."""

    def given(table: Table) -> list[str]:
        c = table.c
        query = select(c.id).where(c.tenant_id == tenant_id, c.policies.contains(f'"{policy_id}"'))
        return [row.id for row in conn.execute(query.order_by(c.id).limit(limit))]

    return Members(
        tokens=tuple(TokenId(each) for each in given(tokens)),
        groups=tuple(GroupId(each) for each in given(groups)),
        accounts=tuple(AccountId(each) for each in given(accounts)),
    )


def policies_with_calendar(conn: Connection, tenant_id: TenantId, calendar_id: CalendarId) -> list[str]:
    """The names of some policies that use a holiday calendar."""
    c = policies.c
    query = select(c.name).where(c.tenant_id == tenant_id, c.rules.contains(f'"{calendar_id}"')).limit(5)
    return [row.name for row in conn.execute(query)]


def _search(
    conn: Connection,
    table: Table,
    tenant_id: TenantId,
    text: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Any]:
    c = table.c
    query = select(table).where(c.tenant_id == tenant_id)
    if text:
        query = query.where(c.name.icontains(text, autoescape=True))
    if after is not None:
        query = query.where(or_(c.name > after[0], and_(c.name == after[0], c.id > after[1])))
    return list(conn.execute(query.order_by(c.name, c.id).limit(limit)))


def _policy(row: Row[Any]) -> Policy:
    return msgspec.convert(_whole(row, row.rules), Policy)


def _calendar(row: Row[Any]) -> HolidayCalendar:
    return msgspec.convert(_whole(row, row.content), HolidayCalendar)


def _whole(row: Row[Any], content: str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(content)
    return fields | {
        "id": row.id,
        "tenant_id": row.tenant_id,
        "name": row.name,
        "revision": row.revision,
        "created_at": instant(row.created_at),
    }
