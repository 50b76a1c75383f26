"""What documents are made from: charges as documents see them, and shares and home charging likewise.

Whoever keeps charges hands them in as these values; documents know nothing of sessions and tariffs.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec
from sqlalchemy import Connection

from currant.billing.documents.model import BillingPeriod
from currant.billing.tax.model import TaxDecision
from currant.kit.ids import ChargeId, LegalEntityId, LocationId, TenantId, TokenId
from currant.pricing.bills import TaxHead
from currant.pricing.model import LineKind


class BillableLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a charge in money."""

    kind: LineKind
    quantity: Decimal
    unit: str
    """`kWh`, `h`, `min` or `pcs`."""
    net: int
    unit_price: Decimal | None = None
    """The tariff's net price; shown where quantity x price gives the net amount, which limits and shares undo."""
    heads: tuple[TaxHead, ...]
    kwh: Decimal = Decimal(0)
    """Of an energy line; what excises are on."""
    begin: datetime | None = None
    end: datetime | None = None


class BillableCharge(msgspec.Struct, frozen=True, kw_only=True):
    """A final charge, or a credit of one (negative amounts), for one session."""

    id: ChargeId
    entity_id: LegalEntityId
    session_number: int | None = None
    owner: str = ""
    """`account:<id>` or `driver:<id>`; empty for a guest."""
    currency: str
    decision: TaxDecision
    """What taxes there are, as was decided for the charge."""
    lines: tuple[BillableLine, ...]
    net: int
    tax: int
    gross: int
    """As booked."""
    taxes: Mapping[str, int] = {}
    """The tax as booked, by the name of its head."""
    paid: int = 0
    """What was collected for it already; equal to `gross` for a receipt."""
    begin: datetime
    end: datetime
    zone: str = "UTC"
    energy_kwh: Decimal = Decimal(0)
    location: str = ""
    """Name and town, as shown."""
    location_id: LocationId | None = None
    token_id: TokenId | None = None
    token: str = ""
    """What is printed on the card, or the driver's word for it."""
    card_last4: str = ""
    credits: ChargeId | None = None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What a host gets for a part of a month: one line of a self-billed invoice."""

    name: str
    quantity: Decimal
    unit: str = "kWh"
    net: int
    heads: tuple[TaxHead, ...]
    location: str = ""
    charges: int = 0
    """How many charges it is the sum of."""


class HomeCharge(msgspec.Struct, frozen=True, kw_only=True):
    """Energy that an employee charged at home for the employer's car."""

    kwh: Decimal
    on: date
    meter: str = ""
    """The meter that says so: wallbox, mobile or the vehicle's."""
    session_number: int | None = None


# The charges of an owner that ended in a period and are on no document yet, oldest first.
Unbilled = Callable[[Connection, TenantId, str, datetime, datetime], Sequence[BillableCharge]]

# Owners with such charges, in ascending order, those after one.
OwnersUnbilled = Callable[[Connection, TenantId, datetime, datetime, str, int], Sequence[str]]


def month_of(year: int, month: int) -> BillingPeriod:
    """A whole month, both days included."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return BillingPeriod(begin=date(year, month, 1), end=date.fromordinal(following.toordinal() - 1))
