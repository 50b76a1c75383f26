"""A place is found and taken for a reservation: within the decision that makes it, so that none is given twice."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.charging.reservations import rules, store
from currant.charging.reservations.assignment import Booking, assign
from currant.charging.reservations.events import ReservationChanged, about
from currant.charging.reservations.model import PlaceKey, Reservation, Wanted
from currant.db.commits import ChangeSet
from currant.kit.ids import LocationId, StationId, TenantId, TokenId
from currant.stations import places
from currant.stations.places import EvsePlace


def places_for(
    conn: Connection, tenant_id: TenantId, location_id: LocationId | None, station_id: StationId | None
) -> tuple[EvsePlace, ...]:
    """All EVSEs of the location, where there is one: what else is booked there may have to move."""
    found = () if location_id is None else places.of_location(conn, tenant_id, location_id)
    if station_id is not None and all(place.station_id != station_id for place in found):
        found = (*found, *places.of_station(conn, tenant_id, station_id))
    return found


def _named(wanted: Wanted, known: tuple[EvsePlace, ...]) -> tuple[EvsePlace, ...]:
    """The places with the EVSE that was named, where its station has not been described and may well have it."""
    if wanted.station_id is None or wanted.evse is None:
        return known
    its = [place for place in known if place.station_id == wanted.station_id]
    if any(place.evse == wanted.evse or place.standards for place in its):
        return known
    unheard_of = EvsePlace(
        station_id=wanted.station_id, evse=wanted.evse, location_id=wanted.location_id, connected=True
    )
    return (*known, unheard_of)


def taken_now(
    conn: Connection, tenant_id: TenantId, among: Iterable[EvsePlace], *, token_id: TokenId | None = None
) -> frozenset[PlaceKey]:
    """The places at which somebody is now, or that do not work; not those at which this token charges itself."""
    among = tuple(among)
    running = store.charging_at(conn, tenant_id, {place.station_id for place in among})
    return frozenset(
        place.key
        for place in among
        if not place.works
        or (place.connected and not place.is_free)
        or (place.key in running and running[place.key][1] != token_id)
    )


def find_room(
    conn: Connection,
    changes: ChangeSet,
    reservation: Reservation,
    *,
    now: datetime,
    wanted: Wanted | None = None,
    avoid: frozenset[PlaceKey] = frozenset(),
) -> PlaceKey | None:
    """A place for the whole of its time; others that may be moved for it are. None when there is none."""
    tenant_id = reservation.tenant_id
    wanted = wanted or reservation.wanted
    candidates = _named(wanted, places_for(conn, tenant_id, wanted.location_id, wanted.station_id))
    others = {
        each.id: each
        for each in store.booked(
            conn,
            tenant_id,
            location_id=wanted.location_id,
            station_ids={place.station_id for place in candidates},
            after=now,
        )
        if each.id != reservation.id
    }
    asked = Booking(
        id=reservation.id,
        wanted=wanted,
        starts_at=max(now, reservation.starts_at),
        ends_at=reservation.ends_at,
        avoid=avoid,
    )
    moves = assign(asked, candidates, [rules.booking_of(each) for each in others.values()])
    if moves is None:
        return None
    for other_id, place in moves.items():
        if other_id != reservation.id:
            move(changes, others[other_id], place, now)  # type: ignore[index]
    return moves[reservation.id]


def move(changes: ChangeSet, reservation: Reservation, place: PlaceKey, now: datetime) -> Reservation:
    """Keep and tell that it has another place."""
    moved = at_place(reservation, place)
    store.save(changes, moved)
    facts: dict[str, Any] = about(moved)
    changes.emit(ReservationChanged(happened_at=now, fields=("place",), **facts))
    return moved


def at_place(reservation: Reservation, place: PlaceKey) -> Reservation:
    return replace(reservation, place_station_id=place[0], place_evse=place[1], any_evse=False)
