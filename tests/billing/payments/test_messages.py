"""Messages of Razorpay and Mollie: what they are about, and which are not theirs."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from till import TENANT

from currant.billing.payments.mollie import mollie
from currant.billing.payments.port import NewsAbout, NotGenuine, PaymentProvider
from currant.billing.payments.providers import ProviderAccount, ProviderKind
from currant.billing.payments.razorpay import razorpay
from currant.kit.http import Outbound

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GIVEN = {"key_id": "rzp_1", "key_secret": "s", "webhook_secret": "webhook secret", "api_key": "test_1"}


def made(kind: ProviderKind) -> PaymentProvider:
    return kind.make(
        ProviderAccount(
            tenant_id=TENANT, name=kind.name, hook="hook", hook_url="", settings=GIVEN, secrets=GIVEN
        )
    )


def an_event(kind: str, **entities: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "entity": "event",
            "event": kind,
            "contains": list(entities),
            "payload": {name: {"entity": entity} for name, entity in entities.items()},
            "created_at": 1_772_366_400,
        }
    ).encode()


def signed(body: bytes, secret: str = "webhook secret") -> dict[str, str]:
    told = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-razorpay-signature": told, "x-razorpay-event-id": "evt_1"}


NOTED = {"currant_payment": "payment-1"}


@pytest.mark.parametrize(
    ("kind", "entities", "reference"),
    [
        ("qr_code.credited", {"payment": {"id": "pay_1"}, "qr_code": {"id": "qr_1", "notes": NOTED}}, "qr_1"),
        (
            "payment_link.paid",
            {"payment_link": {"id": "plink_1", "notes": NOTED}, "order": {"id": "order_9"}},
            "plink_1",
        ),
        ("payment.captured", {"payment": {"id": "pay_1", "order_id": "order_1", "notes": NOTED}}, "order_1"),
        (
            "refund.processed",
            {"refund": {"id": "rfnd_1"}, "payment": {"id": "pay_1", "order_id": "order_1", "notes": NOTED}},
            "order_1",
        ),
    ],
)
async def test_razorpays_messages_say_what_to_ask_about(
    kind: str, entities: dict[str, Any], reference: str
) -> None:
    body = an_event(kind, **entities)
    news = made(razorpay(Outbound())).parse_webhook(signed(body), body, now=NOW)
    assert (news.event_id, news.kind, news.about) == ("evt_1", kind, NewsAbout.PAYMENT)
    assert (news.reference, news.payment_id) == (reference, "payment-1")


async def test_a_message_of_razorpays_about_nothing_of_ours_is_taken_and_not_followed() -> None:
    body = an_event("account.updated", account={"id": "acc_1", "notes": []})
    news = made(razorpay(Outbound())).parse_webhook(signed(body), body, now=NOW)
    assert (news.about, news.reference) == (NewsAbout.NOTHING, "")


async def test_without_the_id_of_the_event_a_message_is_known_by_what_it_says() -> None:
    provider = made(razorpay(Outbound()))
    body = an_event("qr_code.credited", payment={"id": "pay_1"}, qr_code={"id": "qr_1", "notes": []})
    headers = {"x-razorpay-signature": signed(body)["x-razorpay-signature"]}
    first, again = (provider.parse_webhook(headers, body, now=NOW) for _ in range(2))
    assert first.event_id == again.event_id
    other = an_event("qr_code.credited", payment={"id": "pay_2"}, qr_code={"id": "qr_1", "notes": []})
    headers = {"x-razorpay-signature": signed(other)["x-razorpay-signature"]}
    assert provider.parse_webhook(headers, other, now=NOW).event_id != first.event_id


async def test_only_what_razorpay_signed_is_taken() -> None:
    provider = made(razorpay(Outbound()))
    body = an_event("qr_code.credited", qr_code={"id": "qr_1"})
    for headers, told in (
        ({}, body),
        (signed(body, "another secret"), body),
        (signed(body), body + b" "),
        ({"x-razorpay-signature": "é"}, body),
        (signed(b"[1]"), b"[1]"),
        (signed(b'{"event": "x"}'), b'{"event": "x"}'),
    ):
        with pytest.raises(NotGenuine):
            provider.parse_webhook(headers, told, now=NOW)


async def test_mollie_says_no_more_than_which_payment_to_look_at() -> None:
    provider = made(mollie(Outbound()))
    news = provider.parse_webhook({}, b"id=tr_7UhSN1zuXS", now=NOW)
    assert (news.about, news.reference) == (NewsAbout.PAYMENT, "tr_7UhSN1zuXS")
    # Each is looked at: the second one may be of something new.
    assert provider.parse_webhook({}, b"id=tr_7UhSN1zuXS", now=NOW).event_id != news.event_id
    for other in (b"id=ord_1", b"id=tr_../../v2/methods", b"id=tr_" + b"x" * 100):
        assert provider.parse_webhook({}, other, now=NOW).about is NewsAbout.NOTHING
    for wrong in (b"", b"nothing", b"\xff\xfe", b"x=1"):
        with pytest.raises(NotGenuine):
            provider.parse_webhook({}, wrong, now=NOW)
