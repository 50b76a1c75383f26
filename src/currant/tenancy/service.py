"""Tenancy in one hand: organisations, people, keys, signing in, and who is calling."""

import hmac
from collections.abc import Callable, Sequence
from datetime import timedelta
from ipaddress import ip_address

from argon2 import PasswordHasher
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, SystemClock, micros
from currant.kit.http import Outbound
from currant.kit.ids import TenantId
from currant.kit.mail import Mailer
from currant.tenancy import store, ticket_store
from currant.tenancy.callers import CallerCache, local_caller
from currant.tenancy.factors import SecondFactors
from currant.tenancy.guesses import Guesses
from currant.tenancy.idempotency import KEPT, Idempotency
from currant.tenancy.keys import Keys
from currant.tenancy.mail_links import MailLinks, NoMail
from currant.tenancy.model import Caller, FirstLogin
from currant.tenancy.oidc import Provider
from currant.tenancy.organisations import Organisations
from currant.tenancy.passkeys import Passkeys
from currant.tenancy.passwords import Passwords
from currant.tenancy.people import People
from currant.tenancy.proofs import Proofs
from currant.tenancy.sessions import Sessions
from currant.tenancy.sign_in import SignIn
from currant.tenancy.single_sign_on import SingleSignOn
from currant.tenancy.tickets import Tickets

FORGET_AT_ONCE = 1000


class Tenancy:
    """`prepare` comes first; `installation_key` is 16 to 64 random bytes that stay the same for the data's life."""

    def __init__(
        self,
        database: Database,
        *,
        installation_key: bytes,
        clock: Clock | None = None,
        local_key: str | None = None,
        hasher: PasswordHasher | None = None,
        mailer: Mailer | None = None,
        mail_arrives: bool = True,
        base: Callable[[], str] = lambda: "http://localhost:8080",
        providers: Sequence[Provider] = (),
        outbound: Outbound | None = None,
    ) -> None:
        """`base` is where people reach the pages; `mail_arrives` whether what is mailed reaches anybody."""
        clock = clock or SystemClock()
        self._database = database
        self._clock = clock
        self._local_key = local_key
        self._passwords = Passwords(hasher)
        callers = CallerCache(clock)
        tickets = Tickets(installation_key)
        self.guesses = Guesses(clock)
        self.organisations = Organisations(database, clock, self._passwords, callers)
        self.people = People(database, clock, self._passwords, callers)
        self.keys = Keys(database, clock, installation_key, callers)
        self.sessions = Sessions(database, clock, installation_key, callers)
        self.factors = SecondFactors(database, clock, installation_key, callers, tickets)
        self.proofs = Proofs(database, clock, self._passwords, self.guesses)
        self.sign_in = SignIn(
            database, clock, self._passwords, self.sessions, tickets, self.factors, self.guesses
        )
        self.passkeys = Passkeys(
            database,
            clock,
            callers,
            self.organisations,
            tickets,
            self.factors,
            self.sessions,
            self.guesses,
        )
        self.mail_arrives = mailer is not None and mail_arrives
        self.mail_links = MailLinks(
            database,
            clock,
            self._passwords,
            callers,
            tickets,
            self.guesses,
            self.people,
            self.sign_in,
            mailer or NoMail(),
            base,
        )
        self.single_sign_on = SingleSignOn(
            database,
            clock,
            installation_key,
            callers,
            self.organisations,
            tickets,
            self.guesses,
            self.sessions,
            self.sign_in,
            providers,
            outbound,
        )
        self.idempotency = Idempotency(database, clock)

    async def prepare(
        self, *, organisation: str = "Currant", administrator: str = "admin"
    ) -> FirstLogin | None:
        """Make or find the installation's own organisation and its administrator.

        What it returns is to be shown to whoever started the server: a one-time password, until
        somebody has signed in as administrator.
        """
        return await self.organisations.prepare(name=organisation, administrator=administrator)

    @property
    def host_tenant_id(self) -> TenantId:
        """The tenant of stations that belong to nobody else; known after `prepare`."""
        return self.organisations.host.id

    async def caller_of_secret(
        self, secret: str, *, remote_address: str, tenant_id: str = ""
    ) -> Caller | None:
        """Whose API key (or local key) this is; None when nobody's.

        The local key opens from this machine alone, and may act for any organisation by its id.
        """
        if self._local_key is not None and hmac.compare_digest(secret.encode(), self._local_key.encode()):
            if not _is_this_machine(remote_address):
                return None
            if not tenant_id or tenant_id == self.host_tenant_id:
                return local_caller(self.organisations.host)
            found = await self._database.read(
                lambda connection: store.organisation(connection, TenantId(tenant_id))
            )
            return None if found is None else local_caller(found)
        return await self.keys.authenticate(secret)

    async def caller_of_cookie(self, cookie: str) -> Caller | None:
        return await self.sessions.authenticate(cookie)

    async def forget_expired(self) -> int:
        """A periodic duty: remove ended sign-ins and answers kept for a day; how many went."""
        now = self._clock.now()

        def forget(connection: Connection, changes: ChangeSet) -> int:
            return store.forget_expired(
                connection,
                logins_before=micros(now - timedelta(hours=1)),
                answers_before=micros(now - KEPT),
                limit=FORGET_AT_ONCE,
            ) + ticket_store.forget_expired_tickets(connection, before=micros(now), limit=FORGET_AT_ONCE)

        gone = total = await self._database.decide(forget, self.host_tenant_id)
        while gone >= FORGET_AT_ONCE:
            gone = await self._database.decide(forget, self.host_tenant_id)
            total += gone
        return total

    def close(self) -> None:
        self._passwords.close()


def _is_this_machine(remote_address: str) -> bool:
    if not remote_address:
        return True  # a Unix socket has no address
    try:
        return ip_address(remote_address.split("%")[0]).is_loopback
    except ValueError:
        return False
