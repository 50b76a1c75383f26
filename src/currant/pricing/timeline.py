"""What happened in a session, as rating sees it: spans of time, each with what flowed in it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import msgspec

Wh = int | Fraction


class Doing(StrEnum):
    """What a span of time was."""

    RESERVED = "reserved"
    CHARGING = "charging"
    PAUSED_BY_STATION = "paused_by_station"
    """Counts as charging time; never as parking or idle."""
    PARKED = "parked"
    """The vehicle asks for no power although it could have some (SuspendedEV)."""
    IDLE = "idle"
    """Charging is over and the vehicle is still there."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a session between two instants in which everything flowed evenly."""

    begin: datetime
    end: datetime
    doing: Doing = Doing.CHARGING
    energy_wh: Wh = 0
    export_wh: Wh = 0
    power_w: Decimal | None = None
    """None: the mean power, from energy and time."""
    current_a: Decimal | None = None
    """The sum of all phases; None where it was not measured."""
    estimated: bool = False
    """Its energy is worked out, not metered."""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A session from beginning to end, or until now: spans in order, without gaps that matter.

    `zone` is the site's (IANA). `reservation_expired` tells that nobody came.
    """

    zone: str
    spans: tuple[Span, ...]
    over: bool = True
    """False while it goes on."""
    reservation_expired: bool = False
