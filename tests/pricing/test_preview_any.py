"""Whatever prices are taken can be checked, previewed, pictured, put into words and sent to partners."""

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from currant.pricing.checks import check
from currant.pricing.drafts import check_prices
from currant.pricing.findings import PricedSite
from currant.pricing.model import (
    Component,
    Dimension,
    Element,
    IdleFee,
    PriceLimit,
    Prices,
    Reserved,
    Restrictions,
    Spot,
    TaxMode,
    Weekday,
)
from currant.pricing.ocpi import prices_from_ocpi, prices_to_ocpi, read_tariff, write_tariff
from currant.pricing.picture import picture
from currant.pricing.preview import preview
from currant.pricing.words import price_lines

money = st.decimals(-10, 1_000, places=4)
positive = st.decimals(0, 1_000, places=3)
times = st.sampled_from(["", "00:00", "02:30", "06:00", "22:00", "23:59"])
dates = st.sampled_from(["", "2026-02-04", "2026-03-29"])


def maybe(strategy: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Decimal | None]:
    return st.none() | strategy


spots = st.builds(
    Spot,
    market=st.just("DE-LU"),
    factor=positive,
    markup=money,
    floor=maybe(money),
    ceiling=maybe(money),
    fallback=maybe(money),
)
components = st.builds(
    Component,
    dimension=st.sampled_from(list(Dimension)),
    price=money,
    tax_percent=maybe(st.decimals(0, 100, places=2)),
    step_size=st.sampled_from([1, 1, 60, 900, 1000]),
    spot=st.none() | spots,
)
restrictions = st.builds(
    Restrictions,
    start_time=times,
    end_time=times,
    start_date=dates,
    end_date=dates,
    min_kwh=maybe(positive),
    max_kwh=maybe(positive),
    min_power=maybe(positive),
    max_power=maybe(positive),
    min_current=maybe(positive),
    max_current=maybe(positive),
    min_duration=st.none() | st.integers(0, 86_400),
    max_duration=st.none() | st.integers(0, 86_400),
    day_of_week=st.lists(st.sampled_from(list(Weekday)), unique=True, max_size=3).map(tuple),
    reservation=st.none() | st.sampled_from(list(Reserved)),
)
elements = st.builds(
    Element,
    components=st.lists(components, min_size=1, max_size=3, unique_by=lambda each: each.dimension).map(tuple),
    restrictions=st.none() | restrictions,
)
limits = st.none() | st.builds(PriceLimit, before_taxes=maybe(positive), after_taxes=maybe(positive))
fees = st.builds(
    IdleFee,
    price_per_minute=positive,
    grace_s=st.integers(0, 7_200),
    max_cost=maybe(positive),
    exempt=st.lists(st.tuples(st.just("22:00"), st.just("06:00")), max_size=1).map(tuple),
)
any_prices = st.builds(
    Prices,
    currency=st.sampled_from(["EUR", "JPY", "KWD", "INR"]),
    tax_mode=st.sampled_from(list(TaxMode)),
    elements=st.lists(elements, min_size=1, max_size=4).map(tuple),
    idle_fee=st.none() | fees,
    min_price=limits,
    max_price=limits,
)


@settings(max_examples=60)
@given(any_prices)
def test_prices_that_are_taken_can_be_looked_at_in_every_way(wanted: Prices) -> None:
    check_prices(wanted)
    site = PricedSite(location_id="x", country="DE", max_power_w=150_000)  # type: ignore[arg-type]
    for finding in check(wanted, sites=[site], today=date(2026, 2, 4), markets={}):
        assert finding.text
    shown = preview(wanted, zone="Europe/Berlin", day=date(2026, 3, 29))
    assert all(each.net + each.tax == each.gross for each in shown)
    assert len(picture(wanted, "Europe/Berlin", date(2026, 3, 29))) == 92
    for language in ("en", "de", "hi", "ar"):
        assert price_lines(wanted, "Europe/Berlin", language).lines
    said = prices_to_ocpi(wanted).tariff
    if said["elements"]:
        prices_from_ocpi(read_tariff(write_tariff(said)))
