"""How much of a quota is used, in calendar periods of the site, and how that is said."""

from datetime import date, timedelta

from currant.access.policy_model import Measure, Per, Period, Quota, QuotaUse


def period_of(period: Period, day: date) -> tuple[date, date]:
    """The first day of the period that a day is in, and the first day of the next one."""
    if period is Period.DAY:
        return day, day + timedelta(days=1)
    if period is Period.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def subject_of(per: Per, token_id: str, account_id: str | None) -> str:
    """Under which name consumption is added up; a token without an account counts by itself."""
    if per is Per.POLICY:
        return "policy"
    if per is Per.ACCOUNT and account_id:
        return f"account:{account_id}"
    return f"token:{token_id}"


def in_words(use: QuotaUse, policy: str) -> str:
    """What a quota allows and what is used, to be read out."""
    quota = use.quota
    allowed = f"The policy {policy!r} allows {amount(quota, quota.limit)} a {quota.period.value}{_per(quota)}"
    since = f"since {use.first_day:%d %B %Y}" if quota.period is not Period.DAY else "today"
    if use.exhausted:
        return (
            f"{allowed}; {amount(quota, use.used)} {_was(quota, use.used)} used {since}, "
            f"and it begins anew on {use.next_first_day:%d %B %Y}."
        )
    return f"{allowed}; {amount(quota, use.used)} {_was(quota, use.used)} used {since}."


def amount(quota: Quota, number: int) -> str:
    if quota.measure is Measure.ENERGY:
        return f"{number / 1000:.10g} kWh"
    if quota.measure is Measure.SESSIONS:
        return "1 session" if number == 1 else f"{number} sessions"
    return f"{number} minor units of {quota.currency}"


def _per(quota: Quota) -> str:
    words = {Per.TOKEN: " to each token", Per.ACCOUNT: " to each account", Per.POLICY: " to all together"}
    return words[quota.per]


def _was(quota: Quota, number: int) -> str:
    return "was" if quota.measure is Measure.SESSIONS and number == 1 else "were"
