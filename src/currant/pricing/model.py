"""The values of prices: a tariff, its versions, and what is in one.

The words are OCPI's (2.3.0, mod_tariffs), and more where OCPI cannot say it: idle fees that begin with
the end of charging, prices that follow a market, discharge. Prices are exact `Decimal`s in the tariff's
currency, without tax unless the version says otherwise.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from currant.kit.ids import (
    AccountId,
    GroupId,
    LocationId,
    StationGroupId,
    StationId,
    TariffId,
    TariffVersionId,
    TenantId,
    TokenId,
)


class Dimension(StrEnum):
    """What is counted: OCPI's TariffDimensionType, and discharge."""

    ENERGY = "energy"
    """kWh to the vehicle."""
    TIME = "time"
    """Hours of charging; hours reserved where the element is one of reservations."""
    PARKING_TIME = "parking_time"
    """Hours in which the vehicle asks for no power (OCPI 2.3.0 errata: SuspendedEV, finished)."""
    FLAT = "flat"
    """Once a session."""
    EXPORT = "export"
    """kWh out of the vehicle (V2G): a positive price is paid to the driver."""


class LineKind(StrEnum):
    """What a line is for."""

    ENERGY = "energy"
    TIME = "time"
    PARKING_TIME = "parking_time"
    FLAT = "flat"
    EXPORT = "export"
    IDLE_FEE = "idle_fee"
    RESERVATION = "reservation"
    MIN_PRICE = "min_price"
    """Raises the sum to the lowest price."""
    MAX_PRICE = "max_price"
    """Lowers it to the highest (negative)."""
    ALLOWANCE = "allowance"
    """A subscription's free energy (negative)."""
    DISCOUNT = "discount"
    """A voucher or price by group (negative)."""
    EXCISE = "excise"
    """A tax by the kWh, shown by itself."""


class TaxMode(StrEnum):
    """Whether prices hold tax (OCPI 2.3.0 tax_included)."""

    EXCLUDED = "excluded"
    INCLUDED = "included"
    NONE = "none"
    """No tax applies."""


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Reserved(StrEnum):
    """An element that prices a reservation (OCPI ReservationRestrictionType)."""

    RESERVATION = "reservation"
    RESERVATION_EXPIRES = "reservation_expires"


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A price per kWh that follows a market: `factor` x the market's price + `markup`, kept within its limits."""

    market: str
    """Whose prices: the name of a price series, such as `DE-LU`."""
    factor: Decimal = Decimal(1)
    markup: Decimal = Decimal(0)
    floor: Decimal | None = Decimal(0)
    """Never below this, of the sum; None lets it fall below zero."""
    ceiling: Decimal | None = None
    fallback: Decimal | None = None
    """The price of a quarter-hour that the market has no price for; None: such a session waits for it."""


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A price of one dimension: per kWh, per hour, or once."""

    dimension: Dimension
    price: Decimal
    """With `spot`, what is shown as the usual price."""
    tax_percent: Decimal | None = None
    """The tariff's own tax on it (OCPI vat); None leaves it to the tax rules of the site."""
    step_size: int = 1
    """The smallest amount billed: Wh or seconds. 1 bills what was used."""
    spot: Spot | None = None


class Restrictions(msgspec.Struct, frozen=True, kw_only=True):
    """When an element holds: all that is given must, at that moment (OCPI TariffRestrictions).

    Times of day, dates and weekdays are the site's. An `end_time` not after its `start_time` passes
    midnight; `00:00` as the end is midnight. `min_…` are included, `max_…` and `end_date` are not.
    """

    start_time: str = ""
    end_time: str = ""
    start_date: str = ""
    end_date: str = ""
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    """A, the sum of all phases."""
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    """kW."""
    max_power: Decimal | None = None
    min_duration: int | None = None
    """Seconds of the session."""
    max_duration: int | None = None
    day_of_week: tuple[Weekday, ...] = ()
    reservation: Reserved | None = None


class Element(msgspec.Struct, frozen=True, kw_only=True):
    """Prices that hold together, as long as the restrictions allow it. Earlier elements go first, by dimension."""

    components: tuple[Component, ...]
    restrictions: Restrictions | None = None


class IdleFee(msgspec.Struct, frozen=True, kw_only=True):
    """What it costs to stay plugged in after charging, which OCPI cannot say exactly.

    It counts from the end of charging by the vehicle's doing, after `grace_s` of the longest unbroken
    time; pauses made by the station are never counted, nor is the time between `exempt` hours.
    """

    price_per_minute: Decimal
    grace_s: int = 0
    max_cost: Decimal | None = None
    exempt: tuple[tuple[str, str], ...] = ()
    """Times of day of the site in which nothing is counted, such as ("22:00", "06:00")."""
    tax_percent: Decimal | None = None


class PriceLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A lowest or highest price of a session (OCPI PriceLimit): each of the two holds by itself."""

    before_taxes: Decimal | None = None
    after_taxes: Decimal | None = None


# The API names every struct and enumeration once, so these have long names; here the short ones do.
Limit = PriceLimit


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """All that a version of a tariff says about money: this is what sessions are rated by."""

    currency: str
    tax_mode: TaxMode = TaxMode.EXCLUDED
    elements: tuple[Element, ...]
    idle_fee: IdleFee | None = None
    min_price: Limit | None = None
    max_price: Limit | None = None
    free_below_kwh: Decimal = Decimal("0.1")
    """With `free_below_s`: a session under both costs nothing, not even its start."""
    free_below_s: int = 120


class TariffStanding(StrEnum):
    DRAFT = "draft"
    """May be changed, prices nothing."""
    PUBLISHED = "published"
    """Immutable; holds from `valid_from` on, until a later version does."""
    WITHDRAWN = "withdrawn"
    """Holds no longer from `withdrawn_at` on: the version before it does again."""


Standing = TariffStanding


class TariffVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a tariff. Once published it never changes."""

    id: TariffVersionId
    tariff_id: TariffId
    tenant_id: TenantId
    number: int
    """1, 2, … within the tariff."""
    standing: Standing = Standing.DRAFT
    prices: Prices
    valid_from: datetime | None = None
    texts: dict[str, str] = {}
    """What is shown to drivers instead of our own words, by language."""
    created_at: datetime
    published_at: datetime | None = None
    withdrawn_at: datetime | None = None


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """A named price list; `versions` says what it was and will be."""

    id: TariffId
    tenant_id: TenantId
    name: str
    currency: str
    """Never changes: a new currency is a new tariff."""
    archived: bool = False
    created_at: datetime


class PriceScope(StrEnum):
    """Whose price a rule gives, most particular first (the facts' order: token, contract, group, site, network)."""

    TOKEN = "token"
    ACCOUNT = "account"
    GROUP = "group"
    STATION = "station"
    STATION_GROUP = "station_group"
    LOCATION = "location"
    NETWORK = "network"


Scope = PriceScope


class PricePurpose(StrEnum):
    """Which of the three results on one timeline."""

    RETAIL = "retail"
    """What the driver pays."""
    WHOLESALE = "wholesale"
    """What a roaming partner pays, or is paid."""
    HOST = "host"
    """What the site's host gets."""


Purpose = PricePurpose


class PriceRule(msgspec.Struct, frozen=True, kw_only=True):
    """Which tariff holds for whom and where. The most particular scope wins, then the higher priority,
    then the later made."""

    id: str
    tenant_id: TenantId
    tariff_id: TariffId
    purpose: Purpose = Purpose.RETAIL
    scope: Scope = Scope.NETWORK
    about: str = ""
    """The id of what the scope names; empty for the network."""
    priority: int = 0
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    created_at: datetime
    revision: int = 1
    """Counts its changes; a rule that has held is only ever ended."""


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who charges where: what price rules look at."""

    tenant_id: TenantId
    location_id: LocationId | None = None
    station_id: StationId | None = None
    evse: int | None = None
    station_groups: tuple[StationGroupId, ...] = ()
    token_id: TokenId | None = None
    account_id: AccountId | None = None
    groups: tuple[GroupId, ...] = ()
