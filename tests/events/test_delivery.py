"""Subscribers are told every event, in order and at least once, whatever fails in between."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from shelf import Lent, Shelved

from currant.db import journal
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.events.delivery import Delivery, Subscription
from currant.kit.event import Event
from currant.kit.ids import TenantId
from services import fresh_database

TENANT = TenantId("t1")
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


async def tell(database: Database, *books: str, event: type[Event] = Shelved) -> None:
    for book in books:
        changes = ChangeSet(TENANT)
        changes.emit(event(tenant_id=TENANT, happened_at=AT, book=book))  # type: ignore[call-arg]
        await database.commit(changes)


class Listener:
    """Remembers what it was told, and fails as often as asked."""

    def __init__(self, *, failures: int = 0) -> None:
        self.heard: list[str] = []
        self.failures = failures

    async def hear(self, event: Shelved | Lent) -> None:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the partner is away")
        self.heard.append(event.book)


async def test_events_reach_their_subscribers_in_order(database: Database) -> None:
    shelved, lent, every = Listener(), Listener(), Listener()
    delivery = Delivery(
        database,
        [
            Subscription("shelved", shelved.hear, to=[Shelved]),
            Subscription("lent", lent.hear, to=[Lent]),
            Subscription("every", every.hear, to=[Event]),
        ],
    )
    await delivery.start()
    for number in range(30):
        await tell(database, str(number), event=Lent if number % 3 == 0 else Shelved)
    await delivery.settled()
    numbers = [str(number) for number in range(30)]
    assert every.heard == numbers
    assert lent.heard == numbers[::3]
    assert shelved.heard == [number for number in numbers if number not in numbers[::3]]
    await delivery.stop()


async def test_a_subscriber_is_told_within_moments(sqlite_database: Database) -> None:
    listener = Listener()
    delivery = Delivery(sqlite_database, [Subscription("a", listener.hear, to=[Shelved])])
    await delivery.start()
    await asyncio.sleep(0.1)
    await tell(sqlite_database, "1")
    async with asyncio.timeout(0.3):
        while not listener.heard:
            await asyncio.sleep(0.005)
    await delivery.stop()


async def test_a_failing_handler_is_asked_again_and_the_order_stays(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    listener, neighbour = Listener(failures=2), Listener()
    delivery = Delivery(
        database,
        [
            Subscription("failing", listener.hear, to=[Shelved]),
            Subscription("fine", neighbour.hear, to=[Shelved]),
        ],
    )
    await delivery.start()
    with caplog.at_level(logging.ERROR):
        await tell(database, "1", "2", "3")
        await delivery.settled()
    assert listener.heard == neighbour.heard == ["1", "2", "3"]
    assert caplog.text.count("Subscriber failing failed") == 2
    assert "book='1'" in caplog.text
    await delivery.stop()


async def test_a_subscriber_that_may_skip_gives_an_event_up(sqlite_database: Database) -> None:
    listener = Listener(failures=2)
    delivery = Delivery(sqlite_database, [Subscription("a", listener.hear, to=[Shelved], skip_after=2)])
    await delivery.start()
    await tell(sqlite_database, "1", "2")
    await delivery.settled()
    assert listener.heard == ["2"]
    await delivery.stop()


async def test_what_was_committed_while_nobody_listened_is_told_after_the_restart(database_url: str) -> None:
    listener = Listener()
    subscription = Subscription("a", listener.hear, to=[Shelved])
    for round_of in range(3):
        database = fresh_database(database_url)
        delivery = Delivery(database, [subscription])
        if round_of:
            await tell(database, f"{round_of} early")
        await delivery.start()
        await tell(database, f"{round_of} late")
        await delivery.settled()
        await delivery.stop()
        await tell(database, f"{round_of} after the stop")
        await database.close()
    assert listener.heard == [
        *("0 late", "0 after the stop", "1 early", "1 late"),
        *("1 after the stop", "2 early", "2 late"),
    ]


async def test_a_new_subscriber_begins_with_now_or_with_the_oldest(database: Database) -> None:
    now, oldest = Listener(), Listener()
    await tell(database, "old")
    delivery = Delivery(
        database,
        [
            Subscription("now", now.hear, to=[Shelved]),
            Subscription("oldest", oldest.hear, to=[Shelved], from_the_start=True),
        ],
    )
    await delivery.start()
    await tell(database, "new")
    await delivery.settled()
    assert now.heard == ["new"]
    assert oldest.heard == ["old", "new"]
    await delivery.stop()


async def test_a_crash_repeats_events_and_skips_none(database_url: str) -> None:
    first = Listener()
    database = fresh_database(database_url)
    delivery = Delivery(database, [Subscription("a", first.hear, to=[Shelved])])
    await delivery.start()
    await tell(database, *map(str, range(20)))
    await delivery.settled()
    # No stop: the cursor is wherever it was last kept. The database outlives its process.
    for task in delivery.tasks:
        task.cancel()
    kept = (await database.read(journal.cursors))["a"]
    assert kept <= 20
    second = Listener()
    database_after = fresh_database(database_url)
    again = Delivery(database_after, [Subscription("a", second.hear, to=[Shelved])])
    await database.close()
    await again.start()
    await tell(database_after, "20")
    await again.settled()
    assert second.heard[-1] == "20"
    assert set(first.heard) | set(second.heard) == set(map(str, range(21)))
    await again.stop()
    await database_after.close()


async def test_a_burst_larger_than_memory_is_read_from_the_journal(sqlite_database: Database) -> None:
    listener = Listener()
    delivery = Delivery(sqlite_database, [Subscription("a", listener.hear, to=[Shelved])], recent=10)
    await delivery.start()
    books = [str(number) for number in range(300)]
    await asyncio.gather(*(tell(sqlite_database, book) for book in books))
    await delivery.settled()
    assert sorted(listener.heard, key=int) == books
    assert len(listener.heard) == 300
    await delivery.stop()


async def test_a_subscriber_runs_on_one_of_two_nodes_and_moves_when_that_ends(
    postgres: object, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres").new_tables()
    nodes = [fresh_database(url), fresh_database(url)]
    listeners = [Listener(), Listener()]
    deliveries = [
        Delivery(node, [Subscription("a", listener.hear, to=[Shelved])])
        for node, listener in zip(nodes, listeners, strict=True)
    ]
    await deliveries[0].start()
    await tell(nodes[0], "first")
    await deliveries[0].settled()
    await deliveries[1].start()
    for number in range(20):
        await tell(nodes[number % 2], str(number))
    await deliveries[0].settled()
    assert listeners[0].heard == ["first", *map(str, range(20))]
    assert listeners[1].heard == []

    await deliveries[0].stop()
    await nodes[0].close()
    await tell(nodes[1], "last")
    await deliveries[1].settled()
    assert listeners[1].heard == ["last"]
    await deliveries[1].stop()
    await nodes[1].close()


async def test_an_event_that_cannot_be_read_is_logged_and_the_next_one_delivered(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()
    changes = ChangeSet(TENANT)
    changes.write(journal.append, (TENANT, "Shelved", 0, 0, '{"kind": "Shelved", "of": "another version"}'))
    await sqlite_database.commit(changes)
    subscription = Subscription("a", listener.hear, to=[Shelved], from_the_start=True)
    delivery = Delivery(sqlite_database, [subscription])
    await delivery.start()
    await tell(sqlite_database, "readable")
    await delivery.settled()
    assert listener.heard == ["readable"]
    assert "another version" in caplog.text
    await delivery.stop()


async def test_the_answer_is_out_before_anybody_reacts(database: Database) -> None:
    order: list[str] = []
    subscription = Subscription("a", lambda event: order.append("reaction"), to=[Shelved])
    delivery = Delivery(database, [subscription])
    await delivery.start()
    changes = ChangeSet(TENANT)
    changes.emit(Shelved(tenant_id=TENANT, happened_at=AT, book="1"))
    await database.commit(changes)
    order.append("answer")
    await delivery.settled()
    await database.decide(lambda _, own: own.emit(changes.events[0]), TENANT)
    order.append("answer")
    await delivery.settled()
    assert order == ["answer", "reaction", "answer", "reaction"]
    await delivery.stop()
