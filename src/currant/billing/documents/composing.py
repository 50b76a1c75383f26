"""From charges to a document: its lines, taxes and sums. Pure.

Taxes are worked out anew over all lines, by rate (EN 16931, BR-CO-17). That can be a cent or two off the sum
of what the charges were booked with; where they are paid already, the difference is the document's rounding
(BT-114), so that nothing is left to pay, and it is told to whoever books.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from currant.billing.documents.billable import BillableCharge, BillableLine, HomeCharge, Share
from currant.billing.documents.model import (
    BillingPeriod,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    Draft,
    Party,
    PaymentMeans,
    Preceding,
)
from currant.billing.documents.words import language_of, word
from currant.billing.entities_model import BillingProfile, LegalEntity, Split
from currant.billing.tax.computing import Taxed, round_off, taxes_on
from currant.billing.tax.model import Customer, TaxDecision, Treatment
from currant.kit.errors import Invalid
from currant.kit.ids import TokenId
from currant.kit.money import Rounding, minor_digits
from currant.pricing.bills import TaxHead
from currant.pricing.model import LineKind

UNITS = {"kWh": "KWH", "h": "HUR", "min": "MIN", "pcs": "C62"}
LINES_MAX = 1_000
"""INV-01 takes no more; longer invoices are split."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What charges must share to be on one document."""

    entity_id: str
    currency: str
    jurisdiction: str
    category_o: bool
    """What is outside of VAT has a document of its own (BR-O-11)."""
    place_of_supply: str


def grouped(charges: Iterable[BillableCharge]) -> dict[Group, list[BillableCharge]]:
    """Charges by the document they go on: one for each seller, currency and tax office."""
    groups: dict[Group, list[BillableCharge]] = {}
    for charge in charges:
        decision = charge.decision
        group = Group(
            entity_id=charge.entity_id,
            currency=charge.currency,
            jurisdiction=decision.jurisdiction,
            category_o=decision.category == "O",
            place_of_supply=decision.place_of_supply,
        )
        groups.setdefault(group, []).append(charge)
    return groups


def parted(charges: Sequence[BillableCharge], lines_max: int = LINES_MAX) -> list[list[BillableCharge]]:
    """Charges in parts that fit on a document each; a charge is never torn apart."""
    parts: list[list[BillableCharge]] = [[]]
    count = 0
    for charge in charges:
        size = max(len(charge.lines), 1)
        if parts[-1] and count + size > lines_max:
            parts.append([])
            count = 0
        parts[-1].append(charge)
        count += size
    return parts


def of_charges(
    charges: Sequence[BillableCharge],
    entity: LegalEntity,
    profile: BillingProfile | None,
    *,
    kind: DocumentKind,
    period: BillingPeriod | None = None,
    language: str = "",
    by_session: bool = True,
    guest: Party | None = None,
) -> Draft:
    """A receipt or invoice over charges of one group (see `grouped`). A sum below nothing is a credit note."""
    language = language_of(language or (profile.language if profile else "") or entity.language)
    first = charges[0]
    decision = first.decision
    splits = profile.splits if profile else {}
    ordered = sorted(charges, key=lambda each: (*_split_key(splits, each.token_id), each.begin, each.id))
    if by_session:
        lines = [
            line
            for charge in ordered
            for line in _lines_of(charge, splits.get(charge.token_id or TokenId("")), language)
        ]
    else:
        lines = _summed(ordered, splits, language)
    lines = [msgspec.structs.replace(line, number=at) for at, line in enumerate(lines, start=1)]
    paid = sum(charge.paid for charge in charges)
    booked = sum(charge.gross for charge in charges)
    customer = profile.customer() if profile else Customer()
    buyer = profile.party() if profile else guest or Party(name=word("guest", language))
    draft = _summed_up(
        Draft(
            kind=kind,
            entity_id=entity.id,
            owner=first.owner,
            currency=first.currency,
            language=language,
            jurisdiction=decision.jurisdiction,
            place_of_supply=decision.place_of_supply,
            seller=entity.party(decision.seller_number),
            buyer=buyer,
            buyer_kind=customer.kind,
            sez=customer.sez,
            lines=tuple(lines),
            taxes=(),
            net=0,
            tax=0,
            gross=0,
            prepaid=paid,
            period=period or _days(charges),
            due_in_days=_terms(entity, profile),
            buyer_reference=profile.buyer_reference if profile else "",
            order_reference=profile.order_reference if profile else "",
            payment=_payment(entity, charges, paid, booked),
            notes=tuple(word(code, language) for code in decision.texts),
            reverse_charge=decision.treatment is Treatment.REVERSE_CHARGE,
        ),
        entity.rounding,
        decision,
        entity.rounds_to,
        settled=paid == booked,
        booked=sum(charge.tax for charge in charges),
    )
    return turned(draft) if draft.gross < 0 and kind is not DocumentKind.CREDIT_NOTE else draft


def credit_of(document: Document, numbers: Sequence[int] | None = None, *, reason: str = "") -> Draft:
    """A credit note over a document, or over some of its lines. Its amounts are positive, as the credited were."""
    if document.kind is DocumentKind.CREDIT_NOTE:
        raise Invalid("A credit note is not credited: issue what is owed anew.", field="document_id")
    chosen = [line for line in document.lines if numbers is None or line.number in numbers]
    if not chosen or (numbers is not None and len(chosen) != len(set(numbers))):
        raise Invalid("Name lines that are on the document, by their numbers.", field="lines")
    whole = len(chosen) == len(document.lines)
    reasons = {(tax.name, tax.category): (tax.reason_code, tax.reason) for tax in document.taxes}
    lines = tuple(msgspec.structs.replace(line, number=at) for at, line in enumerate(chosen, start=1))
    # All of it gives back every head to the cent (whatever rounding was then), a part is worked out anew.
    taxes = document.taxes if whole else _taxes(lines, document.currency, Rounding.HALF_UP, reasons)
    net, tax = sum(line.net for line in lines), sum(each.amount for each in taxes)
    base = {
        name: getattr(document, name) for name in Draft.__struct_fields__ if name not in ("kind", "lines")
    }
    base |= {
        "taxes": tuple(taxes),
        "net": net,
        "tax": tax,
        "gross": net + tax,
        "rounding": document.rounding if whole else 0,
        "prepaid": 0,
        "due_in_days": 0,
        "self_billed": document.kind is DocumentKind.SELF_BILL,
        "preceding": Preceding(id=document.id, number=document.number, issue_date=document.issue_date),
        "notes": (*document.notes, reason) if reason else document.notes,
        "tax_currency": document.tax_currency if whole else None,
    }
    return Draft(kind=DocumentKind.CREDIT_NOTE, lines=lines, **base)


def self_bill(
    shares: Sequence[Share],
    entity: LegalEntity,
    host: BillingProfile,
    decision: TaxDecision,
    *,
    currency: str,
    period: BillingPeriod,
) -> Draft:
    """An invoice that we write for a host, over its share: the host is the seller, our entity the buyer."""
    language = language_of(host.language or entity.language)
    lines = tuple(
        _line(
            number=at,
            kind=None,
            name=share.name or word("host_share", language),
            quantity=share.quantity,
            unit=UNITS.get(share.unit, "C62"),
            net=share.net,
            currency=currency,
            heads=share.heads,
            location=share.location,
        )
        for at, share in enumerate(shares, start=1)
    )
    draft = Draft(
        kind=DocumentKind.SELF_BILL,
        entity_id=entity.id,
        owner=host.owner,
        currency=currency,
        language=language,
        jurisdiction=decision.jurisdiction,
        place_of_supply=decision.place_of_supply,
        seller=host.party(),
        buyer=entity.party(decision.seller_number or _home_number(entity)),
        lines=lines,
        taxes=(),
        net=0,
        tax=0,
        gross=0,
        period=period,
        due_in_days=_terms(entity, host),
        notes=(
            word("self_billed", language),
            *(word(code, language) for code in decision.texts),
        ),
        reverse_charge=decision.treatment is Treatment.REVERSE_CHARGE,
    )
    return _summed_up(draft, entity.rounding, decision, 1, settled=False)


def reimbursement(
    home: Sequence[HomeCharge],
    entity: LegalEntity,
    employee: BillingProfile,
    *,
    price_per_kwh: Decimal,
    flat_rate: bool,
    currency: str,
    period: BillingPeriod,
) -> Draft:
    """What an employer gives back: metered kWh at the contract's price or the year's flat rate, without VAT."""
    language = language_of(employee.language or entity.language)
    basis = word("flat_rate" if flat_rate else "contract_price", language)
    heads = (TaxHead(name="VAT", category="O"),)
    unit = 10 ** minor_digits(currency)
    # Summed over the month before it is rounded: a hundred short nights are not rounded a hundred times.
    exact = [Fraction(each.kwh) * Fraction(price_per_kwh) * unit for each in home]
    nets = _rounded_together(exact)
    lines = tuple(
        _line(
            number=at,
            kind=None,
            name=f"{each.on.isoformat()} · {basis}",
            note=each.meter,
            quantity=each.kwh,
            unit="KWH",
            net=net,
            currency=currency,
            heads=heads,
            session_number=each.session_number,
        )
        for at, (each, net) in enumerate(zip(home, nets, strict=True), start=1)
    )
    net = sum(nets)
    return Draft(
        kind=DocumentKind.REIMBURSEMENT,
        entity_id=entity.id,
        owner=employee.owner,
        currency=currency,
        language=language,
        jurisdiction=entity.country,
        seller=employee.party(),
        buyer=entity.party(_home_number(entity)),
        lines=lines,
        taxes=(DocumentTax(name="VAT", category="O", percent=Decimal(0), base=net, amount=0),),
        net=net,
        tax=0,
        gross=net,
        period=period,
        due_in_days=_terms(entity, employee),
        notes=(word("no_vat_statement", language),),
    )


def turned(draft: Draft) -> Draft:
    """A draft with every sign turned: an invoice over less than nothing is a credit note over the rest."""
    lines = tuple(
        msgspec.structs.replace(line, quantity=-line.quantity, net=-line.net, kwh=-line.kwh)
        for line in draft.lines
    )
    taxes = tuple(
        msgspec.structs.replace(tax, base=-tax.base, amount=-tax.amount, kwh=-tax.kwh) for tax in draft.taxes
    )
    return msgspec.structs.replace(
        draft,
        kind=DocumentKind.CREDIT_NOTE,
        lines=lines,
        taxes=taxes,
        net=-draft.net,
        tax=-draft.tax,
        gross=-draft.gross,
        rounding=-draft.rounding,
        prepaid=-draft.prepaid,
    )


def unit_price(net: int, quantity: Decimal, currency: str) -> Decimal:
    """What a unit costs so that quantity x price is the net amount again: as many digits as that takes."""
    digits = minor_digits(currency)
    amount = Decimal(net).scaleb(-digits)
    for more in range(7):
        price = (amount / quantity).quantize(Decimal(1).scaleb(-(digits + more)))
        if abs(price * quantity - amount) < Decimal("0.0005").scaleb(2 - digits):
            return price
    return amount / quantity


def _gives(price: Decimal, quantity: Decimal, net: int, currency: str) -> bool:
    """Whether quantity x price is the net amount once it is rounded."""
    exact = price * quantity * 10 ** minor_digits(currency)
    return price >= 0 and abs(exact - net) <= Decimal("0.5")


def _lines_of(charge: BillableCharge, split: Split | None, language: str) -> list[DocumentLine]:
    split = split or Split()
    return [
        _line(
            number=0,
            kind=line.kind,
            name=word(line.kind.value, language),
            note=charge.location,
            quantity=line.quantity,
            unit=UNITS.get(line.unit, "C62"),
            net=line.net,
            currency=charge.currency,
            heads=line.heads,
            kwh=line.kwh,
            price=line.unit_price,
            begin=_local(line.begin or charge.begin, charge.zone),
            end=_local(line.end or charge.end, charge.zone),
            cost_centre=split.cost_centre,
            vehicle=split.vehicle,
            driver=split.driver or charge.token,
            location=charge.location,
            charge_id=charge.id,
            session_number=charge.session_number,
            service_code=charge.decision.service_code,
        )
        for line in charge.lines
    ]


def _summed(
    charges: Sequence[BillableCharge], splits: Mapping[TokenId, Split], language: str
) -> list[DocumentLine]:
    """One line for every cost centre, vehicle and driver, kind, unit and tax."""
    sums: dict[tuple[Split, LineKind, str, tuple[TaxHead, ...], str], list[BillableLine]] = {}
    for charge in charges:
        split = splits.get(charge.token_id or TokenId(""), Split())
        for line in charge.lines:
            key = (split, line.kind, line.unit, line.heads, charge.decision.service_code)
            sums.setdefault(key, []).append(line)
    return [
        _line(
            number=0,
            kind=lines[0].kind,
            name=word(lines[0].kind.value, language),
            quantity=sum((line.quantity for line in lines), Decimal(0)),
            unit=UNITS.get(unit, "C62"),
            net=sum(line.net for line in lines),
            currency=charges[0].currency,
            heads=heads,
            kwh=sum((line.kwh for line in lines), Decimal(0)),
            cost_centre=split.cost_centre,
            vehicle=split.vehicle,
            driver=split.driver,
            service_code=service_code,
        )
        for (split, _, unit, heads, service_code), lines in sums.items()
    ]


def _line(
    *,
    number: int,
    kind: LineKind | None,
    name: str,
    quantity: Decimal,
    unit: str,
    net: int,
    currency: str,
    heads: tuple[TaxHead, ...],
    price: Decimal | None = None,
    **more: Any,
) -> DocumentLine:
    # A price is never negative and never of nothing: what is taken off is minus one piece (BR-27).
    if not quantity:
        quantity, unit = Decimal(1), "C62"
    if net and (quantity < 0) != (net < 0):
        quantity = -quantity
    return DocumentLine(
        number=number,
        kind=kind,
        name=name,
        quantity=quantity,
        unit=unit,
        unit_price=price
        if price is not None and _gives(price, quantity, net, currency)
        else unit_price(net, quantity, currency),
        net=net,
        heads=heads,
        **more,
    )


def _summed_up(
    draft: Draft,
    rounding: Rounding,
    decision: TaxDecision,
    to: int,
    *,
    settled: bool,
    booked: int | None = None,
) -> Draft:
    reason = word(decision.texts[0], draft.language) if decision.texts else ""
    reasons = {
        (head.name, head.category): (decision.reason_code, reason)
        for line in draft.lines
        for head in line.heads
        if head.category not in ("S", "Z")
    }
    taxes = _taxes(draft.lines, draft.currency, rounding, reasons)
    if settled and booked is not None and len(taxes) == 1 and abs(taxes[0].amount - booked) == 1:
        # A price that held its tax, paid as it was: the tax is what the price held.
        taxes = [msgspec.structs.replace(taxes[0], amount=booked)]
    net, tax = sum(line.net for line in draft.lines), sum(each.amount for each in taxes)
    gross = net + tax
    # What is paid was paid to the cent; only what is still owed is rounded off.
    rest = draft.prepaid - gross if settled else round_off(gross - draft.prepaid, to)
    return msgspec.structs.replace(draft, taxes=tuple(taxes), net=net, tax=tax, gross=gross, rounding=rest)


def _taxes(
    lines: Iterable[DocumentLine],
    currency: str,
    rounding: Rounding,
    reasons: Mapping[tuple[str, str], tuple[str, str]],
) -> list[DocumentTax]:
    taxed = [Taxed(net=line.net, kwh=line.kwh, heads=line.heads) for line in lines]
    return [
        DocumentTax(
            name=each.head.name,
            category=each.head.category,
            percent=each.head.percent,
            per_kwh=each.head.per_kwh,
            kwh=each.kwh,
            stack=each.head.stack,
            base=each.base,
            amount=each.amount,
            reason_code=reasons.get((each.head.name, each.head.category), ("", ""))[0],
            reason=reasons.get((each.head.name, each.head.category), ("", ""))[1],
        )
        for each in taxes_on(taxed, currency, rounding)
    ]


def _rounded_together(exact: Sequence[Fraction]) -> list[int]:
    """Whole numbers whose sum is the rounded sum, each at most one off its own."""
    sums, so_far, result = Fraction(0), 0, []
    for each in exact:
        sums += each
        up_to = int(sums + Fraction(1, 2))
        result.append(up_to - so_far)
        so_far = up_to
    return result


def _split_key(splits: Mapping[TokenId, Split], token: TokenId | None) -> tuple[str, str, str]:
    split = splits.get(token or TokenId(""), Split())
    return (split.cost_centre, split.vehicle, split.driver)


def _days(charges: Sequence[BillableCharge]) -> BillingPeriod:
    return BillingPeriod(
        begin=min(_local(each.begin, each.zone) for each in charges).date(),
        end=max(_local(each.end, each.zone) for each in charges).date(),
    )


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def _terms(entity: LegalEntity, profile: BillingProfile | None) -> int:
    if profile is not None and profile.terms_days is not None:
        return profile.terms_days
    return entity.terms_days


def _payment(
    entity: LegalEntity, charges: Sequence[BillableCharge], paid: int, booked: int
) -> PaymentMeans | None:
    cards = {charge.card_last4 for charge in charges if charge.card_last4}
    if paid and paid == booked:
        last4 = cards.pop() if len(cards) == 1 else ""
        return PaymentMeans(code="48" if last4 else "1", card_last4=last4)
    return entity.transfer()


def _home_number(entity: LegalEntity) -> str:
    for each in entity.registrations:
        if each.jurisdiction == entity.country or each.jurisdiction.startswith(f"{entity.country}-"):
            return each.number
    return ""
