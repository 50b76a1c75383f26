"""Costs shown at stations that can: while a session goes on, when it ends, and (OCPP 1.6) once it is charged for.

A station can when it says so (`TariffCostCtrlr.Enabled[Cost]`; OCPP 1.6: `CustomDisplayCostAndPrice`). It is told
again only when the sum has changed, and what is told is not kept as a command: it happens all the time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from currant.billing.charges.model import ChargeFinal, RunningCost
from currant.billing.charges.running import RunningCosts
from currant.charging.model import Activity, Phase, Session
from currant.kit.clock import Clock
from currant.kit.ids import SessionId, StationId, TenantId
from currant.kit.money import from_minor
from currant.pricing.model import Purpose
from currant.stations.commanding.displays import CostShown, PriceShown, ShowCost
from currant.stations.device import mapping16, naming
from currant.stations.device.service import DeviceModel
from currant.stations.link import StationLink
from currant.stations.model import AttendedStation, CommandStatus

log = logging.getLogger(__name__)

OPEN_MAX = 20_000
AT_ONCE = 20
DEADLINE_S = 20.0
LOOK_AGAIN = timedelta(minutes=10)
KNOWN_MAX = 50_000
ENABLED = "TariffCostCtrlr.Enabled[Cost]"
ENABLED_16 = "CustomDisplayCostAndPrice"
V16 = "1.6"

OpenSessions = Callable[[], Iterable[tuple[AttendedStation, Session]]]
"""The sessions under way at the stations that are connected to this node."""
ShowsCost = Callable[[TenantId, StationId], Awaitable[bool]]
SessionOf = Callable[[TenantId, SessionId], Awaitable[Session]]


def shows_cost_known_to(device: DeviceModel) -> ShowsCost:
    """What stations said of their displays; 1.6 keys stand under the names of 2.x."""
    variables = [naming.read(ENABLED), mapping16.in_model(naming.read(ENABLED_16))]

    async def shows(tenant_id: TenantId, station_id: StationId) -> bool:
        found = await device.known(tenant_id, station_id, variables)
        return any((variable.value or "").strip().lower() == "true" for variable in found.values())

    return shows


class CostShowing:
    """Tells stations what their sessions cost."""

    def __init__(
        self,
        link: StationLink,
        open_sessions: OpenSessions,
        shows: ShowsCost,
        running: RunningCosts,
        session_of: SessionOf,
        clock: Clock,
    ) -> None:
        self._link = link
        self._open = open_sessions
        self._shows = shows
        self._running = running
        self._session_of = session_of
        self._clock = clock
        self._can: dict[StationId, tuple[datetime, bool]] = {}
        self._told: dict[SessionId, int] = {}

    async def turn(self) -> int:
        """Tell every station with a display what its sessions cost by now; how many were told."""
        found = [
            (station, session)
            for station, session in islice(self._open(), OPEN_MAX)
            if session.phase is Phase.ACTIVE and await self._can_show(station.tenant_id, station.station_id)
        ]
        alive = {session.id for _, session in found}
        for gone in [session_id for session_id in self._told if session_id not in alive]:
            del self._told[gone]
        turns = asyncio.Semaphore(AT_ONCE)

        async def tell(station: AttendedStation, session: Session) -> bool:
            async with turns:
                return await self._tell(station, session)

        told = await asyncio.gather(*(tell(station, session) for station, session in found))
        return sum(told)

    async def _tell(self, station: AttendedStation, session: Session) -> bool:
        cost = await self._running.cost_of(session)
        if cost is None or self._told.get(session.id) == cost.gross:
            return False
        command = ShowCost(
            transaction_id=_transaction(session, station.version),
            total_cost=from_minor(cost.gross, cost.currency),
            shown=_shown(session, cost),
        )
        if not await self._send(station.station_id, command):
            return False
        self._told[session.id] = cost.gross
        return True

    async def charged(self, event: ChargeFinal) -> None:
        """Tell an OCPP 1.6 station that is connected here what a session came to. Others heard it with its end."""
        if event.purpose is not Purpose.RETAIL or event.credits is not None:
            return
        if not self._link.is_connected(event.station_id):
            return
        if not await self._can_show(event.tenant_id, event.station_id):
            return
        session = await self._session_of(event.tenant_id, event.session_id)
        if not session.transaction_id.isdecimal():
            return
        shown = CostShown(
            at=session.ended_at or self._clock.now(),
            meter_wh=session.meter_stop_wh or session.meter_last_wh or 0,
        )
        await self._send(
            event.station_id,
            ShowCost(
                transaction_id=_transaction(session, V16),
                total_cost=from_minor(event.gross, event.currency),
                final=True,
                shown=shown,
            ),
        )

    def total_of(self, session: Session) -> Decimal | None:
        """What a session has come to that ends right now, for the answer to its end (OCPP 2.x, I03).

        None where its station shows no costs, or where it was not followed: nothing is worked out here
        that would keep a station waiting.
        """
        can = self._can.get(session.station_id)
        if can is None or not can[1]:
            return None
        cost = self._running.known(session)
        return None if cost is None else from_minor(cost.gross, cost.currency)

    async def _can_show(self, tenant_id: TenantId, station_id: StationId) -> bool:
        now = self._clock.now()
        known = self._can.get(station_id)
        if known is not None and now < known[0]:
            return known[1]
        if len(self._can) >= KNOWN_MAX:
            self._can.clear()
        can = await self._shows(tenant_id, station_id)
        self._can[station_id] = (now + LOOK_AGAIN, can)
        return can

    async def _send(self, station_id: StationId, command: ShowCost) -> bool:
        outcome = await self._link.send(station_id, command, deadline_s=DEADLINE_S)
        if outcome.status is CommandStatus.UNSUPPORTED:
            # It says that it shows costs, and does not know the message: not again for a while.
            self._can[station_id] = (self._clock.now() + LOOK_AGAIN, False)
            log.info("Station %s shows no costs after all: %s", station_id, outcome.reason)
        return outcome.status is CommandStatus.ACCEPTED


def _transaction(session: Session, version: str) -> str:
    return str(session.number) if version == V16 else session.transaction_id


def _shown(session: Session, cost: RunningCost) -> CostShown:
    latest = {line.kind: line for line in cost.lines}
    energy, hour, start = (latest.get(kind) for kind in ("energy", "time", "flat"))
    idle = latest.get("idle_fee") or latest.get("parking_time")
    idle_hour = None if idle is None else idle.unit_price * (60 if idle.unit == "min" else 1)
    return CostShown(
        at=cost.at,
        meter_wh=session.meter_last_wh or session.meter_start_wh or 0,
        idle=session.activity in (Activity.IDLE, Activity.PAUSED_BY_VEHICLE),
        price=PriceShown(
            per_kwh=None if energy is None else energy.unit_price,
            per_hour=None if hour is None else hour.unit_price,
            once=None if start is None else start.unit_price,
            idle_per_hour=idle_hour,
        ),
    )
