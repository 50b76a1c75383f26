"""Payments through the API: providers set up, payers on the sandbox's page, messages at the webhook's address."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from served import Api

from currant.billing.payments.sandbox_account import SIGNATURE, Message
from currant.billing.payments.webhooks import BODY_MAX, JOB
from currant.db.jobs import JobRunner
from currant.kit.http import signature
from currant.tenancy.model import Role

V1 = "/api/v1"
SECRET = "a secret of the sandbox"
DRIVER = {"kind": "driver", "id": "driver-1"}


@pytest.fixture
async def shop(api: Api, owner: httpx.AsyncClient) -> httpx.AsyncClient:
    """The owner's client, with the sandbox set up."""
    body = {"secrets": {"webhook_secret": SECRET}}
    answer = await owner.put(f"{V1}/payment-providers/sandbox", json=body)
    assert answer.status_code == 200, answer.text
    return owner


async def begun(shop: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    body = {
        "mode": "hold",
        "amount": {"minor_units": 5000, "currency": "EUR"},
        "owner": DRIVER,
        "session_id": "session-1",
    }
    answer = await shop.post(f"{V1}/payments", json=body | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def paid(api: Api, payment: dict[str, Any], card: str = "4242424242424242") -> httpx.Response:
    """A payer's browser, which nobody knows, on the page of the sandbox."""
    page = payment["next_action"]["page_url"]
    browser = api.client()
    shown = await browser.get(page)
    assert shown.status_code == 200
    assert "50.00" in shown.text
    return await browser.post(page, data={"does": "pay", "number": card}, headers={"Origin": api.address})


async def delivered(api: Api) -> None:
    """The sandbox brings its messages to the route, over a socket, and they are worked off."""

    async def bring(path: str, headers: Any, body: bytes) -> int:
        return (await api.client().post(path, content=body, headers=dict(headers))).status_code

    api.sandbox.deliver = bring
    await api.sandbox.tick()
    runner = JobRunner(api.database, {JOB: api.payments.webhooks.work_off}, clock=api.clock)
    while await runner.run_due():
        await runner.stop()


async def test_a_payment_from_the_page_to_the_refund(api: Api, shop: httpx.AsyncClient) -> None:
    payment = await begun(shop)
    assert payment["state"] == "needs_action"
    page = await paid(api, payment)
    assert "The money is held" in page.text
    await delivered(api)
    address = f"{V1}/payments/{payment['id']}"
    detail = (await shop.get(address)).json()
    assert (detail["payment"]["state"], detail["payment"]["method_label"]) == ("authorised", "Visa •••• 4242")
    amount = {"minor_units": 3742, "currency": "EUR"}
    moved = await shop.post(f"{address}/capture", json={"amount": amount})
    assert (moved.status_code, moved.json()["payment"]["captured"]) == (200, 3742)
    amount = {"minor_units": 742, "currency": "EUR"}
    moved = await shop.post(f"{address}/refund", json={"amount": amount, "reason": "A broken cable"})
    assert moved.json()["payment"]["state"] == "partly_refunded"
    detail = (await shop.get(address)).json()
    assert [each["kind"] for each in detail["operations"]] == ["authorise", "capture", "refund"]
    assert detail["operations"][2]["reason"] == "A broken cable"
    assert all(each["request"] == "" for each in detail["operations"])


async def test_a_capture_asked_twice_with_a_key_is_one(api: Api, shop: httpx.AsyncClient) -> None:
    payment = await begun(shop)
    await paid(api, payment)
    await delivered(api)
    body = {"amount": {"minor_units": 3742, "currency": "EUR"}}
    address = f"{V1}/payments/{payment['id']}/capture"
    answers = [await shop.post(address, json=body, headers={"Idempotency-Key": "k1"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[2].headers["Idempotency-Replayed"] == "true"
    again = await shop.post(address, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_the_same_message_a_hundred_times_at_the_route_changes_things_once(
    api: Api, shop: httpx.AsyncClient
) -> None:
    payment = await begun(shop, mode="top_up", session_id=None)
    await paid(api, payment)
    reference = (await shop.get(f"{V1}/payments/{payment['id']}")).json()["payment"]["reference"]
    body = msgspec.json.encode(Message(id="evt_1", kind="payment.captured", reference=reference))
    signed = signature(body, secret=SECRET, at=int(api.clock.now().timestamp()))
    path = (await shop.get(f"{V1}/payment-providers")).json()["items"][0]["webhook_path"]
    stranger = api.client()
    answers = await asyncio.gather(
        *(stranger.post(path, content=body, headers={SIGNATURE: signed}) for _ in range(100))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["new"] for answer in answers) == 1
    runner = JobRunner(api.database, {JOB: api.payments.webhooks.work_off}, clock=api.clock)
    await runner.run_due()
    await runner.stop()
    notices = (await shop.get(f"{V1}/payment-notices")).json()["items"]
    assert [(each["event_id"], each["outcome"]) for each in notices] == [("evt_1", "captured")]


async def test_the_webhook_takes_no_more_than_it_reads_and_nothing_unsigned(
    api: Api, shop: httpx.AsyncClient
) -> None:
    path = (await shop.get(f"{V1}/payment-providers")).json()["items"][0]["webhook_path"]
    stranger = api.client()
    assert (await stranger.post(path, content=b"x" * (BODY_MAX + 1))).status_code == 413
    unsigned = await stranger.post(path, content=b"{}")
    assert (unsigned.status_code, unsigned.json()["code"]) == (403, "not_allowed")
    assert (await stranger.post("/pay/sandbox/webhook/nobodys", content=b"{}")).status_code == 404
    assert (await stranger.post("/pay/paypal/webhook", content=b"{}")).status_code == 404


async def test_secrets_are_sealed_and_never_told(api: Api, shop: httpx.AsyncClient) -> None:
    shown = await shop.get(f"{V1}/payment-providers")
    assert shown.json()["items"][0]["secrets"] == ["webhook_secret"]
    assert SECRET not in shown.text
    stored = await api.database.read(
        lambda conn: conn.exec_driver_sql("SELECT secrets, settings FROM payment_providers").all()
    )
    assert SECRET.encode() not in bytes(stored[0][0])
    kept = await shop.put(f"{V1}/payment-providers/sandbox", json={"settings": {"webhooks": "twice"}})
    assert (kept.status_code, kept.json()["secrets"]) == (200, ["webhook_secret"])
    wrong = await shop.put(f"{V1}/payment-providers/sandbox", json={"settings": {"webhooks": "by pigeon"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "settings.webhooks")


async def test_keys_are_the_owners_business_alone(api: Api, shop: httpx.AsyncClient) -> None:
    operator = api.client(await api.key(Role.OPERATOR))
    assert (await operator.get(f"{V1}/payment-providers")).status_code == 200
    assert (await operator.put(f"{V1}/payment-providers/sandbox", json={})).status_code == 403
    support = api.client(await api.key(Role.SUPPORT))
    assert (await support.get(f"{V1}/payments")).status_code == 200
    assert (await support.post(f"{V1}/payments/x/void", json={})).status_code == 403


async def test_a_card_is_stored_on_the_page_and_charged_later(api: Api, shop: httpx.AsyncClient) -> None:
    method = (await shop.post(f"{V1}/payment-methods", json={"owner": DRIVER})).json()
    browser, page = api.client(), method["next_action"]["page_url"]
    assert "A card is stored" in (await browser.get(page)).text
    stored = await browser.post(page, data={"does": "pay", "card": "5555555555554444"})
    assert "The card is stored." in stored.text
    await delivered(api)
    query = {"owner_kind": "driver", "owner_id": "driver-1"}
    (kept,) = (await shop.get(f"{V1}/payment-methods", params=query)).json()["items"]
    assert (kept["state"], kept["label"], kept["default"]) == ("active", "Mastercard •••• 4444", True)
    payment = await begun(shop, mode="postpaid", method_id=method["id"], session_id=None)
    assert (payment["state"], payment["captured"]) == ("captured", 5000)
    assert (await shop.delete(f"{V1}/payment-methods/{method['id']}")).status_code == 204
    assert (await shop.get(f"{V1}/payment-methods", params=query)).json()["items"] == []


async def test_a_bank_asks_and_a_wrong_number_is_no_card(api: Api, shop: httpx.AsyncClient) -> None:
    payment = await begun(shop, return_url="/charge/session/1")
    asked = await paid(api, payment, "4000002500003155")
    assert "is it you?" in asked.text
    page = payment["next_action"]["page_url"]
    refused = await api.client().post(page, data={"does": "no"})
    assert "The confirmation at the bank failed." in refused.text
    wrong = await paid(api, payment, "4111111111111111")
    assert "real cards are never taken here" in wrong.text
    await paid(api, payment, "4000002500003155")
    back = await api.client().post(page, data={"does": "yes"})
    assert (back.status_code, back.headers["location"]) == (303, "/charge/session/1")


async def test_the_page_escapes_what_people_wrote_and_runs_nothing(api: Api, shop: httpx.AsyncClient) -> None:
    payment = await begun(shop, description='<script>alert("x")</script>')
    shown = await api.client().get(payment["next_action"]["page_url"])
    assert "<script" not in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert "script-src" not in shown.headers["content-security-policy"]
    bad = await shop.post(
        f"{V1}/payments",
        json={
            "mode": "top_up",
            "amount": {"minor_units": 1, "currency": "EUR"},
            "owner": DRIVER,
            "return_url": "javascript:alert(1)",
        },
    )
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "return_url")
    assert (await api.client().get("/pay/sandbox/sb_nobodys")).status_code == 404


async def test_payments_are_found_by_what_they_are_for(api: Api, shop: httpx.AsyncClient) -> None:
    first = await begun(shop)
    second = await begun(shop, session_id="session-2", owner={"kind": "account", "id": "account-1"})

    async def found(**query: str) -> list[str]:
        answer = await shop.get(f"{V1}/payments", params=query)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    assert await found() == [second["id"], first["id"]]
    assert await found(session_id="session-1") == [first["id"]]
    assert await found(owner_kind="account", owner_id="account-1") == [second["id"]]
    assert await found(state="captured") == []
    assert (await shop.get(f"{V1}/payments", params={"owner_id": "x"})).status_code == 422
    page = (await shop.get(f"{V1}/payments", params={"limit": 1})).json()
    following = await shop.get(f"{V1}/payments", params={"limit": 1, "cursor": page["next_cursor"]})
    assert [each["id"] for each in following.json()["items"]] == [first["id"]]


async def test_the_providers_that_there_are_say_what_they_have_to_be_told(
    api: Api, shop: httpx.AsyncClient
) -> None:
    (kind,) = (await shop.get(f"{V1}/payment-providers/kinds")).json()["items"]
    assert kind["name"] == "sandbox"
    assert [field["name"] for field in kind["fields"] if field["secret"]] == ["webhook_secret"]
    unknown = await shop.put(f"{V1}/payment-providers/paypal", json={})
    assert (unknown.status_code, "sandbox" in unknown.json()["detail"]) == (404, True)
    assert (await shop.delete(f"{V1}/payment-providers/sandbox")).status_code == 204
    assert (await shop.get(f"{V1}/payment-providers")).json()["items"] == []
