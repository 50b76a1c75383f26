"""What becomes of a session's charges when it is priced (again): pure.

A charge that is not final yet is simply priced anew. One that is final never changes: if the session
turns out otherwise a new charge is made, and in the moment in which that becomes final the old one is
credited. So there is never a time at which a session is owed twice, or not at all because somebody still
looks at it.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import msgspec
from msgspec.structs import replace

from currant.billing.charges.model import (
    Charge,
    ChargeDetails,
    ChargeKind,
    ChargeState,
    PaidState,
    Payer,
    PayerKind,
)
from currant.billing.tax.model import TaxDecision
from currant.charging.model import Session
from currant.kit.ids import ChargeId, LegalEntityId, TariffVersionId
from currant.kit.money import from_minor, rounded, shared_out
from currant.pricing import bills
from currant.pricing.charge import Bill, BillLine, LineKind, RatedCharge, TaxPart
from currant.pricing.model import Purpose


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a session comes to for one purpose, as far as is known now."""

    purpose: Purpose
    version_id: TariffVersionId
    rule_id: str
    rated: RatedCharge
    bill: Bill
    payer: Payer
    reasons: tuple[str, ...] = ()
    """Why a person has to look at it first."""
    jurisdiction: str = ""
    """Whose taxes are on it."""
    decision: TaxDecision | None = None
    entity_id: LegalEntityId | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written: charges new or changed, and which of them have just become final."""

    written: tuple[tuple[Charge, ChargeDetails | None], ...] = ()
    """Details None where they are kept already and stay."""
    final: tuple[Charge, ...] = ()
    """A credit comes before the charge that takes its place."""
    in_review: tuple[Charge, ...] = ()


NOTHING = Step()


class File(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a session and purpose already, and the ids of what may have to be made."""

    charges: tuple[Charge, ...]
    final_details: ChargeDetails | None
    """Of the charge that is final, if one is."""
    charge_id: ChargeId
    credit_id: ChargeId
    now: datetime


def settled(file: File, outcome: Outcome, session: Session, *, time_zone: str) -> Step:
    """What follows from what a session comes to."""
    final, pending = final_of(file.charges), open_of(file.charges)
    charge = _priced(outcome, session, file, time_zone=time_zone)
    if final is not None and _same(final, charge):
        # It is right as it was: what was meant to take its place goes.
        gone = () if pending is None else ((replace(pending, state=ChargeState.VOID), None),)
        return Step(written=gone)
    if pending is None:
        following = _next(file, charge, final)
        if following is None:
            return NOTHING
        charge = following
    else:
        charge = replace(
            charge, id=pending.id, revision=pending.revision, created_at=pending.created_at, note=pending.note
        )
        if "taken_back_before" in pending.reasons:
            charge = _for_review(charge, "taken_back_before")
    if final is not None and final.reduced_by:
        # A person gave something of it back, and has to say what becomes of that.
        charge = _for_review(charge, "refunded_before")
    if pending is not None and _same(pending, charge) and _as_before(pending, charge):
        return NOTHING
    details = ChargeDetails(
        rated=outcome.rated, bill=outcome.bill, decision=outcome.decision, entity_id=outcome.entity_id
    )
    if charge.state is ChargeState.FINAL:
        return _finalised(file, charge, details, final)
    news = pending is None or not _as_before(pending, charge)
    in_review = (charge,) if news and charge.state is ChargeState.REVIEW else ()
    return Step(written=((charge, details),), in_review=in_review)


def released(file: File, charge: Charge, *, by: str, note: str, payer: Payer) -> Step:
    """A charge that a person lets through, with whom they say that pays it."""
    return _finalised(
        file, replace(charge, released_by=by, note=note, payer=payer), None, final_of(file.charges)
    )


def voided(charge: Charge, *, by: str, note: str) -> Step:
    """A charge that never becomes final: a person says that nothing is owed."""
    gone = replace(charge, state=ChargeState.VOID, released_by=by, note=note, paid=PaidState.NOTHING)
    return Step(written=((gone, None),))


def credited(file: File, charge: Charge, *, by: str, note: str) -> Step:
    """A final charge taken back, with nothing in its place."""
    gone = replace(charge, state=ChargeState.CREDITED)
    credit, its = _credit(file, charge)
    credit = replace(credit, released_by=by, note=note)
    return Step(written=((gone, None), (credit, its)), final=(credit,))


def reduced(file: File, charge: Charge, amount: int, *, by: str, note: str) -> Step:
    """A final charge of which a person gives so much back (gross): a credit, and a charge that is less."""
    assert file.final_details is not None, "A final charge has its details."
    bill = reduced_bill(file.final_details.bill, amount)
    less = replace(
        charge,
        id=file.charge_id,
        revision=_last(file).revision + 1,
        net=bill.net,
        tax=bill.tax,
        gross=bill.gross,
        reduced_by=charge.reduced_by + amount,
        document_id=None,
        created_at=file.now,
        released_by=by,
        note=note,
    )
    return _finalised(file, less, replace(file.final_details, bill=bill), charge)


def reduced_bill(bill: Bill, amount: int) -> Bill:
    """A bill less so much of its gross sum, taken off every head of tax as it has part in it.

    Raises ValueError for more than there is.
    """
    if not 0 < amount <= bill.gross:
        raise ValueError("Between nothing and all of a bill can be given back.")
    # Lines by their tax, so that each part of the discount is taxed as what it takes off.
    nets: dict[tuple[Decimal, str], int] = {}
    for line in bill.lines:
        key = (line.tax_percent, line.category)
        nets[key] = nets.get(key, 0) + line.net
    keys = [key for key, net in nets.items() if net > 0]
    weights = [Fraction(nets[key]) * (100 + Fraction(key[0])) for key in keys]
    parts = shared_out(amount, weights)
    off_net, lines, taxes = 0, list(bill.lines), list(bill.taxes)
    for (percent, category), part in zip(keys, parts, strict=True):
        net = min(rounded(Fraction(part * 100) / (100 + Fraction(percent))), nets[percent, category])
        off_net += net
        taxes = _less_tax(taxes, percent, category, net, part - net)
        if net:
            lines.append(
                BillLine(
                    kind=LineKind.DISCOUNT,
                    quantity=Decimal(1),
                    unit="pcs",
                    unit_price=-from_minor(net, bill.currency),
                    net=-net,
                    tax_percent=percent,
                    category=category,
                    note="refund",
                )
            )
    off_tax = amount - off_net
    return replace(
        bill,
        lines=tuple(lines),
        taxes=tuple(taxes),
        net=bill.net - off_net,
        tax=bill.tax - off_tax,
        gross=bill.gross - amount,
    )


def _less_tax(taxes: list[TaxPart], percent: Decimal, category: str, net: int, tax: int) -> list[TaxPart]:
    """The heads of tax with so much less tax, and so much less that it is taken of."""
    mine = [each for each in taxes if each.category == category and each.percent == percent]
    # Several heads on one line (CGST and SGST): each by what it is.
    if not mine and tax:
        mine = [each for each in taxes if each.category == category] or taxes
    shares = shared_out(tax, [max(each.amount, 0) for each in mine]) if mine else []
    off = dict(zip(map(id, mine), shares, strict=True))
    return [
        replace(each, amount=each.amount - off[id(each)], base=each.base - net) if id(each) in off else each
        for each in taxes
    ]


def final_of(charges: Sequence[Charge]) -> Charge | None:
    """The charge that counts."""
    return next(
        (each for each in charges if each.kind is ChargeKind.CHARGE and each.state is ChargeState.FINAL),
        None,
    )


def open_of(charges: Sequence[Charge]) -> Charge | None:
    """The charge that is not final yet."""
    waiting = (ChargeState.PENDING, ChargeState.WAITING_SPOT, ChargeState.REVIEW)
    return next((each for each in charges if each.kind is ChargeKind.CHARGE and each.state in waiting), None)


def paid_state(payer: Payer, gross: int) -> PaidState:
    """How a charge that has just become final stands."""
    if not gross or payer.kind in (PayerKind.FREE, PayerKind.HOST, PayerKind.NOBODY):
        return PaidState.NOTHING
    if payer.kind in (PayerKind.ACCOUNT_INVOICE, PayerKind.ROAMING):
        return PaidState.INVOICED
    return PaidState.OPEN


def _next(file: File, charge: Charge, final: Charge | None) -> Charge | None:
    """The charge as the session's next; None when a person has decided about the very same already."""
    mine = [each for each in file.charges if each.kind is ChargeKind.CHARGE]
    if not mine:
        return charge
    last = _last(file)
    if final is None:
        # A person took it back, or let it go: no machine charges for it again.
        if _same(last, charge):
            return None
        charge = _for_review(charge, "taken_back_before")
    return replace(charge, revision=last.revision + 1)


def _for_review(charge: Charge, reason: str) -> Charge:
    if charge.state is ChargeState.WAITING_SPOT:
        return charge
    reasons = charge.reasons if charge.state is ChargeState.REVIEW else ()
    return replace(charge, state=ChargeState.REVIEW, reasons=tuple(dict.fromkeys((*reasons, reason))))


def _priced(outcome: Outcome, session: Session, file: File, *, time_zone: str) -> Charge:
    state = ChargeState.FINAL
    if outcome.rated.waits_for:
        state = ChargeState.WAITING_SPOT
    elif outcome.reasons:
        state = ChargeState.REVIEW
    bill = outcome.bill
    return Charge(
        id=file.charge_id,
        tenant_id=session.tenant_id,
        session_id=session.id,
        session_number=session.number,
        purpose=outcome.purpose,
        state=state,
        reasons=outcome.reasons if state is ChargeState.REVIEW else outcome.rated.waits_for[:10],
        payer=outcome.payer,
        currency=bill.currency,
        net=bill.net,
        tax=bill.tax,
        gross=bill.gross,
        jurisdiction=outcome.jurisdiction,
        energy_wh=session.energy_wh,
        version_id=outcome.version_id,
        rule_id=outcome.rule_id,
        account_id=session.account_id,
        token_id=session.token_id,
        location_id=session.location_id,
        station_id=session.station_id,
        evse=session.evse,
        started_at=session.started_at,
        ended_at=session.ended_at or session.started_at,
        time_zone=time_zone,
        created_at=file.now,
    )


def _finalised(file: File, charge: Charge, details: ChargeDetails | None, before: Charge | None) -> Step:
    charge = replace(
        charge,
        state=ChargeState.FINAL,
        reasons=(),
        finalised_at=file.now,
        paid=paid_state(charge.payer, charge.gross),
    )
    if before is None:
        return Step(written=((charge, details),), final=(charge,))
    credit, its = _credit(file, before)
    gone = replace(before, state=ChargeState.CREDITED)
    return Step(written=((gone, None), (credit, its), (charge, details)), final=(credit, charge))


def _last(file: File) -> Charge:
    return max((each for each in file.charges if each.kind is ChargeKind.CHARGE), key=_revision)


def _revision(charge: Charge) -> int:
    return charge.revision


def _as_before(one: Charge, other: Charge) -> bool:
    return (one.state, one.reasons) == (other.state, other.reasons)


def _same(one: Charge, other: Charge) -> bool:
    """Whether both are the same to whoever pays, but for what a person took off."""

    def told(charge: Charge) -> tuple[object, ...]:
        return (
            charge.currency,
            charge.gross + charge.reduced_by,
            None if one.reduced_by or other.reduced_by else (charge.net, charge.tax),
            charge.energy_wh,
            charge.started_at,
            charge.ended_at,
            charge.account_id,
            charge.version_id,
        )

    return told(one) == told(other)


def _credit(file: File, charge: Charge) -> tuple[Charge, ChargeDetails]:
    """The charge with its signs turned; together both come to nothing, head of tax by head of tax."""
    assert file.final_details is not None, "A final charge has its details."
    others = (each.revision for each in file.charges if each.kind is ChargeKind.CREDIT)
    credit = replace(
        charge,
        id=file.credit_id,
        kind=ChargeKind.CREDIT,
        revision=max(others, default=0) + 1,
        state=ChargeState.FINAL,
        net=-charge.net,
        tax=-charge.tax,
        gross=-charge.gross,
        collected=0,
        reduced_by=0,
        credits=charge.id,
        document_id=None,
        created_at=file.now,
        finalised_at=file.now,
        paid=PaidState.INVOICED if charge.paid is PaidState.INVOICED else PaidState.NOTHING,
        released_by="",
        note="",
    )
    details = file.final_details
    return credit, replace(details, bill=bills.credited(details.bill))
