"""The ledger sees each way in which a database could be wrong: a judge that never condemns is none."""

import re
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from ledger import NOTHING_UNSAID, Account, Kept, Unsaid, hold

from currant.simulator import Fact

BEGAN, HALFWAY, ENDED = 1_000_000_000, 2_000_000_000, 3_000_000_000
FACTS = [
    Fact(
        kind=kind,  # type: ignore[arg-type]
        identity="S1",
        version="2.0.1",
        evse=1,
        connector=1,
        transaction="T1",
        sequence=sequence,
        at=at,
        energy_wh=energy_wh,
        token="04AA",
    )
    for sequence, (kind, at, energy_wh) in enumerate(
        [("started", BEGAN, 500), ("reading", HALFWAY, 900), ("stopped", ENDED, 1500)]
    )
]


def session(**different: Any) -> Any:
    kept = {
        "identity": "S1",
        "transaction_id": "T1",
        "id": "one",
        "number": 7,
        "started_at": BEGAN,
        "ended_at": ENDED,
        "phase": "ended",
        "evse": 1,
        "connector": 1,
        "token_uid": "04AA",
        "meter_start_wh": 500,
        "meter_stop_wh": 1500,
        "energy_wh": 1000,
        "sequences_seen": "0-2",
        "started_known": True,
        "certain": True,
        "repairs": None,
    }
    return SimpleNamespace(**(kept | different))


def reading(at: int, energy_wh: int, **different: Any) -> Any:
    kept = {"identity": "S1", "evse": 1, "at": at, "energy_wh": energy_wh, "session": 7, "context": 0}
    return SimpleNamespace(**(kept | different))


READINGS = [reading(BEGAN, 500), reading(HALFWAY, 900), reading(ENDED, 1500)]


def account_of(
    sessions: list[Any],
    readings: list[Any] = READINGS,
    *,
    unsaid: Unsaid = NOTHING_UNSAID,
    settled: bool = True,
    **more_events: int,
) -> Account:
    events: Counter[tuple[str, str]] = Counter()
    for each in sessions:
        events["SessionStarted", each.id] += 1
        events["SessionEnded", each.id] += each.phase == "ended"
    for kind, times in more_events.items():
        events[kind, "one"] += times
    kept = Kept(sessions=sessions, readings=readings, events=events)
    return hold(FACTS, kept, unsaid=unsaid, settled=settled)


def test_what_was_kept_as_it_was_told_is_right() -> None:
    account = account_of([session()])
    assert account.wrong == []
    assert (account.facts, account.sessions, account.energy_wh) == (3, 1, 1000)


@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({"transaction_id": "T2"}, "no such session"),
        ({"started_at": BEGAN + 1}, "start is"),
        ({"meter_start_wh": None}, "start register is"),
        ({"token_uid": "04BB"}, "token is"),
        ({"evse": 2}, "evse is"),
        ({"phase": "active", "ended_at": None}, "phase is"),
        ({"ended_at": ENDED - 1}, "end is"),
        ({"meter_stop_wh": 900}, "stop register is"),
        ({"energy_wh": 999}, "energy is"),
        ({"energy_wh": -1}, "negative energy"),
        ({"sequences_seen": "0-0,2-2"}, r"reports \[1\] were acknowledged and not taken"),
        ({"certain": False}, "uncertain"),
    ],
)
def test_a_session_that_is_otherwise_than_told_is_wrong(different: dict[str, Any], words: str) -> None:
    assert [wrong for wrong in account_of([session(**different)]).wrong if _contains(wrong, words)]


def test_a_reading_that_is_missing_is_wrong() -> None:
    for missing in range(3):
        left = [kept for index, kept in enumerate(READINGS) if index != missing]
        assert len(account_of([session()], left).wrong) == 1


def test_a_reading_of_another_value_or_session_is_wrong() -> None:
    for other in (reading(HALFWAY, 901), reading(HALFWAY, 900, session=8)):
        assert len(account_of([session()], [READINGS[0], other, READINGS[2]]).wrong) == 1


def test_a_session_that_is_there_twice_is_wrong() -> None:
    again = session(id="two", number=8, transaction_id="T1#7")
    wrong = account_of([session(), again]).wrong
    assert any("is there 2 times" in words for words in wrong)
    assert any("a session nobody began" in words for words in wrong)


def test_a_session_that_is_counted_twice_in_the_journal_is_wrong() -> None:
    assert len(account_of([session()], SessionEnded=1).wrong) == 1
    assert len(account_of([session()], SessionStarted=1).wrong) == 1


def test_a_session_whose_start_was_not_acknowledged_is_explained_by_it_alone() -> None:
    unknown = session(id="two", number=8, transaction_id="T9", started_at=HALFWAY)
    unsaid = Unsaid(starts=frozenset(), transactions=frozenset({("S1", "T9")}))
    account = account_of([session(), unknown], unsaid=unsaid, settled=False)
    assert (account.wrong, account.unacknowledged) == ([], 1)
    assert len(account_of([session(), unknown], settled=False).wrong) == 1


def _contains(wrong: str, words: str) -> bool:
    return re.search(words, wrong) is not None
