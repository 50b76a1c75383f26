"""Sessions that Currant gives up while their stations go on speaking of them."""

import asyncio

import pytest

from charging.made import TENANT, Network, at, register, sample, value
from currant.charging.events import SessionEnded
from currant.charging.model import Phase
from currant.kit.event import Event
from currant.stations.model import ConnectorStatus


async def test_the_last_readings_of_a_session_that_was_given_up_are_kept(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.status(20, ConnectorStatus.AVAILABLE)
    assert await network.charging.reap(at(36)) == 1
    last = sample(19, value(1900, "Energy.Active.Import.Register", "Wh", context="Transaction.End"))
    await station.stop(answer.number, 19, wh=1900, samples=(last,), received_at=at(40))
    session = await station.only()
    curve = await network.charging.curve(TENANT, session.id)
    assert [(reading.at, reading.energy_wh) for reading in curve] == [(at(19), 1900)]


@pytest.mark.parametrize("turns", range(12))
async def test_a_report_that_meets_the_giving_up_of_its_session_does_not_undo_it(
    network: Network, turns: int
) -> None:
    ends: list[Event] = []
    network.database.listen(
        lambda _, events: ends.extend(event for event in events if isinstance(event, SessionEnded))
    )
    await network.token()
    station = await network.connect()
    await station.start()
    await station.meter(5, register(5, 1500))
    await station.status(20, ConnectorStatus.AVAILABLE)
    # The report comes so many turns of the loop after the search for dead sessions began.
    giving_up = asyncio.create_task(network.charging.reap(at(36)))
    for _ in range(turns):
        await asyncio.sleep(0.0002)
    await station.status(21, ConnectorStatus.PREPARING)
    given_up = await giving_up
    session = await station.only()
    if given_up:
        assert session.phase is Phase.ENDED or any(repair.code == "revived" for repair in session.repairs)
    else:
        assert session.phase is Phase.ACTIVE
    assert len(ends) == given_up
