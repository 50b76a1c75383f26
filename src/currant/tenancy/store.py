"""The tables of tenancy and their queries.

A few queries ask before a tenant is known, because they are how it becomes known; `SYSTEM_WIDE` lists
them with the reason.
"""

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
    and_,
    delete,
    false,
    func,
    select,
)

from currant.db.commits import delete_from, insert_into, update
from currant.db.tables import metadata
from currant.kit.clock import instant
from currant.kit.ids import KeyId, PersonId, TenantId
from currant.tenancy.model import ApiKey, Organisation, Person, Role

SYSTEM_WIDE = {
    "all_organisations": "the list of tenants itself",
    "host_organisation": "the first start asks whether there is any tenant yet",
    "person_by_login": "signing in is how a tenant becomes known",
    "organisations_named": "a setting names an organisation",
    "key_by_prefix": "an API key is how a tenant becomes known",
    "forget_expired": "what has ended has ended for every tenant",
    "login_by_digest": "a session cookie is how a tenant becomes known",
}

organisations = Table(
    "organisations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("host", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("require_second_factor", Boolean, nullable=False, server_default=false()),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("password_expires_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("last_login_at", BigInteger),
    Column("language", Text, nullable=False, server_default=""),
    Column("time_zone", Text, nullable=False, server_default=""),
    # Whether there is a confirmed second factor: kept with the factors' rows, so that a list need not look.
    Column("second_factor", Boolean, nullable=False, server_default=false()),
    Column("invited_until", BigInteger),
    Column("email_confirmed", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("login"),
    Index("ix_people_tenant", "tenant_id", "login"),
    Index("ix_people_tenant_email", "tenant_id", "email"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
    UniqueConstraint("prefix"),
    Index("ix_api_keys_tenant", "tenant_id", "created_at"),
)

logins = Table(
    "logins",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("remote_address", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("way", Text, nullable=False, server_default=""),
    # More than a password was shown when it was opened.
    Column("strong", Boolean, nullable=False, server_default=false()),
    Index("ix_logins_person", "person_id", "created_at"),
    Index("ix_logins_expires_at", "expires_at"),
)

# Answers to requests that carried an Idempotency-Key: a repeat gets the same answer, not a second charge.
idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", BigInteger),
    Column("body", LargeBinary),
    Column("asked_at", BigInteger, nullable=False),
    Index("ix_idempotent_answers_asked_at", "asked_at"),
)

INSERT_ORGANISATION = insert_into(organisations)
CHANGE_ORGANISATION = update(organisations, set=("name", "require_second_factor"), where=("id",))

INSERT_PERSON = insert_into(people)
CHANGE_PERSON = update(
    people,
    set=("name", "email", "role", "active", "language", "time_zone", "email_confirmed"),
    where=("tenant_id", "id"),
)
SET_SECOND_FACTOR = update(people, set=("second_factor",), where=("tenant_id", "id"))
SET_INVITED = update(people, set=("invited_until",), where=("tenant_id", "id"))
SET_PASSWORD = update(
    people,
    set=("password_hash", "must_change_password", "password_expires_at"),
    where=("tenant_id", "id"),
)
SET_LAST_LOGIN = update(people, set=("last_login_at",), where=("tenant_id", "id"))
DELETE_PERSON = delete_from(people, where=("tenant_id", "id"))

INSERT_KEY = insert_into(api_keys)
REVOKE_KEY = update(api_keys, set=("revoked_at",), where=("tenant_id", "id"))
KEY_USED = update(api_keys, set=("last_used_at",), where=("tenant_id", "id"))

INSERT_LOGIN = insert_into(logins)
LOGIN_SEEN = update(logins, set=("seen_at",), where=("tenant_id", "digest"))
DELETE_LOGIN = delete_from(logins, where=("tenant_id", "digest"))
DELETE_LOGINS_OF_PERSON = delete_from(logins, where=("tenant_id", "person_id"))

INSERT_ANSWER = insert_into(idempotent_answers)
KEEP_ANSWER = update(
    idempotent_answers, set=("status", "body"), where=("tenant_id", "caller", "key", "asked_at")
)
DELETE_ANSWER = delete_from(idempotent_answers, where=("tenant_id", "caller", "key", "asked_at"))


def host_organisation(connection: Connection) -> Organisation | None:
    row = connection.execute(
        select(organisations).where(organisations.c.host).order_by(organisations.c.created_at).limit(1)
    ).first()
    return None if row is None else _organisation(row)


def organisation(connection: Connection, tenant_id: TenantId) -> Organisation | None:
    row = connection.execute(select(organisations).where(organisations.c.id == tenant_id)).first()
    return None if row is None else _organisation(row)


def all_organisations(connection: Connection, *, after: str, limit: int) -> list[Organisation]:
    rows = connection.execute(
        select(organisations).where(organisations.c.id > after).order_by(organisations.c.id).limit(limit)
    )
    return [_organisation(row) for row in rows]


def person(connection: Connection, tenant_id: TenantId, person_id: PersonId) -> Person | None:
    found = person_with_password(connection, tenant_id, person_id)
    return None if found is None else found[0]


def person_with_password(
    connection: Connection, tenant_id: TenantId, person_id: PersonId
) -> tuple[Person, str] | None:
    row = connection.execute(
        select(people).where(people.c.tenant_id == tenant_id, people.c.id == person_id)
    ).first()
    return None if row is None else (_person(row), row.password_hash)


def person_by_login(connection: Connection, login: str) -> tuple[Person, str] | None:
    """The person of a sign-in name, with the password's hash."""
    row = connection.execute(select(people).where(people.c.login == login)).first()
    return None if row is None else (_person(row), row.password_hash)


def people_of(connection: Connection, tenant_id: TenantId, *, after: str, limit: int) -> list[Person]:
    rows = connection.execute(
        select(people)
        .where(people.c.tenant_id == tenant_id, people.c.login > after)
        .order_by(people.c.login)
        .limit(limit)
    )
    return [_person(row) for row in rows]


def active_owners(connection: Connection, tenant_id: TenantId) -> int:
    return int(
        connection.execute(
            select(func.count())
            .select_from(people)
            .where(people.c.tenant_id == tenant_id, people.c.role == Role.OWNER.value, people.c.active)
        ).scalar_one()
    )


def key(connection: Connection, tenant_id: TenantId, key_id: KeyId) -> ApiKey | None:
    row = connection.execute(
        select(api_keys).where(api_keys.c.tenant_id == tenant_id, api_keys.c.id == key_id)
    ).first()
    return None if row is None else _key(row)


def key_by_prefix(connection: Connection, prefix: str) -> tuple[ApiKey, bytes, bool] | None:
    """The key with this prefix, its digest, and whether its organisation is the host."""
    row = connection.execute(
        select(api_keys, organisations.c.host)
        .join(organisations, organisations.c.id == api_keys.c.tenant_id)
        .where(api_keys.c.prefix == prefix)
    ).first()
    return None if row is None else (_key(row), row.digest, row.host)


def keys_of(connection: Connection, tenant_id: TenantId, *, after: str, limit: int) -> list[ApiKey]:
    rows = connection.execute(
        select(api_keys)
        .where(api_keys.c.tenant_id == tenant_id, api_keys.c.id > after)
        .order_by(api_keys.c.id)
        .limit(limit)
    )
    return [_key(row) for row in rows]


class KnownLogin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose session a cookie is, and what its organisation wants; times in microseconds."""

    person: Person
    host: bool
    second_factor_required: bool
    strong: bool
    expires_at: int
    seen_at: int


def login_by_digest(connection: Connection, digest: bytes) -> KnownLogin | None:
    row = connection.execute(
        select(
            people,
            organisations.c.host,
            organisations.c.require_second_factor,
            logins.c.strong,
            logins.c.expires_at,
            logins.c.seen_at,
        )
        .join(
            people,
            and_(people.c.id == logins.c.person_id, people.c.tenant_id == logins.c.tenant_id),
        )
        .join(organisations, organisations.c.id == people.c.tenant_id)
        .select_from(logins)
        .where(logins.c.digest == digest)
    ).first()
    if row is None:
        return None
    return KnownLogin(
        person=_person(row),
        host=row.host,
        second_factor_required=row.require_second_factor,
        strong=row.strong,
        expires_at=row.expires_at,
        seen_at=row.seen_at,
    )


def logins_of(
    connection: Connection, tenant_id: TenantId, person_id: PersonId, *, now: int
) -> list[Row[Any]]:
    """Where somebody is signed in, the newest first."""
    return list(
        connection.execute(
            select(logins)
            .where(
                logins.c.tenant_id == tenant_id, logins.c.person_id == person_id, logins.c.expires_at > now
            )
            .order_by(logins.c.created_at.desc())
            .limit(100)
        )
    )


def people_by_email(connection: Connection, tenant_id: TenantId, email: str) -> list[Person]:
    """Those of an organisation with this address (in lower case), at most a few."""
    rows = connection.execute(
        select(people)
        .where(people.c.tenant_id == tenant_id, func.lower(people.c.email) == email)
        .order_by(people.c.id)
        .limit(5)
    )
    return [_person(row) for row in rows]


def oldest_logins(
    connection: Connection, tenant_id: TenantId, person_id: PersonId, *, beyond: int
) -> list[bytes]:
    """The digests of a person's sessions but the newest `beyond`."""
    rows = connection.execute(
        select(logins.c.digest)
        .where(logins.c.tenant_id == tenant_id, logins.c.person_id == person_id)
        .order_by(logins.c.created_at.desc())
        .offset(beyond)
        .limit(1000)
    )
    return [row.digest for row in rows]


def answer(
    connection: Connection, tenant_id: TenantId, caller: str, idempotency_key: str
) -> Sequence[Any] | None:
    """(fingerprint, status or None while it runs, body, asked_at) of an earlier request with this key."""
    table = idempotent_answers
    row = connection.execute(
        select(table.c.fingerprint, table.c.status, table.c.body, table.c.asked_at).where(
            table.c.tenant_id == tenant_id, table.c.caller == caller, table.c.key == idempotency_key
        )
    ).first()
    return None if row is None else tuple(row)


def count_answers(connection: Connection, tenant_id: TenantId, caller: str) -> int:
    table = idempotent_answers
    return int(
        connection.execute(
            select(func.count())
            .select_from(table)
            .where(table.c.tenant_id == tenant_id, table.c.caller == caller)
        ).scalar_one()
    )


def _organisation(row: Row[Any]) -> Organisation:
    return Organisation(
        id=row.id,
        name=row.name,
        host=row.host,
        require_second_factor=row.require_second_factor,
        created_at=instant(row.created_at),
    )


def _person(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        tenant_id=row.tenant_id,
        login=row.login,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        active=row.active,
        must_change_password=row.must_change_password,
        password_expires_at=None if row.password_expires_at is None else instant(row.password_expires_at),
        created_at=instant(row.created_at),
        last_login_at=None if row.last_login_at is None else instant(row.last_login_at),
        language=row.language,
        time_zone=row.time_zone,
        second_factor=row.second_factor,
        invited_until=None if row.invited_until is None else instant(row.invited_until),
        email_confirmed=row.email_confirmed,
    )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        prefix=row.prefix,
        role=Role(row.role),
        created_at=instant(row.created_at),
        created_by=row.created_by,
        expires_at=None if row.expires_at is None else instant(row.expires_at),
        last_used_at=None if row.last_used_at is None else instant(row.last_used_at),
        revoked_at=None if row.revoked_at is None else instant(row.revoked_at),
    )


def forget_expired(connection: Connection, *, logins_before: int, answers_before: int, limit: int) -> int:
    """Delete ended sign-ins and old stored answers, at most `limit` of each; how many went."""
    ended = select(logins.c.digest).where(logins.c.expires_at < logins_before).limit(limit)
    gone = connection.execute(delete(logins).where(logins.c.digest.in_(ended))).rowcount
    table = idempotent_answers
    old = (
        select(table.c.tenant_id, table.c.caller, table.c.key)
        .where(table.c.asked_at < answers_before)
        .limit(limit)
    )
    for row in connection.execute(old).all():
        gone += connection.execute(
            delete(table).where(
                table.c.tenant_id == row.tenant_id, table.c.caller == row.caller, table.c.key == row.key
            )
        ).rowcount
    return gone


def login_began(connection: Connection, tenant_id: TenantId, session_digest: bytes) -> int | None:
    """When a session began (µs)."""
    return connection.execute(
        select(logins.c.created_at).where(logins.c.tenant_id == tenant_id, logins.c.digest == session_digest)
    ).scalar_one_or_none()


def login_kind(connection: Connection, tenant_id: TenantId, session_digest: bytes) -> tuple[str, bool] | None:
    """How a session was opened, and whether with more than a password."""
    row = connection.execute(
        select(logins.c.way, logins.c.strong).where(
            logins.c.tenant_id == tenant_id, logins.c.digest == session_digest
        )
    ).first()
    return None if row is None else (row.way, row.strong)


def organisations_named(connection: Connection, name_or_id: str) -> list[Organisation]:
    """The organisation of an id, or those of a name: at most two, for one is wanted."""
    rows = connection.execute(
        select(organisations)
        .where((organisations.c.id == name_or_id) | (organisations.c.name == name_or_id))
        .limit(2)
    )
    return [_organisation(row) for row in rows]


def has_anybody_signed_in(connection: Connection, tenant_id: TenantId) -> bool:
    query = select(people.c.id).where(people.c.tenant_id == tenant_id, people.c.last_login_at.is_not(None))
    return connection.execute(query.limit(1)).first() is not None
