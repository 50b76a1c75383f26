"""What an installation has for drivers: their services, who follows what for them, and what is tidied up."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

from currant.app.duties import Duty
from currant.drivers.events import ChargingAsked, ChargingFailed, DriverErased, DriverSignedIn
from currant.drivers.places import PLACE_EVENTS
from currant.drivers.service import Drivers, DriverTerms
from currant.drivers.sessions import SESSIONS_FOLLOWED
from currant.events.delivery import Subscription
from currant.kit.event import Event
from currant.notices.push import PUSHED, Push, PushKey

if TYPE_CHECKING:
    from currant.app.container import Currant
    from currant.app.settings import DriverSettings
    from currant.kit.mail import Mailer

DRIVERS_FOLLOWED: tuple[type[Event], ...] = (*PLACE_EVENTS, ChargingFailed)
DRIVERS_RECORDED: tuple[type[Event], ...] = (DriverSignedIn, DriverErased, ChargingAsked)


async def start_drivers(
    currant: "Currant", stack: AsyncExitStack, *, names: list[str], mailer: "Mailer | None"
) -> None:
    """Make the services of drivers; `names` are those that this server knows itself by."""
    settings, database, clock = currant.settings, currant.database, currant.clock
    key = await asyncio.to_thread(PushKey.open, currant.place.folder)
    wanted = settings.drivers
    currant.drivers = Drivers(
        database,
        currant.directory,
        currant.inventory,
        currant.access,
        currant.charging,
        currant.reservations,
        currant.waiting,
        currant.live,
        clock,
        key=currant.place.installation_key(),
        mailer=mailer,
        mail_arrives=currant.tenancy.mail_arrives,
        public_url=settings.http.public_url,
        terms=driver_terms(wanted),
        own_hosts=[*names, settings.http.host],
        push_key=key.public,
        allow_private_push=currant.outbound.allow_private,
        price_of=currant.selling.price_of,
        costs_of=currant.selling.costs_of,
        lines_of=currant.selling.lines_of,
    )
    stack.push_async_callback(currant.drivers.stop)
    currant.push = Push(
        currant.drivers.push,
        currant.drivers.places,
        currant.outbound,
        key,
        clock,
        contact=_contact(wanted.push_contact, settings.http.public_url, f"https://{names[0]}"),
    )
    currant.push.start()
    stack.push_async_callback(currant.push.stop)


def _contact(*candidates: str) -> str:
    """The first of these that push services may be told (RFC 8292, 2.1); the last is one."""
    for each in candidates:
        if each.startswith(("https://", "mailto:")):
            return each
        if "@" in each:
            return f"mailto:{each}"
    return candidates[-1]


def driver_terms(wanted: "DriverSettings") -> DriverTerms:
    """What drivers may do, as it is set."""
    return DriverTerms(
        link_lasts=timedelta(minutes=wanted.link_minutes),
        plug_in_within=timedelta(minutes=wanted.plug_in_minutes),
        guest_sessions=wanted.guest_sessions,
        driver_sessions=wanted.driver_sessions,
        guests_kept=timedelta(days=wanted.guest_days),
    )


def driver_subscriptions(drivers: Drivers, push: Push, *, node: str) -> list[Subscription]:
    """Who follows what for drivers."""
    return [
        Subscription(f"drivers' places of {node}", drivers.places.follow, to=PLACE_EVENTS, skip_after=3),
        Subscription("drivers' sessions", drivers.sessions.follow, to=SESSIONS_FOLLOWED, skip_after=5),
        Subscription("messages to drivers", push.follow, to=PUSHED, skip_after=2),
    ]


def driver_duties(currant: "Currant") -> list[Duty]:
    """What is tidied up for drivers."""

    async def tend() -> None:
        await currant.drivers.sessions.tend(currant.clock.now())

    async def forget() -> None:
        await currant.drivers.forget_old()

    return [
        Duty(name="wishes of drivers", every_s=30, run=tend, first_s=20),
        Duty(name="forgotten drivers", every_s=3600, run=forget, first_s=300),
    ]
