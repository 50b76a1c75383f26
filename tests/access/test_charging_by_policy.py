"""Sessions under policies: begun, refused, counted, stopped; with real services on SQLite."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.charging.made import NOON, TENANT, Connection, Network, register
from tests.kit.http_servers import answered, read_request, serving

from currant.access.authoriser_model import AuthoriserDraft, Fallback
from currant.access.model import AccountDraft, ConcurrentUse, Presented, Reason
from currant.access.policy_model import (
    Day,
    Measure,
    Parallel,
    Per,
    Period,
    Policy,
    PolicyChange,
    PolicyDraft,
    Quota,
    Window,
)
from currant.access.service import AccessService
from currant.charging.policy_use import COUNTED_EVENTS, PolicyUse
from currant.charging.service import ChargingService
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.events.delivery import Delivery, Subscription
from currant.kit.http import Outbound
from currant.kit.ids import LocationId, StationId
from currant.stations.directory import DirectoryEntry
from currant.stations.model import Admission

# Noon of 31 January 2026 is a Saturday.
CLOSED = (Window(days=(Day.WEEKDAYS,)),)
UNTIL_ONE = (Window(begin="08:00", end="13:00"),)
UID = "CAFE0001"


@pytest.fixture
async def network(sqlite_database: Database) -> Network:
    return Network(sqlite_database)


async def counting(network: Network) -> Delivery:
    use = PolicyUse(network.access, network.charging)
    delivery = Delivery(network.database, [Subscription("use of policies", use.follow, to=COUNTED_EVENTS)])
    await delivery.start()
    return delivery


async def policy(network: Network, **words: Any) -> Policy:
    draft = PolicyDraft(**{"name": "Visitors", **words})
    return await network.access.policies.create_policy(TENANT, draft, by="test")


async def authorize(station: Connection, uid: str = UID) -> Any:
    return await station.charging.authorize(station.station, station.sessions, Presented(uid=uid))


async def test_a_start_at_the_wrong_time_is_recorded_and_not_authorised(network: Network) -> None:
    await network.token(policies=((await policy(network, windows=CLOSED)).id,))
    station = await network.connect()
    answer = await station.start(0)
    assert answer.decision.reason is Reason.NOT_AT_THIS_TIME
    session = await station.only()
    assert (session.authorised, session.authorisation) == (False, "not_at_this_time")


async def test_a_start_is_judged_by_the_time_at_which_it_was(network: Network) -> None:
    await network.token(policies=((await policy(network, windows=UNTIL_ONE)).id,))
    station = await network.connect()
    # Told hours late, of a session that began while it was open.
    answer = await station.start(0, received_at=NOON + timedelta(hours=5))
    assert answer.decision.allowed


async def test_who_charges_here_may_present_the_card_to_end_it_whatever_the_hour(network: Network) -> None:
    rule = await policy(network, windows=UNTIL_ONE)
    await network.token(policies=(rule.id,))
    station, other = await network.connect(), await network.connect("other")
    assert (await station.start(0)).decision.allowed
    network.clock.advance(timedelta(hours=2))
    assert (await authorize(station)).allowed
    elsewhere = await authorize(other)
    assert elsewhere.reason is Reason.NOT_AT_THIS_TIME


async def test_the_use_of_a_quota_is_counted_from_sessions_and_refuses_the_next(network: Network) -> None:
    rule = await policy(network, quotas=(Quota(measure=Measure.ENERGY, limit=7_000, period=Period.DAY),))
    token = await network.token(policies=(rule.id,))
    delivery, station = await counting(network), await network.connect()
    number = (await station.start(0, wh=1_000)).number
    await delivery.settled()
    await station.meter(30, register(30, 5_000), transaction_id=str(number))
    network.clock.advance(timedelta(minutes=31))
    (use,) = await network.charging.consumption(TENANT, rule.id, token_id=token.id)
    assert use.used == 4_000
    await station.stop(number, 60, wh=8_000)
    await delivery.settled()
    (use,) = await network.charging.consumption(TENANT, rule.id, token_id=token.id)
    assert (use.used, use.exhausted) == (7_000, True)
    refused = await station.start(70, wh=8_000)
    assert refused.decision.reason is Reason.QUOTA_USED_UP
    await delivery.stop()


async def test_a_repeated_start_does_not_use_up_its_own_quota(network: Network) -> None:
    rule = await policy(network, quotas=(Quota(measure=Measure.SESSIONS, limit=1),))
    await network.token(policies=(rule.id,))
    delivery, station = await counting(network), await network.connect()
    first = await station.start(0)
    await delivery.settled()
    again = await station.start(0)
    assert (again.number, again.decision.allowed) == (first.number, True)
    assert (await authorize(station)).allowed
    assert not (await (await network.connect("other")).start(5)).decision.allowed
    await delivery.stop()


async def test_an_account_has_so_many_sessions_at_once(network: Network) -> None:
    rule = await policy(network, parallel=Parallel(limit=2, per=Per.ACCOUNT))
    account = await network.access.create_account(
        TENANT, AccountDraft(name="Fleet", policies=(rule.id,)), by="test"
    )
    for uid in ("AA01", "AA02", "AA03"):
        await network.token(uid, account_id=account.id, concurrent_use=ConcurrentUse.ALLOWED)
    delivery = await counting(network)
    stations = [await network.connect(f"station-{number}") for number in range(3)]
    one = await stations[0].start(0, uid="AA01")
    assert one.decision.allowed
    await delivery.settled()
    assert (await stations[1].start(1, uid="AA02")).decision.allowed
    await delivery.settled()
    third = await stations[2].start(2, uid="AA03")
    assert third.decision.reason is Reason.TOO_MANY_SESSIONS
    await stations[0].stop(one.number, 30)
    await delivery.settled()
    assert (await authorize(stations[2], "AA03")).allowed
    await delivery.stop()


class _Told:
    """Charging that takes note of what it is told to stop."""

    def __init__(self) -> None:
        self.stopped: list[tuple[str, str]] = []

    async def stop_remotely(self, tenant_id: Any, session_id: str, *, by: str) -> None:
        self.stopped.append((session_id, by))


async def test_a_session_that_uses_up_its_quota_is_asked_to_stop(network: Network) -> None:
    rule = await policy(
        network, quotas=(Quota(measure=Measure.ENERGY, limit=3_000),), stop_when_exhausted=True
    )
    await network.token(policies=(rule.id,))
    delivery, station = await counting(network), await network.connect()
    number = (await station.start(0, wh=1_000)).number
    await delivery.settled()
    told = _Told()
    use = PolicyUse(network.access, told)  # type: ignore[arg-type]
    await station.meter(10, register(10, 3_900), transaction_id=str(number))
    assert await use.stop_exhausted() == 0
    await station.meter(20, register(20, 4_000), transaction_id=str(number))
    assert await use.stop_exhausted() == 1
    assert await use.stop_exhausted() == 0
    session = await station.only()
    assert told.stopped == [(session.id, "policy:Visitors")]
    await network.access.policies.update_policy(
        TENANT, rule.id, PolicyChange(stop_when_exhausted=False), by="test"
    )
    network.clock.advance(timedelta(hours=1))
    assert await use.stop_exhausted() == 0
    await delivery.stop()


async def test_a_standing_tells_the_decision_and_every_rule(network: Network) -> None:
    rule = await policy(network, windows=CLOSED, stations=(StationId("station"),))
    await network.token(policies=(rule.id,))
    entry = DirectoryEntry(
        station_id=StationId("station"),
        tenant_id=TENANT,
        identity="station",
        admission=Admission.ACCEPTED,
        location_id=LocationId("location"),
    )
    now = await network.charging.standing(entry, Presented(uid=UID))
    assert now.decision.reason is Reason.NOT_AT_THIS_TIME
    assert {ruling.rule: ruling.passes for ruling in now.rulings}["time"] is False
    monday = await network.charging.standing(entry, Presented(uid=UID), at=NOON + timedelta(days=2))
    assert monday.decision.allowed
    assert all(ruling.passes for ruling in monday.rulings)
    unknown = await network.charging.standing(entry, Presented(uid="DEADBEEF"))
    assert (unknown.decision.reason, unknown.rulings) == (Reason.UNKNOWN, ())


async def test_who_is_unknown_here_charges_on_the_authorisers_word_and_its_reference_is_kept(
    network: Network,
) -> None:
    async def generous(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(answered(b'{"allowed": true, "reference": "R-77"}'))

    outbound = Outbound(allow_private=True)
    network.access = AccessService(network.database, network.clock, outbound=outbound)
    network.charging = ChargingService(
        network.database,
        network.charging._stations,
        network.access,
        Numbers(network.database),
        network.live,
        network.clock,
    )
    async with serving(generous) as url:
        await network.access.authorisers.set(TENANT, AuthoriserDraft(url=url), by="test")
        station = await network.connect()
        assert (await authorize(station, "DEADBEEF")).reference == "R-77"
        elsewhere = await network.connect("elsewhere")
        answer = await station.start(0, uid="DEADBEEF")
        assert answer.decision.allowed
        other = await network.connect("other")
        await other.event("Started", 0, 1, presented=Presented(uid="DEADBEEF"), trigger="Authorized")
        await network.access.authorisers.remove(TENANT, by="test")
        silent = AuthoriserDraft(url=url.replace("http://", "https://"), fallback=Fallback.REFUSE)
        await network.access.authorisers.set(TENANT, silent, by="test")
        assert not (await authorize(elsewhere, "DEADBEEF")).allowed
        # Whoever charges here may end it, whatever becomes of the authoriser.
        assert (await authorize(station, "DEADBEEF")).allowed
    for each in (station, other):
        session = await each.only()
        assert (session.authorised, session.token_uid, session.token_id) == (True, "DEADBEEF", None)
        assert session.authorisation_reference == "R-77"
    await outbound.close()
