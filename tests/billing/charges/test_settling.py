"""Sessions become charges: priced as of their start, once, booked in balance, and put right when they change."""

from shop import Shop

from currant.billing.charges.model import ChargeState, PayerKind
from currant.billing.ledger import AccountKind as A
from pricing.made import energy, flat, prices

WITH_VAT = prices(energy("0.50", tax="19"), flat("1.00", tax="19"))


async def test_a_session_is_charged_when_it_ends(shop: Shop) -> None:
    await shop.sells(WITH_VAT)
    account, _ = await shop.customer()
    session = await shop.session(wh=20_000)
    charge = await shop.charge_of(session)
    assert charge.state is ChargeState.FINAL
    assert (charge.net, charge.tax, charge.gross) == (1100, 209, 1309)
    assert charge.payer.kind is PayerKind.ACCOUNT_INVOICE
    assert charge.number == str(session.number)
    assert await shop.balance(A.RECEIVABLE, account.id) == 1309
    assert await shop.balance(A.REVENUE) == -1100
    assert await shop.balance(A.TAX_PAYABLE, "ZZ/VAT") == -209
