"""What the tests of charging are made of: reports as gateways hand them over, and real services on SQLite."""

from datetime import UTC, datetime, timedelta
from typing import Any

from currant.access.model import Presented, Token, TokenDraft
from currant.access.service import AccessService
from currant.charging import lifecycle
from currant.charging.model import (
    EventType,
    MeterReport,
    MeterSample,
    Reading,
    SampledValue,
    Session,
    StartReport,
    StationSessions,
    StopReport,
    TransactionReport,
)
from currant.charging.service import ChargingService
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.events.live import LiveFeed
from currant.kit.clock import ManualClock
from currant.kit.ids import LocationId, SessionId, StationId, TenantId
from currant.stations.directory import StationDirectory
from currant.stations.model import Admission, AttendedStation, ConnectorStatus, StatusReport
from currant.stations.service import StationPolicy, StationService

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
TENANT = TenantId("tenant")
PLACE = lifecycle.Place(TENANT, StationId("station"), LocationId("location"))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def value(number: str | float, measurand: str = "", unit: str = "", **more: Any) -> SampledValue:
    return SampledValue(value=number, measurand=measurand, unit=unit, **more)


def sample(minutes: float, *values: SampledValue) -> MeterSample:
    return MeterSample(at=at(minutes), values=values)


def register(minutes: float, wh: float, **more: Any) -> MeterSample:
    return sample(minutes, value(wh, "Energy.Active.Import.Register", "Wh", **more))


def reading(minutes: float, wh: float | None = None, power_w: float | None = None, **more: Any) -> Reading:
    return Reading(at=at(minutes), received_at=at(minutes), evse=1, energy_wh=wh, power_w=power_w, **more)


def start(
    minutes: float = 0, *, evse: int = 1, wh: int = 1000, uid: str = "CAFE0001", **more: Any
) -> StartReport:
    return StartReport(
        evse=evse,
        connector=1,
        presented=Presented(uid=uid),
        meter_wh=wh,
        **{"at": at(minutes), "received_at": at(minutes), **more},
    )


def stop(transaction_id: int, minutes: float = 60, *, wh: int | None = 8000, **more: Any) -> StopReport:
    return StopReport(
        transaction_id=transaction_id,
        meter_wh=wh,
        **{"at": at(minutes), "received_at": at(minutes), **more},
    )


def meter(
    minutes: float, *samples: MeterSample, evse: int = 1, transaction_id: str | None = None
) -> MeterReport:
    return MeterReport(
        evse=evse, connector=1, samples=samples, received_at=at(minutes), transaction_id=transaction_id
    )


def event(type: str, sequence: int, minutes: float, **more: Any) -> TransactionReport:
    return TransactionReport(
        type=EventType(type),
        sequence=sequence,
        **{
            "transaction_id": "tx",
            "trigger": "MeterValuePeriodic",
            "at": at(minutes),
            "received_at": at(minutes),
            **more,
        },
    )


def status(minutes: float, word: ConnectorStatus, *, evse: int = 1) -> StatusReport:
    return StatusReport(evse=evse, connector=1, status=word, at=at(minutes), received_at=at(minutes))


def begun(minutes: float = 0, **more: Any) -> Session:
    return lifecycle.begin(start(minutes, **more), PLACE, session_id=SessionId("session"), number=7)


class Network:
    """A station's connection and the services behind it, on a real database."""

    def __init__(self, database: Database, *, version: str = "ocpp1.6") -> None:
        self.clock = ManualClock(NOON)
        self.database = database
        directory = StationDirectory(database, self.clock, key=b"k" * 32)
        self.access = AccessService(database, self.clock)
        self.live = LiveFeed()
        self.charging = ChargingService(
            database,
            StationService(database, directory, self.clock, StationPolicy(tenant_id=TENANT)),
            self.access,
            Numbers(database),
            self.live,
            self.clock,
        )
        self.version = version

    async def connect(self, name: str = "station") -> "Connection":
        station = AttendedStation(
            tenant_id=TENANT,
            station_id=StationId(name),
            identity=name,
            version=self.version,
            admission=Admission.ACCEPTED,
            location_id=LocationId("location"),
        )
        return Connection(self, station, await self.charging.attend(station))

    async def token(self, uid: str = "CAFE0001", **more: Any) -> Token:
        return await self.access.create_token(TENANT, TokenDraft(uid=uid, **more), by="test")


class Connection:
    """What one station says, in short."""

    def __init__(self, network: Network, station: AttendedStation, sessions: StationSessions) -> None:
        self.charging = network.charging
        self.station = station
        self.sessions = sessions

    async def start(self, *args: Any, **more: Any) -> Any:
        return await self.charging.start(self.station, self.sessions, start(*args, **more))

    async def stop(self, *args: Any, **more: Any) -> Any:
        return await self.charging.stop(self.station, self.sessions, stop(*args, **more))

    async def meter(self, *args: Any, **more: Any) -> None:
        await self.charging.meter(self.station, self.sessions, meter(*args, **more))

    async def status(self, *args: Any, **more: Any) -> None:
        await self.charging.status(self.station, self.sessions, status(*args, **more))

    async def event(self, *args: Any, **more: Any) -> Any:
        return await self.charging.transaction(self.station, self.sessions, event(*args, **more))

    async def all(self) -> list[Session]:
        """The station's sessions as the database has them, newest first."""
        from currant.charging.model import SessionFilter

        wanted = SessionFilter(station_id=self.station.station_id)
        return list((await self.charging.list(TENANT, wanted)).items)

    async def only(self) -> Session:
        (session,) = await self.all()
        return session
