"""How many requests a caller may make, as a rule without a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.api import rates
from currant.api.rates import Rates


def test_a_burst_is_let_through_and_then_the_rate_holds() -> None:
    buckets = Rates(per_second=2, burst=3)
    assert [buckets.take("a", now=0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b", now=0) == 0
    assert buckets.take("a", now=0.5) == 0
    assert buckets.take("a", now=0.5) > 0


@given(gaps=st.lists(st.floats(min_value=0, max_value=3), max_size=60))
def test_never_more_than_burst_and_rate_allow(gaps: list[float]) -> None:
    buckets, now, let_through = Rates(per_second=2, burst=5), 0.0, 0
    for gap in gaps:
        now += gap
        let_through += buckets.take("a", now=now) == 0
    assert let_through <= 5 + 2 * now + 1e-6


def test_many_callers_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "BUCKETS_MAX", 100)
    buckets = Rates(per_second=1, burst=1)
    for number in range(1_000):
        buckets.take(str(number), now=0)
    assert len(buckets) == 100
    assert buckets.take("999", now=0) > 0
