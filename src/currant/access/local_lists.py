"""Which tokens stand on a station's local authorisation list: those that may charge there while it is offline.

A station that is offline knows neither the hour's rules nor what is used of a quota. So a token
stands on the list when its place and validity allow it, and none of its policies speaks of time,
quotas or sessions at once, unless the policy says that this does not matter offline (`offline_ok`).
Tokens of a master group, which may end any session and begin none, never stand on one.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from currant.access import rulings, store
from currant.access.decision import DECIDED_BY_STATION
from currant.access.events import AccountChanged, GroupChanged, PolicyChanged, TokenChanged
from currant.access.model import Place, Token, TokenFacts, TokenKind
from currant.access.policy_model import Policy
from currant.access.rulebook import Rulebook
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.event import Event
from currant.kit.ids import TenantId, TokenId
from currant.stations.commanding.lists import LocalListEntry
from currant.stations.directory import DirectoryEntry

LIST_EVENTS: tuple[type[Event], ...] = (TokenChanged, GroupChanged, AccountChanged, PolicyChanged)
LONGEST = {"1.6": 20, "2.0.1": 36, "2.1": 255}
"""Characters of a token that a version carries."""
CANDIDATES_MAX = 50_000
"""Tokens of a tenant that are looked at; those beyond it stand on no list."""
READ_AT_ONCE = 2_000
OLDEST = timedelta(minutes=10)
"""How long the candidates are kept: tokens begin to be valid without anybody changing them."""


class LocalList(msgspec.Struct, frozen=True, kw_only=True):
    """A station's list in order of uid and kind; equal digests mean equal lists."""

    entries: tuple[LocalListEntry, ...]
    digest: str
    left_out: int = 0
    """Tokens that may charge there and did not fit."""


class _Candidate(msgspec.Struct, frozen=True, gc=False):
    entry: LocalListEntry
    token: Token
    policies: tuple[Policy, ...]
    """Those that speak of places."""


class _Candidates:
    """A tenant's tokens that may stand on lists: those that may charge everywhere, and the others."""

    def __init__(self, everywhere: list[LocalListEntry], somewhere: list[_Candidate], at: datetime) -> None:
        self.everywhere = everywhere
        self.somewhere = somewhere
        self.at = at
        self.made: dict[tuple[str, int], LocalList] = {}
        """Lists of stations where nobody is welcome in particular, by version and limit."""


class LocalLists:
    """Works out lists; what most stations have in common is worked out once."""

    def __init__(self, database: Database, rulebook: Rulebook, clock: Clock) -> None:
        self._database = database
        self._rulebook = rulebook
        self._clock = clock
        self._candidates: dict[TenantId, _Candidates] = {}
        self._changes = 0

    async def follow(self, event: Event) -> None:
        """Forget what was worked out where tokens or rules changed: a subscriber of `LIST_EVENTS`."""
        self._candidates.pop(event.tenant_id, None)
        self._changes += 1

    async def local_list(self, station: DirectoryEntry, *, version: str, limit: int) -> LocalList:
        """The list that a station shall hold, of at most `limit` tokens.

        Tokens that are welcome at this place in particular come before those that are welcome everywhere.
        """
        candidates = self._candidates.get(station.tenant_id)
        now = self._clock.now()
        if candidates is None or now - candidates.at > OLDEST:
            tenant_id, changes = station.tenant_id, self._changes
            candidates = await self._database.read(lambda conn: self._look(conn, tenant_id, now))
            # What was looked at while something changed serves this once.
            if changes == self._changes:
                self._candidates[tenant_id] = candidates
        here = (
            await asyncio.to_thread(_welcome, candidates.somewhere, station) if candidates.somewhere else []
        )
        if here:
            return await asyncio.to_thread(_listed, here, candidates.everywhere, version, limit)
        key = (version, limit)
        made = candidates.made.get(key)
        if made is None:
            made = await asyncio.to_thread(_listed, [], candidates.everywhere, version, limit)
            candidates.made[key] = made
        return made

    def _look(self, conn: Connection, tenant_id: TenantId, now: datetime) -> _Candidates:
        everywhere: list[LocalListEntry] = []
        somewhere: list[_Candidate] = []
        after: TokenId | None = None
        while len(everywhere) + len(somewhere) < CANDIDATES_MAX:
            some = store.queries.active_facts(conn, tenant_id, after=after, limit=READ_AT_ONCE)
            for facts in some:
                policies = self._rulebook.policies(conn, tenant_id, facts.policies)
                if not is_listable(facts, policies, at=now):
                    continue
                token = facts.token
                placed = tuple(policy for policy in policies if policy.has_place)
                if placed or token.locations or token.stations:
                    somewhere.append(_Candidate(_entry(facts), token, placed))
                else:
                    everywhere.append(_entry(facts))
            if len(some) < READ_AT_ONCE:
                break
            after = some[-1].token.id
        return _Candidates(everywhere, somewhere, now)


def is_listable(facts: TokenFacts, policies: Iterable[Policy], *, at: datetime) -> bool:
    """Whether a token may stand on a list anywhere."""
    token, group = facts.token, facts.group
    if token.kind in (*DECIDED_BY_STATION, TokenKind.UNKNOWN) or (group is not None and group.master):
        return False
    if not all(ruling.passes for ruling in rulings.standing(facts, at=at)):
        return False
    return all(policy.offline_ok or not (policy.windows or policy.counts) for policy in policies)


def digest_of(entries: Sequence[LocalListEntry]) -> str:
    return hashlib.blake2b(msgspec.json.encode(entries), digest_size=16).hexdigest()


def in_order(entries: Iterable[LocalListEntry]) -> tuple[LocalListEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: (entry.token_uid, entry.token_kind)))


def _welcome(candidates: list[_Candidate], station: DirectoryEntry) -> list[LocalListEntry]:
    place = Place(station_id=station.station_id, location_id=station.location_id, groups=station.groups)
    return [
        each.entry
        for each in candidates
        if rulings.place_ruling(each.token, place).passes
        and all(rulings.policy_place_ruling(policy, place).passes for policy in each.policies)
    ]


def _listed(
    here: list[LocalListEntry], everywhere: list[LocalListEntry], version: str, limit: int
) -> LocalList:
    longest = LONGEST.get(version, 255)
    chosen: dict[tuple[str, str], LocalListEntry] = {}
    left_out = 0
    for some in (in_order(here), in_order(everywhere)):
        for entry in some:
            # OCPP 1.6 does not say of which kind a token is: one uid stands there once.
            key = (entry.token_uid.casefold(), "" if version == "1.6" else entry.token_kind)
            if len(entry.token_uid) > longest or key in chosen:
                continue
            if len(chosen) >= limit:
                left_out += 1
                continue
            chosen[key] = entry
    entries = in_order(chosen.values())
    return LocalList(entries=entries, digest=digest_of(entries), left_out=left_out)


def _entry(facts: TokenFacts) -> LocalListEntry:
    token, group = facts.token, facts.group
    return LocalListEntry(
        token_uid=token.uid,
        token_kind=token.kind.value,
        valid_until=token.valid_until,
        parent_uid=None if group is None else group.parent_uid,
        language=token.language,
    )
