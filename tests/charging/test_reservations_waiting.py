"""The waiting list: who is told, for how long the place is held, and who is next."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from charging.made import TENANT
from charging.reserving import Site
from currant.access.model import Reason
from currant.charging.reservations.events import WaitingDriverCalled, WaitingEvent
from currant.charging.reservations.model import ReservationState, WaitingState
from currant.db.engine import Database
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import TenantId
from currant.stations.events import ConnectorStatusChanged
from currant.stations.model import ConnectorStandard, ConnectorStatus

W = WaitingState
DRIVERS = ("CAFE0001", "CAFE0002", "CAFE0003")


@pytest.fixture
async def site(sqlite_database: Database) -> AsyncIterator[Site]:
    """A station with one EVSE, at which a stranger charges, and drivers who wait for it."""
    site = await Site(sqlite_database, waiting_per_location=3).opened("CP-1")
    for uid in (*DRIVERS, "57A46E12"):
        await site.token(uid)
    site.number = (await site.at["CP-1"].start("57A46E12")).number
    await site.at["CP-1"].status(ConnectorStatus.CHARGING)
    yield site
    await site.closed()


async def frees(site: Site) -> None:
    await site.at["CP-1"].stop(site.number)
    await site.at["CP-1"].status(ConnectorStatus.AVAILABLE)
    await site.pass_time()


def called(site: Site) -> list[WaitingDriverCalled]:
    return [told for told in site.told if isinstance(told, WaitingDriverCalled)]


async def test_the_first_in_line_is_called_and_the_evse_held_for_minutes(site: Site) -> None:
    first = await site.wait(DRIVERS[0])
    second = await site.wait(DRIVERS[1])
    assert (first.position, second.position) == (1, 2)
    assert first.estimated_at is not None
    assert second.estimated_at is not None
    assert site.clock.now() < first.estimated_at < second.estimated_at
    await frees(site)
    (told,) = called(site)
    assert (told.waiting_id, told.station_id, told.evse) == (first.waiting.id, site.at["CP-1"].id, 1)
    assert told.until == site.clock.now() + timedelta(minutes=5)
    held = await site.reservations.get(TENANT, told.reservation_id)
    assert (held.state, held.token_uid) == (ReservationState.HELD, DRIVERS[0])
    assert (await site.at["CP-1"].authorize(DRIVERS[1], 1)).reason is Reason.RESERVED
    assert (await site.waiting.get(TENANT, second.waiting.id)).position == 1


async def test_who_does_not_come_loses_the_turn_to_the_next(site: Site) -> None:
    first, second = await site.wait(DRIVERS[0]), await site.wait(DRIVERS[1])
    await frees(site)
    await site.pass_time(5)
    assert [told.waiting_id for told in called(site)] == [first.waiting.id, second.waiting.id]
    missed = (await site.waiting.get(TENANT, first.waiting.id)).waiting
    assert missed.state is W.MISSED
    answer = await site.at["CP-1"].start(DRIVERS[1])
    assert answer.decision.allowed
    charging = (await site.waiting.get(TENANT, second.waiting.id)).waiting
    assert charging.state is W.CHARGING
    assert charging.session_id is not None


async def test_a_status_that_is_told_twice_calls_nobody_twice(site: Site) -> None:
    await site.wait(DRIVERS[0])
    await site.wait(DRIVERS[1])
    await frees(site)
    free = [
        told
        for told in site.told
        if isinstance(told, ConnectorStatusChanged) and told.after is ConnectorStatus.AVAILABLE
    ][-1]
    for _ in range(3):
        await site.waiting.follow(free)
        await site.waiting.serve(TENANT, site.location_id)
    assert len(called(site)) == 1
    site.begin_again()
    await site.pass_time(1)
    assert len(called(site)) == 1


async def test_who_gives_up_makes_way_whether_called_or_not(site: Site) -> None:
    first, second, third = [await site.wait(uid) for uid in DRIVERS]
    await site.waiting.leave(TENANT, second.waiting.id, by="test")
    await frees(site)
    left = await site.waiting.leave(TENANT, first.waiting.id, by="test")
    assert left.state is W.CANCELLED
    await site.pass_time()
    assert [told.waiting_id for told in called(site)] == [first.waiting.id, third.waiting.id]
    again = await site.waiting.leave(TENANT, first.waiting.id, by="test")
    assert again.state is W.CANCELLED


async def test_who_charges_without_being_called_is_off_the_list(site: Site) -> None:
    other = await site.add("CP-2")
    await other.status(ConnectorStatus.PREPARING)
    waiting = await site.wait(DRIVERS[0])
    await other.start(DRIVERS[0])
    await site.pass_time()
    assert (await site.waiting.get(TENANT, waiting.waiting.id)).waiting.state is W.CHARGING


async def test_a_place_that_breaks_down_gives_the_turn_back(site: Site) -> None:
    first = await site.wait(DRIVERS[0])
    await site.wait(DRIVERS[1])
    await frees(site)
    site.clock.advance(timedelta(seconds=30))
    await site.at["CP-1"].status(ConnectorStatus.FAULTED)
    await site.pass_time()
    again = await site.waiting.get(TENANT, first.waiting.id)
    assert (again.waiting.state, again.position) == (W.WAITING, 1)
    await site.at["CP-1"].status(ConnectorStatus.AVAILABLE)
    await site.pass_time()
    assert [told.waiting_id for told in called(site)] == [first.waiting.id, first.waiting.id]


async def test_what_is_booked_ahead_is_not_given_to_who_waits(site: Site) -> None:
    await site.wait(DRIVERS[0])
    await site.reserve(DRIVERS[1], station="CP-1", evse=1, starts_at=10, ends_at=60)
    await frees(site)
    assert called(site) == []


async def test_a_free_place_is_had_at_once(site: Site) -> None:
    await site.add("CP-2")
    waiting = await site.wait(DRIVERS[0])
    assert waiting.waiting.state is W.CALLED
    assert waiting.position is None
    assert site.kinds(WaitingEvent) == ["WaitingDriverJoined", "WaitingDriverCalled"]


async def test_a_list_has_an_end_and_nobody_stands_in_it_twice(site: Site) -> None:
    await site.wait(DRIVERS[0])
    with pytest.raises(Conflict, match="already"):
        await site.wait(DRIVERS[0])
    for uid in DRIVERS[1:]:
        await site.wait(uid)
    await site.token("CAFE0004")
    with pytest.raises(Conflict, match="nobody else"):
        await site.wait("CAFE0004")


async def test_nobody_waits_for_what_is_not_there(site: Site) -> None:
    with pytest.raises(Conflict, match="ever be called"):
        await site.wait(DRIVERS[0], connector_standard=ConnectorStandard.CHADEMO)
    with pytest.raises(NotFound):
        await site.wait(DRIVERS[0], location_id=None, station="NO-SUCH")


async def test_nobody_waits_for_ever(site: Site) -> None:
    waiting = await site.wait(DRIVERS[0])
    await site.pass_time(12 * 60 + 1)
    assert (await site.waiting.get(TENANT, waiting.waiting.id)).waiting.state is W.TIMED_OUT
    page = await site.waiting.list(TENANT, waiting=True)
    assert page.items == ()


async def test_another_tenants_list_is_another_one(site: Site) -> None:
    waiting = await site.wait(DRIVERS[0])
    with pytest.raises(NotFound):
        await site.waiting.get(TenantId("x"), waiting.waiting.id)
    assert (await site.waiting.list(TenantId("x"))).items == ()
