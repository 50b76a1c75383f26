"""Windows are open by the clock on the wall, on nights when it is changed too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from currant.access.policy_model import Day, Window
from currant.access.schedules import in_words, is_open, minutes_of, opening

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = (Window(days=(Day.WEEKDAYS,), begin="08:00", end="18:00"),)


def berlin(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("2026-01-30 07:59", False),  # a Friday
        ("2026-01-30 08:00", True),
        ("2026-01-30 17:59", True),
        ("2026-01-30 18:00", False),
        ("2026-01-31 10:12", False),  # a Saturday
        ("2026-07-31 08:00", True),  # in summer time
    ],
)
def test_a_window_holds_from_its_first_minute_to_before_its_last(text: str, is_it: bool) -> None:
    assert opening(OFFICE, berlin(text), BERLIN).open is is_it


def test_an_opening_says_when_it_ends_and_a_closing_when_it_ends() -> None:
    now_open = opening(OFFICE, berlin("2026-01-30 10:00"), BERLIN)
    assert now_open.changes_at == berlin("2026-01-30 18:00")
    closed = opening(OFFICE, berlin("2026-01-31 10:12"), BERLIN)
    assert closed.changes_at == berlin("2026-02-02 08:00")


def test_without_windows_it_is_always_open() -> None:
    always = opening((), berlin("2026-01-30 10:00"), BERLIN)
    assert (always.open, always.changes_at) == (True, None)


def test_windows_that_meet_are_one_opening() -> None:
    days = (
        Window(days=(Day.FRIDAY,), begin="18:00"),
        Window(days=(Day.SATURDAY,), begin="00:00", end="08:00"),
    )
    assert opening(days, berlin("2026-01-30 20:00"), BERLIN).changes_at == berlin("2026-01-31 08:00")


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = (Window(days=(Day.FRIDAY,), begin="22:00", end="06:00"),)
    assert opening(night, berlin("2026-01-30 23:00"), BERLIN).changes_at == berlin("2026-01-31 06:00")
    assert opening(night, berlin("2026-01-31 05:59"), BERLIN).open
    assert not opening(night, berlin("2026-01-30 05:59"), BERLIN).open
    assert not opening(night, berlin("2026-01-31 22:00"), BERLIN).open


def test_holidays_are_left_out_or_named() -> None:
    epiphany = frozenset({date(2026, 1, 6)})  # a Tuesday
    office = (Window(days=(Day.WEEKDAYS,), begin="08:00", end="18:00", except_holidays=True),)
    assert not opening(office, berlin("2026-01-06 10:00"), BERLIN, epiphany).open
    assert opening(office, berlin("2026-01-07 10:00"), BERLIN, epiphany).open
    sundays = (Window(days=(Day.SUNDAY, Day.HOLIDAYS)),)
    assert opening(sundays, berlin("2026-01-06 10:00"), BERLIN, epiphany).open
    assert opening(sundays, berlin("2026-01-06 10:00"), BERLIN, epiphany).changes_at == berlin(
        "2026-01-07 00:00"
    )


def test_a_night_before_a_holiday_still_ends_on_it() -> None:
    nights = (Window(begin="22:00", end="06:00", except_holidays=True),)
    epiphany = frozenset({date(2026, 1, 6)})
    assert opening(nights, berlin("2026-01-06 05:00"), BERLIN, epiphany).open
    assert not opening(nights, berlin("2026-01-06 23:00"), BERLIN, epiphany).open


def test_an_hour_that_is_skipped_is_in_no_window() -> None:
    # On 29 March 2026 the clock goes from 02:00 to 03:00.
    skipped = (Window(begin="02:00", end="03:00"),)
    evening = berlin("2026-03-28 20:00")
    assert opening(skipped, evening, BERLIN).changes_at == berlin("2026-03-30 02:00")
    into_it = (Window(begin="02:30", end="05:00"),)
    assert opening(into_it, evening, BERLIN).changes_at == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_in_its_window_twice() -> None:
    # On 25 October 2026 the clock goes from 03:00 back to 02:00.
    twice = (Window(begin="02:00", end="02:30"),)
    first, second = berlin("2026-10-25 02:10"), berlin("2026-10-25 02:10", fold=1)
    assert opening(twice, first, BERLIN).changes_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    between = opening(twice, berlin("2026-10-25 02:40"), BERLIN)
    assert (between.open, between.changes_at) == (False, datetime(2026, 10, 25, 1, tzinfo=UTC))
    assert opening(twice, second, BERLIN).changes_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["8:00", "24:01", "12:60", "", "ab:cd", "-1:00", "12:00:00", "¹2:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        minutes_of(text)


def test_windows_can_be_read_out() -> None:
    assert in_words(OFFICE) == "Monday to Friday 08:00 to 18:00"
    assert in_words(()) == "at any time"
    assert (
        in_words((Window(days=(Day.MONDAY, Day.TUESDAY, Day.SATURDAY, Day.HOLIDAYS), begin="06:00"),))
        == "Monday and Tuesday, Saturday, holidays 06:00 to 24:00"
    )
    assert in_words((Window(except_holidays=True),)) == "daily all day except on holidays"


minutes = st.integers(0, 1439)
times = minutes.map(lambda told: f"{told // 60:02}:{told % 60:02}")
windows = st.builds(
    Window,
    days=st.lists(st.sampled_from(list(Day)), max_size=3).map(tuple),
    begin=times,
    end=times,
    except_holidays=st.booleans(),
).filter(lambda window: window.begin != window.end)
# Around a change of clocks in spring and in autumn, in zones that change at other hours, and at midnight.
zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
moments = st.one_of(
    st.integers(0, 52 * 1440).map(lambda told: datetime(2026, 3, 5, tzinfo=UTC) + timedelta(minutes=told)),
    st.integers(0, 44 * 1440).map(lambda told: datetime(2026, 9, 20, tzinfo=UTC) + timedelta(minutes=told)),
)
holidays = st.frozensets(st.dates(date(2026, 3, 5), date(2026, 4, 28)), max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(windows, min_size=1, max_size=3).map(tuple), moments, zones, holidays)
def test_the_next_change_is_the_first_minute_at_which_the_wall_says_otherwise(
    some: tuple[Window, ...], at: datetime, name: str, days: frozenset[date]
) -> None:
    zone = ZoneInfo(name)
    told = opening(some, at, zone, days)
    assert told.open == is_open(some, at.astimezone(zone), days)
    end = told.changes_at or at + timedelta(days=3)
    for minute in range(min(int((end - at) / timedelta(minutes=1)), 4320)):
        looked_at = at + timedelta(minutes=minute)
        assert is_open(some, looked_at.astimezone(zone), days) == told.open
    if told.changes_at is not None:
        assert is_open(some, told.changes_at.astimezone(zone), days) != told.open
