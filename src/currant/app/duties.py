"""What is done again and again while the server runs: one table, and the loop that works it off."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from currant.db.engine import Database
from currant.kit.errors import CurrantError

log = logging.getLogger(__name__)


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Something done every `every_s` seconds, first after `first_s`; `alone` on one node of a network at a time."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[object]]
    first_s: float = 5.0
    alone: bool = True


class Duties:
    """Runs duties until it is stopped. One that fails is logged and has its turn again."""

    def __init__(self, database: Database, duties: Sequence[Duty]) -> None:
        self._database = database
        self._duties = duties
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._repeat(duty), name=f"duty {duty.name}") for duty in self._duties
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeat(self, duty: Duty) -> None:
        await asyncio.sleep(duty.first_s)
        while True:
            try:
                if not duty.alone or await self._database.hold(f"duty {duty.name}"):
                    await duty.run()
            except CurrantError as error:
                log.warning("%s waits for its next turn: %s", duty.name, error)
            except Exception:
                log.exception("%s failed and will be tried again in %.0f s.", duty.name, duty.every_s)
            await asyncio.sleep(duty.every_s)
