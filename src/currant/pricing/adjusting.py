"""What changes a price for one driver: a subscription's free energy, a voucher, a group's discount.

An allowance takes part in rating, kWh by kWh. Discounts come after the lowest and highest price and
before tax, one after the other, each of what the ones before it left; none makes a bill negative.
"""

from decimal import Decimal

import msgspec

from currant.pricing.model import LineKind


class Allowance(msgspec.Struct, frozen=True, kw_only=True, tag="allowance"):
    """Energy that is paid for already: the first kWh of the session, at whatever they would have cost."""

    kwh_left: Decimal
    note: str = ""
    """Whose it is, such as a subscription's id."""


class Voucher(msgspec.Struct, frozen=True, kw_only=True, tag="voucher"):
    """Something off: a percentage or an amount (as the tariff's prices are: with or without tax).

    It reduces what tax is taken of. A voucher that is good for anything is money and pays the bill
    instead; it is none of these (EU Directive 2016/1065).
    """

    percent: Decimal | None = None
    amount: Decimal | None = None
    kinds: tuple[LineKind, ...] = ()
    """What it reduces; empty for everything."""
    cap: Decimal | None = None
    """The most that it takes off."""
    note: str = ""


class GroupDiscount(msgspec.Struct, frozen=True, kw_only=True, tag="group"):
    """A percentage off everything for members of a group."""

    percent: Decimal
    note: str = ""


Discount = Voucher | GroupDiscount
Adjuster = Allowance | Voucher | GroupDiscount
