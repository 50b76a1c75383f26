"""Wallets by hand and by rule: what there is, who gave it, and when one fills itself."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from billing.bookings import NOW, SESSION, TENANT, WALLET, fund, hold, moving, post, standing
from currant.billing import flows
from currant.billing.ledger import AccountKind, NotEnough
from currant.billing.top_ups import (
    ASKED_AGAIN_AFTER,
    PAUSES,
    Choice,
    Fill,
    FillState,
    TopUpRule,
    after_filling,
    choose,
)
from currant.billing.wallets import Filled, NoSuchRule, TopUpRuleDraft, Wallets
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, Invalid
from currant.kit.money import Money

OWNER = "driver-1"
RULE = TopUpRule(
    tenant_id=TENANT,
    owner=OWNER,
    currency="EUR",
    below=1000,
    amount=5000,
    method_id="card-1",
    changed_at=NOW,
)
ASKED = Fill(id="fill-1", tenant_id=TENANT, owner=OWNER, currency="EUR", amount=5000, asked_at=NOW)


def euros(minor_units: int) -> Money:
    return Money(minor_units=minor_units, currency="EUR")


# When a wallet is filled: pure


def test_a_wallet_is_filled_once_there_is_less_than_the_rule_says() -> None:
    assert choose(RULE, 1000, None, 0, NOW) is Choice.NOTHING
    assert choose(RULE, 999, None, 0, NOW) is Choice.FILL


def test_one_filling_is_under_way_at_a_time_and_is_asked_for_again_when_nothing_is_heard() -> None:
    assert choose(RULE, 0, ASKED, 0, NOW + ASKED_AGAIN_AFTER / 2) is Choice.NOTHING
    assert choose(RULE, 0, ASKED, 0, NOW + ASKED_AGAIN_AFTER) is Choice.ASK_AGAIN


def test_no_more_is_filled_in_a_month_than_its_limit() -> None:
    limited = replace(RULE, most_a_month=12_000)
    assert choose(limited, 0, None, 5000, NOW) is Choice.FILL
    assert choose(limited, 0, None, 10_000, NOW) is Choice.TOO_MUCH


def test_a_rule_that_fails_waits_longer_each_time_and_then_rests() -> None:
    failed = replace(ASKED, state=FillState.FAILED)
    rule, now = RULE, NOW
    for pause in PAUSES[:-1]:
        rule = after_filling(rule, failed, now)
        assert choose(rule, 0, None, 0, now + pause - timedelta(seconds=1)) is Choice.NOTHING
        now += pause
        assert choose(rule, 0, None, 0, now) is Choice.FILL
    rule = after_filling(rule, failed, now)
    assert choose(rule, 0, None, 0, now + timedelta(days=365)) is Choice.RESTS
    again = after_filling(rule, replace(ASKED, state=FillState.DONE), now)
    assert choose(again, 0, None, 0, now) is Choice.FILL


def test_an_ended_rule_asks_for_nothing() -> None:
    assert choose(replace(RULE, active=False), 0, None, 0, NOW) is Choice.NOTHING


# The service


class Till:
    """Takes money for fillings as a provider would: by key, once; or does what the test says."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked: list[str] = []
        self.answers = FillState.DONE
        self.dies = False

    async def __call__(self, rule: TopUpRule, fill: Fill) -> Filled:
        self.asked.append(fill.id)
        if self.answers is FillState.DONE:
            paid = flows.topped_up(fill.id, "sandbox", euros(fill.amount), fill.owner, at=NOW)
            await post(self.database, paid)
        if self.dies:
            raise Conflict("The process ended before it could note this.")
        return Filled(state=self.answers, payment_id=f"payment-of-{fill.id}", reason="card_declined")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def till(database: Database) -> Till:
    return Till(database)


@pytest.fixture
def wallets(database: Database, clock: ManualClock, till: Till) -> Wallets:
    return Wallets(database, clock, filling=till)


async def filled_below(wallets: Wallets, below: int = 1000, amount: int = 5000, **more: int) -> TopUpRule:
    draft = TopUpRuleDraft(below=below, amount=amount, method_id="card-1", **more)
    return await wallets.set_rule(TENANT, OWNER, "EUR", draft, by="person:ada")


async def told(database: Database, kind: str) -> int:
    query = text("SELECT count(*) FROM journal WHERE kind = :kind")
    return int(await database.read(lambda conn: conn.execute(query, {"kind": kind}).scalar()) or 0)


async def test_a_wallet_shows_what_is_there_set_aside_and_owed(wallets: Wallets, database: Database) -> None:
    await fund(database, 5000)
    held = await hold(database, 1500, "session-1")
    owed = flows.receivable(OWNER, "EUR")
    await post(database, moving("owed", 300, of=SESSION, to=owed))
    purse = await wallets.of(TENANT, OWNER)
    (there,) = purse.standings
    assert (there.balance, there.held, there.available) == (5000, 1500, 3500)
    assert purse.owes == (euros(300),)
    assert purse.holds == (held,)
    assert (await wallets.of(TENANT, "nobody")).standings == ()
    assert [each.owner for each in (await wallets.list(TENANT)).items] == [OWNER]


async def test_what_moved_a_wallet_is_told_from_its_owners_side(wallets: Wallets, database: Database) -> None:
    await fund(database, 5000)
    await post(database, moving("charge-1", 1200, of=SESSION, to=WALLET))
    await post(database, moving("charge-2", 800, of=SESSION, to=WALLET))
    first = await wallets.lines(TENANT, WALLET, limit=2)
    second = await wallets.lines(TENANT, WALLET, cursor=first.next_cursor, limit=2)
    lines = [(line.amount, line.balance) for line in (*first.items, *second.items)]
    assert lines == [(-800, 3000), (-1200, 3800), (5000, 5000)]
    assert second.next_cursor is None
    with pytest.raises(Invalid):
        await wallets.lines(TENANT, SESSION)


async def test_a_person_gives_and_takes_by_hand_and_says_why(wallets: Wallets, database: Database) -> None:
    await wallets.adjust(TENANT, WALLET, 500, "A cable was broken", by="person:ada")
    await wallets.adjust(TENANT, WALLET, -200, "Given to the wrong one", by="person:ada")
    assert (await standing(database)).balance == 300
    with pytest.raises(NotEnough):
        await wallets.adjust(TENANT, WALLET, -301, "Too much", by="person:ada")
    with pytest.raises(Invalid):
        await wallets.adjust(TENANT, WALLET, 5, " ", by="person:ada")
    with pytest.raises(Invalid):
        await wallets.adjust(TENANT, WALLET, 0, "Nothing", by="person:ada")
    assert await told(database, "WalletAdjusted") == 2


async def test_a_deposit_pays_what_is_owed_and_no_more(wallets: Wallets, database: Database) -> None:
    deposit, owed = flows.deposit(OWNER, "EUR"), flows.receivable(OWNER, "EUR")
    await fund(database, 5000, deposit)
    await post(database, moving("owed", 300, of=SESSION, to=owed))
    with pytest.raises(Conflict):
        await wallets.apply_deposit(TENANT, OWNER, euros(301), by="person:ada")
    first = await wallets.apply_deposit(TENANT, OWNER, euros(300), by="person:ada", key="once")
    assert await wallets.apply_deposit(TENANT, OWNER, euros(300), by="person:ada", key="once") == first
    purse = await wallets.of(TENANT, OWNER)
    assert purse.owes == ()
    assert [(each.account.kind, each.balance) for each in purse.standings] == [(AccountKind.DEPOSIT, 4700)]


async def test_a_credit_line_is_used_up_by_holds_and_by_what_is_owed(
    wallets: Wallets, database: Database
) -> None:
    line = flows.credit_line(OWNER, "EUR")
    with pytest.raises(NotEnough):
        await hold(database, 1, "session-0", account=line)
    there = await wallets.set_credit_line(TENANT, OWNER, euros(1000), by="person:ada")
    assert there.available == 1000
    await hold(database, 600, "session-1", account=line)
    await post(database, moving("owed", 300, of=SESSION, to=flows.receivable(OWNER, "EUR")))
    with pytest.raises(NotEnough):
        await hold(database, 101, "session-2", account=line)
    await hold(database, 100, "session-2", account=line)
    (shown,) = (await wallets.of(TENANT, OWNER)).standings
    assert (shown.limit, shown.held, shown.owed, shown.available) == (1000, 700, 300, 0)


async def test_a_wallet_that_is_too_low_fills_itself(
    wallets: Wallets, database: Database, till: Till
) -> None:
    await filled_below(wallets)
    assert await wallets.fill_all() == 1
    assert (await standing(database)).balance == 5000
    await post(database, moving("charge-1", 4000, of=SESSION, to=WALLET))
    assert await wallets.fill_all() == 0
    # What is set aside cannot be spent either.
    await hold(database, 1, "session-1")
    assert await wallets.fill_all() == 1
    assert (await standing(database)).balance == 6000
    assert len(till.asked) == 2


async def test_who_dies_before_a_filling_is_noted_asks_again_by_the_same_key(
    wallets: Wallets, database: Database, till: Till, clock: ManualClock
) -> None:
    await filled_below(wallets)
    till.dies = True
    with pytest.raises(Conflict):
        await wallets.fill(TENANT, OWNER, "EUR")
    till.dies = False
    assert await wallets.fill(TENANT, OWNER, "EUR") is Choice.NOTHING
    clock.advance(ASKED_AGAIN_AFTER)
    assert await wallets.fill_all() == 1
    assert len(till.asked) == 2
    assert len(set(till.asked)) == 1
    assert (await standing(database)).balance == 5000
    assert await wallets.fill_all() == 0


async def test_a_card_that_is_declined_is_told_and_tried_later(
    wallets: Wallets, database: Database, till: Till, clock: ManualClock
) -> None:
    await filled_below(wallets)
    till.answers = FillState.FAILED
    await wallets.fill_all()
    await wallets.fill_all()
    assert len(till.asked) == 1
    assert await told(database, "WalletLow") == 1
    purse = await wallets.of(TENANT, OWNER)
    assert [(each.state, each.reason) for each in purse.fills] == [(FillState.FAILED, "card_declined")]
    assert purse.rules[0].failures == 1
    clock.advance(PAUSES[0])
    till.answers = FillState.DONE
    await wallets.fill_all()
    assert (await standing(database)).balance == 5000
    assert (await wallets.of(TENANT, OWNER)).rules[0].failures == 0


async def test_a_rule_is_set_with_sense_and_ended(wallets: Wallets, till: Till) -> None:
    for wrong in ({"amount": 0}, {"below": 0}, {"amount": 10, "most_a_month": 5}):
        with pytest.raises(Invalid):
            await filled_below(wallets, **wrong)
    with pytest.raises(NoSuchRule):
        await wallets.end_rule(TENANT, OWNER, "EUR", by="person:ada")
    await filled_below(wallets)
    await wallets.end_rule(TENANT, OWNER, "EUR", by="person:ada")
    assert await wallets.fill_all() == 0
    assert till.asked == []
