"""Drivers keep a place for themselves: an EVSE by its code, or any at a place."""

from datetime import datetime

from currant.access.model import TokenKind
from currant.charging.reservations.model import (
    Reservation,
    ReservationDraft,
    ReservationFilter,
    WaitingDraft,
    WaitingPlace,
    WaitingState,
)
from currant.charging.reservations.service import Reservations
from currant.charging.reservations.waiting import WaitingList
from currant.drivers.looking import unknown_code
from currant.drivers.model import Driver, DriverReservation, DriverWaiting
from currant.drivers.places import Places, TenantPlaces
from currant.drivers.sessions import place_name
from currant.drivers.sign_in import BY
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import ReservationId, WaitingId
from currant.stations.model import Page

LINES_MAX = 5


class Reserving:
    """The reservations of drivers, and their waiting for a place."""

    def __init__(self, places: Places, reservations: Reservations, waiting: WaitingList) -> None:
        self._places = places
        self._reservations = reservations
        self._waiting = waiting

    async def list(self, driver: Driver, *, cursor: str | None, limit: int) -> Page[DriverReservation]:
        """The driver's, latest made first."""
        tenant = await self._places.of(driver.tenant_id)
        page = await self._reservations.list(
            driver.tenant_id,
            ReservationFilter(account_id=driver.account_id),
            cursor=cursor,
            limit=limit,
        )
        return Page(items=tuple(_view(tenant, each) for each in page.items), next_cursor=page.next_cursor)

    async def reserve(
        self,
        driver: Driver,
        *,
        code: str | None,
        place_id: str | None,
        begins: datetime | None,
        ends: datetime | None,
    ) -> DriverReservation:
        """Keep a place. Conflict where none is to be had, or the driver keeps as many as anybody may."""
        if (code is None) == (place_id is None):
            raise Invalid("Name the code of a charger, or a place: one of the two.", field="code")
        if driver.guest:
            raise Conflict("Sign in first: places are kept for drivers with an account.")
        tenant = await self._places.of(driver.tenant_id)
        location_id = station = evse = None
        if code is not None:
            found = tenant.find(code)
            if found is None:
                raise unknown_code(code)
            station, evse = found[1].station_id, found[2].number
        else:
            location_id = tenant.place(place_id or "").location.id
        made = await self._reservations.reserve(
            driver.tenant_id,
            ReservationDraft(
                token_uid=driver.token_uid,
                token_kind=TokenKind.APP,
                starts_at=begins,
                ends_at=ends,
                location_id=location_id,
                station=station,
                evse=evse,
            ),
            by=BY,
        )
        return _view(tenant, made)

    async def cancel(self, driver: Driver, reservation_id: str) -> None:
        """Give the place free again; NotFound for anybody else's."""
        try:
            found = await self._reservations.get(driver.tenant_id, ReservationId(reservation_id))
        except NotFound:
            found = None
        if found is None or found.account_id != driver.account_id:
            raise NotFound("You have no such reservation.", field="reservation")
        await self._reservations.cancel(driver.tenant_id, found.id, by=BY)

    # Waiting

    async def lines(self, driver: Driver) -> tuple[DriverWaiting, ...]:
        """Where the driver waits now, or was called to."""
        tenant = await self._places.of(driver.tenant_id)
        page = await self._waiting.list(
            driver.tenant_id, token_uid=driver.token_uid, waiting=True, limit=LINES_MAX
        )
        return tuple(_in_line(tenant, each) for each in page.items)

    async def wait(self, driver: Driver, place_id: str) -> DriverWaiting:
        """Wait for the next free EVSE of a place; who waits there already still does."""
        if driver.guest:
            raise Conflict("Sign in first: places are kept for drivers with an account.")
        tenant = await self._places.of(driver.tenant_id)
        location_id = tenant.place(place_id).location.id
        known = await self.lines(driver)
        for line in known:
            if line.place.id == location_id:
                return line
        if len(known) >= LINES_MAX:
            raise Conflict(f"You wait in {len(known)} lines already: leave one first.")
        joined = await self._waiting.join(
            driver.tenant_id,
            WaitingDraft(token_uid=driver.token_uid, token_kind=TokenKind.APP, location_id=location_id),
            by=BY,
        )
        return _in_line(tenant, joined)

    async def leave(self, driver: Driver, waiting_id: str) -> None:
        """Wait no more; NotFound for anybody else's place in a line."""
        try:
            found = await self._waiting.get(driver.tenant_id, WaitingId(waiting_id))
        except NotFound:
            found = None
        if found is None or found.waiting.account_id != driver.account_id:
            raise NotFound("You do not wait there.", field="waiting")
        await self._waiting.leave(driver.tenant_id, found.waiting.id, by=BY)


def _in_line(tenant: TenantPlaces, found: WaitingPlace) -> DriverWaiting:
    waiting = found.waiting
    return DriverWaiting(
        id=waiting.id,
        place=place_name(tenant, waiting.location_id),
        position=found.position,
        called=waiting.state is WaitingState.CALLED,
        reservation_id=waiting.reservation_id,
        joined_at=waiting.joined_at,
    )


def _view(tenant: TenantPlaces, reservation: Reservation) -> DriverReservation:
    station = tenant.stations.get(reservation.place_station_id)
    evse = None if station is None else station.evses.get(reservation.place_evse)
    location_id = reservation.location_id or (None if station is None else station.location_id)
    return DriverReservation(
        id=reservation.id,
        number=reservation.number,
        state=reservation.state.value,
        place=place_name(tenant, location_id),
        evse_code="" if station is None or evse is None else station.code_of(evse),
        from_=reservation.starts_at,
        until=reservation.ends_at,
        open=reservation.is_open,
    )
