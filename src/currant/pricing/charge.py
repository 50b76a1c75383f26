"""The outcome of rating: exact lines, and what they come to in money."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import msgspec

from currant.kit.ids import TariffVersionId


class LineKind(StrEnum):
    """What a line is for."""

    ENERGY = "energy"
    TIME = "time"
    PARKING_TIME = "parking_time"
    FLAT = "flat"
    EXPORT = "export"
    IDLE_FEE = "idle_fee"
    RESERVATION = "reservation"
    MIN_PRICE = "min_price"
    """Raises the sum to the lowest price."""
    MAX_PRICE = "max_price"
    """Lowers it to the highest (negative)."""
    ALLOWANCE = "allowance"
    """A subscription's free energy (negative)."""
    DISCOUNT = "discount"
    """A voucher or price by group (negative)."""
    EXCISE = "excise"
    """A tax by the kWh, shown by itself."""


class RatedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One price times one quantity, exactly; `net` is without tax unless the tariff's prices hold it."""

    kind: LineKind
    quantity: Fraction
    """kWh, hours or pieces."""
    unit_price: Decimal
    amount: Fraction
    """quantity x unit_price after steps, in the tariff's currency."""
    tax_percent: Decimal | None = None
    begin: datetime | None = None
    end: datetime | None = None
    element: int | None = None
    """Which element of the version, from 0."""
    version_id: TariffVersionId | None = None
    note: str = ""
    """Why it is as it is: a stable code (`step_rounding`, `grace`, `exempt`, …)."""


class RatedCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What a timeline costs by a version of a tariff, exactly, with all that explains it."""

    currency: str
    tax_included: bool
    lines: tuple[RatedLine, ...]
    energy_wh: Fraction
    """Of the whole session, billed or not."""
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


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line in money, without tax."""

    kind: LineKind
    quantity: Decimal
    unit: str
    """`kWh`, `h`, `min`, `pcs`."""
    unit_price: Decimal
    net: int
    """Minor units without tax."""
    tax_percent: Decimal
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
