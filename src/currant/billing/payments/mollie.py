"""Mollie: cards held and captured, iDEAL, Bancontact and others taken at once, cards kept as mandates.

Its messages are unsigned and say nothing but an id: they come to a long random address, and what has
changed is asked of Mollie. It knows idempotency keys for an hour.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qs

from currant.billing.payments.model import (
    ActionKind,
    Dispute,
    DisputeState,
    NextAction,
    PaymentOwner,
    PaymentState,
    PayWith,
    Refund,
    RefundState,
)
from currant.billing.payments.port import (
    Ability,
    AskToPay,
    AskToStore,
    BalanceKind,
    BalanceLine,
    BalancePage,
    Declined,
    MethodStanding,
    News,
    NewsAbout,
    NotGenuine,
    Standing,
    Unsupported,
)
from currant.billing.payments.providers import ProviderAccount, ProviderField, ProviderKind
from currant.billing.payments.wire import Json, Wire
from currant.kit.http import Outbound
from currant.kit.ids import PaymentId, new_id
from currant.kit.money import Money, from_minor, to_minor

NAME = "mollie"
BASE = "https://api.mollie.com"
ABILITIES = frozenset({Ability.HOLD, Ability.STORED, Ability.REFUND, Ability.BALANCE})
EMBEDDED = [("embed", "captures,refunds,chargebacks")]
NOTE, OPERATION_NOTE, METHOD_NOTE = "currant_payment", "currant_operation", "currant_method"
LIST_MAX = 250

STATES = {
    "open": PaymentState.NEEDS_ACTION,
    "pending": PaymentState.CREATED,
    "authorized": PaymentState.AUTHORISED,
    "paid": PaymentState.CAPTURED,
    "canceled": PaymentState.VOIDED,
    "expired": PaymentState.EXPIRED,
    "failed": PaymentState.FAILED,
}
REFUNDS = {
    "queued": RefundState.PENDING,
    "pending": RefundState.PENDING,
    "processing": RefundState.PENDING,
    "refunded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
BALANCE = {
    "payment": BalanceKind.CHARGE,
    "capture": BalanceKind.CHARGE,
    "refund": BalanceKind.REFUND,
    "failed-payment": BalanceKind.CHARGE,
    "returned-refund": BalanceKind.REFUND,
    "chargeback": BalanceKind.DISPUTE,
    "chargeback-reversal": BalanceKind.DISPUTE,
    "outgoing-transfer": BalanceKind.PAYOUT,
    "failed-outgoing-transfer": BalanceKind.PAYOUT,
    "invoice-compensation": BalanceKind.FEE,
}


def mollie(outbound: Outbound, *, base: str = BASE) -> ProviderKind:
    """The provider, as it is offered to organisations."""
    return ProviderKind(
        name=NAME,
        title="Mollie",
        fields=(ProviderField(name="api_key", title="API key (live_… or test_…)", secret=True),),
        abilities=ABILITIES,
        pay_with=frozenset({PayWith.ANY, PayWith.CARD}),
        make=lambda account: Mollie(outbound, account, base=base),
    )


class Mollie:
    """One organisation's account with Mollie."""

    name = NAME
    abilities = ABILITIES
    keys_last = timedelta(minutes=50)

    def __init__(self, outbound: Outbound, account: ProviderAccount, *, base: str = BASE) -> None:
        headers = {"Authorization": f"Bearer {account.secrets['api_key']}"}
        self._wire = Wire(outbound, base, headers, name="Mollie")
        self._account = account

    async def authorise(self, wanted: AskToPay, *, key: str) -> Standing:
        body: Json = {
            "amount": _amount(wanted.money),
            "description": wanted.description or "Charging",
            "metadata": {NOTE: wanted.payment_id},
            "captureMode": "automatic" if wanted.takes_at_once else "manual",
        }
        if wanted.pay_with is PayWith.CARD or not wanted.takes_at_once:
            # Nothing else that Mollie offers can be held and captured in part.
            body["method"] = "creditcard"
        if wanted.method_reference:
            customer, _, mandate = wanted.method_reference.partition("/")
            body |= {"sequenceType": "recurring", "customerId": customer, "mandateId": mandate}
        elif not wanted.return_url:
            raise Declined("Mollie sends payers back to an address: give one.", code="no_return_url")
        else:
            body["redirectUrl"] = wanted.return_url
            if wanted.store_method:
                customer = await self._customer(wanted.owner, key)
                body |= {"sequenceType": "first", "customerId": customer, "method": "creditcard"}
        if self._account.hook_url:
            body["webhookUrl"] = self._account.hook_url
        return _standing(await self._post("/v2/payments", body, key))

    async def increment(self, reference: str, to: Money, *, key: str) -> Standing:
        raise Unsupported("Mollie raises no holds.", code="no_increments")

    async def capture(self, reference: str, amount: Money, *, key: str) -> Standing:
        await self._post(f"/v2/payments/{reference}/captures", {"amount": _amount(amount)}, key)
        standing = await self.fetch(reference)
        held = standing.state is PaymentState.AUTHORISED
        if held and standing.authorised > amount.minor_units:
            # One capture is all that comes: what is left is set free rather than kept until it lapses.
            await self._post(f"/v2/payments/{reference}/release-authorization", None, f"{key}-rest")
            standing = await self.fetch(reference)
        return standing

    async def void(self, reference: str, *, key: str) -> Standing:
        standing = await self.fetch(reference)
        if standing.state is PaymentState.AUTHORISED:
            await self._post(f"/v2/payments/{reference}/release-authorization", None, key)
        elif standing.state is PaymentState.NEEDS_ACTION:
            status, value = await self._wire.send_json(
                "DELETE", f"/v2/payments/{reference}", None, {"Idempotency-Key": key}, repeats=True
            )
            _checked(status, value)
        return await self.fetch(reference)

    async def refund(self, reference: str, amount: Money, *, key: str) -> Standing:
        body = {"amount": _amount(amount), "metadata": {OPERATION_NOTE: key}}
        await self._post(f"/v2/payments/{reference}/refunds", body, key)
        return await self.fetch(reference)

    async def fetch(self, reference: str) -> Standing:
        return _standing(await self._get(f"/v2/payments/{reference}", EMBEDDED))

    async def find(self, payment_id: PaymentId) -> Standing | None:
        # Payments cannot be searched there: the latest are looked through.
        found = await self._get("/v2/payments", [("limit", str(LIST_MAX))])
        for each in _embedded(found, "payments"):
            if _note(each, NOTE) == payment_id:
                return await self.fetch(str(each["id"]))
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> News:
        try:
            reference = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=5)["id"][0]
        except (UnicodeDecodeError, ValueError, KeyError):
            raise NotGenuine("It is no message of Mollie's.", code="not_understood") from None
        if not reference.startswith("tr_") or not reference[3:].isalnum() or len(reference) > 40:
            return News(event_id=new_id(), kind="other", about=NewsAbout.NOTHING)
        # Every message of a payment looks the same, so that none can be told from its repetition. All are
        # followed, and asking again changes nothing.
        return News(event_id=new_id(), kind="payment", about=NewsAbout.PAYMENT, reference=reference)

    async def list_balance_transactions(self, *, since: datetime, cursor: str = "") -> BalancePage:
        query = [("limit", str(LIST_MAX))]
        if cursor:
            query.append(("from", cursor))
        found = await self._get("/v2/balances/primary/transactions", query)
        rows = _embedded(found, "balance_transactions")
        lines = tuple(line for line in map(_line, rows) if line.at >= since)
        older = len(lines) < len(rows)  # the latest come first
        following = ((found.get("_links") or {}).get("next") or {}).get("href")
        if older or not following:
            return BalancePage(lines=lines)
        return BalancePage(lines=lines, next_cursor=parse_qs(str(following).partition("?")[2])["from"][0])

    async def start_setup(self, wanted: AskToStore, *, key: str) -> MethodStanding:
        if not wanted.return_url:
            raise Declined("Mollie sends payers back to an address: give one.", code="no_return_url")
        customer = wanted.customer_reference or await self._customer(wanted.owner, key)
        body: Json = {
            "amount": {"currency": "EUR", "value": "0.00"},
            "description": "Card on file",
            "method": "creditcard",
            "sequenceType": "first",
            "customerId": customer,
            "redirectUrl": wanted.return_url,
            "metadata": {METHOD_NOTE: wanted.method_id},
        }
        if self._account.hook_url:
            body["webhookUrl"] = self._account.hook_url
        return await self._setup(await self._post("/v2/payments", body, key))

    async def fetch_setup(self, setup_reference: str) -> MethodStanding:
        return await self._setup(await self._get(f"/v2/payments/{setup_reference}"))

    async def forget_method(self, reference: str) -> None:
        customer, _, mandate = reference.partition("/")
        status, value = await self._wire.send_json(
            "DELETE", f"/v2/customers/{customer}/mandates/{mandate}", None, {}, repeats=True
        )
        if status != 404:
            _checked(status, value)

    async def _customer(self, owner: PaymentOwner, key: str) -> str:
        whose = {"name": owner.id, "metadata": {owner.kind.value: owner.id}}
        return str((await self._post("/v2/customers", whose, f"{key}-customer"))["id"])

    async def _setup(self, payment: Json) -> MethodStanding:
        customer, mandate = str(payment.get("customerId") or ""), str(payment.get("mandateId") or "")
        state = STATES.get(str(payment.get("status")), PaymentState.CREATED)
        if state in (PaymentState.VOIDED, PaymentState.EXPIRED):
            state = PaymentState.FAILED
        card: Json = {}
        if state is PaymentState.CAPTURED and customer and mandate:
            found = await self._get(f"/v2/customers/{customer}/mandates/{mandate}")
            card = found.get("details") or {}
        brand, last4 = str(card.get("cardLabel") or ""), str(card.get("cardNumber") or "")
        year, _, rest = str(card.get("cardExpiryDate") or "").partition("-")
        return MethodStanding(
            setup_reference=str(payment["id"]),
            state=state,
            reference=_mandate(payment),
            customer_reference=customer,
            label=f"{brand or 'Card'} •••• {last4}" if last4 else "",
            brand=brand,
            last4=last4,
            expires=f"{rest[:2]}/{year}" if rest else "",
            next_action=_action(payment) if state is PaymentState.NEEDS_ACTION else None,
            failure=str((payment.get("statusReason") or {}).get("code") or ""),
        )

    async def _get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Json:
        return _checked(*await self._wire.get(path, query))

    async def _post(self, path: str, body: Json | None, key: str) -> Json:
        headers = {"Idempotency-Key": key}
        return _checked(*await self._wire.send_json("POST", path, body, headers, repeats=True))


def _standing(payment: Json) -> Standing:
    currency = str(payment["amount"]["currency"])
    state = STATES.get(str(payment.get("status")), PaymentState.CREATED)
    captured = _minor(payment.get("amountCaptured"))
    if state is PaymentState.CAPTURED and not captured:
        captured = _minor(payment["amount"])  # what is taken at once has no captures
    held = state in (PaymentState.AUTHORISED, PaymentState.CAPTURED) or captured
    reason = payment.get("statusReason") or {}
    details: Json = payment.get("details") or {}
    last4 = str(details.get("cardNumber") or "")
    brand = str(details.get("cardLabel") or payment.get("method") or "")
    failure = str(reason.get("code") or details.get("failureReason") or "")
    until = payment.get("captureBefore")
    return Standing(
        reference=str(payment["id"]),
        state=state,
        currency=currency,
        authorised=_minor(payment["amount"]) if held else 0,
        captured=captured,
        refunds=tuple(_refund(each) for each in _embedded(payment, "refunds")),
        disputes=tuple(_dispute(each) for each in _embedded(payment, "chargebacks")),
        next_action=_action(payment) if state is PaymentState.NEEDS_ACTION else None,
        failure=failure if state in (PaymentState.FAILED, PaymentState.EXPIRED) else "",
        failure_text=str(reason.get("message") or details.get("failureMessage") or ""),
        hold_until=datetime.fromisoformat(until) if isinstance(until, str) and "T" in until else None,
        method_label=f"{brand} •••• {last4}" if last4 else brand,
        method_reference=_mandate(payment) if payment.get("sequenceType") == "first" else "",
        customer_reference=str(payment.get("customerId") or ""),
        payment_id=_note(payment, NOTE),
    )


def _action(payment: Json) -> NextAction:
    url = str(((payment.get("_links") or {}).get("checkout") or {}).get("href") or "")
    expires = payment.get("expiresAt")
    return NextAction(
        kind=ActionKind.REDIRECT,
        url=url,
        page_url=url,
        expires_at=datetime.fromisoformat(expires) if isinstance(expires, str) else None,
    )


def _checked(status: int, value: Json) -> Json:
    if 200 <= status < 300:
        return value
    text = str(value.get("detail") or value.get("title") or f"Mollie answered with status {status}.")
    extra = value.get("extra") or {}
    code = str(extra.get("failureReason") or value.get("field") or f"status_{status}")
    raise Declined(text, code=code)


def _amount(money: Money) -> Json:
    return {"currency": money.currency, "value": str(from_minor(money.minor_units, money.currency))}


def _mandate(payment: Json) -> str:
    customer, mandate = payment.get("customerId"), payment.get("mandateId")
    return f"{customer}/{mandate}" if customer and mandate else ""


def _minor(amount: object) -> int:
    if not isinstance(amount, dict):
        return 0
    try:
        return to_minor(Decimal(str(amount["value"])), str(amount["currency"]))
    except (KeyError, InvalidOperation, ValueError):
        return 0


def _embedded(found: Json, name: str) -> list[Json]:
    rows = (found.get("_embedded") or {}).get(name)
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


def _note(thing: Json, name: str) -> str:
    notes = thing.get("metadata")
    return str(notes.get(name) or "") if isinstance(notes, dict) else ""


def _refund(found: Json) -> Refund:
    return Refund(
        reference=str(found["id"]),
        amount=_minor(found["amount"]),
        state=REFUNDS.get(str(found.get("status")), RefundState.PENDING),
        operation=_note(found, OPERATION_NOTE),
    )


def _dispute(found: Json) -> Dispute:
    # A chargeback has taken the money; one that was reversed has given it back.
    return Dispute(
        reference=str(found["id"]),
        amount=_minor(found["amount"]),
        state=DisputeState.WON if found.get("reversedAt") else DisputeState.OPEN,
        reason=str((found.get("reason") or {}).get("code") or ""),
    )


def _line(found: Json) -> BalanceLine:
    net, gross = _minor(found["resultAmount"]), _minor(found["initialAmount"])
    context: Json = found.get("context") or {}
    # The context is named after the type, as in {"payment": {"paymentId": …}}, or flat.
    inner = next((value for value in context.values() if isinstance(value, dict)), context)
    return BalanceLine(
        id=str(found["id"]),
        kind=BALANCE.get(str(found.get("type")), BalanceKind.ADJUSTMENT),
        currency=str(found["resultAmount"]["currency"]),
        gross=gross,
        fee=gross - net,
        net=net,
        at=datetime.fromisoformat(str(found["createdAt"])),
        reference=str(inner.get("refundId") or inner.get("captureId") or inner.get("settlementId") or ""),
        payment_reference=str(inner.get("paymentId") or ""),
        payout_reference=str(inner.get("settlementId") or ""),
    )
