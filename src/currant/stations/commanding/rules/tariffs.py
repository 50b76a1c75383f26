"""Tariffs that stations reckon with: what the commands must be (2.1 I07 to I11)."""

import re
from collections.abc import Callable
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import tariffs
from currant.stations.commanding.rules.common import count, place, text

PRICES_MAX = 100
TAXES_MAX = 5
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def tariff(wanted: tariffs.StationTariff) -> None:
    text("id", wanted.id, least=1, most=60)
    if not re.fullmatch(r"[A-Z]{3}", wanted.currency):
        raise Invalid("A currency is three capital letters (ISO 4217), as EUR.", field="currency")
    lists = [
        ("energy", wanted.energy),
        ("charging_time", wanted.charging_time),
        ("idle_time", wanted.idle_time),
        ("fixed_fee", wanted.fixed_fee),
        ("reservation_time", wanted.reservation_time),
        ("reservation_fixed", wanted.reservation_fixed),
    ]
    for field, prices in lists:
        if prices is not None:
            _prices(field, prices)
    for field, bounds in (("min_cost", wanted.min_cost), ("max_cost", wanted.max_cost)):
        if bounds is not None and bounds.excluding_tax is None and bounds.including_tax is None:
            raise Invalid(f"{field} says excluding_tax, including_tax, or both.", field=field)
    count("texts", len(wanted.texts), least=0, most=10)


def _prices(field: str, prices: tariffs.PriceList) -> None:
    count(field, len(prices.prices), least=1, most=PRICES_MAX)
    count(f"{field} taxes", len(prices.taxes), least=0, most=TAXES_MAX)
    for price in prices.prices:
        conditions = price.conditions
        if not price.price.is_finite():
            raise Invalid("A price is a number.", field=field)
        if conditions is None:
            continue
        for name in ("from_time", "until_time"):
            value = getattr(conditions, name)
            if value is not None and not _TIME.fullmatch(value):
                raise Invalid(f"{name} is a time of day, HH:MM; this is {value}.", field=name)
        for name in ("from_date", "until_date"):
            value = getattr(conditions, name)
            if value is not None and not _DATE.fullmatch(value):
                raise Invalid(f"{name} is a date, YYYY-MM-DD; this is {value}.", field=name)
        if any(not 1 <= day <= 7 for day in conditions.weekdays):
            raise Invalid("Weekdays are 1 (Monday) to 7 (Sunday).", field="weekdays")
        if conditions.current_kind not in (None, "AC", "DC"):
            raise Invalid("current_kind is AC or DC.", field="current_kind")
        paid = conditions.payment_brand is not None or conditions.payment_recognition is not None
        if paid and field not in ("fixed_fee", "reservation_fixed"):
            raise Invalid("Only fixed fees may depend on how somebody pays.", field="payment_brand")


def set_default_tariff(command: tariffs.SetDefaultTariff) -> None:
    tariff(command.tariff)
    place(command.evse, station_allowed=True)


def get_tariffs(command: tariffs.GetTariffs) -> None:
    place(command.evse, station_allowed=True)


def clear_tariffs(command: tariffs.ClearTariffs) -> None:
    count("ids", len(command.ids), least=0, most=100)
    place(command.evse, station_allowed=True)


def change_transaction_tariff(command: tariffs.ChangeTransactionTariff) -> None:
    text("transaction_id", command.transaction_id, least=1, most=36)
    tariff(command.tariff)


CHECKS: dict[type, Callable[[Any], None]] = {
    tariffs.ChangeTransactionTariff: change_transaction_tariff,
    tariffs.ClearTariffs: clear_tariffs,
    tariffs.GetTariffs: get_tariffs,
    tariffs.SetDefaultTariff: set_default_tariff,
}
