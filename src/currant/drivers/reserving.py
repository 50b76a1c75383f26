"""Drivers keep a place for themselves: an EVSE by its code, or any at a place."""

from datetime import datetime

from currant.access.model import TokenKind
from currant.charging.reservations.model import Reservation, ReservationDraft, ReservationFilter
from currant.charging.reservations.service import Reservations
from currant.drivers.looking import unknown_code
from currant.drivers.model import Driver, DriverReservation
from currant.drivers.places import Places, TenantPlaces
from currant.drivers.sessions import place_name
from currant.drivers.sign_in import BY
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import ReservationId
from currant.stations.model import Page


class Reserving:
    """The reservations of drivers."""

    def __init__(self, places: Places, reservations: Reservations) -> None:
        self._places = places
        self._reservations = reservations

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
