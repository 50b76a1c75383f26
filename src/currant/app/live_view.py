"""Puts what happens where screens look: on the feed of events, and on the board of newest states.

One subscriber for both, and for the network in memory: whoever reads a row and then its changes sees
them in the order in which they happened.
"""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from currant.api.views import session_view
from currant.app.duties import Duty
from currant.charging.events import SessionActivityChanged, SessionEvent
from currant.charging.failing import FailingStations
from currant.charging.network import FOLLOWED, Network
from currant.charging.reservations.events import ReservationEvent, WaitingEvent
from currant.charging.service import ChargingService
from currant.events.board import Board, facts_of
from currant.events.live import LiveFeed
from currant.kit.errors import NotFound, StoreUnavailable
from currant.kit.event import Event
from currant.kit.ids import SessionId, TenantId
from currant.stations import events as stations
from currant.stations.directory import StationDirectory

if TYPE_CHECKING:
    from currant.app.container import Currant

log = logging.getLogger(__name__)

SESSIONS_GATHER_S = 0.1

# What not everybody who may look at a station may know of it.
_NOT_OF_STATIONS = (stations.SecurityEventSeen,)


class LiveView:
    """Puts events on the live feed and on the board, where browsers and terminals look."""

    def __init__(
        self,
        live: LiveFeed,
        board: Board,
        network: Network,
        charging: ChargingService,
        directory: StationDirectory,
    ) -> None:
        self._live = live
        self._board = board
        self._network = network
        self._charging = charging
        self._directory = directory
        self._due: dict[tuple[TenantId, SessionId], None] = {}
        self._reading: asyncio.Task[None] | None = None

    def show(self, event: Event) -> Awaitable[None] | None:
        tenant_id = event.tenant_id
        if self._live.watched(tenant_id):
            self._live.publish(tenant_id, type(event).__name__, msgspec.to_builtins(event), key=key_of(event))
        waiting = self._network.follow(event) if isinstance(event, FOLLOWED) else None
        if not self._board.readers:
            return waiting
        self._on_the_board(event)
        if isinstance(event, SessionEvent) and self._wants_session(event):
            self._session(event)
        return waiting

    def _on_the_board(self, event: Event) -> None:
        board, tenant_id = self._board, event.tenant_id
        station_id = getattr(event, "station_id", None)
        if station_id is not None and not isinstance(event, _NOT_OF_STATIONS):
            topic = f"station:{station_id}"
            if board.wanted(tenant_id, topic):
                board.show(tenant_id, topic, f"{type(event).__name__}/{key_of(event)}", facts_of(event))
        if isinstance(event, stations.CommandEnded):
            board.show(tenant_id, "commands", event.command_id, facts_of(event))
        elif isinstance(event, stations.CommandsQueued):
            key = f"queued:{event.batch_id or event.station_id}"
            board.show(tenant_id, "commands", key, facts_of(event))
        elif isinstance(event, stations.LocationChanged):
            if "deleted" in event.fields:
                board.gone(tenant_id, "locations", event.location_id)
            else:
                board.show(tenant_id, "locations", event.location_id, {"fields": event.fields})

    def _wants_session(self, event: SessionEvent) -> bool:
        wanted = self._board.wanted
        return wanted(event.tenant_id, "sessions") or wanted(event.tenant_id, f"session:{event.session_id}")

    def _session(self, event: SessionEvent) -> None:
        """Show what a session does now, or have all of it shown anew as lists show it."""
        board, tenant_id, alone = self._board, event.tenant_id, f"session:{event.session_id}"
        board.show(tenant_id, alone, type(event).__name__, facts_of(event))
        if isinstance(event, SessionActivityChanged):
            patch = {
                "activity": event.after,
                "activity_since": event.happened_at,
                "energy_wh": event.energy_wh,
            }
            board.show(tenant_id, "sessions", event.session_id, patch)
            board.show(tenant_id, alone, "session", patch)
            return
        self._due[tenant_id, event.session_id] = None
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read_due(), name="sessions shown")

    async def _read_due(self) -> None:
        """Sessions that began or ended, read once for all that happened to them in a moment."""
        while self._due:
            await asyncio.sleep(SESSIONS_GATHER_S)
            due, self._due = self._due, {}
            for tenant_id, session_id in due:
                try:
                    session = await self._charging.get(tenant_id, session_id)
                except NotFound:
                    continue
                except StoreUnavailable as error:
                    log.warning("A session could not be shown: %s", error)
                    continue
                facts = facts_of(session_view(session, self._directory))
                self._board.show(tenant_id, "sessions", session_id, facts)
                self._board.show(tenant_id, f"session:{session_id}", "session", facts)


def live_duties(currant: "Currant") -> list[Duty]:
    """What is done again and again so that what screens show stays true; by every node for itself."""
    network, clock = currant.network, currant.clock
    failing = FailingStations(network, currant.inventory, currant.charging, clock, desired=currant.desired)

    async def look_elsewhere() -> None:
        await network.look_elsewhere(clock.now() - timedelta(seconds=12))

    duties = [
        Duty(
            name="comparing of the network in memory",
            every_s=300,
            run=network.refresh,
            first_s=150,
            alone=False,
        ),
        Duty(name="looking for failing stations", every_s=30, run=failing.look, first_s=10, alone=False),
    ]
    if not currant.settings.database_url.startswith("sqlite"):
        # Readings are no events: what other nodes meter is read where they keep it.
        duties.append(
            Duty(name="power at other nodes", every_s=5, run=look_elsewhere, first_s=5, alone=False)
        )
    return duties


def key_of(event: Event) -> str:
    """What an event is about: a newer one of the same kind about the same thing replaces it for slow readers."""
    if isinstance(event, SessionEvent):
        return event.session_id
    if isinstance(event, (ReservationEvent, WaitingEvent)):
        return event.reservation_id if isinstance(event, ReservationEvent) else event.waiting_id
    parts = [
        getattr(event, name, "")
        for name in ("station_id", "evse", "connector", "command_id", "transfer_id", "location_id")
    ]
    return "/".join(str(part) for part in parts if part not in (None, ""))
