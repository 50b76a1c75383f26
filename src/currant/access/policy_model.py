"""The values of policies: named rules on where, when and how much somebody may charge.

A policy ("employees", "visitors", "fleet") is given to tokens, to groups of tokens and to accounts;
an account's holds for all its tokens. When several apply, every one of them has to allow.
"""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from currant.kit.ids import (
    AccountId,
    CalendarId,
    GroupId,
    LocationId,
    PolicyId,
    SessionId,
    StationGroupId,
    StationId,
    TenantId,
    TokenId,
)


class Day(StrEnum):
    """The days of a window, as the calendar of the site has them."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    WEEKDAYS = "weekdays"
    """Monday to Friday."""
    WEEKENDS = "weekends"
    HOLIDAYS = "holidays"
    """The days of the policy's holiday calendars, whatever weekday they fall on."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A time of day on some days of the week, by the clock on the wall of the site.

    `begin` and `end` are `HH:MM`. A window whose `end` is not after its `begin` passes midnight and
    belongs to the day on which it begins; `24:00` is the end of the day.
    """

    days: tuple[Day, ...] = ()
    """None named: every day."""
    begin: str = "00:00"
    end: str = "24:00"
    except_holidays: bool = False
    """It does not begin on a holiday."""


class Period(StrEnum):
    """A calendar period at the site: a day, a week from Monday on, a month from the 1st on."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Measure(StrEnum):
    """What a quota limits."""

    ENERGY = "energy"
    """Wh."""
    SESSIONS = "sessions"
    MONEY = "money"
    """Minor units of `currency`."""


class Per(StrEnum):
    """Whose consumption is added up."""

    TOKEN = "token"
    ACCOUNT = "account"
    """All tokens of the account; a token without one counts by itself."""
    POLICY = "policy"
    """One pool for everybody whom the policy is given to."""


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be used in a calendar period.

    A session counts for the calendar day at its site on which it began. `limit` is Wh, sessions or
    minor units of `currency`.
    """

    measure: Measure
    limit: int
    period: Period = Period.MONTH
    per: Per = Per.TOKEN
    currency: str = ""


class Parallel(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions may be open at once."""

    limit: int
    per: Per = Per.ACCOUNT


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Named rules of a tenant. What is empty restricts nothing."""

    id: PolicyId
    tenant_id: TenantId
    name: str
    locations: tuple[LocationId, ...] = ()
    """Where: at any of these locations, station groups and stations; everywhere when all three are empty."""
    station_groups: tuple[StationGroupId, ...] = ()
    stations: tuple[StationId, ...] = ()
    windows: tuple[Window, ...] = ()
    """When; at any time when there is none."""
    calendars: tuple[CalendarId, ...] = ()
    quotas: tuple[Quota, ...] = ()
    parallel: Parallel | None = None
    stop_when_exhausted: bool = False
    """Whether a session is ended when a quota is used up in its midst; otherwise only new ones are refused."""
    offline_ok: bool = False
    """Whether its tokens stand on stations' local lists although time, quotas or parallel sessions matter:
    a station that is offline lets them charge then, whatever the hour."""
    revision: int = 1
    """Counts its changes."""
    created_at: datetime | None = None

    @property
    def has_place(self) -> bool:
        return bool(self.locations or self.station_groups or self.stations)

    @property
    def counts(self) -> bool:
        """Whether sessions have to be kept count of."""
        return bool(self.quotas or self.parallel)


class PolicyDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy to be made."""

    name: str
    locations: tuple[LocationId, ...] = ()
    station_groups: tuple[StationGroupId, ...] = ()
    stations: tuple[StationId, ...] = ()
    windows: tuple[Window, ...] = ()
    calendars: tuple[CalendarId, ...] = ()
    quotas: tuple[Quota, ...] = ()
    parallel: Parallel | None = None
    stop_when_exhausted: bool = False
    offline_ok: bool = False


class PolicyChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a policy; what is not named stays."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    locations: tuple[LocationId, ...] | msgspec.UnsetType = msgspec.UNSET
    station_groups: tuple[StationGroupId, ...] | msgspec.UnsetType = msgspec.UNSET
    stations: tuple[StationId, ...] | msgspec.UnsetType = msgspec.UNSET
    windows: tuple[Window, ...] | msgspec.UnsetType = msgspec.UNSET
    calendars: tuple[CalendarId, ...] | msgspec.UnsetType = msgspec.UNSET
    quotas: tuple[Quota, ...] | msgspec.UnsetType = msgspec.UNSET
    parallel: Parallel | msgspec.UnsetType | None = msgspec.UNSET
    stop_when_exhausted: bool | msgspec.UnsetType = msgspec.UNSET
    offline_ok: bool | msgspec.UnsetType = msgspec.UNSET


class Holiday(msgspec.Struct, frozen=True, kw_only=True):
    day: date
    name: str = ""


class HolidayCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """Holidays of a tenant under a name. With a `country` or `locations` it holds at those sites alone,
    so that a policy may name the calendars of several countries and regions."""

    id: CalendarId
    tenant_id: TenantId
    name: str
    country: str = ""
    """ISO 3166-1 alpha-2; empty: in every country."""
    region: str = ""
    """In people's words; `locations` is what narrows it."""
    locations: tuple[LocationId, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    revision: int = 1
    created_at: datetime | None = None


class CalendarDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    country: str = ""
    region: str = ""
    locations: tuple[LocationId, ...] = ()
    holidays: tuple[Holiday, ...] = ()


class CalendarChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    country: str | msgspec.UnsetType = msgspec.UNSET
    region: str | msgspec.UnsetType = msgspec.UNSET
    locations: tuple[LocationId, ...] | msgspec.UnsetType = msgspec.UNSET
    holidays: tuple[Holiday, ...] | msgspec.UnsetType = msgspec.UNSET


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a session has cost so far, in minor units."""

    minor_units: int = 0
    currency: str = ""


class QuotaUse(msgspec.Struct, frozen=True, kw_only=True):
    """A quota, what of it is used up to now, and the days of its period."""

    quota: Quota
    used: int
    first_day: date
    next_first_day: date

    @property
    def exhausted(self) -> bool:
        return self.used >= self.quota.limit


class PolicyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that applies to a token, and all that is to be known in order to judge by it."""

    policy: Policy
    time_zone: str = "UTC"
    """Of the site."""
    holidays: frozenset[date] = frozenset()
    """Of the policy's calendars, at the site."""
    uses: tuple[QuotaUse, ...] = ()
    open_sessions: int = 0
    """Those that count against `policy.parallel`, the one in question not among them."""


class OpenUse(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is open and counts for a policy."""

    session_id: SessionId
    number: int
    station_id: StationId
    evse: int | None
    token_id: TokenId
    account_id: AccountId | None
    day: int
    energy_wh: int
    """What is counted of it so far."""
    cost_minor: int
    stop_asked_at: datetime | None = None


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a policy is given to, at most so many of each as were asked for."""

    tokens: tuple[TokenId, ...] = ()
    groups: tuple[GroupId, ...] = ()
    accounts: tuple[AccountId, ...] = ()
