"""One box that finds everything: stations, places, sessions, tokens, accounts, people and groups.

Each kind is asked through its own service, with the caller's tenant and only where the caller may
look; what is found first is what fits best (the word itself, then what begins with it, then what
contains it). Everything is bounded: a search is made with every letter that somebody types.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import StrEnum
from typing import TypeVar

import msgspec

from currant.api.services import ApiServices
from currant.charging.model import Phase, Session, SessionFilter
from currant.kit.ids import TenantId
from currant.stations.fleet import state_of
from currant.stations.inventory import StationFilters
from currant.stations.model import Admission, StationOverview
from currant.tenancy.model import Caller, Permission, Person

QUERY_MAX = 100
LOOKED_AT = 50
"""How many that contain the words are looked at, in order to show the best of them first."""
PEOPLE_LOOKED_AT = 2_000
NUMBER_MAX = 2**31 - 1
INFIX_FROM = 2
"""Sessions are looked for by the beginning of what they are for, from so many letters on."""

T = TypeVar("T")


class HitType(StrEnum):
    STATION = "station"
    LOCATION = "location"
    SESSION = "session"
    TOKEN = "token"
    ACCOUNT = "account"
    PERSON = "person"
    GROUP = "group"


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something found: `title` is its name, `subtitle` tells it from others, `state` is its one word."""

    type: HitType
    id: str
    title: str
    subtitle: str = ""
    state: str | None = None


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, the best of each kind first."""

    hits: tuple[Hit, ...] = ()


class Search:
    """What one caller looks for."""

    def __init__(self, services: ApiServices, caller: Caller, text: str, limit: int) -> None:
        self._services = services
        self._caller = caller
        self._tenant_id: TenantId = caller.tenant_id
        self._text = " ".join(text.split())[:QUERY_MAX]
        self._limit = limit

    async def run(self) -> Hits:
        if not self._text:
            return Hits()
        ways: tuple[tuple[Permission, Callable[[], Awaitable[list[Hit]]]], ...] = (
            (Permission.STATIONS_READ, self._stations),
            (Permission.LOCATIONS_READ, self._locations),
            (Permission.SESSIONS_READ, self._sessions),
            (Permission.TOKENS_READ, self._tokens),
            (Permission.TOKENS_READ, self._accounts),
            (Permission.PEOPLE_READ, self._people),
            (Permission.STATIONS_READ, self._groups),
        )
        asked = [way() for permission, way in ways if self._caller.may(permission)]
        found = await asyncio.gather(*asked)
        return Hits(hits=tuple(hit for some in found for hit in some))

    async def _stations(self) -> list[Hit]:
        inventory = self._services.inventory
        # Identities are in memory, so the best of them are known at once, however many contain the word.
        named = best(
            self._text,
            (
                entry
                for entry in self._services.directory
                if entry.tenant_id == self._tenant_id and self._text.lower() in entry.identity.lower()
            ),
            lambda entry: (entry.identity,),
            self._limit,
        )
        found = list(
            await asyncio.gather(*(inventory.get_station(self._tenant_id, each.station_id) for each in named))
        )
        if len(found) < self._limit:
            page = await inventory.list_stations(
                self._tenant_id, StationFilters(text=self._text), limit=LOOKED_AT
            )
            known = {overview.station.id for overview in found}
            others = [overview for overview in page.items if overview.station.id not in known]
            found += best(self._text, others, lambda each: (each.station.name,), self._limit - len(found))
        return [self._station(overview) for overview in found]

    def _station(self, overview: StationOverview) -> Hit:
        station = overview.station
        made = f"{station.vendor} {station.model}".strip()
        network = self._services.network
        now = None if network is None else network.station(self._tenant_id, station.id)
        if now is not None:
            state = state_of(now).value
        elif station.admission is not Admission.ACCEPTED:
            state = station.admission.value
        else:
            state = "connected" if station.connected else "offline"
        return Hit(
            type=HitType.STATION,
            id=station.id,
            title=station.identity,
            subtitle=" · ".join(part for part in (station.name, made) if part),
            state=state,
        )

    async def _locations(self) -> list[Hit]:
        page = await self._services.inventory.list_locations(
            self._tenant_id, text=self._text, limit=LOOKED_AT
        )
        chosen = best(
            self._text, page.items, lambda each: (each.name, each.city, each.reference), self._limit
        )
        return [
            Hit(
                type=HitType.LOCATION,
                id=place.id,
                title=place.name,
                subtitle=", ".join(
                    part for part in (place.address, f"{place.postal_code} {place.city}".strip()) if part
                ),
            )
            for place in chosen
        ]

    async def _sessions(self) -> list[Hit]:
        text, found = self._text.removeprefix("#"), dict[str, Session]()
        for wanted in self._sessions_wanted(text):
            page = await self._services.charging.list(self._tenant_id, wanted, limit=self._limit)
            for session in page.items:
                found.setdefault(session.id, session)
        return [self._session(session) for session in list(found.values())[: self._limit]]

    def _sessions_wanted(self, text: str) -> Iterable[SessionFilter]:
        if text.isascii() and text.isdecimal() and len(text) <= 10 and 1 <= int(text) <= NUMBER_MAX:
            yield SessionFilter(number=int(text))
        if len(text) < INFIX_FROM or " " in text:
            return
        yield SessionFilter(transaction_id=text)
        if self._caller.may(Permission.TOKENS_READ):
            yield SessionFilter(token_uid=text)

    async def _tokens(self) -> list[Hit]:
        access, found = self._services.access, []
        # Any spelling of a whole uid, and then what contains the word as it was typed.
        for wanted in ({"uid": self._text}, {"text": self._text}):
            page = await access.list_tokens(self._tenant_id, limit=LOOKED_AT, **wanted)  # type: ignore[arg-type]
            found += [token for token in page.items if token not in found]
        chosen = best(self._text, found, lambda each: (each.uid, each.visual_number), self._limit)
        return [
            Hit(
                type=HitType.TOKEN,
                id=token.id,
                title=token.uid,
                subtitle=" ".join(part for part in (token.kind.value, token.visual_number) if part),
                state=token.status.value,
            )
            for token in chosen
        ]

    async def _accounts(self) -> list[Hit]:
        page = await self._services.access.list_accounts(self._tenant_id, text=self._text, limit=LOOKED_AT)
        chosen = best(self._text, page.items, lambda each: (each.name, each.email), self._limit)
        return [
            Hit(
                type=HitType.ACCOUNT,
                id=account.id,
                title=account.name,
                subtitle=account.email,
                state="blocked" if account.blocked else None,
            )
            for account in chosen
        ]

    async def _people(self) -> list[Hit]:
        people: list[Person] = []
        after = ""
        while len(people) < PEOPLE_LOOKED_AT:
            some = await self._services.tenancy.people.list(self._tenant_id, after=after, limit=500)
            people += some
            if len(some) < 500:
                break
            after = some[-1].login
        word = self._text.lower()
        fitting = [
            person
            for person in people
            if any(word in part.lower() for part in (person.login, person.name, person.email))
        ]
        return [
            Hit(
                type=HitType.PERSON,
                id=person.id,
                title=person.name or person.login,
                subtitle=person.login if person.name else person.email,
                state=None if person.active else "inactive",
            )
            for person in best(self._text, fitting, lambda each: (each.login, each.name), self._limit)
        ]

    async def _groups(self) -> list[Hit]:
        """Groups of stations, and of tokens for who may see those; `state` says which."""
        found: list[tuple[str, str, str, str]] = []
        if self._services.station_groups is not None:
            stations = await self._services.station_groups.list(
                self._tenant_id, text=self._text, limit=LOOKED_AT
            )
            found += [(group.name, group.id, group.description, "stations") for group in stations.items]
        if self._caller.may(Permission.TOKENS_READ):
            tokens = await self._services.access.list_groups(
                self._tenant_id, text=self._text, limit=LOOKED_AT
            )
            found += [(group.name, group.id, group.parent_uid, "tokens") for group in tokens.items]
        return [
            Hit(type=HitType.GROUP, id=id_, title=name, subtitle=more, state=of)
            for name, id_, more, of in best(self._text, found, lambda each: (each[0],), self._limit)
        ]

    def _session(self, session: Session) -> Hit:
        entry = self._services.directory.by_id(session.station_id)
        parts = ["" if entry is None else entry.identity, f"{session.started_at:%Y-%m-%d %H:%M}Z"]
        if self._caller.may(Permission.TOKENS_READ):
            parts.append(session.token_uid)
        return Hit(
            type=HitType.SESSION,
            id=session.id,
            title=f"#{session.number}",
            subtitle=" · ".join(part for part in parts if part),
            state=session.activity.value if session.phase is Phase.ACTIVE else session.phase.value,
        )


def best(text: str, things: Iterable[T], words_of: Callable[[T], Sequence[str]], limit: int) -> list[T]:
    """The `limit` things whose words fit best: the same, beginning with it, having a word that does, the rest."""
    wanted = text.lower()

    def rank(thing: T) -> tuple[int, str]:
        words = [word.lower() for word in words_of(thing)]
        if wanted in words:
            place = 0
        elif any(word.startswith(wanted) for word in words):
            place = 1
        elif any(part.startswith(wanted) for word in words for part in word.split()):
            place = 2
        else:
            place = 3
        return place, words[0] if words else ""

    return sorted(things, key=rank)[:limit]
