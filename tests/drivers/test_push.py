"""Messages reach drivers' browsers sealed and signed; browsers that are gone are forgotten."""

import asyncio
import base64
import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import http_ece  # type: ignore[import-untyped]
import pytest
from charger import ScriptedCharger, now
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02  # type: ignore[import-untyped]
from riding import Browser, Town

from currant.notices.push import PushKey, is_well_known
from kit.http_servers import Asked, answered, read_request, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


class PushService:
    """A push service on loopback, and a browser that it carries messages to."""

    def __init__(self) -> None:
        self.address = ""
        self.status = "201 Created"
        self.asked: list[Asked] = []
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)

    def subscription(self, name: str = "one") -> dict[str, Any]:
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {
            "endpoint": f"{self.address}/{name}",
            "expirationTime": None,
            "keys": {"p256dh": _text(point), "auth": _text(self._auth)},
        }

    def read(self, asked: Asked) -> Any:
        """What the browser sees of a message."""
        opened = http_ece.decrypt(
            asked.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"
        )
        return json.loads(opened)

    async def behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            self.asked.append(await read_request(reader))
            writer.write(answered(b"", status=self.status))
            await writer.drain()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    async with serving(service.behave) as address:
        service.address = address
        yield service


async def charged(town: Town, station: ScriptedCharger, uid: str) -> None:
    answer = await station.call("StartTransaction", connectorId=1, idTag=uid, meterStart=0, timestamp=now())
    await station.call(
        "StopTransaction",
        transactionId=answer["transactionId"],
        meterStop=1_250,
        timestamp=now(),
        reason="EVDisconnected",
    )
    await town.settled()
    await asyncio.wait_for(town.currant.push.settled(), 10)


async def with_card(town: Town, uid: str, **options: Any) -> Browser:
    browser = await town.driver(**options)
    await browser.ask("POST", "/cards", json={"uid": uid})
    return browser


async def test_the_end_of_charging_is_told_sealed_and_signed(town: Town) -> None:
    identity = await town.station(await town.place("Märkt"))
    browser = await with_card(town, "04F00000000001", language="de")
    async with push_service() as service, town.charger(identity, "1.6") as station:
        await station.boot()
        await browser.ask("PUT", "/push", json={"subscription": service.subscription()})
        await charged(town, station, "04F00000000001")
        (asked,) = service.asked
        assert asked.headers["content-encoding"] == "aes128gcm"
        assert asked.headers["ttl"] == "3600"
        assert len(asked.headers["topic"]) == 32
        assert Vapid02.verify(asked.headers["authorization"])
        key = asked.headers["authorization"].rpartition("k=")[2]
        assert key == (await browser.ask("GET", "/site"))["vapid_public_key"]
        claims = asked.headers["authorization"].partition("t=")[2].split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(claims + "=="))["aud"] == service.address
        assert b"kWh" not in asked.body
        told = service.read(asked)
        assert (told["kind"], told["title"], told["body"]) == (
            "ended",
            "Ladevorgang beendet",
            "1.25 kWh bei Märkt.",
        )
        assert told["url"].startswith("/charge/session/")
        session = await browser.ask("GET", told["url"].replace("/charge/session", "/sessions"))
        assert session["state"] == "ended"

        await browser.ask("DELETE", "/push")
        await charged(town, station, "04F00000000001")
        assert len(service.asked) == 1


async def test_a_browser_that_is_gone_is_forgotten(town: Town) -> None:
    identity = await town.station(await town.place())
    browser = await with_card(town, "04F00000000002")
    async with push_service() as service, town.charger(identity, "1.6") as station:
        await station.boot()
        await browser.ask("PUT", "/push", json={"subscription": service.subscription()})
        service.status = "410 Gone"
        await charged(town, station, "04F00000000002")
        service.status = "201 Created"
        await charged(town, station, "04F00000000002")
        assert len(service.asked) == 1


async def test_a_service_that_is_busy_is_asked_again(town: Town) -> None:
    identity = await town.station(await town.place())
    browser = await with_card(town, "04F00000000003")
    push = town.currant.push
    before, push._pause_s = push._pause_s, 0.01
    async with push_service() as service, town.charger(identity, "1.6") as station:
        await station.boot()
        await browser.ask("PUT", "/push", json={"subscription": service.subscription()})
        service.status = "503 Busy"
        await charged(town, station, "04F00000000003")
        assert len(service.asked) == 3
        push._pause_s = before


async def test_a_start_that_came_to_nothing_is_told_and_five_browsers_are_enough(town: Town) -> None:
    identity = await town.station(await town.place())
    browser = await town.driver()
    answers: dict[str, Any] = {"RemoteStartTransaction": {"status": "Rejected"}}
    async with push_service() as service, town.charger(identity, "1.6", answers=answers) as station:
        await station.boot()
        await station.status("Available")
        await town.settled()
        for number in range(7):
            await browser.ask("PUT", "/push", json={"subscription": service.subscription(f"b{number}")})
        await browser.ask("POST", "/sessions", json={"code": identity})
        await town.settled()
        await asyncio.wait_for(town.currant.push.settled(), 10)
        assert sorted(each.target for each in service.asked) == [f"/b{number}" for number in range(2, 7)]
        told = service.read(service.asked[0])
        assert (told["kind"], told["title"]) == ("failed", "Charging did not start")


async def test_who_waits_is_called_when_a_charger_is_kept_for_them(town: Town) -> None:
    place = await town.place("Busy", time_zone="Asia/Kolkata")
    identity = await town.station(place)
    browser, other, guest = await town.driver(), await town.driver(), await town.guest()
    async with push_service() as service, town.charger(identity, "1.6") as station:
        await station.boot()
        await station.status("Charging")
        await town.settled()
        await browser.ask("PUT", "/push", json={"subscription": service.subscription()})
        line = await browser.ask("POST", "/waiting", json={"place_id": place})
        assert (line["position"], line["called"], line["place"]["name"]) == (1, False, "Busy")
        assert (await browser.ask("POST", "/waiting", json={"place_id": place}))["id"] == line["id"]
        assert (await other.ask("POST", "/waiting", json={"place_id": place}))["position"] == 2
        assert (await other.ask("GET", f"/places/{place}"))["waiting"] == 2
        assert (await other.refused("DELETE", f"/waiting/{line['id']}")).status == 404
        assert (await guest.refused("POST", "/waiting", json={"place_id": place})).status == 409
        await station.status("Available")

        async def called() -> Any:
            found = (await browser.ask("GET", "/waiting"))["items"]
            return found[0] if found and found[0]["called"] else None

        held = await town.eventually(called)
        await station.asked_for("ReserveNow")
        (kept,) = (await browser.ask("GET", "/reservations"))["items"]
        assert (kept["id"], kept["evse_code"]) == (held["reservation_id"], identity)
        await town.settled()
        await asyncio.wait_for(town.currant.push.settled(), 10)
        told = service.read(service.asked[0])
        assert (told["kind"], told["title"]) == ("called", "A charger is free for you")
        assert told["body"].startswith(f"{identity} at Busy is kept for you until ")
        await browser.ask("DELETE", f"/waiting/{line['id']}")
        assert (await browser.ask("GET", "/waiting"))["items"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", "ftp://example.com/x"),
        ("endpoint", "http://example.com/x"),
        ("endpoint", "https://user:secret@example.com/x"),
        ("endpoint", "https://example.com/" + "x" * 2_000),
        ("p256dh", "AAAA"),
        ("auth", "!!!!"),
        ("auth", "A" * 300),
    ],
)
async def test_what_is_no_subscription_is_told_as_such(town: Town, field: str, value: str) -> None:
    browser = await town.driver()
    subscription = PushService().subscription()
    subscription["endpoint"] = "https://push.example.com/x"
    (subscription if field == "endpoint" else subscription["keys"])[field] = value
    assert (await browser.refused("PUT", "/push", json={"subscription": subscription})).status == 422
    assert (await town.browser().refused("PUT", "/push", json={"subscription": subscription})).status == 401


async def test_a_point_that_is_on_no_curve_is_forgotten_and_breaks_nothing(town: Town) -> None:
    identity = await town.station(await town.place())
    browser = await with_card(town, "04F00000000004")
    async with push_service() as service, town.charger(identity, "1.6") as station:
        await station.boot()
        good, bad = service.subscription("good"), service.subscription("bad")
        bad["keys"]["p256dh"] = _text(b"\x04" + b"\x01" * 64)
        await browser.ask("PUT", "/push", json={"subscription": bad})
        await browser.ask("PUT", "/push", json={"subscription": good})
        await charged(town, station, "04F00000000004")
        assert [each.target for each in service.asked] == ["/good"]


async def test_the_key_is_made_once_and_for_our_eyes_alone(tmp_path: Path) -> None:
    first, second = PushKey.open(tmp_path), PushKey.open(tmp_path)
    assert first.public == second.public
    assert stat.S_IMODE((tmp_path / "push.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://db5p.notify.windows.com/w/?token=x", True),
        ("https://web.push.apple.com/x", True),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evilgoogleapis.com/x", False),
        ("https://evil.example/fcm.googleapis.com", False),
        ("https://evil.example#fcm.googleapis.com", False),
    ],
)
async def test_services_of_strangers_wait_in_a_lane_of_their_own(endpoint: str, known: bool) -> None:
    assert is_well_known(endpoint) is known
