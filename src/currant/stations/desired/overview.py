"""What people see of desired state: one station key by key, and the whole network by standing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.ids import StationId, TenantId
from currant.stations import paging
from currant.stations.admission import entry_of
from currant.stations.desired import standing as rules
from currant.stations.desired import store
from currant.stations.desired.aspect import Aspect, Desired, Reported
from currant.stations.desired.books import Books
from currant.stations.desired.events import DesiredRetried
from currant.stations.desired.facts import groups_by_station
from currant.stations.desired.model import AspectState, Cause, Declaration, Facts, KeyState, Standing
from currant.stations.desired.resolution import desired_of
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.model import Page


class Overruled(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration that is for the station too and does not hold, and why."""

    declaration: Declaration
    why: str


class DesiredKey(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a station shall have, what it has, and how far it is."""

    aspect: str
    key: str
    desired: Any
    """None: it shall not have it."""
    reported: Any = None
    reported_at: datetime | None = None
    """None when nothing is known of it."""
    restart_pending: bool = False
    standing: Standing
    cause: Cause = Cause.NONE
    reason: str = ""
    since: datetime | None = None
    next_attempt_at: datetime | None = None
    declaration: Declaration
    overruled: tuple[Overruled, ...] = ()


class StationDesired(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is desired of a station."""

    station_id: StationId
    identity: str
    connected: bool
    keys: tuple[DesiredKey, ...]


class StandingCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many stations stand so to an aspect."""

    aspect: str
    standing: Standing
    cause: Cause = Cause.NONE
    stations: int


class StationStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a station stands to one aspect."""

    station_id: StationId
    identity: str
    connected: bool
    aspect: str
    standing: Standing
    cause: Cause = Cause.NONE
    reason: str = ""
    since: datetime
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_command_id: str = ""


class Overview:
    """Reads; and has a station asked again."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        books: Books,
        aspects: Mapping[str, Aspect],
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._books = books
        self._aspects = aspects
        self._clock = clock

    async def of_station(self, tenant_id: TenantId, station: StationId | str) -> StationDesired:
        """What is desired of a station, what it reports, and which declarations it follows from."""
        entry = entry_of(self._directory, tenant_id, station)
        tenant = await self._books.of(tenant_id)
        facts, states = await self._facts(entry)
        explained = tenant.book.explain(facts)
        by_aspect: dict[str, list[Desired]] = {}
        for found in explained.values():
            by_aspect.setdefault(found.winner.aspect, []).append(desired_of(found.winner))
        keys = []
        for name in sorted(by_aspect):
            aspect = self._aspects.get(name)
            reported: Mapping[str, Reported] = {}
            if aspect is not None:
                reported = await aspect.reported(entry, facts.version, by_aspect[name])
            for desired in sorted(by_aspect[name], key=lambda each: each.key):
                found = explained[name, desired.key]
                keys.append(
                    self._key(
                        facts,
                        desired,
                        reported.get(desired.key),
                        states.get(name),
                        found.winner,
                        tuple(Overruled(declaration=other, why=why) for other, why in found.lost),
                    )
                )
        return StationDesired(
            station_id=entry.station_id,
            identity=entry.identity,
            connected=facts.connected,
            keys=tuple(keys),
        )

    async def counts(self, tenant_id: TenantId) -> tuple[StandingCount, ...]:
        """How many stations stand how to each aspect. What an offline station waits for is to be connected."""
        rows = await self._database.read(lambda conn: store.states.counts(conn, tenant_id))
        sums: dict[tuple[str, Standing, Cause], int] = {}
        for aspect, standing, cause, connected, number in rows:
            seen = as_seen(standing, cause, connected=connected)
            sums[aspect, *seen] = sums.get((aspect, *seen), 0) + number
        return tuple(
            StandingCount(aspect=aspect, standing=standing, cause=cause, stations=number)
            for (aspect, standing, cause), number in sorted(sums.items())
        )

    async def stations(
        self,
        tenant_id: TenantId,
        *,
        aspect: str | None = None,
        standing: Standing | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[StationStanding]:
        """Stations and aspects, by station; of one aspect or standing, or of all."""
        limit = paging.bounded(limit)
        after = ("", "")
        if cursor is not None:
            station_id, last = paging.decode(cursor, str, str)
            after = (str(station_id), str(last))
        rows = await self._database.read(
            lambda conn: store.states.search(
                conn, tenant_id, aspect=aspect, standing=standing, after=after, limit=limit + 1
            )
        )
        return paging.page(
            [_standing(*row) for row in rows], limit, lambda row: paging.encode(row.station_id, row.aspect)
        )

    async def retry(self, tenant_id: TenantId, station: StationId | str, *, by: str) -> None:
        """Have a station asked again now, also for what it refused or could not do."""
        entry = entry_of(self._directory, tenant_id, station)
        now = self._clock.now()

        def again(conn: Connection, changes: ChangeSet) -> None:
            states = store.states.of_stations(conn, tenant_id, [entry.station_id])
            for state in states.get(entry.station_id, {}).values():
                keys = {
                    key: each if each.standing is Standing.IN_STEP else KeyState(digest=each.digest)
                    for key, each in state.keys.items()
                }
                if keys != state.keys:
                    store.states.save(changes, rules.summed_up(state, keys, now=micros(now)))
            changes.emit(
                DesiredRetried(tenant_id=tenant_id, happened_at=now, station_id=entry.station_id, by=by)
            )

        await self._database.decide(again, tenant_id)

    async def _facts(self, entry: DirectoryEntry) -> tuple[Facts, Mapping[str, AspectState]]:
        ids = [entry.station_id]
        groups = groups_by_station(self._directory, entry.tenant_id, ids)
        facts, states = await self._database.read(
            lambda conn: (
                store.states.facts_of(conn, entry.tenant_id, groups, station_ids=ids),
                store.states.of_stations(conn, entry.tenant_id, ids),
            )
        )
        return facts[0], states.get(entry.station_id, {})

    @staticmethod
    def _key(
        facts: Facts,
        desired: Desired,
        reported: Reported | None,
        known: AspectState | None,
        declaration: Declaration,
        overruled: Sequence[Overruled],
    ) -> DesiredKey:
        state = KeyState() if known is None else known.keys.get(desired.key, KeyState())
        standing, cause, reason = state.standing, state.cause, state.reason
        if state.digest != rules.digest(desired.value, facts.firmware):
            # It was declared a moment ago, or has changed its firmware while it was away.
            standing, cause, reason = Standing.WAITING, Cause.QUEUED, "It is about to be looked at."
        seen_standing, seen_cause = as_seen(standing, cause, connected=facts.connected)
        if (seen_standing, seen_cause) != (standing, cause):
            reason = "The station is not connected."
        return DesiredKey(
            aspect=desired.aspect,
            key=desired.key,
            desired=desired.value,
            reported=None if reported is None else reported.value,
            reported_at=None if reported is None else reported.at,
            restart_pending=reported is not None and reported.restart_pending,
            standing=seen_standing,
            cause=seen_cause,
            reason=reason,
            since=instant(state.since) if state.since else None,
            next_attempt_at=instant(state.next_at) if state.next_at else None,
            declaration=declaration,
            overruled=tuple(overruled),
        )


_MOVING = (Standing.WAITING, Standing.IN_PROGRESS, Standing.UNKNOWN, Standing.DRIFTING)


def as_seen(standing: Standing, cause: Cause, *, connected: bool) -> tuple[Standing, Cause]:
    """A standing as a reader shall see it: whatever is to be done at an offline station waits until it comes."""
    if connected or standing not in _MOVING:
        return standing, cause
    return Standing.WAITING, Cause.OFFLINE


def _standing(state: AspectState, identity: str, connected: bool) -> StationStanding:
    standing, cause = as_seen(state.standing, state.cause, connected=connected)
    offline = (standing, cause) != (state.standing, state.cause)
    return StationStanding(
        station_id=state.station_id,
        identity=identity,
        connected=connected,
        aspect=state.aspect,
        standing=standing,
        cause=cause,
        reason="The station is not connected." if offline else state.reason,
        since=instant(state.since),
        attempts=state.attempts,
        next_attempt_at=instant(state.next_at) if state.next_at else None,
        last_command_id=state.last_command_id,
    )
