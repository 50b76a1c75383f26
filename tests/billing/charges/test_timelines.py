"""Sessions as timelines: what flowed is placed where charging was, and nothing of it is lost or made up."""

from datetime import timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from charging.made import at, begun, reading
from currant.billing.charges.timelines import expired_reservation, timeline_of
from currant.charging import idle, tally
from currant.charging.model import Phase, Reading, Session
from currant.kit.clock import micros
from currant.pricing.timeline import Doing, Timeline


def ended(
    changes: list[tuple[float, str]],
    readings: list[Reading],
    *,
    minutes: float = 60,
    stop_wh: int | None = None,
    start_wh: int = 0,
) -> Session:
    """A session of so many minutes, counted as sessions are."""
    session = begun(wh=start_wh)
    for each in sorted(readings, key=lambda other: other.at):
        if each.at <= at(minutes):
            session, _ = tally.count(session, each)
    for minute, letter in changes:
        moment = micros(at(minute))
        session = replace(
            session, timeline=idle.with_change(session.timeline, (moment, moment, letter), None)
        )
    if stop_wh is not None:
        session = tally.close_with(session, stop_wh, at(minutes))
    return idle.settle(replace(session, phase=Phase.ENDED, ended_at=at(minutes)))


def registers(*pairs: tuple[float, float]) -> list[Reading]:
    return [reading(minutes, wh) for minutes, wh in pairs]


def told(timeline: Timeline) -> list[tuple[float, float, str, Fraction]]:
    """(from minute, to minute, what, Wh) of each span."""
    return [
        (
            (span.begin - at(0)) / timedelta(minutes=1),
            (span.end - at(0)) / timedelta(minutes=1),
            span.doing.value,
            Fraction(span.energy_wh),
        )
        for span in timeline.spans
    ]


def energy_of(timeline: Timeline) -> Fraction:
    return sum((Fraction(span.energy_wh) for span in timeline.spans), Fraction(0))


def spent(timeline: Timeline, *doings: Doing) -> float:
    """Seconds spent so."""
    wanted = [span for span in timeline.spans if span.doing in doings]
    return sum((span.end - span.begin).total_seconds() for span in wanted)


def test_each_stretch_between_readings_is_a_span() -> None:
    readings = registers((15, 2500), (30, 5000), (60, 9000))
    timeline = timeline_of(ended([(0, "c")], readings, stop_wh=9000), readings, zone="Europe/Berlin")
    assert told(timeline) == [
        (0, 15, "charging", 2500),
        (15, 30, "charging", 2500),
        (30, 60, "charging", 4000),
    ]
    assert timeline.zone == "Europe/Berlin"
    assert timeline.over
    assert not any(span.estimated for span in timeline.spans)


def test_a_session_without_readings_is_one_span_of_its_registers() -> None:
    timeline = timeline_of(ended([], [], stop_wh=7000), [], zone="UTC")
    assert told(timeline) == [(0, 60, "charging", 7000)]


def test_energy_lies_where_the_station_said_that_it_charged() -> None:
    readings = registers((30, 6000), (60, 6000))
    timeline = timeline_of(
        ended([(0, "c"), (10, "s"), (20, "c"), (30, "v")], readings, stop_wh=6000), readings, zone="UTC"
    )
    assert told(timeline) == [
        (0, 10, "charging", 3000),
        (10, 20, "paused_by_station", 0),
        (20, 30, "charging", 3000),
        (30, 60, "idle", 0),
    ]


def test_a_pause_of_the_vehicle_is_parking_and_one_of_the_station_is_not() -> None:
    readings = registers((10, 2000), (20, 2000), (30, 4000), (40, 4000), (60, 8000))
    changes = [(0.0, "c"), (10, "v"), (20, "c"), (30, "s"), (40, "c")]
    timeline = timeline_of(ended(changes, readings, stop_wh=8000), readings, zone="UTC")
    assert [(doing, wh) for _, _, doing, wh in told(timeline)] == [
        ("charging", 2000),
        ("parked", 0),
        ("charging", 2000),
        ("paused_by_station", 0),
        ("charging", 4000),
    ]


def test_after_the_end_of_charging_only_the_vehicles_time_is_idle() -> None:
    readings = registers((20, 5000), (40, 5000), (60, 5000))
    timeline = timeline_of(
        ended([(0, "c"), (20, "v"), (35, "s"), (45, "w")], readings, stop_wh=5000), readings, zone="UTC"
    )
    assert told(timeline)[1:] == [
        (20, 35, "idle", 0),
        (35, 45, "paused_by_station", 0),
        (45, 60, "idle", 0),
    ]


def test_a_meter_that_stands_still_ends_charging_although_the_station_says_nothing() -> None:
    readings = registers((10, 3000), (20, 3000), (60, 3000))
    timeline = timeline_of(ended([], readings, stop_wh=3000), readings, zone="UTC")
    assert told(timeline) == [(0, 10, "charging", 3000), (10, 60, "idle", 0)]


def test_a_delayed_start_of_the_vehicle_is_parking_and_a_wait_for_the_station_is_not() -> None:
    readings = registers((30, 0), (60, 5000))
    delayed = timeline_of(ended([(0, "v"), (30, "c")], readings, stop_wh=5000), readings, zone="UTC")
    assert told(delayed)[0] == (0, 30, "parked", 0)
    waiting = timeline_of(ended([(0, "w"), (30, "c")], readings, stop_wh=5000), readings, zone="UTC")
    assert told(waiting)[0] == (0, 30, "charging", 0)


def test_the_time_after_the_cable_was_drawn_is_nobodys() -> None:
    readings = registers((20, 5000))
    timeline = timeline_of(ended([(0, "c"), (20, "u")], readings), readings, zone="UTC")
    assert told(timeline) == [(0, 20, "charging", 5000)]


def test_a_meter_that_moves_knows_better_than_a_status_that_says_pause() -> None:
    readings = registers((20, 2000), (40, 7000), (60, 9000))
    changes = [(0.0, "c"), (15, "v"), (45, "c")]
    timeline = timeline_of(ended(changes, readings, stop_wh=9000), readings, zone="UTC")
    assert [span.doing for span in timeline.spans if span.energy_wh] == [Doing.CHARGING] * 3
    assert spent(timeline, Doing.PARKED) == 10 * 60
    assert energy_of(timeline) == 9000


def test_a_status_that_comes_late_squeezes_no_energy_into_a_second() -> None:
    readings = registers((15, 2500), (30, 5000))
    changes = [(0.0, "v"), (14.99, "c")]
    session = ended(changes, readings, minutes=30, stop_wh=5000)
    timeline = timeline_of(session, readings, zone="UTC", max_power_w=11_000)
    assert told(timeline)[0][3] < 2500
    assert energy_of(timeline) == 5000
    first = [span for span in timeline.spans if span.end <= at(15)]
    assert all(span.estimated for span in first)
    assert {span.doing for span in first} == {Doing.CHARGING}


def test_a_long_gap_is_billed_from_its_registers_and_called_an_estimate() -> None:
    readings = registers((10, 1000), (100, 9000))
    timeline = timeline_of(ended([(0, "c")], readings, minutes=120, stop_wh=9500), readings, zone="UTC")
    assert [span.estimated for span in timeline.spans] == [False, True, False]
    assert energy_of(timeline) == 9500


def test_a_meter_that_is_set_back_bills_nothing_negative_and_nothing_twice() -> None:
    readings = registers((10, 2000), (20, 4000), (30, 100), (40, 1100), (50, 2100), (60, 3100))
    session = ended([(0, "c")], readings)
    timeline = timeline_of(session, readings, zone="UTC")
    assert all(span.energy_wh >= 0 for span in timeline.spans)
    assert energy_of(timeline) == session.energy_wh == 7000


def test_one_odd_register_moves_no_energy_in_time() -> None:
    readings = registers((10, 2000), (20, 900_000_000), (30, 6000), (60, 9000))
    timeline = timeline_of(ended([(0, "c")], readings, stop_wh=9000), readings, zone="UTC")
    assert told(timeline) == [
        (0, 10, "charging", 2000),
        (10, 30, "charging", 4000),
        (30, 60, "charging", 3000),
    ]


def test_without_registers_energy_follows_power_and_says_so() -> None:
    readings = [reading(minutes, power_w=power) for minutes, power in [(0, 6000), (20, 6000), (40, 6000.0)]]
    session = ended([(0, "c")], readings, stop_wh=3900)
    timeline = timeline_of(session, readings, zone="UTC")
    assert energy_of(timeline) == session.energy_wh == 3900
    assert all(span.estimated for span in timeline.spans if span.energy_wh)


def test_readings_may_come_in_any_order_and_twice() -> None:
    readings = registers((15, 2500), (30, 5000), (60, 9000))
    session = ended([(0, "c")], readings, stop_wh=9000)
    shuffled = [readings[2], readings[0], readings[1], readings[0]]
    assert timeline_of(session, shuffled, zone="UTC") == timeline_of(session, readings, zone="UTC")


def test_readings_before_the_beginning_and_after_the_end_count_at_the_bounds() -> None:
    readings = registers((-5, 0), (30, 4000), (70, 9000))
    session = ended([(0, "c")], readings, stop_wh=8000)
    timeline = timeline_of(session, readings, zone="UTC")
    assert told(timeline) == [(0, 30, "charging", 4000), (30, 60, "charging", 4000)]


def test_what_flows_back_is_kept_apart() -> None:
    readings = [
        reading(0, 0, energy_export_wh=100.0),
        reading(30, 5000, energy_export_wh=100.0),
        reading(60, 5000, energy_export_wh=2100.0),
    ]
    timeline = timeline_of(ended([(0, "c")], readings, stop_wh=5000), readings, zone="UTC")
    assert [span.export_wh for span in timeline.spans] == [0, 2000]
    assert energy_of(timeline) == 5000


def test_a_session_that_goes_on_reaches_until_now_and_its_pause_is_no_end_yet() -> None:
    readings = registers((10, 2000), (15, 2000))
    session = begun(wh=0)
    for each in readings:
        session, _ = tally.count(session, each)
    for minute, letter in [(0, "c"), (10, "v")]:
        moment = micros(at(minute))
        session = replace(
            session, timeline=idle.with_change(session.timeline, (moment, moment, letter), None)
        )
    timeline = timeline_of(idle.settle(session), readings, zone="UTC", until=at(18))
    assert not timeline.over
    assert told(timeline) == [(0, 10, "charging", 2000), (10, 18, "parked", 0)]


def test_a_session_of_no_length_keeps_its_energy() -> None:
    timeline = timeline_of(ended([], [], minutes=0, stop_wh=1500), [], zone="UTC")
    assert told(timeline) == [(0, 0, "charging", 1500)]


def test_a_reservation_comes_before_its_session_and_may_be_all_there_is() -> None:
    readings = registers((60, 5000))
    session = ended([(0, "c")], readings, stop_wh=5000)
    timeline = timeline_of(session, readings, zone="UTC", reserved=(at(-15), at(30)))
    assert told(timeline)[0] == (-15, 0, "reserved", 0)
    assert energy_of(timeline) == 5000
    expired = expired_reservation(at(0), at(60), zone="UTC")
    assert expired.reservation_expired
    assert told(expired) == [(0, 60, "reserved", 0)]


MINUTES = st.integers(0, 1200).map(lambda tenth: tenth / 10)
CHANGES = st.lists(st.tuples(MINUTES, st.sampled_from("wcvsu")), max_size=8).map(sorted)
READINGS = st.lists(
    st.builds(
        lambda minutes, wh, power, export: reading(minutes, wh, power, energy_export_wh=export),
        st.integers(-50, 1300).map(lambda tenth: tenth / 10),
        st.none() | st.integers(0, 30_000) | st.sampled_from([0, 10**9]),
        st.none() | st.floats(0, 50_000),
        st.none() | st.integers(0, 5_000).map(float),
    ),
    max_size=12,
)
STOPS = st.none() | st.integers(0, 40_000)


@settings(max_examples=300)
@given(CHANGES, READINGS, STOPS, MINUTES, st.none() | st.just(11_000))
def test_spans_hold_exactly_the_energy_and_follow_each_other(
    changes: list[tuple[float, str]],
    readings: list[Reading],
    stop_wh: int | None,
    minutes: float,
    max_power_w: int | None,
) -> None:
    session = ended(changes, readings, minutes=minutes, stop_wh=stop_wh)
    timeline = timeline_of(session, readings, zone="UTC", max_power_w=max_power_w)
    assert energy_of(timeline) == session.energy_wh
    assert all(span.energy_wh >= 0 and span.export_wh >= 0 for span in timeline.spans)
    for before, after in zip(timeline.spans, timeline.spans[1:], strict=False):
        assert before.end <= after.begin
    assert all(session.started_at <= span.begin <= span.end <= at(minutes) for span in timeline.spans)
    if minutes:
        assert all(span.begin < span.end for span in timeline.spans)


def _unplugged(changes: list[tuple[float, str]]) -> bool:
    return any(letter == "u" for _, letter in changes)


@settings(max_examples=200)
@given(CHANGES, st.lists(st.integers(0, 3_000), max_size=6), MINUTES)
def test_nobody_is_charged_more_idle_time_than_the_session_has(
    changes: list[tuple[float, str]], steps: list[int], minutes: float
) -> None:
    readings = registers(*((5.0 * index, sum(steps[:index])) for index in range(len(steps) + 1)))
    session = ended(changes, readings, minutes=minutes)
    timeline = timeline_of(session, readings, zone="UTC")
    assert spent(timeline, Doing.IDLE) <= session.idle_s + 1
    assert spent(timeline, *Doing) <= minutes * 60 + 1e-6
    if not _unplugged(changes):
        assert abs(spent(timeline, *Doing) - minutes * 60) < 1e-6


@settings(max_examples=100)
@given(CHANGES, READINGS, MINUTES)
def test_a_status_of_the_station_never_makes_parking(
    changes: list[tuple[float, str]], readings: list[Reading], minutes: float
) -> None:
    stations = [(minute, "s" if letter in "vw" else letter) for minute, letter in changes]
    timeline = timeline_of(ended(stations, readings, minutes=minutes), readings, zone="UTC")
    assert not any(span.doing is Doing.PARKED for span in timeline.spans)
