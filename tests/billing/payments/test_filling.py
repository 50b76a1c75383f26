"""Wallets that fill themselves from a stored card, by payments through the sandbox."""

from till import DECLINED, GOOD, OWNER, TENANT, Till

from currant.billing.filling import FillingByPayment
from currant.billing.flows import wallet
from currant.billing.ledger import AccountKind
from currant.billing.payments.model import MethodState
from currant.billing.top_ups import ASKED_AGAIN_AFTER, FillState
from currant.billing.wallets import TopUpRuleDraft, Wallets

ACCOUNT = "account-1"


async def with_rule(till: Till, method_id: str) -> Wallets:
    wallets = Wallets(till.database, till.clock, filling=FillingByPayment(till.payments))
    draft = TopUpRuleDraft(below=1000, amount=5000, method_id=method_id)
    await wallets.set_rule(TENANT, ACCOUNT, "EUR", draft, by="person:ada")
    return wallets


async def balance(wallets: Wallets) -> int:
    purse = await wallets.of(TENANT, ACCOUNT)
    return sum(each.balance for each in purse.standings if each.account == wallet(ACCOUNT, "EUR"))


async def filled(till: Till, wallets: Wallets) -> None:
    """Ask, let word of it arrive, and look again."""
    await wallets.fill_all()
    await till.sandbox.tick()
    await till.work_off()
    till.clock.advance(ASKED_AGAIN_AFTER)
    await wallets.fill_all()


async def test_a_wallet_fills_itself_from_a_stored_card_whoevers_it_is(any_till: Till) -> None:
    method = await any_till.stored(GOOD)
    assert method.owner == OWNER
    wallets = await with_rule(any_till, method.id)
    await filled(any_till, wallets)
    assert await balance(wallets) == 5000
    await any_till.spend(ACCOUNT, 4001)
    await filled(any_till, wallets)
    assert await balance(wallets) == 5999
    fills = (await wallets.of(TENANT, ACCOUNT)).fills
    assert [each.state for each in fills] == [FillState.DONE, FillState.DONE]
    payments = [await any_till.payments.get(TENANT, each.payment_id) for each in fills]
    assert [(each.captured, each.owner) for each in payments] == [(5000, OWNER), (5000, OWNER)]
    assert await any_till.balance(AccountKind.WALLET, ACCOUNT) == -10_000


async def test_a_filling_whose_card_is_gone_fails_and_takes_nothing(till: Till) -> None:
    method = await till.stored(GOOD)
    wallets = await with_rule(till, method.id)
    await till.payments.methods.remove(TENANT, method.id)
    await filled(till, wallets)
    purse = await wallets.of(TENANT, ACCOUNT)
    assert [each.state for each in purse.fills] == [FillState.FAILED]
    assert purse.rules[0].failures == 1
    assert await balance(wallets) == 0


async def test_a_declined_card_fills_nothing(till: Till) -> None:
    method = await till.stored(DECLINED)
    assert method.state is not MethodState.ACTIVE
    wallets = await with_rule(till, method.id)
    await filled(till, wallets)
    assert [each.state for each in (await wallets.of(TENANT, ACCOUNT)).fills] == [FillState.FAILED]
    assert await balance(wallets) == 0
