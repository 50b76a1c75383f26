"""What can be said of prices before they hold: the words of checks."""

from enum import StrEnum
from typing import Any

import msgspec

from currant.kit.ids import LocationId


class PriceSeverity(StrEnum):
    ERROR = "error"
    """Such prices are not published."""
    WARNING = "warning"
    """Published all the same; somebody should have meant it."""
    INFO = "info"


class PriceIssue(StrEnum):
    """What is remarked. Programs compare these; the sentences may change."""

    CURRENCY_UNKNOWN = "currency_unknown"
    CURRENCY_FOREIGN = "currency_foreign"
    """Not that of a site's country."""
    NO_ENERGY_PRICE = "no_energy_price"
    ENERGY_GAP = "energy_gap"
    """Times, amounts or powers at which energy costs nothing because no element prices it."""
    RANGE_EMPTY = "range_empty"
    """A restriction that nothing can meet."""
    SHADOWED = "shadowed"
    """Earlier elements always hold instead."""
    PAST = "past"
    """Its last day is over."""
    NIGHT_ENDS_AT_MIDNIGHT = "night_ends_at_midnight"
    TOO_MANY_RULES = "too_many_rules"
    """More combinations of limits than are looked through for gaps."""
    RESERVATION_DIMENSION = "reservation_dimension"
    LIMITS_CONTRADICT = "limits_contradict"
    NEGATIVE_PRICE = "negative_price"
    MAY_BE_NEGATIVE = "may_be_negative"
    UNUSUAL_PRICE = "unusual_price"
    STEP_SIZE = "step_size"
    STEP_SIZE_NOT_ALLOWED = "step_size_not_allowed"
    CHARGED_TWICE = "charged_twice"
    IDLE_FEE_NEVER = "idle_fee_never"
    MARKET_UNKNOWN = "market_unknown"
    MARKET_CURRENCY = "market_currency"
    AFIR_PER_KWH = "afir_per_kwh"
    AFIR_OTHER_FEES = "afir_other_fees"
    AFIR_ORDER = "afir_order"
    NEVI_PER_KWH = "nevi_per_kwh"
    NEVI_PRICE_CHANGES = "nevi_price_changes"
    UK_PER_KWH = "uk_per_kwh"
    DE_PER_KWH = "de_per_kwh"
    OCPI_CANNOT_SAY = "ocpi_cannot_say"
    OCPP_CANNOT_SAY = "ocpp_cannot_say"


class PriceFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A remark on prices."""

    code: PriceIssue
    severity: PriceSeverity
    where: str = ""
    """The field it is about, such as `elements[1].restrictions`; empty for the whole."""
    facts: dict[str, Any] = {}
    text: str


class PricedSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site that prices shall hold at, as laws see it."""

    location_id: LocationId
    name: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2."""
    zone: str = "UTC"
    max_power_w: int | None = None
    """Of its most powerful EVSE; None when it is not known."""
    min_power_w: int | None = None
    """Of its least powerful one."""
