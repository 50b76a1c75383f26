"""The values of stations' passwords: those in force, and those on their way."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.event import Event
from currant.kit.ids import StationId, TenantId


class PasswordStatus(StrEnum):
    """How a new password for a station stands."""

    OFFERED = "offered"
    """On its way to the station."""
    ACCEPTED = "accepted"
    """The station took it, and has not come with it yet: it and the old one are both taken."""
    UNANSWERED = "unanswered"
    """Nobody knows whether the station took it: it and the old one are both taken."""
    STORED = "stored"
    """The station keeps it in a connection profile and comes with it once it uses that: both are taken meanwhile."""
    USED = "used"
    """The station came with it: it is the password, and the old one is none any more."""
    REFUSED = "refused"
    LAPSED = "lapsed"
    """It was never used, or another password was set."""


class PasswordOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A new password that a station was sent; it is kept as a digest alone."""

    id: str
    tenant_id: TenantId
    station_id: StationId
    status: PasswordStatus
    offered_at: datetime
    offered_by: str
    contradicted_at: datetime | None = None
    """When the station came with its old password afterwards."""
    ended_at: datetime | None = None
    reason: str = ""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What a station authenticates with, and how old that is."""

    has_password: bool
    password_set_at: datetime | None = None
    rotations: tuple[PasswordOffer, ...] = ()
    """Latest first."""


class PasswordRotated(Event, frozen=True, kw_only=True):
    """A new password for a station was offered, taken, refused, used or lapsed."""

    station_id: StationId
    identity: str
    offer_id: str
    status: PasswordStatus
    by: str = ""
    reason: str = ""
