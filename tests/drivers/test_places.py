"""Drivers find places: near them, fitting, free; by the code on the charger; and none that is not public."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from charger import ScriptedCharger
from riding import BERLIN, Town

from currant.api.driver.photos import AT_ONCE
from pictures import from_a_phone, png

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def around(town: Town, **wanted: object) -> list[str]:
    found = await town.browser().ask("GET", "/places", params={"limit": 100, **wanted})
    return [each["name"] for each in found["items"]]


async def available(station: ScriptedCharger, evses: int = 1) -> None:
    await station.boot()
    for evse in range(1, evses + 1):
        await station.status("Available", evse)


async def test_the_nearest_place_comes_first_and_far_ones_only_when_asked_for(town: Town) -> None:
    lat, lon = 10.0, 20.0
    for name, north in (("Far", 0.5), ("Near", 0.001), ("Middle", 0.05)):
        place = await town.place(name, latitude=lat + north, longitude=lon)
        await town.station(place)
    await town.settled()
    assert await around(town, lat=lat, lon=lon, radius_km=100) == ["Near", "Middle", "Far"]
    assert await around(town, lat=lat, lon=lon, radius_km=10) == ["Near", "Middle"]
    first = await town.browser().ask(
        "GET", "/places", params={"lat": lat, "lon": lon, "radius_km": 100, "limit": 2}
    )
    assert [each["distance_m"] for each in first["items"]] == [111, 5560]
    rest = await town.browser().ask(
        "GET",
        "/places",
        params={"lat": lat, "lon": lon, "radius_km": 100, "limit": 2, "cursor": first["next_cursor"]},
    )
    assert [each["name"] for each in rest["items"]] == ["Far"]
    assert rest["next_cursor"] is None


async def test_a_filter_counts_only_what_fits(town: Town) -> None:
    lat, lon = -30.0, 20.0
    place = await town.place("Mixed", latitude=lat, longitude=lon)
    fast = {"number": 1, "standard": "IEC_62196_T2_COMBO", "power_type": "DC", "max_power_w": 150_000}
    slow = {"number": 1, "standard": "IEC_62196_T2", "max_power_w": 11_000}
    await town.station(
        place, evses=[{"number": 1, "connectors": [fast]}, {"number": 2, "connectors": [slow]}]
    )
    await town.settled()
    here = {"lat": lat, "lon": lon, "radius_km": 5}
    browser = town.browser()
    everything = (await browser.ask("GET", "/places", params=here))["items"][0]
    assert (everything["evses"], everything["max_power_w"]) == (2, 150_000)
    assert everything["standards"] == ["IEC_62196_T2", "IEC_62196_T2_COMBO"]
    quick = (await browser.ask("GET", "/places", params={**here, "min_power_w": 50_000}))["items"][0]
    assert quick["evses"] == 1
    assert await around(town, **here, standard="CHADEMO") == []
    assert await around(town, **here, available="true") == []


async def test_whether_an_evse_is_free_follows_the_station(town: Town) -> None:
    place = await town.place("Followed")
    identity = await town.station(place, evses=2)
    browser = town.browser()

    async def states() -> list[str]:
        await town.settled()
        details = await browser.ask("GET", f"/places/{place}")
        return [each["state"] for each in details["evses"]]

    assert await states() == ["offline", "offline"]
    async with town.charger(identity, "1.6") as station:
        await available(station, 2)
        assert await states() == ["available", "available"]
        await station.status("Preparing", 1)
        await station.status("Faulted", 2)
        assert await states() == ["occupied", "faulted"]
        found = await browser.ask("GET", f"/evses/{identity}-2")
        assert (found["can_start"], found["why"]["code"]) == (False, "faulted")

        async def on_the_map() -> list[int]:
            marks = (await browser.ask("GET", "/map"))["items"]
            return [each["available"] for each in marks if each["id"] == place]

        await town.eventually(lambda: _is(on_the_map, [0]))
    await town.eventually(lambda: _all(states, "offline"))


async def _is(look: Any, wanted: Any) -> bool:
    return bool(await look() == wanted)


async def _all(states: object, wanted: str) -> bool:
    return set(await states()) == {wanted}  # type: ignore[operator]


@pytest.mark.parametrize("typed", ["DE*CUR*E%s", "de cur e%s", "DECURE%s", " De*Cur e%s "])
async def test_a_code_is_read_as_people_type_it(town: Town, typed: str) -> None:
    number = len(typed) * 1_000 + typed.count(" ")
    place = await town.place()
    connector = {"number": 1}
    await town.station(
        place, evses=[{"number": 3, "reference": f"DE*CUR*E{number}", "connectors": [connector]}]
    )
    await town.settled()
    found = await town.browser().ask("GET", f"/evses/{quote(typed % number, safe='')}")
    assert (found["place"]["id"], found["evse"]["code"]) == (place, f"DE*CUR*E{number}")


async def test_a_station_with_one_evse_goes_by_its_own_name_and_others_by_their_number(town: Town) -> None:
    place = await town.place()
    alone, pair = await town.station(place), await town.station(place, evses=2)
    await town.settled()
    browser = town.browser()
    assert (await browser.ask("GET", f"/evses/{alone}"))["evse"]["code"] == alone
    assert (await browser.ask("GET", f"/evses/{alone.lower()}-1"))["evse"]["code"] == alone
    assert (await browser.ask("GET", f"/evses/{pair}-2"))["evse"]["code"] == f"{pair}-2"
    assert (await browser.refused("GET", f"/evses/{pair}")).status == 404


async def test_a_code_that_two_chargers_carry_leads_to_neither(town: Town) -> None:
    place = await town.place()
    evse = {"number": 1, "reference": "TWICE-1", "connectors": [{"number": 1}]}
    first = await town.station(place, evses=[evse])
    await town.settled()
    browser = town.browser()
    assert (await browser.ask("GET", "/evses/twice1"))["evse"]["code"] == "TWICE-1"
    await town.station(place, evses=[evse])
    await town.settled()
    assert (await browser.refused("GET", "/evses/TWICE-1")).status == 404
    assert (await browser.ask("GET", f"/evses/{first}"))["place"]["id"] == place


async def test_what_is_not_public_is_unknown(town: Town) -> None:
    place, depot = await town.place("Open"), await town.place("Depot")
    nowhere = await town.register(evses=[{"number": 1, "connectors": [{"number": 1}]}])
    pending = await town.station(place, admission="pending")
    hidden = await town.station(depot)
    await town.settled()
    browser = town.browser()
    assert (await browser.ask("GET", f"/evses/{hidden}"))["place"]["name"] == "Depot"
    await town.ask("PUT", f"/locations/{depot}/listing", json={"listed": False})
    await town.settled()
    for code in (nowhere, pending, hidden, "no such code", "%00", "*"):
        refused = await browser.refused("GET", f"/evses/{code}")
        assert (refused.status, refused.code) == (404, "not_found"), code
    assert (await browser.refused("GET", f"/places/{depot}")).status == 404
    assert (await browser.refused("GET", f"/places/{place}")).status == 404, "nothing there is accepted"
    await town.ask("POST", f"/stations/{pending}/accept")
    await town.settled()
    assert (await browser.ask("GET", f"/evses/{pending}"))["place"]["name"] == "Open"
    await town.ask("PUT", f"/locations/{depot}/listing", json={"listed": True})
    await town.settled()
    assert (await browser.ask("GET", f"/evses/{hidden}"))["evse"]["state"] == "offline"


async def test_a_place_tells_what_a_driver_needs(town: Town) -> None:
    place = await town.place(
        "Market",
        address="Square 1",
        city="Town",
        postal_code="12345",
        time_zone="Europe/Berlin",
        opening_hours=[{"weekday": day, "begins": "00:00", "ends": "24:00"} for day in range(1, 8)],
        facilities=["CAFE"],
    )
    await town.station(place)
    await town.settled()
    details = await town.browser().ask("GET", f"/places/{place}")
    assert (details["name"], details["city"], details["open_now"]) == ("Market", "12345 Town", True)
    assert (details["time_zone"], details["facilities"], details["waiting"]) == ("Europe/Berlin", ["CAFE"], 0)
    (connector,) = details["evses"][0]["connectors"]
    assert (connector["standard"], connector["max_power_w"]) == ("IEC_62196_T2", 22_000)
    assert await around(town, q="12345", lat=BERLIN[0], lon=BERLIN[1]) == ["Market"]


async def test_photos_are_kept_shown_and_taken_away(town: Town) -> None:
    place = await town.place("Seen")
    await town.station(place)
    picture, jpeg = png(), from_a_phone()

    async def send(content: bytes, kind: str) -> dict[str, list[str]]:
        headers = {"Content-Type": kind}
        made = await town.ask("POST", f"/locations/{place}/photos", content=content, headers=headers)
        assert isinstance(made, dict)
        return made

    await send(picture, "image/png")
    shown = (await send(jpeg, "image/jpeg"))["photos"]
    await town.settled()
    browser = town.browser()
    details = await browser.ask("GET", f"/places/{place}")
    assert details["photos"] == shown
    assert details["photo_url"] == shown[0]
    served = await browser.http.get(shown[0])
    assert (served.content, served.headers["content-type"]) == (picture, "image/png")
    assert "immutable" in served.headers["cache-control"]
    taken = await browser.http.get(shown[1])
    assert taken.headers["content-type"] == "image/jpeg"
    assert b"52.52" not in taken.content, "where a photo was taken is nobody's business"
    left = await town.ask("DELETE", f"/locations/{place}/photos/1")
    assert left["photos"] == shown[1:]
    assert (await browser.http.get(shown[0])).status_code == 404
    page = await town.api.post(
        f"/api/v1/locations/{place}/photos", content=b"<html>", headers={"Content-Type": "image/png"}
    )
    assert page.status_code == 422
    large = await town.api.post(
        f"/api/v1/locations/{place}/photos",
        content=picture + b"0" * 5_000_000,
        headers={"Content-Type": "image/png"},
    )
    assert large.status_code == 413
    assert (await browser.http.post(f"/api/v1/locations/{place}/photos", content=picture)).status_code == 401


async def test_only_so_many_photos_are_taken_in_at_once(town: Town) -> None:
    place = await town.place("Photographed")
    path, headers = f"/api/v1/locations/{place}/photos", {"Content-Type": "image/png"}
    let_go = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield png()[:20]
        await let_go.wait()
        yield png()[20:]

    sending = [
        asyncio.create_task(town.api.post(path, content=slowly(), headers=headers))
        for _ in range(AT_ONCE + 3)
    ]
    # Nobody else takes a place meanwhile.
    async with asyncio.timeout(30):
        while sum(town.currant.api.app.state.get("photos_under_way", {}).values()) < AT_ONCE:
            await asyncio.sleep(0.02)
    more = await town.api.post(path, content=png(), headers=headers)
    assert more.status_code == 429
    let_go.set()
    assert more.headers["retry-after"] == "2"
    codes = [answer.status_code for answer in await asyncio.gather(*sending)]
    assert codes.count(201) == AT_ONCE
    assert (await town.api.post(path, content=png(), headers=headers)).status_code == 201


async def test_a_hyphen_left_out_never_leads_to_another_station(town: Town) -> None:
    place = await town.place()
    for identity, evses in (("HY-1", 1), ("HY-11", 2), ("HYPHEN-A-7", 1)):
        await town.station(place, evses=evses, identity=identity)
    await town.settled()
    browser = town.browser()
    assert (await browser.ask("GET", "/evses/hyphena7"))["evse"]["code"] == "HYPHEN-A-7"
    assert (await browser.refused("GET", "/evses/HY-11")).status == 404, "it has two EVSEs"
    assert (await browser.refused("GET", "/evses/HY11")).status == 404
    assert (await browser.ask("GET", "/evses/HY1"))["evse"]["code"] == "HY-1"


async def test_the_map_is_kept_and_told_again_only_when_it_changed(town: Town) -> None:
    place = await town.place("On the map", latitude=5.5, longitude=-5.5)
    await town.station(place)
    await town.settled()
    browser = town.browser()

    async def drawn() -> Any:
        answer = await browser.raw("GET", "/map")
        marks = [each for each in answer.json()["items"] if each["id"] == place]
        return (answer, marks[0]) if marks else None

    answer, mark = await town.eventually(drawn)
    assert (mark["lat"], mark["lon"], mark["evses"], mark["available"]) == (5.5, -5.5, 1, 0)
    assert answer.headers["content-encoding"] == "gzip"
    same = await browser.raw("GET", "/map", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    plain = await browser.raw("GET", "/map", headers={"Accept-Encoding": "identity"})
    assert plain.json() == answer.json()


async def test_nonsense_is_told_as_such(town: Town) -> None:
    browser = town.browser()
    for params in ({"lat": 1}, {"lat": 91, "lon": 0}, {"radius_km": 5}, {"standard": "USB"}, {"cursor": "x"}):
        assert (await browser.refused("GET", "/places", params=params)).status in (400, 422), params
