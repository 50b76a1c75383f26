"""A process for `test_killed.py`: commits without end and says each time what was acknowledged.

Every change set holds two rows and an event; decisions and notes go between. A line on standard
output is an acknowledgement: whoever reads it may rely on that number being kept.
"""

import asyncio
import random
import sys
from datetime import UTC, datetime

from shelf import Shelved, add

from currant.db.commits import ChangeSet
from currant.kit.ids import TenantId
from services import fresh_database

TENANT = TenantId("t1")


async def main(url: str, first: int, seed: int) -> None:
    rng = random.Random(seed)
    database = fresh_database(url)
    numbers = iter(range(first, sys.maxsize))

    def fill(changes: ChangeSet, number: int) -> None:
        changes.write(add, (f"{number} a", number, ""))
        changes.write(add, (f"{number} b", number, ""))
        changes.emit(Shelved(tenant_id=TENANT, happened_at=datetime.now(UTC), book=str(number)))

    async def station() -> None:
        while True:
            number = next(numbers)
            if rng.random() < 0.1:
                await database.decide(lambda _, changes, number=number: fill(changes, number), TENANT)
            else:
                changes = ChangeSet(TENANT)
                fill(changes, number)
                await database.commit(changes)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            database.note(add, (f"note {number}", number, ""))
            if rng.random() < 0.2:
                await asyncio.sleep(rng.random() / 100)

    await asyncio.gather(*(station() for _ in range(30)))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
