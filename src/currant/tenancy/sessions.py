"""Staying signed in: an opaque cookie that the server can forget, listed and ended one by one."""

import base64
import hmac
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.crypto import digest, new_secret
from currant.kit.errors import NotFound
from currant.kit.ids import PersonId, TenantId
from currant.tenancy import store
from currant.tenancy.callers import CallerCache, caller_of_person
from currant.tenancy.model import Caller, Person, PersonSignedIn, SessionOfPerson, SignedIn, Way

COOKIE_LENGTH = 43
SESSION_LASTS = timedelta(days=7)
UNUSED_SESSION_LASTS = timedelta(hours=12)
SEEN_NOTED_EVERY = timedelta(minutes=1)
SESSIONS_A_PERSON = 20


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody comes from, as their session remembers it."""

    remote_address: str = ""
    user_agent: str = ""


class Sessions:
    def __init__(
        self, database: Database, clock: Clock, installation_key: bytes, callers: CallerCache
    ) -> None:
        self._database = database
        self._clock = clock
        self._installation_key = installation_key
        self._callers = callers

    async def open(
        self,
        person: Person,
        visit: Visit,
        *,
        way: Way = Way.PASSWORD,
        strong: bool = False,
        rehashed: str | None = None,
    ) -> SignedIn:
        """A session for somebody who has just proved who they are; `strong` with more than a password."""

        def open_it(connection: Connection, changes: ChangeSet) -> SignedIn:
            if rehashed is not None:
                changes.write(
                    store.SET_PASSWORD,
                    (rehashed, person.must_change_password, None, person.tenant_id, person.id),
                )
            return self.begin(connection, changes, person, visit, way=way, strong=strong)

        return await self._database.decide(open_it, person.tenant_id)

    def begin(
        self,
        connection: Connection,
        changes: ChangeSet,
        person: Person,
        visit: Visit,
        *,
        way: Way,
        strong: bool = False,
    ) -> SignedIn:
        """The same within a decision that looked at something else first."""
        cookie = new_secret(COOKIE_LENGTH)
        now = self._clock.now()
        expires_at = now + SESSION_LASTS
        for old in store.oldest_logins(connection, person.tenant_id, person.id, beyond=SESSIONS_A_PERSON - 1):
            changes.write(store.DELETE_LOGIN, (person.tenant_id, old))
        changes.write(
            store.INSERT_LOGIN,
            (
                self._digest(cookie),
                person.tenant_id,
                person.id,
                micros(now),
                micros(expires_at),
                micros(now),
                visit.remote_address,
                visit.user_agent[:200],
                way.value,
                strong,
            ),
        )
        changes.write(store.SET_LAST_LOGIN, (micros(now), person.tenant_id, person.id))
        changes.emit(
            PersonSignedIn(
                tenant_id=person.tenant_id,
                happened_at=now,
                person_id=person.id,
                login=person.login,
                remote_address=visit.remote_address,
                way=way.value,
            )
        )
        return SignedIn(
            person=person, cookie=cookie, csrf_token=self._csrf_token(cookie), expires_at=expires_at
        )

    async def authenticate(self, cookie: str) -> Caller | None:
        """Whose session this cookie is; None when it is nobody's, ended or unused for too long."""
        if len(cookie) != COOKIE_LENGTH or not cookie.isascii():
            return None
        session_digest = self._digest(cookie)
        if (caller := self._callers.get(session_digest)) is not None:
            return caller
        found = await self._database.read(
            lambda connection: store.login_by_digest(connection, session_digest)
        )
        now = self._clock.now()
        if (
            found is None
            or not found.person.active
            or instant(found.expires_at) <= now
            or now - instant(found.seen_at) > UNUSED_SESSION_LASTS
        ):
            return None
        person = found.person
        if now - instant(found.seen_at) >= SEEN_NOTED_EVERY:
            self._database.note(store.LOGIN_SEEN, (micros(now), person.tenant_id, session_digest))
        caller = caller_of_person(
            person,
            host=found.host,
            second_factor_missing=found.second_factor_required and not (person.second_factor or found.strong),
            csrf_token=self._csrf_token(cookie),
            session_digest=session_digest,
        )
        self._callers.keep(session_digest, caller)
        return caller

    async def kind_of(self, caller: Caller) -> tuple[Way, bool]:
        """How the caller's session was opened, and whether with more than a password."""
        found = await self._database.read(
            lambda connection: store.login_kind(connection, caller.tenant_id, caller.session_digest)
        )
        return (Way.PASSWORD, False) if found is None else (Way(found[0] or "password"), found[1])

    async def list(self, caller: Caller) -> list[SessionOfPerson]:
        """Where the caller is signed in, the newest first."""
        now = self._clock.now()
        rows = await self._database.read(
            lambda connection: store.logins_of(
                connection, caller.tenant_id, PersonId(caller.id), now=micros(now)
            )
        )
        return [
            SessionOfPerson(
                id=self._name_of(row.digest),
                current=row.digest == caller.session_digest,
                began_at=instant(row.created_at),
                seen_at=instant(row.seen_at),
                expires_at=instant(row.expires_at),
                remote_address=row.remote_address,
                user_agent=row.user_agent,
                way=row.way or Way.PASSWORD.value,
            )
            for row in rows
            if now - instant(row.seen_at) <= UNUSED_SESSION_LASTS
        ]

    async def end(self, caller: Caller, session_id: str) -> None:
        """End one of the caller's own sessions."""

        def end(connection: Connection, changes: ChangeSet) -> None:
            rows = store.logins_of(connection, caller.tenant_id, PersonId(caller.id), now=0)
            for row in rows:
                if hmac.compare_digest(self._name_of(row.digest).encode(), session_id.encode()):
                    changes.write(store.DELETE_LOGIN, (caller.tenant_id, row.digest))
                    return
            raise NotFound("There is no such sign-in: it may have ended already.")

        await self._database.decide(end, caller.tenant_id)
        self._callers.clear()

    async def end_others(self, caller: Caller) -> int:
        """End all of the caller's sessions but this one; how many those were."""

        def end(connection: Connection, changes: ChangeSet) -> int:
            rows = store.logins_of(connection, caller.tenant_id, PersonId(caller.id), now=0)
            others = [row.digest for row in rows if row.digest != caller.session_digest]
            for each in others:
                changes.write(store.DELETE_LOGIN, (caller.tenant_id, each))
            return len(others)

        ended = await self._database.decide(end, caller.tenant_id)
        self._callers.clear()
        return ended

    async def end_this(self, caller: Caller) -> None:
        """End the caller's session; nothing to do for a key."""
        if caller.session_digest:
            changes = ChangeSet(TenantId(caller.tenant_id))
            changes.write(store.DELETE_LOGIN, (caller.tenant_id, caller.session_digest))
            await self._database.commit(changes)
            self._callers.clear()

    def csrf_token_fits(self, caller: Caller, presented: str) -> bool:
        return bool(caller.csrf_token) and hmac.compare_digest(caller.csrf_token.encode(), presented.encode())

    def _digest(self, cookie: str) -> bytes:
        return digest(cookie.encode(), key=self._installation_key)

    def _name_of(self, session_digest: bytes) -> str:
        # A session is named by a digest of what is kept of it, which opens nothing and needs no column.
        return digest(b"session:" + session_digest, key=self._installation_key)[:16].hex()

    def _csrf_token(self, cookie: str) -> str:
        # Follows from the cookie, so it needs no row; the cookie cannot be told from it.
        made = digest(b"csrf:" + cookie.encode(), key=self._installation_key)
        return base64.urlsafe_b64encode(made).decode().rstrip("=")
