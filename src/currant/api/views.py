"""What readers see of a thing: more than itself (a station's connectors), or less (a session without its workings)."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from currant.charging import idle
from currant.charging.model import Activity, Phase, Repair, Session
from currant.kit.clock import instant
from currant.kit.ids import AccountId, LocationId, SessionId, StationId, TenantId, TokenId
from currant.stations.directory import StationDirectory
from currant.stations.model import (
    CommandRecord,
    ConnectorState,
    Message,
    Page,
    Station,
    StationConnection,
    StationOverview,
)

V = TypeVar("V", bound=msgspec.Struct)
T = TypeVar("T")


class StationView(Station, frozen=True, kw_only=True):
    """A charging station, how it is connected, and the state of its connectors (of an offline station: unknown)."""

    connection: StationConnection
    connectors: tuple[ConnectorState, ...] = ()


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """What was going on in a session from `at` on, as its station reported it."""

    at: datetime
    what: str
    """waiting, charging, paused_by_vehicle, paused_by_station or unplugged."""


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A charging session: who, where, when and how much; what is certain and what was repaired.

    Registers are those of the meter as read, in Wh; `energy_wh` is what the session took.
    """

    id: SessionId
    number: int
    """Its short name for people, unique in the installation; its transaction id for OCPP 1.6."""
    tenant_id: TenantId
    station_id: StationId
    station_identity: str = ""
    transaction_id: str
    """The station's word for it."""
    location_id: LocationId | None = None
    evse: int | None = None
    connector: int | None = None
    phase: Phase
    activity: Activity
    activity_since: datetime | None = None
    started_at: datetime
    ended_at: datetime | None = None
    start_cause: str = ""
    """Why it began, in the station's words (2.x triggerReason); RemoteStart where it was asked for."""
    stop_reason: str = ""
    """Why it ended, in the station's words."""
    remote_start_id: int | None = None
    """The remote start that it answers, if there was one."""
    reservation_id: int | None = None
    token_id: TokenId | None = None
    account_id: AccountId | None = None
    token_uid: str = ""
    """What was presented, as the station spelled it."""
    token_kind: str = ""
    """What sort of token it is; unknown where neither the station nor a registration says."""
    authorised: bool
    """Whether the token may charge; a station may begin a session in any case."""
    authorisation: str = ""
    """Why it may or may not, as in a decision's `reason`."""
    authorisation_reference: str = ""
    """What an external authoriser calls its decision."""
    stop_token_uid: str = ""
    """What was presented to end it."""
    meter_start_wh: int | None = None
    meter_last_wh: int | None = None
    """The latest register that was counted."""
    meter_last_at: datetime | None = None
    meter_stop_wh: int | None = None
    energy_wh: int = 0
    """Never negative, never shrinks while active."""
    power_w: float | None = None
    soc_percent: float | None = None
    """The vehicle's state of charge, where the station tells."""
    first_energy_at: datetime | None = None
    last_energy_at: datetime | None = None
    idle_since: datetime | None = None
    idle_s: int = 0
    """Seconds plugged in after energy transfer finished, by the car's doing."""
    paused_by_station_s: int = 0
    timeline: tuple[Doing, ...] = ()
    """What was going on, change by change."""
    offline: bool = False
    """The station was offline for some of it, and reported that later."""
    certain: bool = True
    """False as soon as a repair touches what would be billed (time, energy or who)."""
    repairs: tuple[Repair, ...] = ()
    received_at: datetime | None = None
    """When its first report arrived."""
    updated_at: datetime | None = None
    """When the station last said something of this session, by our clock."""


_SHOWN = tuple(name for name in SessionView.__struct_fields__ if name not in ("station_identity", "timeline"))
_DOING = {
    idle.WAITING: "waiting",
    idle.CHARGING: "charging",
    idle.VEHICLE: "paused_by_vehicle",
    idle.STATION: "paused_by_station",
    idle.UNPLUGGED: "unplugged",
}


class CommandView(CommandRecord, frozen=True, kw_only=True):
    """A command and what came of it, and the identity of its station."""

    station_identity: str = ""


class MessageView(Message, frozen=True, kw_only=True):
    """One exchange of the message log, and the identity of its station."""

    station_identity: str = ""


def station_view(overview: StationOverview) -> StationView:
    return _widened(StationView, overview.station, connection=overview.connection, connectors=overview.states)


def session_view(session: Session, directory: StationDirectory) -> SessionView:
    return SessionView(
        **{name: getattr(session, name) for name in _SHOWN},
        station_identity=identity_of(directory, session.station_id),
        timeline=tuple(Doing(at=instant(us), what=_DOING[letter]) for _, us, letter in session.timeline),
    )


def command_view(record: CommandRecord, directory: StationDirectory) -> CommandView:
    return _widened(CommandView, record, station_identity=identity_of(directory, record.station_id))


def message_view(message: Message, directory: StationDirectory) -> MessageView:
    return _widened(MessageView, message, station_identity=identity_of(directory, message.station_id))


def page_like(page: Page[T], items: tuple[V, ...]) -> Page[V]:
    """The same stretch of a list, seen differently."""
    return Page(items=items, next_cursor=page.next_cursor)


def identity_of(directory: StationDirectory, station_id: StationId) -> str:
    entry = directory.by_id(station_id)
    return "" if entry is None else entry.identity


def _widened(view: type[V], value: msgspec.Struct, **more: Any) -> V:
    return view(**{field: getattr(value, field) for field in value.__struct_fields__}, **more)
