"""Vouchers and subscriptions on real databases: used once, however many ask at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.pricing.kept import ANOTHER, NOW, TENANT, prices

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound
from currant.kit.event import Event
from currant.pricing import allowances, redeeming
from currant.pricing.adjusting import Allowance, GroupDiscount
from currant.pricing.bills import bill_of, own_rates
from currant.pricing.events import VoucherChanged
from currant.pricing.model import LineKind
from currant.pricing.offers import (
    ChargingSubscription,
    PlanChange,
    PlanDraft,
    PlanTerms,
    SubscriptionDraft,
    VoucherChange,
    VoucherDraft,
    VoucherOffer,
    VoucherTerms,
    fee_of,
    month_of,
    month_span,
)
from currant.pricing.rating import rate
from currant.pricing.service import PricingService
from currant.pricing.timeline import Span, Timeline
from services import fresh_database

D = Decimal
ANNA, BERTA = "account:anna", "account:berta"
HOUR = timedelta(hours=1)
MONTHLY = PlanTerms(currency="EUR", monthly_fee=D("9.90"), allowance_kwh=D(100), discount_percent=D(10))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def service(tmp_path: Path, clock: ManualClock) -> AsyncIterator[PricingService]:
    database = fresh_database(tmp_path / "currant.sqlite")
    yield PricingService(database, clock)
    await database.close()


async def voucher(service: PricingService, code: str = "SUMMER-26", **terms: Any) -> VoucherOffer:
    return await service.vouchers.create(
        TENANT,
        VoucherDraft(code=code, name="Summer", terms=VoucherTerms(**{"percent": D(10), **terms})),
        by="a test",
    )


async def redeem(
    database: Database, code: str, holder: str, source_id: str, **more: Any
) -> redeeming.Redeemed:
    def use(conn: Connection, changes: ChangeSet) -> redeeming.Redeemed:
        return redeeming.redeem(conn, TENANT, code, holder=holder, source_id=source_id, **{"at": NOW, **more})

    return await database.decide(use, TENANT)


async def subscribed(
    service: PricingService, holder: str = ANNA, terms: PlanTerms = MONTHLY, **more: Any
) -> ChargingSubscription:
    plan = await service.subscriptions.create_plan(
        TENANT, PlanDraft(name=f"Plan of {holder}", terms=terms), by="a test"
    )
    draft = SubscriptionDraft(plan_id=plan.id, holder=holder, **{"zone": "Europe/Berlin", **more})
    return await service.subscriptions.subscribe(TENANT, draft, by="a test")


async def take(
    database: Database, source_id: str, wanted_wh: int, *, holder: str = ANNA, at: datetime = NOW
) -> int | None:
    def decide(conn: Connection, changes: ChangeSet) -> int | None:
        taken = allowances.take(conn, TENANT, holder, source_id=source_id, at=at, wanted_wh=wanted_wh)
        return None if taken is None else taken.energy_wh

    return await database.decide(decide, TENANT)


async def test_a_code_is_understood_however_it_is_written(service: PricingService) -> None:
    made = await voucher(service)
    assert made.code == "SUMMER26"
    found = await redeem(service.vouchers._database, " summer 26", ANNA, "session 1")
    assert (found.voucher_id, found.adjuster.percent) == (made.id, D(10))
    assert (await service.vouchers.get(TENANT, made.id)).used == 1


async def test_a_session_has_its_code_once_however_often_it_is_sent(service: PricingService) -> None:
    made = await voucher(service)
    await voucher(service, "OTHER")
    database = service.vouchers._database
    first = await redeem(database, "SUMMER26", ANNA, "session 1")
    assert await redeem(database, "SUMMER26", ANNA, "session 1") == first
    assert (await service.vouchers.get(TENANT, made.id)).used == 1
    with pytest.raises(Conflict, match="a code for this session already"):
        await redeem(database, "OTHER", ANNA, "session 1")


async def test_a_code_is_used_for_a_session_and_told_once(service: PricingService) -> None:
    made = await voucher(service)
    events: list[Event] = []
    service.vouchers._database.listen(lambda _, told: events.extend(told))
    for _ in range(3):
        found = await service.vouchers.redeem(
            TENANT, "summer-26", holder=ANNA, source_id="session 1", at=NOW, by="a test"
        )
        assert (found.id, found.used) == (made.id, 1)
    assert [event.fields for event in events if isinstance(event, VoucherChanged)] == [("used",)]


@pytest.mark.parametrize(
    ("terms", "asked", "says"),
    [
        ({"valid_from": NOW + HOUR}, {}, "cannot be used yet"),
        ({"valid_until": NOW}, {}, "has run out"),
        ({"percent": None, "amount": D(5), "currency": "EUR"}, {"currency": "SEK"}, "good for prices in EUR"),
    ],
)
async def test_why_a_code_cannot_be_used_is_told(
    service: PricingService, terms: dict[str, Any], asked: dict[str, Any], says: str
) -> None:
    await voucher(service, **terms)
    with pytest.raises(Conflict, match=says):
        await redeem(service.vouchers._database, "SUMMER26", ANNA, "session 1", **asked)


async def test_a_code_that_nobody_knows_or_that_was_put_away_is_not_found(service: PricingService) -> None:
    made = await voucher(service)
    with pytest.raises(NotFound, match="not known"):
        await redeem(service.vouchers._database, "WINTER", ANNA, "session 1")
    await service.vouchers.change(TENANT, made.id, VoucherChange(archived=True), by="a test")
    with pytest.raises(NotFound, match="not known"):
        await redeem(service.vouchers._database, "SUMMER26", ANNA, "session 1")


async def test_a_voucher_is_used_as_often_as_it_says_by_one_and_by_all_however_many_ask_at_once(
    database: Database, clock: ManualClock
) -> None:
    service = PricingService(database, clock)
    made = await voucher(service, uses_max=3, uses_per_holder=2)
    asked = [redeem(database, "SUMMER26", (ANNA, BERTA)[n % 2], f"session {n}") for n in range(12)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    used = [each for each in done if isinstance(each, redeeming.Redeemed)]
    refused = [str(each) for each in done if isinstance(each, CurrantError)]
    assert (len(used), len(refused)) == (3, 9)
    assert set(refused) <= {"This code has been used up.", "You have used this code already."}
    uses = await service.vouchers.uses(TENANT, made.id)
    assert len(uses.items) == 3
    assert (await service.vouchers.get(TENANT, made.id)).used == 3


async def test_a_use_that_is_given_back_can_be_had_again(service: PricingService) -> None:
    made = await voucher(service)
    database = service.vouchers._database
    await redeem(database, "SUMMER26", ANNA, "session 1")
    with pytest.raises(Conflict, match="used this code already"):
        await redeem(database, "SUMMER26", ANNA, "session 2")
    for expected in (True, False):
        given = await database.decide(
            lambda conn, changes: redeeming.give_back(conn, TENANT, "session 1"), TENANT
        )
        assert given is expected
    assert (await service.vouchers.get(TENANT, made.id)).used == 0
    await redeem(database, "SUMMER26", ANNA, "session 2")


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"code": "A1"}, "code"),
        ({"code": "SUMMER_26"}, "code"),
        ({"terms": VoucherTerms()}, "terms"),
        ({"terms": VoucherTerms(percent=D(10), amount=D(1), currency="EUR")}, "terms"),
        ({"terms": VoucherTerms(percent=D(101))}, "terms.percent"),
        ({"terms": VoucherTerms(percent=D("NaN"))}, "terms.percent"),
        ({"terms": VoucherTerms(percent=D(10), cap=D(3))}, "terms.currency"),
        ({"terms": VoucherTerms(percent=D(10), uses_max=0)}, "terms.uses_max"),
        ({"terms": VoucherTerms(percent=D(10), kinds=(LineKind.ENERGY,) * 2)}, "terms.kinds"),
    ],
)
async def test_vouchers_that_mean_nothing_are_refused_with_the_field(
    service: PricingService, draft: dict[str, Any], field: str
) -> None:
    whole = {"code": "SUMMER", "name": "Summer", "terms": VoucherTerms(percent=D(10))} | draft
    with pytest.raises(Invalid) as refused:
        await service.vouchers.create(TENANT, VoucherDraft(**whole), by="a test")
    assert refused.value.facts["field"] == field


async def test_a_voucher_that_was_used_is_not_deleted(service: PricingService) -> None:
    used, unused = await voucher(service), await voucher(service, "UNUSED")
    with pytest.raises(Conflict, match="already"):
        await voucher(service, "summer 26")
    await redeem(service.vouchers._database, used.code, ANNA, "session 1")
    with pytest.raises(Conflict, match="put it away"):
        await service.vouchers.delete(TENANT, used.id, by="a test")
    await service.vouchers.delete(TENANT, unused.id, by="a test")
    assert [each.id for each in (await service.vouchers.list(TENANT)).items] == [used.id]
    with pytest.raises(NotFound):
        await service.vouchers.get(ANOTHER, used.id)


async def test_the_allowance_is_taken_until_it_is_gone_and_anew_next_month(service: PricingService) -> None:
    """Number 38 of the worked cases: 100 kWh a month, 95 used, a session of 12."""
    await subscribed(service, valid_from=NOW - HOUR)
    database = service.subscriptions._database
    assert await take(database, "before", 95_000) == 95_000
    assert await take(database, "session", 12_000) == 5_000
    assert await take(database, "after", 1_000) == 0
    february = datetime(2026, 1, 31, 23, tzinfo=UTC)  # midnight in Berlin
    assert await take(database, "late", 1_000, at=february - timedelta(microseconds=1)) == 0
    assert await take(database, "next month", 1_000, at=february) == 1_000
    assert await take(database, "somebody else's", 1_000, holder=BERTA) is None


async def test_a_session_of_12_kwh_with_5_left_costs_2_73() -> None:
    taken = allowances.Taken(subscription_id="s", month="2026-01", energy_wh=5_000)
    assert taken.adjuster == Allowance(kwh_left=D(5), note="subscription s")
    timeline = Timeline(zone="UTC", spans=(Span(begin=NOW, end=NOW + HOUR, energy_wh=12_000),))
    charge = rate(timeline, prices("0.39"), adjusters=(taken.adjuster,))
    assert bill_of(charge, own_rates(charge)).gross == 273


async def test_the_same_session_takes_once_and_what_it_gives_back_can_be_taken_again(
    service: PricingService,
) -> None:
    await subscribed(service, valid_from=NOW - HOUR)
    database = service.subscriptions._database
    assert [await take(database, "session", wh) for wh in (60_000, 60_000, 90_000)] == [60_000] * 3
    assert await take(database, "other", 60_000) == 40_000
    for expected in (60_000, 0):
        given = await database.decide(
            lambda conn, changes: allowances.give_back(conn, TENANT, "session"), TENANT
        )
        assert given == expected
    assert await take(database, "third", 100_000) == 60_000


async def test_sessions_that_end_at_once_never_take_more_than_there_is(
    database: Database, clock: ManualClock
) -> None:
    service = PricingService(database, clock)
    contract = await subscribed(service, valid_from=NOW - HOUR)
    wanted = [take(database, f"session {n}", 7_001) for n in range(20)]
    taken = [wh or 0 for wh in await asyncio.gather(*wanted)]
    assert sum(taken) == 100_000
    assert sorted(set(taken)) == [0, 100_000 % 7_001, 7_001]
    left = await service.subscriptions.left(TENANT, contract.id)
    assert (left.month, left.used_wh, left.left_wh) == ("2026-01", 100_000, 0)


async def test_nothing_is_taken_by_a_decision_that_fails(service: PricingService) -> None:
    contract = await subscribed(service, valid_from=NOW - HOUR)
    database = service.subscriptions._database

    def fail(conn: Connection, changes: ChangeSet) -> None:
        allowances.take(conn, TENANT, ANNA, source_id="session", at=NOW, wanted_wh=5_000)
        raise Conflict("The charge could not be made.")

    with pytest.raises(Conflict):
        await database.decide(fail, TENANT)
    assert (await service.subscriptions.left(TENANT, contract.id)).used_wh == 0


async def test_a_contract_keeps_the_terms_that_it_began_with(service: PricingService) -> None:
    contract = await subscribed(service)
    dearer = PlanTerms(currency="EUR", monthly_fee=D(20), allowance_kwh=D(10))
    await service.subscriptions.change_plan(TENANT, contract.plan_id, PlanChange(terms=dearer), by="a test")
    assert (await service.subscriptions.get(TENANT, contract.id)).terms == MONTHLY
    discount = contract.discount()
    assert discount == GroupDiscount(percent=D(10), note=f"subscription {contract.id}")
    assert allowances.adjusters_of(contract, None) == (discount,)


async def test_a_holder_has_one_contract_at_a_time(service: PricingService, clock: ManualClock) -> None:
    first = await subscribed(service, valid_from=NOW, valid_until=NOW + 10 * HOUR)
    again = SubscriptionDraft(plan_id=first.plan_id, holder=ANNA, valid_from=NOW + 9 * HOUR)
    with pytest.raises(Conflict, match="in this time already"):
        await service.subscriptions.subscribe(TENANT, again, by="a test")
    clock.advance(HOUR)
    ended = await service.subscriptions.end(TENANT, first.id, by="a test")
    assert ended.valid_until == clock.now()
    await service.subscriptions.subscribe(TENANT, again, by="a test")
    with pytest.raises(Conflict, match="has ended"):
        await service.subscriptions.end(TENANT, first.id, by="a test")
    assert len((await service.subscriptions.list(TENANT, holder=ANNA)).items) == 1
    assert len((await service.subscriptions.list(TENANT, holder=ANNA, ended=True)).items) == 2


async def test_subscriptions_that_mean_nothing_are_refused(service: PricingService) -> None:
    plan_id = (await subscribed(service)).plan_id
    for wrong, field in (
        ({"plan_id": "nobody's"}, "plan_id"),
        ({"holder": "anna"}, "holder"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"valid_from": NOW, "valid_until": NOW - HOUR}, "valid_until"),
    ):
        draft = SubscriptionDraft(**({"plan_id": plan_id, "holder": BERTA} | wrong))  # type: ignore[arg-type]
        with pytest.raises(Invalid) as refused:
            await service.subscriptions.subscribe(TENANT, draft, by="a test")
        assert refused.value.facts["field"] == field


async def test_each_month_that_a_contract_runs_in_is_paid_whole(service: PricingService) -> None:
    contract = await subscribed(service, valid_from=NOW)
    ended = await service.subscriptions.end(
        TENANT, contract.id, at=datetime(2026, 3, 1, 12, tzinfo=UTC), by="t"
    )
    months = ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04"]
    fees = [fee_of(ended, month) for month in months]
    assert [fee and fee.amount for fee in fees] == [None, D("9.90"), D("9.90"), D("9.90"), None]
    told = await service.subscriptions._database.read(lambda conn: allowances.fees(conn, TENANT, "2026-02"))
    assert [(fee.subscription_id, fee.month) for fee in told.fees] == [(contract.id, "2026-02")]
    assert told.next_after is None


def test_months_are_those_of_the_contracts_zone() -> None:
    begin, end = month_span("2026-03", "Europe/Berlin")
    assert (begin.astimezone(UTC), end.astimezone(UTC)) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    )
    assert [month_of(at, "Europe/Berlin") for at in (begin, end)] == ["2026-03", "2026-04"]
    assert month_of(begin, "Asia/Kolkata") == "2026-03"
    assert month_of(begin, "America/New_York") == "2026-02"
