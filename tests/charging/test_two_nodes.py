"""A connection looks again where another node changed its sessions, and not for what it did itself."""

import pytest

from charging.made import TENANT, Network, register
from currant.charging.events import SessionCorrected, SessionEnded
from currant.charging.model import Phase
from currant.db.engine import Database
from currant.kit.event import Event


@pytest.fixture
def told(sqlite_database: Database) -> list[Event]:
    events: list[Event] = []
    sqlite_database.listen(lambda _, new: events.extend(new))
    return events


def deliver(told: list[Event], network: Network) -> None:
    """Hand the node what was told since, as its subscription does."""
    for event in told:
        if isinstance(event, SessionEnded | SessionCorrected):
            network.charging.follow(event)
    told.clear()


async def test_a_session_ended_by_another_node_is_looked_at_again(
    sqlite_database: Database, told: list[Event]
) -> None:
    here, elsewhere = Network(sqlite_database), Network(sqlite_database)
    station = await here.connect()
    answer = await station.start()
    session = await station.only()
    await elsewhere.charging.close(TENANT, session.id, by="somebody", reason="It never ended.")
    deliver(told, here)
    # Its next meter values belong to no session any more, and the connection knows it.
    await station.meter(30, register(30, 1200))
    assert station.sessions.open == {}
    await station.stop(answer.number, 40, wh=3000)
    assert (await station.only()).energy_wh == 2000


async def test_a_correction_by_another_node_is_looked_at_again(
    sqlite_database: Database, told: list[Event]
) -> None:
    here, elsewhere = Network(sqlite_database), Network(sqlite_database)
    station = await here.connect()
    answer = await station.start()
    await here.charging.close(TENANT, (await station.only()).id, by="somebody", reason="It never ended.")
    await station.meter(1, register(1, 1000))
    deliver(told, here)
    assert not station.sessions.stale
    moved = await elsewhere.connect()
    await moved.meter(60 * 50, register(60 * 50, 9000), transaction_id=str(answer.number))
    assert (await station.only()).phase is Phase.ACTIVE
    deliver(told, here)
    await station.meter(60 * 50 + 1, register(60 * 50 + 1, 9100))
    assert list(station.sessions.open) == [str(answer.number)]


async def test_what_the_connection_did_itself_costs_no_second_look(network: Network) -> None:
    events: list[Event] = []
    network.database.listen(lambda _, new: events.extend(new))
    station = await network.connect()
    first = await station.start()
    await station.stop(first.number, 10)
    second = await station.start(20)
    assert second.number != first.number
    deliver(events, network)
    assert not station.sessions.stale
    assert list(station.sessions.open) == [str(second.number)]
