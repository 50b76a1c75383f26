"""Many at once: the same session settled by all, and one wallet that pays for several sessions."""

import asyncio

from shop import Shop

from charging.made import TENANT, at
from currant.billing.charges.model import ChargeState, PaidState, PaysBy
from currant.billing.ledger import AccountKind as A
from currant.kit.ids import SessionId
from pricing.made import energy, prices

STATIONS = 4


async def ended(shop: Shop, station: str, uid: str) -> SessionId:
    """A session of 8.00 EUR that has ended, and for which nobody has been charged yet."""
    connection = await shop.connect(station)
    answer = await connection.start(wh=0, uid=uid)
    await connection.stop(answer.number, 60, wh=20_000)
    return (await connection.only()).id


async def test_sessions_that_end_together_share_a_wallet_without_losing_a_cent(any_shop: Shop) -> None:
    shop = any_shop
    await shop.sells(prices(energy("0.40")))
    account, _ = await shop.customer("CAFE0000", pays_by=PaysBy.WALLET)
    await shop.put_in(account.id, 2_000)
    shop.go_to(at(60))
    sessions = []
    for number in range(STATIONS):
        if number:
            await shop.token(f"CAFE000{number}", account_id=account.id)
        sessions.append(await ended(shop, f"station {number}", f"CAFE000{number}"))
    # Everybody is charged by three nodes at the same moment.
    await asyncio.gather(*(shop.charges.settle(TENANT, each) for each in sessions * 3))
    charges = [await shop.charge_of(each) for each in sessions]
    assert all(charge.state is ChargeState.FINAL for charge in charges)
    assert sorted(charge.collected for charge in charges) == [0, 400, 800, 800]
    assert sum(charge.paid is PaidState.FAILED for charge in charges) == 2
    assert await shop.balance(A.WALLET, account.id) == 0
    assert await shop.balance(A.RECEIVABLE, account.id) == 1_200
    assert await shop.balance(A.REVENUE) == -800 * STATIONS
    for session_id in sessions:
        assert len(await shop.charges.of_session(TENANT, session_id)) == 1
        assert await shop.balance(A.SESSION, session_id) == 0


async def test_two_people_who_take_a_charge_back_at_once_take_it_back_once(any_shop: Shop) -> None:
    shop = any_shop
    await shop.sells(prices(energy("0.40")))
    account, _ = await shop.customer()
    shop.go_to(at(60))
    session_id = await ended(shop, "station", "CAFE0001")
    await shop.charges.settle(TENANT, session_id)
    charge = await shop.charge_of(session_id)
    asked = [shop.charges.credit(TENANT, charge.id, by="ada", note="Broken") for _ in range(4)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in outcomes) == 1
    assert len(await shop.charges.of_session(TENANT, session_id)) == 2
    assert await shop.balance(A.RECEIVABLE, account.id) == 0
    assert await shop.balance(A.REVENUE) == 0
