"""A station in one row: what a list or a map of thousands shows of each, and the one word for how it stands.

Pure: the rows are kept in memory by `charging/network.py`, which says here what has happened. Rows are
positional (`COLUMNS`), because five thousand of them go over the wire together.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from currant.kit.ids import LocationId, SessionId, StationId, TenantId
from currant.stations.model import Admission, ConnectorStatus

COLUMNS = (
    "id",
    "identity",
    "name",
    "location_id",
    "vendor",
    "model",
    "firmware",
    "version",
    "admission",
    "connected",
    "since",
    "state",
    "connectors",
    "power_w",
    "sessions",
    "problem",
    "last_seen_at",
)


class State(StrEnum):
    """A station's one word: the worst or busiest of its connectors."""

    AVAILABLE = "available"
    OCCUPIED = "occupied"
    CHARGING = "charging"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    PENDING = "pending"


# The first that one of the connectors has is the station's.
_WORDS: tuple[tuple[State, frozenset[ConnectorStatus]], ...] = (
    (State.FAULTED, frozenset({ConnectorStatus.FAULTED})),
    (State.CHARGING, frozenset({ConnectorStatus.CHARGING})),
    (
        State.OCCUPIED,
        frozenset(
            {
                ConnectorStatus.OCCUPIED,
                ConnectorStatus.PREPARING,
                ConnectorStatus.SUSPENDED_EV,
                ConnectorStatus.SUSPENDED_EVSE,
                ConnectorStatus.FINISHING,
            }
        ),
    ),
    (State.RESERVED, frozenset({ConnectorStatus.RESERVED})),
    (State.AVAILABLE, frozenset({ConnectorStatus.AVAILABLE})),
    (State.UNAVAILABLE, frozenset({ConnectorStatus.UNAVAILABLE})),
)


class ConnectorNow(msgspec.Struct, frozen=True, kw_only=True):
    """What a connector last reported; connector 0 is the EVSE itself, EVSE 0 the station."""

    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    error: str = ""
    since: datetime | None = None


class RunningSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session under way, as far as a row shows it."""

    power_w: float = 0.0
    charging: bool = False


UNKNOWN = ConnectorNow()


class StationNow(msgspec.Struct, kw_only=True):
    """A station as it is known to stand: kept up to date in place, one of thousands."""

    id: StationId
    tenant_id: TenantId
    identity: str
    name: str = ""
    location_id: LocationId | None = None
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    version: str | None = None
    admission: Admission = Admission.PENDING
    connected: bool = False
    connected_at: datetime | None = None
    disconnected_at: datetime | None = None
    created_at: datetime | None = None
    last_seen_at: datetime | None = None
    capacity_w: int = 0
    connectors: dict[tuple[int, int], ConnectorNow] = {}
    sessions: dict[SessionId, RunningSession] = {}
    failing: dict[str, datetime | None] = {}
    """What else is wrong with it, that neither its connection nor its connectors tell: codes, and since when."""
    row: list[Any] | None = None
    """As it was last shown."""


def state_of(station: StationNow) -> State:
    """The one word for a station."""
    if station.admission is Admission.PENDING:
        return State.PENDING
    if station.admission is not Admission.ACCEPTED:
        return State.UNAVAILABLE
    if not station.connected:
        return State.OFFLINE
    statuses = {
        connector.status
        for place, connector in station.connectors.items()
        # The station's own word counts where it says that something is wrong with all of it.
        if place != (0, 0) or connector.status in (ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE)
    }
    whole = station.connectors.get((0, 0), UNKNOWN).status
    if whole is ConnectorStatus.UNAVAILABLE and ConnectorStatus.FAULTED not in statuses:
        return State.UNAVAILABLE
    if ConnectorStatus.FAULTED not in statuses and any(run.charging for run in station.sessions.values()):
        return State.CHARGING
    for word, signs in _WORDS:
        if not statuses.isdisjoint(signs):
            return word
    return State.UNKNOWN


SEVERITIES = {
    "security_critical": "critical",
    "faulted": "serious",
    "offline": "serious",
    "session_stuck": "warning",
    "desired_failing": "warning",
    "pending": "info",
    "never_connected": "info",
}
"""What can be wrong with a station as far as a list shows it, the most urgent first, and how bad it is."""
_URGENCY = {code: place for place, code in enumerate(SEVERITIES)}


def problems_of(station: StationNow) -> list[tuple[str, datetime | None]]:
    """What is wrong with a station (codes of `SEVERITIES`) and since when, the most urgent first."""
    if station.admission is Admission.PENDING:
        return [("pending", station.created_at)]
    if station.admission is not Admission.ACCEPTED:
        return []
    found = list(station.failing.items())
    if not station.connected:
        if station.disconnected_at is None:
            found.append(("never_connected", station.created_at))
        else:
            found.append(("offline", station.disconnected_at))
    else:
        faulted = [e.since for e in station.connectors.values() if e.status is ConnectorStatus.FAULTED]
        if faulted:
            found.append(("faulted", min((since for since in faulted if since is not None), default=None)))
    return sorted(found, key=lambda each: _URGENCY[each[0]])


def problem_of(station: StationNow) -> str:
    """The code of what is most wrong with a station, empty when nothing is known to be."""
    found = problems_of(station)
    return found[0][0] if found else ""


def power_of(station: StationNow) -> float:
    """W towards vehicles now; what an offline station draws is not known and counts as nothing."""
    if not station.connected:
        return 0.0
    return sum(run.power_w for run in station.sessions.values())


def connectors_of(station: StationNow) -> list[list[Any]]:
    """[EVSE, connector, status] of each, and a fourth where it reports an error; of an offline station unknown."""
    shown: list[list[Any]] = []
    for (evse, number), each in sorted(station.connectors.items()):
        if (evse, number) == (0, 0):
            continue
        if not station.connected:
            shown.append([evse, number, ConnectorStatus.UNKNOWN.value])
        elif each.error:
            shown.append([evse, number, each.status.value, each.error])
        else:
            shown.append([evse, number, each.status.value])
    return shown


def row_of(station: StationNow) -> list[Any]:
    """The values of `COLUMNS`."""
    return [
        station.id,
        station.identity,
        station.name,
        station.location_id,
        station.vendor,
        station.model,
        station.firmware,
        station.version,
        station.admission.value,
        station.connected,
        station.connected_at if station.connected else station.disconnected_at,
        state_of(station).value,
        connectors_of(station),
        round(power_of(station)),
        len(station.sessions),
        problem_of(station),
        station.last_seen_at,
    ]


def news(before: Sequence[Any] | None, after: Sequence[Any]) -> dict[str, Any]:
    """What differs between two rows, by column. When a station was last seen is told when it comes or goes."""
    if before is None:
        return dict(zip(COLUMNS, after, strict=True))
    changed = {
        name: new
        for name, old, new in zip(COLUMNS, before, after, strict=True)
        if new is not old and new != old
    }
    if "connected" not in changed:
        # A station that is connected was seen just now; saying so each time would be most of what is said.
        changed.pop("last_seen_at", None)
    return changed


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Many stations added up: those that are accepted, and those that wait for a decision under `pending`."""

    by_state: dict[str, int]
    total: int
    connected: int
    by_status: dict[str, int]
    power_w: float
    capacity_w: int
    sessions: int


def counted(stations: Iterable[StationNow]) -> Counts:
    by_state: dict[str, int] = {}
    by_status: dict[str, int] = {}
    total = connected = capacity = sessions = 0
    power = 0.0
    for station in stations:
        if station.admission in (Admission.REFUSED, Admission.RETIRED):
            continue
        row = station.row if station.row is not None else row_of(station)
        state = row[11]
        by_state[state] = by_state.get(state, 0) + 1
        if station.admission is not Admission.ACCEPTED:
            continue
        total += 1
        connected += station.connected
        capacity += station.capacity_w
        sessions += len(station.sessions)
        power += row[13]
        for place in row[12]:
            if place[1]:
                by_status[place[2]] = by_status.get(place[2], 0) + 1
    return Counts(
        by_state=by_state,
        total=total,
        connected=connected,
        by_status=by_status,
        power_w=power,
        capacity_w=capacity,
        sessions=sessions,
    )
