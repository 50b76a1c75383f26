"""A server that is killed at any moment between the end of a session and its money charges once, to the cent."""

import asyncio
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from shop import Shop

from charging.made import TENANT, at
from currant.billing.charges.model import ChargeState, PaidState
from currant.billing.ledger import AccountKind as A
from currant.billing.payments.model import PaymentMode, PaymentState
from pricing.made import energy, prices
from services import fresh_database

SCRIPT = """
import asyncio, os, signal, sys
from pathlib import Path

sys.path[:0] = {path!r}
from charging.made import at
from services import fresh_database
from shop import Shop

async def main():
    shop = Shop(fresh_database(Path({file!r})))
    await shop.pricing.start()
    await shop.till.open()
    shop.go_to(at(60))
    left = {writes}
    decide, provider = shop.database.decide, shop.till.providers.of("tenant", "sandbox")
    capture = provider.capture

    async def counted(*given):
        nonlocal left
        done = await decide(*given)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    async def captured(*given, **named):
        done = await capture(*given, **named)
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    # Counts what this part of the product decides; or dies when the provider has the money.
    shop.charges._database = Counting(shop.database, counted) if left > 0 else shop.database
    provider.capture = captured
    await shop.tell()

class Counting:
    def __init__(self, database, decide):
        self.database, self.decide = database, decide

    def __getattr__(self, name):
        return getattr(self.database, name)

asyncio.run(main())
"""


async def killed_after(folder: Path, writes: int) -> None:
    """Have a server of its own charge for what has ended, and kill it after so many decisions; -1: when the
    provider has captured, and nobody here knows it yet."""
    tests = Path(__file__).parents[2]
    path = [tests, tests / "db", tests / "billing" / "charges", tests.parent / "src"]
    script = SCRIPT.format(
        path=[str(each) for each in path], file=str(folder / "currant.sqlite"), writes=writes
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2_000:]


@pytest.mark.parametrize("writes", [-1, 1, 2, 3])
async def test_a_killed_server_charges_once_when_it_is_back(tmp_path: Path, writes: int) -> None:
    shop = Shop(fresh_database(tmp_path / "currant.sqlite"))
    await shop.till.open()
    await shop.sells(prices(energy("0.40", tax="19")))
    await shop.customer()
    connection = await shop.connect()
    shop.go_to(at(0))
    answer = await connection.start(wh=0)
    await shop.tell()
    session = await connection.only()
    payment = await shop.till.ask(PaymentMode.HOLD, 5000, session.id)
    await shop.till.present(payment)
    shop.go_to(at(60))
    await connection.stop(answer.number, 60, wh=20_000)
    await shop.database.close()

    await killed_after(tmp_path, writes)

    back = Shop(fresh_database(tmp_path / "currant.sqlite"))
    try:
        await back.pricing.start()
        await back.till.open()
        # What it had begun is leased for a while: nobody knows that it is dead.
        back.go_to(at(60) + timedelta(minutes=15))
        await back.tell()
        await back.payments.reconcile()
        await back.tell()
        charge = await back.charge_of(session.id)
        assert (charge.state, charge.gross) == (ChargeState.FINAL, 952)
        assert (charge.paid, charge.collected) == (PaidState.PAID, 952)
        assert len(await back.charges.of_session(TENANT, session.id)) == 1
        paid = await back.payments.get(TENANT, payment.id)
        assert (paid.state, paid.captured, paid.refunded) == (PaymentState.CAPTURED, 952, 0)
        page = await back.payments.balance(TENANT, "sandbox", since=at(0))
        assert [line.gross for line in page.lines] == [952]
        assert await back.balance(A.PSP_CLEARING, "sandbox") == 952
        assert await back.balance(A.SESSION, session.id) == 0
        assert await back.balance(A.REVENUE) == -800
    finally:
        await back.database.close()
