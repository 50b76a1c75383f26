"""Signing in and staying signed in: a password once, then an opaque cookie the server can forget.

Guessing is slowed per login and per address, and a login that does not exist answers as slowly and
with the same words as a wrong password.
"""

import base64
import hmac
from datetime import timedelta

from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.crypto import digest, new_secret
from currant.kit.ids import TenantId
from currant.tenancy import store
from currant.tenancy.attempts import Attempts
from currant.tenancy.callers import CallerCache, caller_of_person
from currant.tenancy.model import Caller, Person, PersonSignedIn, SignedIn, SignInFailed, SignInRefused
from currant.tenancy.passwords import LENGTH_MAX, Passwords

COOKIE_LENGTH = 43
SESSION_LASTS = timedelta(days=7)
UNUSED_SESSION_LASTS = timedelta(hours=12)
SEEN_NOTED_EVERY = timedelta(minutes=1)
SESSIONS_A_PERSON = 20
WRONG = "This login and password do not fit together."


class SignIn:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        installation_key: bytes,
        passwords: Passwords,
        callers: CallerCache,
    ) -> None:
        self._database = database
        self._clock = clock
        self._installation_key = installation_key
        self._passwords = passwords
        self._callers = callers
        # A login's pause stays short, or a stranger could lock its owner out; an address's grows long.
        self._by_login = Attempts(free=5, first_pause_s=2, longest_s=60, forget_s=3600)
        self._by_address = Attempts(free=20, first_pause_s=2, longest_s=900, forget_s=3600)

    async def sign_in(
        self, *, login: str, password: str, remote_address: str, user_agent: str = ""
    ) -> SignedIn:
        """A session for the right password; `SignInRefused` says what to tell otherwise."""
        login = login.strip().casefold()
        now_s = self._clock.monotonic()
        pause = max(self._by_login.pause(login, now=now_s), self._by_address.pause(remote_address, now=now_s))
        if pause > 0:
            raise SignInRefused(
                "Too many attempts: wait a little and try again.",
                reason="too_many_attempts",
                retry_after_s=int(pause) + 1,
            )
        # Counted before the password is looked at: a hundred guesses at once are a hundred guesses.
        self._by_login.fail(login, now=now_s)
        self._by_address.fail(remote_address, now=now_s)
        found = await self._database.read(lambda connection: store.person_by_login(connection, login))
        right = await self._passwords.check(password[: LENGTH_MAX + 1], found[1] if found else None)
        if found is None:
            raise SignInRefused(WRONG, reason="unknown_login")
        person, password_hash = found
        reason = self._refusal(person, right=right)
        if reason:
            changes = ChangeSet(person.tenant_id)
            changes.emit(
                SignInFailed(
                    tenant_id=person.tenant_id,
                    happened_at=self._clock.now(),
                    person_id=person.id,
                    login=login,
                    remote_address=remote_address,
                    reason=reason,
                )
            )
            await self._database.commit(changes)
            if reason == "password_expired":
                raise SignInRefused(
                    "This one-time password has expired: ask for a new one (`currant user password`).",
                    reason=reason,
                )
            raise SignInRefused(WRONG, reason=reason)
        self._by_login.succeed(login)
        self._by_address.succeed(remote_address)
        rehashed = (
            await self._passwords.hash(password) if self._passwords.wants_rehash(password_hash) else None
        )
        return await self.open_session(
            person, remote_address=remote_address, user_agent=user_agent, rehashed=rehashed
        )

    async def open_session(
        self, person: Person, *, remote_address: str, user_agent: str = "", rehashed: str | None = None
    ) -> SignedIn:
        """A session for somebody who has just proved who they are."""
        cookie = new_secret(COOKIE_LENGTH)
        now = self._clock.now()
        expires_at = now + SESSION_LASTS

        def open_it(connection: Connection, changes: ChangeSet) -> None:
            for old in store.oldest_logins(
                connection, person.tenant_id, person.id, beyond=SESSIONS_A_PERSON - 1
            ):
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
                    remote_address,
                    user_agent[:200],
                ),
            )
            changes.write(store.SET_LAST_LOGIN, (micros(now), person.tenant_id, person.id))
            if rehashed is not None:
                changes.write(
                    store.SET_PASSWORD,
                    (rehashed, person.must_change_password, None, person.tenant_id, person.id),
                )
            changes.emit(
                PersonSignedIn(
                    tenant_id=person.tenant_id,
                    happened_at=now,
                    person_id=person.id,
                    login=person.login,
                    remote_address=remote_address,
                )
            )

        await self._database.decide(open_it, person.tenant_id)
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
        if found is None:
            return None
        person, host, expires_at, seen_at = found
        now = self._clock.now()
        if not person.active or instant(expires_at) <= now or now - instant(seen_at) > UNUSED_SESSION_LASTS:
            return None
        if now - instant(seen_at) >= SEEN_NOTED_EVERY:
            self._database.note(store.LOGIN_SEEN, (micros(now), person.tenant_id, session_digest))
        caller = caller_of_person(
            person, host=host, csrf_token=self._csrf_token(cookie), session_digest=session_digest
        )
        self._callers.keep(session_digest, caller)
        return caller

    async def sign_out(self, caller: Caller) -> None:
        """End the caller's session; nothing to do for a key."""
        if caller.session_digest:
            changes = ChangeSet(TenantId(caller.tenant_id))
            changes.write(store.DELETE_LOGIN, (caller.tenant_id, caller.session_digest))
            await self._database.commit(changes)
            self._callers.clear()

    def csrf_token_fits(self, caller: Caller, presented: str) -> bool:
        return bool(caller.csrf_token) and hmac.compare_digest(caller.csrf_token.encode(), presented.encode())

    def _refusal(self, person: Person, *, right: bool) -> str:
        if not right:
            return "wrong_password"
        if not person.active:
            return "inactive"
        if person.password_expires_at is not None and person.password_expires_at <= self._clock.now():
            return "password_expired"
        return ""

    def _digest(self, cookie: str) -> bytes:
        return digest(cookie.encode(), key=self._installation_key)

    def _csrf_token(self, cookie: str) -> str:
        # Follows from the cookie, so it needs no row; the cookie cannot be told from it.
        made = digest(b"csrf:" + cookie.encode(), key=self._installation_key)
        return base64.urlsafe_b64encode(made).decode().rstrip("=")
