"""Desired state and station groups over the API: declared, watched, undone, by those who may."""

from typing import Any

import httpx
from served import Api

from currant.stations.model import BootReport, CommandOutcome, CommandStatus
from currant.tenancy.model import Role

V1 = "/api/v1"
MESSAGE = {"aspect": "display_messages", "key": "1", "value": {"texts": [{"text": "Welcome"}]}}


async def stations(owner: httpx.AsyncClient, *identities: str) -> None:
    for identity in identities:
        answer = await owner.post(f"{V1}/stations", json={"identity": identity})
        assert answer.status_code == 201, answer.text


async def declared(owner: httpx.AsyncClient, *drafts: dict[str, Any], **more: Any) -> Any:
    answer = await owner.post(f"{V1}/desired/declarations", json={"declarations": drafts, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_group_is_made_filled_listed_and_dissolved(owner: httpx.AsyncClient) -> None:
    await stations(owner, "CP-1", "CP-2", "CP-3")
    made = await owner.post(f"{V1}/station-groups", json={"name": "Depot", "stations": ["CP-1"]})
    assert made.status_code == 201, made.text
    group = made.json()
    path = f"{V1}/station-groups/{group['id']}"
    added = await owner.post(f"{path}/stations/add", json={"stations": ["CP-2", "CP-3"]})
    assert added.json()["stations"] == 3
    removed = await owner.post(f"{V1}/station-groups/Depot/stations/remove", json={"stations": ["CP-1"]})
    assert removed.json()["stations"] == 2
    members = (await owner.get(f"{path}/stations")).json()["items"]
    assert [member["identity"] for member in members] == ["CP-2", "CP-3"]
    listed = (await owner.get(f"{V1}/stations", params={"group": group["id"]})).json()["items"]
    assert [station["identity"] for station in listed] == ["CP-2", "CP-3"]
    assert (await owner.get(f"{V1}/stations/count", params={"group": group["id"]})).json() == {"count": 2}
    assert (await owner.put(f"{path}/stations", json={"stations": []})).json()["stations"] == 0
    assert (await owner.patch(path, json={"name": "Yard"})).json()["name"] == "Yard"
    assert [each["name"] for each in (await owner.get(f"{V1}/station-groups")).json()["items"]] == ["Yard"]
    assert (await owner.delete(path)).status_code == 204
    assert (await owner.get(path)).status_code == 404


async def test_what_is_declared_is_brought_to_a_station_and_seen_there(
    api: Api, owner: httpx.AsyncClient
) -> None:
    await stations(owner, "CP-1")
    attended = await api.attended("CP-1", version="2.0.1")
    await api.stations.boot(attended, BootReport(vendor="ABB", model="Terra"), at=api.clock.now())
    preview = await owner.post(
        f"{V1}/desired/declarations/preview", json={"declarations": [{"scope": "all", **MESSAGE}]}
    )
    assert (preview.json()["stations"], preview.json()["connected"]) == (1, 1)
    made = await declared(owner, {"scope": "model", "vendor": "ABB", "model": "Terra", **MESSAGE}, why="ads")
    assert made["revision"]["why"] == "ads"
    rollout = f"{V1}/desired/rollouts/{made['rollout']['id']}"

    # The station shows nothing yet, and takes what it is told.
    api.link.outcome = CommandOutcome(status=CommandStatus.ACCEPTED, reason="")
    await api.desired.rollouts.look_after()
    api.desired.reconciler.start()
    api.desired.reconciler.want(attended.station_id)
    await api.desired.reconciler.settled()
    await api.desired.reconciler.stop()
    await api.desired.rollouts.look_after(all_of_them=True)

    shown = (await owner.get(f"{V1}/stations/CP-1/desired")).json()
    assert shown["connected"] is True
    [key] = shown["keys"]
    assert (key["aspect"], key["key"], key["standing"]) == ("display_messages", "1", "in_step")
    assert key["reported"] == key["desired"]
    assert key["declaration"]["id"] == made["declarations"][0]["id"]
    progress = (await owner.get(rollout)).json()
    assert progress["by_standing"] == {"in_step": 1}
    assert progress["rollout"]["state"] == "done"
    counts = (await owner.get(f"{V1}/desired/counts")).json()["items"]
    assert counts == [{"aspect": "display_messages", "standing": "in_step", "cause": "", "stations": 1}]
    listed = (await owner.get(f"{V1}/desired/stations", params={"standing": "in_step"})).json()["items"]
    assert [each["identity"] for each in listed] == ["CP-1"]
    assert (await owner.get(f"{V1}/desired/stations", params={"standing": "refused"})).json()["items"] == []
    assert (await owner.post(f"{V1}/stations/CP-1/desired/retry")).status_code == 202
    assert [type(command).__name__ for _, command in api.link.sent] == [
        "GetDisplayMessages",
        "SetDisplayMessage",
    ]


async def test_a_change_is_listed_with_what_it_did_and_undone(owner: httpx.AsyncClient) -> None:
    await stations(owner, "CP-1")
    first = await declared(owner, {"scope": "all", **MESSAGE})
    other = {**MESSAGE, "value": {"texts": [{"text": "Closed"}]}}
    second = await declared(owner, {"scope": "all", **other})
    assert second["declarations"][0]["id"] == first["declarations"][0]["id"], "it is replaced"
    revision = f"{V1}/desired/revisions/{second['revision']['id']}"
    made = (await owner.get(revision)).json()["made"]
    assert [made[0]["before"]["value"]["texts"], made[0]["after"]["value"]["texts"]] == [
        first["declarations"][0]["value"]["texts"],
        second["declarations"][0]["value"]["texts"],
    ]
    undone = await owner.post(f"{V1}/desired/rollouts/{second['rollout']['id']}/undo", json={"why": "early"})
    assert undone.status_code == 200, undone.text
    listed = (await owner.get(f"{V1}/desired/declarations")).json()["items"]
    assert [each["value"] for each in listed] == [first["declarations"][0]["value"]]
    again = await owner.post(f"{revision}/undo")
    assert again.status_code == 409
    kinds = [each["kind"] for each in (await owner.get(f"{V1}/desired/revisions")).json()["items"]]
    assert kinds == ["undone", "declared", "declared"]
    removed = await owner.delete(f"{V1}/desired/declarations/{listed[0]['id']}")
    assert removed.status_code == 200
    assert (await owner.get(f"{V1}/desired/declarations")).json()["items"] == []


async def test_a_rollout_and_an_aspect_are_paused_and_resumed(api: Api, owner: httpx.AsyncClient) -> None:
    await stations(owner, "CP-1")
    made = await declared(owner, {"scope": "all", **MESSAGE}, pace={"canary": 1, "stop_above_percent": 10})
    path = f"{V1}/desired/rollouts/{made['rollout']['id']}"
    early = await owner.post(f"{path}/pause")
    assert early.status_code == 409, "it is only starting"
    await api.desired.rollouts.look_after()
    assert (await owner.post(f"{path}/pause", json={"why": "lunch"})).json()["state"] == "paused"
    assert (await owner.post(f"{path}/resume")).json()["state"] == "running"
    [on_it] = (await owner.get(f"{path}/stations")).json()["items"]
    assert (on_it["station_identity"], on_it["standing"]) == ("CP-1", "waiting")
    assert (await owner.post(f"{path}/release")).json()["state"] == "done"

    assert (await owner.put(f"{V1}/desired/pauses/all", json={"why": "storm"})).json()["aspect"] == ""
    assert (await owner.put(f"{V1}/desired/pauses/display_messages")).status_code == 200
    assert (await owner.put(f"{V1}/desired/pauses/coffee")).status_code == 422
    assert len((await owner.get(f"{V1}/desired/pauses")).json()["items"]) == 2
    assert (await owner.delete(f"{V1}/desired/pauses/all")).status_code == 204
    assert len((await owner.get(f"{V1}/desired/pauses")).json()["items"]) == 1


async def test_what_no_station_could_take_is_turned_down_in_words(owner: httpx.AsyncClient) -> None:
    for wrong, field in (
        ({**MESSAGE, "scope": "all", "key": "first"}, "key"),
        ({**MESSAGE, "scope": "all", "value": {"texts": []}}, "texts"),
        ({**MESSAGE, "scope": "all", "aspect": "coffee"}, "aspect"),
        ({**MESSAGE, "scope": "station"}, "station"),
        ({**MESSAGE, "scope": "group", "group": "nobody"}, "group"),
    ):
        answer = await owner.post(f"{V1}/desired/declarations", json={"declarations": [wrong]})
        assert answer.status_code in (404, 422), answer.text
        assert field in answer.text


async def test_support_may_look_and_not_declare(api: Api, owner: httpx.AsyncClient) -> None:
    await stations(owner, "CP-1")
    body = {"declarations": [{"scope": "all", **MESSAGE}]}
    for role, status in ((Role.SUPPORT, 403), (Role.READ_ONLY, 403), (Role.INTEGRATION, 201)):
        client = api.client(await api.key(role))
        assert (await client.get(f"{V1}/stations/CP-1/desired")).status_code == 200
        assert (await client.post(f"{V1}/desired/declarations", json=body)).status_code == status
