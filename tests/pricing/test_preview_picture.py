"""Prices looked at before they hold: typical sessions, sessions that were, a day as a picture."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from tests.pricing.kept import NOW, element, prices

from currant.kit.money import Money
from currant.pricing.model import Component, Dimension, Element, IdleFee, Spot, TaxMode, Weekday
from currant.pricing.picture import bands, picture
from currant.pricing.preview import TYPICAL, PastSession, effect, last_month, preview, timeline_of
from currant.pricing.rating import rate
from currant.pricing.spot import SpotPrices
from currant.pricing.timeline import Doing, Span, Timeline

D = Decimal
WEDNESDAY = date(2026, 2, 4)
BERLIN = "Europe/Berlin"


def session(name: str) -> Timeline:
    [found] = [each for each in TYPICAL if each.name == name]
    return timeline_of(found, zone=BERLIN, day=WEDNESDAY)


def test_typical_sessions_are_whole_and_begin_by_the_sites_clock() -> None:
    for typical in TYPICAL:
        timeline = timeline_of(typical, zone=BERLIN, day=WEDNESDAY)
        assert sum(span.energy_wh for span in timeline.spans) == typical.energy_kwh * 1000
        begin = timeline.spans[0].begin.astimezone(ZoneInfo(BERLIN))
        assert begin.strftime("%Y-%m-%d %H:%M") == f"2026-02-04 {typical.begins}"
        lasted = timeline.spans[-1].end - timeline.spans[0].begin
        assert lasted == timedelta(minutes=typical.charging_min + typical.idle_min + typical.parked_min)
        for one, next_one in pairwise(timeline.spans):
            assert one.end == next_one.begin


def test_what_typical_sessions_would_cost() -> None:
    wanted = prices(
        Element(components=(Component(dimension=Dimension.ENERGY, price=D("0.50"), tax_percent=D(19)),)),
        idle_fee=IdleFee(price_per_minute=D("0.10"), grace_s=900, max_cost=D(5), tax_percent=D(19)),
        tax_mode=TaxMode.INCLUDED,
    )
    found = {each.name: each for each in preview(wanted, zone=BERLIN, day=WEDNESDAY)}
    assert {name: each.gross for name, each in found.items()} == {
        "ac_4h": 2200,
        "overnight": 1850 + 500,
        "dc_50": 1200,
        "dc_150": 2400,
        "idle_overstay": 1500 + 500,
        "short": 0,
    }
    stay = found["dc_150"]
    assert (stay.net, stay.tax, stay.per_kwh) == (2017, 383, D("0.5"))
    assert stay.net + stay.tax == stay.gross
    assert stay.trace, "why it costs what it costs"


def test_a_price_that_waits_for_its_market_says_so_in_the_preview() -> None:
    spot = Spot(market="DE-LU", markup=D("0.20"))
    follows = prices(Element(components=(Component(dimension=Dimension.ENERGY, price=D("0.30"), spot=spot),)))
    unknown = preview(follows, zone=BERLIN, day=WEDNESDAY)
    assert {each.waits_for_market for each in unknown if each.name != "short"} == {True}
    begin = datetime(2026, 2, 3, 23, tzinfo=UTC)
    known = SpotPrices.of("DE-LU", [(begin + n * timedelta(minutes=15), D("0.10")) for n in range(200)])
    found = {each.name: each for each in preview(follows, zone=BERLIN, day=WEDNESDAY, spot=known)}
    assert (found["ac_4h"].waits_for_market, found["ac_4h"].gross) == (False, 44 * 30)


async def test_sessions_that_were_are_priced_anew_beside_what_was_asked() -> None:
    def past(name: str, kwh: int, charged: Money | None) -> PastSession:
        span = Span(begin=NOW, end=NOW + timedelta(hours=1), energy_wh=kwh * 1000, doing=Doing.CHARGING)
        return PastSession(session_id=name, timeline=Timeline(zone="UTC", spans=(span,)), charged=charged)

    def euros(minor_units: int) -> Money:
        return Money(minor_units=minor_units, currency="EUR")

    found = await effect(
        prices("0.50"),
        [
            past("cheaper", 10, euros(600)),
            past("dearer", 10, euros(450)),
            past("same", 10, euros(500)),
            past("unpriced", 20, None),
            past("in crowns", 1, Money(minor_units=100, currency="SEK")),
        ],
    )
    assert (found.sessions, found.energy_kwh) == (5, D(51))
    assert (found.before, found.after, found.dearer, found.cheaper) == (1550, 1500, 1, 1)
    assert (found.unpriced, found.unpriced_after) == (2, 1050)
    assert [(each.session_id, each.before, each.after) for each in found.greatest] == [
        ("cheaper", 600, 500),
        ("dearer", 450, 500),
    ]
    assert not found.most


def test_last_month_is_the_sites() -> None:
    begin, end = last_month(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), BERLIN)
    assert (begin, end) == (datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC))


def test_a_day_is_pictured_by_the_quarter_hour_in_bands() -> None:
    wanted = prices(
        element("0.29", start_time="22:00", end_time="06:00"),
        element("0.59", start_time="17:00", end_time="20:00", day_of_week=tuple(Weekday)[:5]),
        "0.39",
    )
    quarters = picture(wanted, BERLIN, WEDNESDAY)
    assert len(quarters) == 96
    assert [(begin, end, str(price)) for begin, end, price in bands(quarters)] == [
        ("00:00", "06:00", "0.29"),
        ("06:00", "17:00", "0.39"),
        ("17:00", "20:00", "0.59"),
        ("20:00", "22:00", "0.39"),
        ("22:00", "24:00", "0.29"),
    ]
    assert quarters[0].begin == datetime(2026, 2, 3, 23, tzinfo=UTC)
    assert [quarters[n].energy_element for n in (0, 40, 70)] == [0, 2, 1]


@pytest.mark.parametrize(("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
def test_a_day_on_which_clocks_change_has_other_lengths(day: date, quarters: int) -> None:
    found = picture(prices("0.39"), BERLIN, day)
    assert len(found) == quarters
    assert {later.begin - one.begin for one, later in pairwise(found)} == {timedelta(minutes=15)}
    assert sum(quarter.local_time == "02:30" for quarter in found) == (quarters == 100) * 2


def test_the_picture_is_that_of_a_session_at_a_power_in_which_so_much_has_happened() -> None:
    wanted = prices(
        element("0.79", min_power=D(50)),
        element("0.30", min_kwh=D(20)),
        element("0.40"),
        element("6", Dimension.TIME, min_duration=3600),
        element("2", Dimension.PARKING_TIME),
        element("1", Dimension.FLAT),
    )

    def first(**more: object) -> tuple[object, ...]:
        quarter = picture(wanted, "UTC", WEDNESDAY, **more)[0]  # type: ignore[arg-type]
        return quarter.energy, quarter.charging_hour, quarter.parking_hour, quarter.start

    assert first() == (D("0.40"), None, D(2), D(1))
    assert first(power_kw=D(50)) == (D("0.79"), None, D(2), D(1))
    assert first(after_kwh=D(20), after_s=3600) == (D("0.30"), D(6), D(2), D(1))


def test_hours_without_an_idle_fee_and_market_prices_are_pictured() -> None:
    spot = Spot(market="DE-LU", factor=D("1.1"), markup=D("0.10"), ceiling=D("0.50"), fallback=D("0.45"))
    wanted = prices(
        Element(components=(Component(dimension=Dimension.ENERGY, price=D("0.30"), spot=spot),)),
        idle_fee=IdleFee(price_per_minute=D("0.1"), exempt=(("22:00", "06:00"),)),
    )
    midnight = datetime(2026, 2, 4, tzinfo=UTC)
    known = SpotPrices.of("DE-LU", [(midnight + n * timedelta(minutes=15), D(n) / 10) for n in (-9, 0, 1, 9)])
    quarters = picture(wanted, "UTC", WEDNESDAY, spot=known)
    assert [(quarters[n].energy, quarters[n].market_known) for n in (0, 1, 2, 9)] == [
        (D("0.10"), True),
        (D("0.21"), True),
        (D("0.45"), False),
        (D("0.50"), True),
    ]
    assert [quarters[n].idle_minute for n in (23, 24, 87, 88)] == [None, D("0.1"), D("0.1"), None]
    assert all(quarter.by_market for quarter in quarters)


def test_the_picture_says_what_rating_does() -> None:
    """A session in each quarter-hour costs what its quarter says."""
    wanted = prices(
        element("0.29", start_time="22:15", end_time="06:45"),
        element("0.59", start_time="17:30", end_time="20:00", day_of_week=(Weekday.WEDNESDAY,)),
        "0.39",
        free_below_s=0,
    )
    for quarter in picture(wanted, BERLIN, WEDNESDAY):
        span = Span(begin=quarter.begin, end=quarter.begin + timedelta(minutes=15), energy_wh=1_000)
        charge = rate(Timeline(zone=BERLIN, spans=(span,)), wanted)
        assert quarter.energy is not None
        assert sum(line.amount for line in charge.lines) == Fraction(quarter.energy)
