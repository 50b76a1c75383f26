"""Quotas count in calendar periods, and say what is used in words."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from currant.access.policy_model import Measure, Per, Period, Quota, QuotaUse
from currant.access.quotas import in_words, period_of, subject_of


def test_a_period_is_a_day_a_week_from_monday_or_a_month_from_the_first() -> None:
    saturday = date(2026, 1, 31)
    assert period_of(Period.DAY, saturday) == (saturday, date(2026, 2, 1))
    assert period_of(Period.WEEK, saturday) == (date(2026, 1, 26), date(2026, 2, 2))
    assert period_of(Period.MONTH, saturday) == (date(2026, 1, 1), date(2026, 2, 1))
    assert period_of(Period.MONTH, date(2024, 2, 29)) == (date(2024, 2, 1), date(2024, 3, 1))
    assert period_of(Period.MONTH, date(2026, 12, 31)) == (date(2026, 12, 1), date(2027, 1, 1))


@given(st.sampled_from(list(Period)), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_day_is_in_just_one_period(period: Period, day: date) -> None:
    first, beyond = period_of(period, day)
    assert first <= day < beyond
    assert period_of(period, first) == (first, beyond)
    assert period_of(period, beyond - timedelta(days=1)) == (first, beyond)
    assert period_of(period, beyond)[0] == beyond


def test_a_token_without_an_account_counts_by_itself() -> None:
    assert subject_of(Per.TOKEN, "t", "a") == "token:t"
    assert subject_of(Per.ACCOUNT, "t", "a") == "account:a"
    assert subject_of(Per.ACCOUNT, "t", None) == "token:t"
    assert subject_of(Per.POLICY, "t", "a") == "policy"


def used(number: int, quota: Quota) -> QuotaUse:
    return QuotaUse(quota=quota, used=number, first_day=date(2026, 11, 1), next_first_day=date(2026, 12, 1))


def test_a_quota_is_read_out_with_what_is_used_of_it() -> None:
    energy = Quota(measure=Measure.ENERGY, limit=100_000, per=Per.ACCOUNT)
    assert in_words(used(40_250, energy), "Fleet") == (
        "The policy 'Fleet' allows 100 kWh a month to each account; 40.25 kWh were used since 01 November 2026."
    )
    sessions = Quota(measure=Measure.SESSIONS, limit=1, period=Period.DAY)
    told = in_words(used(1, sessions), "Visitors")
    assert told.startswith(
        "The policy 'Visitors' allows 1 session a day to each token; 1 session was used today"
    )
    assert told.endswith("and it begins anew on 01 December 2026.")


def test_a_quota_is_used_up_when_its_limit_is_reached() -> None:
    quota = Quota(measure=Measure.ENERGY, limit=10)
    assert not used(9, quota).exhausted
    assert used(10, quota).exhausted
    assert used(0, Quota(measure=Measure.SESSIONS, limit=0)).exhausted
