"""What stations watch in themselves and tell: monitors, events, problems, streams."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.ids import StationId
from currant.stations.commanding.variables import MonitorKind, StreamRate, Variable


class Origin(StrEnum):
    """Who made a monitor."""

    HARDWIRED = "hardwired"
    PRECONFIGURED = "preconfigured"
    CUSTOM = "custom"
    UNKNOWN = "unknown"
    """2.0.1 does not say in its reports."""


class EventTrigger(StrEnum):
    """What made a station tell of a variable."""

    ALERTING = "alerting"
    """A threshold was crossed, or something happened that it always tells."""
    DELTA = "delta"
    PERIODIC = "periodic"


class KnownMonitor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A monitor as a station has it. `id` is the station's number for it."""

    id: int
    variable: Variable
    kind: MonitorKind
    value: float
    severity: int
    in_transaction_only: bool = False
    origin: Origin = Origin.UNKNOWN
    stream: StreamRate | None = None
    declared_as: str = ""
    """The name under which it is declared, where it was set for that."""
    known_since: datetime


class ComponentEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something a component of a station told of itself."""

    id: str = ""
    station_id: StationId
    at: datetime
    event_id: int
    """The station's number for it."""
    trigger: EventTrigger
    origin: Origin = Origin.UNKNOWN
    variable: Variable
    value: str = ""
    cleared: bool = False
    """The monitored value is back within its bounds, or the problem over."""
    error: str = ""
    """What is wrong, in Currant's vocabulary (the ChargeX codes); empty when nothing is."""
    tech_code: str = ""
    tech_info: str = ""
    severity: int | None = None
    """0 danger … 9 debug."""
    monitor_id: int | None = None
    cause: int | None = None
    """The event that this one follows from."""
    transaction_id: str | None = None


class ProblemSource(StrEnum):
    COMPONENT = "component"
    CONNECTOR = "connector"
    """A connector's status report (OCPP 1.6's error codes, and Faulted in every version)."""


class OpenProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is wrong at a station now. EVSE 0 is the station itself."""

    station_id: StationId
    identity: str
    source: ProblemSource
    error: str
    since: datetime
    last_at: datetime
    component: str = ""
    variable: str = ""
    """In one line, with its component; empty where a connector's status tells."""
    evse: int = 0
    connector: int = 0
    value: str = ""
    severity: int | None = None
    tech_code: str = ""
    tech_info: str = ""
    transaction_id: str | None = None


class EventStream(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stream of a monitored variable's values that a station has opened (2.1 N11)."""

    id: int
    monitor_id: int
    rate: StreamRate
    opened_at: datetime
    variable: Variable | None = None


class StreamedValue(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    value: str
