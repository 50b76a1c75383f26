"""The values of the charging infrastructure: places, stations, EVSEs, connectors and their states.

The shape is OCPI's (a location has stations, a station has EVSEs, an EVSE has connectors), with
OCPP 2.x's numbering (EVSEs from 1, connectors from 1 within their EVSE). OCPP 1.6 knows connectors
alone: unless `Connector.ocpp16_connector_id` says otherwise, its connector n is connector 1 of EVSE n.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from currant.kit.ids import BatchId, CommandId, LocationId, StationGroupId, StationId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.variables import VariableValue

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A stretch of a longer list; `next_cursor` continues it, None at its end."""

    items: tuple[T, ...]
    next_cursor: str | None = None


class Admission(StrEnum):
    """Whether a station may take part in the network."""

    PENDING = "pending"
    """It connected and nobody has said yes yet: boot is answered Pending, nothing else is taken."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETIRED = "retired"


class ConnectorStatus(StrEnum):
    """OCPP 1.6's nine statuses, 2.x's `occupied`, and `unknown` before the first report."""

    AVAILABLE = "available"
    PREPARING = "preparing"
    CHARGING = "charging"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"
    FINISHING = "finishing"
    OCCUPIED = "occupied"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"
    UNKNOWN = "unknown"


class ConnectorStandard(StrEnum):
    """OCPI 2.2.1 ConnectorType (mod_locations 1.4.5), the subset in use on the road."""

    IEC_62196_T1 = "IEC_62196_T1"
    IEC_62196_T1_COMBO = "IEC_62196_T1_COMBO"
    IEC_62196_T2 = "IEC_62196_T2"
    IEC_62196_T2_COMBO = "IEC_62196_T2_COMBO"
    IEC_62196_T3A = "IEC_62196_T3A"
    IEC_62196_T3C = "IEC_62196_T3C"
    CHADEMO = "CHADEMO"
    CHAOJI = "CHAOJI"
    GBT_AC = "GBT_AC"
    GBT_DC = "GBT_DC"
    SAE_J3400 = "SAE_J3400"
    MCS = "MCS"
    TESLA_R = "TESLA_R"
    TESLA_S = "TESLA_S"
    DOMESTIC_F = "DOMESTIC_F"
    DOMESTIC_G = "DOMESTIC_G"
    DOMESTIC_M = "DOMESTIC_M"
    IEC_60309_2_SINGLE_16 = "IEC_60309_2_single_16"
    IEC_60309_2_THREE_16 = "IEC_60309_2_three_16"
    IEC_60309_2_THREE_32 = "IEC_60309_2_three_32"
    IEC_60309_2_THREE_64 = "IEC_60309_2_three_64"


class ConnectorFormat(StrEnum):
    SOCKET = "socket"
    CABLE = "cable"


class PowerType(StrEnum):
    AC_1_PHASE = "AC_1_PHASE"
    AC_2_PHASE = "AC_2_PHASE"
    AC_3_PHASE = "AC_3_PHASE"
    DC = "DC"


class OpeningPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """Open on `weekday` (1 Monday … 7 Sunday) from `begins` to `ends`, HH:MM in the location's time zone."""

    weekday: int
    begins: str
    ends: str


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """A place with stations. `country` is ISO 3166-1 alpha-2, `time_zone` an IANA name."""

    id: LocationId
    tenant_id: TenantId
    name: str
    address: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str = "UTC"
    opening_hours: tuple[OpeningPeriod, ...] = ()
    """Empty means open round the clock."""
    facilities: tuple[str, ...] = ()
    """OCPI Facility words: HOTEL, RESTAURANT, CAFE, MALL, SUPERMARKET, …"""
    reference: str = ""
    """The operator's own number for the place; unique within the tenant when set."""


class Connector(msgspec.Struct, frozen=True, kw_only=True):
    """A plug or socket. Limits are those of the hardware: volts, amperes a phase, watts."""

    number: int
    standard: ConnectorStandard = ConnectorStandard.IEC_62196_T2
    format: ConnectorFormat = ConnectorFormat.SOCKET
    power_type: PowerType = PowerType.AC_3_PHASE
    max_voltage_v: int = 400
    max_current_a: int = 32
    max_power_w: int | None = None
    phases: int | None = None
    phase_rotation: str | None = None
    """Three letters of R, S, T as in OCPP's ConnectorPhaseRotation; None when unknown."""
    ocpp16_connector_id: int | None = None


class Evse(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a station that charges one vehicle at a time."""

    number: int
    reference: str = ""
    """What is printed on it (eMI3 EVSE id or a sticker)."""
    max_power_w: int | None = None
    connectors: tuple[Connector, ...] = ()
    learned: bool = False
    """Known from the station's own status reports alone: its hardware is assumed until somebody describes it."""


class StationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What differs for this station; None means the network's default."""

    assume_version: str | None = None
    """OCPP version to speak with a charger that offers no subprotocol (`1.6`); None closes, as OCPP-J 1.6 says."""
    heartbeat_interval_s: int | None = None
    ping_interval_s: int | None = None
    """0 never pings."""
    idle_limit_s: int | None = None
    clock_zone: str | None = None
    """IANA zone its timestamps without a zone are in; None is UTC."""


DEFAULT_SETTINGS = StationSettings()


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A charging station. `identity` is what it connects with, unique in the installation, at most 48 characters."""

    id: StationId
    tenant_id: TenantId
    identity: str
    location_id: LocationId | None = None
    name: str = ""
    admission: Admission = Admission.PENDING
    vendor: str = ""
    model: str = ""
    serial_number: str = ""
    firmware_version: str = ""
    iccid: str = ""
    imsi: str = ""
    meter_type: str = ""
    meter_serial_number: str = ""
    ocpp_version: str | None = None
    security_profile: int | None = None
    """The profile it must use (0 to 3); None takes what it comes with, from 1 upwards."""
    evses: tuple[Evse, ...] = ()
    settings: StationSettings = StationSettings()
    connected: bool = False
    connected_at: datetime | None = None
    disconnected_at: datetime | None = None
    last_seen_at: datetime | None = None
    last_boot_at: datetime | None = None
    boot_reason: str = ""
    created_at: datetime | None = None


class BootReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a station says of itself when it boots; absent words are empty."""

    vendor: str = ""
    model: str = ""
    serial_number: str = ""
    firmware_version: str = ""
    iccid: str = ""
    imsi: str = ""
    meter_type: str = ""
    meter_serial_number: str = ""
    reason: str = ""


class BootAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a booting station is told; `interval_s` is its heartbeat, or when to try again."""

    admission: Admission
    interval_s: int


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """A connector's status as reported. EVSE 0 is the station itself; connector 0 is the EVSE itself."""

    evse: int
    connector: int
    status: ConnectorStatus
    at: datetime
    received_at: datetime
    raw_status: str = ""
    raw_error: str = ""
    """The charger's own error code (`NoError` is empty)."""
    vendor_error: str = ""
    vendor_id: str = ""
    info: str = ""


class ConnectorState(msgspec.Struct, frozen=True, kw_only=True):
    """The latest known status of one connector and since when."""

    evse: int
    connector: int
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    since: datetime | None = None
    error: str = ""
    """The error in Currant's vocabulary (stations/errors.py: the ChargeX minimum required error codes)."""
    raw_error: str = ""
    vendor_error: str = ""
    info: str = ""
    last_reported: ConnectorStatus | None = None
    """What it last reported, where `status` is unknown because the station is offline."""


class StationConnection(msgspec.Struct, frozen=True, kw_only=True):
    """How a station is connected, or last was."""

    connected: bool
    since: datetime | None = None
    """Since when it is, or is no more."""
    security_profile: int | None = None
    """The profile that its connection really uses (0 to 3), which is not always one demanded of it; None while
    it is offline, or connected to another node."""
    remote_address: str = ""
    """Where it comes from, or last came from."""
    ocpp_version: str | None = None


class StationOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A station with its connectors' states as a reader shall see them (an offline station's are unknown)."""

    station: Station
    states: tuple[ConnectorState, ...] = ()
    connection: StationConnection = StationConnection(connected=False)


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a connector's history: what it reported, when, and when that arrived."""

    id: int
    evse: int
    connector: int
    status: ConnectorStatus
    at: datetime
    received_at: datetime
    error: str = ""
    raw_status: str = ""
    raw_error: str = ""
    vendor_error: str = ""
    vendor_id: str = ""
    info: str = ""


class AttendedStation:
    """What a connected station needs for its next answer: held with its connection, the database is the truth.

    Loaded once by `StationService.attend` and kept current by the services that write; replaced
    parts are set only after their change set is durable.
    """

    __slots__ = (
        "admission",
        "connected_at",
        "connectors",
        "findings_known",
        "groups",
        "heartbeat_s",
        "identity",
        "last_boot",
        "last_boot_at",
        "last_seen_noted",
        "learns",
        "location_id",
        "max_power_w",
        "ocpp16_connectors",
        "places",
        "settings",
        "station_id",
        "tenant_id",
        "version",
    )

    def __init__(
        self,
        *,
        tenant_id: TenantId,
        station_id: StationId,
        identity: str,
        version: str,
        admission: Admission,
        location_id: LocationId | None = None,
        groups: tuple[StationGroupId, ...] = (),
        settings: StationSettings = DEFAULT_SETTINGS,
        connected_at: datetime | None = None,
    ) -> None:
        self.tenant_id = tenant_id
        self.station_id = station_id
        self.identity = identity
        self.version = version
        self.admission = admission
        self.location_id = location_id
        self.groups = groups
        self.settings = settings
        self.connected_at = connected_at
        self.connectors: dict[tuple[int, int], ConnectorState] = {}
        self.ocpp16_connectors: dict[int, tuple[int, int]] = {}
        self.places: set[tuple[int, int]] = set()
        self.max_power_w: dict[int, int] = {}
        """What each EVSE can deliver at most, where somebody said so."""
        self.learns = True
        self.last_seen_noted: float = 0.0
        self.heartbeat_s = 0
        """How often it was told to send a heartbeat when it booted; 0 when it has not."""
        self.last_boot: BootReport | None = None
        self.last_boot_at: datetime | None = None
        self.findings_known: set[tuple[str, str, str]] | None = None

    def place_of(self, ocpp16_connector_id: int) -> tuple[int, int]:
        """(EVSE, connector) of a connector id of OCPP 1.6; 0 is the whole station, (0, 0)."""
        if ocpp16_connector_id <= 0:
            return (0, 0)
        return self.ocpp16_connectors.get(ocpp16_connector_id, (ocpp16_connector_id, 1))

    def ocpp16_connector_of(self, evse: int, connector: int) -> int:
        """The 1.6 connector id of a place: the inverse of `place_of`."""
        for connector_id, place in self.ocpp16_connectors.items():
            if place == (evse, connector or 1):
                return connector_id
        return evse


class CommandStatus(StrEnum):
    """How a command stands or ended."""

    QUEUED = "queued"
    """It waits: for its time, for its station to connect, or for its turn among many."""
    SENT = "sent"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    """Accepted for later (availability and resets during a session)."""
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    OFFLINE = "offline"
    UNSUPPORTED = "unsupported"
    """This OCPP version has no such message."""
    FAILED = "failed"
    """The station answered with a CALLERROR or something unreadable."""
    EXPIRED = "expired"
    """Its time to wait was over before it could be sent."""
    CANCELLED = "cancelled"
    """Somebody took it back before it was sent."""


class CommandOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command: `reason` is a sentence for people, `answer` what the station said."""

    status: CommandStatus
    reason: str = ""
    answer: dict[str, Any] | None = None
    variables: tuple[VariableValue, ...] = ()
    report: tuple[dict[str, Any], ...] = ()
    """What it reported item by item, in Currant's words: profiles, messages, monitors, certificates, …"""


class CommandRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A command as kept: who asked, what, when, and what came of it."""

    id: CommandId
    tenant_id: TenantId
    station_id: StationId
    command: AnyCommand
    asked_by: str
    asked_at: datetime
    status: CommandStatus
    reason: str = ""
    answer: dict[str, Any] | None = None
    variables: tuple[VariableValue, ...] = ()
    report: tuple[dict[str, Any], ...] = ()
    ended_at: datetime | None = None
    not_before: datetime | None = None
    """A queued one is not sent earlier."""
    expires_at: datetime | None = None
    """A queued one is not sent later."""
    batch_id: BatchId | None = None
    """The batch it was given in, to many stations at once."""


class CommandBatch(msgspec.Struct, frozen=True, kw_only=True):
    """One command given to many stations; each has a `CommandRecord` of its own with this `batch_id`."""

    id: BatchId
    tenant_id: TenantId
    command: AnyCommand
    asked_by: str
    asked_at: datetime
    stations: int
    at_once: int
    """How many stations it is under way to at the same time, at most."""
    note: str = ""
    not_before: datetime | None = None
    expires_at: datetime | None = None
    paused: bool = False
    cancelled_at: datetime | None = None


class BatchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, and how many of its commands stand or ended how."""

    batch: CommandBatch
    by_status: dict[str, int]
    done: bool
    """No command of it waits or is under way any more."""


class Severity(StrEnum):
    CRITICAL = "critical"
    MEDIUM = "medium"
    LOW = "low"


class SecurityEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A security-relevant happening: reported by a station, or seen by the gateway (a failed login)."""

    id: str
    tenant_id: TenantId
    station_id: StationId | None
    identity: str
    kind: str
    at: datetime
    detail: str = ""
    severity: Severity = Severity.LOW
    remote_address: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something a station does against the specification, counted. `example` is one offending detail."""

    code: str
    action: str
    field: str
    count: int
    first_at: datetime
    last_at: datetime
    example: str = ""
    station_id: StationId | None = None
    vendor: str = ""
    model: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange in the message log: a call and, once known, its answer.

    `direction` is `in` (the station called) or `out` (Currant called); sizes are bytes on the wire
    before compression, `latency_us` runs from the call to its answer.
    """

    id: int
    tenant_id: TenantId
    station_id: StationId
    at: datetime
    direction: str
    action: str
    message_id: str
    outcome: str
    """answered, error:<code>, unanswered, send, ignored, malformed"""
    request: str
    response: str | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    latency_us: int | None = None
