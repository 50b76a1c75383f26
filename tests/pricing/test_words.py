"""Prices are told completely, and as each language writes them."""

import string
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given, settings
from tests.pricing.made import element, energy, export, flat, parking, prices, time
from tests.pricing.test_rating_laws import tariffs

from currant.kit.letters import LANGUAGES
from currant.pricing.model import IdleFee, Limit, Prices, Reserved, Spot, TaxMode, Weekday
from currant.pricing.words import PHRASES, price_lines

NIGHTS = prices(
    element(energy("0.395", tax="19"), start_time="22:00", end_time="06:00", day_of_week=(Weekday.FRIDAY,)),
    energy("0.59", tax="19"),
    idle_fee=IdleFee(price_per_minute=Decimal("0.10"), grace_s=900, max_cost=Decimal(12)),
)


def plain(text: str) -> str:
    """Without marks of direction and with ordinary spaces."""
    kept = (" " if unicodedata.category(each) == "Zs" else each for each in text)
    return "".join(each for each in kept if unicodedata.category(each) != "Cf")


def told(tariff: Prices, language: str = "en") -> list[str]:
    return [plain(line) for line in price_lines(tariff, "Europe/Berlin", language).lines]


def test_every_phrase_is_there_in_every_language_and_names_the_same_things() -> None:
    for name, texts in PHRASES.items():
        assert set(texts) == set(LANGUAGES), name
        named = [
            {field for _, field, _, _ in string.Formatter().parse(text) if field} for text in texts.values()
        ]
        assert all(each == named[0] for each in named), name


def test_the_short_form_is_a_line_for_a_map() -> None:
    words = {language: plain(price_lines(NIGHTS, "Europe/Berlin", language).short) for language in LANGUAGES}
    assert words["en"] == "€0.395 to €0.59 per kWh + €0.10 per minute after charging has ended"
    assert words["de"] == "0,395 € bis 0,59 € pro kWh + 0,10 € pro Minute nach dem Ende des Ladens"
    assert words["hi"] == "€0.395 से €0.59 प्रति kWh + चार्जिंग पूरी होने के बाद प्रति मिनट €0.10"
    assert words["ar"] == "من 0.395 € إلى 0.59 € لكل كيلوواط ساعة + 0.10 € لكل دقيقة بعد انتهاء الشحن"


def test_the_long_form_says_when_each_price_holds() -> None:
    assert told(NIGHTS) == [
        "€0.395 per kWh plus 19% tax (Fri, 22:00 to 06:00)",
        "€0.59 per kWh plus 19% tax",
        "€0.10 per minute after charging has ended, the first 15 minutes are free, at most €12.00",
        "Sessions with less than 0.1 kWh and 2 minutes cost nothing.",
        "Tax is added to the prices.",
        "Times of day are local (Europe/Berlin).",
    ]
    assert told(NIGHTS, "de-AT")[0] == "0,395 € pro kWh plus 19 % Steuer (Fr, 22:00 bis 06:00 Uhr)"


@pytest.mark.parametrize(
    ("tariff", "line"),
    [
        (prices(flat("0")), "€0.00 once per session"),
        (prices(time("2", step_size=900)), "€2.00 per hour of charging, counted in steps of 15 minutes"),
        (prices(energy("0.3", step_size=500)), "€0.30 per kWh, counted in steps of 0.5 kWh"),
        (
            prices(element(parking("6"), min_duration=7200)),
            "€6.00 per hour plugged in without charging (from 2 hours after the start)",
        ),
        (
            prices(element(energy("0.3"), min_kwh=Decimal(20), max_kwh=Decimal(40), min_power=Decimal(50))),
            "€0.30 per kWh (from 20 kWh to below 40 kWh of energy, from 50 kW of power)",
        ),
        (prices(element(time("5"), reservation=Reserved.RESERVATION)), "€5.00 per hour reserved"),
        (
            prices(element(flat("4"), reservation=Reserved.RESERVATION_EXPIRES)),
            "€4.00 once per reservation, if nobody comes",
        ),
        (prices(export("0.2")), "€0.20 per kWh that the vehicle feeds back, paid to you"),
        (
            prices(energy("0.3", spot=Spot(market="DE-LU", markup=Decimal("0.1"), ceiling=Decimal(1)))),
            "market price DE-LU, every quarter of an hour, plus €0.10 per kWh (usually €0.30), "
            "never below €0.00, never above €1.00",
        ),
        (
            prices(energy("0.3"), max_price=Limit(before_taxes=Decimal(10), after_taxes=Decimal("11.9"))),
            "at most €11.90 with tax per session",
        ),
        (
            prices(
                energy("0.3"), idle_fee=IdleFee(price_per_minute=Decimal("0.1"), exempt=(("22:00", "06:00"),))
            ),
            "€0.10 per minute after charging has ended, not counted between 22:00 and 06:00",
        ),
        (prices(energy("0.3", tax="13"), tax_mode=TaxMode.INCLUDED), "€0.30 per kWh with 13% tax"),
        (prices(energy("12"), currency="INR"), "₹12.00 per kWh"),
        (prices(energy("30"), currency="JPY"), "¥30 per kWh"),
    ],
)
def test_every_kind_of_price_has_its_sentence(tariff: Prices, line: str) -> None:
    assert line in told(tariff)


def test_what_costs_nothing_is_free() -> None:
    assert price_lines(prices(flat("0")), "UTC", "de").short == "Kostenlos"


@settings(max_examples=60, deadline=None)
@given(tariffs())
def test_no_price_goes_unsaid_in_any_language(tariff: Prices) -> None:
    counts = set()
    for language in LANGUAGES:
        words = price_lines(tariff, "Asia/Kolkata", language)
        counts.add(len(words.lines))
        assert all(line and "{" not in line for line in (words.short, *words.lines))
    assert len(counts) == 1
    components = sum(len(element.components) for element in tariff.elements)
    assert counts.pop() >= components + (tariff.idle_fee is not None)
