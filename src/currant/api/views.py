"""What readers see of a thing beside the thing itself: a station's connectors, a session's station by name."""

from typing import Any, TypeVar

import msgspec

from currant.charging.model import Session
from currant.kit.ids import StationId
from currant.stations.directory import StationDirectory
from currant.stations.model import CommandRecord, ConnectorState, Message, Page, Station, StationOverview

V = TypeVar("V", bound=msgspec.Struct)
T = TypeVar("T")


class StationView(Station, frozen=True, kw_only=True):
    """A charging station and the present state of its connectors (of an offline station: unknown)."""

    connectors: tuple[ConnectorState, ...] = ()


class SessionView(Session, frozen=True, kw_only=True):
    """A charging session, and the identity of its station."""

    station_identity: str = ""


class CommandView(CommandRecord, frozen=True, kw_only=True):
    """A command and what came of it, and the identity of its station."""

    station_identity: str = ""


class MessageView(Message, frozen=True, kw_only=True):
    """One exchange of the message log, and the identity of its station."""

    station_identity: str = ""


def station_view(overview: StationOverview) -> StationView:
    return _widened(StationView, overview.station, connectors=overview.states)


def session_view(session: Session, directory: StationDirectory) -> SessionView:
    return _widened(SessionView, session, station_identity=identity_of(directory, session.station_id))


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
