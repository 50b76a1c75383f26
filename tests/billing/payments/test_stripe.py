"""Stripe as its reference tells it: pages, readers, raised holds, disputes, messages. What localstripe has not.

The server here is our own and answers in the shapes of the reference; what localstripe has is tested over
that, in test_providers.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import stripe as official
from imitations import Answer, Imitation, LocalStripe
from litestar import Litestar, Request, post
from till import OWNER, TENANT

from currant.api.server import ApiServer
from currant.billing.payments.model import ActionKind, DisputeState, PaymentMode, PaymentState, PayWith
from currant.billing.payments.port import (
    AskToPay,
    AskToStore,
    BalanceKind,
    Declined,
    NewsAbout,
    NotGenuine,
    Unavailable,
    Unsupported,
)
from currant.billing.payments.providers import ProviderAccount
from currant.billing.payments.stripe import VERSION, Stripe
from currant.kit.http import Outbound
from currant.kit.ids import PaymentId, new_id
from currant.kit.money import Money

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "whsec_of_the_shop"
PAGE = "https://checkout.stripe.com/c/pay/cs_test_1"
S = PaymentState


class StripeServer(Imitation):
    """Answers by table: what a path is answered with, in Stripe's own shapes."""

    def __init__(self) -> None:
        self.table: dict[tuple[str, str], Answer] = {}
        super().__init__()

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Answer:
        missing = {"type": "invalid_request_error", "code": "resource_missing", "message": "No such thing."}
        return self.table.get((method, path), (404, {"error": missing}))

    def form(self, method: str, path: str) -> dict[str, str]:
        """The last form that was sent there."""
        for known, address, _, body in reversed(self.seen):
            if (known, urlsplit(address).path) == (method, path):
                return {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        raise AssertionError(f"Nobody asked {method} {path}.")


@pytest.fixture
def server() -> Iterator[StripeServer]:
    started = StripeServer()
    yield started
    started.close()


def at(outbound: Outbound, address: str, **settings: str) -> Stripe:
    account = ProviderAccount(
        tenant_id=TENANT,
        name="stripe",
        hook="hook",
        hook_url="",
        settings={"page": "checkout", "publishable_key": "pk_1", **settings},
        secrets={"secret_key": "sk_test_1", "webhook_secret": SECRET},
    )
    return Stripe(outbound, account, base=address)


@pytest.fixture
async def provider(server: StripeServer) -> AsyncIterator[Stripe]:
    outbound = Outbound(allow_private=True)
    yield at(outbound, server.address)
    await outbound.close()


def asked(mode: PaymentMode = PaymentMode.HOLD, **more: Any) -> AskToPay:
    values: dict[str, Any] = {
        "payment_id": PaymentId("payment-1"),
        "tenant_id": TENANT,
        "mode": mode,
        "amount": 5000,
        "currency": "EUR",
        "pay_with": PayWith.ANY,
        "owner": OWNER,
        "return_url": "https://shop.example/back",
    }
    return AskToPay(**(values | more))


def intent(status: str = "requires_capture", **more: Any) -> dict[str, Any]:
    charge = {
        "id": "ch_1",
        "disputed": False,
        "payment_method": "pm_1",
        "payment_method_details": {
            "type": "card",
            "card": {"brand": "visa", "last4": "4242", "capture_before": 1_772_971_200},
        },
    }
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": status,
        "amount": 5000,
        "amount_received": 0,
        "currency": "eur",
        "metadata": {"currant_payment": "payment-1"},
        "latest_charge": charge,
        "next_action": None,
        "last_payment_error": None,
        "client_secret": "pi_1_secret_1",
    } | more


def page(status: str = "open", **more: Any) -> dict[str, Any]:
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "status": status,
        "currency": "eur",
        "payment_intent": None,
        "setup_intent": None,
        "url": PAGE,
        "expires_at": 1_772_452_800,
        "metadata": {"currant_payment": "payment-1"},
    } | more


async def test_a_driver_pays_on_stripes_page_and_is_followed_to_the_hold(
    server: StripeServer, provider: Stripe
) -> None:
    server.table["POST", "/v1/checkout/sessions"] = 200, page()
    standing = await provider.authorise(asked(description="Charging at the harbour"), key="k1")
    assert (standing.reference, standing.state) == ("cs_test_1", S.NEEDS_ACTION)
    assert standing.next_action is not None
    assert (standing.next_action.kind, standing.next_action.url) == (ActionKind.REDIRECT, PAGE)
    form = server.form("POST", "/v1/checkout/sessions")
    assert form["payment_intent_data[capture_method]"] == "manual"
    assert form["line_items[0][price_data][unit_amount]"] == "5000"
    assert form["line_items[0][price_data][product_data][name]"] == "Charging at the harbour"
    assert form["payment_intent_data[metadata][currant_payment]"] == "payment-1"
    _, _, headers, _ = server.seen[-1]
    assert (headers["idempotency-key"], headers["stripe-version"]) == ("k1", VERSION)
    assert headers["authorization"] == "Bearer sk_test_1"

    server.table["GET", "/v1/checkout/sessions/cs_test_1"] = 200, page("complete", payment_intent="pi_1")
    server.table["GET", "/v1/payment_intents/pi_1"] = 200, intent()
    standing = await provider.fetch("cs_test_1")
    assert (standing.reference, standing.state, standing.authorised) == ("cs_test_1", S.AUTHORISED, 5000)
    assert standing.second_reference == "pi_1"
    assert (standing.method_label, standing.payment_id) == ("Visa •••• 4242", "payment-1")
    assert standing.hold_until == datetime(2026, 3, 8, 12, tzinfo=UTC)

    server.table["POST", "/v1/payment_intents/pi_1/capture"] = (
        200,
        intent("succeeded", amount_received=3742),
    )
    server.table["GET", "/v1/refunds"] = 200, {"data": []}
    standing = await provider.capture("cs_test_1", Money(minor_units=3742, currency="EUR"), key="k2")
    assert (standing.reference, standing.captured) == ("cs_test_1", 3742)
    assert server.form("POST", "/v1/payment_intents/pi_1/capture")["amount_to_capture"] == "3742"


async def test_a_page_that_nobody_used_is_closed(server: StripeServer, provider: Stripe) -> None:
    server.table["GET", "/v1/checkout/sessions/cs_test_1"] = 200, page()
    server.table["POST", "/v1/checkout/sessions/cs_test_1/expire"] = 200, page("expired")
    standing = await provider.void("cs_test_1", key="k")
    assert (standing.state, standing.next_action) == (S.EXPIRED, None)
    with pytest.raises(Declined, match="Nobody has paid"):
        await provider.capture("cs_test_1", Money(minor_units=1, currency="EUR"), key="k2")


async def test_a_card_that_was_declined_on_the_page_may_be_followed_by_another(
    server: StripeServer, provider: Stripe
) -> None:
    error = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "Not enough."}
    server.table["GET", "/v1/checkout/sessions/cs_test_1"] = 200, page(payment_intent="pi_1")
    server.table["GET", "/v1/payment_intents/pi_1"] = (
        200,
        intent("requires_payment_method", last_payment_error=error | {"payment_method": {"id": "pm_1"}}),
    )
    standing = await provider.fetch("cs_test_1")
    assert (standing.state, standing.failure) == (S.NEEDS_ACTION, "insufficient_funds")
    assert standing.next_action is not None
    assert standing.next_action.url == PAGE


async def test_a_hold_is_raised_where_the_card_allows_it(server: StripeServer, provider: Stripe) -> None:
    path = "/v1/payment_intents/pi_1/increment_authorization"
    server.table["POST", path] = 200, intent(amount=8000)
    to = Money(minor_units=8000, currency="EUR")
    assert (await provider.increment("pi_1", to, key="k")).authorised == 8000
    assert server.form("POST", path)["amount"] == "8000"
    error = {
        "type": "invalid_request_error",
        "code": "incremental_authorization_not_supported",
        "message": "No.",
    }
    server.table["POST", path] = 400, {"error": error}
    with pytest.raises(Unsupported):
        await provider.increment("pi_1", to, key="k2")
    server.table["POST", path] = (
        402,
        {"error": {"type": "card_error", "code": "card_declined", "message": "No."}},
    )
    with pytest.raises(Declined):
        await provider.increment("pi_1", to, key="k3")


async def test_a_reader_is_told_to_take_the_payment(server: StripeServer, provider: Stripe) -> None:
    server.table["POST", "/v1/payment_intents"] = 200, intent("requires_payment_method", latest_charge=None)
    reader = "/v1/terminal/readers/tmr_1/process_payment_intent"
    server.table["POST", reader] = 200, {"id": "tmr_1", "action": {"status": "in_progress"}}
    standing = await provider.authorise(asked(pay_with=PayWith.TERMINAL, terminal="tmr_1"), key="k")
    assert (standing.reference, standing.state) == ("pi_1", S.NEEDS_ACTION)
    assert standing.next_action is not None
    assert standing.next_action.kind is ActionKind.TERMINAL
    form = server.form("POST", "/v1/payment_intents")
    assert (form["payment_method_types[]"], form["capture_method"]) == ("card_present", "manual")
    assert server.form("POST", reader)["payment_intent"] == "pi_1"


async def test_disputes_and_failed_refunds_are_seen(server: StripeServer, provider: Stripe) -> None:
    charge = intent()["latest_charge"] | {"disputed": True}
    server.table["GET", "/v1/payment_intents/pi_1"] = (
        200,
        intent("succeeded", amount_received=3742, latest_charge=charge),
    )
    refund = {"id": "re_1", "amount": 1000, "status": "failed", "metadata": {"currant_operation": "o1"}}
    server.table["GET", "/v1/refunds"] = 200, {"data": [refund]}
    dispute = {"id": "dp_1", "amount": 3742, "status": "needs_response", "reason": "fraudulent"}
    server.table["GET", "/v1/disputes"] = 200, {"data": [dispute]}
    standing = await provider.fetch("pi_1")
    assert (standing.refunds[0].state.value, standing.refunds[0].operation) == ("failed", "o1")
    assert (standing.disputes[0].state, standing.disputes[0].amount) == (DisputeState.OPEN, 3742)


async def test_a_lost_payment_is_searched_by_ours(server: StripeServer, provider: Stripe) -> None:
    server.table["GET", "/v1/payment_intents/search"] = 200, {"data": [{"id": "pi_1"}]}
    server.table["GET", "/v1/payment_intents/pi_1"] = 200, intent()
    found = await provider.find(PaymentId("payment-1"))
    assert found is not None
    assert found.reference == "pi_1"
    query = parse_qs(urlsplit(server.seen[0][1]).query)["query"]
    assert query == ['metadata["currant_payment"]:"payment-1"']
    server.table["GET", "/v1/payment_intents/search"] = 200, {"data": []}
    assert await provider.find(PaymentId("payment-2")) is None


async def test_a_card_is_stored_on_stripes_page(server: StripeServer, provider: Stripe) -> None:
    server.table["POST", "/v1/customers"] = 200, {"id": "cus_1"}
    server.table["POST", "/v1/checkout/sessions"] = (
        200,
        page(mode="setup", setup_intent="seti_1", currency=None),
    )
    wanted = AskToStore(method_id="m1", tenant_id=TENANT, owner=OWNER, return_url="https://shop.example/back")
    seen = await provider.start_setup(wanted, key="k")
    assert (seen.setup_reference, seen.customer_reference, seen.state) == ("seti_1", "cus_1", S.NEEDS_ACTION)
    card = {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2029}
    kept = {
        "id": "seti_1",
        "status": "succeeded",
        "customer": "cus_1",
        "payment_method": {"id": "pm_1", "card": card},
    }
    server.table["GET", "/v1/setup_intents/seti_1"] = 200, kept
    seen = await provider.fetch_setup("seti_1")
    assert (seen.state, seen.reference, seen.label, seen.expires) == (
        S.CAPTURED,
        "pm_1",
        "Visa •••• 4242",
        "04/2029",
    )


async def test_a_card_can_be_stored_with_a_payment(server: StripeServer) -> None:
    outbound = Outbound(allow_private=True)
    provider = at(outbound, server.address, page="script")
    server.table["POST", "/v1/customers"] = 200, {"id": "cus_1"}
    waits = intent("requires_payment_method", latest_charge=None)
    server.table["POST", "/v1/payment_intents"] = 200, waits
    await provider.authorise(asked(store_method=True), key="k")
    form = server.form("POST", "/v1/payment_intents")
    assert (form["customer"], form["setup_future_usage"]) == ("cus_1", "off_session")
    held = intent(customer="cus_1", setup_future_usage="off_session")
    server.table["GET", "/v1/payment_intents/pi_1"] = 200, held
    standing = await provider.fetch("pi_1")
    assert (standing.method_reference, standing.customer_reference) == ("pm_1", "cus_1")
    await outbound.close()


async def test_what_stripe_booked_is_read_page_by_page(server: StripeServer, provider: Stripe) -> None:
    rows = [
        {
            "id": "txn_1",
            "type": "charge",
            "currency": "eur",
            "amount": 3742,
            "fee": 81,
            "net": 3661,
            "created": 1_772_366_400,
            "available_on": 1_772_539_200,
            "source": {"id": "ch_1", "payment_intent": "pi_1"},
        },
        {
            "id": "txn_2",
            "type": "payout",
            "currency": "eur",
            "amount": -3661,
            "fee": 0,
            "net": -3661,
            "created": 1_772_539_200,
            "available_on": 1_772_539_200,
            "source": "po_1",
        },
    ]
    server.table["GET", "/v1/balance_transactions"] = 200, {"data": rows, "has_more": True}
    found = await provider.list_balance_transactions(since=NOW - timedelta(days=1))
    charge, payout = found.lines
    assert (charge.kind, charge.gross, charge.fee, charge.net) == (BalanceKind.CHARGE, 3742, 81, 3661)
    assert (charge.payment_reference, charge.reference) == ("pi_1", "ch_1")
    assert (payout.kind, payout.net, payout.reference) == (BalanceKind.PAYOUT, -3661, "po_1")
    assert found.next_cursor == "txn_2"
    await provider.list_balance_transactions(since=NOW, cursor="txn_2")
    assert parse_qs(urlsplit(server.seen[-1][1]).query)["starting_after"] == ["txn_2"]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (402, {"type": "card_error", "code": "card_declined", "message": "No."}, Declined),
        (400, {"type": "idempotency_error", "message": "Other parameters."}, Declined),
        (400, {"type": "invalid_request_error", "code": "amount_too_large", "message": "No."}, Declined),
        (429, {"type": "invalid_request_error", "code": "rate_limit", "message": "Slowly."}, Unavailable),
        (500, {"type": "api_error", "message": "Oops."}, Unavailable),
    ],
)
async def test_refusals_are_told_from_troubles(
    server: StripeServer, provider: Stripe, status: int, error: dict[str, str], kind: type[Exception]
) -> None:
    server.table["POST", "/v1/payment_intents/pi_1/cancel"] = status, {"error": error}
    with pytest.raises(kind):
        await provider.void("pi_1", key="k")


# Messages


def event(kind: str, thing: dict[str, Any]) -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}}).encode()


def signed(body: bytes, *, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    """Signed by Stripe's own library."""
    seconds = int(at.timestamp())
    payload = f"{seconds}.{body.decode()}"
    told = official.WebhookSignature._compute_signature(payload, secret)
    return {"stripe-signature": f"t={seconds},v1={told},v0=old"}


@pytest.mark.parametrize(
    ("kind", "thing", "about", "reference"),
    [
        ("payment_intent.succeeded", {"id": "pi_1"}, NewsAbout.PAYMENT, "pi_1"),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, NewsAbout.PAYMENT, "pi_1"),
        ("refund.failed", {"id": "re_1", "payment_intent": "pi_1"}, NewsAbout.PAYMENT, "pi_1"),
        ("charge.dispute.created", {"id": "dp_1", "payment_intent": "pi_1"}, NewsAbout.PAYMENT, "pi_1"),
        ("checkout.session.completed", {"id": "cs_1", "mode": "payment"}, NewsAbout.PAYMENT, "cs_1"),
        (
            "checkout.session.completed",
            {"id": "cs_1", "mode": "setup", "setup_intent": "seti_1"},
            NewsAbout.METHOD,
            "seti_1",
        ),
        ("setup_intent.succeeded", {"id": "seti_1"}, NewsAbout.METHOD, "seti_1"),
        ("customer.created", {"id": "cus_1"}, NewsAbout.NOTHING, ""),
    ],
)
async def test_messages_say_what_to_ask_about(
    provider: Stripe, kind: str, thing: dict[str, Any], about: NewsAbout, reference: str
) -> None:
    body = event(kind, thing)
    news = provider.parse_webhook(signed(body), body, now=NOW)
    assert (news.event_id, news.kind, news.about, news.reference) == ("evt_1", kind, about, reference)


async def test_only_what_stripe_signed_lately_is_taken(provider: Stripe) -> None:
    body = event("payment_intent.succeeded", {"id": "pi_1"})
    for headers, told in (
        (signed(body, secret="whsec_of_another"), body),
        (signed(body, at=NOW - timedelta(minutes=6)), body),
        (signed(body), body.replace(b"pi_1", b"pi_2")),
        ({}, body),
        (signed(b"[]"), b"[]"),
        (signed(b"no json"), b"no json"),
    ):
        with pytest.raises(NotGenuine):
            provider.parse_webhook(headers, told, now=NOW)


async def test_messages_of_localstripe_are_understood() -> None:
    """Sent and signed by a program that is not ours, over a socket."""
    taken: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    @post("/pay/stripe/webhook", status_code=200)
    async def take(request: Request[Any, Any, Any]) -> None:
        taken.put_nowait(({k.lower(): v for k, v in request.headers.items()}, await request.body()))

    app = Litestar([take], openapi_config=None)
    app.state.closing = asyncio.Event()
    receiver = ApiServer(app, host="127.0.0.1", port=0)
    await receiver.start()
    outbound = Outbound(allow_private=True)
    server = await asyncio.to_thread(LocalStripe)
    try:
        async with httpx.AsyncClient(base_url=server.inner) as configuring:
            hook = {"url": f"http://127.0.0.1:{receiver.port}/pay/stripe/webhook", "secret": SECRET}
            hook["events[]"] = "payment_intent.succeeded"
            assert (await configuring.post("/_config/webhooks/1", data=hook)).status_code == 200
        provider = at(outbound, server.address, page="script")
        card = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": "12"}
        card |= {"card[exp_year]": "2030", "card[cvc]": "123"}
        _, method = await asyncio.to_thread(server.ask, "POST", "/v1/payment_methods", card)
        _, customer = await asyncio.to_thread(server.ask, "POST", "/v1/customers", {})
        stored = {"method_reference": method["id"], "customer_reference": customer["id"]}
        wanted = asked(PaymentMode.POSTPAID, payment_id=PaymentId(new_id()), **stored)
        standing = await provider.authorise(wanted, key=new_id())
        assert standing.state is S.CAPTURED
        async with asyncio.timeout(30):
            headers, body = await taken.get()
        news = provider.parse_webhook(
            headers, body, now=datetime.fromtimestamp(json.loads(body)["created"], UTC)
        )
        assert (news.kind, news.reference) == ("payment_intent.succeeded", standing.reference)
        assert news.payment_id == wanted.payment_id
    finally:
        await asyncio.to_thread(server.close)
        await receiver.stop()
        await outbound.close()
