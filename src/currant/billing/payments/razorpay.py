"""Razorpay: UPI by code, link and request, and everything else by its payment links. Takes, and holds nothing.

What can be captured there is the whole of what was authorised and within days only, so that payments are
taken beforehand and the rest is refunded. What a payment is called here is the id of its QR code
(`qr_…`), payment link (`plink_…`) or order (`order_…`); the payments made on those are looked up.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

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
from currant.billing.payments.signing import check_plain
from currant.billing.payments.wire import Json, Wire
from currant.kit.http import Outbound
from currant.kit.ids import PaymentId
from currant.kit.money import Money

NAME = "razorpay"
BASE = "https://api.razorpay.com"
SIGNATURE, EVENT_ID = "x-razorpay-signature", "x-razorpay-event-id"
ABILITIES = frozenset({Ability.REFUND, Ability.BALANCE})
NOTE, OPERATION_NOTE = "currant_payment", "currant_operation"
LIST_MAX = 100
LINK_LASTS_MIN = timedelta(minutes=15)
"""Payment links live at least so long."""
CODE_LASTS_MIN = timedelta(minutes=2)

DISPUTES = {
    "open": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "closed": DisputeState.WON,
}
REFUNDS = {
    "pending": RefundState.PENDING,
    "processed": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
}
BALANCE = {
    "payment": BalanceKind.CHARGE,
    "refund": BalanceKind.REFUND,
    "settlement": BalanceKind.PAYOUT,
    "dispute": BalanceKind.DISPUTE,
    "adjustment": BalanceKind.ADJUSTMENT,
    "transfer": BalanceKind.ADJUSTMENT,
}


def razorpay(outbound: Outbound, *, base: str = BASE) -> ProviderKind:
    """The provider, as it is offered to organisations."""
    return ProviderKind(
        name=NAME,
        title="Razorpay",
        fields=(
            ProviderField(name="key_id", title="Key id (rzp_…)"),
            ProviderField(name="key_secret", title="Key secret", secret=True),
            ProviderField(name="webhook_secret", title="Secret of the webhook", secret=True),
        ),
        abilities=ABILITIES,
        pay_with=frozenset(
            {PayWith.ANY, PayWith.CARD, PayWith.UPI_QR, PayWith.UPI_INTENT, PayWith.UPI_COLLECT}
        ),
        currencies=frozenset({"INR"}),
        make=lambda account: Razorpay(outbound, account, base=base),
    )


class Razorpay:
    """One organisation's account with Razorpay."""

    name = NAME
    abilities = ABILITIES
    keys_last = timedelta(0)
    """Only refunds have keys there; everything else is looked for before it is done again."""

    def __init__(self, outbound: Outbound, account: ProviderAccount, *, base: str = BASE) -> None:
        pair = f"{account.settings['key_id']}:{account.secrets['key_secret']}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        self._wire = Wire(outbound, base, headers, name="Razorpay")
        self._webhook_secret = account.secrets["webhook_secret"]

    async def authorise(self, wanted: AskToPay, *, key: str) -> Standing:
        if wanted.pay_with is PayWith.UPI_QR:
            return await self._code(wanted)
        if wanted.pay_with is PayWith.UPI_COLLECT:
            return await self._request(wanted)
        return await self._link(wanted)

    async def increment(self, reference: str, to: Money, *, key: str) -> Standing:
        raise Unsupported("Razorpay raises no holds.", code="no_holds")

    async def capture(self, reference: str, amount: Money, *, key: str) -> Standing:
        raise Unsupported("Razorpay takes the money as soon as it is paid.", code="no_holds")

    async def void(self, reference: str, *, key: str) -> Standing:
        standing = await self.fetch(reference)
        if standing.captured:
            raise Declined("It has been paid: refund it.", code="already_paid")
        if standing.state is PaymentState.NEEDS_ACTION:
            if reference.startswith("qr_"):
                await self._post(f"/v1/payments/qr_codes/{reference}/close", None)
            elif reference.startswith("plink_"):
                await self._post(f"/v1/payment_links/{reference}/cancel", None)
            # An order and the request in the payer's app cannot be taken back: they run out.
        seen = await self.fetch(reference)
        if seen.captured or seen.state is PaymentState.FAILED:
            return seen
        return msgspec.structs.replace(seen, state=PaymentState.VOIDED, next_action=None)

    async def refund(self, reference: str, amount: Money, *, key: str) -> Standing:
        paid = [each for each in await self._payments(reference) if each.get("status") in _PAID]
        if not paid:
            raise Declined("Nobody has paid this.", code="not_paid")
        body = {"amount": amount.minor_units, "speed": "normal", "notes": {OPERATION_NOTE: key}}
        path = f"/v1/payments/{paid[0]['id']}/refund"
        # Its key makes this one safe to send again.
        await self._post(path, body, headers={"X-Refund-Idempotency": key}, repeats=True)
        return await self.fetch(reference)

    async def fetch(self, reference: str) -> Standing:
        if reference.startswith("qr_"):
            thing = await self._get(f"/v1/payments/qr_codes/{reference}")
        elif reference.startswith("plink_"):
            thing = await self._get(f"/v1/payment_links/{reference}")
        else:
            thing = await self._get(f"/v1/orders/{reference}")
        return await self._standing(thing, await self._payments(reference))

    async def find(self, payment_id: PaymentId) -> Standing | None:
        for path, name in (("/v1/payment_links", "payment_links"), ("/v1/orders", "items")):
            query = [("reference_id" if name == "payment_links" else "receipt", _receipt(payment_id))]
            found = await self._get(path, query)
            for each in found.get(name) or []:
                return await self.fetch(str(each["id"]))
        # Codes cannot be searched: the latest are looked through.
        found = await self._get("/v1/payments/qr_codes", [("count", str(LIST_MAX))])
        for each in found.get("items") or []:
            if _note(each, NOTE) == payment_id:
                return await self.fetch(str(each["id"]))
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> News:
        check_plain(headers.get(SIGNATURE, ""), body, self._webhook_secret)
        try:
            event = msgspec.json.decode(body)
            kind, payload = str(event["event"]), event["payload"]
            entities: dict[str, Json] = {name: payload[name]["entity"] for name in event["contains"]}
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            raise NotGenuine("It is no event of Razorpay's.", code="not_understood") from None
        about = entities.get("qr_code") or entities.get("payment_link") or entities.get("order") or {}
        payment = entities.get("payment") or {}
        reference = str(about.get("id") or payment.get("order_id") or "")
        payment_id = _note(about, NOTE) or _note(payment, NOTE)
        return News(
            # The id is in a header; without it the message is known by what it says.
            event_id=headers.get(EVENT_ID)
            or f"{kind}:{reference}:{payment.get('id', '')}:{event.get('created_at')}",
            kind=kind,
            about=NewsAbout.PAYMENT if reference or payment_id else NewsAbout.NOTHING,
            reference=reference,
            payment_id=payment_id,
        )

    async def list_balance_transactions(self, *, since: datetime, cursor: str = "") -> BalancePage:
        # One report a month; the cursor says which month, and how far in it.
        year, month, skip = (int(part) for part in (cursor or f"{since.year}-{since.month}-0").split("-"))
        query = [
            ("year", str(year)),
            ("month", f"{month:02d}"),
            ("count", str(LIST_MAX)),
            ("skip", str(skip)),
        ]
        found = await self._get("/v1/settlements/recon/combined", query)
        rows: Sequence[Json] = found.get("items") or []
        lines = tuple(_line(each) for each in rows if _time(int(each["created_at"])) >= since)
        if len(rows) == LIST_MAX:
            return BalancePage(lines=lines, next_cursor=f"{year}-{month}-{skip + LIST_MAX}")
        return BalancePage(lines=lines)

    async def start_setup(self, wanted: AskToStore, *, key: str) -> MethodStanding:
        raise Unsupported("Methods are not kept with Razorpay.", code="no_stored_methods")

    async def fetch_setup(self, setup_reference: str) -> MethodStanding:
        raise Unsupported("Methods are not kept with Razorpay.", code="no_stored_methods")

    async def forget_method(self, reference: str) -> None:
        raise Unsupported("Methods are not kept with Razorpay.", code="no_stored_methods")

    # Ways to pay

    async def _code(self, wanted: AskToPay) -> Standing:
        """A code for this one payment, over this very sum."""
        body: Json = {
            "type": "upi_qr",
            "usage": "single_use",
            "fixed_amount": True,
            "payment_amount": wanted.amount,
            "description": wanted.description or "Charging",
            "notes": {NOTE: wanted.payment_id},
        }
        if wanted.pay_until is not None:
            body["close_by"] = int((wanted.pay_until + CODE_LASTS_MIN).timestamp())
        return await self._standing(await self._post("/v1/payments/qr_codes", body), ())

    async def _link(self, wanted: AskToPay) -> Standing:
        """A page of Razorpay's, or a link that opens an UPI app."""
        body: Json = {
            "amount": wanted.amount,
            "currency": wanted.currency,
            "reference_id": _receipt(wanted.payment_id),
            "description": wanted.description or "Charging",
            "notes": {NOTE: wanted.payment_id},
            "notify": {"sms": False, "email": False},
            "reminder_enable": False,
        }
        if wanted.pay_with is PayWith.UPI_INTENT:
            body["upi_link"] = True
        if wanted.pay_until is not None:
            body["expire_by"] = int((wanted.pay_until + LINK_LASTS_MIN).timestamp())
        if wanted.return_url:
            body |= {"callback_url": wanted.return_url, "callback_method": "get"}
        return await self._standing(await self._post("/v1/payment_links", body), ())

    async def _request(self, wanted: AskToPay) -> Standing:
        """A request in the payer's UPI app. Since March 2026 only some merchants may still send these."""
        order = await self._post(
            "/v1/orders",
            {
                "amount": wanted.amount,
                "currency": wanted.currency,
                "receipt": _receipt(wanted.payment_id),
                "notes": {NOTE: wanted.payment_id},
            },
        )
        minutes = 15
        await self._post(
            "/v1/payments/create/upi",
            {
                "amount": wanted.amount,
                "currency": wanted.currency,
                "order_id": order["id"],
                "method": "upi",
                "upi": {"flow": "collect", "vpa": wanted.upi_address, "expiry_time": minutes},
                "description": wanted.description or "Charging",
                "notes": {NOTE: wanted.payment_id},
            },
        )
        return await self.fetch(str(order["id"]))

    # Inside

    async def _payments(self, reference: str) -> list[Json]:
        """The payments that were tried on a code, link or order."""
        if reference.startswith("qr_"):
            found = await self._get(f"/v1/payments/qr_codes/{reference}/payments", [("count", str(LIST_MAX))])
        elif reference.startswith("plink_"):
            link = await self._get(f"/v1/payment_links/{reference}")
            order = link.get("order_id")
            if not order:
                return []
            found = await self._get(f"/v1/orders/{order}/payments")
        else:
            found = await self._get(f"/v1/orders/{reference}/payments")
        return list(found.get("items") or [])

    async def _standing(self, thing: Json, payments: Sequence[Json]) -> Standing:
        """What is known of a code, link or order with the payments on it."""
        reference = str(thing["id"])
        paid = [each for each in payments if each.get("status") in _PAID]
        tried = payments[-1] if payments else {}
        captured = sum(int(each["amount"]) for each in paid)
        refunds: list[Refund] = []
        disputes: list[Dispute] = []
        for each in paid:
            if each.get("amount_refunded") or each.get("refund_status"):
                found = await self._get(f"/v1/payments/{each['id']}/refunds", [("count", str(LIST_MAX))])
                refunds += [_refund(one) for one in found.get("items") or []]
            if each.get("disputes"):
                rows = each["disputes"].get("items") or []
                disputes += [_dispute(one) for one in rows]
        state = PaymentState.CAPTURED if captured else _waiting(thing)
        failed = not captured and tried.get("status") == "failed"
        if failed and reference.startswith("order_"):
            state = PaymentState.FAILED  # nobody can try again on a request that was turned down
        return Standing(
            reference=reference,
            second_reference=str(thing.get("order_id") or ""),
            state=state,
            currency=str(thing.get("currency") or "INR"),
            authorised=captured,
            captured=captured,
            refunds=tuple(refunds),
            disputes=tuple(disputes),
            next_action=_action(thing) if state is PaymentState.NEEDS_ACTION else None,
            failure=str(tried.get("error_reason") or tried.get("error_code") or "") if failed else "",
            failure_text=str(tried.get("error_description") or "") if failed else "",
            method_label=str(paid[0].get("vpa") or paid[0].get("method") or "") if paid else "",
            payment_id=_note(thing, NOTE),
        )

    async def _get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Json:
        return _checked(*await self._wire.get(path, query))

    async def _post(
        self, path: str, body: Json | None, *, headers: Mapping[str, str] | None = None, repeats: bool = False
    ) -> Json:
        return _checked(*await self._wire.send_json("POST", path, body, headers or {}, repeats=repeats))


_PAID = ("captured", "refunded")


def _waiting(thing: Json) -> PaymentState:
    status = thing.get("status")
    if status in ("expired", "closed"):
        return PaymentState.EXPIRED
    if status == "cancelled":
        return PaymentState.VOIDED
    return PaymentState.NEEDS_ACTION


def _action(thing: Json) -> NextAction:
    reference = str(thing["id"])
    until = thing.get("close_by") or thing.get("expire_by")
    expires = _time(int(until)) if until else None
    if reference.startswith("qr_"):
        # The content of the code (upi://pay?…) is told only to some merchants; its picture to all.
        link, picture = str(thing.get("image_content") or ""), str(thing.get("image_url") or "")
        return NextAction(
            kind=ActionKind.UPI_LINK, url=link, image_url=picture, page_url=picture, expires_at=expires
        )
    if reference.startswith("plink_"):
        url = str(thing.get("short_url") or "")
        kind = ActionKind.UPI_LINK if thing.get("upi_link") else ActionKind.REDIRECT
        return NextAction(kind=kind, url=url, page_url=url, expires_at=expires)
    return NextAction(kind=ActionKind.WAIT, expires_at=expires)


def _checked(status: int, value: Json) -> Json:
    if 200 <= status < 300:
        return value
    error: Json = value.get("error") or {}
    text = str(error.get("description") or f"Razorpay answered with status {status}.")
    raise Declined(text, code=str(error.get("reason") or error.get("code") or "refused").lower())


def _receipt(payment_id: str) -> str:
    # At most 40 characters there: an id of ours has 36.
    return payment_id[:40]


def _note(thing: Json, name: str) -> str:
    notes = thing.get("notes")
    # Nothing noted is an empty list there.
    return str(notes.get(name) or "") if isinstance(notes, dict) else ""


def _refund(found: Json) -> Refund:
    return Refund(
        reference=str(found["id"]),
        amount=int(found["amount"]),
        state=REFUNDS.get(str(found.get("status")), RefundState.PENDING),
        operation=_note(found, OPERATION_NOTE),
    )


def _dispute(found: Json) -> Dispute:
    return Dispute(
        reference=str(found["id"]),
        amount=int(found["amount"]),
        state=DISPUTES.get(str(found.get("status")), DisputeState.OPEN),
        reason=str(found.get("reason_code") or ""),
    )


def _line(found: Json) -> BalanceLine:
    kind = BALANCE.get(str(found.get("type")), BalanceKind.ADJUSTMENT)
    net = int(found.get("credit") or 0) - int(found.get("debit") or 0)
    fee = int(found.get("fee") or 0)  # tax on it included
    return BalanceLine(
        id=str(found["entity_id"]),
        kind=kind,
        currency=str(found.get("currency") or "INR"),
        gross=net + fee,
        fee=fee,
        net=net,
        at=_time(int(found["created_at"])),
        reference=str(found["entity_id"]),
        payment_reference=str(found.get("order_id") or found.get("payment_id") or ""),
        payout_reference=str(found.get("settlement_id") or ""),
    )


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
