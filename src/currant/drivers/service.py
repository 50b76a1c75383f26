"""Everything about drivers in one hand: the places they see, who they are, and what they do."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from currant.access.service import AccessService
from currant.charging.reservations.service import Reservations
from currant.charging.reservations.waiting import WaitingList
from currant.charging.service import ChargingService
from currant.db.engine import Database
from currant.drivers import store
from currant.drivers.accounts import Accounts
from currant.drivers.looking import Looking
from currant.drivers.model import Driver, EvseFound, PlaceDetails
from currant.drivers.photos import Photos
from currant.drivers.places import Places
from currant.drivers.prices import CostsOf, LinesOf, PriceOf, no_costs, no_lines, no_price
from currant.drivers.push import Subscriptions
from currant.drivers.reserving import Reserving
from currant.drivers.sessions import DriverSessions
from currant.drivers.sign_in import SignIn
from currant.drivers.watching import Watching
from currant.events.live import LiveFeed
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict
from currant.kit.ids import TenantId
from currant.kit.mail import Mailer
from currant.stations.directory import StationDirectory
from currant.stations.inventory import Inventory
from currant.tenancy.branding_rules import host_of

FORGET_AT_ONCE = 500
GUESTS_AT_ONCE = 100


class DriverTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What drivers may do, and how long things last; the defaults suit public charging."""

    link_lasts: timedelta = timedelta(minutes=15)
    plug_in_within: timedelta = timedelta(minutes=10)
    guest_sessions: int = 1
    driver_sessions: int = 3
    guests_kept: timedelta = timedelta(days=60)


USUAL = DriverTerms()


class Drivers:
    """The services of drivers, wired together."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        inventory: Inventory,
        access: AccessService,
        charging: ChargingService,
        reservations: Reservations,
        waiting: WaitingList,
        live: LiveFeed,
        clock: Clock,
        *,
        key: bytes,
        mailer: Mailer | None = None,
        mail_arrives: bool = True,
        public_url: str = "",
        terms: DriverTerms = USUAL,
        price_of: PriceOf = no_price,
        costs_of: CostsOf = no_costs,
        lines_of: LinesOf = no_lines,
        own_hosts: Iterable[str] = (),
        push_key: str = "",
        allow_private_push: bool = False,
    ) -> None:
        """`public_url` is where people reach this server, for links in letters; `own_hosts` are the names that this server knows itself by; `push_key` is the public half of the key that messages to browsers are signed with."""
        self._database = database
        self._waiting = waiting
        self._clock = clock
        self.terms = terms
        self.mail_arrives = mailer is not None and mail_arrives
        self.public_url = public_url.rstrip("/")
        self.push_key = push_key
        self.own_hosts = frozenset(host_of(host) for host in own_hosts) - {""}
        self.places = Places(database, directory, inventory, charging)
        self.looking = Looking(price_of)
        self.sign_in = SignIn(database, access, clock, key=key, mailer=mailer, link_lasts=terms.link_lasts)
        self.reserving = Reserving(self.places, reservations, waiting)
        self.accounts = Accounts(
            database, access, charging, reservations, self.reserving, self.sign_in, clock
        )
        self.watching = Watching(live)
        self.sessions = DriverSessions(
            database,
            self.places,
            charging,
            self.watching,
            clock,
            costs_of=costs_of,
            lines_of=lines_of,
            plug_in_within=terms.plug_in_within,
            guest_sessions=terms.guest_sessions,
            driver_sessions=terms.driver_sessions,
        )
        self.push = Subscriptions(database, clock, allow_private=allow_private_push)
        self.photos = Photos(database, inventory, clock)

    async def stop(self) -> None:
        """Let go of what is under way."""
        await self.sessions.stop_asking()
        await self.watching.stop()
        await self.places.stop()

    async def place(self, tenant_id: TenantId, place_id: str, *, language: str) -> PlaceDetails:
        """All that drivers are told of a place; NotFound where there is no such public place."""
        tenant = await self.places.of(tenant_id)
        place = tenant.place(place_id)
        waits = await self._waiting.list(tenant_id, location_id=place.location.id, waiting=True, limit=100)
        return self.looking.details(
            tenant, place, now=self._clock.now(), language=language, waiting=len(waits.items)
        )

    async def evse(
        self, tenant_id: TenantId, code: str, *, driver: Driver | None, guests: bool, language: str
    ) -> EvseFound:
        """What a code leads to; NotFound where it leads nowhere public."""
        tenant = await self.places.of(tenant_id)
        own = None if driver is None else await self.sessions.running_at(driver)
        refused = "" if guests or (driver is not None and not driver.guest) else "no_guests"
        return self.looking.found(
            tenant, code, now=self._clock.now(), language=language, refused=refused, own=own
        )

    async def forget_old(self) -> int:
        """A duty: what has expired, and guests who do not come back; how much went."""
        now = self._clock.now()
        gone = await self._database.decide(
            lambda conn, _: store.forget_expired(
                conn, before=micros(now - timedelta(days=1)), limit=FORGET_AT_ONCE
            ),
            TenantId(""),
        )
        unseen = await self._database.read(
            lambda conn: store.guests_unseen(
                conn, before=micros(now - self.terms.guests_kept), limit=GUESTS_AT_ONCE
            )
        )
        for guest in unseen:
            try:
                await self.accounts.erase(guest)
            except Conflict:
                continue  # a session of theirs is still under way
            gone += 1
        return gone
