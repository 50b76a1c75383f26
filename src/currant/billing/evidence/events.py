"""What becomes of evidence and of meters' keys, as facts in the journal."""

from currant.billing.evidence.model import EvidenceStanding, KeyStanding
from currant.kit.event import Event
from currant.kit.ids import SessionId, StationId


class EvidenceJudged(Event, frozen=True, kw_only=True):
    """What was signed in a session was checked, for the first time or with another outcome."""

    session_id: SessionId
    station_id: StationId
    number: int
    standing: EvidenceStanding
    problems: tuple[str, ...] = ()


class MeterKeyChanged(Event, frozen=True, kw_only=True):
    """A meter's key was told by its station, confirmed, refused or ended."""

    station_id: StationId
    key_id: str
    evse: int
    standing: KeyStanding
    by: str = ""
