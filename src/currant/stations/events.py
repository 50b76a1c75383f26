"""What happens to stations and places, as facts in the journal."""

from datetime import datetime

from currant.kit.event import Event
from currant.kit.ids import BatchId, CommandId, LocationId, StationId
from currant.stations.model import Admission, CommandStatus, ConnectorStatus, Severity


class StationConnected(Event, frozen=True, kw_only=True):
    station_id: StationId
    identity: str
    version: str
    security_profile: int = 0
    remote_address: str = ""


class StationDisconnected(Event, frozen=True, kw_only=True):
    """The connection that began at `connected_at` is over; a newer one may already stand."""

    station_id: StationId
    identity: str
    reason: str = ""
    connected_at: datetime | None = None


class StationAppeared(Event, frozen=True, kw_only=True):
    """A station nobody had registered connected, and was kept with this admission."""

    station_id: StationId
    identity: str
    admission: Admission
    remote_address: str = ""


class StationBooted(Event, frozen=True, kw_only=True):
    station_id: StationId
    identity: str
    admission: Admission
    vendor: str = ""
    model: str = ""
    serial_number: str = ""
    firmware_version: str = ""
    reason: str = ""


class StationAdmitted(Event, frozen=True, kw_only=True):
    """Somebody (`by`) decided on a station's part in the network: accepted, refused, retired, or back to pending."""

    station_id: StationId
    identity: str
    admission: Admission
    by: str = ""


class StationChanged(Event, frozen=True, kw_only=True):
    """A station was registered or its registration changed; `fields` names what (`created` for a new one)."""

    station_id: StationId
    identity: str
    fields: tuple[str, ...] = ()
    by: str = ""


class LocationChanged(Event, frozen=True, kw_only=True):
    """A location was created, changed or deleted; `fields` names what."""

    location_id: LocationId
    fields: tuple[str, ...] = ()
    by: str = ""


class ConnectorStatusChanged(Event, frozen=True, kw_only=True):
    """EVSE 0 is the station itself, connector 0 the EVSE itself. `error` is of stations/errors.py."""

    station_id: StationId
    evse: int
    connector: int
    before: ConnectorStatus
    after: ConnectorStatus
    location_id: LocationId | None = None
    error: str = ""
    raw_error: str = ""
    vendor_error: str = ""


class StationReported(Event, frozen=True, kw_only=True):
    """Something else a station told of itself: `topic` is firmware, diagnostics, log, component_event, …"""

    station_id: StationId
    topic: str
    status: str = ""
    evse: int | None = None
    connector: int | None = None
    error: str = ""
    detail: str = ""


class CommandEnded(Event, frozen=True, kw_only=True):
    command_id: CommandId
    station_id: StationId
    command: str
    status: CommandStatus
    reason: str = ""
    asked_by: str = ""


class CommandsQueued(Event, frozen=True, kw_only=True):
    """A command waits for a station, or those of a batch for many."""

    station_id: StationId | None = None
    batch_id: BatchId | None = None
    command: str = ""
    by: str = ""


class SecurityEventSeen(Event, frozen=True, kw_only=True):
    identity: str
    what: str
    severity: Severity
    station_id: StationId | None = None
    detail: str = ""
    remote_address: str = ""
