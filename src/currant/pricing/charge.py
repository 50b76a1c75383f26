"""The outcome of rating: exact lines, and what they come to in money."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from currant.kit.ids import TariffVersionId
from currant.pricing.adjusting import Discount
from currant.pricing.model import Limit
from currant.pricing.model import LineKind as LineKind


class RatedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One price times one quantity, exactly; without tax unless the tariff's prices hold it."""

    kind: LineKind
    quantity: Fraction
    """kWh, hours, minutes (idle fee) or pieces, as billed: after steps. Negative for discharge."""
    unit_price: Decimal
    """Where many prices were added up (a market's), their mean to six digits."""
    amount: Fraction
    """What it comes to, in the tariff's currency: quantity x unit_price unless the note says otherwise."""
    tax_percent: Decimal | None = None
    begin: datetime | None = None
    end: datetime | None = None
    element: int | None = None
    """Which element of the version, from 0."""
    version_id: TariffVersionId | None = None
    note: str = ""
    """Why it is as it is, stable codes with spaces between: `step_rounding`, `spot`, `reservation`,
    `reservation_expired`, `grace`, `exempt`, `capped`."""


class RatedCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What a timeline costs by a version of a tariff, exactly, with all that explains it.

    Its lines are what was used. The lowest and highest price and the discounts are told beside them and
    applied by `bills.bill_of`, because limits after tax need to know the taxes.
    """

    currency: str
    tax_included: bool
    untaxed: bool = False
    """The tariff says that no tax applies."""
    lines: tuple[RatedLine, ...]
    energy_wh: Fraction
    """Of the whole session, billed or not."""
    export_wh: Fraction = Fraction(0)
    """Out of the vehicle."""
    charging_us: int = 0
    """Microseconds of charging, with the station's pauses."""
    parking_us: int = 0
    """Microseconds in which the vehicle asked for nothing."""
    allowance_wh: Fraction = Fraction(0)
    """Taken from a subscription's allowance."""
    min_price: Limit | None = None
    max_price: Limit | None = None
    discounts: tuple[Discount, ...] = ()
    usual_tax_percent: Decimal | None = None
    """The tariff's own tax on what has no line of its own, such as the rest to the lowest price."""
    void: bool = False
    """Too short and too little to cost anything."""
    waits_for: tuple[str, ...] = ()
    """What is not known yet: market prices of quarter-hours. Such a charge is not final."""
    estimated: bool = False
    trace: tuple[str, ...] = ()
    engine: str = ""
    """The version of the rules of rating."""
    input_hash: str = ""
    """SHA-256 over timeline, prices and adjusters: the same input always gives the same charge."""


class TaxPart(msgspec.Struct, frozen=True, kw_only=True):
    """One head of tax on part of a bill."""

    name: str
    """VAT, CGST, SGST, IGST, Sales tax …"""
    category: str = "S"
    """UNTDID 5305: S, Z, E, AE, G, O, K …"""
    percent: Decimal
    base: int
    """Minor units that it is taken of."""
    amount: int
    """Minor units."""
    per_kwh: Decimal | None = None
    """A tax by the kWh, in the currency's own unit; its percent is 0."""
    kwh: Decimal | None = None
    """What a tax by the kWh is taken of."""


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line in money, without tax."""

    kind: LineKind
    quantity: Decimal
    unit: str
    """`kWh`, `h`, `min`, `pcs`."""
    unit_price: Decimal
    """Without tax, to six digits."""
    net: int
    """Minor units without tax."""
    tax_percent: Decimal
    """All heads together, without what is taken by the kWh."""
    category: str = "S"
    begin: datetime | None = None
    end: datetime | None = None
    note: str = ""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed: the sum of lines is `net`, of taxes `tax`, and `gross` is both. Minor units."""

    currency: str
    lines: tuple[BillLine, ...]
    taxes: tuple[TaxPart, ...]
    net: int
    tax: int
    gross: int
    trace: tuple[str, ...] = ()
    """Which limits and discounts applied, and how it was rounded."""


def to_json(charge: RatedCharge | Bill) -> bytes:
    """A charge or a bill as JSON, exact: fractions are texts such as `7/3`."""
    return _ENCODER.encode(charge)


def charge_from_json(stored: bytes | str) -> RatedCharge:
    """What `to_json` wrote."""
    return _CHARGES.decode(stored)


def bill_from_json(stored: bytes | str) -> Bill:
    """What `to_json` wrote."""
    return _BILLS.decode(stored)


def _written(value: Any) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError


def _read(kind: type, value: Any) -> Any:
    if kind is Fraction:
        return Fraction(value)
    raise NotImplementedError


_ENCODER = msgspec.json.Encoder(enc_hook=_written)
_CHARGES = msgspec.json.Decoder(RatedCharge, dec_hook=_read)
_BILLS = msgspec.json.Decoder(Bill, dec_hook=_read)
