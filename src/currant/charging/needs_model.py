"""The values of a vehicle's needs as kept with its session, and the events about them."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.charging.needs import EnergyNeeds
from currant.kit.event import Event
from currant.kit.ids import SessionId, StationId
from currant.stations.commanding.profiles import ChargingSchedule


class EnergyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the energy of one session: what its vehicle needs, was offered, and plans."""

    session_id: SessionId
    station_id: StationId
    evse: int
    transaction_id: str
    needs: EnergyNeeds | None = None
    told_at: datetime | None = None
    profile_id: int | None = None
    """The profile of the session that carries our offer."""
    offered: ChargingSchedule | None = None
    offered_at: datetime | None = None
    outcome: str = ""
    """What came of the offer: accepted, refused, unanswered, offline, …; empty while it is under way."""
    planned: ChargingSchedule | None = None
    """The vehicle's own plan, begun at `planned_at`."""
    planned_at: datetime | None = None
    planned_accepted: bool | None = None
    renegotiations: int = 0
    """How often in a row the plan was turned down and a new offer sent."""
    priority: bool = False
    """2.1: the session charges with priority now."""
    allowed_transfers: tuple[str, ...] | None = None
    """2.1: the ways of energy transfer that the session was allowed; None when nobody said."""


class NeedsAnswer(StrEnum):
    """What a station is answered that tells a vehicle's needs (2.x NotifyEVChargingNeeds)."""

    ACCEPTED = "accepted"
    """A schedule follows."""
    PROCESSING = "processing"
    """A schedule follows, but not at once."""
    NO_PROFILE = "no_profile"
    """None follows: the station goes by its defaults (2.0.1 has but one word for this and the next)."""
    REJECTED = "rejected"
    """The way of energy transfer is not allowed: the transaction ends (2.1 Q01.FR.04)."""


class EnergyNeedsTold(Event, frozen=True, kw_only=True):
    """A vehicle said what it needs."""

    session_id: SessionId
    station_id: StationId
    evse: int
    transaction_id: str
    transfer: str
    energy_wh: float | None = None
    departure_at: datetime | None = None
    soc_percent: float | None = None


class ChargingPlanTold(Event, frozen=True, kw_only=True):
    """A vehicle said how it plans to charge; `accepted` when that keeps to what it was offered."""

    session_id: SessionId
    station_id: StationId
    evse: int
    transaction_id: str
    accepted: bool
    reason: str = ""


class PriorityChargingChanged(Event, frozen=True, kw_only=True):
    """A session charges with priority from now on, or no longer (2.1 K21, K22)."""

    station_id: StationId
    transaction_id: str
    session_id: SessionId | None = None
    active: bool
