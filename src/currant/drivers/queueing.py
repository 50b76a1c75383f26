"""Drivers wait for the next free place: they join the list of a location, see where they stand, and leave."""

from datetime import datetime

import msgspec

from currant.access.model import TokenKind
from currant.charging.reservations.model import WaitingDraft, WaitingPlace
from currant.charging.reservations.waiting import WaitingList
from currant.drivers.model import Driver, PlaceName
from currant.drivers.places import Places, TenantPlaces
from currant.drivers.sessions import place_name
from currant.drivers.sign_in import BY
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import ReservationId, WaitingId

LISTS_MAX = 20


class DriverWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """A list that the driver is on. `position` 1 is next; once called there is a reservation instead."""

    id: WaitingId
    place: PlaceName
    joined_at: datetime
    position: int | None = None
    estimated_at: datetime | None = None
    """About when their turn comes; None where nothing is known of it."""
    reservation_id: ReservationId | None = None


class Queueing:
    """The waiting lists, as one driver sees them."""

    def __init__(self, places: Places, waiting: WaitingList) -> None:
        self._places = places
        self._waiting = waiting

    async def list(self, driver: Driver) -> tuple[DriverWaiting, ...]:
        """The lists that the driver is on now, latest joined first."""
        tenant = await self._places.of(driver.tenant_id)
        found = await self._waiting.list(
            driver.tenant_id, token_uid=driver.token_uid, waiting=True, limit=LISTS_MAX
        )
        return tuple(_view(tenant, each) for each in found.items if _is_theirs(driver, each))

    async def join(self, driver: Driver, place_id: str) -> DriverWaiting:
        """Wait at a place; where something is free there, the driver is called at once. Conflict for guests."""
        if driver.guest:
            raise Conflict("Sign in first: places are kept for drivers with an account.")
        tenant = await self._places.of(driver.tenant_id)
        location_id = tenant.place(place_id).location.id
        there = next((each for each in await self.list(driver) if each.place.id == location_id), None)
        if there is not None:
            return there
        draft = WaitingDraft(token_uid=driver.token_uid, token_kind=TokenKind.APP, location_id=location_id)
        return _view(tenant, await self._waiting.join(driver.tenant_id, draft, by=BY))

    async def leave(self, driver: Driver, waiting_id: str) -> None:
        """Wait no more; NotFound for anybody else's place in a line."""
        try:
            found = await self._waiting.get(driver.tenant_id, WaitingId(waiting_id))
        except NotFound:
            found = None
        if found is None or not _is_theirs(driver, found):
            raise NotFound("You wait on no such list.", field="waiting")
        await self._waiting.leave(driver.tenant_id, found.waiting.id, by=BY)


def _is_theirs(driver: Driver, place: WaitingPlace) -> bool:
    return place.waiting.account_id == driver.account_id


def _view(tenant: TenantPlaces, place: WaitingPlace) -> DriverWaiting:
    waiting = place.waiting
    return DriverWaiting(
        id=waiting.id,
        place=place_name(tenant, waiting.location_id),
        joined_at=waiting.joined_at,
        position=place.position,
        estimated_at=place.estimated_at,
        reservation_id=waiting.reservation_id,
    )
