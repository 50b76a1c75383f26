"""Signing in: a password, and for who has one a second factor.

Guessing is slowed per login and per address, and a login that does not exist answers as slowly and
with the same words as a wrong password. After the right password a ticket stands for it for five
minutes, until a code or a passkey comes with it.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.tenancy import store
from currant.tenancy.factors import SecondFactors
from currant.tenancy.guesses import Guesses
from currant.tenancy.model import (
    Person,
    SecondFactorNeeded,
    SignedIn,
    SignInFailed,
    SignInRefused,
    Way,
)
from currant.tenancy.passwords import LENGTH_MAX, Passwords
from currant.tenancy.sessions import Sessions, Visit
from currant.tenancy.tickets import TicketKind, Tickets

WRONG = "This login and password do not fit together."
WRONG_CODE = "This code is not right, or was used already: wait for the next one."
EXPIRED = "This took too long, or was tried too often: begin again with the password."

Taken = Callable[[Connection, ChangeSet, Person], bool]
"""Whether a proof of a person holds; what it uses up goes into the change set."""


class SignIn:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        sessions: Sessions,
        tickets: Tickets,
        factors: SecondFactors,
        guesses: Guesses,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._sessions = sessions
        self._tickets = tickets
        self._factors = factors
        self._guesses = guesses

    async def sign_in(
        self, *, login: str, password: str, remote_address: str, user_agent: str = ""
    ) -> SignedIn | SecondFactorNeeded:
        """A session for the right password, or what else is needed; `SignInRefused` says what to tell otherwise."""
        login = login.strip().casefold()
        self._guesses.count(login=login, address=remote_address)
        found = await self._database.read(lambda connection: store.person_by_login(connection, login))
        right = await self._passwords.check(password[: LENGTH_MAX + 1], found[1] if found else None)
        if found is None:
            raise SignInRefused(WRONG, reason="unknown_login")
        person, password_hash = found
        visit = Visit(remote_address=remote_address, user_agent=user_agent)
        reason = self._refusal(person, right=right)
        if reason:
            changes = ChangeSet(person.tenant_id)
            changes.emit(self._failed(person, visit, reason))
            await self._database.commit(changes)
            if reason == "password_expired":
                raise SignInRefused(
                    "This one-time password has expired: ask for a new one (`currant user password`).",
                    reason=reason,
                )
            raise SignInRefused(WRONG, reason=reason)
        self._guesses.right(login=login, address=remote_address)
        rehashed = (
            await self._passwords.hash(password) if self._passwords.wants_rehash(password_hash) else None
        )
        if not person.second_factor:
            return await self._sessions.open(person, visit, rehashed=rehashed)
        return await self._database.decide(
            lambda connection, changes: self.go_on(connection, changes, person, visit, way=Way.PASSWORD),
            person.tenant_id,
        )

    def go_on(
        self, connection: Connection, changes: ChangeSet, person: Person, visit: Visit, *, way: Way
    ) -> SignedIn | SecondFactorNeeded:
        """One factor was proved: a session, or a ticket to come back with the second."""
        if not person.second_factor:
            return self._sessions.begin(connection, changes, person, visit, way=way)
        word, expires_at = self._tickets.make(
            connection, changes, TicketKind.SECOND_FACTOR, now=self._clock.now(), person_id=person.id
        )
        ways = self._factors.ways_of(connection, person.tenant_id, person.id)
        return SecondFactorNeeded(ticket=word, ways=ways, expires_at=expires_at)

    async def with_totp(self, *, ticket: str, code: str, visit: Visit) -> SignedIn:
        """The second step with the code of an authenticator app."""
        return await self.second_step(
            ticket,
            lambda connection, changes, person: self._factors.take_totp(connection, changes, person, code),
            way=Way.TOTP,
            visit=visit,
        )

    async def with_recovery_code(self, *, ticket: str, code: str, visit: Visit) -> SignedIn:
        """The second step with one of the codes kept for a lost phone."""
        return await self.second_step(
            ticket,
            lambda connection, changes, person: self._factors.take_recovery_code(
                connection, changes, person, code
            ),
            way=Way.RECOVERY_CODE,
            visit=visit,
        )

    async def second_step(self, ticket: str, taken: Taken, *, way: Way, visit: Visit) -> SignedIn:
        """A session, when the ticket is good and the proof holds; both are used up by that."""
        self._guesses.count(address=visit.remote_address)
        now = self._clock.now()
        found = await self._database.read(
            lambda connection: self._tickets.find(connection, TicketKind.SECOND_FACTOR, ticket, now=now)
        )
        if found is None:
            raise SignInRefused(EXPIRED, reason="ticket_expired")
        self._guesses.count(person=found.person_id)

        def step(connection: Connection, changes: ChangeSet) -> SignedIn | str:
            held = self._tickets.find(connection, TicketKind.SECOND_FACTOR, ticket, now=now)
            person = store.person(connection, found.tenant_id, found.person_id)
            if held is None or person is None or not person.active:
                return "ticket_expired"
            if not taken(connection, changes, person):
                self._tickets.count_guess(changes, held)
                changes.emit(self._failed(person, visit, f"wrong_{way.value}"))
                return "wrong_code"
            self._tickets.use(changes, held)
            return self._sessions.begin(connection, changes, person, visit, way=way, strong=True)

        done = await self._database.decide(step, found.tenant_id)
        if isinstance(done, str):
            raise SignInRefused(EXPIRED if done == "ticket_expired" else WRONG_CODE, reason=done)
        self._guesses.right(person=found.person_id, address=visit.remote_address)
        return done

    def _refusal(self, person: Person, *, right: bool) -> str:
        if not right:
            return "wrong_password"
        if not person.active:
            return "inactive"
        if person.password_expires_at is not None and person.password_expires_at <= self._clock.now():
            return "password_expired"
        return ""

    def _failed(self, person: Person, visit: Visit, reason: str) -> SignInFailed:
        return SignInFailed(
            tenant_id=person.tenant_id,
            happened_at=self._clock.now(),
            person_id=person.id,
            login=person.login,
            remote_address=visit.remote_address,
            reason=reason,
        )
