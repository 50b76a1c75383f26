"""`kill -9` in the middle of booking, and everything done again from the beginning: no cent is lost or double."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from billing.bookings import NOW, TENANT
from billing.spending import WALLETS
from currant.billing import books_checks, flows
from currant.billing import books_reading_store as reading
from services import fresh_database

HERE = Path(__file__).parent


async def test_sessions_paid_when_the_server_is_killed_are_paid_once(database_url: str) -> None:
    await fresh_database(database_url).close()
    acknowledged: set[int] = set()
    for lines in (30, 70, 110):
        acknowledged |= spend_until_killed(database_url, after=lines)
    assert len(acknowledged) >= 110

    database = fresh_database(database_url)
    ended = await database.read(lambda conn: set(conn.execute(text(ENDED)).scalars()))
    begun = await database.read(lambda conn: set(conn.execute(text(BEGUN)).scalars()))
    found = await database.read(lambda conn: books_checks.report(conn, TENANT, NOW))
    balances = await database.read(
        lambda conn: [
            -reading.balance(conn, TENANT, flows.wallet(f"driver-{number}", "EUR"))
            for number in range(WALLETS)
        ]
    )
    await database.close()

    assert {f"c{number}" for number in acknowledged} <= ended
    assert found.findings == ()
    assert sum(balances) == 60 * len(begun) - 37 * len(ended)
    # Whoever had begun and not ended when the last one was killed holds 50 still.
    assert len(begun) >= len(ended)


ENDED = "SELECT source_id FROM ledger_entries WHERE source_type = 'charge' AND purpose = 'paid'"
BEGUN = "SELECT source_id FROM ledger_holds"


def spend_until_killed(url: str, *, after: int) -> set[int]:
    """What the process had acknowledged when it was killed, as soon as it had said so many numbers."""
    path = os.pathsep.join([str(HERE.parent), *sys.path])
    process = subprocess.Popen(
        [sys.executable, str(HERE / "spending.py"), url],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert process.stdout is not None
    words = b"".join([process.stdout.readline() for _ in range(after)])
    process.send_signal(signal.SIGKILL)
    words += process.stdout.read()
    process.stdout.close()
    process.wait()
    # The last line may have been cut off in the middle.
    return {int(line) for line in words.split(b"\n")[:-1]}
