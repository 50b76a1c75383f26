"""What happened to sessions, as the journal tells it.

Meter values are no events: they are rows of `readings`, and browsers hear of them through the
live feed. The journal holds what others act upon: a session began, changed what it is doing,
ended, or turned out to have been otherwise.
"""

from datetime import datetime
from typing import Any

from currant.charging.model import Activity, Session
from currant.kit.event import Event
from currant.kit.ids import AccountId, LocationId, SessionId, StationId, TokenId


class SessionEvent(Event, frozen=True, kw_only=True):
    """Something about one session: who, where, and how it stands after it."""

    session_id: SessionId
    number: int
    station_id: StationId
    transaction_id: str
    location_id: LocationId | None = None
    evse: int | None = None
    connector: int | None = None
    token_id: TokenId | None = None
    account_id: AccountId | None = None
    started_at: datetime
    energy_wh: int = 0
    certain: bool = True


class SessionStarted(SessionEvent, frozen=True, kw_only=True):
    authorised: bool = False
    authorisation: str = ""
    offline: bool = False


class SessionAuthorised(SessionEvent, frozen=True, kw_only=True):
    """A session that had begun without a token got one (or one that was turned down)."""

    authorised: bool = False
    authorisation: str = ""


class SessionActivityChanged(SessionEvent, frozen=True, kw_only=True):
    before: Activity
    after: Activity


class SessionEnded(SessionEvent, frozen=True, kw_only=True):
    """`repairs` are the codes of what was not as reported; settlement looks at `certain`."""

    ended_at: datetime
    stop_reason: str = ""
    idle_s: int = 0
    repairs: tuple[str, ...] = ()


class SessionCorrected(SessionEvent, frozen=True, kw_only=True):
    """A session that had ended turned out otherwise: a late report, or a better end than ours."""

    ended_at: datetime | None = None
    energy_before_wh: int = 0
    repairs: tuple[str, ...] = ()


class EnergyOutsideSession(Event, frozen=True, kw_only=True):
    """Energy flows at an EVSE on which no session is open (a stop that did not stop, a lost start)."""

    station_id: StationId
    location_id: LocationId | None = None
    evse: int
    energy_wh: float
    """Counted since the last session's end, when first noticed."""


EVENTS: tuple[type[Event], ...] = (
    SessionStarted,
    SessionAuthorised,
    SessionActivityChanged,
    SessionEnded,
    SessionCorrected,
    EnergyOutsideSession,
)


def about(session: Session) -> dict[str, Any]:
    """The fields every event of a session carries."""
    return {
        "tenant_id": session.tenant_id,
        "session_id": session.id,
        "number": session.number,
        "station_id": session.station_id,
        "transaction_id": session.transaction_id,
        "location_id": session.location_id,
        "evse": session.evse,
        "connector": session.connector,
        "token_id": session.token_id,
        "account_id": session.account_id,
        "started_at": session.started_at,
        "energy_wh": session.energy_wh,
        "certain": session.certain,
    }
