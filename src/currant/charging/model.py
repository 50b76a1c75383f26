"""The values of charging: what stations report, what a session is, what a reading is.

Reports carry the field's words without any version's spelling, so that one pure life
(lifecycle.py) and one pure metering (metering.py) serve OCPP 1.6, 2.0.1 and 2.1.
"""

import asyncio
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from currant.access.model import Decision, Presented
from currant.kit.ids import AccountId, LocationId, SessionId, StationId, TenantId, TokenId


class SampledValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value as a station spelled it; absent words are empty and mean OCPP's defaults
    (Energy.Active.Import.Register, Wh, Sample.Periodic, Outlet)."""

    value: str | float
    measurand: str = ""
    unit: str = ""
    multiplier: int = 0
    """2.x: the value times ten to this power."""
    phase: str = ""
    context: str = ""
    location: str = ""
    signed: dict[str, Any] | None = None
    """A signed meter value, kept raw (2.x signedMeterValue; 1.6 format SignedData puts it in `value`)."""


class MeterSample(msgspec.Struct, frozen=True, kw_only=True):
    """Values taken at one instant; `at` None when the station's time could not be read."""

    at: datetime | None
    values: tuple[SampledValue, ...]


class StartReport(msgspec.Struct, frozen=True, kw_only=True):
    """OCPP 1.6 StartTransaction."""

    evse: int
    connector: int
    presented: Presented
    meter_wh: int
    at: datetime | None
    received_at: datetime
    reservation_id: int | None = None


class StopReport(msgspec.Struct, frozen=True, kw_only=True):
    """OCPP 1.6 StopTransaction; `transaction_id` as sent, which may be 0, -1 or nobody's."""

    transaction_id: int
    meter_wh: int | None
    at: datetime | None
    received_at: datetime
    presented: Presented | None = None
    reason: str = "Local"
    samples: tuple[MeterSample, ...] = ()


class MeterReport(msgspec.Struct, frozen=True, kw_only=True):
    """MeterValues of any version; EVSE 0 is the station's main meter."""

    evse: int
    connector: int
    samples: tuple[MeterSample, ...]
    received_at: datetime
    transaction_id: str | None = None
    """1.6 only: the number in text; None when absent."""


class EventType(StrEnum):
    STARTED = "Started"
    UPDATED = "Updated"
    ENDED = "Ended"


class TransactionReport(msgspec.Struct, frozen=True, kw_only=True):
    """OCPP 2.x TransactionEvent, in its own order by `sequence` (E01: seqNo counts from 0 per transaction)."""

    type: EventType
    transaction_id: str
    sequence: int
    trigger: str
    at: datetime | None
    received_at: datetime
    evse: int | None = None
    connector: int | None = None
    presented: Presented | None = None
    charging_state: str = ""
    stopped_reason: str = ""
    remote_start_id: int | None = None
    reservation_id: int | None = None
    offline: bool = False
    samples: tuple[MeterSample, ...] = ()


class StartAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is the session's transaction id for OCPP 1.6: a positive int32, never used twice."""

    number: int
    decision: Decision


class TransactionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`decision` when the event presented a token; `stop` when the station should end it (unknown to be allowed)."""

    decision: Decision | None = None


class Phase(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class Activity(StrEnum):
    """What the vehicle and the station are doing within a session."""

    WAITING = "waiting"
    """Begun; no energy has flowed yet (2.x EVConnected or Idle before Charging)."""
    CHARGING = "charging"
    PAUSED_BY_VEHICLE = "paused_by_vehicle"
    PAUSED_BY_STATION = "paused_by_station"
    IDLE = "idle"
    """Energy transfer is finished and the vehicle is still plugged in."""


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a session that was not as reported, what was made of it and why."""

    code: str
    """Stable: start_lost, stop_lost, clock_wrong, meter_went_back, zombie_closed, sequence_gap, …"""
    explanation: str
    at: datetime | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A charging session: everything known of it, what is certain and what was repaired.

    `number` is its transaction id for OCPP 1.6 and its short name for people, unique in the
    installation. `transaction_id` is the station's word for it. Registers are Wh.
    """

    id: SessionId
    number: int
    tenant_id: TenantId
    station_id: StationId
    transaction_id: str
    started_at: datetime
    location_id: LocationId | None = None
    evse: int | None = None
    connector: int | None = None
    phase: Phase = Phase.ACTIVE
    activity: Activity = Activity.WAITING
    activity_since: datetime | None = None
    token_id: TokenId | None = None
    account_id: AccountId | None = None
    token_uid: str = ""
    token_kind: str = ""
    authorised: bool = False
    authorisation: str = ""
    """The reason of the decision, as access.model.Reason."""
    authorisation_reference: str = ""
    """What an external authoriser calls its decision."""
    start_cause: str = ""
    remote_start_id: int | None = None
    reservation_id: int | None = None
    ended_at: datetime | None = None
    stop_reason: str = ""
    stop_token_uid: str = ""
    meter_start_wh: int | None = None
    meter_last_wh: int | None = None
    meter_last_at: datetime | None = None
    meter_stop_wh: int | None = None
    energy_wh: int = 0
    """Never negative, never shrinks while active."""
    power_w: float | None = None
    soc_percent: float | None = None
    first_energy_at: datetime | None = None
    last_energy_at: datetime | None = None
    idle_since: datetime | None = None
    idle_s: int = 0
    """Seconds plugged in after energy transfer finished, by the car's doing."""
    paused_by_station_s: int = 0
    sequences_seen: tuple[tuple[int, int], ...] = ()
    """2.x: the sequence numbers seen, as closed ranges in order."""
    offline: bool = False
    certain: bool = True
    """False as soon as a repair touches what would be billed (time, energy or who)."""
    repairs: tuple[Repair, ...] = ()
    received_at: datetime | None = None
    updated_at: datetime | None = None
    """When the station last said something of this session, by our clock."""

    # The workings: what the rules need in order to go on, of little interest to readers.

    reported_started_at: datetime | None = None
    """The station's own time of the start, however wrong; a repeated start is known by it."""
    started_known: bool = True
    """False while the report that opened it has not arrived (2.x) or never will (1.6)."""
    ended_sequence: int | None = None
    token_sequence: int | None = None
    freed_at: datetime | None = None
    """Since when the connector says that no vehicle is there although no end was reported."""
    rebooted_at: datetime | None = None
    timeline: tuple[tuple[int, int, str], ...] = ()
    """Changes of activity: (order, microseconds, letter), see idle.py."""
    base_wh: int | None = None
    """The register from which `energy_wh` is counted on, and what had been counted before it."""
    before_wh: int = 0
    odd_first_wh: int | None = None
    odd_last_wh: int | None = None
    odd_count: int = 0
    estimated_wh: float = 0.0
    read_at: datetime | None = None
    """The time of the latest reading counted."""
    heard_at: datetime | None = None
    """The latest time in the station's own reports of it."""
    meter_notes: int = 0
    """What was odd about its registers, as tally.Note bits."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured at one instant on one EVSE, in SI units: Wh, W, A, V, percent, °C.

    Import is towards the vehicle. `flags` says what is odd (metering.py: Flag).
    """

    at: datetime
    received_at: datetime
    evse: int
    context: str = "Sample.Periodic"
    energy_wh: float | None = None
    energy_export_wh: float | None = None
    power_w: float | None = None
    power_export_w: float | None = None
    power_offered_w: float | None = None
    current_l1_a: float | None = None
    current_l2_a: float | None = None
    current_l3_a: float | None = None
    current_offered_a: float | None = None
    voltage_l1_v: float | None = None
    voltage_l2_v: float | None = None
    voltage_l3_v: float | None = None
    soc_percent: float | None = None
    temperature_c: float | None = None
    frequency_hz: float | None = None
    others: dict[str, Any] | None = None
    """Measurands without a column, by name; what could not be read, raw."""
    signed: tuple[dict[str, Any], ...] = ()
    flags: int = 0
    sequence: int | None = None
    """2.x: the sequence number of the event that carried it."""


class SessionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions are wanted, newest first; what is None does not matter."""

    location_id: LocationId | None = None
    station_id: StationId | None = None
    token_id: TokenId | None = None
    token_uid: str | None = None
    account_id: AccountId | None = None
    phase: Phase | None = None
    certain: bool | None = None
    number: int | None = None
    transaction_id: str | None = None
    since: datetime | None = None
    """Started at or after."""
    until: datetime | None = None
    """Started before."""


class LoadPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The mean power of a location from `at` on, for one step: towards vehicles, in W; `evses` were metered."""

    at: datetime
    power_w: float
    evses: int


class StationSessions:
    """What is known of the sessions of a connected station: held with its connection, the database is the truth.

    `open` by the station's transaction id, `ended` the most recent ones (for repeats and late
    reports), `last_readings` the newest reading per EVSE and context. Replaced only after a change
    set is durable. `stale` asks for a new look at the database: somebody else wrote, or is writing
    (`beside`), and then the new look waits for that.
    """

    __slots__ = (
        "__weakref__",
        "beside",
        "ended",
        "last_readings",
        "max_power_w",
        "meters",
        "open",
        "outside_wh",
        "stale",
    )

    def __init__(self) -> None:
        self.open: dict[str, Session] = {}
        self.ended: dict[str, Session] = {}
        self.last_readings: dict[tuple[int, str], Reading] = {}
        self.meters: dict[int, int] = {}
        self.max_power_w: dict[int, int] = {}
        self.outside_wh: dict[int, float | None] = {}
        self.stale = False
        self.beside: asyncio.Future[Any] | None = None

    def at(self, evse: int, connector: int | None = None) -> Session | None:
        """The open session on an EVSE, the latest begun if there are several."""
        found: Session | None = None
        for session in self.open.values():
            if session.evse == evse and (found is None or session.started_at >= found.started_at):
                found = session
        return found
