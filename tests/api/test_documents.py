"""Legal entities, taxes and documents through the API."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx
import msgspec
from served import Api
from sqlalchemy import Connection
from tests.billing.making import BEGAN, charge, decided

from currant.billing.documents.billable import BillableCharge
from currant.billing.entities_model import LegalEntity
from currant.kit.ids import TenantId
from currant.stations.drafts import LocationDraft
from currant.tenancy.model import Role

V1 = "/api/v1"
ENTITY = {
    "name": "Strom & Rad GmbH",
    "address": {"street": "Invalidenstraße 1", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    "zone": "Europe/Berlin",
    "currency": "EUR",
    "language": "de",
    "registrations": [{"jurisdiction": "DE", "number": "DE136695976"}],
    "email": "rechnung@example.com",
    "phone": "+49 30 1",
    "bank": {"iban": "DE02120300000000202051"},
}
DAYS = {"begin": BEGAN.date().isoformat(), "end": BEGAN.date().isoformat()}


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any = None, **more: Any) -> Any:
    answer = await client.request(method, V1 + path, json=body, **more)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


async def refused(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = await client.request(method, V1 + path, json=body)
    return answer.status_code, answer.json()["code"]


async def customer(api: Api, owner: httpx.AsyncClient) -> str:
    """An account with a billing profile."""
    account = await ask(owner, "POST", "/accounts", {"name": "Flotte AG"})
    profile = {
        "name": "Flotte AG",
        "address": {"street": "Ring 5", "city": "Hamburg", "postal_code": "20095", "country": "DE"},
        "email": "eingang@example.org",
    }
    await ask(owner, "PUT", f"/billing-profiles/account:{account['id']}", profile)
    return f"account:{account['id']}"


def owes(api: Api, entity: Any, customer: str, charges: int = 2) -> None:
    """So many sessions that the customer has still to be invoiced for."""
    seller = msgspec.convert(entity, LegalEntity)
    pile = [
        charge(decided(seller), number=at, owner=customer, entity_id=entity["id"]) for at in range(charges)
    ]

    def unbilled(
        conn: Connection, tenant_id: TenantId, asked: str, since: datetime, until: datetime
    ) -> Sequence[BillableCharge]:
        return [each for each in pile if each.owner == asked and since <= each.end < until]

    api.documents.unbilled = unbilled


async def test_a_legal_entity_sells_where_it_is_set(api: Api, owner: httpx.AsyncClient) -> None:
    first = await ask(owner, "POST", "/legal-entities", ENTITY)
    assert first["is_default"]
    austrian = {
        **ENTITY,
        "name": "Strom GmbH",
        "address": {**ENTITY["address"], "country": "AT"},  # type: ignore[dict-item]
        "registrations": [{"jurisdiction": "AT", "number": "ATU13585627"}],
    }
    second = await ask(owner, "POST", "/legal-entities", austrian)
    caller = await api.owner()
    location = await api.inventory.create_location(
        caller.tenant_id, LocationDraft(name="Wien", country="AT"), by="test"
    )
    where = f"/legal-entities/{second['id']}/locations"
    assert await ask(owner, "PUT", where, {"locations": [location.id]}) == {"locations": [location.id]}
    decision = await ask(owner, "POST", "/tax/decide", {"location_id": location.id, "on": "2026-05-04"})
    assert (decision["jurisdiction"], decision["heads"][0]["percent"]) == ("AT", "20")
    assert decision["seller_number"] == "ATU13585627"
    assert await refused(owner, "POST", f"/legal-entities/{first['id']}/archive", {"archived": True}) == (
        409,
        "conflict",
    )
    assert await refused(owner, "PUT", where, {"locations": ["nowhere"]}) == (404, "not_found")
    wrong = {**ENTITY, "series": {"invoice": {"form": "{number}"}}}
    assert await refused(owner, "POST", "/legal-entities", wrong) == (422, "invalid")


async def test_taxes_are_set_and_asked_about(owner: httpx.AsyncClient) -> None:
    await ask(owner, "POST", "/legal-entities", ENTITY)
    settings = await ask(owner, "GET", "/tax/settings")
    assert settings["gst_sac"] == "998714"
    await ask(owner, "PUT", "/tax/settings", {**settings, "vat_percent": {"DE": "7"}})
    question = {"place": {"country": "DE"}, "customer": {"kind": "consumer"}}
    assert (await ask(owner, "POST", "/tax/decide", question))["heads"][0]["percent"] == "7"
    dealer = {
        "place": {"country": "DE"},
        "customer": {"kind": "taxable_dealer", "country": "NL", "tax_id": "NL004495445B01"},
    }
    decision = await ask(owner, "POST", "/tax/decide", dealer)
    assert (decision["treatment"], decision["reason_code"]) == ("reverse_charge", "VATEX-EU-AE")
    assert await refused(owner, "PUT", "/tax/settings", {**settings, "vat_percent": {"DE": "700"}}) == (
        422,
        "invalid",
    )


async def test_an_invoice_is_issued_once_credited_and_exported(api: Api, owner: httpx.AsyncClient) -> None:
    entity = await ask(owner, "POST", "/legal-entities", ENTITY)
    buyer = await customer(api, owner)
    owes(api, entity, buyer)
    wanted = {"owner": buyer, "period": DAYS}
    sent = {"Idempotency-Key": "may"}
    [invoice] = (await ask(owner, "POST", "/documents/invoice", wanted, headers=sent))["items"]
    [again] = (await ask(owner, "POST", "/documents/invoice", wanted, headers=sent))["items"]
    assert invoice == again
    assert (await ask(owner, "POST", "/documents/invoice", wanted))["items"] == []
    note = await ask(owner, "POST", f"/documents/{invoice['id']}/credit", {"lines": [2], "reason": "Stau"})
    assert note["preceding"]["number"] == invoice["number"]
    assert await refused(owner, "POST", f"/documents/{invoice['id']}/credit", {}) == (409, "conflict")
    view = await ask(owner, "GET", f"/documents/{invoice['id']}")
    assert view["state"]["credited"] == note["gross"]
    paid = await ask(owner, "POST", f"/documents/{invoice['id']}/paid", {"amount": "10.00"})
    assert paid["paid"] == 1000
    listed = await ask(owner, "GET", "/documents", params={"owner": buyer, "unpaid": "true"})
    assert [row["number"] for row in listed["items"]] == [invoice["number"]]
    assert await ask(owner, "GET", "/documents/check") == {"ok": True, "findings": []}
    answer = await owner.get(f"{V1}/documents/export", params={"rows": "lines"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["net"] for row in rows] == ["9.06", "9.06", "-9.06"]
    span = {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    sums = (await ask(owner, "GET", "/tax/sums", params=span))["sums"]
    assert [(each["jurisdiction"], each["base"], each["documents"]) for each in sums] == [("DE", 906, 2)]
    datev = await owner.get(f"{V1}/documents/export/datev", params=span)
    assert datev.text.splitlines()[1].startswith("21,56;S;EUR;1400;8400;9;")


async def test_its_files_are_downloaded(api: Api, owner: httpx.AsyncClient) -> None:
    entity = await ask(owner, "POST", "/legal-entities", ENTITY)
    buyer = await customer(api, owner)
    owes(api, entity, buyer)
    [invoice] = (await ask(owner, "POST", "/documents/invoice", {"owner": buyer, "period": DAYS}))["items"]
    files = f"{V1}/documents/{invoice['id']}/files"
    pdf = await owner.get(f"{files}/pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert f'filename="{invoice["number"]}.pdf"' in pdf.headers["content-disposition"]
    assert pdf.content.startswith(b"%PDF")
    assert (await owner.get(f"{files}/peppol")).content.startswith(b"<?xml")
    refusal = await owner.get(f"{files}/xrechnung")
    assert (refusal.status_code, refusal.json()["code"]) == (422, "not_an_einvoice")
    assert "BT-10" in refusal.json()["facts"]["terms"]
    assert (await owner.get(f"{files}/docx")).status_code == 404


async def test_a_run_is_begun_followed_and_stopped(api: Api, owner: httpx.AsyncClient) -> None:
    await ask(owner, "POST", "/legal-entities", ENTITY)
    run = await ask(
        owner, "POST", "/documents/runs", {"period": {"begin": "2026-01-01", "end": "2026-01-02"}}
    )
    assert run["state"] == "running"
    assert await refused(
        owner, "POST", "/documents/runs", {"period": {"begin": "2026-01-01", "end": "2026-01-02"}}
    ) == (409, "conflict")
    assert (await ask(owner, "POST", f"/documents/runs/{run['id']}/stop"))["state"] == "stopped"
    assert (await ask(owner, "GET", f"/documents/runs/{run['id']}"))["state"] == "stopped"
    assert len((await ask(owner, "GET", "/documents/runs"))["items"]) == 1


async def test_home_charging_is_given_back(api: Api, owner: httpx.AsyncClient) -> None:
    entity = await ask(owner, "POST", "/legal-entities", ENTITY)
    employee = await customer(api, owner)
    wanted = {
        "entity_id": entity["id"],
        "owner": employee,
        "period": {"begin": "2026-05-01", "end": "2026-05-31"},
        "price_per_kwh": "0.34",
        "flat_rate": True,
        "charges": [{"kwh": "10.1", "on": "2026-05-04", "meter": "Wallbox 4711"}],
    }
    statement = await ask(owner, "POST", "/documents/reimbursement", wanted)
    assert (statement["kind"], statement["gross"], statement["tax"]) == ("reimbursement", 343, 0)
    late = {**wanted, "charges": [{"kwh": "1", "on": "2026-06-04"}]}
    assert await refused(owner, "POST", "/documents/reimbursement", late) == (422, "invalid")


async def test_a_host_s_share_is_billed_for_it(owner: httpx.AsyncClient) -> None:
    entity = await ask(owner, "POST", "/legal-entities", ENTITY)
    home = {"street": "Markt 1", "city": "Ulm", "postal_code": "89073", "country": "DE"}
    host = {"name": "Hotel Post", "address": home, "kind": "business", "tax_id": "DE129273398"}
    wanted = {
        "entity_id": entity["id"],
        "host": "host:1",
        "currency": "EUR",
        "period": {"begin": "2026-05-01", "end": "2026-05-31"},
        "shares": [{"name": "Anteil Mai", "quantity": "812.5", "unit": "kWh", "net": "97.50"}],
    }
    assert await refused(owner, "POST", "/documents/self-bill", wanted) == (404, "not_found")
    await ask(owner, "PUT", "/billing-profiles/host:1", host)
    bill = await ask(owner, "POST", "/documents/self-bill", wanted)
    assert (bill["kind"], bill["seller"]["name"], bill["buyer"]["name"]) == (
        "self_bill",
        "Hotel Post",
        "Strom & Rad GmbH",
    )
    assert (bill["net"], bill["tax"], bill["gross"]) == (9750, 1853, 11603)
    # A host without a number is too small for VAT, and one abroad leaves it to us.
    await ask(owner, "PUT", "/billing-profiles/host:1", {"name": "Frau Post", "address": home})
    assert (await ask(owner, "POST", "/documents/self-bill", wanted))["tax"] == 0
    abroad = {**host, "tax_id": "ATU13585627", "address": {**home, "country": "AT"}}
    await ask(owner, "PUT", "/billing-profiles/host:1", abroad)
    reverse = await ask(owner, "POST", "/documents/self-bill", wanted)
    assert (reverse["taxes"][0]["category"], reverse["tax"]) == ("AE", 0)


async def test_who_may_not_bill_does_not(api: Api, owner: httpx.AsyncClient) -> None:
    reader = api.client(await api.key(Role.READ_ONLY))
    assert (await reader.post(f"{V1}/legal-entities", json=ENTITY)).status_code == 403
