"""Stripe's words, and ours for them: what is sent, and what an answer means. Pure."""

from datetime import UTC, datetime
from typing import Any

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
from currant.billing.payments.port import (
    AskToPay,
    BalanceKind,
    BalanceLine,
    Declined,
    Misconfigured,
    News,
    NewsAbout,
    Unavailable,
    Unsupported,
)
from currant.billing.payments.wire import Json

PAYMENT_KEY, OPERATION_KEY, METHOD_KEY = "currant_payment", "currant_operation", "currant_method"
LIST_MAX = 100

Fields = list[tuple[str, str]]


STATES = {
    "requires_payment_method": PaymentState.NEEDS_ACTION,
    "requires_confirmation": PaymentState.NEEDS_ACTION,
    "requires_action": PaymentState.NEEDS_ACTION,
    "processing": PaymentState.CREATED,
    "requires_capture": PaymentState.AUTHORISED,
    "succeeded": PaymentState.CAPTURED,
    "canceled": PaymentState.VOIDED,
}
REFUNDS = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
DISPUTES = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.INQUIRY,
    "needs_response": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "won": DisputeState.WON,
    "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}
BALANCE = {
    "charge": BalanceKind.CHARGE,
    "payment": BalanceKind.CHARGE,
    "refund": BalanceKind.REFUND,
    "payment_refund": BalanceKind.REFUND,
    "refund_failure": BalanceKind.REFUND,
    "payment_failure_refund": BalanceKind.REFUND,
    "adjustment": BalanceKind.DISPUTE,
    "stripe_fee": BalanceKind.FEE,
    "application_fee": BalanceKind.FEE,
    "payout": BalanceKind.PAYOUT,
    "payout_cancel": BalanceKind.PAYOUT,
    "payout_failure": BalanceKind.PAYOUT,
}


EXPANDED = [("expand[]", "latest_charge")]


def intent_fields(wanted: AskToPay) -> Fields:
    fields: Fields = [
        ("amount", str(wanted.amount)),
        ("currency", wanted.currency.lower()),
        ("capture_method", "automatic" if wanted.takes_at_once else "manual"),
        (f"metadata[{PAYMENT_KEY}]", wanted.payment_id),
        *EXPANDED,
    ]
    if wanted.description:
        fields.append(("description", wanted.description))
    if not wanted.takes_at_once and wanted.pay_with is not PayWith.TERMINAL:
        option = "payment_method_options[card][request_incremental_authorization]"
        fields.append((option, "if_available"))
    return fields


def page_fields(wanted: AskToPay) -> Fields:
    fields: Fields = [
        ("mode", "payment"),
        ("success_url", wanted.return_url),
        ("cancel_url", wanted.return_url),
        ("client_reference_id", wanted.payment_id),
        (f"metadata[{PAYMENT_KEY}]", wanted.payment_id),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", wanted.currency.lower()),
        ("line_items[0][price_data][unit_amount]", str(wanted.amount)),
        ("line_items[0][price_data][product_data][name]", wanted.description or "Charging"),
        ("payment_intent_data[capture_method]", "automatic" if wanted.takes_at_once else "manual"),
        (f"payment_intent_data[metadata][{PAYMENT_KEY}]", wanted.payment_id),
    ]
    if wanted.pay_with is PayWith.CARD:
        fields.append(("payment_method_types[]", "card"))
    if not wanted.takes_at_once:
        option = "payment_method_options[card][request_incremental_authorization]"
        fields.append((option, "if_available"))
    if wanted.store_method:
        fields.append(("payment_intent_data[setup_future_usage]", "off_session"))
        fields.append(("customer_creation", "always"))
    return fields


def checked(status: int, value: Json) -> Json:
    if 200 <= status < 300:
        return value
    error: Json = value.get("error") or {}
    kind, code = str(error.get("type") or ""), str(error.get("decline_code") or error.get("code") or "")
    text = str(error.get("message") or f"Stripe answered with status {status}.")
    if kind == "card_error" or status == 402:
        raise Declined(text, code=code or "card_declined")
    if kind == "idempotency_error":
        raise Declined(text, code="key_reused")
    if code in ("incremental_authorization_not_supported", "payment_intent_incompatible_payment_method"):
        raise Unsupported(text, code=code)
    if code in ("api_key_expired", "platform_api_key_expired", "account_invalid", "secret_key_required"):
        raise Misconfigured(text, code=code)
    if code == "lock_timeout":
        raise Unavailable(text, code=code)
    raise Declined(text, code=code or "refused")


def news(event_id: str, kind: str, thing: Json) -> News:
    metadata = thing.get("metadata") or {}
    own = str(thing.get("id") or "")
    if kind.startswith("setup_intent."):
        return News(event_id=event_id, kind=kind, about=NewsAbout.METHOD, reference=own)
    if kind.startswith("checkout.session.") and thing.get("mode") == "setup":
        setup = str(thing.get("setup_intent") or own)
        return News(event_id=event_id, kind=kind, about=NewsAbout.METHOD, reference=setup)
    reference = ""
    if kind.startswith(("payment_intent.", "checkout.session.")):
        reference = own
    elif kind.startswith(("charge.", "refund.")):
        # Refunds, disputes and charges name the payment that they belong to.
        reference = str(thing.get("payment_intent") or "")
    return News(
        event_id=event_id,
        kind=kind,
        about=NewsAbout.PAYMENT if reference else NewsAbout.NOTHING,
        reference=reference,
        payment_id=str(metadata.get(PAYMENT_KEY, "")),
    )


def rows(found: Json) -> list[Json]:
    data = found.get("data")
    return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []


def charge_of(intent: Json) -> Json:
    charge = intent.get("latest_charge")
    if isinstance(charge, dict):
        return charge
    # As versions before 2022-11-15 say it.
    data = rows(intent.get("charges") or {})
    return data[-1] if data else {}


def card_of(charge: Json) -> Json:
    details = charge.get("payment_method_details") or {}
    card: Json = details.get("card") or details.get("card_present") or {}
    return card


def captured(intent: Json, charge: Json) -> int:
    for value in (intent.get("amount_received"), charge.get("amount_captured")):
        if isinstance(value, int) and value > 0:
            return value
    return 0


def refund(found: Json) -> Refund:
    return Refund(
        reference=str(found["id"]),
        amount=int(found["amount"]),
        state=REFUNDS.get(str(found.get("status")), RefundState.PENDING),
        operation=str((found.get("metadata") or {}).get(OPERATION_KEY, "")),
        reason=str(found.get("failure_reason") or ""),
    )


def dispute(found: Json) -> Dispute:
    return Dispute(
        reference=str(found["id"]),
        amount=int(found["amount"]),
        state=DISPUTES.get(str(found.get("status")), DisputeState.OPEN),
        reason=str(found.get("reason") or ""),
    )


def line(found: Json) -> BalanceLine:
    source: Any = found.get("source")
    of = source if isinstance(source, dict) else {}
    available = found.get("available_on")
    kind = BALANCE.get(str(found.get("type")), BalanceKind.ADJUSTMENT)
    return BalanceLine(
        id=str(found["id"]),
        kind=kind,
        currency=str(found["currency"]).upper(),
        gross=int(found["amount"]),
        fee=int(found.get("fee") or 0),
        net=int(found["net"]),
        at=time(int(found["created"])),
        reference=str(of.get("id") or source or ""),
        payment_reference=str(of.get("payment_intent") or ""),
        available_at=time(available) if isinstance(available, int) else None,
    )


def page_action(page: Json) -> NextAction:
    until = page.get("expires_at")
    url = str(page.get("url") or "")
    return NextAction(
        kind=ActionKind.REDIRECT,
        url=url,
        page_url=url,
        expires_at=time(until) if isinstance(until, int) else None,
    )


def label(card: Json) -> str:
    last4 = card.get("last4")
    return f"{str(card.get('brand') or 'card').title()} •••• {last4}" if last4 else ""


def time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
