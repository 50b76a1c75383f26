"""From an exact charge to money: limits, discounts, taxes, and the one rounding at the end.

In this order: what was used, the lowest and the highest price, discounts, tax, rounding.

A limit that binds scales what it limits, so that every tax keeps its share: it becomes one line for each
tax. Of a limit before tax and one after tax the stricter binds. OCPI lets both hold by themselves, which
with several taxes is no bill that tax could be paid by: `ocpi_totals` tells that pair for CDRs.

Without tax in the prices the net sum is rounded, then each tax of the sum of its lines. With tax in the
prices, or under a limit after tax, the gross sum is what was promised: it is rounded, and tax is what is
left of it beside the rounded net sum. Lines share a rounded sum out by largest remainders, so they add up
to the last cent. Energy out of the vehicle is a purchase of its own: nothing of it is taken off before
tax, and no limit or discount looks at it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

import msgspec

from currant.kit.money import Rounding, as_decimal, from_minor, minor_digits, rounded, rounded_parts, to_minor
from currant.pricing.adjusting import Discount, Voucher
from currant.pricing.charge import Bill, BillLine, RatedCharge, RatedLine, TaxPart
from currant.pricing.model import Limit, LineKind
from currant.pricing.taxing import (
    NO_TAX,
    Heads,
    TaxHead,
    TaxRates,
    levels,
    net_of,
    slopes,
    sum_of,
    tax_of_head,
    tax_on,
    taxes_by_head,
)

# Whoever makes bills finds what they are made with here.
__all__ = [
    "NO_TAX",
    "OcpiTotals",
    "TaxHead",
    "TaxRates",
    "bill_of",
    "credited",
    "ocpi_totals",
    "own_rates",
]


class OcpiTotals(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as a CDR tells it: both limits hold by themselves (OCPI PriceLimit), tax is the difference."""

    before_taxes: Decimal
    after_taxes: Decimal


Amount = TypeVar("Amount", int, Fraction)

_UNITS = {
    LineKind.ENERGY: "kWh",
    LineKind.EXPORT: "kWh",
    LineKind.ALLOWANCE: "kWh",
    LineKind.TIME: "h",
    LineKind.PARKING_TIME: "h",
    LineKind.RESERVATION: "h",
    LineKind.IDLE_FEE: "min",
}


def own_rates(charge: RatedCharge, *, name: str = "VAT") -> TaxRates:
    """The taxes that the tariff itself tells with its prices; what has none of its own has none."""
    del charge  # Every line says it itself.
    return TaxRates(by_tariff=True, name=name)


def bill_of(charge: RatedCharge, rates: TaxRates, rounding: Rounding = Rounding.HALF_UP) -> Bill:
    """What is owed for a charge under these taxes: its lines come to `net`, its taxes to `tax`."""
    used = [_entry(charge, rates, line) for line in charge.lines]
    sold = [entry for entry in used if entry.kind is not LineKind.EXPORT]
    trace: list[str] = []
    extra, gross_binds = _limited(charge, rates, sold, trace)
    extra += _discounted(charge, sold, trace)
    everything = used + extra
    gross_first = charge.tax_included or gross_binds
    lines: list[BillLine] = []
    taxes: list[TaxPart] = []
    pools = [
        [entry for entry in everything if entry.kind is not LineKind.EXPORT],
        [entry for entry in everything if entry.kind is LineKind.EXPORT],
    ]
    for pool in pools:
        if pool:
            nets, parts = (_by_gross if gross_first else _by_net)(pool, charge.currency, rounding)
            lines += [
                entry.in_money(net, tax_included=charge.tax_included)
                for entry, net in zip(pool, nets, strict=True)
            ]
            taxes += parts
    net, tax = sum(line.net for line in lines), sum(part.amount for part in taxes)
    if lines:
        trace.append(
            f"rounded {rounding.value}: {'gross' if gross_first else 'net'} sum first,"
            f" {from_minor(net, charge.currency)} + {from_minor(tax, charge.currency)} tax"
            f" = {from_minor(net + tax, charge.currency)} {charge.currency}"
        )
    return Bill(
        currency=charge.currency,
        lines=tuple(lines),
        taxes=tuple(taxes),
        net=net,
        tax=tax,
        gross=net + tax,
        trace=tuple(trace),
    )


def credited(bill: Bill) -> Bill:
    """The same bill the other way round: with it every line and every tax comes to nothing."""
    return msgspec.structs.replace(
        bill,
        lines=tuple(
            msgspec.structs.replace(line, quantity=-line.quantity, net=-line.net) for line in bill.lines
        ),
        taxes=tuple(
            msgspec.structs.replace(
                part,
                base=-part.base,
                amount=-part.amount,
                kwh=None if part.kwh is None else -part.kwh,
            )
            for part in bill.taxes
        ),
        net=-bill.net,
        tax=-bill.tax,
        gross=-bill.gross,
    )


def ocpi_totals(
    charge: RatedCharge, rates: TaxRates | None = None, rounding: Rounding = Rounding.HALF_UP
) -> OcpiTotals:
    """The pair of totals that OCPI publishes; without `rates` by the tariff's own taxes."""
    rates = rates or own_rates(charge)
    entries = [_entry(charge, rates, line) for line in charge.lines]
    sold = [entry for entry in entries if entry.kind is not LineKind.EXPORT]
    net, gross = sum_of(entry.net for entry in sold), sum_of(entry.gross for entry in sold)
    for limit, pick in ((charge.min_price, max), (charge.max_price, min)):
        if limit is not None and limit.before_taxes is not None:
            net = pick(net, Fraction(limit.before_taxes))
        if limit is not None and limit.after_taxes is not None:
            gross = pick(gross, Fraction(limit.after_taxes))
    full_net, full_gross = sum_of(entry.net for entry in sold), sum_of(entry.gross for entry in sold)
    _discounted(charge, sold, [])
    if full_net and full_gross:
        net *= sum_of(entry.left_net for entry in sold) / full_net
        gross *= sum_of(entry.left_gross for entry in sold) / full_gross
    exported = [entry for entry in entries if entry.kind is LineKind.EXPORT]
    net += sum_of(entry.net for entry in exported)
    gross += sum_of(entry.gross for entry in exported)
    return OcpiTotals(
        before_taxes=from_minor(to_minor(net, charge.currency, rounding), charge.currency),
        after_taxes=from_minor(to_minor(gross, charge.currency, rounding), charge.currency),
    )


@dataclass
class _Entry:
    """A line on its way to money; amounts are exact and as the tariff's prices are."""

    kind: LineKind
    heads: Heads
    amount: Fraction
    tax_included: bool
    quantity: Fraction = Fraction(1)
    unit_price: Fraction | None = None
    kwh: Fraction = Fraction(0)
    """What excises are taken of."""
    begin: datetime | None = None
    end: datetime | None = None
    note: str = ""
    left: Fraction = field(init=False)
    """What limits and discounts leave of the amount."""

    def __post_init__(self) -> None:
        self.left = self.amount

    @property
    def net(self) -> Fraction:
        return net_of(self.amount, self.kwh, self.heads) if self.tax_included else self.amount

    @property
    def gross(self) -> Fraction:
        return self.amount if self.tax_included else self.amount + tax_on(self.amount, self.kwh, self.heads)

    @property
    def left_net(self) -> Fraction:
        return net_of(self.left, self.kwh, self.heads) if self.tax_included else self.left

    @property
    def left_gross(self) -> Fraction:
        return self.left if self.tax_included else self.left + tax_on(self.left, self.kwh, self.heads)

    @property
    def excise(self) -> Fraction:
        """The part of the gross price that does not follow the net price."""
        return self.kwh * slopes(self.heads)[1]

    def in_money(self, net: int, *, tax_included: bool) -> BillLine:
        share, _ = slopes(self.heads)
        quantity, unit = self.quantity, _UNITS.get(self.kind, "pcs")
        unit_price = self.amount if self.unit_price is None else self.unit_price
        if self.kind is LineKind.IDLE_FEE and "capped" in self.note.split():
            # No quantity times its price comes to a cap: it is a price by itself.
            quantity, unit, unit_price = Fraction(1), "pcs", self.amount
        if tax_included:
            unit_price = net_of(unit_price, Fraction(1 if self.kwh else 0), self.heads)
        if unit_price < 0:
            # A negative price is none on an invoice (EN 16931, BR-27): a negative quantity is.
            quantity, unit_price = -quantity, -unit_price
        return BillLine(
            kind=self.kind,
            quantity=as_decimal(quantity, 6),
            unit=unit,
            unit_price=as_decimal(unit_price, 6),
            net=net,
            tax_percent=as_decimal(share * 100, 6),
            category=self.heads[0].category if self.heads else "O",
            begin=self.begin,
            end=self.end,
            note=self.note,
        )


def _entry(charge: RatedCharge, rates: TaxRates, line: RatedLine) -> _Entry:
    # What an allowance takes off is energy, and taxed as such.
    kind = LineKind.ENERGY if line.kind is LineKind.ALLOWANCE else line.kind
    return _Entry(
        kind=line.kind,
        heads=() if charge.untaxed else rates.of(kind, line.tax_percent),
        amount=line.amount,
        tax_included=charge.tax_included,
        quantity=line.quantity,
        unit_price=Fraction(line.unit_price),
        kwh=line.quantity if line.kind is LineKind.ENERGY else Fraction(0),
        begin=line.begin,
        end=line.end,
        note=line.note,
    )


def _limited(
    charge: RatedCharge, rates: TaxRates, sold: list[_Entry], trace: list[str]
) -> tuple[list[_Entry], bool]:
    """Lines that keep the sum within its limits, and whether a limit after tax is what binds."""
    extra: list[_Entry] = []
    gross_binds = False
    for kind, limit in ((LineKind.MIN_PRICE, charge.min_price), (LineKind.MAX_PRICE, charge.max_price)):
        if limit is None:
            continue
        factor, by_gross = _factor(kind, limit, sold)
        if factor is None:
            rest = _from_nothing(charge, rates, limit, sold)
            if rest is not None:
                sold.append(rest)
                extra.append(rest)
                gross_binds = limit.after_taxes is not None
                trace.append(_limit_told(kind, limit, rest.amount, charge.currency))
        elif factor != 1:
            gross_binds = by_gross
            changes = _by_heads(sold, factor - 1)
            for entry in sold:
                entry.left *= factor
            extra += [
                _Entry(kind=kind, heads=heads, amount=amount, tax_included=charge.tax_included)
                for heads, amount in changes
            ]
            added = sum_of(amount for _, amount in changes)
            trace.append(_limit_told(kind, limit, added, charge.currency))
    return extra, gross_binds


def _factor(kind: LineKind, limit: Limit, entries: list[_Entry]) -> tuple[Fraction | None, bool]:
    """What everything is multiplied by so that the sum keeps the limit; None where there is nothing.

    And whether the limit after tax is the stricter one.
    """
    net, gross = sum_of(entry.left_net for entry in entries), sum_of(entry.left_gross for entry in entries)
    excise = sum_of(entry.excise for entry in entries)
    if net <= 0 or gross <= excise:
        return (None, False) if kind is LineKind.MIN_PRICE else (Fraction(1), False)
    before = None if limit.before_taxes is None else Fraction(limit.before_taxes) / net
    after = None
    if limit.after_taxes is not None:
        after = max(Fraction(0), Fraction(limit.after_taxes) - excise) / (gross - excise)
    pick = max if kind is LineKind.MIN_PRICE else min
    strictest = pick([Fraction(1), *(each for each in (before, after) if each is not None)])
    return strictest, strictest != 1 and strictest != before


def _from_nothing(charge: RatedCharge, rates: TaxRates, limit: Limit, sold: list[_Entry]) -> _Entry | None:
    """The lowest price where what was used cost nothing: taxed as the tariff's energy is."""
    heads: Heads = ()
    if not charge.untaxed:
        kind = LineKind.MIN_PRICE if LineKind.MIN_PRICE in rates.by_kind else LineKind.ENERGY
        heads = tuple(head for head in rates.of(kind, charge.usual_tax_percent) if head.per_kwh is None)
    share, _ = slopes(heads)
    net = Fraction(limit.before_taxes or 0)
    if limit.after_taxes is not None:
        net = max(net, (Fraction(limit.after_taxes) - sum_of(entry.excise for entry in sold)) / (1 + share))
    net -= sum_of(entry.left_net for entry in sold)
    if net <= 0:
        return None
    amount = net * (1 + share) if charge.tax_included else net
    return _Entry(kind=LineKind.MIN_PRICE, heads=heads, amount=amount, tax_included=charge.tax_included)


def _limit_told(kind: LineKind, limit: Limit, amount: Fraction, currency: str) -> str:
    said = [
        f"{value} {words}"
        for value, words in ((limit.before_taxes, "before tax"), (limit.after_taxes, "after tax"))
        if value is not None
    ]
    return f"{kind.value}: {' and '.join(said)}, {as_decimal(amount, 6)} {currency}"


def _discounted(charge: RatedCharge, sold: list[_Entry], trace: list[str]) -> list[_Entry]:
    """Lines that take discounts off, one for each tax."""
    extra: list[_Entry] = []
    for discount in charge.discounts:
        touched = [entry for entry in sold if _is_touched(discount, entry.kind)]
        whole = sum_of(entry.left for entry in touched)
        off = _off(discount, whole)
        if off <= 0:
            continue
        changes = _by_heads(touched, -off / whole)
        for entry in touched:
            entry.left -= entry.left * off / whole
        extra += [
            _Entry(
                kind=LineKind.DISCOUNT,
                heads=heads,
                amount=amount,
                tax_included=charge.tax_included,
                note=discount.note,
            )
            for heads, amount in changes
        ]
        named = f" {discount.note}" if discount.note else ""
        trace.append(f"discount{named}: {as_decimal(-off, 6)} {charge.currency}")
    return extra


def _is_touched(discount: Discount, kind: LineKind) -> bool:
    if not isinstance(discount, Voucher) or not discount.kinds:
        return True
    # An allowance is less energy, so what is off energy is off that.
    return (LineKind.ENERGY if kind is LineKind.ALLOWANCE else kind) in discount.kinds


def _off(discount: Discount, whole: Fraction) -> Fraction:
    off = Fraction(0)
    if discount.percent is not None:
        off += whole * Fraction(discount.percent) / 100
    if isinstance(discount, Voucher):
        off += Fraction(discount.amount or 0)
        if discount.cap is not None:
            off = min(off, Fraction(discount.cap))
    return max(Fraction(0), min(off, whole))


def _by_heads(entries: Iterable[_Entry], factor: Fraction) -> list[tuple[Heads, Fraction]]:
    """What so much of each would come to, summed by its taxes; without what comes to nothing."""
    sums: dict[Heads, Fraction] = {}
    for entry in entries:
        sums[entry.heads] = sums.get(entry.heads, Fraction(0)) + entry.left * factor
    return [(heads, amount) for heads, amount in sums.items() if amount]


def _by_net(entries: list[_Entry], currency: str, rounding: Rounding) -> tuple[list[int], list[TaxPart]]:
    """Net lines in minor units and their taxes: the net sum rounded, then each tax of its lines' sum."""
    scale = 10 ** minor_digits(currency)
    exact = [entry.net * scale for entry in entries]
    nets = rounded_parts(exact, rounded(sum_of(exact), rounding))
    parts: list[TaxPart] = []
    for heads, base, kwh in _grouped(entries, nets):
        amounts: list[int] = []
        for level in levels(heads):
            beneath = base + sum(amounts)
            amounts += [rounded(tax_of_head(head, beneath, kwh, scale), rounding) for head in level]
        parts += _parts(heads, base, amounts, kwh)
    return nets, parts


def _by_gross(entries: list[_Entry], currency: str, rounding: Rounding) -> tuple[list[int], list[TaxPart]]:
    """Net lines in minor units and their taxes, where the gross sum is fixed: tax is the difference."""
    scale = 10 ** minor_digits(currency)
    exact = [entry.net * scale for entry in entries]
    gross = rounded(sum_of(entry.gross for entry in entries) * scale, rounding)
    taxes = [
        (heads, kwh, taxes_by_head(base, kwh * scale, heads)) for heads, base, kwh in _grouped(entries, exact)
    ]
    if any(len(heads) > 1 for heads, _, _ in taxes):
        # Heads of equal percent must be equal, so each is rounded by itself and the net sum gives way.
        amounts = [[rounded(amount, rounding) for amount in each] for _, _, each in taxes]
        nets = rounded_parts(exact, gross - sum(map(sum, amounts)))
    else:
        each_tax = [sum(each, Fraction(0)) for _, _, each in taxes]
        whole = sum_of(each_tax)
        tax = gross - rounded(sum_of(exact), rounding)
        tax = min(max(tax, whole.numerator // whole.denominator), -(-whole.numerator // whole.denominator))
        amounts = [
            [amount] if heads else []
            for amount, (heads, _, _) in zip(rounded_parts(each_tax, tax), taxes, strict=True)
        ]
        nets = rounded_parts(exact, gross - tax)
    parts: list[TaxPart] = []
    for (heads, base, kwh), each in zip(_grouped(entries, nets), amounts, strict=True):
        parts += _parts(heads, base, each, kwh)
    return nets, parts


def _grouped(entries: list[_Entry], amounts: Sequence[Amount]) -> list[tuple[Heads, Amount, Fraction]]:
    """Sums of amounts and of excised kWh by the taxes on them, in the order in which they first appear."""
    sums: dict[Heads, tuple[Amount, Fraction]] = {}
    for entry, amount in zip(entries, amounts, strict=True):
        so_far = sums.get(entry.heads)
        sums[entry.heads] = (
            (amount, entry.kwh) if so_far is None else (so_far[0] + amount, so_far[1] + entry.kwh)
        )
    return [(heads, base, kwh) for heads, (base, kwh) in sums.items()]


def _parts(heads: Heads, base: int, amounts: list[int], kwh: Fraction) -> list[TaxPart]:
    """Taxes told by head, stack by stack, with what each is taken of."""
    parts: list[TaxPart] = []
    for level in levels(heads):
        beneath = base + sum(part.amount for part in parts)
        parts += [
            TaxPart(
                name=head.name,
                category=head.category,
                percent=head.percent if head.per_kwh is None else Decimal(0),
                base=beneath,
                amount=amount,
                per_kwh=head.per_kwh,
                kwh=None if head.per_kwh is None else as_decimal(kwh, 6),
            )
            for head, amount in zip(level, amounts[len(parts) :], strict=False)
        ]
    return parts
