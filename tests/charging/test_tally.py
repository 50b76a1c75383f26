"""Energy from registers that fall, leap, fall silent, or never were."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from charging.made import at, begun, reading
from currant.charging import tally
from currant.charging.model import Reading, Session
from currant.charging.tally import Note


def counted(readings: list[Reading], session: Session | None = None) -> Session:
    return reduce(lambda before, new: tally.count(before, new)[0], readings, session or begun(wh=1000))


def test_energy_is_what_the_register_rose_since_the_start() -> None:
    session = counted([reading(1, 1100), reading(2, 1250)])
    assert session.energy_wh == 250
    assert session.first_energy_at == at(0)
    assert session.last_energy_at == at(2)


def test_power_is_derived_where_none_is_reported_and_none_flows_when_the_register_stands() -> None:
    assert counted([reading(6, 1100)]).power_w == pytest.approx(1000)
    assert counted([reading(6, 1100, 7000), reading(12, 1100)]).power_w == 0


def test_a_register_that_drops_to_zero_for_a_while_is_not_counted() -> None:
    readings = [reading(1, 1100), reading(2, 0), reading(3, 1200)]
    session = counted(readings)
    assert session.energy_wh == 200
    assert session.meter_notes & Note.WENT_BACK
    assert not session.meter_notes & Note.REBASED


def test_three_readings_that_agree_are_a_new_meter_and_what_lies_between_is_not_counted() -> None:
    session = counted([reading(1, 1500), reading(2, 10), reading(3, 40), reading(4, 70), reading(5, 100)])
    assert session.energy_wh == 500 + 90
    assert session.meter_notes & Note.REBASED


def test_a_start_register_that_was_never_read_does_not_make_a_fortune() -> None:
    zero = begun(wh=0)
    session = counted([reading(n, 5_000_000 + n * 100) for n in range(1, 6)], zero)
    assert session.energy_wh == 400
    assert session.meter_notes & Note.JUMPED


def test_a_leap_is_unsettled_until_the_register_comes_back() -> None:
    leaping = counted([reading(n, n * 10**8) for n in (1, 2, 3)])
    assert leaping.meter_notes & Note.UNSETTLED
    back = tally.count(leaping, reading(4, 1100))[0]
    assert (back.energy_wh, back.meter_notes & (Note.UNSETTLED | Note.JUMPED)) == (100, Note.JUMPED)


@pytest.mark.parametrize(("stop_wh", "unsettled"), [(1500, 0), (3 * 10**8, Note.UNSETTLED)])
def test_an_end_that_agrees_with_the_start_settles_a_leap(stop_wh: int, unsettled: int) -> None:
    leaping = counted([reading(n, n * 10**8) for n in (1, 2, 3)])
    closed = tally.close_with(leaping, stop_wh, at(60))
    assert closed.meter_notes & Note.UNSETTLED == unsettled


def test_a_leap_is_judged_by_what_the_evse_can_deliver() -> None:
    leap = reading(60, 101_000)
    assert tally.count(begun(wh=1000), leap)[0].energy_wh == 100_000
    assert tally.count(begun(wh=1000), leap, max_power_w=11_000)[0].energy_wh == 0


def test_without_a_register_power_is_added_up_and_said_to_be_an_estimate() -> None:
    session = counted([reading(n, None, 6000) for n in range(0, 61, 10)])
    assert session.energy_wh == 6000
    assert session.meter_notes & Note.ESTIMATED


def test_intervals_add_up_where_there_is_nothing_better() -> None:
    interval = {"Energy.Active.Import.Interval": 250.0}
    session = counted([reading(n, others=interval) for n in (15, 30)])
    assert session.energy_wh == 500


def test_a_gap_in_power_is_not_filled_in() -> None:
    session = counted([reading(0, None, 6000), reading(120, None, 6000)])
    assert session.energy_wh == 0


def test_a_trickle_is_no_charging() -> None:
    session = counted([reading(10, 2000), reading(20, 2005)])
    assert session.last_energy_at == at(10)
    assert session.energy_wh == 1005


@pytest.mark.parametrize(
    ("readings", "stop_wh", "energy_wh", "note"),
    [
        ([(1, 1100)], 1500, 500, 0),
        ([(1, 1100), (2, 0)], 1500, 500, Note.WENT_BACK),
        ([(1, 1100)], 900, 100, Note.STOP_BELOW),
        ([(1, 1400)], 1300, 400, Note.STOP_BELOW),
        ([(1, 1100)], 9_000_000, 100, Note.STOP_JUMPED),
        ([], 0, 0, Note.STOP_BELOW),
        ([(1, 1100), (2, 10), (3, 20), (4, 30)], 130, 220, Note.REBASED | Note.WENT_BACK),
    ],
)
def test_start_and_stop_are_believed_where_they_agree(
    readings: list[tuple[int, int]], stop_wh: int, energy_wh: int, note: int
) -> None:
    session = counted([reading(minutes, wh) for minutes, wh in readings])
    closed = tally.close_with(session, stop_wh, at(60))
    assert closed.energy_wh == energy_wh
    assert closed.meter_notes & ~Note.REGISTER_READ == note


def test_a_stop_register_outranks_an_estimate_unless_the_charger_has_no_meter() -> None:
    estimated = counted([reading(n, None, 6000) for n in range(0, 61, 10)])
    metered = tally.close_with(estimated, 6800, at(60))
    assert (metered.energy_wh, metered.meter_notes & Note.ESTIMATED) == (5800, 0)
    meterless = tally.close_with(estimated, 1000, at(60))
    assert meterless.energy_wh == 6000
    assert meterless.meter_notes & Note.ESTIMATED


registers = st.lists(
    st.tuples(st.integers(1, 600), st.one_of(st.integers(0, 30_000), st.integers(0, 10**9))),
    min_size=1,
    max_size=25,
    unique_by=lambda pair: pair[0],
)


@given(registers)
def test_energy_never_shrinks_and_never_is_negative(given_registers: list[tuple[int, int]]) -> None:
    session, before = begun(wh=1000), 0
    for minutes, wh in sorted(given_registers):
        session, _ = tally.count(session, reading(minutes, wh))
        assert session.energy_wh >= before >= 0
        before = session.energy_wh
    closed = tally.close_with(session, sorted(given_registers)[-1][1], at(600))
    assert closed.energy_wh >= 0


@given(registers, st.randoms())
def test_counting_anew_in_any_order_comes_to_the_same(given_registers: list[tuple[int, int]], dice) -> None:
    readings = [reading(minutes, wh) for minutes, wh in sorted(given_registers)]
    one_by_one = counted(readings)
    dice.shuffle(readings)
    assert tally.recount(begun(wh=1000), readings) == one_by_one


@given(st.lists(st.integers(0, 5_000), min_size=2, max_size=30))
def test_a_good_meter_is_counted_to_the_watt_hour(steps: list[int]) -> None:
    wh, readings = 1000, []
    for minutes, step in enumerate(steps, start=1):
        wh += step
        readings.append(reading(minutes, wh))
    session = counted(readings)
    assert session.energy_wh == sum(steps)
    assert replace(session, meter_notes=0) == session or session.meter_notes == Note.REGISTER_READ
