"""What is added up while a session is rated: each price's use, and the time in which nothing was asked for."""

from datetime import datetime
from fractions import Fraction

from currant.kit.clock import instant
from currant.kit.ids import TariffVersionId
from currant.kit.money import as_decimal
from currant.pricing.charge import RatedLine
from currant.pricing.model import Dimension, LineKind
from currant.pricing.plans import HOUR_US, Number, Plan, Priced

UNITS = {
    LineKind.ENERGY: "kWh",
    LineKind.EXPORT: "kWh",
    LineKind.TIME: "h",
    LineKind.PARKING_TIME: "h",
    LineKind.RESERVATION: "h",
    LineKind.FLAT: "",
}
_KINDS = {
    Dimension.ENERGY: LineKind.ENERGY,
    Dimension.TIME: LineKind.TIME,
    Dimension.PARKING_TIME: LineKind.PARKING_TIME,
    Dimension.FLAT: LineKind.FLAT,
    Dimension.EXPORT: LineKind.EXPORT,
}


_PER_UNIT = {
    LineKind.ENERGY: 1000,
    LineKind.EXPORT: 1000,
    LineKind.TIME: HOUR_US,
    LineKind.PARKING_TIME: HOUR_US,
    LineKind.RESERVATION: HOUR_US,
    LineKind.FLAT: 1,
}


class Tally:
    """What a price was used for so far: Wh, microseconds or pieces."""

    __slots__ = (
        "begin",
        "covered",
        "covered_worth",
        "end",
        "expired",
        "fractions",
        "kind",
        "last_price",
        "plan",
        "price",
        "priced",
        "quantity",
        "reserved",
        "version_id",
        "worth",
    )

    def __init__(
        self,
        plan: Plan,
        place: int,
        version_id: TariffVersionId | None,
        begin: Number,
        *,
        reserved: bool,
        expired: bool,
    ) -> None:
        self.plan = plan
        self.priced: Priced = plan.priced[place]
        self.kind = _KINDS[self.priced.component.dimension]
        if reserved and self.kind is LineKind.TIME:
            self.kind = LineKind.RESERVATION
        self.version_id = version_id
        self.reserved, self.expired = reserved, expired
        self.begin: Number = begin
        self.end: Number = begin
        self.price = plan.exact_prices[place]
        self.quantity: Number = 0
        self.fractions: Number = 0
        self.worth: Number = 0
        """Of prices that follow a market, quantity by price."""
        self.covered: Number = 0
        self.covered_worth: Number = 0
        """What an allowance pays for."""
        self.last_price: Fraction | None = None

    @property
    def used(self) -> Number:
        """Wh, microseconds or pieces, before steps."""
        return self.quantity + self.fractions

    def add(self, quantity: Number, end: Number) -> None:
        if type(quantity) is int:
            self.quantity += quantity
        else:
            self.fractions += quantity
        self.end = end

    def copy(self) -> "Tally":
        twin = Tally.__new__(Tally)
        for name in Tally.__slots__:
            setattr(twin, name, getattr(self, name))
        return twin

    def in_units(self, quantity: Number) -> Fraction:
        """In the unit that the price is for: kWh, hours or pieces."""
        return Fraction(quantity.numerator, quantity.denominator * _PER_UNIT[self.kind])

    def line(self, rest: Number) -> RatedLine:
        quantity = self.in_units(self.used + rest)
        component = self.priced.component
        notes = []
        if self.reserved:
            notes.append("reservation_expired" if self.expired else "reservation")
        if rest:
            notes.append("step_rounding")
        unit_price, amount = component.price, quantity * self.price
        if self.priced.spot:
            notes.append("spot")
            # What rounding adds costs what the last quarter-hour did.
            amount = (Fraction(self.worth) + rest * (self.last_price or 0)) / 1000
            unit_price = as_decimal(amount / quantity, 6) if quantity else component.price
        if self.kind is LineKind.EXPORT:
            quantity, amount = -quantity, -amount
        return RatedLine(
            kind=self.kind,
            quantity=quantity,
            unit_price=unit_price,
            amount=amount,
            tax_percent=component.tax_percent,
            begin=instant_of(self.begin),
            end=instant_of(self.end),
            element=self.priced.element,
            version_id=self.version_id,
            note=" ".join(notes),
        )

    def allowance_line(self) -> RatedLine:
        """What a subscription has paid for, taken off again."""
        quantity, amount = self.in_units(self.covered), Fraction(self.covered_worth) / 1000
        spot = self.priced.spot is not None
        return RatedLine(
            kind=LineKind.ALLOWANCE,
            quantity=-quantity,
            unit_price=as_decimal(amount / quantity, 6) if spot else self.priced.component.price,
            amount=-amount,
            tax_percent=self.priced.component.tax_percent,
            begin=instant_of(self.begin),
            end=instant_of(self.end),
            element=self.priced.element,
            version_id=self.version_id,
            note="spot" if spot else "",
        )


class IdleTime:
    """The longest unbroken time in which the vehicle asked for nothing, without exempt hours."""

    __slots__ = ("begin", "best", "best_begin", "best_end", "best_exempt", "exempt", "lasted")

    def __init__(self) -> None:
        self.begin: Number | None = None
        self.lasted: Number = 0
        self.exempt = False
        self.best: Number = 0
        self.best_begin: Number = 0
        self.best_end: Number = 0
        self.best_exempt = False

    def add(self, begin: Number, end: Number, *, exempt: bool) -> None:
        if self.begin is None:
            self.begin = begin
        if exempt:
            self.exempt = True
        else:
            self.lasted += end - begin
        if self.lasted > self.best:
            self.best, self.best_begin, self.best_end = self.lasted, self.begin, end
            self.best_exempt = self.exempt

    def broken(self) -> None:
        if self.begin is not None:
            self.begin, self.lasted, self.exempt = None, 0, False

    def copy(self) -> "IdleTime":
        twin = IdleTime()
        for name in IdleTime.__slots__:
            setattr(twin, name, getattr(self, name))
        return twin


def instant_of(at: Number) -> datetime:
    """An instant between two microseconds is told as the first of them."""
    return instant(at if type(at) is int else int(at // 1))


def figure(value: Fraction) -> str:
    """Up to six digits after the point, and dots where there were more."""
    scaled, more = divmod(abs(value.numerator) * 1_000_000, value.denominator)
    whole, digits = divmod(scaled, 1_000_000)
    sign = "-" if value.numerator < 0 else ""
    if more:
        return f"{sign}{whole}.{digits:06d}..."
    return f"{sign}{whole}.{digits:06d}".rstrip("0").rstrip(".")
