"""The whole: a driver charges at a socket, and the last cent of it is found in the books and on the receipt."""

import asyncio
from typing import Any

import pytest
from charger import ScriptedCharger, now
from riding import Browser, Town

from currant.access.model import Presented, TokenKind

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRICES = {
    "currency": "EUR",
    "elements": [
        {
            "components": [
                {"dimension": "energy", "price": "0.50", "tax_percent": "19"},
                {"dimension": "flat", "price": "1.00", "tax_percent": "19"},
            ]
        }
    ],
}


async def sold(town: Town) -> None:
    """Everything here has a price."""
    made = await town.ask("POST", "/tariffs", json={"name": "Public", "currency": "EUR"})
    tariff = made["tariff"]["id"]
    await town.ask("POST", f"/tariffs/{tariff}/versions", json={"prices": PRICES})
    await town.ask("POST", f"/tariffs/{tariff}/versions/1/publish", json={})
    await town.ask("POST", "/price-rules", json={"tariff_id": tariff})
    # Stations tell whole seconds, and these prices hold only since a moment ago.
    await asyncio.sleep(1)


async def metered(station: ScriptedCharger, number: int, wh: int) -> None:
    value = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    await station.call(
        "MeterValues",
        connectorId=1,
        transactionId=number,
        meterValue=[{"timestamp": now(), "sampledValue": [value]}],
    )


async def account_of(town: Town, uid: str) -> str:
    currant = town.currant
    tenant = currant.tenancy.host_tenant_id
    facts = await currant.database.read(
        lambda conn: currant.access.facts(conn, tenant, Presented(uid=uid, kind=TokenKind.APP))
    )
    assert facts is not None
    assert facts.account is not None
    return str(facts.account.id)


async def begun(town: Town, station: ScriptedCharger, browser: Browser, *, in_wallet: str) -> tuple[Any, int]:
    """A session of a driver with so much in their wallet; what the app calls it, and its number."""
    await station.boot()
    await station.status("Available", 1)
    await town.settled()
    started = await browser.ask("POST", "/sessions", json={"code": station.identity})
    uid = (await station.asked_for("RemoteStartTransaction"))["idTag"]
    account = await account_of(town, uid)
    await town.ask("PUT", f"/accounts/{account}/payment-terms", json={"pays_by": "wallet"})
    given = {"amount": int(in_wallet.replace(".", "")), "currency": "EUR", "reason": "A test"}
    await town.ask("POST", f"/wallets/{account}/adjust", json=given)
    await station.status("Preparing")
    answer = await station.call(
        "StartTransaction", connectorId=1, idTag=uid, meterStart=1_000, timestamp=now()
    )
    await station.status("Charging")
    return started, answer["transactionId"]


async def test_a_driver_pays_by_wallet_what_the_receipt_and_the_books_say(town: Town) -> None:
    await sold(town)
    place = await town.place("Harbour")
    identity = await town.station(place)
    async with town.charger(identity, "1.6") as station:
        browser = await town.driver()
        found = await browser.ask("GET", f"/evses/{identity}")
        assert "€0.50 per kWh" in found["price"]["text"]
        started, number = await begun(town, station, browser, in_wallet="10.00")
        await metered(station, number, 2_000)
        running = await town.ask("GET", f"/sessions/{number}/cost")
        # 1 kWh and the start: 1.50, and 19 % of it.
        assert (running["final"], running["net"], running["tax"], running["gross"]) == (False, 150, 29, 179)
        seen = await browser.ask("GET", f"/sessions/{started['id']}")
        assert seen["cost"] == {"text": "€1.79", "minor_units": 179, "currency": "EUR", "final": False}
        await station.call(
            "StopTransaction", transactionId=number, meterStop=2_500, timestamp=now(), idTag="X"
        )

        async def final() -> Any:
            cost = await town.ask("GET", f"/sessions/{number}/cost")
            return cost if cost["final"] else None

        cost = await town.eventually(final)
    assert (cost["net"], cost["tax"], cost["gross"]) == (175, 33, 208)
    charge = cost["charge"]["charge"]
    assert (charge["state"], charge["paid"], charge["collected"]) == ("final", "paid", 208)
    assert cost["charge"]["trace"]
    receipt = await browser.ask("GET", f"/sessions/{started['id']}/receipt")
    assert receipt["cost"] == {"text": "€2.08", "minor_units": 208, "currency": "EUR", "final": True}
    assert [line["amount"] for line in receipt["lines"]] == ["€1.00", "€0.75", "€0.33"]
    page = await browser.raw("GET", f"/sessions/{started['id']}/receipt", headers={"Accept": "text/html"})
    assert "€2.08" in page.text
    wallet = await town.ask("GET", f"/wallets/{charge['account_id']}")
    assert [each["balance"] for each in wallet["standings"]] == [792]
    checked = await town.ask("GET", "/ledger/check")
    assert checked["findings"] == []
    glance = await town.ask("GET", "/overview")
    assert glance["revenue"] == [
        {"currency": "EUR", "net": 175, "gross": 208, "charges": 1, "same_weekday_by_now_gross": 0}
    ]


async def test_what_people_decide_about_a_charge_is_done_once_and_seen_everywhere(town: Town) -> None:
    identity = await town.station(await town.place("Market"))
    account = await town.ask("POST", "/accounts", json={"name": "Fleet", "email": "fleet@example.com"})
    await town.token("04A1B2C3D4E5F6", account_id=account["id"])
    async with town.charger(identity, "1.6") as station:
        await station.boot()
        answer = await station.call(
            "StartTransaction", connectorId=1, idTag="04A1B2C3D4E5F6", meterStart=0, timestamp=now()
        )
        number = answer["transactionId"]
        await station.call("StopTransaction", transactionId=number, meterStop=2_000, timestamp=now())

    async def charged() -> Any:
        found = await town.ask("GET", "/charges", params={"account_id": account["id"]})
        return found["items"]

    (charge,) = await town.eventually(charged)
    assert (charge["number"], charge["paid"], charge["gross"]) == (str(number), "invoiced", 238)
    explained = await town.ask("GET", f"/charges/{charge['id']}")
    assert [line["kind"] for line in explained["exact"]] == ["flat", "energy"]
    assert explained["trace"]

    refused = await town.api.post(
        f"/api/v1/charges/{charge['id']}/refund", json={"amount": "0.005", "note": "Half a cent"}
    )
    assert refused.status_code == 422
    wanted = {"amount": "1.00", "note": "Had to wait"}
    key = {"Idempotency-Key": "one-refund"}
    path = f"/charges/{charge['id']}/refund"
    less = await town.ask("POST", path, json=wanted, headers=key)
    assert await town.ask("POST", path, json=wanted, headers=key) == less
    assert (less["gross"], less["number"]) == (138, f"{number}-2")
    again = await town.api.post(f"/api/v1{path}", json=wanted)
    assert again.status_code == 409, "It was credited: what counts is the other one."

    history = (await town.ask("GET", f"/sessions/{number}/cost"))["history"]
    assert sorted((each["kind"], each["state"], each["gross"]) for each in history) == [
        ("charge", "credited", 238),
        ("charge", "final", 138),
        ("credit", "final", -238),
    ]
    counted = await town.ask("GET", "/charges/count", params={"account_id": account["id"], "kind": "credit"})
    assert counted["count"] == 1
    table = await town.api.get("/api/v1/charges/export", params={"account_id": account["id"]})
    rows = [line.split(",") for line in table.text.splitlines()]
    gross = rows[0].index("gross")
    assert sorted(row[gross] for row in rows[1:]) == ["-2.38", "1.38", "2.38"]
    told = await town.ask("GET", "/audit", params={"about": f"charge:{less['id']}"})
    assert "refunded" in str(told)
    checked = await town.ask("GET", "/ledger/check")
    assert checked["findings"] == []


async def test_a_place_that_was_kept_is_paid_from_when_it_was_kept(town: Town) -> None:
    place = await town.place("Station")
    identity = await town.station(place)
    account = await town.ask("POST", "/accounts", json={"name": "Punctual"})
    await town.token("04D1B2C3D4E5F6", account_id=account["id"])
    made = await town.ask("POST", "/tariffs", json={"name": "Kept places", "currency": "EUR"})
    kept = {
        "components": [{"dimension": "flat", "price": "2.00"}],
        "restrictions": {"reservation": "reservation"},
    }
    prices = {"currency": "EUR", "elements": [kept, *PRICES["elements"]]}  # type: ignore[misc]
    tariff = made["tariff"]["id"]
    await town.ask("POST", f"/tariffs/{tariff}/versions", json={"prices": prices})
    await town.ask("POST", f"/tariffs/{tariff}/versions/1/publish", json={})
    rule = {"tariff_id": tariff, "scope": "location", "about": place}
    await town.ask("POST", "/price-rules", json=rule)
    await asyncio.sleep(1)
    async with town.charger(identity, "1.6") as station:
        await station.boot()
        await station.status("Available", 1)
        draft = {"token_uid": "04D1B2C3D4E5F6", "station": identity, "evse": 1}
        booked = await town.ask("POST", "/reservations", json=draft)
        await asyncio.sleep(1)
        answer = await station.call(
            "StartTransaction",
            connectorId=1,
            idTag="04D1B2C3D4E5F6",
            meterStart=0,
            timestamp=now(),
            reservationId=booked["number"],
        )
        await town.settled()
        number = answer["transactionId"]
        await station.call("StopTransaction", transactionId=number, meterStop=2_000, timestamp=now())

    async def charged() -> Any:
        return (await town.ask("GET", "/charges", params={"account_id": account["id"]}))["items"]

    (charge,) = await town.eventually(charged)
    # 1.00 to start, 2 kWh, 19 %; and 2.00 for the place.
    assert charge["net"] == 400
