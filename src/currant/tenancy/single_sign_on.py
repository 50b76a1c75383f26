"""Single sign-on: people who sign in at another provider and come back as somebody of an organisation.

A visit is a ticket, bound to the browser by a short-lived cookie from which its nonce and its PKCE
verifier follow: an address that somebody else began with opens nothing here. People are known by
(issuer, subject), and the first time by a verified address where that is allowed.
"""

import base64
import hmac
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.crypto import digest, new_secret
from currant.kit.errors import Invalid, NotFound
from currant.kit.http import Outbound
from currant.kit.ids import PersonId, TenantId, new_id
from currant.tenancy import factor_store, store
from currant.tenancy.callers import CallerCache
from currant.tenancy.guesses import Guesses
from currant.tenancy.model import (
    Person,
    PersonAdded,
    PersonChanged,
    PersonLinked,
    Role,
    SecondFactorNeeded,
    SignedIn,
    Way,
)
from currant.tenancy.oidc import Asked, Provider, ProviderFailed, is_strong, role_of, verified_email
from currant.tenancy.organisations import Organisations
from currant.tenancy.people import changed_row, checked_email, checked_login, person_row
from currant.tenancy.sessions import Sessions, Visit
from currant.tenancy.sign_in import SignIn
from currant.tenancy.tickets import Ticket, TicketKind, Tickets

log = logging.getLogger(__name__)

COOKIE_LENGTH = 43
HOME = "/console/"
RETURN_TO_MAX = 1_000


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider as the sign-in page shows it."""

    id: str
    name: str


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """Where the browser goes, and the cookie it has to come back with."""

    address: str
    cookie: str


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody came back: signed in, or with a second factor still to show."""

    signed_in: SignedIn | SecondFactorNeeded
    return_to: str


class _Errand(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    redirect_uri: str
    return_to: str
    cookie_digest: bytes


class SingleSignOn:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        installation_key: bytes,
        callers: CallerCache,
        organisations: Organisations,
        tickets: Tickets,
        guesses: Guesses,
        sessions: Sessions,
        sign_in: SignIn,
        providers: Sequence[Provider] = (),
        outbound: Outbound | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._key = installation_key
        self._callers = callers
        self._organisations = organisations
        self._tickets = tickets
        self._guesses = guesses
        self._sessions = sessions
        self._sign_in = sign_in
        assert outbound is not None or not providers, "Providers are asked over something."
        self._asked = (
            {each.id: Asked(each, outbound, clock) for each in providers} if outbound is not None else {}
        )

    @property
    def providers(self) -> tuple[ProviderView, ...]:
        return tuple(
            ProviderView(id=each.provider.id, name=each.provider.name) for each in self._asked.values()
        )

    async def start(self, provider_id: str, *, redirect_uri: str, return_to: str, visit: Visit) -> Started:
        """Send a browser to a provider. ProviderFailed when that cannot be used now."""
        asked = self._known(provider_id)
        self._guesses.count_question(visit.remote_address)
        cookie = new_secret(COOKIE_LENGTH)
        errand = _Errand(
            provider=provider_id,
            redirect_uri=redirect_uri,
            return_to=safe_return(return_to),
            cookie_digest=self._follows(cookie, "cookie"),
        )

        def begin(connection: Connection, changes: ChangeSet) -> str:
            data = msgspec.json.encode(errand)
            kind = TicketKind.SINGLE_SIGN_ON
            return self._tickets.make(connection, changes, kind, now=self._clock.now(), data=data)[0]

        state = await self._database.decide(begin, self._organisations.host.id)
        address = await asked.address(
            redirect_uri=redirect_uri,
            state=state,
            nonce=_word(self._follows(cookie, "nonce")),
            verifier=_word(self._follows(cookie, "pkce")),
        )
        return Started(address=address, cookie=cookie)

    async def finish(
        self,
        provider_id: str,
        *,
        state: str,
        cookie: str,
        code: str,
        error: str = "",
        issuer: str = "",
        visit: Visit,
    ) -> Returned:
        """A browser came back. ProviderFailed says why it is not let in."""
        asked = self._known(provider_id)
        self._guesses.count(address=visit.remote_address)
        ticket = await self._used_up(state)
        if ticket is None:
            raise ProviderFailed("expired", "The visit is unknown, over, or was used already.")
        errand = msgspec.json.decode(ticket.data, type=_Errand)
        if not (
            errand.provider == provider_id
            and len(cookie) == COOKIE_LENGTH
            and hmac.compare_digest(errand.cookie_digest, self._follows(cookie, "cookie"))
        ):
            raise ProviderFailed("other_browser", "The visit was begun in another browser.")
        if error or not code:
            raise ProviderFailed("cancelled", f"The provider sent the browser back: {error[:100]!r}.")
        if issuer and issuer.rstrip("/") != asked.provider.issuer.rstrip("/"):
            # RFC 9207: the answer of one provider brought to another.
            raise ProviderFailed("not_verified", f"The answer comes from {issuer[:200]!r}.")
        claims = await asked.claims(
            code=code,
            redirect_uri=errand.redirect_uri,
            nonce=_word(self._follows(cookie, "nonce")),
            verifier=_word(self._follows(cookie, "pkce")),
        )
        tenant_id = await self._tenant_of(asked.provider)
        signed_in = await self._database.decide(
            lambda connection, changes: self._let_in(connection, changes, asked.provider, claims, visit),
            tenant_id,
        )
        self._callers.clear()
        self._guesses.right(address=visit.remote_address)
        return Returned(signed_in=signed_in, return_to=errand.return_to)

    def _let_in(
        self,
        connection: Connection,
        changes: ChangeSet,
        provider: Provider,
        claims: Mapping[str, Any],
        visit: Visit,
    ) -> SignedIn | SecondFactorNeeded:
        tenant_id, now = changes.tenant_id, self._clock.now()
        subject = str(claims["sub"])
        role = role_of(claims, provider)
        known = factor_store.identity(connection, tenant_id, provider.issuer, subject)
        person = None if known is None else store.person(connection, tenant_id, PersonId(known.person_id))
        if person is None:
            person = self._by_email(connection, tenant_id, provider, claims)
            if person is None:
                person = self._made(connection, changes, provider, claims, role, now)
            row = (tenant_id, provider.issuer, subject, person.id, micros(now))
            changes.write(factor_store.INSERT_IDENTITY, row)
            changes.emit(
                PersonLinked(
                    tenant_id=tenant_id,
                    happened_at=now,
                    person_id=person.id,
                    login=person.login,
                    provider=provider.id,
                )
            )
        if not person.active:
            raise ProviderFailed("not_allowed", f"{person.login} may not sign in.")
        if provider.role_claim:
            person = self._with_role(connection, changes, provider, person, role, now)
        if provider.second_factor or is_strong(claims):
            return self._sessions.begin(
                connection, changes, person, visit, way=Way.SINGLE_SIGN_ON, strong=True
            )
        return self._sign_in.go_on(connection, changes, person, visit, way=Way.SINGLE_SIGN_ON)

    def _by_email(
        self, connection: Connection, tenant_id: TenantId, provider: Provider, claims: Mapping[str, Any]
    ) -> Person | None:
        email = verified_email(claims)
        if not provider.link_by_email or not email:
            return None
        # An address that somebody gave themselves proves nothing: it could be the next colleague's.
        found = [
            person
            for person in store.people_by_email(connection, tenant_id, email)
            if person.email_confirmed or person.login == email
        ]
        return found[0] if len(found) == 1 else None

    def _made(
        self,
        connection: Connection,
        changes: ChangeSet,
        provider: Provider,
        claims: Mapping[str, Any],
        role: Role | None,
        now: datetime,
    ) -> Person:
        if not provider.create:
            raise ProviderFailed("unknown_person", "Nobody here belongs to this account.")
        if role is None:
            raise ProviderFailed("not_allowed", "No role follows from what the provider says.")
        email = verified_email(claims)
        person = Person(
            id=PersonId(new_id()),
            tenant_id=changes.tenant_id,
            login=_free_login(connection, provider, claims, email),
            name=str(claims.get("name") or "")[:200],
            email=_or_empty(email),
            role=role,
            created_at=now,
            email_confirmed=bool(_or_empty(email)),
        )
        # Without a password: nobody signs in as them but through the provider.
        changes.write(store.INSERT_PERSON, person_row(person, ""))
        changes.emit(
            PersonAdded(
                tenant_id=person.tenant_id,
                happened_at=now,
                person_id=person.id,
                login=person.login,
                role=role,
                by=f"single sign-on: {provider.id}",
            )
        )
        return person

    def _with_role(
        self,
        connection: Connection,
        changes: ChangeSet,
        provider: Provider,
        person: Person,
        role: Role | None,
        now: datetime,
    ) -> Person:
        if role is None:
            raise ProviderFailed("not_allowed", "No role follows from what the provider says any more.")
        last_owner = person.role is Role.OWNER and store.active_owners(connection, person.tenant_id) <= 1
        if role is person.role or last_owner:
            return person
        after = msgspec.structs.replace(person, role=role)
        changes.write(store.CHANGE_PERSON, changed_row(after))
        changes.emit(
            PersonChanged(
                tenant_id=person.tenant_id,
                happened_at=now,
                person_id=person.id,
                login=person.login,
                what=("role",),
                by=f"single sign-on: {provider.id}",
            )
        )
        return after

    async def _tenant_of(self, provider: Provider) -> TenantId:
        if not provider.organisation:
            return self._organisations.host.id
        wanted = provider.organisation
        found = await self._database.read(lambda connection: store.organisations_named(connection, wanted))
        if len(found) != 1:
            log.error("The organisation %r of the provider %s is not there once.", wanted, provider.id)
            raise ProviderFailed("provider_wrong", "Its organisation is not known here.")
        return found[0].id

    async def _used_up(self, state: str) -> Ticket | None:
        now = self._clock.now()

        def use(connection: Connection, changes: ChangeSet) -> Ticket | None:
            found = self._tickets.find(connection, TicketKind.SINGLE_SIGN_ON, state, now=now)
            if found is not None:
                self._tickets.use(changes, found)
            return found

        return await self._database.decide(use, self._organisations.host.id)

    def _known(self, provider_id: str) -> Asked:
        asked = self._asked.get(provider_id)
        if asked is None:
            raise NotFound("There is no such provider of single sign-on.")
        return asked

    def _follows(self, cookie: str, what: str) -> bytes:
        return digest(f"single sign-on {what}:{cookie}".encode(), key=self._key)


def safe_return(return_to: str) -> str:
    """Where on our own pages to go back to; the console's first page for everything else."""
    fits = (
        len(return_to) <= RETURN_TO_MAX
        and return_to.isascii()
        and return_to.isprintable()
        and (return_to == "/console" or return_to.startswith(("/console/", "/console?", "/console#")))
        # Browsers read a backslash as a slash, and `..` leads out of the console.
        and not any(bad in return_to for bad in ("\\", "..", " ", "%2e", "%2E", "%5c", "%5C"))
        and "//" not in return_to.partition("?")[0].partition("#")[0]
    )
    return return_to if fits else HOME


def _free_login(connection: Connection, provider: Provider, claims: Mapping[str, Any], email: str) -> str:
    candidates = (email, str(claims.get("preferred_username") or ""), f"{provider.id}:{new_id()}")
    for each in candidates:
        try:
            login = checked_login(each)
        except Invalid:
            continue
        if store.person_by_login(connection, login) is None:
            return login
    raise ProviderFailed("not_allowed", "No name to sign in with could be made.")


def _or_empty(email: str) -> str:
    try:
        return checked_email(email)
    except Invalid:
        return ""


def _word(made: bytes) -> str:
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
