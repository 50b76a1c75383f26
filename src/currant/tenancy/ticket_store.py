"""The table of tickets: words that somebody holds for a while and uses once (tickets.py)."""

from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, delete, func, select

from currant.db.commits import delete_from, insert_into, update
from currant.db.tables import metadata
from currant.kit.ids import PersonId, TenantId

tickets = Table(
    "tickets",
    metadata,
    # Of the word; who reads the table cannot use what is in it.
    Column("digest", LargeBinary, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    # Empty when it is not known yet whose it will be.
    Column("person_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_tickets_person", "tenant_id", "person_id", "kind", "created_at"),
    Index("ix_tickets_expires_at", "expires_at"),
)

INSERT = insert_into(tickets)
COUNT = update(tickets, set=("attempts",), where=("tenant_id", "digest"))
DELETE = delete_from(tickets, where=("tenant_id", "digest"))
DELETE_OF_PERSON = delete_from(tickets, where=("tenant_id", "person_id"))
DELETE_OF_KIND = delete_from(tickets, where=("tenant_id", "person_id", "kind"))


def ticket(connection: Connection, digest: bytes) -> Any | None:
    """The row of a word, whosever it is."""
    return connection.execute(select(tickets).where(tickets.c.digest == digest)).first()


def oldest(
    connection: Connection, tenant_id: TenantId, person_id: PersonId, kind: str, *, beyond: int
) -> list[bytes]:
    """The digests of a person's tickets of a kind but the newest `beyond`."""
    rows = connection.execute(
        select(tickets.c.digest)
        .where(tickets.c.tenant_id == tenant_id, tickets.c.person_id == person_id, tickets.c.kind == kind)
        .order_by(tickets.c.created_at.desc())
        .offset(beyond)
        .limit(100)
    )
    return [row.digest for row in rows]


def count(connection: Connection, tenant_id: TenantId, person_id: PersonId, kind: str) -> int:
    return int(
        connection.execute(
            select(func.count())
            .select_from(tickets)
            .where(tickets.c.tenant_id == tenant_id, tickets.c.person_id == person_id, tickets.c.kind == kind)
        ).scalar_one()
    )


def forget_expired_tickets(connection: Connection, *, before: int, limit: int) -> int:
    """Delete what nobody can use any more, at most `limit`; how many went."""
    ended = select(tickets.c.digest).where(tickets.c.expires_at < before).limit(limit)
    return connection.execute(delete(tickets).where(tickets.c.digest.in_(ended))).rowcount
