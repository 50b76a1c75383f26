"""Independent charge points (PyPI `ocpp`) are refused by policies and authorisers, and told why in each version."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import websockets
from network import TENANT, Network
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v21 import ChargePoint as ChargePoint21
from ocpp.v21 import call as call21
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from tests.kit.http_servers import answered, read_request, serving

from currant.access.authoriser_model import AuthoriserDraft
from currant.access.policy_model import Measure, PolicyDraft, Quota, Window
from currant.access.schedules import WEEK
from currant.access.service import AccessService
from currant.charging.policy_use import COUNTED_EVENTS, PolicyUse
from currant.events.delivery import Delivery, Subscription
from currant.kit.clock import SystemClock, wire_time
from currant.kit.http import Outbound

UID = "04A1B2C3"
POINTS: dict[str, tuple[Any, Any]] = {
    "ocpp1.6": (ChargePoint16, call16),
    "ocpp2.0.1": (ChargePoint201, call201),
    "ocpp2.1": (ChargePoint21, call21),
}
VERSIONS = pytest.mark.parametrize("version", list(POINTS))
Say = Callable[[str], Awaitable[dict[str, Any]]]


@asynccontextmanager
async def station(network: Network, version: str, identity: str = "CP-1") -> AsyncIterator["Driver"]:
    kind, words = POINTS[version]
    async with websockets.connect(f"{network.url}/{identity}", subprotocols=[version]) as socket:
        point = kind(identity, socket)
        running = asyncio.create_task(point.start())
        driver = Driver(point, words, old=version == "ocpp1.6")
        await driver.boot()
        yield driver
        running.cancel()


class Driver:
    """Somebody at a charge point, whatever its version."""

    def __init__(self, point: Any, words: Any, *, old: bool) -> None:
        self.point, self.words, self.old = point, words, old
        self.sequence = 0

    async def boot(self) -> None:
        if self.old:
            call = self.words.BootNotification(charge_point_vendor="V", charge_point_model="M")
        else:
            about = {"vendor_name": "V", "model": "M"}
            call = self.words.BootNotification(charging_station=about, reason="PowerUp")
        assert (await self.point.call(call)).status == "Accepted"

    async def authorize(self, uid: str) -> dict[str, Any]:
        if self.old:
            return dict((await self.point.call(self.words.Authorize(id_tag=uid))).id_tag_info)
        token = {"id_token": uid, "type": "ISO14443"}
        return dict((await self.point.call(self.words.Authorize(id_token=token))).id_token_info)

    async def start(self, uid: str, *, identity: str = "tx-1") -> dict[str, Any]:
        at = wire_time(SystemClock().now())
        if self.old:
            call = self.words.StartTransaction(connector_id=1, id_tag=uid, meter_start=0, timestamp=at)
            return dict((await self.point.call(call)).id_tag_info)
        call = self.words.TransactionEvent(
            event_type="Started",
            timestamp=at,
            trigger_reason="Authorized",
            seq_no=0,
            transaction_info={"transaction_id": identity},
            id_token={"id_token": uid, "type": "ISO14443"},
            evse={"id": 1, "connector_id": 1},
        )
        return dict((await self.point.call(call)).id_token_info)

    def expiry(self, info: dict[str, Any]) -> str | None:
        return info.get("expiry_date" if self.old else "cache_expiry_date_time")


async def under(network: Network, **rules: Any) -> None:
    draft = PolicyDraft(name="Visitors", **rules)
    policy = await network.access.policies.create_policy(TENANT, draft, by="test")
    await network.issue(UID, policies=(policy.id,))


@VERSIONS
async def test_at_the_wrong_time_a_driver_is_refused_and_told_why(
    open_network: Network, version: str
) -> None:
    tomorrow = SystemClock().now() + timedelta(days=2)
    await under(open_network, windows=(Window(days=(WEEK[tomorrow.weekday()],), begin="06:00", end="07:00"),))
    expected = "Invalid" if version == "ocpp1.6" else "NotAtThisTime"
    async with station(open_network, version) as driver:
        for info in (await driver.authorize(UID), await driver.start(UID)):
            assert info["status"] == expected
            # Whoever keeps it asks again when the window opens.
            assert driver.expiry(info) == f"{tomorrow:%Y-%m-%d}T06:00:00Z"
    (session,) = await open_network.sessions()
    assert (session.authorised, session.authorisation) == (False, "not_at_this_time")


@VERSIONS
async def test_within_a_window_a_driver_is_let_in_no_longer_than_it_lasts(
    open_network: Network, version: str
) -> None:
    today = SystemClock().now()
    await under(open_network, windows=(Window(days=(WEEK[today.weekday()],)),))
    async with station(open_network, version) as driver:
        info = await driver.authorize(UID)
    assert info["status"] == "Accepted"
    assert driver.expiry(info) == f"{today + timedelta(days=1):%Y-%m-%d}T00:00:00Z"


@VERSIONS
async def test_a_quota_that_is_used_up_is_told_in_the_words_of_the_version(
    open_network: Network, version: str
) -> None:
    await under(open_network, quotas=(Quota(measure=Measure.ENERGY, limit=0),))
    async with station(open_network, version) as driver:
        assert (await driver.authorize(UID))["status"] == ("Blocked" if version == "ocpp1.6" else "NoCredit")


@VERSIONS
async def test_a_place_that_a_policy_leaves_out_is_told_in_the_words_of_the_version(
    open_network: Network, version: str
) -> None:
    elsewhere = await open_network.add("ELSEWHERE")
    await under(open_network, stations=(elsewhere.id,))
    async with station(open_network, version) as driver:
        expected = "Invalid" if version == "ocpp1.6" else "NotAtThisLocation"
        assert (await driver.authorize(UID))["status"] == expected
    async with station(open_network, version, "ELSEWHERE") as driver:
        assert (await driver.authorize(UID))["status"] == "Accepted"


@VERSIONS
async def test_an_authoriser_is_asked_by_a_station_and_its_slowness_is_nobody_elses(
    open_network: Network, version: str
) -> None:
    verdicts = {
        "DEADBEEF": {"allowed": True, "reference": "R-77"},
        "DEADDEAD": {"allowed": False, "reason": "wrong_kind_of_evse"},
    }
    release = asyncio.Event()

    async def outsider(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            question = json.loads((await read_request(reader)).body)
            if question["station"]["identity"] == "CP-1":
                await release.wait()
            verdict = verdicts[question["token"]["uid"]]
            writer.write(answered(json.dumps(verdict).encode()))

    outbound = Outbound(allow_private=True)
    open_network.access.authorisers._outbound = outbound
    access: AccessService = open_network.access
    await open_network.issue(UID)
    async with serving(outsider) as url:
        await access.authorisers.set(TENANT, AuthoriserDraft(url=url, deadline_ms=10_000), by="test")
        async with (
            station(open_network, version) as patient,
            station(open_network, version, "CP-2") as other,
        ):
            waiting = asyncio.create_task(patient.authorize("DEADBEEF"))
            refused = await other.authorize("DEADDEAD")
            assert (await other.authorize(UID))["status"] == "Accepted"
            assert not waiting.done()
            release.set()
            assert (await waiting)["status"] == "Accepted"
            assert (await patient.start("DEADBEEF"))["status"] == "Accepted"
    assert refused["status"] == ("Invalid" if version == "ocpp1.6" else "NotAllowedTypeEVSE")
    (session,) = await open_network.sessions()
    assert (session.token_uid, session.authorisation_reference) == ("DEADBEEF", "R-77")
    await outbound.close()


class Obedient(ChargePoint16):
    """A charge point that notes which transaction it is told to stop."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stopped: list[int] = []

    @on("RemoteStopTransaction")
    def on_stop(self, transaction_id: int) -> result16.RemoteStopTransaction:
        self.stopped.append(transaction_id)
        return result16.RemoteStopTransaction(status="Accepted")


async def test_a_charge_point_is_told_to_stop_a_session_that_used_up_its_quota(open_network: Network) -> None:
    await under(open_network, quotas=(Quota(measure=Measure.ENERGY, limit=2_000),), stop_when_exhausted=True)
    use = PolicyUse(open_network.access, open_network.charging)
    delivery = Delivery(
        open_network.database, [Subscription("use of policies", use.follow, to=COUNTED_EVENTS)]
    )
    await delivery.start()
    async with websockets.connect(f"{open_network.url}/CP-1", subprotocols=["ocpp1.6"]) as socket:
        point = Obedient("CP-1", socket)
        running = asyncio.create_task(point.start())
        await Driver(point, call16, old=True).boot()
        began = SystemClock().now() - timedelta(minutes=30)
        started = await point.call(
            call16.StartTransaction(connector_id=1, id_tag=UID, meter_start=1_000, timestamp=wire_time(began))
        )
        await delivery.settled()
        for minutes, register in ((10, "2999"), (20, "3000")):
            assert await use.stop_exhausted() == 0
            await point.call(
                call16.MeterValues(
                    connector_id=1,
                    transaction_id=started.transaction_id,
                    meter_value=[
                        {
                            "timestamp": wire_time(began + timedelta(minutes=minutes)),
                            "sampled_value": [{"value": register}],
                        }
                    ],
                )
            )
        assert await use.stop_exhausted() == 1
        assert point.stopped == [started.transaction_id]
        running.cancel()
    await delivery.stop()
