"""What drivers find: the places near them, one place, the EVSE whose code they typed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from currant.drivers import nearby, words
from currant.drivers.model import (
    ConnectorView,
    EvseFound,
    EvseState,
    EvseView,
    Place,
    PlaceDetails,
    PlaceMap,
    PlaceMark,
)
from currant.drivers.places import (
    PublicPlace,
    PublicStation,
    TenantPlaces,
    power_of,
    standards_of,
)
from currant.drivers.prices import PriceOf
from currant.kit.errors import NotFound
from currant.kit.ids import StationId
from currant.stations import paging
from currant.stations.model import ConnectorStandard, Evse, Page

MAP_MAX = 10_000
PHOTOS_AT = "/driver/v1/photos/"

# States in which nobody can start; whatever else there is the station may decide on.
CANNOT_START = {
    EvseState.OFFLINE: "offline",
    EvseState.FAULTED: "faulted",
    EvseState.UNAVAILABLE: "unavailable",
    EvseState.CHARGING: "in_use",
}


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which places are wanted; what is None does not matter."""

    lat: float | None = None
    lon: float | None = None
    radius_km: float | None = None
    standard: ConnectorStandard | None = None
    min_power_w: int | None = None
    available: bool | None = None
    text: str = ""


ANY = Search()


class Looking:
    """Words for what stands in the directory of places."""

    def __init__(self, price_of: PriceOf) -> None:
        self._price_of = price_of

    def map(self, tenant: TenantPlaces) -> PlaceMap:
        """Every place with coordinates, without a word too many."""
        marks: list[PlaceMark] = []
        for place in tenant.public():
            location = place.location
            if location.latitude is None or location.longitude is None:
                continue
            seen = _seen(tenant, place, ANY)
            marks.append(
                PlaceMark(
                    id=location.id,
                    lat=location.latitude,
                    lon=location.longitude,
                    name=location.name,
                    evses=len(seen),
                    available=_available(seen),
                    max_power_w=_most(seen),
                    standards=_standards(seen),
                )
            )
            if len(marks) == MAP_MAX:
                break
        return PlaceMap(items=tuple(marks))

    def search(
        self,
        tenant: TenantPlaces,
        wanted: Search,
        *,
        now: datetime,
        language: str,
        cursor: str | None,
        limit: int,
    ) -> Page[Place]:
        """Places that fit, the nearest first; by name where nobody said from where."""
        limit = paging.bounded(limit)
        by_distance = wanted.lat is not None and wanted.lon is not None
        after: tuple[int | str, str] | None = None
        if cursor is not None:
            first, last = paging.decode(cursor, int if by_distance else str, str)
            after = (first, str(last))
        fitting: list[tuple[tuple[int | str, str], Place]] = []
        for place, distance in self._fitting(tenant, wanted):
            key: tuple[int | str, str] = (
                distance if by_distance and distance is not None else place.location.name.casefold(),
                place.location.id,
            )
            if after is None or key > after:
                shown = self._place(tenant, place, wanted, distance, now=now, language=language)
                fitting.append((key, shown))
        fitting.sort(key=lambda each: each[0])
        page = paging.page(fitting[: limit + 1], limit, lambda each: paging.encode(*each[0]))
        return Page(items=tuple(shown for _, shown in page.items), next_cursor=page.next_cursor)

    def _fitting(self, tenant: TenantPlaces, wanted: Search) -> Iterator[tuple[PublicPlace, int | None]]:
        text = wanted.text.strip().casefold()
        for place in tenant.public():
            location = place.location
            distance = None
            if wanted.lat is not None and wanted.lon is not None:
                if location.latitude is None or location.longitude is None:
                    continue
                metres = nearby.distance_m(wanted.lat, wanted.lon, location.latitude, location.longitude)
                if wanted.radius_km is not None and metres > wanted.radius_km * 1000:
                    continue
                distance = round(metres)
            if text and not any(
                text in word.casefold()
                for word in (location.name, location.city, location.address, location.postal_code)
            ):
                continue
            seen = _seen(tenant, place, wanted)
            if not seen or (wanted.available and not _available(seen)):
                continue
            yield place, distance

    def _place(
        self,
        tenant: TenantPlaces,
        place: PublicPlace,
        wanted: Search,
        distance: int | None,
        *,
        now: datetime,
        language: str,
    ) -> Place:
        seen = _seen(tenant, place, wanted)
        facts = self._facts(tenant, place, seen, now=now, language=language)
        return Place(**facts, evses=len(seen), distance_m=distance)

    def _facts(
        self,
        tenant: TenantPlaces,
        place: PublicPlace,
        seen: list[tuple[PublicStation, Evse, EvseState]],
        *,
        now: datetime,
        language: str,
    ) -> dict[str, Any]:
        location = place.location
        price = None
        if seen:
            station, evse, _ = seen[0]
            price = self._price_of(tenant.tenant_id, station.station_id, evse.number, now, language)
        return {
            "id": location.id,
            "name": location.name,
            "address": location.address,
            "city": " ".join(word for word in (location.postal_code, location.city) if word),
            "latitude": location.latitude,
            "longitude": location.longitude,
            "open_now": nearby.open_at(location.opening_hours, location.time_zone, now),
            "available": _available(seen),
            "max_power_w": _most(seen),
            "standards": _standards(seen),
            "price": price,
            "photo_url": PHOTOS_AT + place.photos[0] if place.photos else None,
        }

    def details(
        self, tenant: TenantPlaces, place: PublicPlace, *, now: datetime, language: str, waiting: int
    ) -> PlaceDetails:
        """All that is told of one place."""
        location = place.location
        return PlaceDetails(
            **self._facts(tenant, place, _seen(tenant, place, ANY), now=now, language=language),
            time_zone=location.time_zone,
            opening_hours=location.opening_hours,
            facilities=location.facilities,
            photos=tuple(PHOTOS_AT + name for name in place.photos),
            evses=tuple(
                self.evse(tenant, station, evse, now=now, language=language)
                for station, evse in place.evses()
            ),
            waiting=waiting,
        )

    def evse(
        self, tenant: TenantPlaces, station: PublicStation, evse: Evse, *, now: datetime, language: str
    ) -> EvseView:
        state, since = tenant.state_of(station, evse)
        return EvseView(
            code=station.code_of(evse),
            name=station.name_of(evse),
            state=state,
            since=since,
            connectors=()
            if evse.learned
            else tuple(
                ConnectorView(
                    number=each.number,
                    standard=each.standard,
                    format=each.format,
                    power_type=each.power_type,
                    max_power_w=each.max_power_w,
                )
                for each in evse.connectors
            ),
            price=self._price_of(tenant.tenant_id, station.station_id, evse.number, now, language),
            reservable=station.connected and state not in (EvseState.FAULTED, EvseState.UNAVAILABLE),
            can_start=state not in CANNOT_START,
        )

    def found(
        self,
        tenant: TenantPlaces,
        code: str,
        *,
        now: datetime,
        language: str,
        refused: str = "",
        own: tuple[StationId, int, str] | None = None,
    ) -> EvseFound:
        """What a code leads to. `refused` is why this reader may not start whatever the state; `own` is
        where (station, EVSE) and as what session the reader charges now."""
        found = tenant.find(code)
        if found is None:
            raise unknown_code(code)
        place, station, evse = found
        view = self.evse(tenant, station, evse, now=now, language=language)
        mine = own is not None and own[:2] == (station.station_id, evse.number)
        why = CANNOT_START.get(view.state, "") or refused
        view = replace(view, can_start=view.can_start and not why)
        return EvseFound(
            place=self._place(tenant, place, ANY, None, now=now, language=language),
            evse=view,
            can_start=view.can_start,
            why=words.why(why, language) if why and not mine else None,
            price=view.price,
            session_id=own[2] if mine and own is not None else None,
        )


def unknown_code(code: str) -> NotFound:
    return NotFound(
        "There is no charger with this code: look at what is printed on it.", field="code", given=code[:60]
    )


def _seen(
    tenant: TenantPlaces, place: PublicPlace, wanted: Search
) -> list[tuple[PublicStation, Evse, EvseState]]:
    """The EVSEs of a place that fit, with their states."""
    return [
        (station, evse, tenant.state_of(station, evse)[0])
        for station, evse in place.evses()
        if nearby.fits(
            standards_of(evse),
            power_of(evse),
            standard=wanted.standard,
            min_power_w=wanted.min_power_w,
        )
    ]


def _available(seen: list[tuple[PublicStation, Evse, EvseState]]) -> int:
    return sum(state is EvseState.AVAILABLE for _, _, state in seen)


def _most(seen: list[tuple[PublicStation, Evse, EvseState]]) -> int | None:
    return max((watts for _, evse, _ in seen if (watts := power_of(evse)) is not None), default=None)


def _standards(seen: list[tuple[PublicStation, Evse, EvseState]]) -> tuple[ConnectorStandard, ...]:
    return tuple(sorted({standard for _, evse, _ in seen for standard in standards_of(evse)}))
