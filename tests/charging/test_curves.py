"""Curves keep what stands out, and energy is where it flowed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.made import TENANT, Network, at, sample, value
from currant.charging.curve_store import Stretch
from currant.charging.curves import carried, keeping_peaks, registered, so_far, spread, step_of
from currant.charging.drawing import Curves, station_curve
from currant.charging.overview import day_of
from currant.charging.running_store import Spell
from currant.kit.errors import Invalid

MINUTE = 60_000_000


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=400), st.integers(4, 60))
def test_a_thinned_curve_has_its_ends_and_its_highest_and_lowest(points: list[int], most: int) -> None:
    kept = keeping_peaks(list(enumerate(points)), most, lambda point: float(point[1]))
    assert len(kept) <= max(most, 4)
    assert kept == sorted(kept)
    assert kept[0] == (0, points[0])
    assert kept[-1] == (len(points) - 1, points[-1])
    assert max(value for _, value in kept) == max(points)
    assert min(value for _, value in kept) == min(points)


@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(0, 50_000)).map(
            lambda each: (min(each[:2]) * MINUTE, max(each[:2]) * MINUTE, each[2])
        ),
        max_size=20,
    )
)
def test_spread_energy_is_all_there(flows: list[tuple[int, int, float]]) -> None:
    steps = spread(flows, since_us=0, step_us=15 * MINUTE, steps=61)
    assert sum(steps) == pytest.approx(sum(flow[2] for flow in flows))


def test_energy_is_spread_over_the_quarters_in_which_it_flowed() -> None:
    assert spread([(0, 30 * MINUTE, 600)], since_us=0, step_us=15 * MINUTE, steps=3) == [300, 300, 0]
    # What flowed before midnight counts to the day before.
    assert spread([(-15 * MINUTE, 15 * MINUTE, 600)], since_us=0, step_us=15 * MINUTE, steps=2) == [300, 0]
    assert so_far([300, 300, 100], step_us=15 * MINUTE, elapsed_us=20 * MINUTE) == 400
    assert so_far([300], step_us=15 * MINUTE, elapsed_us=20 * MINUTE) == 300


def test_a_register_that_fell_was_changed() -> None:
    assert registered([(100, 120), (130, 150)]) == 50
    assert registered([(100, 150), (10, 30)]) == 70
    assert registered([]) == 0


def test_steps_are_round_and_as_many_as_asked_for() -> None:
    assert step_of(86_400, 300) == 300
    assert step_of(3_600, 3_600) == 1
    assert step_of(62 * 86_400, 10) == 7 * 86_400


def test_a_gap_between_readings_is_no_pause_and_a_long_one_is() -> None:
    assert carried({0: 5.0, 2: 7.0, 9: 1.0}, steps=10, reach=3) == [5, 5, 7, *[None] * 6, 1]


def test_a_stations_main_meter_counts_only_without_meters_of_its_evses() -> None:
    own = Stretch(1, 0, 5_000.0, 6_000.0, 100.0, 600.0, 31.0)
    main = Stretch(0, 0, 9_000.0, 9_000.0, 0.0, 900.0, None)
    curve = station_curve([own, main], since_us=0, step_s=60, steps=2)
    assert (curve.power_w, curve.peak_w, curve.energy_wh) == ([5_000, None], [6_000, None], 500)
    assert curve.temperature_c == [31.0, None]
    assert station_curve([main], since_us=0, step_s=60, steps=1).power_w == [9_000]


def test_a_day_has_as_many_quarters_as_its_clock_shows() -> None:
    short = day_of([], since_us=0, until_us=23 * 60 * MINUTE)
    assert (len(short.energy_wh), len(short.started)) == (92, 23)
    night = Spell(-60 * MINUTE, -60 * MINUTE, 60 * MINUTE, 2_000, None, "s")
    day = day_of([night], since_us=0, until_us=24 * 60 * MINUTE)
    assert sum(day.energy_wh) == pytest.approx(1_000)
    assert day.sessions == 0


async def test_a_sessions_curve_and_its_stations_are_drawn_from_its_readings(network: Network) -> None:
    station = await network.connect()
    await station.start()
    for minute in range(1, 61):
        await station.meter(
            minute,
            sample(
                minute,
                value(1000 + 100 * minute),
                value(9_000 if minute == 30 else 6_000, "Power.Active.Import", "W"),
                value(20 + minute / 2, "SoC", "Percent"),
            ),
        )
    session = await station.only()
    curves = Curves(network.database)
    drawn = (await curves.of_session(TENANT, session.id, points=20)).points
    assert len(drawn) <= 20
    assert max(point.power_w or 0 for point in drawn) == 9_000
    assert (drawn[0].at, drawn[-1].at) == (at(1), at(60))
    assert drawn[-1].energy_wh == session.energy_wh == 6_000
    assert drawn[-1].soc == 50
    curve = await curves.of_station(TENANT, station.station.station_id, since=at(0), until=at(90), points=9)
    assert curve.step_s == 600
    assert max(value for value in curve.peak_w if value is not None) == 9_000
    assert curve.power_w[-1] is None
    # From the first register to the last.
    assert curve.energy_wh == 5_900
    with pytest.raises(Invalid):
        await curves.of_station(
            TENANT, station.station.station_id, since=at(0), until=at(0) + timedelta(days=90), points=9
        )
