"""Tickets: words that somebody holds for a while and uses once.

A second step of signing in, a passkey's challenge, a forgotten password, an invitation, a visit to a
provider of single sign-on: each is a random word of which a digest is kept, so that whoever reads the
database cannot go on in somebody's place. All of it happens inside a `decide` of whoever asks.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.crypto import digest, new_secret
from currant.kit.ids import PersonId, TenantId
from currant.tenancy import ticket_store as store

WORD_LENGTH = 43
GUESSES_MAX = 5
NOBODY = PersonId("")


class TicketKind(StrEnum):
    SECOND_FACTOR = "second_factor"
    PASSKEY_MADE = "passkey_made"
    PASSKEY_ASKED = "passkey_asked"
    RESET = "reset"
    INVITATION = "invitation"
    SINGLE_SIGN_ON = "single_sign_on"


LASTS = {
    TicketKind.SECOND_FACTOR: timedelta(minutes=5),
    TicketKind.PASSKEY_MADE: timedelta(minutes=5),
    TicketKind.PASSKEY_ASKED: timedelta(minutes=5),
    TicketKind.RESET: timedelta(hours=1),
    TicketKind.INVITATION: timedelta(days=7),
    TicketKind.SINGLE_SIGN_ON: timedelta(minutes=10),
}
EACH_MAX = {
    TicketKind.SECOND_FACTOR: 10,
    TicketKind.PASSKEY_MADE: 5,
    TicketKind.PASSKEY_ASKED: 10,
    TicketKind.RESET: 3,
    TicketKind.INVITATION: 1,
    TicketKind.SINGLE_SIGN_ON: 1,
}
"""How many of a kind somebody may hold; the oldest gives way."""
STRANGERS_MAX = 5_000
"""How many of a kind there are for people not known yet, of all of them."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    digest: bytes
    tenant_id: TenantId
    person_id: PersonId
    kind: TicketKind
    data: bytes
    attempts: int
    expires_at: datetime


class Tickets:
    def __init__(self, installation_key: bytes) -> None:
        self._key = installation_key

    def make(
        self,
        connection: Connection,
        changes: ChangeSet,
        kind: TicketKind,
        *,
        now: datetime,
        person_id: PersonId = NOBODY,
        data: bytes = b"",
    ) -> tuple[str, datetime]:
        """The word of a new ticket and when it expires."""
        word = new_secret(WORD_LENGTH)
        expires_at = now + LASTS[kind]
        most = EACH_MAX[kind] if person_id != NOBODY else STRANGERS_MAX
        for old in store.oldest(connection, changes.tenant_id, person_id, kind.value, beyond=most - 1):
            changes.write(store.DELETE, (changes.tenant_id, old))
        changes.write(
            store.INSERT,
            (
                self._digest(kind, word),
                changes.tenant_id,
                person_id,
                kind.value,
                data,
                0,
                micros(now),
                micros(expires_at),
            ),
        )
        return word, expires_at

    def find(self, connection: Connection, kind: TicketKind, word: str, *, now: datetime) -> Ticket | None:
        """The ticket of a word; None when there is none, it was used, guessed at too often, or has expired."""
        if len(word) != WORD_LENGTH or not word.isascii():
            return None
        row = store.ticket(connection, self._digest(kind, word))
        if row is None or instant(row.expires_at) <= now or row.attempts >= GUESSES_MAX:
            return None
        return Ticket(
            digest=row.digest,
            tenant_id=row.tenant_id,
            person_id=row.person_id,
            kind=kind,
            data=row.data,
            attempts=row.attempts,
            expires_at=instant(row.expires_at),
        )

    def use(self, changes: ChangeSet, ticket: Ticket) -> None:
        """It is gone: a ticket works once."""
        changes.write(store.DELETE, (ticket.tenant_id, ticket.digest))

    def count_guess(self, changes: ChangeSet, ticket: Ticket) -> None:
        changes.write(store.COUNT, (ticket.attempts + 1, ticket.tenant_id, ticket.digest))

    def drop(self, changes: ChangeSet, person_id: PersonId, kind: TicketKind | None = None) -> None:
        """Void what somebody holds: of one kind, or everything."""
        if kind is None:
            changes.write(store.DELETE_OF_PERSON, (changes.tenant_id, person_id))
        else:
            changes.write(store.DELETE_OF_KIND, (changes.tenant_id, person_id, kind.value))

    def _digest(self, kind: TicketKind, word: str) -> bytes:
        # The kind is part of it: a word for one purpose is nothing for another.
        return digest(f"{kind.value}:{word}".encode(), key=self._key)
