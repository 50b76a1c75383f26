"""The values of DER control at a station: what it has been given, what is in force, and alarms (2.1 block R)."""

from datetime import datetime

import msgspec

from currant.kit.event import Event
from currant.kit.ids import StationId
from currant.stations.commanding.der import DerControl


class InstalledControl(msgspec.Struct, frozen=True, kw_only=True):
    """A control that a station has, as far as is known."""

    station_id: StationId
    control: DerControl
    superseded: bool = False
    """Another one takes its place: it is kept, and not executed (R04.FR.09)."""
    started: bool = False
    """A scheduled control that is in force now."""
    installed_at: datetime
    changed_at: datetime


class DerAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """A time during which a control, for a fault of the grid, had a station charge or discharge otherwise.

    `fault` as reported (2.1 GridEventFaultEnumType); empty when the station did not say.
    """

    id: str
    station_id: StationId
    kind: str
    fault: str
    began_at: datetime
    ended_at: datetime | None = None
    info: str = ""


class DerControlsChanged(Event, frozen=True, kw_only=True):
    """A station has other controls than before, or one of them came into force or went out of it."""

    station_id: StationId
    set: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()


class DerAlarmRaised(Event, frozen=True, kw_only=True):
    """A control had a station deviate from what it would have done, for a fault of the grid (R05)."""

    station_id: StationId
    control_kind: str
    fault: str = ""
    info: str = ""


class DerAlarmEnded(Event, frozen=True, kw_only=True):
    station_id: StationId
    control_kind: str
    fault: str = ""
