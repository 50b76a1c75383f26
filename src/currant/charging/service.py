"""The verbs of charging, as the gateway, the API and the periodic jobs call them."""

from datetime import datetime
from typing import Any

from currant.access.model import Decision, Presented
from currant.charging.model import (
    LoadPoint,
    MeterReport,
    Reading,
    Session,
    SessionFilter,
    StartAnswer,
    StartReport,
    StationSessions,
    StopReport,
    TransactionAnswer,
    TransactionReport,
)
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import Clock
from currant.kit.ids import LocationId, SessionId, StationId, TenantId
from currant.stations.model import AttendedStation, CommandRecord, StatusReport

__all__ = ["ChargingService", "StationSessions"]


class ChargingService:
    """Sessions: what stations report of them, and what operators ask about them."""

    def __init__(
        self,
        database: Database,
        stations: Any,
        access: Any,
        numbers: Numbers,
        live: Any,
        clock: Clock,
        *,
        commands: Any = None,
    ) -> None: ...

    # What stations report.

    async def attend(self, station: AttendedStation) -> StationSessions:
        raise NotImplementedError

    async def start(
        self, station: AttendedStation, sessions: StationSessions, report: StartReport
    ) -> StartAnswer:
        raise NotImplementedError

    async def stop(
        self, station: AttendedStation, sessions: StationSessions, report: StopReport
    ) -> Decision | None:
        raise NotImplementedError

    async def meter(self, station: AttendedStation, sessions: StationSessions, report: MeterReport) -> None:
        raise NotImplementedError

    async def transaction(
        self, station: AttendedStation, sessions: StationSessions, report: TransactionReport
    ) -> TransactionAnswer:
        raise NotImplementedError

    async def status(self, station: AttendedStation, sessions: StationSessions, report: StatusReport) -> None:
        raise NotImplementedError

    async def booted(self, station: AttendedStation, sessions: StationSessions, *, at: datetime) -> None:
        raise NotImplementedError

    async def authorize(
        self,
        station: AttendedStation,
        sessions: StationSessions,
        presented: Presented,
        evse: int | None = None,
    ) -> Decision:
        raise NotImplementedError

    # What operators ask for.

    async def get(self, tenant_id: TenantId, session_id: SessionId) -> Session:
        raise NotImplementedError

    async def list(
        self,
        tenant_id: TenantId,
        wanted: SessionFilter = SessionFilter(),
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Any:
        """A `stations.model.Page[Session]`, newest first."""
        raise NotImplementedError

    async def curve(
        self, tenant_id: TenantId, session_id: SessionId, *, max_points: int = 500
    ) -> tuple[Reading, ...]:
        raise NotImplementedError

    async def load(
        self, tenant_id: TenantId, location_id: LocationId, *, since: datetime, until: datetime, step_s: int
    ) -> tuple[LoadPoint, ...]:
        raise NotImplementedError

    async def close(self, tenant_id: TenantId, session_id: SessionId, *, by: str, reason: str) -> Session:
        raise NotImplementedError

    async def start_remotely(
        self,
        tenant_id: TenantId,
        station_id: StationId,
        presented: Presented,
        *,
        by: str,
        evse: int | None = None,
        connector: int | None = None,
    ) -> CommandRecord:
        raise NotImplementedError

    async def stop_remotely(self, tenant_id: TenantId, session_id: SessionId, *, by: str) -> CommandRecord:
        raise NotImplementedError

    # What periodic jobs call.

    async def reap(self, now: datetime) -> int:
        """Close sessions that show no sign of life; how many were."""
        raise NotImplementedError

    async def thin_readings(self, *, before: datetime, keep_every_s: int) -> int:
        raise NotImplementedError
