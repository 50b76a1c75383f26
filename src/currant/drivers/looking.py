"""What drivers find: the places near them, one place, the EVSE whose code they typed."""

import asyncio
import gzip
import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import replace

from currant.drivers import nearby, words
from currant.drivers.model import (
    ConnectorView,
    DriverPrice,
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
MAP_LASTS_S = 2.0
MARKS_AT_ONCE = 200
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


class DrawnMap(msgspec.Struct, frozen=True, kw_only=True):
    """A PlaceMap in JSON, and the same compressed; `tag` is its ETag."""

    changes: int
    at_s: float
    plain: bytes
    packed: bytes
    tag: str


class Looking:
    """Words for what stands in the directory of places."""

    def __init__(self, price_of: PriceOf) -> None:
        self._price_of = price_of
        self._maps: WeakKeyDictionary[TenantPlaces, DrawnMap] = WeakKeyDictionary()

    async def map(self, tenant: TenantPlaces, *, at_s: float) -> DrawnMap:
        """Every place with coordinates, without a word too many; drawn anew every `MAP_LASTS_S` at most."""
        drawn = self._maps.get(tenant)
        if drawn is not None and (drawn.changes == tenant.changes or at_s - drawn.at_s < MAP_LASTS_S):
            return drawn
        changes, marks = tenant.changes, []
        for number, place in enumerate(list(tenant.public()), start=1):
            mark = place.mark or _mark(tenant, place)
            if mark is not None:
                place.mark = mark
                marks.append(mark)
            if len(marks) == MAP_MAX:
                break
            if not number % MARKS_AT_ONCE:
                # Ten thousand places take a moment, and stations wait for their answers.
                await asyncio.sleep(0)
        plain = msgspec.json.encode(PlaceMap(items=tuple(marks)))
        packed = await asyncio.to_thread(gzip.compress, plain, 5)
        tag = hashlib.sha256(plain).hexdigest()[:32]
        made = self._maps[tenant] = DrawnMap(
            changes=changes, at_s=at_s, plain=plain, packed=packed, tag=f'"{tag}"'
        )
        return made

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
        found: list[Place] = []
        keys: list[tuple[int | str, str]] = []
        for key, place, distance in sorted(
            self._candidates(tenant, wanted, by_distance=by_distance), key=lambda each: each[0]
        ):
            if after is not None and key <= after:
                continue
            seen = _seen(tenant, place, wanted)
            if not seen or (wanted.available and not _available(seen)):
                continue
            if len(found) == limit:
                return Page(items=tuple(found), next_cursor=paging.encode(*keys[-1]))
            keys.append(key)
            facts = self._facts(tenant, place, seen, now=now, language=language)
            found.append(Place(**facts, evses=len(seen), distance_m=distance))
        return Page(items=tuple(found))

    def _candidates(
        self, tenant: TenantPlaces, wanted: Search, *, by_distance: bool
    ) -> Iterator[tuple[tuple[int | str, str], PublicPlace, int | None]]:
        """(key in the list, place, metres) of places in reach whose words fit, in no order."""
        text = wanted.text.strip().casefold()
        reach = None if wanted.radius_km is None else wanted.radius_km * 1000
        for place in tenant.public():
            location = place.location
            if text and not any(
                text in word.casefold()
                for word in (location.name, location.city, location.address, location.postal_code)
            ):
                continue
            if not by_distance:
                yield (location.name.casefold(), location.id), place, None
                continue
            assert wanted.lat is not None, "Nothing else has a distance."
            assert wanted.lon is not None, "Nothing else has a distance."
            if location.latitude is None or location.longitude is None:
                continue
            metres = nearby.distance_m(wanted.lat, wanted.lon, location.latitude, location.longitude)
            if reach is None or metres <= reach:
                yield (round(metres), location.id), place, round(metres)

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
            price = self._price_at(tenant, station, evse, now, language)
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
            price=self._price_at(tenant, station, evse, now, language),
            reservable=station.connected and state not in (EvseState.FAULTED, EvseState.UNAVAILABLE),
            can_start=state not in CANNOT_START,
        )

    def _price_at(
        self, tenant: TenantPlaces, station: PublicStation, evse: Evse, now: datetime, language: str
    ) -> DriverPrice | None:
        place = tenant.places.get(station.location_id)
        zone = "UTC" if place is None else place.location.time_zone
        return self._price_of(tenant.tenant_id, station.station_id, evse.number, zone, now, language)

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


def _mark(tenant: TenantPlaces, place: PublicPlace) -> PlaceMark | None:
    location = place.location
    if location.latitude is None or location.longitude is None:
        return None
    seen = _seen(tenant, place, ANY)
    return PlaceMark(
        id=location.id,
        lat=location.latitude,
        lon=location.longitude,
        name=location.name,
        evses=len(seen),
        available=_available(seen),
        max_power_w=_most(seen),
        standards=_standards(seen),
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
