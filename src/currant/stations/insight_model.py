"""The values of insight: what is known of a station when it is asked, and what is said of it."""

from datetime import datetime
from typing import Any

import msgspec

from currant.stations.model import ConnectorState, Finding, SecurityEvent, Station


class SessionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A session, as far as it tells what the station is doing."""

    id: str
    number: int
    evse: int | None
    activity: str
    """charging's word: waiting, charging, paused_by_vehicle, paused_by_station, idle."""
    activity_since: datetime | None
    started_at: datetime
    active: bool = True
    authorised: bool = True
    energy_wh: int = 0
    power_w: float | None = None
    soc_percent: float | None = None
    read_at: datetime | None = None
    heard_at: datetime | None = None
    repairs: tuple[str, ...] = ()


class LimitSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Something that limits charging now. `limit` in `unit` (W or A) where it is known."""

    evse: int
    source: str
    outside: bool
    limit: float | None = None
    unit: str = ""
    grid_critical: bool = False


class TransferSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The latest firmware update."""

    id: str
    status: str
    open: bool
    failed: bool
    version: str = ""
    reason: str = ""
    at: datetime


class ReservationSeen(msgspec.Struct, frozen=True, kw_only=True):
    evse: int | None
    number: int
    until: datetime


class OutOfService(msgspec.Struct, frozen=True, kw_only=True):
    """A command that took a station (EVSE None) or an EVSE out of service."""

    evse: int | None
    by: str
    at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the station stands to an aspect of what it shall be."""

    aspect: str
    standing: str
    reason: str
    since: datetime | None


class PartProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a component of the station (2.x) reports to be wrong."""

    error: str
    evse: int
    component: str
    since: datetime
    detail: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a station now. What the reader may not see is empty."""

    now: datetime
    station: Station
    state: str
    connected: bool
    since: datetime | None = None
    """Since when it is connected, or is no more."""
    profile: int | None = None
    """The security profile that it is connected with."""
    states: tuple[ConnectorState, ...] = ()
    sessions: tuple[SessionSeen, ...] = ()
    recent: tuple[SessionSeen, ...] = ()
    limits: tuple[LimitSeen, ...] = ()
    firmware: TransferSeen | None = None
    reservations: tuple[ReservationSeen, ...] = ()
    out_of_service: tuple[OutOfService, ...] = ()
    parts: tuple[PartProblem, ...] = ()
    findings: tuple[Finding, ...] = ()
    security: tuple[SecurityEvent, ...] = ()
    standings: tuple[Standing, ...] = ()
    refused_messages: int = 0
    refused_actions: tuple[str, ...] = ()
    boots: int = 0
    """Within the last day."""
    clock: str = ""
    """What is wrong with its clock, in words."""
    waiting_commands: int = 0


class StationDoing(msgspec.Struct, frozen=True, kw_only=True):
    """What is going on: a code of `insight_words.DOING` and its facts."""

    code: str
    facts: dict[str, Any] = {}


class EvseDoing(msgspec.Struct, frozen=True, kw_only=True):
    evse: int
    doing: StationDoing
    since: datetime | None = None


class StationProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong: a code of `insight_words.SAYINGS`, its facts, what to do, and all of it in English."""

    code: str
    severity: str
    since: datetime | None = None
    facts: dict[str, Any]
    todo: tuple[str, ...]
    text: str


class Insight(msgspec.Struct, frozen=True, kw_only=True):
    """What a station is doing, since when, EVSE by EVSE too, and what is wrong with it, the worst first."""

    state: str
    doing: StationDoing
    since: datetime | None = None
    text: str
    evses: tuple[EvseDoing, ...] = ()
    problems: tuple[StationProblem, ...] = ()
