"""Money that is owed: whole minor units of a currency; and how exact amounts become it.

While something is being priced, amounts are exact (`Decimal`, `Fraction`). They become money once, at
the end, by `to_minor`.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import msgspec

Exact = Decimal | Fraction | int

# ISO 4217: currencies that have not two digits.
_DIGITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


class Rounding(StrEnum):
    """How an amount between two minor units becomes one of them."""

    HALF_UP = "half_up"
    """Away from zero when just between: what tax offices and OCPI's examples do."""
    HALF_EVEN = "half_even"


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in whole minor units (cents, paise, yen) of a currency (ISO 4217, three capital letters)."""

    minor_units: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(minor_units=self.minor_units + other.minor_units, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(minor_units=self.minor_units - other.minor_units, currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(minor_units=-self.minor_units, currency=self.currency)

    @property
    def amount(self) -> Decimal:
        """In the currency's own unit: 1234 cents are 12.34."""
        return from_minor(self.minor_units, self.currency)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(
                f"{self.currency} and {other.currency} cannot be added: exchange one of them first."
            )


def minor_digits(currency: str) -> int:
    """How many digits a currency has after the point (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def to_minor(amount: Exact, currency: str, rounding: Rounding = Rounding.HALF_UP) -> int:
    """The exact `amount` of a currency in whole minor units."""
    exact = Fraction(amount) * 10 ** minor_digits(currency)
    return rounded(exact, rounding)


def rounded(exact: Fraction, rounding: Rounding = Rounding.HALF_UP) -> int:
    """The whole number nearest to an exact one."""
    if rounding is Rounding.HALF_EVEN:
        return round(exact)
    # Whole numbers are much quicker to work with than fractions.
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return whole if exact >= 0 else -whole


def from_minor(minor_units: int, currency: str) -> Decimal:
    """Minor units in the currency's own unit, with all its digits."""
    return Decimal(minor_units).scaleb(-minor_digits(currency))


def shared_out(total: int, weights: Sequence[Exact]) -> list[int]:
    """`total` minor units in parts as `weights` are to each other, none lost: the largest remainders get
    what is left over, the earlier of equal ones first. Without any weight the first gets all.

    Raises ValueError when a weight is negative or there is none at all.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("Sharing out needs weights, none of them negative.")
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact)
    if not whole:
        return [total] + [0] * (len(weights) - 1)
    sign = -1 if total < 0 else 1
    wanted = [abs(total) * weight / whole for weight in exact]
    parts = [int(each) for each in wanted]
    left = abs(total) - sum(parts)
    for index in sorted(range(len(parts)), key=lambda at: (parts[at] - wanted[at], at))[:left]:
        parts[index] += 1
    return [sign * part for part in parts]


def rounded_parts(parts: Sequence[Exact], total: int) -> list[int]:
    """Exact amounts as whole numbers that come to `total`, each next to what it is: the largest remainders
    are rounded up, the earlier of equal ones first.

    `total` is the parts' own sum, rounded; where it is further away, the difference is spread over all.
    """
    if not parts:
        if total:
            raise ValueError("Nothing cannot come to something.")
        return []
    exact = [Fraction(part) for part in parts]
    whole = [part.numerator // part.denominator for part in exact]
    each, left = divmod(total - sum(whole), len(whole))
    first = sorted(range(len(whole)), key=lambda at: (whole[at] - exact[at], at))[:left]
    for index in range(len(whole)):
        whole[index] += each
    for index in first:
        whole[index] += 1
    return whole


def as_decimal(exact: Exact, digits: int) -> Decimal:
    """An exact amount with so many digits after the point at most, halves away from zero; no zeros at its end."""
    exact = Fraction(exact)
    whole, parts = 2 * abs(exact.numerator) * 10**digits, exact.denominator
    scaled = (whole + parts) // (2 * parts) * (-1 if exact < 0 else 1)
    while digits and scaled % 10 == 0:
        scaled //= 10
        digits -= 1
    return Decimal(scaled).scaleb(-digits)
