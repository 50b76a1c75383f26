"""What a policy and a holiday calendar may say: raises Invalid for the rest, with the field."""

import re

from currant.access import schedules
from currant.access.policy_model import Day, HolidayCalendar, Measure, Policy, Quota, Window
from currant.kit.errors import Invalid

NAME_MAX = 200
PLACES_MAX = 1_000
WINDOWS_MAX = 50
QUOTAS_MAX = 20
CALENDARS_MAX = 50
HOLIDAYS_MAX = 2_000
LIMIT_MAX = 1_000_000_000_000
PARALLEL_MAX = 100_000
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")


def check_policy(policy: Policy) -> None:
    """Raise Invalid where a policy says what cannot be."""
    _check_name(policy.name)
    for name, most in (
        ("locations", PLACES_MAX),
        ("station_groups", PLACES_MAX),
        ("stations", PLACES_MAX),
        ("windows", WINDOWS_MAX),
        ("calendars", CALENDARS_MAX),
        ("quotas", QUOTAS_MAX),
    ):
        if len(getattr(policy, name)) > most:
            raise Invalid(f"At most {most} {name.replace('_', ' ')} can be named.", field=name)
    for index, window in enumerate(policy.windows):
        _check_window(window, f"windows[{index}]")
    for index, quota in enumerate(policy.quotas):
        _check_quota(quota, f"quotas[{index}]")
    if policy.parallel is not None and not 1 <= policy.parallel.limit <= PARALLEL_MAX:
        raise Invalid(f"Allow 1 to {PARALLEL_MAX:,} sessions at once.", field="parallel.limit")
    if policy.stop_when_exhausted and not policy.quotas:
        raise Invalid("Without quotas nothing can be exhausted.", field="stop_when_exhausted")
    about_holidays = any(
        window.except_holidays or any(day is Day.HOLIDAYS for day in window.days) for window in policy.windows
    )
    if about_holidays and not policy.calendars:
        raise Invalid(
            "A window speaks of holidays: name the calendars that say which days these are.",
            field="calendars",
        )


def _check_window(window: Window, field: str) -> None:
    for name in ("begin", "end"):
        try:
            minutes = schedules.minutes_of(getattr(window, name))
        except ValueError:
            raise Invalid("A time of day is HH:MM, from 00:00 to 24:00.", field=f"{field}.{name}") from None
        if name == "begin" and minutes == schedules.MINUTES_A_DAY:
            raise Invalid("Begin at 00:00 of the next day instead.", field=f"{field}.begin")
    if window.begin == window.end:
        raise Invalid("For a whole day write 00:00 to 24:00.", field=f"{field}.end")


def _check_quota(quota: Quota, field: str) -> None:
    if not 0 <= quota.limit <= LIMIT_MAX:
        raise Invalid(f"A limit is 0 to {LIMIT_MAX:,}.", field=f"{field}.limit")
    if quota.measure is Measure.MONEY and not _CURRENCY.fullmatch(quota.currency):
        raise Invalid("Money needs a currency, as in EUR.", field=f"{field}.currency")
    if quota.measure is not Measure.MONEY and quota.currency:
        raise Invalid("Only money has a currency.", field=f"{field}.currency")


def check_calendar(calendar: HolidayCalendar) -> None:
    _check_name(calendar.name)
    if calendar.country and not _COUNTRY.fullmatch(calendar.country):
        raise Invalid("A country is its two letters, as in DE.", field="country")
    if len(calendar.region) > NAME_MAX:
        raise Invalid(f"A region has at most {NAME_MAX} characters.", field="region")
    if len(calendar.locations) > PLACES_MAX:
        raise Invalid(f"At most {PLACES_MAX} locations can be named.", field="locations")
    if len(calendar.holidays) > HOLIDAYS_MAX:
        raise Invalid(f"At most {HOLIDAYS_MAX} holidays can be named.", field="holidays")
    if any(len(holiday.name) > NAME_MAX for holiday in calendar.holidays):
        raise Invalid(f"A holiday's name has at most {NAME_MAX} characters.", field="holidays")


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid(f"A name has 1 to {NAME_MAX} characters.", field="name")
