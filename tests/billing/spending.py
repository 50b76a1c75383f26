"""A process for `test_books_killed.py`: sessions begin and end on a few wallets, from the first number on.

Each holds 50, takes 37 of it and books what it comes to, in one decision. A line on standard output is an
acknowledgement. Another process begins again at the first number, as whoever must do again what it is not sure of.
"""

import asyncio
import sys
from datetime import timedelta

from sqlalchemy import Connection

from billing.bookings import NOW, TENANT
from currant.billing import books, flows
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.money import Money

WALLETS = 5
AT_ONCE = 20


def begin(conn: Connection, number: int) -> str:
    own = flows.wallet(f"driver-{number % WALLETS}", "EUR")
    payment = Money(minor_units=60, currency="EUR")
    books.post(conn, TENANT, [flows.topped_up(f"p{number}", "sandbox", payment, own.owner, at=NOW)])
    return books.hold(
        conn,
        TENANT,
        own,
        50,
        source_type="session",
        source_id=f"s{number}",
        at=NOW,
        expires_at=NOW + timedelta(hours=1),
    ).id


def end(conn: Connection, number: int, hold_id: str) -> None:
    own = flows.wallet(f"driver-{number % WALLETS}", "EUR")
    books.post(
        conn,
        TENANT,
        [flows.recognised(f"c{number}", f"s{number}", "EUR", net=31, taxes={"DE/VAT": 6}, at=NOW)],
    )
    books.capture(conn, TENANT, hold_id, flows.paid_from(own, f"c{number}", f"s{number}", 37, at=NOW), at=NOW)


async def main(url: str) -> None:
    database = Database.open(url, create_all=True)
    numbers = iter(range(1, sys.maxsize))

    async def station() -> None:
        while True:
            number = next(numbers)

            def first(conn: Connection, _: ChangeSet, number: int = number) -> str:
                return begin(conn, number)

            hold_id = await database.decide(first, TENANT)

            def then(conn: Connection, _: ChangeSet, number: int = number, hold_id: str = hold_id) -> None:
                end(conn, number, hold_id)

            await database.decide(then, TENANT)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()

    await asyncio.gather(*(station() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
