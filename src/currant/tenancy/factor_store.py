"""The tables of second factors, of accounts at providers of single sign-on, and of pages' preferences."""

from typing import Any

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
    func,
    select,
)

from currant.db.commits import delete_from, insert_into, update, upsert
from currant.db.tables import metadata
from currant.kit.ids import PersonId, TenantId

totp_secrets = Table(
    "totp_secrets",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    # Sealed (kit.crypto.seal): a code has to be computed from it.
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    # The half minute of the last code that was taken: it is not taken again, nor an older one.
    Column("last_step", BigInteger, nullable=False),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    # The host name it was made at, and works at.
    Column("host", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    UniqueConstraint("credential_id"),
    Index("ix_passkeys_person", "tenant_id", "person_id"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
)

identities = Table(
    "identities",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_identities_person", "tenant_id", "person_id"),
)

preferences = Table(
    "preferences",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

OF_PERSON = ("tenant_id", "person_id")

SET_TOTP = upsert(totp_secrets, key=OF_PERSON)
CONFIRM_TOTP = update(totp_secrets, set=("confirmed_at", "last_step"), where=OF_PERSON)
TOTP_USED = update(totp_secrets, set=("last_step",), where=OF_PERSON)
DELETE_TOTP = delete_from(totp_secrets, where=OF_PERSON)

INSERT_PASSKEY = insert_into(passkeys)
RENAME_PASSKEY = update(passkeys, set=("name",), where=("tenant_id", "person_id", "id"))
PASSKEY_USED = update(passkeys, set=("sign_count", "last_used_at"), where=("tenant_id", "id"))
DELETE_PASSKEY = delete_from(passkeys, where=("tenant_id", "person_id", "id"))
DELETE_PASSKEYS = delete_from(passkeys, where=OF_PERSON)

INSERT_RECOVERY_CODE = insert_into(recovery_codes)
DELETE_RECOVERY_CODE = delete_from(recovery_codes, where=("tenant_id", "person_id", "digest"))
DELETE_RECOVERY_CODES = delete_from(recovery_codes, where=OF_PERSON)

INSERT_IDENTITY = insert_into(identities)
DELETE_IDENTITIES = delete_from(identities, where=OF_PERSON)

SET_PREFERENCES = upsert(preferences, key=OF_PERSON)
DELETE_PREFERENCES = delete_from(preferences, where=OF_PERSON)


def totp(connection: Connection, tenant_id: TenantId, person_id: PersonId) -> Row[Any] | None:
    return connection.execute(
        select(totp_secrets).where(
            totp_secrets.c.tenant_id == tenant_id, totp_secrets.c.person_id == person_id
        )
    ).first()


def passkeys_of(connection: Connection, tenant_id: TenantId, person_id: PersonId) -> list[Row[Any]]:
    """Oldest first; there are few."""
    return list(
        connection.execute(
            select(passkeys)
            .where(passkeys.c.tenant_id == tenant_id, passkeys.c.person_id == person_id)
            .order_by(passkeys.c.id)
            .limit(100)
        )
    )


def passkey_by_credential(connection: Connection, credential_id: bytes) -> Row[Any] | None:
    """The passkey that a browser answers with, whosever it is."""
    return connection.execute(select(passkeys).where(passkeys.c.credential_id == credential_id)).first()


def has_recovery_code(
    connection: Connection, tenant_id: TenantId, person_id: PersonId, digest: bytes
) -> bool:
    table = recovery_codes
    return (
        connection.execute(
            select(table.c.digest).where(
                table.c.tenant_id == tenant_id, table.c.person_id == person_id, table.c.digest == digest
            )
        ).first()
        is not None
    )


def count_recovery_codes(connection: Connection, tenant_id: TenantId, person_id: PersonId) -> int:
    table = recovery_codes
    return int(
        connection.execute(
            select(func.count())
            .select_from(table)
            .where(table.c.tenant_id == tenant_id, table.c.person_id == person_id)
        ).scalar_one()
    )


def identity(connection: Connection, tenant_id: TenantId, issuer: str, subject: str) -> Row[Any] | None:
    """Who of an organisation an account at a provider of single sign-on belongs to."""
    return connection.execute(
        select(identities).where(
            identities.c.tenant_id == tenant_id,
            identities.c.issuer == issuer,
            identities.c.subject == subject,
        )
    ).first()


def preferences_of(connection: Connection, tenant_id: TenantId, person_id: PersonId) -> str | None:
    return connection.execute(
        select(preferences.c.value).where(
            preferences.c.tenant_id == tenant_id, preferences.c.person_id == person_id
        )
    ).scalar_one_or_none()
