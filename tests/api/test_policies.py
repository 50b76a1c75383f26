"""Policies, calendars, standing, consumption and the authoriser, as a client of the API meets them."""

from typing import Any

import httpx
from served import Api


async def made(owner: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await owner.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


OFFICE = {"days": ["weekdays"], "begin": "08:00", "end": "18:00"}


async def test_a_policy_is_made_changed_given_and_taken(owner: httpx.AsyncClient) -> None:
    policy = await made(
        owner,
        "policies",
        name="Visitors",
        windows=[OFFICE],
        quotas=[{"measure": "energy", "limit": 20_000, "period": "day", "per": "account"}],
        parallel={"limit": 2},
    )
    path = f"/api/v1/policies/{policy['id']}"
    assert (await owner.get(path)).json() == policy
    changed = (await owner.patch(path, json={"windows": [], "parallel": None})).json()
    assert (changed["windows"], changed["parallel"], changed["revision"]) == ([], None, 2)
    token = await made(owner, "tokens", uid="04A1B2C3")
    group = await made(owner, "groups", name="Fleet")
    account = await made(owner, "accounts", name="Anna")
    holders = {"tokens": token, "groups": group, "accounts": account}
    for holder, one in holders.items():
        assert (await owner.put(f"{path}/{holder}/{one['id']}")).status_code == 204
    assert (await owner.get(f"{path}/members")).json() == {
        holder: [one["id"]] for holder, one in holders.items()
    }
    assert (await owner.delete(path)).json()["code"] == "conflict"
    for holder, one in holders.items():
        assert (await owner.delete(f"{path}/{holder}/{one['id']}")).status_code == 204
    assert (await owner.put(f"{path}/tokens/nobody")).status_code == 404
    assert (await owner.delete(path)).status_code == 204
    assert (await owner.get("/api/v1/policies")).json()["items"] == []


async def test_a_mistake_in_a_policy_is_told_with_its_field(owner: httpx.AsyncClient) -> None:
    for body, field in (
        ({"name": "P", "windows": [{"begin": "8 o'clock"}]}, "windows[0].begin"),
        ({"name": "P", "windows": [{"from": "08:00"}]}, "windows[0].from"),
        ({"name": "P", "windows": [{"days": ["noday"]}]}, "windows[0].days[0]"),
    ):
        answer = await owner.post("/api/v1/policies", json=body)
        assert answer.status_code == 422
        assert field in answer.text


async def test_a_holiday_calendar_is_made_changed_and_deleted(owner: httpx.AsyncClient) -> None:
    calendar = await made(
        owner, "holiday-calendars", name="Germany", country="DE", holidays=[{"day": "2026-01-01"}]
    )
    path = f"/api/v1/holiday-calendars/{calendar['id']}"
    changed = (await owner.patch(path, json={"region": "Bavaria"})).json()
    assert (changed["region"], changed["holidays"]) == ("Bavaria", [{"day": "2026-01-01", "name": ""}])
    assert (await owner.get("/api/v1/holiday-calendars?search=germ")).json()["items"] == [changed]
    window = {"days": ["holidays"]}
    policy = await made(owner, "policies", name="Feasts", windows=[window], calendars=[calendar["id"]])
    assert (await owner.delete(path)).status_code == 409
    await owner.delete(f"/api/v1/policies/{policy['id']}")
    assert (await owner.delete(path)).status_code == 204
    assert (await owner.get(path)).status_code == 404


async def test_the_standing_of_a_token_says_what_would_be_decided_and_why(owner: httpx.AsyncClient) -> None:
    location = await made(owner, "locations", name="Market Square", time_zone="Europe/Berlin")
    await made(owner, "stations", identity="FR-001-A", location_id=location["id"])
    policy = await made(owner, "policies", name="Visitors", windows=[OFFICE])
    await made(owner, "tokens", uid="04A1B2C3", policies=[policy["id"]])
    path = "/api/v1/tokens/04:a1:b2:c3/standing?station=FR-001-A&evse=1"
    saturday = (await owner.get(f"{path}&at=2026-01-31T09:12:00Z")).json()
    assert saturday["decision"]["allowed"] is False
    assert saturday["decision"]["explanation"] == (
        "The policy 'Visitors' allows charging Monday to Friday 08:00 to 18:00 at this site "
        "(Europe/Berlin); it is Saturday 10:12 there."
    )
    refusing = [ruling for ruling in saturday["rulings"] if not ruling["passes"]]
    assert [(ruling["rule"], ruling["policy_id"]) for ruling in refusing] == [("time", policy["id"])]
    assert saturday["authoriser_is_asked"] is False
    monday = (await owner.get(f"{path}&at=2026-02-02T09:12:00Z")).json()
    assert monday["decision"]["allowed"] is True
    assert (await owner.get(f"{path}&at=2026-02-02T09:12:00")).status_code == 422
    assert (await owner.get("/api/v1/tokens/04A1B2C3/standing?station=NOBODY")).status_code == 404


async def test_consumption_is_told_by_policy_token_and_account(owner: httpx.AsyncClient) -> None:
    quotas = [
        {"measure": "energy", "limit": 20_000, "period": "day", "per": per} for per in ("account", "policy")
    ]
    policy = await made(owner, "policies", name="Fleet", quotas=quotas)
    account = await made(owner, "accounts", name="Anna", policies=[policy["id"]])
    token = await made(owner, "tokens", uid="04A1B2C3", account_id=account["id"])
    of_token = (await owner.get(f"/api/v1/tokens/{token['id']}/consumption")).json()
    assert [(each["policy_name"], len(each["quotas"])) for each in of_token] == [("Fleet", 2)]
    assert of_token[0]["quotas"][0]["remaining"] == 20_000
    of_account = (await owner.get(f"/api/v1/accounts/{account['id']}/consumption")).json()
    assert of_account == of_token
    pool = (await owner.get(f"/api/v1/policies/{policy['id']}/consumption")).json()
    assert [use["quota"]["per"] for use in pool["quotas"]] == ["policy"]


async def test_the_authoriser_is_declared_and_its_secret_told_once(
    api: Api, owner: httpx.AsyncClient
) -> None:
    path = "/api/v1/authoriser"
    assert (await owner.get(path)).json() is None
    answer = await owner.put(path, json={"url": "https://example.org/ask", "fallback": "refuse"})
    assert len(answer.json()["secret"]) == 32
    shown = (await owner.get(path)).json()
    assert (shown["url"], shown["fallback"], shown["deadline_ms"], shown["secret"]) == (
        "https://example.org/ask",
        "refuse",
        2000,
        "",
    )
    assert shown["health"]["answered"] == 0
    again = await owner.put(path, json={"url": "https://example.org/other"})
    assert again.json()["secret"] == ""
    refused = await owner.put(path, json={"url": "http://example.org/ask"})
    assert (refused.status_code, "encrypted" in refused.text) == (422, True)
    assert (await owner.delete(path)).status_code == 204
    assert (await owner.get(path)).json() is None
