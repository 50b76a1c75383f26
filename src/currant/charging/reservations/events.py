"""What happened to reservations and to those who wait, as the journal tells it."""

from datetime import datetime

from currant.charging.reservations.model import Reservation, ReservationState, Waiting, WaitingState
from currant.kit.event import Event
from currant.kit.ids import AccountId, LocationId, ReservationId, SessionId, StationId, TokenId, WaitingId


class ReservationEvent(Event, frozen=True, kw_only=True):
    """Something about one reservation, and how it stands after it."""

    reservation_id: ReservationId
    number: int
    state: ReservationState
    token_id: TokenId
    account_id: AccountId | None = None
    station_id: StationId
    """Of the place that it was given."""
    evse: int
    location_id: LocationId | None = None
    starts_at: datetime
    ends_at: datetime
    reason: str = ""


class ReservationMade(ReservationEvent, frozen=True, kw_only=True):
    by: str = ""


class ReservationChanged(ReservationEvent, frozen=True, kw_only=True):
    """Its times or its place are others now; `fields` names what."""

    fields: tuple[str, ...] = ()
    by: str = ""


class ReservationHeld(ReservationEvent, frozen=True, kw_only=True):
    """The place is kept: by the station (`held`), or by refusing others (`held_by_us`, with the reason)."""


class ReservationEnded(ReservationEvent, frozen=True, kw_only=True):
    """Used, cancelled, expired, not shown up for, refused or removed: `state` says which."""

    session_id: SessionId | None = None
    waiting_id: WaitingId | None = None
    by: str = ""


class WaitingEvent(Event, frozen=True, kw_only=True):
    """Something about somebody on the waiting list of a location."""

    waiting_id: WaitingId
    state: WaitingState
    location_id: LocationId
    token_id: TokenId
    account_id: AccountId | None = None


class WaitingDriverJoined(WaitingEvent, frozen=True, kw_only=True):
    station_id: StationId | None = None


class WaitingDriverCalled(WaitingEvent, frozen=True, kw_only=True):
    """A place is held for them until `until`: what a message to the driver has to say."""

    station_id: StationId
    evse: int
    evse_reference: str = ""
    """What is printed on it."""
    until: datetime
    reservation_id: ReservationId
    reservation_number: int


class WaitingDriverLeft(WaitingEvent, frozen=True, kw_only=True):
    """They charge, gave up, did not come when called, or waited too long: `state` says which."""

    station_id: StationId | None = None


def about(reservation: Reservation) -> dict[str, object]:
    """The fields every event of a reservation carries."""
    return {
        "tenant_id": reservation.tenant_id,
        "reservation_id": reservation.id,
        "number": reservation.number,
        "state": reservation.state,
        "token_id": reservation.token_id,
        "account_id": reservation.account_id,
        "station_id": reservation.place_station_id,
        "evse": reservation.place_evse,
        "location_id": reservation.location_id,
        "starts_at": reservation.starts_at,
        "ends_at": reservation.ends_at,
        "reason": reservation.reason,
    }


def about_waiting(waiting: Waiting) -> dict[str, object]:
    return {
        "tenant_id": waiting.tenant_id,
        "waiting_id": waiting.id,
        "state": waiting.state,
        "location_id": waiting.location_id,
        "token_id": waiting.token_id,
        "account_id": waiting.account_id,
    }
