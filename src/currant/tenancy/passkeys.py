"""Passkeys: made, named and removed by their owner, and proved when signing in.

With a ticket (after the password) a passkey is the second factor. Without one it is both: then its
owner has to be recognised by it (a finger, a face, a PIN), not only be there.
"""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit import webauthn
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import PersonId, TenantId, new_id
from currant.tenancy import factor_store, store
from currant.tenancy.callers import CallerCache
from currant.tenancy.factors import PasskeyView, SecondFactors, passkey_view
from currant.tenancy.guesses import Guesses
from currant.tenancy.model import Caller, Person, SignedIn, SignInFailed, SignInRefused, Way
from currant.tenancy.organisations import Organisations
from currant.tenancy.people import known_person
from currant.tenancy.sessions import Sessions, Visit
from currant.tenancy.sign_in import EXPIRED
from currant.tenancy.tickets import Ticket, TicketKind, Tickets

PASSKEYS_A_PERSON = 20
NAME_MAX = 120
WRONG_PASSKEY = "This passkey does not fit: try again, or sign in with your password."


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where a browser is: our host name without the port, and the origins its pages may have."""

    host: str
    origins: tuple[str, ...]


class PasskeyAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What `navigator.credentials` is called with (`options`, as JSON), and what its answer is sent back with."""

    challenge_id: str
    options: dict[str, Any]


class PasskeyAdded(PasskeyView, frozen=True, kw_only=True):
    """A passkey just made; with the first second factor come codes for the day it is lost, shown this once."""

    recovery_codes: tuple[str, ...] = ()


class _Challenge(msgspec.Struct, frozen=True, kw_only=True):
    challenge: bytes
    host: str


class Passkeys:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        callers: CallerCache,
        organisations: Organisations,
        tickets: Tickets,
        factors: SecondFactors,
        sessions: Sessions,
        guesses: Guesses,
    ) -> None:
        self._database = database
        self._clock = clock
        self._callers = callers
        self._organisations = organisations
        self._tickets = tickets
        self._factors = factors
        self._sessions = sessions
        self._guesses = guesses

    async def begin(self, caller: Caller, site: Site) -> PasskeyAsked:
        """Ask the caller's browser to make a passkey."""
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)

        def begin(connection: Connection, changes: ChangeSet) -> PasskeyAsked:
            person = known_person(connection, tenant_id, person_id)
            organisation = store.organisation(connection, tenant_id)
            there = factor_store.passkeys_of(connection, tenant_id, person_id)
            if len(there) >= PASSKEYS_A_PERSON:
                raise Conflict(f"A person has at most {PASSKEYS_A_PERSON} passkeys: remove one first.")
            made = webauthn.registration_options(
                rp_id=site.host,
                rp_name=organisation.name if organisation else site.host,
                user_id=person_id.encode(),
                user_name=person.login,
                user_display_name=person.name,
                exclude=[row.credential_id for row in there if row.host == site.host],
            )
            return self._keep(connection, changes, TicketKind.PASSKEY_MADE, made, site, person_id)

        return await self._database.decide(begin, tenant_id)

    async def add(
        self, caller: Caller, *, challenge_id: str, name: str, credential: Mapping[str, Any], site: Site
    ) -> PasskeyAdded:
        """Keep the passkey that the browser made for the challenge."""
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)
        name = _checked_name(name)
        now = self._clock.now()
        ticket = await self._used_up(TicketKind.PASSKEY_MADE, challenge_id)
        if ticket is None or ticket.person_id != person_id:
            raise Invalid("This took too long: begin again.", field="challenge_id")
        asked = msgspec.json.decode(ticket.data, type=_Challenge)
        made = webauthn.verify_registration(
            credential, challenge=asked.challenge, rp_id=asked.host, origin=site.origins
        )

        def add(connection: Connection, changes: ChangeSet) -> PasskeyAdded:
            person = known_person(connection, tenant_id, person_id)
            if factor_store.passkey_by_credential(connection, made.credential_id) is not None:
                raise Conflict("This passkey is known already.")
            passkey_id = new_id()
            changes.write(
                factor_store.INSERT_PASSKEY,
                (
                    passkey_id,
                    tenant_id,
                    person_id,
                    made.credential_id,
                    made.public_key,
                    made.sign_count,
                    asked.host,
                    name,
                    made.backed_up,
                    micros(now),
                    None,
                ),
            )
            codes = self._factors.added(connection, changes, person, "passkey_added", by=caller)
            return PasskeyAdded(
                id=passkey_id,
                name=name,
                host=asked.host,
                created_at=now,
                recovery_codes=codes.recovery_codes,
            )

        added = await self._database.decide(add, tenant_id)
        self._callers.clear()
        return added

    async def rename(self, caller: Caller, passkey_id: str, name: str) -> PasskeyView:
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)
        name = _checked_name(name)

        def rename(connection: Connection, changes: ChangeSet) -> PasskeyView:
            view = _own(connection, tenant_id, person_id, passkey_id)
            changes.write(factor_store.RENAME_PASSKEY, (name, tenant_id, person_id, passkey_id))
            return msgspec.structs.replace(view, name=name)

        return await self._database.decide(rename, tenant_id)

    async def remove(self, caller: Caller, passkey_id: str) -> None:
        tenant_id, person_id = caller.tenant_id, PersonId(caller.id)

        def remove(connection: Connection, changes: ChangeSet) -> None:
            person = known_person(connection, tenant_id, person_id)
            _own(connection, tenant_id, person_id, passkey_id)
            changes.write(factor_store.DELETE_PASSKEY, (tenant_id, person_id, passkey_id))
            ways = self._factors.ways_of(connection, tenant_id, person_id)
            others = len(factor_store.passkeys_of(connection, tenant_id, person_id)) - 1
            left = others + (Way.TOTP in ways)
            self._factors.removed(connection, changes, person, "passkey_removed", left=left, by=caller)

        await self._database.decide(remove, tenant_id)
        self._callers.clear()

    async def ask(self, site: Site, *, ticket: str = "", visit: Visit) -> PasskeyAsked:
        """Ask a browser to prove a passkey: of the person of the ticket, or any it knows for this host."""
        now = self._clock.now()
        if ticket:
            held = await self._database.read(
                lambda connection: self._tickets.find(connection, TicketKind.SECOND_FACTOR, ticket, now=now)
            )
            if held is None:
                raise SignInRefused(EXPIRED, reason="ticket_expired")
            tenant_id, person_id = held.tenant_id, held.person_id
        else:
            # Strangers may ask: each question is a row, so they are counted like guesses.
            tenant_id, person_id = self._organisations.host.id, PersonId("")

        def ask(connection: Connection, changes: ChangeSet) -> PasskeyAsked:
            allow = []
            if ticket:
                rows = factor_store.passkeys_of(connection, tenant_id, person_id)
                allow = [row.credential_id for row in rows if row.host == site.host]
                if not allow:
                    raise Conflict("There is no passkey for this address: sign in another way.")
            made = webauthn.authentication_options(rp_id=site.host, allow=allow, user_verification=not ticket)
            return self._keep(connection, changes, TicketKind.PASSKEY_ASKED, made, site, person_id)

        self._guesses.count_question(visit.remote_address)
        return await self._database.decide(ask, tenant_id)

    async def prove(
        self,
        *,
        challenge_id: str,
        credential: Mapping[str, Any],
        site: Site,
        visit: Visit,
        ticket: str = "",
    ) -> SignedIn:
        """A session for who proved a passkey: the one that the challenge was for, whichever way it ends."""
        self._guesses.count(address=visit.remote_address)
        now = self._clock.now()
        asked = await self._used_up(TicketKind.PASSKEY_ASKED, challenge_id)
        if asked is None:
            raise SignInRefused(EXPIRED, reason="ticket_expired")
        credential_id = webauthn.credential_id_of(credential)
        row = await self._database.read(
            lambda connection: factor_store.passkey_by_credential(connection, credential_id)
        )
        if row is None or bool(ticket) != bool(asked.person_id):
            raise SignInRefused(WRONG_PASSKEY, reason="wrong_passkey")
        person_id = PersonId(row.person_id)
        self._guesses.count(person=person_id)
        known = msgspec.json.decode(asked.data, type=_Challenge)

        def prove(connection: Connection, changes: ChangeSet) -> SignedIn | str:
            person = store.person(connection, row.tenant_id, person_id)
            if person is None or not person.active:
                return "wrong_passkey"
            held = None
            if ticket:
                held = self._tickets.find(connection, TicketKind.SECOND_FACTOR, ticket, now=now)
                if held is None:
                    return "ticket_expired"
            # Somebody else's passkey, however good, is wrong.
            fits = held is None or held.person_id == asked.person_id == person_id
            used = (
                self._verified(connection, credential_id, credential, known, site, demanded=not ticket)
                if fits and _names(credential, person_id)
                else None
            )
            if used is None:
                if held is not None:
                    self._tickets.count_guess(changes, held)
                if fits:
                    changes.emit(self._failed(person, visit))
                return "wrong_passkey"
            if held is not None:
                self._tickets.use(changes, held)
            passkey_id, sign_count = used
            changes.write(factor_store.PASSKEY_USED, (sign_count, micros(now), row.tenant_id, passkey_id))
            return self._sessions.begin(connection, changes, person, visit, way=Way.PASSKEY, strong=True)

        done = await self._database.decide(prove, TenantId(row.tenant_id))
        if isinstance(done, str):
            raise SignInRefused(EXPIRED if done == "ticket_expired" else WRONG_PASSKEY, reason=done)
        self._guesses.right(person=person_id, address=visit.remote_address)
        return done

    def _verified(
        self,
        connection: Connection,
        credential_id: bytes,
        credential: Mapping[str, Any],
        asked: _Challenge,
        site: Site,
        *,
        demanded: bool,
    ) -> tuple[str, int] | None:
        # Read again here: two answers at once must not both pass the same counter.
        row = factor_store.passkey_by_credential(connection, credential_id)
        if row is None or row.host != asked.host:
            return None
        try:
            used = webauthn.verify_authentication(
                credential,
                challenge=asked.challenge,
                rp_id=asked.host,
                origin=site.origins,
                public_key=row.public_key,
                sign_count=row.sign_count,
                user_verification=demanded,
            )
        except webauthn.PasskeyWrong:
            return None
        return row.id, used.sign_count

    def _keep(
        self,
        connection: Connection,
        changes: ChangeSet,
        kind: TicketKind,
        made: webauthn.Challenge,
        site: Site,
        person_id: PersonId,
    ) -> PasskeyAsked:
        data = msgspec.json.encode(_Challenge(challenge=made.challenge, host=site.host))
        word, _ = self._tickets.make(
            connection, changes, kind, now=self._clock.now(), person_id=person_id, data=data
        )
        return PasskeyAsked(challenge_id=word, options=made.options)

    async def _used_up(self, kind: TicketKind, word: str) -> Ticket | None:
        """The challenge, which answers one attempt whether that succeeds or not."""
        now = self._clock.now()

        def use(connection: Connection, changes: ChangeSet) -> Ticket | None:
            found = self._tickets.find(connection, kind, word, now=now)
            if found is not None:
                self._tickets.use(changes, found)
            return found

        return await self._database.decide(use, self._organisations.host.id)

    def _failed(self, person: Person, visit: Visit) -> SignInFailed:
        return SignInFailed(
            tenant_id=person.tenant_id,
            happened_at=self._clock.now(),
            person_id=person.id,
            login=person.login,
            remote_address=visit.remote_address,
            reason="wrong_passkey",
        )


def _own(connection: Connection, tenant_id: TenantId, person_id: PersonId, passkey_id: str) -> PasskeyView:
    for row in factor_store.passkeys_of(connection, tenant_id, person_id):
        if row.id == passkey_id:
            return passkey_view(row)
    raise NotFound("There is no such passkey.")


def _names(credential: Mapping[str, Any], person_id: PersonId) -> bool:
    """Whether the account that the passkey says it is for, if it says so, is this one."""
    response = credential.get("response")
    told = response.get("userHandle") if isinstance(response, Mapping) else None
    if told in (None, ""):
        return True
    try:
        return (
            isinstance(told, str)
            and base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)) == person_id.encode()
        )
    except ValueError:
        return False


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid(f"A passkey's name has 1 to {NAME_MAX} characters.", field="name")
    return name
