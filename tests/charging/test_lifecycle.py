"""The life of a session, told in reports that come late, twice, out of order, or never."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from charging.made import NOON, PLACE, at, begun, event, reading, register, start, stop, value
from currant.access.model import Presented
from currant.charging import clocks, lifecycle, repairs
from currant.charging.metering import normalise
from currant.charging.model import Activity, Phase, Reading, Session, TransactionReport
from currant.charging.sequences import with_sequence
from currant.kit.ids import SessionId


def codes(session: Session) -> set[str]:
    return {repair.code for repair in session.repairs}


# OCPP 1.6


def test_a_start_and_a_stop_make_a_session_that_is_certain() -> None:
    session = lifecycle.stop(begun(), stop(7), ())
    assert session.phase is Phase.ENDED
    assert (session.started_at, session.ended_at) == (at(0), at(60))
    assert (session.meter_start_wh, session.meter_stop_wh, session.energy_wh) == (1000, 8000, 7000)
    assert session.certain
    assert session.repairs == ()


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"evse": 2}, False),
        ({"wh": 1001}, False),
        ({"uid": "CAFE0002"}, False),
        ({"minutes": 1}, False),
    ],
)
def test_a_repeated_start_is_known_by_its_content(changed: dict[str, object], same: bool) -> None:
    again = {"received_at": at(90), **changed}
    assert lifecycle.is_repeat(begun(), start(**again)) is same


def test_without_a_clock_only_a_prompt_repetition_is_one() -> None:
    first = lifecycle.begin(start(at=None), PLACE, session_id=SessionId("s"), number=7)
    assert lifecycle.is_repeat(first, start(at=None, received_at=at(5)))
    assert not lifecycle.is_repeat(first, start(at=None, received_at=at(500)))


def test_the_first_of_two_stops_counts_and_the_second_is_noted() -> None:
    ended = lifecycle.stop(begun(), stop(7), ())
    assert lifecycle.stop(ended, stop(7), ()) is ended
    assert lifecycle.stop(ended, stop(7, received_at=at(300)), ()) is ended
    again = lifecycle.stop(ended, stop(7, 70, wh=9999), ())
    assert (again.ended_at, again.energy_wh) == (ended.ended_at, ended.energy_wh)
    assert codes(again) == {"stop_repeated"}
    assert again.certain


def test_a_register_lower_than_at_the_start_is_no_negative_energy() -> None:
    session = lifecycle.stop(begun(wh=5000), stop(7, wh=10), ())
    assert session.energy_wh == 0
    assert not session.certain
    assert codes(session) == {"stop_below_readings"}


def test_a_stop_without_a_register_takes_the_last_reading_and_says_so_if_it_is_old() -> None:
    def after(minutes: float) -> Session:
        session, _, _ = lifecycle.metered(begun(), (reading(minutes, 3000),), at(minutes))
        return lifecycle.stop(session, stop(7, wh=None), ())

    assert (after(59).meter_stop_wh, codes(after(59))) == (3000, set())
    assert (after(30).energy_wh, codes(after(30))) == (2000, {"stop_meter_missing"})


def test_an_end_before_the_start_is_given_no_length() -> None:
    session = lifecycle.stop(begun(60), stop(7, 0, received_at=at(61)), ())
    assert session.ended_at == session.started_at
    assert codes(session) == {"end_before_start"}


def test_only_a_stop_leaves_an_orphan_of_which_nothing_is_certain() -> None:
    readings = (
        reading(10, 1000, context="Transaction.Begin"),
        reading(60, 6000, context="Transaction.End"),
    )
    session = lifecycle.orphan(
        stop(99, wh=6000), readings, PLACE, session_id=SessionId("s"), number=8, transaction_id="99"
    )
    assert (session.started_at, session.ended_at, session.energy_wh) == (at(10), at(60), 5000)
    assert {"start_lost", "stop_unassigned"} <= codes(session)
    assert not session.certain


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2036, 2, 7, tzinfo=UTC),
        datetime(2016, 1, 1, tzinfo=UTC),
    ],
)
def test_a_wrong_clock_is_repaired_and_said(wrong: datetime | None) -> None:
    session = lifecycle.begin(start(at=wrong), PLACE, session_id=SessionId("s"), number=7)
    assert session.started_at == NOON
    assert session.reported_started_at == wrong
    assert codes(session) == {"clock_wrong"}
    assert not session.certain


def test_what_was_kept_while_offline_keeps_its_time() -> None:
    session = lifecycle.begin(start(received_at=at(3000)), PLACE, session_id=SessionId("s"), number=7)
    assert session.started_at == at(0)
    assert session.offline
    assert session.certain


def test_local_time_called_utc_is_found_out_when_the_station_says_it_is_online() -> None:
    behind = at(0) - timedelta(hours=5, seconds=2)
    assert clocks.believed(behind, NOON, live=True)[0] == NOON
    assert clocks.believed(behind, NOON, live=False) == (behind, None)
    assert clocks.believed(at(-47), NOON, live=True) == (at(-47), None)


def test_a_session_that_was_given_up_is_corrected_by_the_real_stop() -> None:
    given_up = lifecycle.closed(begun(), at(5), code="zombie_closed", explanation="Silence.", reason="")
    assert not given_up.certain
    corrected = lifecycle.stop(given_up, stop(7), ())
    assert (corrected.ended_at, corrected.energy_wh) == (at(60), 7000)
    assert corrected.certain
    assert corrected.repairs == ()


def test_a_session_that_was_given_up_and_lives_is_revived() -> None:
    given_up = lifecycle.closed(begun(), at(5), code="zombie_closed", explanation="Silence.", reason="")
    revived = lifecycle.revived(given_up, at(10))
    assert revived.phase is Phase.ACTIVE
    assert revived.ended_at is None
    assert revived.certain
    assert codes(revived) == {"revived"}


def test_a_reboot_ends_nothing() -> None:
    session = lifecycle.rebooted(begun(), at(10))
    assert session.phase is Phase.ACTIVE
    assert codes(session) == {"station_rebooted"}
    assert lifecycle.stop(session, stop(7), ()).certain


def test_a_late_reading_asks_for_all_to_be_counted_anew() -> None:
    session, late, _ = lifecycle.metered(begun(), (reading(10, 2000),), at(10))
    assert not late
    _, late, _ = lifecycle.metered(session, (reading(5, 1500),), at(11))
    assert late


# OCPP 2.x


class Life:
    """A session and all its readings, advanced as the service does it."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.readings: list[Reading] = []

    def take(self, report: TransactionReport) -> None:
        if self.session is None:
            self.session = lifecycle.begin_transaction(report, PLACE, session_id=SessionId("s"), number=7)
        if lifecycle.is_taken(self.session, report):
            return
        readings = normalise(
            report.samples,
            received_at=report.received_at,
            evse=1,
            sequence=report.sequence,
            live=not report.offline,
        )
        self.session, late, _ = lifecycle.advance(self.session, report, readings)
        self.readings += readings
        if late:
            self.session = lifecycle.recounted(self.session, self.readings)


def lived(reports: Sequence[TransactionReport]) -> Session:
    life = Life()
    for report in reports:
        life.take(report)
    assert life.session is not None
    return life.session


CARD = Presented(uid="CAFE0001")
WHOLE = [
    event("Started", 0, 0, evse=1, connector=1, trigger="CablePluggedIn", charging_state="EVConnected"),
    event("Updated", 1, 1, presented=CARD, trigger="Authorized", charging_state="EVConnected"),
    event(
        "Updated",
        2,
        2,
        charging_state="Charging",
        samples=(register(2, 1000, context="Transaction.Begin"),),
    ),
    event("Updated", 3, 30, charging_state="Charging", samples=(register(30, 4000),)),
    event("Updated", 4, 40, charging_state="SuspendedEVSE", samples=(register(40, 5000),)),
    event("Updated", 5, 50, charging_state="Charging", samples=(register(50, 5000),)),
    event("Updated", 6, 60, charging_state="SuspendedEV", samples=(register(60, 6000),)),
    event(
        "Ended",
        7,
        90,
        presented=CARD,
        trigger="StopAuthorized",
        stopped_reason="Local",
        samples=(register(90, 6000, context="Transaction.End"),),
    ),
]


def test_a_whole_transaction_comes_to_a_certain_session() -> None:
    session = lived(WHOLE)
    assert session.phase is Phase.ENDED
    assert (session.started_at, session.ended_at) == (at(0), at(90))
    assert (session.meter_start_wh, session.meter_stop_wh, session.energy_wh) == (1000, 6000, 5000)
    assert (session.token_uid, session.stop_token_uid, session.stop_reason) == (
        "CAFE0001",
        "CAFE0001",
        "Local",
    )
    assert session.paused_by_station_s == 10 * 60
    assert session.idle_s == 30 * 60
    assert session.sequences_seen == ((0, 7),)
    assert session.repairs == ()
    assert session.certain


@given(st.permutations(WHOLE), st.lists(st.integers(0, 7), max_size=6))
def test_order_and_repetition_of_a_good_transaction_change_nothing(
    arrived: list[TransactionReport], repeated: list[int]
) -> None:
    session = lived([*arrived, *(WHOLE[index] for index in repeated)])
    assert settled(session) == settled(lived(WHOLE))


def test_a_transaction_whose_start_is_missing_says_so_until_it_comes() -> None:
    session = lived(WHOLE[2:])
    assert {"start_lost", "sequence_gap"} == codes(session)
    assert not session.certain
    assert codes(lived([*WHOLE[2:], *WHOLE[:2]])) == set()


def test_a_gap_in_the_middle_is_named_and_leaves_the_bill_certain() -> None:
    session = lived([*WHOLE[:3], *WHOLE[5:]])
    assert codes(session) == {"sequence_gap"}
    assert session.certain
    assert session.energy_wh == 5000


def test_a_station_with_one_number_for_everything_is_still_understood() -> None:
    session = lived([replace(report, sequence=0) for report in WHOLE])
    assert session.phase is Phase.ENDED
    assert session.energy_wh == 5000


def test_an_end_alone_is_a_session_of_which_little_is_certain() -> None:
    session = lived(WHOLE[7:])
    assert session.phase is Phase.ENDED
    assert not session.certain
    assert session.energy_wh == 0


def test_a_transaction_id_used_again_is_another_session() -> None:
    session = lived(WHOLE)
    assert lifecycle.is_another(session, event("Started", 0, 120))
    assert not lifecycle.is_another(session, WHOLE[0])
    assert not lifecycle.is_another(session, replace(WHOLE[0], received_at=at(120)))


def test_the_evse_may_be_known_later_than_the_session() -> None:
    session = lived([replace(WHOLE[0], evse=None, connector=None), replace(WHOLE[1], evse=2)])
    assert (session.evse, session.connector) == (2, None)


def test_charging_is_seen_in_the_state_and_in_the_meter() -> None:
    assert lived(WHOLE[:2]).activity is Activity.WAITING
    assert lived(WHOLE[:3]).activity is Activity.CHARGING
    assert lived(WHOLE[:5]).activity is Activity.PAUSED_BY_STATION
    assert lived(WHOLE[:7]).activity is Activity.PAUSED_BY_VEHICLE


@given(st.lists(st.integers(-5, 60), max_size=80))
def test_ranges_of_sequence_numbers_hold_exactly_what_was_seen(numbers: list[int]) -> None:
    seen: tuple[tuple[int, int], ...] = ()
    for number in numbers:
        seen = with_sequence(seen, number)
    assert {n for low, high in seen for n in range(low, high + 1)} == set(numbers)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(seen))


@st.composite
def transactions(draw: st.DrawFn) -> list[TransactionReport]:
    """A station's reports of one transaction, with whatever its meter and its states may say."""
    count = draw(st.integers(1, 9))
    minutes, wh = 0, 1000
    reports = []
    for sequence in range(count):
        minutes += draw(st.integers(1, 15))
        wh += draw(st.integers(0, 3000))
        samples = []
        if draw(st.booleans()):
            odd = draw(st.sampled_from([None, None, None, 0, 50_000_000]))
            samples.append(
                register(
                    minutes, wh if odd is None else odd, context=draw(st.sampled_from(["", "Sample.Clock"]))
                )
            )
        last = sequence == count - 1 and count > 1
        reports.append(
            event(
                "Started" if sequence == 0 else "Ended" if last and draw(st.booleans()) else "Updated",
                sequence,
                minutes,
                evse=1,
                received_at=at(1000),
                offline=draw(st.booleans()),
                charging_state=draw(
                    st.sampled_from(["", "Charging", "EVConnected", "SuspendedEV", "SuspendedEVSE", "Idle"])
                ),
                presented=draw(st.sampled_from([None, None, CARD, Presented(uid="CAFE0002")])),
                stopped_reason="Local" if last else "",
                samples=tuple(samples),
            )
        )
    return reports


def settled(session: Session) -> Session:
    """Without what says when reports arrived."""
    return replace(session, received_at=None, updated_at=None)


@settings(max_examples=300)
@given(transactions().flatmap(lambda sent: st.tuples(st.just(sent), st.permutations(sent + sent))))
def test_lateness_and_repetition_do_not_change_the_outcome(
    case: tuple[list[TransactionReport], list[TransactionReport]],
) -> None:
    in_order, as_received = case
    assert settled(lived(as_received)) == settled(lived(in_order))


@settings(max_examples=200)
@given(transactions(), st.data())
def test_what_is_missing_changes_nothing_about_order(
    reports: list[TransactionReport], data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.sampled_from(reports), min_size=1, unique_by=lambda report: report.sequence))
    in_order = sorted(kept, key=lambda report: report.sequence)
    assert settled(lived(kept)) == settled(lived(in_order))


def test_repairs_are_bounded() -> None:
    session = begun()
    for number in range(100):
        session = repairs.noted(session, f"code{number}", "Again.")
    assert len(session.repairs) == repairs.REPAIRS_MAX


def test_a_value_without_meaning_does_not_disturb_a_session() -> None:
    odd = event("Updated", 8, 95, samples=(replace(register(95, 1), values=(value("nonsense"),)),))
    assert settled(lived([*WHOLE, odd])).energy_wh == 5000
