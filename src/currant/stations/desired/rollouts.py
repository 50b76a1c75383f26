"""Rollouts: how a change reaches its stations, first a few, then at a pace, until it is done or stopped.

One node at a time looks after them (`look_after`); the stations are served by the nodes that hold
their connections, which hear of them by `RolloutAdvanced`.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import StationId, TenantId
from currant.stations import paging
from currant.stations.desired import store
from currant.stations.desired.books import Books
from currant.stations.desired.events import RolloutAdvanced, RolloutChanged
from currant.stations.desired.facts import groups_by_station
from currant.stations.desired.model import (
    ENDED,
    FAILURES,
    OPEN,
    AspectState,
    Cause,
    Facts,
    KeyState,
    Progress,
    Rollout,
    RolloutState,
    RolloutStation,
    Standing,
)
from currant.stations.desired.resolution import Difference, differences, keys_of
from currant.stations.desired.standing import begun_anew, digest, held, summed_up
from currant.stations.directory import StationDirectory
from currant.stations.model import Page

TOGETHER = 100
"""Stations taken on, or given their turn, in one transaction: short enough that no station waits for it."""
JUDGED_FROM = 5
"""So many stations must have been served before a rollout stops by itself for their failures."""
UNPACED_LOOKED_AFTER_S = 5.0
LET_GO_AFTER = timedelta(days=30)
"""Stations that did not appear for so long are served without the rollout when they come."""
UNDER_WAY_MAX = 500
BACK_WITHIN = timedelta(hours=1)
"""One that was told something and left has its place for so long; then another may go on in it, but no canary's."""


class Rollouts:
    """The verbs of somebody who watches a rollout, and of the node that looks after them."""

    def __init__(self, database: Database, directory: StationDirectory, books: Books, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._books = books
        self._clock = clock
        self._looked: dict[str, float] = {}
        self._looking = asyncio.Lock()

    async def get(self, tenant_id: TenantId, rollout_id: str) -> Progress:
        rollout, counts = await self._database.read(
            lambda conn: (
                store.rollouts.by_id(conn, tenant_id, rollout_id),
                store.rollouts.counts(conn, tenant_id, rollout_id),
            )
        )
        return progress_of(_known(rollout, rollout_id), counts)

    async def search(
        self,
        tenant_id: TenantId,
        *,
        state: RolloutState | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Rollout]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.rollouts.search(
                conn, tenant_id, state=None if state is None else state.value, before=before, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda rollout: paging.encode(rollout.id))

    async def stations(
        self,
        tenant_id: TenantId,
        rollout_id: str,
        *,
        standing: Standing | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[RolloutStation]:
        limit = paging.bounded(limit)
        after = "" if cursor is None else str(paging.decode(cursor, str)[0])
        rollout, rows = await self._database.read(
            lambda conn: (
                store.rollouts.by_id(conn, tenant_id, rollout_id),
                store.rollouts.stations_of(
                    conn, tenant_id, rollout_id, standing=standing, after=after, limit=limit + 1
                ),
            )
        )
        _known(rollout, rollout_id)
        return paging.page(rows, limit, lambda row: paging.encode(row.station_id))

    async def pause(self, tenant_id: TenantId, rollout_id: str, *, by: str, why: str = "") -> Rollout:
        """Begin no more stations, and do no more at those begun."""

        def change(rollout: Rollout) -> Rollout:
            if rollout.state is not RolloutState.RUNNING:
                raise Conflict(f"The rollout is {rollout.state.value}: only a running one is paused.")
            reason = f"Paused by {by}." + (f" {why}" if why else "")
            return msgspec.structs.replace(rollout, state=RolloutState.PAUSED, reason=reason)

        return await self._change(tenant_id, rollout_id, change, by=by)

    async def resume(self, tenant_id: TenantId, rollout_id: str, *, by: str) -> Rollout:
        """Go on. One that stopped by itself does not stop for failures any more."""

        def change(rollout: Rollout) -> Rollout:
            if rollout.state not in (RolloutState.PAUSED, RolloutState.STOPPED):
                raise Conflict(f"The rollout is {rollout.state.value}: only a paused or stopped one goes on.")
            pace = rollout.pace
            if rollout.state is RolloutState.STOPPED:
                pace = msgspec.structs.replace(pace, stop_above_percent=None)
            return msgspec.structs.replace(rollout, state=RolloutState.RUNNING, reason="", pace=pace)

        return await self._change(tenant_id, rollout_id, change, by=by)

    async def release(self, tenant_id: TenantId, rollout_id: str, *, by: str) -> Rollout:
        """End a rollout: what it changes is brought to the rest of its stations without a pace."""

        def change(rollout: Rollout) -> Rollout:
            if rollout.state not in OPEN or rollout.state is RolloutState.STARTING:
                raise Conflict(f"The rollout is {rollout.state.value}.")
            return msgspec.structs.replace(
                rollout, state=RolloutState.DONE, reason=f"Released by {by}.", ended_at=self._clock.now()
            )

        waiting = await self._database.read(
            lambda conn: store.rollouts.next_stations(
                conn, tenant_id, rollout_id, connected_only=True, limit=100_000
            )
        )
        rollout = await self._change(tenant_id, rollout_id, change, by=by)
        await self._begin(rollout, waiting, tell_only=True)
        return rollout

    async def _change(
        self, tenant_id: TenantId, rollout_id: str, change: Callable[[Rollout], Rollout], *, by: str
    ) -> Rollout:
        now = self._clock.now()

        def decide(conn: Connection, changes: ChangeSet) -> Rollout:
            before = _known(store.rollouts.by_id(conn, tenant_id, rollout_id), rollout_id)
            after = change(before)
            store.rollouts.save(changes, after)
            changes.emit(
                RolloutChanged(
                    tenant_id=tenant_id,
                    happened_at=now,
                    rollout_id=rollout_id,
                    state=after.state,
                    reason=after.reason,
                    by=by,
                )
            )
            return after

        after = await self._database.decide(decide, tenant_id)
        await self._books.take_in_rollouts(tenant_id)
        return after

    # Looking after them

    async def look_after(self, *, all_of_them: bool = False) -> int:
        """Take every rollout that is under way as much further as its pace allows; how many there are."""
        # Two who count what is under way and then begin more would both begin it.
        async with self._looking:
            return await self._look_after(all_of_them=all_of_them)

    async def _look_after(self, *, all_of_them: bool) -> int:
        found = await self._database.read(
            lambda conn: store.rollouts.all_under_way(conn, limit=UNDER_WAY_MAX)
        )
        known = {rollout.id for rollout in found}
        self._looked = {each: at for each, at in self._looked.items() if each in known}
        now = self._clock.monotonic()
        for rollout in found:
            if rollout.state is RolloutState.STARTING:
                rollout = await self._take_on(rollout)
            elif (
                not rollout.pace.is_held
                and not all_of_them
                and now - self._looked.get(rollout.id, -1e9) < UNPACED_LOOKED_AFTER_S
            ):
                continue
            self._looked[rollout.id] = now
            if rollout.state is RolloutState.RUNNING:
                await self._advance(rollout)
        return len(found)

    async def _take_on(self, rollout: Rollout) -> Rollout:
        """Find out which stations a change is about, and have each wait for it; repeated, it goes on."""
        tenant_id = rollout.tenant_id
        # Found the moment it was committed, it may not be in this node's book yet: seen against
        # what was declared before, it would change nothing.
        await self._books.take_in(tenant_id, rollout.revision_id)
        tenant = await self._books.of(tenant_id)
        groups = groups_by_station(self._directory, tenant_id)
        changes, stations = await self._database.read(
            lambda conn: (
                store.declarations.changes_of(conn, tenant_id, rollout.revision_id),
                store.states.facts_of(conn, tenant_id, groups),
            )
        )
        after = tenant.book.about(keys_of(changes))
        before = after.before(changes)
        count = 0
        for first in range(0, len(stations), TOGETHER):
            some = {facts.station_id: facts for facts in stations[first : first + TOGETHER]}
            found: dict[str, list[Difference]] = {}
            for difference in differences(before, after, some.values()):
                found.setdefault(difference.station_id, []).append(difference)
            if found:
                await self._enrol(rollout, some, found)
                count += len(found)
            await asyncio.sleep(0)

        def start(each: Rollout) -> Rollout:
            if each.state is not RolloutState.STARTING:
                return each
            if not count:
                return msgspec.structs.replace(
                    each,
                    state=RolloutState.DONE,
                    reason="It changes no station.",
                    ended_at=self._clock.now(),
                )
            return msgspec.structs.replace(each, state=RolloutState.RUNNING, stations=count)

        return await self._change(tenant_id, rollout.id, start, by=rollout.by)

    async def _enrol(
        self, rollout: Rollout, stations: dict[StationId, Facts], found: dict[str, list[Difference]]
    ) -> None:
        tenant_id = rollout.tenant_id
        known = await self._database.read(lambda conn: store.states.of_stations(conn, tenant_id, list(found)))
        now = micros(self._clock.now())
        changes = ChangeSet(tenant_id)
        for station_id, its in found.items():
            facts = stations[StationId(station_id)]
            states = known.get(station_id, {})
            by_aspect: dict[str, list[Difference]] = {}
            for difference in its:
                by_aspect.setdefault(difference.aspect, []).append(difference)
            for aspect, some in by_aspect.items():
                before = states.get(aspect)
                touched = waiting_for(tenant_id, facts, aspect, before, some, holds=rollout.holds, now=now)
                if touched is None:
                    if before is not None:
                        store.states.delete(changes, before)
                elif touched != before:
                    store.states.save(changes, touched)
            only_gone = all(difference.after is None for difference in its)
            standing = Standing.IN_STEP if only_gone else Standing.WAITING
            changes.write(store.tables.ENROL, (rollout.id, station_id, tenant_id, None, standing, "", now))
        await self._database.commit(changes)

    async def _advance(self, rollout: Rollout) -> None:
        """Judge what came of the stations served, and give as many others their turn as the pace allows."""
        tenant_id, pace, now = rollout.tenant_id, rollout.pace, self._clock.now()

        def look(conn: Connection) -> tuple[list[tuple[Standing, bool, int]], tuple[int, int], int]:
            counts = store.rollouts.counts(conn, tenant_id, rollout.id)
            if not pace.is_held:
                return counts, (0, 0), 0
            lately = now - timedelta(minutes=1)
            return (
                counts,
                store.rollouts.under_way(conn, tenant_id, rollout.id, left_since=micros(now - BACK_WITHIN)),
                store.rollouts.begun_since(conn, tenant_id, rollout.id, lately),
            )

        counts, (under_way, gone), lately = await self._database.read(look)
        progress = progress_of(rollout, counts)
        ended = sum(number for standing, number in progress.by_standing.items() if standing in ENDED)
        if ended >= sum(progress.by_standing.values()) or now - rollout.began_at > LET_GO_AFTER:
            await self._end(rollout, RolloutState.DONE, "")
            return
        limit = pace.stop_above_percent
        judged_from = min(JUDGED_FROM, pace.canary or JUDGED_FROM)
        served = sum(number for standing, begun, number in counts if begun and standing in ENDED)
        if limit is not None and served >= judged_from and progress.failed_percent > limit:
            told = (
                f"{progress.failed_percent:.0f} % of the {served} stations served would not have it: "
                f"more than {limit:g} %."
            )
            await self._end(rollout, RolloutState.STOPPED, told)
            return
        free = allowance(rollout, served=served, under_way=under_way, gone=gone, begun_lately=lately)
        while free > 0:
            limit_now = min(free, TOGETHER)
            ids = await self._database.read(
                lambda conn: store.rollouts.next_stations(
                    conn,
                    tenant_id,
                    rollout.id,
                    connected_only=pace.is_held,
                    limit=limit_now,  # noqa: B023 - it is read within this turn
                )
            )
            await self._begin(rollout, ids)
            if len(ids) < limit_now:
                break
            free -= len(ids)

    async def _begin(self, rollout: Rollout, ids: Sequence[StationId], *, tell_only: bool = False) -> None:
        now = self._clock.now()
        for first in range(0, len(ids), TOGETHER):
            some = ids[first : first + TOGETHER]
            changes = ChangeSet(rollout.tenant_id)
            if not tell_only:
                for station_id in some:
                    changes.write(
                        store.tables.BEGIN, (micros(now), rollout.id, station_id, rollout.tenant_id)
                    )
            changes.emit(
                RolloutAdvanced(
                    tenant_id=rollout.tenant_id,
                    happened_at=now,
                    rollout_id=rollout.id,
                    station_ids=tuple(some),
                )
            )
            await self._database.commit(changes)

    async def _end(self, rollout: Rollout, state: RolloutState, reason: str) -> None:
        ended = self._clock.now() if state is RolloutState.DONE else None

        def change(each: Rollout) -> Rollout:
            if each.state is not RolloutState.RUNNING:
                return each
            return msgspec.structs.replace(each, state=state, reason=reason, ended_at=ended)

        await self._change(rollout.tenant_id, rollout.id, change, by="")

    async def forget(self, *, keep_for: timedelta) -> None:
        """Forget how single stations stood on rollouts that ended long ago."""
        before = self._clock.now() - keep_for
        await self._database.decide(
            lambda conn, changes: store.rollouts.forget_ended(conn, before=before, limit=20), TenantId("")
        )


def progress_of(rollout: Rollout, counts: Sequence[tuple[Standing, bool, int]]) -> Progress:
    by_standing: dict[Standing, int] = {}
    begun = ended = failed = 0
    for standing, has_begun, number in counts:
        by_standing[standing] = by_standing.get(standing, 0) + number
        if has_begun:
            begun += number
            ended += number * (standing in ENDED)
            failed += number * (standing in FAILURES)
    return Progress(
        rollout=rollout,
        begun=begun,
        by_standing=by_standing,
        failed_percent=100.0 * failed / ended if ended else 0.0,
    )


def allowance(rollout: Rollout, *, served: int, under_way: int, gone: int, begun_lately: int) -> int:
    """How many more stations may have their turn now; `gone` are those that left in the midst of it and stay away."""
    pace = rollout.pace
    free = rollout.stations
    if pace.canary is not None and served < pace.canary:
        # One that went away before it was told anything is stood in for by another. One that was
        # told and does not come back is what canaries are for.
        free = min(free, pace.canary - served - under_way - gone)
    if pace.at_once is not None:
        free = min(free, pace.at_once - under_way)
    if pace.per_minute is not None:
        free = min(free, pace.per_minute - begun_lately)
    return max(free, 0)


def waiting_for(
    tenant_id: TenantId,
    facts: Facts,
    aspect: str,
    before: AspectState | None,
    found: Sequence[Difference],
    *,
    holds: bool,
    now: int,
) -> AspectState | None:
    """A station's state once something else is declared for it; None when nothing is left of the aspect."""
    keys: dict[str, KeyState] = {} if before is None else dict(before.keys)
    for difference in found:
        if difference.after is None:
            keys.pop(difference.key, None)
            continue
        wanted = digest(difference.after.value, facts.firmware)
        state = keys.get(difference.key, KeyState())
        if state.digest == wanted:
            continue
        if not facts.connected:
            cause, reason = Cause.OFFLINE, "The station is not connected."
        elif holds:
            cause, reason = Cause.QUEUED, "It waits for its turn of the rollout."
        else:
            cause, reason = Cause.QUEUED, "It is about to be told."
        keys[difference.key] = held(begun_anew(state, wanted=wanted), cause, reason, now=now)
    if not keys:
        return None
    state_before = before or AspectState(
        station_id=facts.station_id, tenant_id=tenant_id, aspect=aspect, standing=Standing.UNKNOWN, since=0
    )
    return summed_up(state_before, keys, now=now, updated_at=now)


def _known(rollout: Rollout | None, rollout_id: str) -> Rollout:
    if rollout is None:
        raise NotFound(f"There is no rollout {rollout_id}.", field="rollout")
    return rollout
