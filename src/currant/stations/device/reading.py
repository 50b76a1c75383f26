"""Reads the models of stations: once they have settled after a boot, a few at a time, and never in a crowd.

Which ones are due stands in the database: never read, other firmware than when it was read, read too
long ago, or restarted for values that waited for it. So nothing is forgotten when a process ends, and
no reaction to a boot is needed.
"""

import asyncio
import logging
import zlib
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import CurrantError
from currant.kit.ids import TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.variables import GetMonitoringReport, GetVariables
from currant.stations.device import store
from currant.stations.device.service import DeviceModel
from currant.stations.device.store.fleet import Due
from currant.stations.link import StationLink
from currant.stations.model import CommandOutcome, CommandStatus

log = logging.getLogger(__name__)

DEADLINE_S = 120.0
ROUND_MAX = 500
"""Stations looked at in one round; those that other nodes hold are among them."""
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(days=7)
REFUSED_PAUSE = timedelta(hours=6)


class ReadingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How eagerly models are read."""

    at_once: int = 4
    max_age: timedelta = timedelta(days=30)
    settled_s: float = 30.0
    """A station is asked no sooner after it connected."""
    crowd: int = 200
    """When more stations than this have come in within the last minute, all are left alone."""


class ModelReader:
    """Reads the models of the stations that this node holds."""

    def __init__(
        self,
        database: Database,
        device: DeviceModel,
        link: StationLink,
        clock: Clock,
        policy: ReadingPolicy | None = None,
    ) -> None:
        self._database = database
        self._device = device
        self._link = link
        self._clock = clock
        self._policy = policy or ReadingPolicy()

    async def round(self) -> int:
        """Read what is due now; returns how many stations were asked."""
        policy, now = self._policy, self._clock.now()
        await self._settle()
        moment = micros(now)

        def look(conn: Connection) -> list[Due]:
            if store.fleet.connected_since(conn, moment - 60_000_000) > policy.crowd:
                return []
            return store.fleet.due(
                conn,
                now=moment,
                settled_before=moment - int(policy.settled_s * 1e6),
                read_before=micros(now - policy.max_age),
                # The last of a hundred is read a tenth of the age later than the first.
                spread=policy.max_age // timedelta(microseconds=1000),
                limit=ROUND_MAX,
            )

        due = [each for each in await self._database.read(look) if self._link.is_connected(each.station_id)]
        waiting = iter(due)

        async def work() -> None:
            for each in waiting:
                try:
                    await self._read(each)
                except CurrantError as error:
                    log.warning("The model of station %s could not be kept: %s", each.station_id, error)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(policy.at_once, len(due))):
                group.create_task(work())
        return len(due)

    async def _settle(self) -> None:
        """What waited for a restart is in force where there was one; those stations are read again."""

        def settle(conn: Connection, changes: ChangeSet) -> int:
            return len(store.fleet.settle_pending(conn, now=micros(self._clock.now()), limit=ROUND_MAX))

        while await self._database.decide(settle, TenantId("")) == ROUND_MAX:
            pass

    async def _read(self, due: Due) -> None:
        outcome = await self._ask(due, GetVariables())
        if outcome.status is CommandStatus.ACCEPTED and outcome.variables:
            await self._device.caught_up(due.station_id)
            if due.version.startswith("2") and any(
                value.variable.component == "MonitoringCtrlr" for value in outcome.variables
            ):
                # N04.FR.19: after a restart it may have others.
                await self._ask(due, GetMonitoringReport())
            return
        reason = outcome.reason or "The station told nothing of its variables."
        pause = (
            FIRST_PAUSE
            if outcome.status in (CommandStatus.OFFLINE, CommandStatus.UNANSWERED)
            else REFUSED_PAUSE
        )
        attempts = due.attempts + 1
        await self._device.not_read(
            due,
            attempts=attempts,
            next_at=self._clock.now() + pause_after(pause, attempts, due.station_id),
            problem=reason,
        )

    async def _ask(self, due: Due, command: AnyCommand) -> CommandOutcome:
        """Past the list of commands: nobody gave this one, and its outcome is the model itself."""
        return await self._link.send(due.station_id, command, deadline_s=DEADLINE_S)


def pause_after(first: timedelta, attempts: int, station_id: str) -> timedelta:
    """Twice as long each time, and up to half as long again, so that stations of one kind drift apart."""
    pause = min(first * (1 << min(max(attempts - 1, 0), 16)), LONGEST_PAUSE)
    return pause * (1 + zlib.crc32(station_id.encode()) % 500 / 1000)
