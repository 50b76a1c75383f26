"""What happens to drivers and to what they see, as facts in the journal. No name, no address of anybody."""

from currant.kit.event import Event
from currant.kit.ids import LocationId, StationId


class DriverEvent(Event, frozen=True, kw_only=True):
    """Something about one driver."""

    driver_id: str


class DriverSignedIn(DriverEvent, frozen=True, kw_only=True):
    """`way` is guest, mail or passkey."""

    way: str


class DriverErased(DriverEvent, frozen=True, kw_only=True):
    """Their personal data is gone; `sessions` of theirs are nobody's now."""

    sessions: int = 0


class ChargingAsked(DriverEvent, frozen=True, kw_only=True):
    """A driver wants to charge at an EVSE."""

    start_id: str
    station_id: StationId
    evse: int


class ChargingFailed(DriverEvent, frozen=True, kw_only=True):
    """What a driver asked for did not come to be; `code` says why."""

    start_id: str
    station_id: StationId
    evse: int
    code: str


class PlaceListingChanged(Event, frozen=True, kw_only=True):
    """What drivers are shown of a place was changed: whether at all, or its photos."""

    location_id: LocationId
    listed: bool
    fields: tuple[str, ...] = ()
    by: str = ""
