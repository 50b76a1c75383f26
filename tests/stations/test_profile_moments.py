"""What is true for a moment before it is kept, and for no longer."""

from datetime import timedelta

from currant.kit.clock import ManualClock
from currant.kit.ids import StationId
from currant.stations.commanding.profiles import (
    ChargingProfile,
    ChargingSchedule,
    ProfilePurpose,
    SchedulePeriod,
    SetChargingProfile,
)
from currant.stations.profiles.model import InstalledProfile
from currant.stations.profiles.moments import MOMENT, Begun, Moments

HERE, ELSEWHERE = StationId("here"), StationId("elsewhere")


def profile(number: int, limit: float = 16.0) -> ChargingProfile:
    schedule = ChargingSchedule(unit="A", periods=(SchedulePeriod(start_s=0, limit=limit),))
    return ChargingProfile(id=number, purpose=ProfilePurpose.TX, schedules=(schedule,), transaction_id="T1")


def installed(clock: ManualClock, number: int) -> InstalledProfile:
    return InstalledProfile(station_id=HERE, evse=1, profile=profile(number), installed_at=clock.now())


def test_a_profile_on_its_way_stands_before_what_it_replaces() -> None:
    clock = ManualClock()
    moments = Moments(clock)
    has = [installed(clock, 1), installed(clock, 2)]
    newer = profile(2, limit=8.0)
    moments.sent(HERE, SetChargingProfile(evse=1, profile=newer))
    found = moments.with_sent(HERE, has)
    assert [each.profile for each in found] == [newer, profile(1)]
    assert moments.with_sent(ELSEWHERE, []) == []
    # The answer to an older one says nothing of it.
    moments.answered(HERE, profile(2))
    assert moments.with_sent(HERE, has) == found
    moments.answered(HERE, newer)
    assert moments.with_sent(HERE, has) == has


def test_a_profile_of_which_nothing_was_heard_counts_for_a_minute() -> None:
    clock = ManualClock()
    moments = Moments(clock)
    moments.sent(HERE, SetChargingProfile(evse=1, profile=profile(1)))
    clock.advance(MOMENT + timedelta(seconds=1))
    assert moments.with_sent(HERE, []) == []


def test_a_transaction_belongs_to_a_start_that_was_asked_for_before_it() -> None:
    clock = ManualClock()
    moments = Moments(clock)
    asked_at = clock.now()
    second = timedelta(seconds=1)
    for number in (1, 2):
        moments.began(HERE, Begun(transaction_id=f"T{number}", evse=number, at=asked_at + second * number))
    first, other = (moments.began_since(HERE, evse, asked_at) for evse in (None, 2))
    assert (first and first.transaction_id, other and other.transaction_id) == ("T1", "T2")
    assert moments.began_since(HERE, 3, asked_at) is None
    assert moments.began_since(HERE, 1, asked_at + second * 3) is None
    assert moments.began_since(HERE, 1, asked_at - MOMENT) is None
