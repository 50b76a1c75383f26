"""Who holds up the charging: the car, the station, or a driver who does not come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from charging.made import at, begun, reading
from currant.charging import idle, tally
from currant.charging.model import Activity, Phase, Session
from currant.charging.sequences import Ranges, with_sequence
from currant.kit.clock import micros


def session_with(
    changes: list[tuple[float, str]], registers: list[tuple[float, int]], *, ended: float | None = None
) -> Session:
    session = begun(wh=0)
    for minutes, wh in registers:
        session, _ = tally.count(session, reading(minutes, wh))
    for minutes, letter in changes:
        moment = micros(at(minutes))
        session = replace(
            session, timeline=idle.with_change(session.timeline, (moment, moment, letter), None)
        )
    if ended is not None:
        session = replace(session, phase=Phase.ENDED, ended_at=at(ended))
    return idle.settle(session)


CHARGED = [(1.0, 100), (30.0, 5000)]


def test_before_anything_flows_a_car_waits() -> None:
    assert session_with([(0, "w")], []).activity is Activity.WAITING
    assert session_with([(0, "w"), (5, "v")], []).idle_since is None


def test_a_car_that_stops_taking_energy_pauses_and_then_is_finished() -> None:
    paused = session_with([(0, "c"), (30, "v")], [*CHARGED, (35, 5000)])
    assert paused.activity is Activity.PAUSED_BY_VEHICLE
    assert paused.idle_since == at(30)
    idling = session_with([(0, "c"), (30, "v")], [*CHARGED, (45, 5000)])
    assert idling.activity is Activity.IDLE
    assert idling.idle_s == 15 * 60


def test_a_full_battery_is_finished_at_once() -> None:
    session = session_with([(0, "c"), (30, "v")], [*CHARGED, (32, 5000)])
    assert idle.settle(replace(session, soc_percent=100.0)).activity is Activity.IDLE


def test_what_the_station_holds_back_is_not_the_cars_idle_time() -> None:
    session = session_with([(0, "c"), (30, "s")], [*CHARGED, (50, 5000)], ended=60)
    assert session.activity is Activity.PAUSED_BY_STATION
    assert session.idle_s == 0
    assert session.idle_since is None
    assert session.paused_by_station_s == 30 * 60


def test_the_two_kinds_of_pause_are_told_apart_within_one_stretch() -> None:
    session = session_with([(0, "c"), (30, "s"), (40, "v")], CHARGED, ended=60)
    assert session.paused_by_station_s == 10 * 60
    assert session.idle_s == 20 * 60


def test_a_pause_that_ended_was_no_idle_time() -> None:
    session = session_with([(0, "c"), (10, "v"), (20, "c"), (30, "v")], CHARGED, ended=36)
    assert session.idle_s == 6 * 60


def test_a_meter_that_stands_still_says_what_no_status_said() -> None:
    session = session_with([], [*CHARGED, (34, 5000), (50, 5000)])
    assert session.activity is Activity.IDLE
    assert session.idle_since == at(30)
    assert session.idle_s == 20 * 60


def test_a_status_that_says_charging_forever_is_not_believed_against_the_meter() -> None:
    session = session_with([(0, "c")], [*CHARGED, (50, 5000)], ended=60)
    assert session.idle_s == 30 * 60


def test_silence_is_not_idleness() -> None:
    session = session_with([(0, "c")], CHARGED, ended=300)
    assert session.idle_s == 0


def test_a_meter_that_moves_is_believed_against_a_status_that_says_it_does_not() -> None:
    session = session_with([(0, "v")], CHARGED)
    assert session.activity is Activity.CHARGING
    assert session.idle_s == 0


def test_a_car_that_left_is_in_nobodys_way() -> None:
    session = session_with([(0, "c"), (30, "w"), (40, "u")], CHARGED, ended=90)
    assert session.idle_s == 10 * 60
    assert session.activity is Activity.WAITING


letters = st.sampled_from("wcvsu")


@given(st.lists(st.tuples(st.integers(0, 200), letters), max_size=20))
def test_idle_time_and_pauses_fit_into_the_session(changes: list[tuple[int, str]]) -> None:
    session = session_with([(float(minutes), letter) for minutes, letter in changes], CHARGED, ended=200)
    assert 0 <= session.idle_s <= 170 * 60
    assert 0 <= session.paused_by_station_s <= 200 * 60
    assert session.idle_s + session.paused_by_station_s <= 200 * 60


@given(
    st.lists(st.tuples(st.integers(0, 30), letters), max_size=20, unique_by=lambda pair: pair[0]),
    st.randoms(),
)
def test_a_timeline_does_not_depend_on_the_order_of_arrival(changes: list[tuple[int, str]], dice) -> None:
    def arrived(order: list[tuple[int, str]]) -> tuple[idle.Change, ...]:
        timeline: tuple[idle.Change, ...] = ()
        seen: Ranges = ()
        for sequence, letter in order:
            seen = with_sequence(seen, sequence)
            timeline = idle.with_change(timeline, (sequence, sequence, letter), seen)
        return timeline

    shuffled = changes[:]
    dice.shuffle(shuffled)
    assert arrived(shuffled) == arrived(sorted(changes))


def test_a_station_that_changes_its_mind_forever_is_forgotten_from_the_beginning() -> None:
    timeline: tuple[idle.Change, ...] = ()
    for moment in range(2 * idle.CHANGES_MAX):
        timeline = idle.with_change(timeline, (moment, moment, "cv"[moment % 2]), None)
    assert len(timeline) == idle.CHANGES_MAX
    assert timeline[-1][0] == 2 * idle.CHANGES_MAX - 1


@pytest.mark.parametrize("letter", ["v", "s"])
def test_a_reading_moves_on_only_while_it_charges(letter: str) -> None:
    session = session_with([(0, "c")], CHARGED)
    assert idle.moves_on(session, session.read_at)
    assert not idle.moves_on(session_with([(0, "c"), (40, letter)], CHARGED), at(30))
