"""Tariffs that stations show and reckon with themselves (2.1 block I). Prices are without tax, in the currency's unit."""

from decimal import Decimal

from currant.stations.commanding.base import Command, Instant, Part
from currant.stations.commanding.displays import MessageText


class TaxRate(Part, frozen=True, kw_only=True):
    name: str
    percent: Decimal
    stack: int | None = None


class Bounds(Part, frozen=True, kw_only=True):
    """A total's lower or upper bound; either or both."""

    excluding_tax: Decimal | None = None
    including_tax: Decimal | None = None


class PriceConditions(Part, frozen=True, kw_only=True):
    """When a price applies; all that are given. Times of day in the station's time zone (HH:MM)."""

    from_time: str | None = None
    until_time: str | None = None
    weekdays: tuple[int, ...] = ()
    """1 Monday … 7 Sunday."""
    from_date: str | None = None
    until_date: str | None = None
    current_kind: str | None = None
    """AC or DC."""
    min_energy_wh: float | None = None
    max_energy_wh: float | None = None
    min_current_a: float | None = None
    max_current_a: float | None = None
    min_power_w: float | None = None
    max_power_w: float | None = None
    min_time_s: int | None = None
    max_time_s: int | None = None
    min_charging_s: int | None = None
    max_charging_s: int | None = None
    min_idle_s: int | None = None
    max_idle_s: int | None = None
    payment_brand: str | None = None
    payment_recognition: str | None = None


class Price(Part, frozen=True, kw_only=True):
    """Per kWh, per minute or once, by where it stands."""

    price: Decimal
    conditions: PriceConditions | None = None


class PriceList(Part, frozen=True, kw_only=True):
    prices: tuple[Price, ...]
    taxes: tuple[TaxRate, ...] = ()


class StationTariff(Part, frozen=True, kw_only=True):
    id: str
    currency: str
    texts: tuple[MessageText, ...] = ()
    valid_from: Instant | None = None
    energy: PriceList | None = None
    charging_time: PriceList | None = None
    idle_time: PriceList | None = None
    fixed_fee: PriceList | None = None
    reservation_time: PriceList | None = None
    reservation_fixed: PriceList | None = None
    min_cost: Bounds | None = None
    max_cost: Bounds | None = None


class SetDefaultTariff(Command, frozen=True, kw_only=True):
    """EVSE 0 is all of them (I07)."""

    tariff: StationTariff
    evse: int = 0


class GetTariffs(Command, frozen=True, kw_only=True):
    evse: int = 0


class ClearTariffs(Command, frozen=True, kw_only=True):
    ids: tuple[str, ...] = ()
    evse: int | None = None


class ChangeTransactionTariff(Command, frozen=True, kw_only=True):
    transaction_id: str
    tariff: StationTariff
