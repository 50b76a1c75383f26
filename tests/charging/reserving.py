"""A site with stations that answer as the test says, for tests of reservations and of waiting."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from charging.made import NOON, TENANT, event, start, stop
from currant.access.model import Token, TokenDraft
from currant.access.service import AccessService
from currant.charging.model import StationSessions
from currant.charging.reservations import hearing, waiting
from currant.charging.reservations.model import (
    Reservation,
    ReservationDraft,
    Terms,
    WaitingDraft,
    WaitingPlace,
)
from currant.charging.reservations.service import Reservations
from currant.charging.reservations.waiting import WaitingList
from currant.charging.service import ChargingService
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.events.delivery import Delivery, Subscription
from currant.events.live import LiveFeed
from currant.kit.clock import ManualClock
from currant.kit.event import Event
from currant.kit.ids import LocationId, StationId
from currant.stations.admission import Admissions
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.reservations import CancelReservation, Reserve
from currant.stations.commands import CommandService
from currant.stations.directory import StationDirectory
from currant.stations.drafts import LocationDraft, StationDraft
from currant.stations.inventory import Inventory
from currant.stations.model import (
    AttendedStation,
    BootReport,
    CommandOutcome,
    CommandStatus,
    Connector,
    ConnectorStandard,
    ConnectorStatus,
    Evse,
    StatusReport,
)
from currant.stations.service import StationPolicy, StationService


def accepted() -> CommandOutcome:
    return CommandOutcome(status=CommandStatus.ACCEPTED, answer={"status": "Accepted"})


def turned_down(word: str) -> CommandOutcome:
    return CommandOutcome(
        status=CommandStatus.REFUSED, reason=f"The station answered {word}.", answer={"status": word}
    )


class Link:
    """Connected stations answer from `outcomes` in turn, then accept; `sent` is what they were told."""

    def __init__(self) -> None:
        self.connected: set[StationId] = set()
        self.sent: list[tuple[StationId, AnyCommand]] = []
        self.outcomes: list[CommandOutcome] = []
        self.held: asyncio.Event | None = None

    async def send(
        self,
        station_id: StationId,
        command: AnyCommand,
        *,
        deadline_s: float,
        only_if_idle: bool = False,
    ) -> CommandOutcome:
        if station_id not in self.connected:
            return CommandOutcome(status=CommandStatus.OFFLINE, reason="The station is not connected.")
        self.sent.append((station_id, command))
        if self.held is not None:
            await self.held.wait()
        return self.outcomes.pop(0) if self.outcomes else accepted()

    def is_connected(self, station_id: StationId) -> bool:
        return station_id in self.connected

    def profile_of(self, station_id: StationId) -> int | None:
        return 1

    def refresh(self, station_id: StationId) -> None:
        return None

    def drop(self, station_id: StationId, *, reason: str) -> None:
        self.connected.discard(station_id)


class Site:
    """A location, its stations, and the services that reserve there."""

    def __init__(self, database: Database, **terms: Any) -> None:
        self.database = database
        self.clock = ManualClock(NOON)
        self.link = Link()
        self.terms = Terms(**terms)
        self.directory = StationDirectory(database, self.clock, key=b"k" * 32)
        self.stations = StationService(
            database, self.directory, self.clock, StationPolicy(tenant_id=TENANT, node="node-1")
        )
        self.inventory = Inventory(database, self.directory, self.link, self.clock)
        self.admissions = Admissions(database, self.directory, self.link, self.clock)
        numbers = Numbers(database)
        self.commands = CommandService(database, self.directory, self.link, numbers, self.clock)
        self.access = AccessService(database, self.clock)
        self.charging = ChargingService(
            database, self.stations, self.access, numbers, LiveFeed(), self.clock, commands=self.commands
        )
        self.numbers = numbers
        self.told: list[Event] = []
        database.listen(lambda _, events: self.told.extend(events))
        self.begin_again()

    def begin_again(self) -> None:
        """As after a restart of the server: nothing is remembered but what is in the database."""
        self.reservations = Reservations(
            self.database,
            self.directory,
            self.access,
            self.commands,
            self.numbers,
            self.clock,
            self.terms,
        )
        self.waiting = WaitingList(self.database, self.reservations, self.numbers, self.clock, self.terms)

    async def opened(self, *stations: str, evses: int = 1, **more: Any) -> "Site":
        """With these stations at one location, connected and free."""
        await self.stations.start()
        await self.commands.start()
        await self.reservations.start()
        location = await self.inventory.create_location(TENANT, LocationDraft(name="Harbour"), by="test")
        self.location_id: LocationId = location.id
        self.at: dict[str, Connected] = {}
        for identity in stations:
            await self.add(identity, evses=evses, **more)
        self.delivery = Delivery(
            self.database,
            [
                Subscription("reservations", lambda told: self.reservations.follow(told), hearing.FOLLOWED),
                Subscription("waiting lists", lambda told: self.waiting.follow(told), waiting.FOLLOWED),
            ],
        )
        await self.delivery.start()
        return self

    async def closed(self) -> None:
        await self.delivery.stop()
        await self.reservations.stop()

    async def add(
        self,
        identity: str,
        *,
        evses: int = 1,
        standards: Sequence[ConnectorStandard] = (ConnectorStandard.IEC_62196_T2,),
        max_power_w: int | None = 22_000,
    ) -> "Connected":
        described = tuple(
            Evse(
                number=number,
                max_power_w=max_power_w,
                connectors=tuple(
                    Connector(number=index, standard=standard)
                    for index, standard in enumerate(standards, start=1)
                ),
            )
            for number in range(1, evses + 1)
        )
        draft = StationDraft(identity=identity, location_id=self.location_id, evses=described)
        await self.inventory.create_station(TENANT, draft, by="test")
        self.at[identity] = await self.connect(identity)
        for number in range(1, evses + 1):
            await self.at[identity].status(ConnectorStatus.AVAILABLE, evse=number)
        return self.at[identity]

    async def connect(self, identity: str) -> "Connected":
        entry = self.directory.find(identity)
        assert entry is not None
        station = await self.stations.attend(
            entry, version="1.6", security_profile=1, remote_address="192.0.2.1", at=self.clock.now()
        )
        self.link.connected.add(entry.station_id)
        return Connected(self, station, await self.charging.attend(station))

    async def token(self, uid: str, **more: Any) -> Token:
        return await self.access.create_token(TENANT, TokenDraft(uid=uid, **more), by="test")

    async def reserve(self, uid: str, **draft: Any) -> Reservation:
        if not {"station", "location_id"} & draft.keys():
            draft["location_id"] = self.location_id
        for name in ("starts_at", "ends_at"):
            if isinstance(draft.get(name), int):
                draft[name] = self.clock.now() + timedelta(minutes=draft[name])
        return await self.reservations.reserve(TENANT, ReservationDraft(token_uid=uid, **draft), by="test")

    async def wait(self, uid: str, **draft: Any) -> WaitingPlace:
        draft.setdefault("location_id", self.location_id)
        return await self.waiting.join(TENANT, WaitingDraft(token_uid=uid, **draft), by="test")

    async def look(self, reservation: Reservation) -> Reservation:
        return await self.reservations.get(TENANT, reservation.id)

    async def pass_time(self, minutes: float = 0) -> None:
        """Let time pass, and everybody do what is due then."""
        self.clock.advance(timedelta(minutes=minutes))
        await self.delivery.settled()
        await self.reservations.settled()
        await self.reservations.tend(self.clock.now())
        await self.reservations.settled()
        await self.waiting.tend(self.clock.now())
        await self.reservations.settled()
        await self.delivery.settled()
        await self.reservations.settled()

    def asked(self) -> list[AnyCommand]:
        """What stations were told about reservations."""
        return [command for _, command in self.link.sent if isinstance(command, Reserve | CancelReservation)]

    def kinds(self, base: type[Event]) -> list[str]:
        return [type(each).__name__ for each in self.told if isinstance(each, base)]


class Connected:
    """What one station of the site says, in short, at the present time."""

    def __init__(self, site: Site, station: AttendedStation, sessions: StationSessions) -> None:
        self.site = site
        self.station = station
        self.sessions = sessions
        self._meter = 1000

    @property
    def id(self) -> StationId:
        return self.station.station_id

    @property
    def now(self) -> datetime:
        return self.site.clock.now()

    async def authorize(self, uid: str, evse: int | None = None) -> Any:
        presented = start(uid=uid).presented
        return await self.site.charging.authorize(self.station, self.sessions, presented, evse)

    async def start(self, uid: str, *, evse: int = 1, **more: Any) -> Any:
        self._meter += 1
        report = start(
            uid=uid, evse=evse, wh=self._meter, **{"at": self.now, "received_at": self.now, **more}
        )
        return await self.site.charging.start(self.station, self.sessions, report)

    async def stop(self, number: int) -> None:
        self._meter += 5000
        report = stop(number, wh=self._meter, at=self.now, received_at=self.now)
        await self.site.charging.stop(self.station, self.sessions, report)

    async def event(self, type: str, sequence: int, **more: Any) -> Any:
        report = event(type, sequence, 0, **{"at": self.now, "received_at": self.now, **more})
        return await self.site.charging.transaction(self.station, self.sessions, report)

    async def status(self, word: ConnectorStatus, *, evse: int = 1, connector: int = 1) -> None:
        report = StatusReport(evse=evse, connector=connector, status=word, at=self.now, received_at=self.now)
        await self.site.charging.status(self.station, self.sessions, report)

    async def boot(self) -> None:
        await self.site.stations.boot(self.station, BootReport(vendor="V", model="M"), at=self.now)
