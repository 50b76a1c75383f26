"""Which commands' effects have been kept: whoever gave one keeps them before it answers, and then its event comes too.

What stations say in between must not be undone by keeping the same thing twice. Another node, or this
one after a restart, keeps it again from the event: what is kept has to bear that.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from currant.kit.ids import CommandId

NOTED_MAX = 10_000


class Noted:
    """Remembers the latest commands whose effects this process has kept."""

    def __init__(self) -> None:
        self._done: dict[CommandId, None] = {}
        self._turns: WeakValueDictionary[CommandId, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def once(self, command_id: CommandId) -> AsyncIterator[bool]:
        """Whether its effects are yet to be kept; whoever else would keep them waits until that is done."""
        turn = self._turns.setdefault(command_id, asyncio.Lock())
        async with turn:
            if command_id in self._done:
                yield False
                return
            yield True
            self._done[command_id] = None
            if len(self._done) > NOTED_MAX:
                del self._done[next(iter(self._done))]

    def __contains__(self, command_id: CommandId) -> bool:
        return command_id in self._done
