"""The sandbox's bank: what test cards and test addresses do, and how its payments move. Pure.

It is a payment service provider of our own to build, test and show with: no money moves, and only numbers
from this table are cards. It does what real ones do: it declines, asks for a confirmation, lets holds
lapse, takes fees, has refunds fail and payments called back.
"""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from currant.billing.payments.model import (
    ActionKind,
    Dispute,
    DisputeState,
    NextAction,
    PaymentState,
    PayWith,
    Refund,
    RefundState,
)
from currant.billing.payments.port import AskToPay, Declined, Standing
from currant.kit.money import from_minor

S = PaymentState
HOLD_LASTS = timedelta(days=7)
INCREMENTS_MAX = 10
UPI = (PayWith.UPI_COLLECT, PayWith.UPI_INTENT, PayWith.UPI_QR)
ANSWERS_BY_ITSELF_AFTER = timedelta(seconds=3)
"""How long an UPI app at a test address takes to answer a request."""
LATE_BY = timedelta(hours=1)


class TestCard(msgspec.Struct, frozen=True, kw_only=True):
    """A number that the sandbox takes for a card, and what comes of it."""

    __test__ = False

    number: str
    brand: str
    does: str
    declines: str = ""
    """The failure, when it is declined."""
    confirms: bool = False
    """Whether the bank asks its holder (3-D Secure)."""
    declines_stored: str = ""
    """The failure, when it is charged without its holder being there."""
    disputes: bool = False
    refunds_fail: bool = False

    @property
    def label(self) -> str:
        return f"{self.brand} •••• {self.number[-4:]}"


CARDS = {
    card.number: card
    for card in (
        TestCard(number="4242424242424242", brand="Visa", does="Pays"),
        TestCard(number="5555555555554444", brand="Mastercard", does="Pays"),
        TestCard(number="4000002500003155", brand="Visa", does="Asks for confirmation", confirms=True),
        TestCard(number="4000000000000002", brand="Visa", does="Is declined", declines="card_declined"),
        TestCard(
            number="4000000000009995",
            brand="Visa",
            does="Has not enough money",
            declines="insufficient_funds",
        ),
        TestCard(number="4000000000000069", brand="Visa", does="Has expired", declines="expired_card"),
        TestCard(
            number="4000000000000341",
            brand="Visa",
            does="Can be stored, and is declined later",
            declines_stored="card_declined",
        ),
        TestCard(number="4000000000000259", brand="Visa", does="Pays, and calls it back", disputes=True),
        TestCard(
            number="4000000000005126", brand="Visa", does="Pays, and takes no refund", refunds_fail=True
        ),
    )
}
UPI_SUCCESS, UPI_FAILURE, UPI_LATE = "success@upi", "failure@upi", "late@upi"
FAILURES = {
    "card_declined": "The card was declined.",
    "insufficient_funds": "There is not enough money on the card.",
    "expired_card": "The card has expired.",
    "authentication_failed": "The confirmation at the bank failed.",
    "payer_declined": "The payer turned the request down.",
    "hold_lapsed": "The hold has lapsed.",
}


class SandboxPayment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payment as the sandbox keeps it."""

    reference: str
    payment_id: str
    amount: int
    currency: str
    hold: bool
    pay_with: PayWith
    state: PaymentState = S.NEEDS_ACTION
    authorised: int = 0
    captured: int = 0
    increments: int = 0
    refunds: tuple[Refund, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    card: str = ""
    """The test number."""
    upi_address: str = ""
    failure: str = ""
    challenged: bool = False
    """The bank asks the holder of the card."""
    description: str = ""
    return_url: str = ""
    owner: str = ""
    store_method: bool = False
    method_reference: str = ""
    created_at: datetime
    pay_until: datetime | None = None
    hold_until: datetime | None = None
    moves_at: datetime | None = None
    """When something happens by itself."""


def begun(wanted: AskToPay, reference: str, *, card: str, now: datetime) -> SandboxPayment:
    """A new payment. `card` is the test number of a stored method, charged at once. Raises Declined."""
    payment = SandboxPayment(
        reference=reference,
        payment_id=wanted.payment_id,
        amount=wanted.amount,
        currency=wanted.currency,
        hold=not wanted.takes_at_once,
        pay_with=wanted.pay_with,
        description=wanted.description,
        return_url=wanted.return_url,
        owner=f"{wanted.owner.kind.value}:{wanted.owner.id}",
        store_method=wanted.store_method,
        upi_address=wanted.upi_address,
        created_at=now,
        pay_until=wanted.pay_until,
    )
    if card:
        failure = CARDS[card].declines or CARDS[card].declines_stored
        if failure:
            raise Declined(FAILURES[failure], code=failure)
        return paid(replace(payment, card=card), now=now)
    if wanted.pay_with is PayWith.UPI_COLLECT and wanted.upi_address in (UPI_SUCCESS, UPI_FAILURE):
        return replace(payment, moves_at=now + ANSWERS_BY_ITSELF_AFTER)
    if wanted.pay_with is PayWith.UPI_COLLECT and wanted.upi_address == UPI_LATE:
        return replace(payment, moves_at=(wanted.pay_until or now) + LATE_BY)
    return payment


def presented(payment: SandboxPayment, number: str, *, now: datetime) -> SandboxPayment:
    """A payer enters a test number on the sandbox's page. Raises Declined for a number that is none."""
    _must_wait(payment)
    card = CARDS.get("".join(number.split()))
    if card is None:
        raise Declined(
            "This is none of the test numbers: real cards are never taken here.", code="unknown_card"
        )
    tried = replace(payment, card=card.number, challenged=False, failure="")
    if card.declines:
        # The payer may try another one.
        return replace(tried, failure=card.declines, card="")
    if card.confirms:
        return replace(tried, challenged=True)
    return paid(tried, now=now)


def confirmed(payment: SandboxPayment, *, yes: bool, now: datetime) -> SandboxPayment:
    """The holder answers their bank (3-D Secure), or the payer answers in their UPI app."""
    _must_wait(payment)
    if payment.pay_with in UPI:
        return paid(payment, now=now) if yes else replace(payment, state=S.FAILED, failure="payer_declined")
    if not payment.challenged:
        raise Declined("Nobody was asked anything.", code="nothing_asked")
    if not yes:
        return replace(payment, challenged=False, card="", failure="authentication_failed")
    return paid(replace(payment, challenged=False), now=now)


def paid(payment: SandboxPayment, *, now: datetime) -> SandboxPayment:
    """The payer has agreed: the money is held, or taken."""
    after = replace(payment, authorised=payment.amount, failure="", moves_at=None)
    if payment.hold:
        until = now + HOLD_LASTS
        return replace(after, state=S.AUTHORISED, hold_until=until, moves_at=until)
    return _taken(after, payment.amount, now=now)


def incremented(payment: SandboxPayment, to: int) -> SandboxPayment:
    if payment.state is not S.AUTHORISED:
        raise Declined(f"This payment is {payment.state.value}.", code="not_held")
    if payment.increments >= INCREMENTS_MAX:
        raise Declined("A hold is raised at most ten times.", code="too_many_increments")
    return replace(payment, authorised=max(payment.authorised, to), increments=payment.increments + 1)


def captured(payment: SandboxPayment, amount: int, *, now: datetime) -> SandboxPayment:
    if payment.state is not S.AUTHORISED:
        raise Declined(f"This payment is {payment.state.value}.", code="not_held")
    if not 0 < amount <= payment.authorised:
        raise Declined("More than is held cannot be captured.", code="amount_too_large")
    return _taken(payment, amount, now=now)


def voided(payment: SandboxPayment) -> SandboxPayment:
    if payment.state in (S.VOIDED, S.EXPIRED, S.FAILED):
        return payment
    if payment.state not in (S.AUTHORISED, S.NEEDS_ACTION):
        raise Declined(f"This payment is {payment.state.value}.", code="not_held")
    late = payment.upi_address == UPI_LATE
    # An UPI app that was asked may still say yes: that is what makes late payments.
    return replace(payment, state=S.VOIDED, hold_until=None, moves_at=payment.moves_at if late else None)


def refunded(
    payment: SandboxPayment, amount: int, *, reference: str, operation: str, now: datetime
) -> SandboxPayment:
    back = sum(each.amount for each in payment.refunds if each.state is not RefundState.FAILED)
    if amount <= 0 or back + amount > payment.captured:
        raise Declined("More than was captured cannot be given back.", code="amount_too_large")
    card = CARDS.get(payment.card)
    waits = card is not None and card.refunds_fail
    refund = Refund(
        reference=reference,
        amount=amount,
        state=RefundState.PENDING if waits else RefundState.SUCCEEDED,
        operation=operation,
    )
    return replace(
        payment,
        refunds=(*payment.refunds, refund),
        moves_at=now + ANSWERS_BY_ITSELF_AFTER if waits else payment.moves_at,
    )


def moved(payment: SandboxPayment, *, now: datetime) -> SandboxPayment:
    """What has happened by itself until now; the payment as it is when nothing has."""
    if payment.moves_at is None or now < payment.moves_at:
        return payment
    rests = replace(payment, moves_at=None)
    if payment.state is S.AUTHORISED:
        return replace(rests, state=S.EXPIRED, failure="hold_lapsed", hold_until=None)
    if payment.state in (S.NEEDS_ACTION, S.VOIDED):
        if payment.upi_address == UPI_FAILURE:
            return replace(rests, state=S.FAILED, failure="payer_declined")
        return paid(rests, now=now)
    card = CARDS.get(payment.card)
    if card is not None and card.refunds_fail:
        failed = tuple(
            replace(each, state=RefundState.FAILED) if each.state is RefundState.PENDING else each
            for each in payment.refunds
        )
        return replace(rests, refunds=failed)
    if card is not None and card.disputes and not payment.disputes:
        dispute = Dispute(
            reference=f"dp_{payment.reference}",
            amount=payment.captured,
            state=DisputeState.OPEN,
            reason="fraudulent",
        )
        return replace(rests, disputes=(dispute,))
    return rests


def decided(payment: SandboxPayment, *, won: bool) -> SandboxPayment:
    """The bank decides a dispute."""
    state = DisputeState.WON if won else DisputeState.LOST
    return replace(
        payment,
        disputes=tuple(
            replace(each, state=state) if each.state is DisputeState.OPEN else each
            for each in payment.disputes
        ),
    )


def standing_of(payment: SandboxPayment, *, page_url: str) -> Standing:
    """What the sandbox says of a payment."""
    card = CARDS.get(payment.card)
    shown = card.label if card is not None else payment.upi_address
    return Standing(
        reference=payment.reference,
        state=payment.state,
        currency=payment.currency,
        authorised=payment.authorised,
        captured=payment.captured,
        refunds=payment.refunds,
        disputes=payment.disputes,
        next_action=_next(payment, page_url) if payment.state is S.NEEDS_ACTION else None,
        failure=payment.failure,
        failure_text=FAILURES.get(payment.failure, ""),
        hold_until=payment.hold_until,
        method_label=shown if payment.authorised else "",
        method_reference=payment.method_reference,
        payment_id=payment.payment_id,
    )


def fee_of(payment: SandboxPayment, amount: int) -> int:
    """1.4 % and 25 minor units for cards, nothing for UPI."""
    return 0 if payment.pay_with in UPI else (amount * 14 + 500) // 1000 + 25


def upi_link(payment: SandboxPayment) -> str:
    """The link that UPI apps open (NPCI's linking specification)."""
    amount = from_minor(payment.amount, payment.currency)
    return f"upi://pay?pa=sandbox@upi&pn=Sandbox&tr={payment.reference}&am={amount}&cu={payment.currency}"


def _next(payment: SandboxPayment, page_url: str) -> NextAction:
    if payment.pay_with is PayWith.UPI_COLLECT:
        kind, url = ActionKind.WAIT, ""
    elif payment.pay_with in UPI:
        kind, url = ActionKind.UPI_LINK, upi_link(payment)
    elif payment.pay_with is PayWith.TERMINAL:
        kind, url = ActionKind.TERMINAL, ""
    else:
        kind, url = ActionKind.REDIRECT, page_url
    return NextAction(kind=kind, url=url, page_url=page_url, expires_at=payment.pay_until)


def _taken(payment: SandboxPayment, amount: int, *, now: datetime) -> SandboxPayment:
    card = CARDS.get(payment.card)
    called_back = card is not None and card.disputes
    return replace(
        payment,
        state=S.CAPTURED,
        captured=amount,
        hold_until=None,
        moves_at=now + ANSWERS_BY_ITSELF_AFTER if called_back else None,
    )


def _must_wait(payment: SandboxPayment) -> None:
    if payment.state is not S.NEEDS_ACTION:
        raise Declined(f"This payment is {payment.state.value}.", code="not_waiting")
