"""Sessions that were, priced anew: the same prices come to the same sum, and other prices to another."""

from decimal import Decimal

from shop import Shop

from charging.made import NOON, TENANT, at
from currant.billing.charges.past import PastSessions, rates_of
from currant.kit.ids import LocationId, TariffId
from currant.pricing.charge import Bill, BillLine, TaxPart
from currant.pricing.model import LineKind, PriceScope
from currant.pricing.offers import PlanDraft, PlanTerms, SubscriptionDraft
from currant.pricing.preview import PastSession, effect
from currant.pricing.taxing import TaxHead
from pricing.made import energy, flat, prices, time

VAT = prices(energy("0.50", tax="19"), flat("1.00", tax="19"), time("0.60", tax="7"))


async def past_of(
    shop: Shop,
    tariff_id: TariffId | None = None,
    *,
    places: tuple[LocationId, ...] = (),
    limit: int = 100,
) -> list[PastSession]:
    known = PastSessions(shop.database, shop.charging, shop.charges, shop.pricing)
    found = await known.past(
        TENANT, tariff_id=tariff_id, location_ids=places, since=NOON, until=at(600), limit=limit
    )
    return list(found)


async def subscribe(shop: Shop) -> None:
    """A customer with 3 kWh a month, and a tenth off the rest."""
    account, _ = await shop.customer()
    terms = PlanTerms(
        currency="EUR", monthly_fee=Decimal(5), allowance_kwh=Decimal(3), discount_percent=Decimal(10)
    )
    plan = await shop.pricing.subscriptions.create_plan(
        TENANT, PlanDraft(name="Some", terms=terms), by="test"
    )
    draft = SubscriptionDraft(plan_id=plan.id, holder=f"account:{account.id}")
    await shop.pricing.subscriptions.subscribe(TENANT, draft, by="test")


async def sold(shop: Shop) -> TariffId:
    """A session of a subscriber, one of somebody else, and one where nothing has a price."""
    version = await shop.sells(VAT, scope=PriceScope.STATION, about="station/1")
    await subscribe(shop)
    await shop.token("CAFE0002")
    await shop.session(wh=20_000, minutes=95)
    await shop.session(wh=7_003, minutes=35, uid="CAFE0002")
    await shop.session(wh=1_000, evse=2, uid="CAFE0002")
    return version.tariff_id


async def test_the_prices_that_a_session_had_come_to_the_same_sum_again(shop: Shop) -> None:
    await sold(shop)
    past = await past_of(shop)
    assert [each.charged is None for each in past].count(True) == 1
    found = await effect(VAT, past)
    assert (found.sessions, found.unpriced) == (3, 1)
    assert (found.dearer, found.cheaper) == (0, 0)
    assert found.before == found.after > 0


async def test_a_subscription_is_taken_off_other_prices_too(shop: Shop) -> None:
    await shop.sells(VAT)
    await subscribe(shop)
    await shop.session(wh=20_000)
    found = await effect(prices(energy("1.00", tax="19")), await past_of(shop))
    # 17 of the 20 kWh, a tenth off, and the tax of the bill.
    assert found.after == round(17 * 100 * 0.9 * 1.19)


async def test_sessions_are_told_by_tariff_and_place_and_no_more_than_asked_for(shop: Shop) -> None:
    tariff_id = await sold(shop)
    past = await past_of(shop)
    of_tariff = await past_of(shop, tariff_id)
    assert {each.session_id for each in of_tariff} == {each.session_id for each in past if each.charged}
    assert await past_of(shop, TariffId("another")) == []
    assert len(await past_of(shop, limit=1)) == 1
    assert await past_of(shop, places=(LocationId("nowhere"),)) == []


def test_taxes_of_a_bill_are_those_of_its_lines() -> None:
    def line(kind: LineKind, percent: str) -> BillLine:
        return BillLine(
            kind=kind,
            quantity=Decimal(1),
            unit="kWh",
            unit_price=Decimal(1),
            net=100,
            tax_percent=Decimal(percent),
        )

    halves = [TaxPart(name=name, percent=Decimal(9), base=100, amount=9) for name in ("CGST", "SGST")]
    excise = TaxPart(name="Excise", percent=Decimal(0), base=0, amount=3, per_kwh=Decimal("0.03"))
    bill = Bill(
        currency="INR",
        lines=(line(LineKind.ENERGY, "18"),),
        taxes=(*halves, excise),
        net=100,
        tax=21,
        gross=121,
    )
    assert rates_of(bill).otherwise == (
        TaxHead(name="CGST", percent=Decimal(9)),
        TaxHead(name="SGST", percent=Decimal(9)),
        TaxHead(name="Excise", percent=Decimal(0), per_kwh=Decimal("0.03")),
    )
    mixed = Bill(
        currency="EUR",
        lines=(line(LineKind.ENERGY, "19"), line(LineKind.FLAT, "7")),
        taxes=(TaxPart(name="MwSt", percent=Decimal(19), base=100, amount=19),),
        net=200,
        tax=26,
        gross=226,
    )
    assert rates_of(mixed).of(LineKind.FLAT, None) == (TaxHead(name="MwSt", percent=Decimal(7)),)
