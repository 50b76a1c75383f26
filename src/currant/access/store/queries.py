"""Tokens, groups and accounts: rows to values, values to rows, queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, bindparam, exists, or_, select

from currant.access.model import (
    Account,
    ConcurrentUse,
    Group,
    Token,
    TokenFacts,
    TokenKind,
    TokenStatus,
)
from currant.access.store import tables
from currant.access.store.tables import accounts, groups, tokens
from currant.access.uids import match_key
from currant.db.commits import ChangeSet, Write
from currant.db.queries import Query
from currant.kit.clock import instant, micros
from currant.kit.ids import AccountId, GroupId, LocationId, PolicyId, StationId, TenantId, TokenId

_ids = msgspec.json.Decoder(tuple[str, ...])


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _instant(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)


# Writing


def insert_token(changes: ChangeSet, token: Token) -> None:
    _write_token(changes, tables.INSERT_TOKEN, token)


def save_token(changes: ChangeSet, token: Token) -> None:
    _write_token(changes, tables.SAVE_TOKEN, token)


def _write_token(changes: ChangeSet, write: Write, token: Token) -> None:
    assert token.created_at is not None
    changes.write(
        write,
        (
            token.id,
            token.tenant_id,
            token.kind,
            token.uid,
            match_key(token.uid, token.kind),
            token.visual_number,
            token.status,
            _micros(token.valid_from),
            _micros(token.valid_until),
            token.group_id,
            token.account_id,
            token.concurrent_use,
            _text(token.locations),
            _text(token.stations),
            policies_text(token.policies),
            token.language,
            micros(token.created_at),
        ),
    )


def save_group(changes: ChangeSet, group: Group) -> None:
    assert group.created_at is not None
    changes.write(
        tables.SAVE_GROUP,
        (
            group.id,
            group.tenant_id,
            group.name,
            group.parent_uid,
            group.master,
            policies_text(group.policies),
            micros(group.created_at),
        ),
    )


def save_account(changes: ChangeSet, account: Account) -> None:
    assert account.created_at is not None
    changes.write(
        tables.SAVE_ACCOUNT,
        (
            account.id,
            account.tenant_id,
            account.name,
            account.email,
            account.blocked,
            policies_text(account.policies),
            micros(account.created_at),
            account.payment_overdue,
        ),
    )


def policies_text(ids: Sequence[PolicyId]) -> str | None:
    return msgspec.json.encode(ids).decode() if ids else None


def policies_from(stored: str | None) -> tuple[PolicyId, ...]:
    return tuple(PolicyId(each) for each in _ids.decode(stored)) if stored else ()


def _text(ids: Sequence[str]) -> str:
    return msgspec.json.encode(ids).decode() if ids else "[]"


# Reading


KEYS_MAX = 4
"""How many spellings of one uid are looked up at once (uids.match_keys gives no more)."""

_FACTS_OF = (
    select(
        tokens,
        groups.c.id.label("g_id"),
        groups.c.name.label("g_name"),
        groups.c.parent_uid.label("g_parent_uid"),
        groups.c.master.label("g_master"),
        groups.c.policies.label("g_policies"),
        accounts.c.id.label("a_id"),
        accounts.c.name.label("a_name"),
        accounts.c.email.label("a_email"),
        accounts.c.blocked.label("a_blocked"),
        accounts.c.policies.label("a_policies"),
        accounts.c.payment_overdue.label("a_payment_overdue"),
    )
    .select_from(
        tokens.outerjoin(
            groups, and_(groups.c.id == tokens.c.group_id, groups.c.tenant_id == tokens.c.tenant_id)
        ).outerjoin(
            accounts, and_(accounts.c.id == tokens.c.account_id, accounts.c.tenant_id == tokens.c.tenant_id)
        )
    )
    .where(tokens.c.tenant_id == bindparam("tenant"))
)
_FACTS = _FACTS_OF.where(
    tokens.c.match_key.in_([bindparam(f"key{n}") for n in range(KEYS_MAX)]),
)
_PARAMETERS = ("tenant", *(f"key{n}" for n in range(KEYS_MAX)))
# Every start of a session asks this: prepared.
_FACTS_OF_ANY_KIND = Query(_FACTS, *_PARAMETERS)
_FACTS_OF_A_KIND = Query(_FACTS.where(tokens.c.kind == bindparam("kind")), *_PARAMETERS, "kind")
_FACTS_OF_TOKEN = Query(_FACTS_OF.where(tokens.c.id == bindparam("token")), "tenant", "token")


def facts_of_token(conn: Connection, tenant_id: TenantId, token_id: TokenId) -> TokenFacts | None:
    row = _FACTS_OF_TOKEN.first(conn, tenant_id, token_id)
    return None if row is None else _facts(row)


def active_facts(
    conn: Connection, tenant_id: TenantId, *, after: TokenId | None, limit: int
) -> list[TokenFacts]:
    """Tokens that are not blocked, by id, with what is known of them; `after` is the last one seen."""
    query = _FACTS_OF.where(tokens.c.status == TokenStatus.ACTIVE.value)
    if after is not None:
        query = query.where(tokens.c.id > after)
    rows = conn.execute(query.order_by(tokens.c.id).limit(limit), {"tenant": tenant_id})
    return [_facts(row) for row in rows]


def facts(conn: Connection, tenant_id: TenantId, keys: Sequence[str], kind: TokenKind) -> list[TokenFacts]:
    """What is known under any of `keys`: of that kind, or of any kind when it is unknown."""
    if not keys:
        return []
    padded = (*keys, *[keys[-1]] * (KEYS_MAX - len(keys)))
    if kind is TokenKind.UNKNOWN:
        rows = _FACTS_OF_ANY_KIND.all(conn, tenant_id, *padded)
    else:
        rows = _FACTS_OF_A_KIND.all(conn, tenant_id, *padded, kind.value)
    return [_facts(row) for row in rows]


def token(conn: Connection, tenant_id: TenantId, token_id: TokenId) -> Token | None:
    row = conn.execute(
        select(tokens).where(tokens.c.tenant_id == tenant_id, tokens.c.id == token_id)
    ).one_or_none()
    return None if row is None else _token(row)


def tokens_by_key(conn: Connection, tenant_id: TenantId, keys: Sequence[str]) -> dict[tuple[str, str], Token]:
    """Those known under `keys` (a few hundred at most), by key and kind."""
    rows = conn.execute(select(tokens).where(tokens.c.tenant_id == tenant_id, tokens.c.match_key.in_(keys)))
    return {(row.match_key, row.kind): _token(row) for row in rows}


def search_tokens(
    conn: Connection,
    tenant_id: TenantId,
    *,
    kind: TokenKind | None,
    status: TokenStatus | None,
    group_id: GroupId | None,
    account_id: AccountId | None,
    keys: Sequence[str] | None,
    text: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Token]:
    """By uid; `after` is (uid, id) of the last one seen, `keys` asks for spellings of one uid."""
    c = tokens.c
    query = select(tokens).where(c.tenant_id == tenant_id)
    if kind is not None:
        query = query.where(c.kind == kind.value)
    if status is not None:
        query = query.where(c.status == status.value)
    if group_id is not None:
        query = query.where(c.group_id == group_id)
    if account_id is not None:
        query = query.where(c.account_id == account_id)
    if keys is not None:
        query = query.where(c.match_key.in_(keys))
    if text:
        query = query.where(
            or_(c.uid.icontains(text, autoescape=True), c.visual_number.icontains(text, autoescape=True))
        )
    if after is not None:
        query = query.where(or_(c.uid > after[0], and_(c.uid == after[0], c.id > after[1])))
    return [_token(row) for row in conn.execute(query.order_by(c.uid, c.id).limit(limit))]


def group(conn: Connection, tenant_id: TenantId, group_id: GroupId) -> Group | None:
    row = conn.execute(
        select(groups).where(groups.c.tenant_id == tenant_id, groups.c.id == group_id)
    ).one_or_none()
    return None if row is None else _group(row)


def groups_by_parent_uid(
    conn: Connection, tenant_id: TenantId, parent_uids: Sequence[str]
) -> dict[str, Group]:
    c = groups.c
    rows = conn.execute(select(groups).where(c.tenant_id == tenant_id, c.parent_uid.in_(parent_uids)))
    return {row.parent_uid: _group(row) for row in rows}


def search_groups(
    conn: Connection,
    tenant_id: TenantId,
    *,
    text: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Group]:
    """By name; `after` is (name, id) of the last one seen."""
    c = groups.c
    query = select(groups).where(c.tenant_id == tenant_id)
    if text:
        query = query.where(
            or_(c.name.icontains(text, autoescape=True), c.parent_uid.icontains(text, autoescape=True))
        )
    if after is not None:
        query = query.where(or_(c.name > after[0], and_(c.name == after[0], c.id > after[1])))
    return [_group(row) for row in conn.execute(query.order_by(c.name, c.id).limit(limit))]


def account(conn: Connection, tenant_id: TenantId, account_id: AccountId) -> Account | None:
    row = conn.execute(
        select(accounts).where(accounts.c.tenant_id == tenant_id, accounts.c.id == account_id)
    ).one_or_none()
    return None if row is None else _account(row)


def search_accounts(
    conn: Connection,
    tenant_id: TenantId,
    *,
    text: str | None,
    blocked: bool | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Account]:
    """By name; `after` is (name, id) of the last one seen."""
    c = accounts.c
    query = select(accounts).where(c.tenant_id == tenant_id)
    if blocked is not None:
        query = query.where(c.blocked.is_(blocked))
    if text:
        query = query.where(
            or_(c.name.icontains(text, autoescape=True), c.email.icontains(text, autoescape=True))
        )
    if after is not None:
        query = query.where(or_(c.name > after[0], and_(c.name == after[0], c.id > after[1])))
    return [_account(row) for row in conn.execute(query.order_by(c.name, c.id).limit(limit))]


def group_has_tokens(conn: Connection, tenant_id: TenantId, group_id: GroupId) -> bool:
    c = tokens.c
    return conn.execute(select(exists().where(c.tenant_id == tenant_id, c.group_id == group_id))).scalar_one()


def account_has_tokens(conn: Connection, tenant_id: TenantId, account_id: AccountId) -> bool:
    c = tokens.c
    return conn.execute(
        select(exists().where(c.tenant_id == tenant_id, c.account_id == account_id))
    ).scalar_one()


def _facts(row: Row[Any]) -> TokenFacts:
    known = _token(row)
    its_group = its_account = None
    if row.g_id is not None:
        its_group = Group(
            id=row.g_id,
            tenant_id=known.tenant_id,
            name=row.g_name,
            parent_uid=row.g_parent_uid,
            master=bool(row.g_master),
            policies=policies_from(row.g_policies),
        )
    if row.a_id is not None:
        its_account = Account(
            id=row.a_id,
            tenant_id=known.tenant_id,
            name=row.a_name,
            email=row.a_email,
            blocked=bool(row.a_blocked),
            policies=policies_from(row.a_policies),
            payment_overdue=bool(row.a_payment_overdue),
        )
    return TokenFacts(token=known, group=its_group, account=its_account)


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        tenant_id=row.tenant_id,
        kind=TokenKind(row.kind),
        uid=row.uid,
        visual_number=row.visual_number,
        status=TokenStatus(row.status),
        valid_from=_instant(row.valid_from),
        valid_until=_instant(row.valid_until),
        group_id=row.group_id,
        account_id=row.account_id,
        concurrent_use=ConcurrentUse(row.concurrent_use),
        locations=tuple(LocationId(each) for each in _ids.decode(row.locations)),
        stations=tuple(StationId(each) for each in _ids.decode(row.stations)),
        policies=policies_from(row.policies),
        language=row.language,
        created_at=instant(row.created_at),
    )


def _group(row: Row[Any]) -> Group:
    return Group(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        parent_uid=row.parent_uid,
        master=row.master,
        policies=policies_from(row.policies),
        created_at=instant(row.created_at),
    )


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        email=row.email,
        blocked=row.blocked,
        policies=policies_from(row.policies),
        created_at=instant(row.created_at),
        payment_overdue=row.payment_overdue,
    )
