"""Tariffs through the API: made, checked, looked at, published; rules that give them; markets, vouchers, subscriptions."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from served import Api

from currant.access.model import Presented
from currant.charging.model import StartReport
from currant.kit.ids import LocationId, StationId
from currant.stations.drafts import LocationDraft, StationDraft
from currant.tenancy.model import Role

V1 = "/api/v1"
ENERGY = {"currency": "EUR", "elements": [{"components": [{"dimension": "energy", "price": "0.39"}]}]}


def energy(price: str, **restrictions: Any) -> dict[str, Any]:
    element: dict[str, Any] = {"components": [{"dimension": "energy", "price": price}]}
    return element | ({"restrictions": restrictions} if restrictions else {})


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any = None, **more: Any) -> Any:
    answer = await client.request(method, V1 + path, json=body, **more)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


async def tariff(owner: httpx.AsyncClient, name: str = "Public", prices: Any = ENERGY) -> str:
    """A tariff with a published version."""
    made = await ask(owner, "POST", "/tariffs", {"name": name, "currency": prices["currency"]})
    path = f"/tariffs/{made['tariff']['id']}/versions"
    await ask(owner, "POST", path, {"prices": prices})
    await ask(owner, "POST", f"{path}/1/publish", {})
    tariff_id: str = made["tariff"]["id"]
    return tariff_id


async def place(api: Api, name: str = "Quay", **more: Any) -> LocationId:
    caller = await api.owner()
    draft = LocationDraft(name=name, **{"country": "DE", "time_zone": "Europe/Berlin", **more})
    return (await api.inventory.create_location(caller.tenant_id, draft, by="a test")).id


async def station(api: Api, location_id: LocationId, identity: str = "CP-1") -> StationId:
    caller = await api.owner()
    draft = StationDraft(identity=identity, location_id=location_id)
    return (await api.inventory.create_station(caller.tenant_id, draft, by="a test")).id


async def test_a_tariff_is_drafted_changed_published_and_never_changed_again(
    owner: httpx.AsyncClient,
) -> None:
    made = await ask(owner, "POST", "/tariffs", {"name": "Public", "currency": "EUR"})
    path = f"/tariffs/{made['tariff']['id']}"
    saved = await ask(owner, "POST", f"{path}/versions", {"prices": ENERGY, "texts": {"de": "39 ct"}})
    assert (saved["version"]["number"], saved["version"]["standing"], saved["findings"]) == (1, "draft", [])
    dearer = {"currency": "EUR", "elements": [energy("0.49", max_kwh="20")]}
    saved = await ask(owner, "PUT", f"{path}/versions/1", {"prices": dearer})
    assert [finding["code"] for finding in saved["findings"]] == ["energy_gap"]
    stale = await owner.post(f"{V1}{path}/versions/1/publish", json={"prices": ENERGY})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    await ask(owner, "POST", f"{path}/versions/1/publish", {"prices": saved["version"]["prices"]})
    refused = await owner.put(f"{V1}{path}/versions/1", json={"prices": ENERGY})
    assert refused.status_code == 409
    assert "never changes" in refused.json()["detail"]
    shown = await ask(owner, "GET", path)
    assert (shown["in_force"], len(shown["versions"])) == (1, 1)
    assert await ask(owner, "GET", f"{path}/versions/1") == shown["versions"][0]
    assert (await owner.get(f"{V1}{path}/versions/x")).status_code == 404
    [listed] = (await ask(owner, "GET", "/tariffs?search=pub"))["items"]
    assert listed["in_force"]["prices"]["elements"][0]["components"][0]["price"] == "0.49"
    withdrawn = await ask(owner, "POST", f"{path}/versions/1/withdraw")
    assert withdrawn["standing"] == "withdrawn"
    assert (await ask(owner, "GET", path))["in_force"] is None


async def test_prices_are_numbers_as_they_are_written_and_come_back_as_text(owner: httpx.AsyncClient) -> None:
    made = await ask(owner, "POST", "/tariffs", {"name": "Public", "currency": "EUR"})
    body = '{"prices": {"currency": "EUR", "elements": [{"components": [{"dimension": "energy", "price": 0.1}]}]}}'
    answer = await owner.post(
        f"{V1}/tariffs/{made['tariff']['id']}/versions",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.json()["version"]["prices"]["elements"][0]["components"][0]["price"] == "0.1"


async def test_what_is_wrong_with_prices_is_told_by_field(owner: httpx.AsyncClient) -> None:
    path = "/tariffs/check"
    for prices, field in (
        ({"currency": "EUR", "elements": []}, "prices.elements"),
        (
            {"currency": "EUR", "elements": [energy("0.3", start_time="7:00")]},
            "prices.elements[0].restrictions.start_time",
        ),
        ({"currency": "EUR", "elements": [energy("nan")]}, "prices.elements[0].components[0].price"),
    ):
        answer = await owner.post(V1 + path, json={"prices": prices})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == field


async def test_prices_that_contradict_themselves_are_saved_as_a_draft_and_not_published(
    owner: httpx.AsyncClient,
) -> None:
    made = await ask(owner, "POST", "/tariffs", {"name": "Public", "currency": "EUR"})
    path = f"/tariffs/{made['tariff']['id']}/versions"
    wrong = {"currency": "EUR", "elements": [energy("0.3", min_kwh="20", max_kwh="10")]}
    saved = await ask(owner, "POST", path, {"prices": wrong})
    assert [each["code"] for each in saved["findings"] if each["severity"] == "error"] == ["range_empty"]
    refused = await owner.post(f"{V1}{path}/1/publish", json={})
    assert (refused.status_code, refused.json()["facts"]["findings"]) == (422, ["range_empty"])


async def test_checks_look_at_the_sites_where_prices_shall_hold(api: Api, owner: httpx.AsyncClient) -> None:
    quay = await place(api)
    fast = {"number": 1, "connectors": [{"number": 1, "power_type": "DC", "max_power_w": 150_000}]}
    await ask(owner, "POST", "/stations", {"identity": "DC-1", "location_id": quay, "evses": [fast]})
    start = {"dimension": "flat", "price": "1"}
    prices = {"currency": "EUR", "elements": [{"components": [*energy("0.59")["components"], start]}]}
    found = await ask(owner, "POST", "/tariffs/check", {"prices": prices, "location_ids": [quay]})
    [fee] = [each for each in found["findings"] if each["code"] == "afir_other_fees"]
    assert fee["facts"]["sites"] == ["Quay"]
    nowhere = await ask(owner, "POST", "/tariffs/check", {"prices": prices})
    assert "afir_other_fees" not in [each["code"] for each in nowhere["findings"]]
    # And a draft is looked at for the sites that the tariff's rules name.
    tariff_id = await tariff(owner)
    await ask(owner, "POST", "/price-rules", {"tariff_id": tariff_id, "scope": "location", "about": quay})
    saved = await ask(owner, "POST", f"/tariffs/{tariff_id}/versions", {"prices": prices})
    assert "afir_other_fees" in [each["code"] for each in saved["findings"]]
    assert (
        await owner.post(f"{V1}/tariffs/check", json={"prices": prices, "location_ids": ["x"]})
    ).status_code == 404


async def test_typical_sessions_and_a_day_are_shown_before_prices_hold(
    api: Api, owner: httpx.AsyncClient
) -> None:
    quay = await place(api)
    prices = {
        "currency": "EUR",
        "elements": [energy("0.29", start_time="22:00", end_time="06:00"), energy("0.39")],
        "idle_fee": {"price_per_minute": "0.10", "grace_s": 900},
    }
    shown = await ask(
        owner, "POST", "/tariffs/preview", {"prices": prices, "location_id": quay, "day": "2026-02-04"}
    )
    assert (shown["zone"], shown["currency"]) == ("Europe/Berlin", "EUR")
    by_name = {each["name"]: each for each in shown["sessions"]}
    assert by_name["ac_4h"]["gross"] == 44 * 39
    assert [line["kind"] for line in by_name["idle_overstay"]["lines"]] == ["energy", "idle_fee"]
    picture = await ask(
        owner, "POST", "/tariffs/picture", {"prices": prices, "location_id": quay, "day": "2026-03-29"}
    )
    assert len(picture["quarters"]) == 92
    assert picture["quarters"][0]["energy"] == "0.29"
    last_month = await ask(
        owner, "POST", "/tariffs/preview", {"prices": prices, "sessions": "last_month", "zone": "UTC"}
    )
    assert last_month["last_month"]["sessions"] == 0
    said = await ask(owner, "POST", "/tariffs/words", {"prices": prices, "language": "de-AT"})
    assert said["language"] == "de"
    assert any("0,29" in line for line in said["lines"])
    wrong = await owner.post(f"{V1}/tariffs/picture", json={"prices": prices, "zone": "Mars/Base"})
    assert wrong.status_code == 422


async def test_a_tariff_goes_out_in_ocpi_and_comes_in_again(owner: httpx.AsyncClient) -> None:
    tariff_id = await tariff(owner)
    said = await ask(owner, "GET", f"/tariffs/{tariff_id}/ocpi")
    [component] = said["tariff"]["elements"][0]["price_components"]
    assert (component["type"], component["price"], said["tariff"]["currency"]) == ("ENERGY", 0.39, "EUR")
    assert said["tariff"]["tax_included"] == "NO"
    older = await ask(owner, "GET", f"/tariffs/{tariff_id}/ocpi?version=2.2.1&number=1")
    assert "tax_included" not in older["tariff"]
    alt = {
        "tariff_alt_text": [{"language": "en", "text": "39 cents"}],
        "tariff_alt_url": "https://example.org",
    }
    saved = await ask(owner, "PUT", f"/tariffs/{tariff_id}/ocpi", said["tariff"] | alt)
    assert (saved["version"]["number"], saved["version"]["standing"]) == (2, "draft")
    assert saved["version"]["prices"]["elements"] == ENERGY_BACK
    assert saved["version"]["texts"] == {"en": "39 cents"}
    assert [each["where"] for each in saved["unsaid"]] == ["tariff_alt_url"]
    assert (await owner.get(f"{V1}/tariffs/{tariff_id}/ocpi?version=3")).status_code == 422
    assert (await owner.put(f"{V1}/tariffs/{tariff_id}/ocpi", json={"elements": []})).status_code == 422


ENERGY_BACK = [
    {
        "components": [
            {"dimension": "energy", "price": "0.39", "tax_percent": None, "step_size": 1, "spot": None}
        ],
        "restrictions": None,
    }
]


async def test_which_price_holds_for_whom_is_told_with_the_reasons(
    api: Api, owner: httpx.AsyncClient
) -> None:
    quay = await place(api)
    station_id = await station(api, quay)
    group = await ask(owner, "POST", "/groups", {"name": "Staff", "parent_uid": "STAFF"})
    account = await ask(owner, "POST", "/accounts", {"name": "Anna"})
    token = await ask(
        owner,
        "POST",
        "/tokens",
        {"uid": "04AABBCC", "group_id": group["id"], "account_id": account["id"]},
    )
    public, staff = await tariff(owner), await tariff(owner, "Staff")
    everywhere = await ask(owner, "POST", "/price-rules", {"tariff_id": public})
    for_staff = await ask(
        owner, "POST", "/price-rules", {"tariff_id": staff, "scope": "group", "about": group["id"]}
    )
    unready = (await ask(owner, "POST", "/tariffs", {"name": "Unready", "currency": "EUR"}))["tariff"]["id"]
    waiting = await ask(
        owner,
        "POST",
        "/price-rules",
        {"tariff_id": unready, "scope": "station", "about": f"{station_id}/2"},
    )
    anybody = await ask(owner, "GET", "/price-rules/effective?station=CP-1&evse=2")
    assert (anybody["rule_id"], anybody["tariff_name"]) == (everywhere["id"], "Public")
    assert [(each["rule"]["id"], each["verdict"]) for each in anybody["considered"]] == [
        (waiting["id"], "no_version"),
        (everywhere["id"], "holds"),
    ]
    assert anybody["asker"]["location_id"] == quay
    anna = await ask(owner, "GET", f"/price-rules/effective?station=CP-1&token_id={token['id']}")
    assert anna["rule_id"] == for_staff["id"]
    assert anna["asker"]["account_id"] == account["id"]
    assert anna["version"]["tariff_id"] == staff
    before = await ask(owner, "GET", "/price-rules/effective?station=CP-1&at=2020-01-01T00:00:00Z")
    assert (before["rule_id"], before["version"]) == (None, None)
    host = await ask(owner, "GET", "/price-rules/effective?station=CP-1&purpose=host")
    assert host["considered"] == []


async def test_rules_are_listed_changed_and_ended(api: Api, owner: httpx.AsyncClient) -> None:
    quay = await place(api)
    public, other = await tariff(owner), await tariff(owner, "Other")
    draft = {"tariff_id": public, "scope": "location", "about": quay, "priority": 3}
    rule = await ask(owner, "POST", "/price-rules", draft)
    assert (await ask(owner, "GET", f"/price-rules?scope=location&about={quay}"))["items"] == [rule]
    assert (await ask(owner, "GET", f"/price-rules?tariff_id={other}"))["items"] == []
    path = f"/price-rules/{rule['id']}"
    going_on = await ask(owner, "PATCH", path, {"tariff_id": other})
    assert going_on["id"] != rule["id"]
    assert (await ask(owner, "GET", path))["valid_until"] == going_on["valid_from"]
    await ask(owner, "DELETE", f"/price-rules/{going_on['id']}")
    assert (await ask(owner, "GET", "/price-rules"))["items"] == []
    assert len((await ask(owner, "GET", "/price-rules?ended=true"))["items"]) == 2


@pytest.mark.parametrize("scope", ["token", "account", "group", "station", "station_group", "location"])
async def test_a_rule_is_about_something_that_is_there(owner: httpx.AsyncClient, scope: str) -> None:
    draft = {"tariff_id": await tariff(owner), "scope": scope, "about": "nobody's"}
    answer = await owner.post(f"{V1}/price-rules", json=draft)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "about")


async def test_prices_of_a_market_come_as_json_or_as_a_table(api: Api, owner: httpx.AsyncClient) -> None:
    now = api.clock.now().replace(minute=0, second=0, microsecond=0)
    rows = [{"begin": (now + timedelta(hours=n)).isoformat(), "price": f"{50 + n}"} for n in range(2)]
    body = {"prices": rows, "currency": "EUR", "per": "mwh", "minutes": 60}
    await ask(owner, "PUT", "/spot-prices/DE-LU", body)
    table = "\n".join(f"{(now + timedelta(hours=n)).isoformat()};{n},5" for n in range(2, 4))
    answer = await owner.post(
        f"{V1}/spot-prices/DE-LU/csv?currency=EUR&minutes=60",
        content=table,
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text
    series = await ask(owner, "GET", f"/spot-prices/DE-LU?since={now.isoformat().replace('+00:00', 'Z')}")
    assert [each["price"] for each in series["prices"]][::4] == ["0.05", "0.051", "0.0025", "0.0035"]
    assert [each["market"] for each in (await ask(owner, "GET", "/spot-prices"))["items"]] == ["DE-LU"]
    assert (await owner.get(f"{V1}/spot-prices/NOWHERE")).status_code == 404
    plain = await owner.post(f"{V1}/spot-prices/X/csv?currency=EUR", content="x")
    assert plain.status_code == 415


async def test_vouchers_are_made_changed_and_deleted(owner: httpx.AsyncClient) -> None:
    draft = {"code": "spring-26", "name": "Spring", "terms": {"percent": "10", "cap": "3", "currency": "EUR"}}
    made = await ask(owner, "POST", "/vouchers", draft)
    assert (made["code"], made["terms"]["cap"], made["used"]) == ("SPRING26", "3", 0)
    changed = await ask(owner, "PATCH", f"/vouchers/{made['id']}", {"archived": True})
    assert (await ask(owner, "GET", "/vouchers"))["items"] == []
    assert (await ask(owner, "GET", "/vouchers?archived=true"))["items"] == [changed]
    assert (await ask(owner, "GET", f"/vouchers/{made['id']}/uses"))["items"] == []
    await ask(owner, "DELETE", f"/vouchers/{made['id']}")
    assert (await owner.get(f"{V1}/vouchers/{made['id']}")).status_code == 404


async def test_a_code_is_used_for_a_session_that_goes_on(api: Api, owner: httpx.AsyncClient) -> None:
    draft = {"code": "SPRING26", "name": "Spring", "terms": {"percent": "10"}}
    made = await ask(owner, "POST", "/vouchers", draft)
    await station(api, await place(api))
    attended = await api.attended("CP-1")
    await ask(owner, "POST", "/tokens", {"uid": "04AABBCC"})
    now = api.clock.now()
    report = StartReport(
        evse=1, connector=1, presented=Presented(uid="04AABBCC"), meter_wh=0, at=now, received_at=now
    )
    await api.charging.start(attended, await api.charging.attend(attended), report)
    [session] = (await ask(owner, "GET", "/sessions"))["items"]
    path = f"/sessions/{session['number']}/voucher"
    unknown = await owner.post(V1 + path, json={"code": "nobody's"})
    assert unknown.status_code == 404
    for _ in range(2):
        used = await ask(owner, "POST", path, {"code": "spring 26"})
        assert (used["id"], used["used"]) == (made["id"], 1)
    [use] = (await ask(owner, "GET", f"/vouchers/{made['id']}/uses"))["items"]
    assert use["holder"] == "token:04AABBCC"


async def test_somebody_subscribes_once_however_often_it_is_sent_and_ends_it(
    owner: httpx.AsyncClient,
) -> None:
    account = await ask(owner, "POST", "/accounts", {"name": "Anna"})
    terms = {"currency": "EUR", "monthly_fee": "9.90", "allowance_kwh": "100"}
    plan = await ask(owner, "POST", "/subscription-plans", {"name": "Hundred", "terms": terms})
    draft = {"plan_id": plan["id"], "holder": f"account:{account['id']}", "zone": "Europe/Berlin"}
    key = {"Idempotency-Key": "once"}
    first = await ask(owner, "POST", "/subscriptions", draft, headers=key)
    assert await ask(owner, "POST", "/subscriptions", draft, headers=key) == first
    assert (await owner.post(f"{V1}/subscriptions", json=draft)).status_code == 409
    stranger = await owner.post(f"{V1}/subscriptions", json=draft | {"holder": "account:nobody"})
    assert (stranger.status_code, stranger.json()["errors"][0]["field"]) == (422, "holder")
    path = f"/subscriptions/{first['id']}"
    assert (await ask(owner, "GET", f"{path}/allowance"))["left_wh"] == 100_000
    ended = await ask(owner, "POST", f"{path}/end", {})
    assert ended["valid_until"] is not None
    assert (await ask(owner, "GET", "/subscriptions"))["items"] == []
    assert (await ask(owner, "GET", "/subscriptions?ended=true"))["items"] == [ended]
    assert (await ask(owner, "GET", f"/subscription-plans/{plan['id']}"))["name"] == "Hundred"


async def test_who_looks_on_sees_prices_and_neither_changes_them_nor_reads_codes(api: Api) -> None:
    looking = api.client(await api.key(Role.READ_ONLY))
    assert (await looking.get(f"{V1}/tariffs")).status_code == 200
    assert (await looking.post(f"{V1}/tariffs/check", json={"prices": ENERGY})).status_code == 200
    assert (await looking.post(f"{V1}/tariffs", json={"name": "X", "currency": "EUR"})).status_code == 403
    assert (await looking.get(f"{V1}/vouchers")).status_code == 403
