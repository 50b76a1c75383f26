"""What fails again and again is told ever more seldom, and what is kept of it is bounded."""

from currant.gateway.poison import KEPT_MAX, Poison
from currant.kit.ids import StationId

CP = StationId("CP")


def test_the_fifth_failure_is_told_and_then_ever_fewer() -> None:
    poison = Poison()
    told = [poison.failed(CP, "StopTransaction", b"{}") for _ in range(600)]
    assert [times for times in told if times is not None] == [5, 50, 500]


def test_only_the_same_content_of_the_same_station_counts() -> None:
    poison = Poison()
    for number in range(10):
        assert poison.failed(StationId(f"CP{number}"), "StopTransaction", b"{}") is None
        assert poison.failed(CP, "StopTransaction", b"%d" % number) is None


def test_what_is_kept_is_bounded_and_the_repeated_stay() -> None:
    poison = Poison()
    for number in range(KEPT_MAX * 2):
        poison.failed(CP, "StopTransaction", b"%d" % number)
        times = poison.failed(CP, "StartTransaction", b"{}")
    assert len(poison) == KEPT_MAX
    assert times is None
    assert poison.failed(CP, "StopTransaction", b"0") is None
