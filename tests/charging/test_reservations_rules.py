"""The pure rules of reservations: who gets which place, what is due, who is refused, who is next."""

from datetime import datetime, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from charging.made import NOON, TENANT, at
from currant.charging.reservations import queueing, rules
from currant.charging.reservations.assignment import Booking, assign, fits, open_slots
from currant.charging.reservations.model import (
    Reservation,
    ReservationState,
    Terms,
    Waiting,
    WaitingState,
    Wanted,
)
from currant.charging.reservations.rules import Step
from currant.kit.errors import Invalid
from currant.kit.ids import LocationId, ReservationId, SessionId, StationId, TokenId, WaitingId
from currant.stations.model import CommandOutcome, CommandStatus, ConnectorStandard, ConnectorStatus
from currant.stations.places import EvsePlace

S = ReservationState
TERMS = Terms()
T2, CCS = ConnectorStandard.IEC_62196_T2, ConnectorStandard.IEC_62196_T2_COMBO


def place(station: str = "A", evse: int = 1, **more) -> EvsePlace:
    return EvsePlace(
        station_id=StationId(station),
        evse=evse,
        identity=station,
        **{"connected": True, "status": ConnectorStatus.AVAILABLE, "standards": frozenset({T2}), **more},
    )


def booking(name: str, begins: float, ends: float, wanted: Wanted | None = None, **more) -> Booking:
    return Booking(id=name, wanted=wanted or Wanted(), starts_at=at(begins), ends_at=at(ends), **more)


def reservation(begins: float = 0, ends: float = 30, *, planned: bool = False, **more) -> Reservation:
    made = Reservation(
        id=ReservationId("reservation"),
        number=7,
        tenant_id=TENANT,
        state=S.PLANNED,
        token_id=TokenId("mine"),
        token_uid="CAFE0001",
        place_station_id=StationId("A"),
        place_evse=1,
        starts_at=at(begins),
        ends_at=at(ends),
        ad_hoc=not planned,
        hold_from=at(begins),
        release_at=at(ends),
        booked_until=at(ends),
        created_at=NOON,
        station_id=StationId("A"),
        evse=1,
    )
    return replace(rules.timed(made, at(begins), at(ends), terms=TERMS), **more)


# Who gets which place


def test_the_weakest_place_that_will_do_is_given_away_first() -> None:
    fast, slow = place("A", 1, max_power_w=150_000), place("A", 2, max_power_w=11_000)
    assert assign(booking("b", 0, 60), [fast, slow], []) == {"b": slow.key}
    assert assign(booking("b", 0, 60, Wanted(min_power_w=50_000)), [fast, slow], []) == {"b": fast.key}


def test_a_plug_that_nobody_described_may_fit_and_another_one_does_not() -> None:
    assert fits(Wanted(connector_standard=CCS), place(standards=frozenset()))
    assert not fits(Wanted(connector_standard=CCS), place())


def test_moves_go_through_several_who_do_not_mind() -> None:
    here, there, beyond = place("A", 1), place("A", 2), place("A", 3)
    only_here_or_there = Wanted(station_id=StationId("A"), min_power_w=None)
    sitting = booking("sits", 0, 60, only_here_or_there, place=here.key, movable=True)
    blocking = booking("fixed", 30, 90, Wanted(station_id=StationId("A"), evse=2), place=there.key)
    wanted = booking("new", 0, 60, Wanted(station_id=StationId("A"), evse=1))
    moves = assign(wanted, [here, there, beyond], [sitting, blocking])
    assert moves == {"new": here.key, "sits": beyond.key}
    assert assign(wanted, [here, there], [sitting, blocking]) is None


STATIONS = ("A", "B", "C")
bookings = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(1, 8),
        st.sampled_from([None, *STATIONS]),
        st.sampled_from([None, 1, 2]),
        st.booleans(),
        st.sampled_from([None, T2, CCS]),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(bookings)
def test_no_place_is_ever_given_twice_and_everybody_has_what_they_asked_for(asked) -> None:
    places = [
        place("A", 1),
        place("A", 2, standards=frozenset({CCS, T2})),
        place("B", 1, standards=frozenset({CCS})),
        place("C", 1, standards=frozenset()),
    ]
    known = {each.key: each for each in places}
    booked: dict[str, Booking] = {}
    for number, (begins, length, station, evse, movable, standard) in enumerate(asked):
        wanted = Wanted(
            station_id=None if station is None else StationId(station),
            evse=None if station is None else evse,
            connector_standard=standard,
        )
        new = booking(str(number), begins, begins + length, wanted, movable=movable and wanted.evse is None)
        moves = assign(new, places, booked.values())
        if moves is None:
            free = [
                each
                for each in places
                if fits(wanted, each)
                and not any(other.place == each.key and other.overlaps(new) for other in booked.values())
            ]
            assert free == [], "Nobody is turned away from a free place."
            continue
        before = dict(booked)
        booked[new.id] = new
        for moved, key in moves.items():
            assert moved == new.id or before[moved].movable
            booked[moved] = replace(booked[moved], place=key)
    for each in booked.values():
        assert each.place is not None
        assert fits(each.wanted, known[each.place])
    for one, other in combinations(booked.values(), 2):
        assert one.place != other.place or not one.overlaps(other)


@given(bookings)
def test_slots_and_bookings_fill_the_day_without_touching(asked) -> None:
    booked: list[Booking] = []
    for number, (begins, length, *_) in enumerate(asked):
        moves = assign(booking(str(number), begins, begins + length), [place()], booked)
        if moves is not None:
            booked.append(booking(str(number), begins, begins + length, place=place().key))
    slots = open_slots(Wanted(), [place()], booked, since=at(0), until=at(40), most=100)
    stretches = sorted(
        [(slot.starts_at, slot.ends_at) for slot in slots]
        + [(each.starts_at, min(each.ends_at, at(40))) for each in booked]
    )
    assert stretches[0][0] == at(0)
    assert stretches[-1][1] == at(40)
    assert all(one[1] == other[0] for one, other in pairwise(stretches))


# What is due


@pytest.mark.parametrize(
    ("change", "minutes", "step"),
    [
        ({}, 0, Step.TELL),
        ({"state": S.HELD}, 10, Step.NOTHING),
        ({"state": S.HELD}, 30, Step.RELEASE),
        ({"state": S.HELD_BY_US, "retries": False}, 10, Step.NOTHING),
        ({"state": S.HELD_BY_US, "next_at": at(5)}, 4, Step.NOTHING),
        ({"state": S.HELD_BY_US, "next_at": at(5)}, 5, Step.TELL),
        ({"state": S.CANCELLED, "station_knows": True, "next_at": at(5)}, 5, Step.WITHDRAW),
        ({"state": S.CANCELLED, "station_knows": False}, 5, Step.NOTHING),
        ({"state": S.PLACING, "next_at": at(2)}, 1, Step.NOTHING),
        ({"state": S.PLACING, "next_at": at(2)}, 2, Step.TELL),
    ],
)
def test_what_is_due_follows_from_the_state_and_the_time(change, minutes: float, step: Step) -> None:
    assert rules.next_step(replace(reservation(), **change), at(minutes)) is step


def test_who_planned_ahead_has_a_grace_and_who_did_not_has_all_the_time() -> None:
    ahead = reservation(60, 180, planned=True)
    assert (ahead.hold_from, ahead.release_at) == (at(45), at(75))
    assert rules.released(ahead, at(75)).state is S.NO_SHOW
    assert rules.released(reservation(), at(30)).state is S.EXPIRED


OUTCOMES = st.builds(
    CommandOutcome,
    status=st.sampled_from(CommandStatus),
    reason=st.just("why"),
    answer=st.sampled_from([None, *({"status": word} for word in ("Accepted", "Occupied", "Rejected"))]),
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["answered", "rebooted", "back", "ended", "withdrawn"]),
            OUTCOMES,
            st.integers(0, 40),
        )
    ),
    st.booleans(),
)
def test_whatever_stations_answer_a_reservation_ends_once_and_stays_ended(happened, planned: bool) -> None:
    current = reservation(planned=planned)
    ended_as = None
    now = NOON
    for what, outcome, minutes in happened:
        now = max(now, at(minutes))
        if what == "answered":
            current = (
                rules.answered(rules.telling(current, now), outcome, now, any_evse=False)
                if (current.is_open)
                else rules.answered(current, outcome, now, any_evse=False)
            )
        elif what == "rebooted":
            current = rules.rebooted(current, now)
        elif what == "back":
            current = rules.worth_another_try(current, now)
        elif what == "ended" and current.is_open:
            current = rules.ended(current, S.CANCELLED, now)
        elif what == "withdrawn" and not current.is_open:
            current = rules.withdrawn(current, outcome, now)
        if ended_as is not None:
            assert current.state is ended_as
        elif not current.is_open:
            ended_as = current.state
            assert current.booked_until <= max(now, current.starts_at)
        if current.is_open:
            # Nothing open is ever forgotten: somebody looks at it again.
            assert current.next_at is not None


def test_nothing_begins_in_the_past_or_without_a_time_zone() -> None:
    with pytest.raises(Invalid, match="time zone"):
        rules.window(datetime(2026, 1, 31, 13), None, now=NOON, terms=TERMS)  # noqa: DTZ001
    with pytest.raises(Invalid, match="past"):
        rules.window(at(-10), None, now=NOON, terms=TERMS)
    assert rules.window(None, None, now=NOON, terms=TERMS) == (NOON, at(30), True)
    with pytest.raises(Invalid, match="minutes ahead"):
        rules.window(at(5), None, now=NOON, terms=Terms(min_notice=timedelta(minutes=10)))


# Who is refused


def refusal(holds: list[Reservation], *, evse: int | None, token: str = "other", group: str | None = None):
    refused = rules.refusal(
        holds, token_id=TokenId(token), parent_uid=group, evse=evse, free={1, 2}, now=at(1)
    )
    return None if refused is None else refused[0]


def test_others_are_refused_where_it_is_kept_and_whom_it_is_for_is_not() -> None:
    held = reservation(state=S.HELD)
    assert refusal([held], evse=1) == "EVSE 1 is reserved for another driver until 12:30 UTC."
    assert refusal([held], evse=2) is None
    assert refusal([held], evse=None) is None
    assert refusal([held], evse=1, token="mine") is None
    shared = replace(held, parent_uid="FLEET")
    assert refusal([shared], evse=1, group="FLEET") is None
    assert refusal([shared], evse=1, group="OTHERS") is not None
    assert refusal([held], evse=1, group=None) is not None


def test_with_every_evse_kept_a_reader_for_all_of_them_refuses_others_where_we_keep_one() -> None:
    both = [
        reservation(state=S.HELD_BY_US),
        reservation(state=S.HELD, id=ReservationId("two"), place_evse=2, token_id=TokenId("two")),
    ]
    assert (
        refusal(both, evse=None)
        == "Every free EVSE of this station is reserved for another driver until 12:30 UTC."
    )
    assert refusal(both, evse=None, token="two") is None
    assert refusal(both, evse=1, token="two") is not None
    kept_by_the_station = [replace(each, state=S.HELD) for each in both]
    assert refusal(kept_by_the_station, evse=None) is None
    assert refusal(kept_by_the_station, evse=1) is not None


def test_one_kept_at_any_evse_leaves_all_but_the_last() -> None:
    anywhere = reservation(state=S.HELD, any_evse=True, evse=None)
    assert refusal([anywhere], evse=1) is None
    fixed = reservation(state=S.HELD, id=ReservationId("two"), place_evse=2, token_id=TokenId("two"))
    assert refusal([anywhere, fixed], evse=1) is not None


def test_a_reservation_used_up_elsewhere_is_still_to_be_cancelled_at_its_station() -> None:
    held = reservation(state=S.HELD, station_knows=True)
    used = {"session_id": SessionId("s"), "session_number": 3}
    here = rules.used(held, at(5), at_its_place=True, **used)
    assert (here.state, here.station_knows, rules.next_step(here, at(5))) == (S.USED, False, Step.NOTHING)
    elsewhere = rules.used(held, at(5), at_its_place=False, **used)
    assert rules.next_step(elsewhere, at(5)) is Step.WITHDRAW


# Who is next


def driver(name: str, **more) -> Waiting:
    return Waiting(
        id=WaitingId(name),
        tenant_id=TENANT,
        **{
            "state": WaitingState.WAITING,
            "location_id": LocationId("L"),
            "token_id": TokenId(name),
            "token_uid": name,
            "joined_at": NOON,
            **more,
        },
    )


def test_first_come_first_served_and_nobody_waits_for_a_place_that_will_not_do() -> None:
    line = [driver("ccs", connector_standard=CCS), driver("any"), driver("late")]
    called = queueing.calls(line, [place("A", 1)])
    assert [(each.id, where.key) for each, where in called] == [("any", ("A", 1))]
    assert queueing.positions(line) == {"ccs": 1, "any": 2, "late": 3}


@given(
    st.lists(st.sampled_from([None, T2, CCS]), max_size=12),
    st.lists(st.sampled_from([frozenset({T2}), frozenset({CCS}), frozenset({T2, CCS})]), max_size=6),
    st.lists(st.integers(0, 90), min_size=6, max_size=6),
)
def test_calls_are_fair_and_estimates_do_not_run_backwards(wanted, standards, taken) -> None:
    line = [driver(str(number), connector_standard=each) for number, each in enumerate(wanted)]
    places = [place("A", number, standards=each) for number, each in enumerate(standards, start=1)]
    called = queueing.calls(line, places)
    assert len({where.key for _, where in called}) == len(called) == len({each.id for each, _ in called})
    for each, where in called:
        assert fits(each.wanted, where)
    chosen = {each.id for each, _ in called}
    left = [each for each in places if each.key not in {where.key for _, where in called}]
    for each in line:
        if each.id not in chosen:
            assert not any(fits(each.wanted, where) for where in left)
    until = {each.key: at(minutes) for each, minutes in zip(places, taken, strict=False)}
    expected = queueing.estimates(line, places, until, stay=timedelta(minutes=45), now=NOON)
    assert all(when >= NOON for when in expected.values())
    alike: dict[ConnectorStandard | None, datetime] = {}
    for each in line:
        if each.id in expected:
            assert expected[each.id] >= alike.get(each.connector_standard, NOON)
            alike[each.connector_standard] = expected[each.id]
        else:
            assert not any(fits(each.wanted, where) for where in places)


def test_a_stay_is_the_median_of_the_latest_ones_within_reason() -> None:
    assert queueing.usual_stay([]) == timedelta(minutes=45)
    assert queueing.usual_stay([600, 1200, 86_400]) == timedelta(minutes=20)
    assert queueing.usual_stay([1]) == timedelta(minutes=5)
