"""Stripe: cards and wallets by its hosted page or its script, stored cards, holds, readers (Terminal).

Spoken to as plain HTTP through our own outbound client, which Stripe's library would go around. What a
payment is called here is the id of its PaymentIntent, or of the Checkout Session until somebody opened
that. Written for API version 2025-09-30 ("clover"), which is asked for in every request.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from currant.billing.payments.model import (
    ActionKind,
    Dispute,
    NextAction,
    PaymentOwner,
    PaymentState,
    PayWith,
    Refund,
)
from currant.billing.payments.port import (
    Ability,
    AskToPay,
    AskToStore,
    BalancePage,
    Declined,
    MethodStanding,
    News,
    NotGenuine,
    Standing,
)
from currant.billing.payments.providers import ProviderAccount, ProviderField, ProviderKind
from currant.billing.payments.signing import check_timed
from currant.billing.payments.stripe_words import (
    EXPANDED,
    LIST_MAX,
    METHOD_KEY,
    OPERATION_KEY,
    PAYMENT_KEY,
    STATES,
    Fields,
    captured,
    card_of,
    charge_of,
    checked,
    dispute,
    intent_fields,
    label,
    line,
    news,
    page_action,
    page_fields,
    refund,
    rows,
    time,
)
from currant.billing.payments.wire import Json, Wire
from currant.kit.http import Outbound
from currant.kit.ids import PaymentId
from currant.kit.money import Money

NAME = "stripe"
BASE = "https://api.stripe.com"
VERSION = "2025-09-30.clover"
SIGNATURE = "stripe-signature"
ABILITIES = frozenset(Ability)


def stripe(outbound: Outbound, *, base: str = BASE) -> ProviderKind:
    """The provider, as it is offered to organisations."""
    return ProviderKind(
        name=NAME,
        title="Stripe",
        fields=(
            ProviderField(name="secret_key", title="Secret key (sk_… or, better, rk_…)", secret=True),
            ProviderField(
                name="webhook_secret", title="Signing secret of the webhook (whsec_…)", secret=True
            ),
            ProviderField(name="publishable_key", title="Publishable key (pk_…)", required=False),
            ProviderField(
                name="page",
                title="Where drivers enter their card",
                required=False,
                choices=("checkout", "script"),
                default="checkout",
            ),
            ProviderField(name="account", title="Connected account (acct_…)", required=False),
        ),
        abilities=ABILITIES,
        pay_with=frozenset({PayWith.ANY, PayWith.CARD, PayWith.TERMINAL}),
        make=lambda account: Stripe(outbound, account, base=base),
    )


class Stripe:
    """One organisation's account with Stripe."""

    name = NAME
    abilities = ABILITIES
    keys_last = timedelta(hours=23)
    """They are forgotten after a day at the earliest."""

    def __init__(self, outbound: Outbound, account: ProviderAccount, *, base: str = BASE) -> None:
        headers = {
            "Authorization": f"Bearer {account.secrets['secret_key']}",
            "Stripe-Version": VERSION,
        }
        if account.settings.get("account"):
            headers["Stripe-Account"] = account.settings["account"]
        self._wire = Wire(outbound, base, headers, name="Stripe")
        self._account = account
        self._webhook_secret = account.secrets["webhook_secret"]

    # Payments

    async def authorise(self, wanted: AskToPay, *, key: str) -> Standing:
        if wanted.pay_with is PayWith.TERMINAL:
            return await self._at_reader(wanted, key)
        if wanted.method_reference:
            intent = [
                *intent_fields(wanted),
                ("payment_method", wanted.method_reference),
                ("customer", wanted.customer_reference),
                ("payment_method_types[]", "card"),
                ("confirm", "true"),
                ("off_session", "true"),
            ]
            return await self._standing(await self._post("/v1/payment_intents", intent, key))
        if self._account.settings.get("page", "checkout") == "checkout" and wanted.return_url:
            return self._of_page(await self._post("/v1/checkout/sessions", page_fields(wanted), key))
        intent = intent_fields(wanted)
        intent += [("payment_method_types[]", "card")]
        if wanted.store_method:
            # Only what belongs to a customer there can be charged again.
            customer = await self._customer(wanted.owner, key)
            intent += [("setup_future_usage", "off_session"), ("customer", customer)]
        return await self._standing(await self._post("/v1/payment_intents", intent, key))

    async def increment(self, reference: str, to: Money, *, key: str) -> Standing:
        intent = await self._intent_of(reference)
        path = f"/v1/payment_intents/{intent}/increment_authorization"
        fields = [("amount", str(to.minor_units)), *EXPANDED]
        return await self._standing(await self._post(path, fields, key), reference)

    async def capture(self, reference: str, amount: Money, *, key: str) -> Standing:
        intent = await self._intent_of(reference)
        fields = [("amount_to_capture", str(amount.minor_units)), *EXPANDED]
        found = await self._post(f"/v1/payment_intents/{intent}/capture", fields, key)
        return await self._standing(found, reference)

    async def void(self, reference: str, *, key: str) -> Standing:
        if reference.startswith("cs_"):
            page = await self._get(f"/v1/checkout/sessions/{reference}")
            if not page.get("payment_intent"):
                if page.get("status") == "open":
                    page = await self._post(f"/v1/checkout/sessions/{reference}/expire", [], key)
                return self._of_page(page)
        intent = await self._intent_of(reference)
        found = await self._post(f"/v1/payment_intents/{intent}/cancel", list(EXPANDED), key)
        return await self._standing(found, reference)

    async def refund(self, reference: str, amount: Money, *, key: str) -> Standing:
        intent = await self._intent_of(reference)
        fields = [
            ("payment_intent", intent),
            ("amount", str(amount.minor_units)),
            (f"metadata[{OPERATION_KEY}]", key),
        ]
        await self._post("/v1/refunds", fields, key)
        return await self.fetch(reference)

    async def fetch(self, reference: str) -> Standing:
        if reference.startswith("cs_"):
            page = await self._get(f"/v1/checkout/sessions/{reference}")
            if not page.get("payment_intent"):
                return self._of_page(page)
            intent = str(page["payment_intent"])
            found = await self._get(f"/v1/payment_intents/{intent}", EXPANDED)
            standing = await self._standing(found, reference)
            if standing.state is PaymentState.NEEDS_ACTION:
                standing = msgspec.structs.replace(standing, next_action=page_action(page))
                if page.get("status") == "expired":
                    standing = msgspec.structs.replace(standing, state=PaymentState.EXPIRED, next_action=None)
            return standing
        return await self._standing(await self._get(f"/v1/payment_intents/{reference}", EXPANDED))

    async def find(self, payment_id: PaymentId) -> Standing | None:
        # Searching knows a payment after some minutes, and is asked only hours later.
        query = [("query", f'metadata["{PAYMENT_KEY}"]:"{payment_id}"'), ("limit", "1")]
        found = await self._get("/v1/payment_intents/search", query)
        data = rows(found)
        return None if not data else await self.fetch(str(data[0]["id"]))

    # Messages

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> News:
        check_timed(headers.get(SIGNATURE, ""), body, self._webhook_secret, now=now)
        try:
            event = msgspec.json.decode(body)
            thing = event["data"]["object"]
            kind, event_id = str(event["type"]), str(event["id"])
            return news(event_id, kind, thing)
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
            raise NotGenuine("It is no event of Stripe's.", code="not_understood") from None

    # Balance

    async def list_balance_transactions(self, *, since: datetime, cursor: str = "") -> BalancePage:
        query = [
            ("limit", str(LIST_MAX)),
            ("created[gte]", str(int(since.timestamp()))),
            ("expand[]", "data.source"),
        ]
        if cursor:
            query.append(("starting_after", cursor))
        found = await self._get("/v1/balance_transactions", query)
        lines = tuple(line(each) for each in rows(found))
        more = bool(found.get("has_more")) and lines
        return BalancePage(lines=lines, next_cursor=lines[-1].id if more else "")

    # Stored cards

    async def start_setup(self, wanted: AskToStore, *, key: str) -> MethodStanding:
        customer = wanted.customer_reference or await self._customer(wanted.owner, key)
        fields: Fields = [("customer", customer), (f"metadata[{METHOD_KEY}]", wanted.method_id)]
        if self._account.settings.get("page", "checkout") == "checkout" and wanted.return_url:
            page = [
                *fields,
                ("mode", "setup"),
                ("payment_method_types[]", "card"),
                ("success_url", wanted.return_url),
                ("cancel_url", wanted.return_url),
                (f"setup_intent_data[metadata][{METHOD_KEY}]", wanted.method_id),
            ]
            made = await self._post("/v1/checkout/sessions", page, key)
            return MethodStanding(
                setup_reference=str(made["setup_intent"] or made["id"]),
                state=PaymentState.NEEDS_ACTION,
                customer_reference=customer,
                next_action=page_action(made),
            )
        fields += [("payment_method_types[]", "card"), ("usage", "off_session")]
        return self._setup(await self._post("/v1/setup_intents", fields, key))

    async def fetch_setup(self, setup_reference: str) -> MethodStanding:
        if setup_reference.startswith("cs_"):
            page = await self._get(
                f"/v1/checkout/sessions/{setup_reference}", [("expand[]", "setup_intent.payment_method")]
            )
            intent = page.get("setup_intent")
            if not isinstance(intent, dict):
                return MethodStanding(
                    setup_reference=setup_reference,
                    state=PaymentState.NEEDS_ACTION,
                    next_action=page_action(page),
                )
            return msgspec.structs.replace(self._setup(intent), setup_reference=setup_reference)
        path = f"/v1/setup_intents/{setup_reference}"
        return self._setup(await self._get(path, [("expand[]", "payment_method")]))

    async def forget_method(self, reference: str) -> None:
        await self._post(f"/v1/payment_methods/{reference}/detach", [], f"forget-{reference}")

    # Inside

    async def _customer(self, owner: PaymentOwner, key: str) -> str:
        whose = [(f"metadata[{owner.kind.value}]", owner.id)]
        return str((await self._post("/v1/customers", whose, f"{key}-customer"))["id"])

    async def _at_reader(self, wanted: AskToPay, key: str) -> Standing:
        intent = [
            *intent_fields(wanted),
            ("payment_method_types[]", "card_present"),
            ("payment_method_options[card_present][request_incremental_authorization_support]", "true"),
        ]
        made = await self._post("/v1/payment_intents", intent, key)
        path = f"/v1/terminal/readers/{wanted.terminal}/process_payment_intent"
        await self._post(path, [("payment_intent", str(made["id"]))], f"{key}-reader")
        standing = await self._standing(made)
        action = NextAction(kind=ActionKind.TERMINAL, expires_at=wanted.pay_until)
        return msgspec.structs.replace(standing, next_action=action)

    async def _intent_of(self, reference: str) -> str:
        if not reference.startswith("cs_"):
            return reference
        page = await self._get(f"/v1/checkout/sessions/{reference}")
        if not page.get("payment_intent"):
            raise Declined("Nobody has paid on this page.", code="not_paid")
        return str(page["payment_intent"])

    def _of_page(self, page: Json) -> Standing:
        """A Checkout page on which nobody has begun to pay."""
        gone = page.get("status") == "expired"
        metadata = page.get("metadata") or {}
        return Standing(
            reference=str(page["id"]),
            state=PaymentState.EXPIRED if gone else PaymentState.NEEDS_ACTION,
            currency=str(page["currency"]).upper(),
            next_action=None if gone else page_action(page),
            payment_id=str(metadata.get(PAYMENT_KEY, "")),
        )

    async def _standing(self, intent: Json, reference: str = "") -> Standing:
        """All that is known of a PaymentIntent; refunds and disputes are asked for where there can be any."""
        own = str(intent["id"])
        state = STATES.get(str(intent.get("status")), PaymentState.CREATED)
        charge = charge_of(intent)
        refunds: tuple[Refund, ...] = ()
        disputes: tuple[Dispute, ...] = ()
        if state is PaymentState.CAPTURED:
            query = [("payment_intent", own), ("limit", str(LIST_MAX))]
            refunds = tuple(refund(each) for each in rows(await self._get("/v1/refunds", query)))
            if charge.get("disputed"):
                found = rows(await self._get("/v1/disputes", query))
                disputes = tuple(dispute(each) for each in found)
        error = intent.get("last_payment_error") or {}
        expired = state is PaymentState.VOIDED and intent.get("cancellation_reason") in (
            "automatic",
            "abandoned",
        )
        held = state in (PaymentState.AUTHORISED, PaymentState.CAPTURED)
        until = card_of(charge).get("capture_before")
        return Standing(
            reference=reference or own,
            second_reference=own if reference else "",
            state=PaymentState.EXPIRED if expired else state,
            currency=str(intent["currency"]).upper(),
            authorised=int(intent.get("amount") or 0) if held else 0,
            captured=captured(intent, charge) if state is PaymentState.CAPTURED else 0,
            refunds=refunds,
            disputes=disputes,
            next_action=self._action(intent) if state is PaymentState.NEEDS_ACTION else None,
            failure=str(error.get("decline_code") or error.get("code") or ""),
            failure_text=str(error.get("message") or ""),
            hold_until=time(until) if isinstance(until, int) else None,
            method_label=label(card_of(charge)),
            method_reference=str(charge.get("payment_method") or "")
            if intent.get("setup_future_usage")
            else "",
            customer_reference=str(intent.get("customer") or ""),
            payment_id=str((intent.get("metadata") or {}).get(PAYMENT_KEY, "")),
        )

    def _action(self, intent: Json) -> NextAction:
        redirect = (intent.get("next_action") or {}).get("redirect_to_url") or {}
        if redirect.get("url"):
            return NextAction(kind=ActionKind.REDIRECT, url=str(redirect["url"]))
        return NextAction(
            kind=ActionKind.CLIENT_SECRET,
            secret=str(intent.get("client_secret") or ""),
            publishable_key=self._account.settings.get("publishable_key", ""),
        )

    def _setup(self, intent: Json) -> MethodStanding:
        kept = intent.get("status") == "succeeded"
        failed = intent.get("status") == "canceled"
        method = intent.get("payment_method") or {}
        card: Json = method.get("card") or {} if isinstance(method, dict) else {}
        reference = str(method.get("id") if isinstance(method, dict) else method) if method else ""
        month, year = card.get("exp_month"), card.get("exp_year")
        error = intent.get("last_setup_error") or {}
        waits = NextAction(
            kind=ActionKind.CLIENT_SECRET,
            secret=str(intent.get("client_secret") or ""),
            publishable_key=self._account.settings.get("publishable_key", ""),
        )
        return MethodStanding(
            setup_reference=str(intent["id"]),
            state=PaymentState.CAPTURED
            if kept
            else PaymentState.FAILED
            if failed
            else PaymentState.NEEDS_ACTION,
            reference=reference if kept else "",
            customer_reference=str(intent.get("customer") or ""),
            label=label(card),
            brand=str(card.get("brand") or ""),
            last4=str(card.get("last4") or ""),
            expires=f"{month:02d}/{year}" if isinstance(month, int) and isinstance(year, int) else "",
            next_action=None if kept or failed else waits,
            failure=str(error.get("code") or ""),
        )

    async def _get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Json:
        return checked(*await self._wire.get(path, query))

    async def _post(self, path: str, fields: Fields, key: str) -> Json:
        status, value = await self._wire.post_form(path, fields, {"Idempotency-Key": key})
        return checked(status, value)
