"""GST by place of supply, and American taxes by jurisdiction."""

from datetime import date
from decimal import Decimal

import pytest

from currant.billing.tax.computing import Taxed, taxes_on
from currant.billing.tax.model import (
    Customer,
    CustomerKind,
    Product,
    Registration,
    Scheme,
    Seller,
    Supply,
    TaxDecision,
    TaxPlace,
    TaxSettings,
    Treatment,
    UsRate,
)
from currant.billing.tax.rules import RuleEngine
from currant.billing.tax.states import digits_of
from currant.pricing.bills import TaxRates
from currant.pricing.model import LineKind

DAY = date(2026, 5, 4)
KARNATAKA = "29AAGCB7383J1Z4"
DELHI = "07AAGCB7383J1ZA"
BENGALURU = TaxPlace(country="IN", state="KA", city="Bengaluru")


def gstin(number: str) -> Registration:
    return Registration(jurisdiction=f"IN-{number[:2]}", number=number, scheme=Scheme.GSTIN)


INDIAN = Seller(country="IN", state="KA", registrations=(gstin(KARNATAKA), gstin(DELHI)))


def india(
    customer: Customer, *, place: TaxPlace = BENGALURU, settings: TaxSettings | None = None
) -> TaxDecision:
    return RuleEngine(settings).decide(Supply(seller=INDIAN, customer=customer, place=place, on=DAY))


def heads(decision: TaxDecision) -> list[tuple[str, Decimal]]:
    return [(head.name, head.percent) for head in decision.heads]


def test_a_driver_without_a_number_pays_both_halves() -> None:
    decision = india(Customer())
    assert heads(decision) == [("CGST", Decimal(9)), ("SGST", Decimal(9))]
    assert (decision.place_of_supply, decision.service_code) == ("29", "998714")
    assert (decision.seller_number, decision.jurisdiction) == (KARNATAKA, "IN-29")


def test_a_fleet_registered_in_another_state_pays_igst() -> None:
    delhi = Customer(kind=CustomerKind.BUSINESS, country="IN", tax_id="07AAECR2971C1Z0")
    decision = india(delhi)
    assert heads(decision) == [("IGST", Decimal(18))]
    assert decision.place_of_supply == "07"


def test_a_fleet_of_the_same_state_pays_both_halves() -> None:
    fleet = Customer(kind=CustomerKind.BUSINESS, country="IN", tax_id="29AAECR2971C1ZU")
    assert [name for name, _ in heads(india(fleet))] == ["CGST", "SGST"]


def test_an_address_on_record_decides_for_who_has_no_number() -> None:
    assert heads(india(Customer(country="IN", state="MH"))) == [("IGST", Decimal(18))]


def test_a_special_economic_zone_is_always_another_state() -> None:
    zone = Customer(kind=CustomerKind.BUSINESS, country="IN", tax_id="29AAECR2971C1ZU", sez=True)
    assert heads(india(zone)) == [("IGST", Decimal(18))]
    under_bond = india(zone, settings=TaxSettings(gst_lut=True))
    assert (under_bond.category, heads(under_bond)) == ("Z", [("IGST", Decimal(0))])


def test_the_registration_of_the_site_s_state_supplies() -> None:
    decision = india(Customer(), place=TaxPlace(country="IN", state="DL"))
    assert (decision.seller_number, decision.place_of_supply) == (DELHI, "07")


def test_a_union_territory_has_a_head_of_its_own() -> None:
    seller = Seller(country="IN", state="LA", registrations=(gstin("38AAGCB7383J1Z5"),))
    supply = Supply(seller=seller, customer=Customer(), place=TaxPlace(country="IN", state="LA"), on=DAY)
    assert [head.name for head in RuleEngine().decide(supply).heads] == ["CGST", "UTGST"]


def test_without_a_registration_nothing_is_added_and_that_is_told() -> None:
    supply = Supply(seller=Seller(country="IN", state="KA"), customer=Customer(), place=BENGALURU, on=DAY)
    decision = RuleEngine().decide(supply)
    assert (decision.category, decision.warnings) == ("O", ("no_registration",))


def test_rate_code_and_place_are_settings() -> None:
    delhi = Customer(kind=CustomerKind.BUSINESS, country="IN", tax_id="07AAECR2971C1Z0")
    settings = TaxSettings(gst_percent=Decimal(5), gst_sac="996911", gst_place="site")
    decision = india(delhi, settings=settings)
    assert heads(decision) == [("CGST", Decimal("2.5")), ("SGST", Decimal("2.5"))]
    assert decision.service_code == "996911"


@pytest.mark.parametrize(("state", "digits"), [("KA", "29"), ("in-ka", "29"), ("07", "07"), ("XX", "")])
def test_states_are_known_by_letters_and_digits(state: str, digits: str) -> None:
    assert digits_of(state) == digits


WASHINGTON = (
    UsRate(name="State", state="WA", percent=Decimal("6.5")),
    UsRate(name="King County", state="WA", county="King", percent=Decimal("1.4")),
    UsRate(name="Seattle", state="WA", city="Seattle", percent=Decimal("2.45")),
    UsRate(name="Spokane", state="WA", city="Spokane", percent=Decimal("2.4")),
)
SEATTLE = TaxPlace(country="US", state="WA", county="King", city="Seattle", postal_code="98101")
IOWA = TaxPlace(country="US", state="IA", city="Ames")


def usa(
    place: TaxPlace, *, customer: Customer | None = None, rates: tuple[UsRate, ...] = (), on: date = DAY
) -> tuple[TaxDecision, TaxRates]:
    supply = Supply(
        seller=Seller(country="US", state="WA"),
        customer=customer or Customer(),
        place=place,
        product=Product.CHARGING,
        on=on,
    )
    engine = RuleEngine(TaxSettings(us_rates=rates))
    return engine.decide(supply), engine.rates(supply)


def test_jurisdictions_stand_on_each_other() -> None:
    decision, _ = usa(SEATTLE, rates=WASHINGTON)
    assert [head.name for head in decision.heads] == ["State", "King County", "Seattle"]
    amounts = [each.amount for each in taxes_on([Taxed(net=1000, heads=decision.heads)], "USD")]
    assert amounts == [65, 14, 25]


def test_a_state_s_excise_is_on_kilowatt_hours_and_on_nothing_else() -> None:
    decision, rates = usa(IOWA)
    assert rates.by_kind[LineKind.ENERGY][0].per_kwh == Decimal("0.026")
    assert rates.by_kind[LineKind.IDLE_FEE][0].category == "O"
    assert decision.warnings == ("excise_preset",)


def test_a_preset_gives_way_to_a_rate_of_one_s_own() -> None:
    own = UsRate(
        name="IA EV excise", state="IA", per_kwh=Decimal("0.03"), kinds=(LineKind.ENERGY,), excise=True
    )
    decision, rates = usa(IOWA, rates=(own,))
    assert [head.per_kwh for head in rates.by_kind[LineKind.ENERGY]] == [Decimal("0.03")]
    assert not decision.warnings


def test_an_excise_begins_on_its_day() -> None:
    before, _ = usa(TaxPlace(country="US", state="WI"), on=date(2024, 12, 31))
    after, _ = usa(TaxPlace(country="US", state="WI"), on=date(2025, 1, 1))
    assert (before.category, after.heads[0].per_kwh) == ("O", Decimal("0.03"))


def test_a_certificate_frees_from_sales_tax_and_not_from_an_excise() -> None:
    holder = Customer(kind=CustomerKind.BUSINESS, country="US", exempt="ST-5 4711")
    decision, _ = usa(SEATTLE, customer=holder, rates=WASHINGTON)
    assert (decision.category, decision.treatment) == ("E", Treatment.EXEMPT)
    still, _ = usa(IOWA, customer=holder)
    assert still.heads[0].per_kwh == Decimal("0.026")
