"""VAT on charging: whose tax it is, for every kind of customer and both sides of a border."""

from datetime import date
from decimal import Decimal

import pytest

from currant.billing.tax.model import (
    Customer,
    CustomerKind,
    Product,
    Registration,
    Seller,
    Supply,
    TaxDecision,
    TaxPlace,
    TaxSettings,
    Treatment,
)
from currant.billing.tax.percentages import EU, standard_percent
from currant.billing.tax.rules import RuleEngine

DAY = date(2026, 5, 4)
GERMAN = Seller(country="DE", registrations=(Registration(jurisdiction="DE", number="DE136695976"),))
REGISTERED_IN_AUSTRIA = Seller(
    country="DE",
    registrations=(*GERMAN.registrations, Registration(jurisdiction="AT", number="ATU13585627")),
)
CONSUMER = Customer()
FLEET_AT = Customer(kind=CustomerKind.BUSINESS, country="AT", tax_id="ATU13585627")
FLEET_DE = Customer(kind=CustomerKind.BUSINESS, country="DE", tax_id="DE129273398")
DEALER_NL = Customer(kind=CustomerKind.TAXABLE_DEALER, country="NL", tax_id="NL004495445B01")
DEALER_DE = Customer(kind=CustomerKind.TAXABLE_DEALER, country="DE", tax_id="DE129273398")


def decided(
    customer: Customer,
    site: str,
    *,
    seller: Seller = GERMAN,
    product: Product = Product.CHARGING,
    on: date = DAY,
    settings: TaxSettings | None = None,
) -> TaxDecision:
    supply = Supply(seller=seller, customer=customer, place=TaxPlace(country=site), product=product, on=on)
    return RuleEngine(settings).decide(supply)


def told(decision: TaxDecision) -> tuple[str, Decimal, str]:
    return decision.category, decision.heads[0].percent, decision.jurisdiction


def test_a_consumer_pays_the_rate_of_the_site() -> None:
    assert told(decided(CONSUMER, "DE")) == ("S", Decimal(19), "DE")
    abroad = decided(CONSUMER, "AT", seller=REGISTERED_IN_AUSTRIA)
    assert told(abroad) == ("S", Decimal(20), "AT")
    assert abroad.seller_number == "ATU13585627"


def test_where_a_consumer_lives_changes_nothing() -> None:
    assert told(decided(Customer(country="FR"), "DE")) == ("S", Decimal(19), "DE")


def test_a_seller_without_a_number_at_the_site_is_told_so() -> None:
    assert decided(CONSUMER, "AT").warnings == ("no_registration",)


def test_sales_to_consumers_abroad_may_go_through_the_one_stop_shop() -> None:
    seller = Seller(country="DE", registrations=GERMAN.registrations, oss=True)
    decision = decided(CONSUMER, "AT", seller=seller)
    assert (told(decision), decision.treatment) == (("S", Decimal(20), "AT"), Treatment.OSS)
    assert decision.seller_number == "DE136695976"
    assert not decision.warnings


def test_a_business_at_home_pays_the_usual_rate() -> None:
    assert told(decided(FLEET_DE, "DE")) == ("S", Decimal(19), "DE")


def test_a_fleet_from_abroad_pays_the_rate_of_the_site_too() -> None:
    assert told(decided(FLEET_AT, "DE")) == ("S", Decimal(19), "DE")


def test_a_business_of_the_site_owes_the_tax_when_the_seller_has_no_number_there() -> None:
    decision = decided(FLEET_AT, "AT")
    assert (decision.category, decision.treatment) == ("AE", Treatment.REVERSE_CHARGE)
    assert (decision.reason_code, decision.seller_number) == ("VATEX-EU-AE", "DE136695976")


def test_with_a_number_at_the_site_the_seller_owes_it_again() -> None:
    assert told(decided(FLEET_AT, "AT", seller=REGISTERED_IN_AUSTRIA)) == ("S", Decimal(20), "AT")


def test_a_number_that_nobody_checked_is_none() -> None:
    unchecked = Customer(kind=CustomerKind.BUSINESS, country="AT", tax_id="ATU13585627", tax_id_checked=False)
    assert decided(unchecked, "AT").category == "S"


def test_a_dealer_abroad_owes_the_tax_at_home_wherever_the_site_is() -> None:
    for site in ("DE", "AT", "NL"):
        decision = decided(DEALER_NL, site)
        assert (decision.category, decision.jurisdiction) == ("AE", "NL")


def test_a_dealer_at_home_owes_it_where_the_law_says_so() -> None:
    assert decided(DEALER_DE, "DE").category == "AE"
    assert decided(DEALER_DE, "DE", settings=TaxSettings(resale_reverse_charge=())).category == "S"


def test_a_dealer_outside_the_union_is_outside_of_its_tax() -> None:
    swiss = Customer(kind=CustomerKind.TAXABLE_DEALER, country="CH", tax_id="CHE107787577MWST")
    decision = decided(swiss, "DE")
    assert (decision.category, decision.reason_code) == ("O", "VATEX-EU-O")


def test_greek_numbers_begin_with_other_letters_than_greece() -> None:
    greek = Customer(kind=CustomerKind.TAXABLE_DEALER, tax_id="EL094259216")
    assert decided(greek, "DE").jurisdiction == "GR"


def test_a_small_business_adds_none_at_home() -> None:
    seller = Seller(country="DE", registrations=GERMAN.registrations, small_business=True)
    decision = decided(CONSUMER, "DE", seller=seller)
    assert (decision.category, decision.texts) == ("E", ("small_business",))
    assert decided(CONSUMER, "AT", seller=seller).category == "S"


def test_a_subscription_is_taxed_where_the_business_is_and_the_consumer_buys() -> None:
    assert told(decided(Customer(country="FR"), "AT", product=Product.SUBSCRIPTION))[2] == "DE"
    assert decided(FLEET_AT, "DE", product=Product.SUBSCRIPTION).category == "AE"
    assert told(decided(FLEET_DE, "AT", product=Product.SUBSCRIPTION)) == ("S", Decimal(19), "DE")
    electronic = decided(
        Customer(country="FR"),
        "DE",
        product=Product.SUBSCRIPTION,
        settings=TaxSettings(subscription_at_customer=True),
    )
    assert told(electronic) == ("S", Decimal(20), "FR")


def test_a_fee_for_standing_on_is_outside_where_that_is_set() -> None:
    settings = TaxSettings(idle_outside_scope=("DE",))
    assert decided(CONSUMER, "DE", product=Product.IDLE, settings=settings).category == "O"
    assert decided(CONSUMER, "DE", product=Product.IDLE).category == "S"


def test_the_rate_is_that_of_the_day_on_which_the_session_ends() -> None:
    # A session over midnight has one tax point and one rate.
    assert decided(CONSUMER, "EE", on=date(2025, 6, 30)).heads[0].percent == Decimal(22)
    assert decided(CONSUMER, "EE", on=date(2025, 7, 1)).heads[0].percent == Decimal(24)


def test_a_tenant_may_set_a_rate_of_its_own() -> None:
    settings = TaxSettings(vat_percent={"IE": Decimal(9)})
    assert decided(CONSUMER, "IE", settings=settings).heads[0].percent == Decimal(9)


@pytest.mark.parametrize(("site", "percent"), [("GB", "20"), ("CH", "8.1"), ("NO", "25")])
def test_countries_outside_the_union_tax_what_is_charged_there(site: str, percent: str) -> None:
    seller = Seller(country=site, registrations=(Registration(jurisdiction=site, number="1"),))
    decision = decided(CONSUMER, site, seller=seller)
    assert told(decision) == ("S", Decimal(percent), site)
    assert not decision.warnings


def test_a_business_there_accounts_for_what_it_buys_from_abroad() -> None:
    swiss = Customer(kind=CustomerKind.BUSINESS, country="CH", tax_id="CHE107787577MWST")
    decision = decided(swiss, "CH")
    assert (decision.category, decision.texts) == ("O", ("recipient_accounts",))
    assert decided(CONSUMER, "CH").warnings == ("no_registration",)


def test_every_country_of_the_union_has_a_rate() -> None:
    assert len(EU) == 27
    for country in EU:
        percent = standard_percent(country, DAY)
        assert percent is not None
        assert Decimal(17) <= percent <= Decimal(27)


def test_a_country_without_rules_is_told_and_takes_a_rate_that_is_set() -> None:
    assert decided(CONSUMER, "BR").warnings == ("no_rules",)
    settings = TaxSettings(vat_percent={"BR": Decimal(12)})
    assert told(decided(CONSUMER, "BR", settings=settings)) == ("S", Decimal(12), "BR")
