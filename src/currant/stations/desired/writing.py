"""What has changed in a station's turn, as rows and events."""

from collections.abc import Awaitable, Mapping

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.stations import store as stations_store
from currant.stations.desired import standing as rules
from currant.stations.desired import store
from currant.stations.desired.events import StandingChanged
from currant.stations.desired.model import ENDED, AspectState, KeyState, Standing
from currant.stations.desired.turn import Turn

UNWRITTEN_FOR_S = 5
"""How long it may go unwritten between steps what was accepted: a stopped process tries as much once more."""
EXAMPLE_MAX = 200


class Writing:
    """Keeps what became of turns."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def _now(self) -> int:
        return micros(self._clock.now())

    def write(self, turn: Turn, *, before_step: bool = False) -> Awaitable[None] | None:
        """Add what has changed to the database's next batch; None when nothing has.

        Before a step only what is new to whoever looks at the station counts: what else is known of it
        is written with the step's outcome.
        """
        changes, now = ChangeSet(turn.tenant_id), self._now()
        for aspect, keys in list(turn.keys.items()):
            before = turn.states.get(aspect)
            if not keys:
                del turn.keys[aspect]
                turn.states.pop(aspect, None)
                if before is not None:
                    store.states.delete(changes, before)
                continue
            if before_step and before is not None and _looks_the_same(before, keys, now):
                continue
            empty = AspectState(
                station_id=turn.entry.station_id,
                tenant_id=turn.tenant_id,
                aspect=aspect,
                standing=Standing.UNKNOWN,
                since=0,
            )
            after = rules.summed_up(
                before or empty,
                keys,
                now=now,
                desired_digest=turn.wanted_digest(aspect),
                reported_digest=turn.reported.get(aspect, "" if before is None else before.reported_digest),
                checked_at=turn.checked.get(aspect, now if before is None else before.checked_at),
                last_command_id=turn.commands.get(aspect, "" if before is None else before.last_command_id),
            )
            if after == before:
                continue
            after = msgspec.structs.replace(after, updated_at=now)
            store.states.save(changes, after)
            turn.states[aspect] = after
            was = Standing.UNKNOWN if before is None else before.standing
            if after.standing is not was and after.standing in ENDED:
                changes.emit(
                    StandingChanged(
                        tenant_id=turn.tenant_id,
                        happened_at=self._clock.now(),
                        station_id=turn.entry.station_id,
                        aspect=aspect,
                        before=was,
                        after=after.standing,
                        cause=after.cause,
                        reason=after.reason,
                    )
                )
        self._write_rollouts(turn, changes, now)
        return self._database.commit(changes) if changes else None

    def _write_rollouts(self, turn: Turn, changes: ChangeSet, now: int) -> None:
        for rollout_id in turn.enrol:
            changes.write(
                store.tables.ENROL,
                (rollout_id, turn.entry.station_id, turn.tenant_id, None, Standing.WAITING, "", now),
            )
        turn.enrol.clear()
        for rollout_id, row in list(turn.rows.items()):
            under_way = turn.tenant.rollouts.get(rollout_id)
            if under_way is None:
                continue
            shown = rules.worst(
                state
                for aspect, keys in turn.keys.items()
                for key, state in keys.items()
                if (aspect, key) in under_way.keys
            )
            if shown.standing is row.standing and shown.reason == row.reason:
                continue
            changes.write(
                store.tables.STAND,
                (shown.standing, shown.reason, now, rollout_id, turn.entry.station_id, turn.tenant_id),
            )
            turn.rows[rollout_id] = msgspec.structs.replace(row, standing=shown.standing, reason=shown.reason)

    async def save(self, turn: Turn) -> None:
        written = self.write(turn)
        for action, field, example in turn.findings:
            now = self._now()
            self._database.note(
                stations_store.tables.COUNT_FINDING,
                (
                    turn.entry.station_id,
                    action,
                    "accepted-not-kept",
                    field[:EXAMPLE_MAX],
                    turn.tenant_id,
                    1,
                    now,
                    now,
                    example[:EXAMPLE_MAX],
                ),
            )
        if written is not None:
            await written


def _looks_the_same(before: AspectState, keys: Mapping[str, KeyState], now: int) -> bool:
    return (
        now - before.updated_at < UNWRITTEN_FOR_S * rules.SECOND
        and before.keys.keys() == keys.keys()
        and all(
            state.standing is before.keys[key].standing and state.cause is before.keys[key].cause
            for key, state in keys.items()
        )
    )
