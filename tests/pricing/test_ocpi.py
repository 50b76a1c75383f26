"""Tariffs come from OCPI and go back, and what either side cannot say is told."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from tests.pricing.made import energy, export, flat, prices
from tests.pricing.test_rating_laws import tariffs, without_markets

from currant.kit.errors import Invalid
from currant.pricing.model import Dimension, IdleFee, Limit, Prices, Spot, TaxMode
from currant.pricing.ocpi import (
    OcpiVersion,
    prices_from_ocpi,
    prices_to_ocpi,
    read_tariff,
    write_tariff,
)


def sayable(tariff: Prices, version: OcpiVersion) -> Prices:
    """Without what OCPI has no words for."""
    elements = tuple(
        replace(
            element,
            components=tuple(each for each in element.components if each.dimension is not Dimension.EXPORT),
        )
        for element in without_markets(tariff).elements
    )

    def limit(value: Limit | None) -> Limit | None:
        return None if value is None or value.before_taxes is None else value

    return replace(
        tariff,
        elements=tuple(element for element in elements if element.components) or prices(flat("0")).elements,
        idle_fee=None,
        min_price=limit(tariff.min_price),
        max_price=limit(tariff.max_price),
        tax_mode=tariff.tax_mode if version == "2.3.0" else TaxMode.EXCLUDED,
    )


@settings(max_examples=80, deadline=None)
@given(tariffs())
@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_what_ocpi_can_say_comes_back_as_it_was(version: OcpiVersion, tariff: Prices) -> None:
    tariff = sayable(tariff, version)
    said = prices_to_ocpi(tariff, version=version)
    assert said.unsaid == ()
    back = prices_from_ocpi(read_tariff(write_tariff(said.tariff)))
    assert back.unsaid == ()
    # A restriction that restricts nothing is none.
    assert said.tariff == prices_to_ocpi(back.prices, version=version).tariff
    assert replace(back.prices, elements=()) == replace(tariff, elements=())


def test_the_two_versions_name_limits_and_tax_differently() -> None:
    tariff = prices(
        energy("0.25", tax="10"), max_price=Limit(before_taxes=Decimal(10), after_taxes=Decimal(11))
    )
    newer, older = (prices_to_ocpi(tariff, version=version).tariff for version in ("2.3.0", "2.2.1"))
    assert newer["max_price"] == {"before_taxes": 10, "after_taxes": 11}
    assert newer["tax_included"] == "NO"
    assert older["max_price"] == {"excl_vat": 10, "incl_vat": 11}
    assert "tax_included" not in older
    assert json.loads(write_tariff(older))["elements"] == [
        {"price_components": [{"type": "ENERGY", "price": 0.25, "step_size": 1, "vat": 10}]}
    ]


def test_what_ocpi_cannot_say_is_told() -> None:
    tariff = prices(
        energy("0.12345", spot=Spot(market="DE-LU")),
        export("0.2"),
        idle_fee=IdleFee(price_per_minute=Decimal("0.1")),
        min_price=Limit(after_taxes=Decimal(1)),
        tax_mode=TaxMode.INCLUDED,
    )
    said = prices_to_ocpi(tariff, version="2.2.1")
    assert {(each.code, each.where) for each in said.unsaid} == {
        ("spot", "elements[0].components[0]"),
        ("digits", "elements[0].components[0].price"),
        ("export", "elements[0].components[1]"),
        ("tax_mode", "tax_mode"),
        ("limit_after_tax", "min_price"),
        ("idle_fee", "idle_fee"),
    }
    assert {each.code for each in prices_to_ocpi(prices(export("0.2"))).unsaid} == {"export", "nothing"}


def test_what_we_do_not_keep_with_prices_is_told() -> None:
    found = prices_from_ocpi(
        {
            "currency": "eur",
            "elements": [{"price_components": [{"type": "FLAT", "price": 1, "step_size": 0}]}],
            "tariff_alt_text": [{"language": "en", "text": "1 euro"}],
            "tariff_alt_url": "",
            "end_date_time": "2030-06-30T23:59:59Z",
        }
    )
    assert found.prices.currency == "EUR"
    assert [each.where for each in found.unsaid] == ["tariff_alt_text", "end_date_time"]


def test_a_number_of_another_program_is_read_as_it_prints() -> None:
    tariff = {"currency": "EUR", "elements": [{"price_components": [{"type": "ENERGY", "price": 0.1}]}]}
    assert prices_from_ocpi(tariff).prices.elements[0].components[0].price == Decimal("0.1")


GOOD: dict[str, Any] = {"type": "ENERGY", "price": 1, "step_size": 1}


@pytest.mark.parametrize(
    ("tariff", "where"),
    [
        ({"currency": "EUR", "elements": []}, "elements"),
        ({"currency": "EURO", "elements": [{"price_components": [GOOD]}]}, "currency"),
        ({"currency": "EUR", "elements": [{"price_components": []}]}, "price_components"),
        ({"currency": "EUR", "elements": [{}]}, "price_components"),
        ({"currency": "EUR", "elements": [{"price_components": [{**GOOD, "type": "EXPORT"}]}]}, "type"),
        ({"currency": "EUR", "elements": [{"price_components": [{**GOOD, "price": "x"}]}]}, "price"),
        ({"currency": "EUR", "elements": [{"price_components": [{**GOOD, "price": "NaN"}]}]}, "price"),
        ({"currency": "EUR", "elements": [{"price_components": [{**GOOD, "price": True}]}]}, "price"),
        ({"currency": "EUR", "elements": [{"price_components": [{**GOOD, "step_size": 1.5}]}]}, "step_size"),
        (
            {
                "currency": "EUR",
                "elements": [{"price_components": [GOOD], "restrictions": {"day_of_week": ["FUNDAY"]}}],
            },
            "day_of_week",
        ),
        (
            {
                "currency": "EUR",
                "elements": [{"price_components": [GOOD], "restrictions": {"reservation": "MAYBE"}}],
            },
            "reservation",
        ),
        (
            {
                "currency": "EUR",
                "elements": [{"price_components": [GOOD], "restrictions": {"max_duration": 1.5}}],
            },
            "max_duration",
        ),
        (
            {"currency": "EUR", "tax_included": "MAYBE", "elements": [{"price_components": [GOOD]}]},
            "tax_included",
        ),
    ],
)
def test_what_is_no_tariff_is_refused_with_the_place(tariff: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid, match=where):
        prices_from_ocpi(tariff)


def test_a_list_is_no_tariff() -> None:
    with pytest.raises(Invalid):
        read_tariff("[]")
