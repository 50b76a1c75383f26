"""Local authorisation lists as desired state: a station shall hold the tokens that may charge at it.

Declared is that Currant keeps the list (`{}` or `{"limit": 500}` under the key `tokens`), or that
it is empty (no value). Which tokens stand on it follows from tokens and policies. A station says
of its list only the version, so what was sent is kept; a version that is not the one we know means
that what the station holds is not known, and the list is sent in full.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from currant.access import store
from currant.access.local_lists import LocalList, LocalLists, digest_of, in_order
from currant.access.store.lists import Held, ListKey
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Invalid
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.lists import (
    ENTRIES_A_MESSAGE,
    GetLocalListVersion,
    LocalListEntry,
    SendLocalList,
)
from currant.stations.desired.aspect import Desired, Refusal, Reported, Step
from currant.stations.directory import DirectoryEntry
from currant.stations.model import CommandRecord, CommandStatus

KEY = "tokens"
LIMIT_MAX = 10_000
LIMIT = 1_000
"""Where neither the declaration nor the station says how many."""
CHECKED_FOR = timedelta(days=7)
"""After this a station is asked again whether it still has its list."""
NEVER_SENT = (CommandStatus.OFFLINE, CommandStatus.EXPIRED, CommandStatus.CANCELLED)
EMPTY = LocalList(entries=(), digest=digest_of(()))


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a list a station takes; None where it has not said."""

    entries: int | None = None
    entries_a_message: int | None = None


RoomOf = Callable[[TenantId, StationId], Awaitable[Room]]


async def unknown_room(tenant_id: TenantId, station_id: StationId) -> Room:
    return Room()


class LocalListAspect:
    """The reconciler's knowledge of local lists; `order` puts it behind what makes lists work."""

    name = "local_list"
    order = 50

    def __init__(
        self, database: Database, lists: LocalLists, clock: Clock, *, room_of: RoomOf = unknown_room
    ) -> None:
        self._database = database
        self._lists = lists
        self._clock = clock
        self._room_of = room_of

    def check(self, key: str, value: Any) -> Any:
        if key != KEY:
            raise Invalid(f"The one thing to declare of a local list is {KEY!r}.", field="key")
        if value is None or value == {}:
            return value
        limit = value.get("limit") if isinstance(value, dict) and set(value) == {"limit"} else None
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= LIMIT_MAX:
            raise Invalid(
                f'Declare {{}} or {{"limit": 500}} (1 to {LIMIT_MAX}), or nothing for an empty list.',
                field="value",
            )
        return value

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        """What the station holds, and beside it what it should: the declaration alone does not say that."""
        held = await self._held(station)
        now = self._clock.now()
        if held is None or now - held.checked_at > CHECKED_FOR or not desired:
            return {}
        wanted = await self._wanted(station, version, desired[0], await self._room(station))
        return {
            KEY: Reported(
                key=KEY,
                value={"version": held.version, "holds": held.digest, "wanted": wanted.digest},
                at=held.checked_at,
            )
        }

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        return reported is not None and reported.value["holds"] == reported.value["wanted"]

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        held = await self._held(station)
        if KEY not in reported or held is None:
            return [Step(command=GetLocalListVersion(), keys=(KEY,))]
        room = await self._room(station)
        wanted = await self._wanted(station, version, differing[0], room)
        has = None
        if held.digest:
            has = await self._database.read(
                lambda conn: store.lists.content(conn, station.tenant_id, held.digest)
            )
        command = update(held.version, has, wanted.entries, room.entries_a_message)
        return [Step(command=command, keys=(KEY,), deadline_s=30.0 + 30.0 * len(command.messages))]

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        command, now = step.command, self._clock.now()
        held = await self._held(station)
        if record.status is CommandStatus.UNSUPPORTED:
            return {KEY: Refusal(reason=record.reason or "The station has no local lists.")}
        if isinstance(command, GetLocalListVersion):
            if record.status is CommandStatus.ACCEPTED:
                version = int(record.report[0]["version"]) if record.report else 0
                known = held is not None and held.version == version
                digest = held.digest if held is not None and known else ""
                await self._keep(station, Held(version=version, digest=digest, checked_at=now))
            return {KEY: None}
        assert isinstance(command, SendLocalList)
        if record.status in NEVER_SENT:
            return {KEY: None}
        if record.status is CommandStatus.ACCEPTED:
            await self._keep_sent(station, command, "" if held is None else held.digest)
            return {KEY: None}
        # Whatever it was: some of it may have arrived. Its version will tell.
        await self._keep(station, None)
        word = str((record.answer or {}).get("status", ""))
        if word == "NotSupported":
            return {KEY: Refusal(reason="The station says that it supports no local lists.")}
        if word:
            return {KEY: Refusal(reason=f"The station answered {word} to its list.", final=False)}
        return {KEY: None}

    async def _keep_sent(self, station: DirectoryEntry, sent: SendLocalList, before: str) -> None:
        now = self._clock.now()
        await self._database.decide(
            lambda conn, changes: keep_sent(
                conn, changes, station.tenant_id, station.station_id, sent, before, now
            ),
            station.tenant_id,
        )

    async def _keep(self, station: DirectoryEntry, held: Held | None) -> None:
        await self._database.decide(
            lambda conn, changes: store.lists.save(
                conn, changes, station.tenant_id, station.station_id, held
            ),
            station.tenant_id,
        )

    async def _held(self, station: DirectoryEntry) -> Held | None:
        return await self._database.read(
            lambda conn: store.lists.held(conn, station.tenant_id, station.station_id)
        )

    async def _room(self, station: DirectoryEntry) -> Room:
        return await self._room_of(station.tenant_id, station.station_id)

    async def _wanted(self, station: DirectoryEntry, version: str, desired: Desired, room: Room) -> LocalList:
        if desired.value is None:
            return EMPTY
        limit = min(desired.value.get("limit", room.entries or LIMIT), room.entries or LIMIT_MAX)
        wanted = await self._lists.local_list(station, version=version, limit=limit)
        cleared = await self._database.read(
            lambda conn: store.lists.cleared(conn, station.tenant_id, station.station_id)
        )
        return without(wanted, cleared) if cleared else wanted


def update(
    version: int,
    has: tuple[LocalListEntry, ...] | None,
    wanted: tuple[LocalListEntry, ...],
    entries_a_message: int | None,
) -> SendLocalList:
    """What brings a list of this version to what is wanted: the difference where that is known and smaller."""
    entries, full = wanted, True
    if has is not None and not _changes_kind(has, wanted):
        difference = _difference(has, wanted)
        if len(difference) < len(wanted):
            entries, full = difference, False
    size = entries_a_message or ENTRIES_A_MESSAGE
    # Every message needs a version above the one before it (2.x D01.FR.19).
    messages = max(-(-len(entries) // size), 1)
    return SendLocalList(
        version=max(version, 0) + messages,
        full=full,
        entries=entries,
        entries_a_message=entries_a_message,
    )


def without(wanted: LocalList, cleared: frozenset[ListKey]) -> LocalList:
    """The list without the customers whom the station was told to forget (2.x N10)."""
    entries = tuple(entry for entry in wanted.entries if key_of(entry) not in cleared)
    if len(entries) == len(wanted.entries):
        return wanted
    return LocalList(entries=entries, digest=digest_of(entries), left_out=wanted.left_out)


def keep_sent(
    conn: Connection,
    changes: ChangeSet,
    tenant_id: TenantId,
    station_id: StationId,
    sent: SendLocalList,
    before: str,
    at: datetime,
) -> None:
    """Keep what a station holds that took a list; `before` is the digest of what it held."""
    has: tuple[LocalListEntry, ...] | None = ()
    if not sent.full:
        has = store.lists.content(conn, tenant_id, before)
    digest = ""
    if has is not None:
        entries = applied(has, sent.entries)
        digest = digest_of(entries)
        store.lists.save_content(changes, tenant_id, digest, entries)
    store.lists.save(
        conn, changes, tenant_id, station_id, Held(version=sent.version, digest=digest, checked_at=at)
    )


def applied(has: Sequence[LocalListEntry], sent: Sequence[LocalListEntry]) -> tuple[LocalListEntry, ...]:
    """The list that a station holds after a (differential) update."""
    entries = {key_of(entry): entry for entry in has}
    for entry in sent:
        if entry.status is None:
            entries.pop(key_of(entry), None)
        else:
            entries[key_of(entry)] = entry
    return in_order(entries.values())


def _difference(
    has: Sequence[LocalListEntry], wanted: Sequence[LocalListEntry]
) -> tuple[LocalListEntry, ...]:
    before = {key_of(entry): entry for entry in has}
    after = {key_of(entry) for entry in wanted}
    gone = [
        LocalListEntry(token_uid=entry.token_uid, token_kind=entry.token_kind, status=None)
        for key, entry in before.items()
        if key not in after
    ]
    return in_order([*gone, *(entry for entry in wanted if before.get(key_of(entry)) != entry)])


def _changes_kind(has: Sequence[LocalListEntry], wanted: Sequence[LocalListEntry]) -> bool:
    """Whether a uid stands there as another kind than before: OCPP 1.6 could not say which of the two is to go."""
    kinds: dict[str, set[str]] = {}
    for entry in wanted:
        kinds.setdefault(entry.token_uid.casefold(), set()).add(entry.token_kind)
    return any(
        entry.token_kind not in kinds.get(entry.token_uid.casefold(), {entry.token_kind}) for entry in has
    )


def key_of(entry: LocalListEntry) -> ListKey:
    return entry.token_uid.casefold(), entry.token_kind
