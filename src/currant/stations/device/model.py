"""The values of the device model: what is known of a station's variables, since when, and how it came to be known."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.ids import StationId
from currant.stations.commanding.variables import Traits, Variable


class How(StrEnum):
    """How a value came to be known. Kept as the place in this list: add at the end."""

    REPORT = "report"
    GET = "get"
    SET = "set"
    EVENT = "event"
    BOOT = "boot"
    """It was set, and in force only after the restart that has happened since."""
    STREAM = "stream"


HOWS = tuple(How)


class Extent(StrEnum):
    """How much of a station's model some values are."""

    PART = "part"
    READABLE = "readable"
    """What could be read of all; the station may have more."""
    WHOLE = "whole"
    """Everything: what is not among them is gone."""


class KnownVariable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attribute of a variable as a station is known to have it."""

    key: str
    """The variable in one line, as it is named in declarations: `Component.Variable[instance]@evse/connector#Target`."""
    variable: Variable
    value: str | None = None
    """None where the station tells nobody (write-only ones)."""
    known_since: datetime
    """Since when this value is known; reading the same again does not move it."""
    how: How
    pending: str | None = None
    """Set, and in force after the station's next restart."""
    digest: str | None = None
    """Of what was set last, where the value itself is not kept because nobody shall read it."""
    traits: Traits = Traits()
    ocpp16_key: str | None = None
    """The configuration key of OCPP 1.6 that is the same thing."""


class ModelState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a station's device model has been read."""

    station_id: StationId
    variables: int = 0
    read_at: datetime | None = None
    """When its whole model was last read."""
    complete: bool = False
    vendor: str = ""
    model: str = ""
    firmware_version: str = ""
    """What the station was when it was read."""
    attempts: int = 0
    """Attempts to read it that failed since it last worked."""
    next_attempt_at: datetime | None = None
    problem: str = ""
    """Why it could not be read, or not in whole."""
    restart_pending_since: datetime | None = None
    """Since when a value waits for the station's restart."""


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Which stations a question is about; None asks for nothing in particular."""

    vendor: str | None = None
    model: str | None = None
    firmware_version: str | None = None
    ocpp_version: str | None = None
    location_id: str | None = None
    group_id: str | None = None
    connected: bool | None = None


class FleetValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one station has of a variable."""

    station_id: StationId
    identity: str
    vendor: str
    model: str
    key: str
    value: str | None = None
    pending: str | None = None
    known_since: datetime


class ValueCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often a variable has a value; None is a value that nobody may read."""

    key: str
    value: str | None
    count: int
    stations: int


class VariableKind(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A variable that some station of the network has."""

    key: str
    component: str
    component_instance: str | None = None
    name: str
    instance: str | None = None
    ocpp16_key: str | None = None
