"""Ledger and wallets as a client of the API meets them."""

import httpx
import pytest
from served import Api

from currant.tenancy.model import Role


@pytest.fixture
async def account(owner: httpx.AsyncClient) -> str:
    made = await owner.post("/api/v1/accounts", json={"name": "Somebody"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def adjust(
    owner: httpx.AsyncClient, account: str, amount: int, *, kind: str = "wallet", key: str = ""
) -> httpx.Response:
    body = {"amount": amount, "currency": "EUR", "reason": "A cable was broken", "kind": kind}
    headers = {"Idempotency-Key": key} if key else {}
    return await owner.post(f"/api/v1/wallets/{account}/adjust", json=body, headers=headers)


async def test_a_wallet_is_given_to_once_for_one_key(owner: httpx.AsyncClient, account: str) -> None:
    empty = (await owner.get(f"/api/v1/wallets/{account}")).json()
    assert empty["standings"] == []
    first = await adjust(owner, account, 500, key="a")
    assert first.status_code == 200, first.text
    again = await adjust(owner, account, 500, key="a")
    assert again.json() == first.json()
    await adjust(owner, account, 500, key="b")
    found = (await owner.get(f"/api/v1/wallets/{account}")).json()
    assert [(each["kind"], each["balance"], each["available"]) for each in found["standings"]] == [
        ("wallet", 1000, 1000)
    ]
    assert (await owner.get("/api/v1/wallets")).json()["items"] == [found]


async def test_no_more_is_taken_than_is_there(owner: httpx.AsyncClient, account: str) -> None:
    await adjust(owner, account, 500)
    refused = await adjust(owner, account, -501)
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["code"] == "not_enough"
    assert problem["facts"] == {"available": 500, "needed": 501, "currency": "EUR"}


async def test_statements_come_in_pages_with_the_balance_after_each(
    owner: httpx.AsyncClient, account: str
) -> None:
    for amount in (500, -100, 250):
        await adjust(owner, account, amount)

    async def walk(path: str, **query: str) -> list[tuple[int, int]]:
        found, cursor = [], None
        while True:
            params = query | {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = (await owner.get(path, params=params)).json()
            found += [(line["amount"], line["balance"]) for line in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    mine = await walk(f"/api/v1/wallets/{account}/entries", currency="EUR")
    assert mine == [(250, 650), (-100, 400), (500, 500)]
    booked = await walk("/api/v1/ledger/statement", kind="wallet", owner=account, currency="EUR")
    assert booked == [(-amount, -balance) for amount, balance in mine]
    entries = (await owner.get("/api/v1/ledger/entries", params={"source_type": "person"})).json()["items"]
    assert [[leg["amount"] for leg in each["legs"]] for each in entries] == [
        [250, -250],
        [-100, 100],
        [500, -500],
    ]
    one = await owner.get(f"/api/v1/ledger/entries/{entries[0]['id']}")
    assert one.json() == entries[0]
    assert (await owner.get("/api/v1/ledger/entries/nothing")).status_code == 404


async def test_accounts_a_check_and_a_copy(owner: httpx.AsyncClient, account: str) -> None:
    await adjust(owner, account, 500)
    accounts = (await owner.get("/api/v1/ledger/accounts")).json()["items"]
    assert [(each["kind"], each["owner"], each["balance"]) for each in accounts] == [
        ("adjustment", "", 500),
        ("wallet", account, -500),
    ]
    only = (await owner.get("/api/v1/ledger/accounts", params={"kind": "wallet"})).json()["items"]
    assert only == accounts[1:]
    checked = (await owner.get("/api/v1/ledger/check")).json()
    assert (checked["ok"], checked["entries"], checked["accounts"], checked["findings"]) == (True, 1, 2, [])
    copy = await owner.get("/api/v1/ledger/export")
    assert copy.headers["content-type"].startswith("text/plain")
    assert f"balance Liabilities:Wallets:{account}:EUR  -5.00 ~ 0 EUR" in copy.text


async def test_a_credit_line_a_deposit_and_a_rule_are_set(owner: httpx.AsyncClient, account: str) -> None:
    path = f"/api/v1/wallets/{account}"
    line = await owner.put(f"{path}/credit-line", json={"limit": 100_000, "currency": "EUR"})
    assert line.json()["standings"][0]["available"] == 100_000
    await adjust(owner, account, 5000, kind="deposit")
    unused = await owner.post(f"{path}/use-deposit", json={"amount": 1, "currency": "EUR"})
    assert unused.status_code == 409
    assert (await adjust(owner, account, 1, kind="credit_line")).status_code == 422
    assert (await adjust(owner, account, 1, kind="revenue")).status_code == 422
    rule = {"below": 1000, "amount": 5000, "method_id": "card-1"}
    made = await owner.put(f"{path}/top-up-rules/EUR", json=rule)
    assert made.json()["active"]
    assert (await owner.put(f"{path}/top-up-rules/euro", json=rule)).status_code == 422
    assert (await owner.delete(f"{path}/top-up-rules/EUR")).status_code == 204
    assert (await owner.delete(f"{path}/top-up-rules/EUR")).status_code == 404


async def test_a_filling_that_no_provider_can_take_is_told(
    api: Api, owner: httpx.AsyncClient, account: str
) -> None:
    path = f"/api/v1/wallets/{account}"
    rule = {"below": 1000, "amount": 5000, "method_id": "no-such-card"}
    await owner.put(f"{path}/top-up-rules/EUR", json=rule)
    await api.wallets.fill_all()
    found = (await owner.get(path)).json()
    assert [each["state"] for each in found["fills"]] == ["failed"]
    assert found["rules"][0]["failures"] == 1


async def test_nobody_gives_to_what_does_not_exist_or_without_the_right(
    api: Api, owner: httpx.AsyncClient, account: str
) -> None:
    assert (await adjust(owner, "nobody", 5)).status_code == 404
    support = api.client(await api.key(Role.SUPPORT))
    assert (await support.get(f"/api/v1/wallets/{account}")).status_code == 200
    assert (await adjust(support, account, 5)).status_code == 403
    wall = api.client(await api.key(Role.READ_ONLY))
    assert (await wall.get("/api/v1/ledger/accounts")).status_code == 403
