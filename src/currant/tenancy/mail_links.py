"""What goes by mail: a link to set a password that was forgotten, and invitations.

A link holds a word that works once. It stands behind the `#` of an address, where browsers keep it to
themselves: no server's log and no referrer ever holds it.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, CurrantError, Invalid
from currant.kit.ids import PersonId, TenantId
from currant.kit.mail import Mail, Mailer
from currant.tenancy import store
from currant.tenancy.callers import CallerCache
from currant.tenancy.guesses import Guesses
from currant.tenancy.letters import invitation_letter, notice_letter, reset_letter
from currant.tenancy.model import (
    Caller,
    CallerKind,
    NewPerson,
    Organisation,
    PasswordChanged,
    Person,
    PersonInvited,
    Role,
    SecondFactorNeeded,
    SignedIn,
    SignInRefused,
    Way,
)
from currant.tenancy.passwords import Passwords, check_acceptable
from currant.tenancy.people import People, changed_row, check_may_touch, known_person
from currant.tenancy.sessions import Visit
from currant.tenancy.sign_in import SignIn
from currant.tenancy.tickets import Ticket, TicketKind, Tickets

log = logging.getLogger(__name__)

AT_ONCE_MAX = 50
LINK_EXPIRED = "This link was used already, or is too old: ask for a new one."


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What an invitation is for."""

    login: str
    name: str
    organisation: str
    role: Role
    expires_at: datetime


class NoMail:
    """Where nothing is mailed: every letter is let go."""

    async def send(self, mail: Mail) -> None:
        log.warning("There is no mail here: a letter was let go.")


class MailLinks:
    """`base` says where people reach the pages (`https://charge.example.org`)."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        callers: CallerCache,
        tickets: Tickets,
        guesses: Guesses,
        people: People,
        sign_in: SignIn,
        mailer: Mailer,
        base: Callable[[], str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._callers = callers
        self._tickets = tickets
        self._guesses = guesses
        self._people = people
        self._sign_in = sign_in
        self._mailer = mailer
        self._base = base
        self._under_way: set[asyncio.Task[None]] = set()

    async def forgotten(self, *, login: str, visit: Visit) -> None:
        """Mail a link to set a new password, if there is somebody of that name with an address.

        Nothing tells whether there is: it is looked up after the answer has left.
        """
        self._guesses.count(address=visit.remote_address)
        if len(self._under_way) >= AT_ONCE_MAX:
            log.warning("Too many ask for new passwords at once: one was left out.")
            return
        task = asyncio.get_running_loop().create_task(self._send_reset(login.strip().casefold()))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def reset(self, *, token: str, new_password: str, visit: Visit) -> SignedIn | SecondFactorNeeded:
        """Set a new password by the word of a link: every session ends, and a second factor is still asked for."""
        ticket = await self._held(TicketKind.RESET, token, visit)
        person = await self._people.get(ticket.tenant_id, ticket.person_id)
        check_acceptable(new_password, login=person.login)
        password_hash = await self._passwords.hash(new_password)

        def reset(connection: Connection, changes: ChangeSet) -> SignedIn | SecondFactorNeeded:
            person = self._taken(connection, changes, TicketKind.RESET, token)
            self._set_password(changes, person, password_hash)
            return self._sign_in.go_on(connection, changes, person, visit, way=Way.MAIL)

        done = await self._database.decide(reset, ticket.tenant_id)
        self._callers.clear()
        self._guesses.right(login=person.login, address=visit.remote_address)
        await self.tell(ticket.tenant_id, ticket.person_id, "password")
        return done

    async def invite(
        self,
        tenant_id: TenantId,
        *,
        login: str,
        role: Role,
        by: Caller,
        name: str = "",
        email: str = "",
        language: str = "",
    ) -> NewPerson:
        """Somebody new, who chooses a password by the link that is mailed to them."""
        made = await self._people.add(
            tenant_id,
            login=login,
            role=role,
            by=by,
            name=name,
            email=email,
            language=language,
            without_password=True,
        )
        return await self.invite_again(tenant_id, made.person.id, by=by)

    async def invite_again(self, tenant_id: TenantId, person_id: PersonId, *, by: Caller) -> NewPerson:
        """Mail a new invitation; the one before ends to work."""
        now = self._clock.now()

        def invite(
            connection: Connection, changes: ChangeSet
        ) -> tuple[Person, Organisation, str, datetime, Person | None]:
            found = store.person_with_password(connection, tenant_id, person_id)
            person = known_person(connection, tenant_id, person_id)
            check_may_touch(by, person)
            if not person.active:
                raise Conflict("This person may not sign in: activate them first.")
            if found is not None and found[1]:
                raise Conflict("This person has a password already: give them a one-time password instead.")
            if not person.email:
                raise Invalid(
                    "An invitation is mailed: give the person an e-mail address first.", field="email"
                )
            organisation = store.organisation(connection, tenant_id)
            assert organisation is not None, "A person's organisation exists."
            word, until = self._tickets.make(
                connection, changes, TicketKind.INVITATION, now=now, person_id=person_id
            )
            changes.write(store.SET_INVITED, (micros(until), tenant_id, person_id))
            changes.emit(
                PersonInvited(
                    tenant_id=tenant_id,
                    happened_at=now,
                    person_id=person_id,
                    login=person.login,
                    by=by.label,
                )
            )
            host = by.kind is CallerKind.PERSON
            inviter = store.person(connection, by.tenant_id, PersonId(by.id)) if host else None
            return msgspec.structs.replace(person, invited_until=until), organisation, word, until, inviter

        person, organisation, word, until, inviter = await self._database.decide(invite, tenant_id)
        await self._mailer.send(
            invitation_letter(
                person,
                organisation,
                base=self._base(),
                word=word,
                until=until,
                by=(inviter.name or inviter.login) if inviter is not None else organisation.name,
                language=inviter.language if inviter is not None else "",
            )
        )
        return NewPerson(person=person, one_time_password="", expires_at=until)

    async def look(self, *, token: str, visit: Visit) -> Invitation:
        """What the invitation of a link is for."""
        ticket = await self._held(TicketKind.INVITATION, token, visit)
        person = await self._people.get(ticket.tenant_id, ticket.person_id)
        organisation = await self._database.read(
            lambda connection: store.organisation(connection, ticket.tenant_id)
        )
        self._guesses.right(address=visit.remote_address)
        return Invitation(
            login=person.login,
            name=person.name,
            organisation=organisation.name if organisation is not None else "",
            role=person.role,
            expires_at=ticket.expires_at,
        )

    async def accept(
        self, *, token: str, name: str, password: str, visit: Visit
    ) -> SignedIn | SecondFactorNeeded:
        """Take an invitation up: a name, a password, and the first session."""
        ticket = await self._held(TicketKind.INVITATION, token, visit)
        invited = await self._people.get(ticket.tenant_id, ticket.person_id)
        check_acceptable(password, login=invited.login, field="password")
        password_hash = await self._passwords.hash(password)

        def accept(connection: Connection, changes: ChangeSet) -> SignedIn | SecondFactorNeeded:
            person = self._taken(connection, changes, TicketKind.INVITATION, token)
            person = msgspec.structs.replace(person, name=name.strip() or person.name)
            self._set_password(changes, person, password_hash)
            return self._sign_in.go_on(connection, changes, person, visit, way=Way.MAIL)

        done = await self._database.decide(accept, ticket.tenant_id)
        self._callers.clear()
        self._guesses.right(address=visit.remote_address)
        return done

    async def tell(self, tenant_id: TenantId, person_id: PersonId, what: str, *, to: str = "") -> None:
        """Mail somebody that something about their signing in changed, at `to` or their own address."""

        def look(connection: Connection) -> Mail | None:
            person = store.person(connection, tenant_id, person_id)
            organisation = store.organisation(connection, tenant_id)
            if person is None or organisation is None or not (to or person.email):
                return None
            return notice_letter(person, organisation, what, to=to)

        mail = await self._database.read(look)
        if mail is not None:
            try:
                await self._mailer.send(mail)
            except (CurrantError, OSError) as error:
                # It is done already: the notice must not make it look undone.
                log.warning("A notice about signing in could not be mailed: %s", error)

    async def stop(self) -> None:
        """Wait for the letters that are being written."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _send_reset(self, login: str) -> None:
        now = self._clock.now()
        try:
            found = await self._database.read(lambda connection: store.person_by_login(connection, login))
            # Who has no password (invited, single sign-on) is not given one this way.
            if found is None or not found[0].active or not found[0].email or not found[1]:
                return
            self._guesses.count_letter(login)
            person = found[0]

            def ask(connection: Connection, changes: ChangeSet) -> tuple[str, datetime, Organisation | None]:
                word, until = self._tickets.make(
                    connection, changes, TicketKind.RESET, now=now, person_id=person.id
                )
                return word, until, store.organisation(connection, person.tenant_id)

            word, until, organisation = await self._database.decide(ask, person.tenant_id)
            assert organisation is not None, "A person's organisation exists."
            await self._mailer.send(
                reset_letter(person, organisation, base=self._base(), word=word, until=until)
            )
        except SignInRefused:
            log.info("Somebody has asked for too many new passwords for one login: no more are mailed now.")
        except Exception:
            log.exception("A letter with a new password's link could not be sent.")

    async def _held(self, kind: TicketKind, word: str, visit: Visit) -> Ticket:
        self._guesses.count(address=visit.remote_address)
        now = self._clock.now()

        def look(connection: Connection) -> Ticket | None:
            ticket = self._tickets.find(connection, kind, word, now=now)
            if ticket is None:
                return None
            person = store.person(connection, ticket.tenant_id, ticket.person_id)
            return ticket if person is not None and person.active else None

        ticket = await self._database.read(look)
        if ticket is None:
            raise SignInRefused(LINK_EXPIRED, reason="link_expired")
        return ticket

    def _taken(self, connection: Connection, changes: ChangeSet, kind: TicketKind, word: str) -> Person:
        """The person of a word, which is used up; looked at again, for two may come with it at once."""
        ticket = self._tickets.find(connection, kind, word, now=self._clock.now())
        person = None if ticket is None else store.person(connection, ticket.tenant_id, ticket.person_id)
        if ticket is None or person is None or not person.active:
            raise SignInRefused(LINK_EXPIRED, reason="link_expired")
        return person

    def _set_password(self, changes: ChangeSet, person: Person, password_hash: str) -> None:
        tenant_id, person_id = person.tenant_id, person.id
        # The other links and half sign-ins of the person go with this one.
        self._tickets.drop(changes, person_id)
        # Who opened the link reads the mail of that address.
        changes.write(store.CHANGE_PERSON, changed_row(msgspec.structs.replace(person, email_confirmed=True)))
        changes.write(store.SET_PASSWORD, (password_hash, False, None, tenant_id, person_id))
        changes.write(store.SET_INVITED, (None, tenant_id, person_id))
        changes.write(store.DELETE_LOGINS_OF_PERSON, (tenant_id, person_id))
        changes.emit(
            PasswordChanged(
                tenant_id=tenant_id,
                happened_at=self._clock.now(),
                person_id=person_id,
                login=person.login,
                way=Way.MAIL.value,
            )
        )
