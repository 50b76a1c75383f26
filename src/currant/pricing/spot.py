"""What a market asked for energy, quarter-hour by quarter-hour.

Day-ahead markets trade quarter-hours of their own zone. Every zone that has such a market lies whole
quarter-hours from UTC, so one grid in UTC is the grid of all of them. Prices are per kWh, in the currency
of the tariff that follows them, and may be negative.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from currant.kit.clock import instant, micros
from currant.pricing.model import Spot

QUARTER = timedelta(minutes=15)
QUARTER_US = 15 * 60 * 1_000_000


class SpotPrices:
    """Market prices by the name of the market and the quarter-hour; never changes once made."""

    __slots__ = ("_prices",)

    def __init__(self, prices: Mapping[str, Mapping[int, Decimal]] | None = None) -> None:
        """`prices`: of each market, by `quarter_of` an instant."""
        self._prices = {market: dict(series) for market, series in (prices or {}).items()}

    @classmethod
    def of(cls, market: str, prices: Iterable[tuple[datetime, Decimal]]) -> "SpotPrices":
        """A market's prices, each from the beginning of its quarter-hour on."""
        return cls({market: {quarter_of(begin): price for begin, price in prices}})

    def price_at(self, market: str, at: datetime) -> Decimal | None:
        """Per kWh, at an instant; None where the market has (or we know) none."""
        return self.price_in(market, quarter_of(at))

    def price_in(self, market: str, quarter: int) -> Decimal | None:
        """Per kWh in a quarter-hour, counted from 1970."""
        series = self._prices.get(market)
        return None if series is None else series.get(quarter)


NO_SPOT = SpotPrices()


def following(spot: Spot, asked: Decimal) -> Decimal:
    """The price per kWh where the market asks `asked`."""
    price = spot.factor * asked + spot.markup
    if spot.ceiling is not None:
        price = min(price, spot.ceiling)
    # Where the two contradict each other the floor wins: nobody sells for less.
    return price if spot.floor is None else max(price, spot.floor)


def quarter_of(at: datetime) -> int:
    """Which quarter-hour since 1970 UTC an instant lies in."""
    return micros(at) // QUARTER_US


def begin_of(quarter: int) -> datetime:
    """When a quarter-hour begins."""
    return instant(quarter * QUARTER_US)
