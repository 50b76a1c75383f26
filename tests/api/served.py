"""A served API for tests: real sockets, a real database, stations that answer what the test says."""

from collections.abc import Callable
from typing import Any

import httpx
from argon2 import PasswordHasher

from currant.access.importing import TokenImports
from currant.access.service import AccessService
from currant.api.application import create_app, stand_on
from currant.api.edge import Edge
from currant.api.server import ApiServer
from currant.api.services import ApiConfig, ApiServices
from currant.billing.books_service import Books
from currant.billing.documents.filing import DocumentFiles
from currant.billing.documents.paper import PaperLook
from currant.billing.documents.runs import DocumentRuns
from currant.billing.documents.service import Documents
from currant.billing.entities import Entities
from currant.billing.filling import FillingByPayment
from currant.billing.payments.providers import PaymentProviders
from currant.billing.payments.sandbox import Sandbox
from currant.billing.payments.service import Payments
from currant.billing.wallets import Wallets
from currant.charging.busy import SessionsAtStations
from currant.charging.energy_needs import EnergyNeedsService
from currant.charging.network import Network
from currant.charging.overview import NetworkOverview
from currant.charging.reservations.service import Reservations
from currant.charging.reservations.waiting import WaitingList
from currant.charging.service import ChargingService
from currant.charging.swaps import Swaps
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.drivers.service import Drivers
from currant.events.board import Board
from currant.events.live import LiveFeed
from currant.kit.clock import ManualClock, SystemClock
from currant.kit.ids import StationId, TenantId
from currant.pricing.service import PricingService
from currant.stations.admission import Admissions
from currant.stations.commanding import AnyCommand
from currant.stations.commands import CommandService
from currant.stations.desired.displays import DisplayMessages
from currant.stations.desired.service import DesiredState
from currant.stations.device.monitoring import Monitoring
from currant.stations.device.service import DeviceModel
from currant.stations.directory import StationDirectory
from currant.stations.groups import StationGroups
from currant.stations.importing import StationImports
from currant.stations.inventory import Inventory
from currant.stations.messages import MessageLog
from currant.stations.model import AttendedStation, CommandOutcome, CommandStatus
from currant.stations.notes import Notes
from currant.stations.onboarding import Addresses, OnboardingService
from currant.stations.profiles.der import DerService
from currant.stations.profiles.service import ProfileService
from currant.stations.queueing import CommandQueue
from currant.stations.service import StationPolicy, StationService
from currant.tenancy.audit import Audit
from currant.tenancy.branding import Brandings
from currant.tenancy.model import Caller, Role
from currant.tenancy.service import Tenancy

KEY = b"0123456789abcdef0123456789abcdef"
LOCAL_KEY = "local_key-of-this-machine"
PASSWORD = "correct horse battery staple"


async def plain_look(_: TenantId) -> PaperLook:
    return PaperLook()


# Applications whose test is over, by what cannot be changed in them: the next one's services are put behind them.
_idle: dict[tuple[object, ...], list[Edge]] = {}


def _shape(config: ApiConfig) -> tuple[object, ...]:
    return config.allowed_origins, config.body_max_bytes


def _app(services: ApiServices, config: ApiConfig) -> Edge:
    for app in _idle.get(_shape(config), []):
        _idle[_shape(config)].remove(app)
        stand_on(app, services, config)
        return app
    return create_app(services, config)


class AnsweringLink:
    """Stations that are connected answer every command with `outcome`; `sent` is what they were told."""

    def __init__(self) -> None:
        self.connected: set[StationId] = set()
        self.sent: list[tuple[StationId, AnyCommand]] = []
        self.outcome = CommandOutcome(status=CommandStatus.ACCEPTED, answer={"status": "Accepted"})

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
        return self.outcome

    def is_connected(self, station_id: StationId) -> bool:
        return station_id in self.connected

    def profile_of(self, station_id: StationId) -> int | None:
        return 1 if station_id in self.connected else None

    def refresh(self, station_id: StationId) -> None:
        return None

    def drop(self, station_id: StationId, *, reason: str) -> None:
        self.connected.discard(station_id)


class Api:
    """A served API and everything behind it."""

    def __init__(self, database: Database, config: ApiConfig) -> None:
        self.database = database
        self.clock = SystemClock()
        self.sign_in_clock = ManualClock(self.clock.now())
        self.live = LiveFeed()
        self.board = Board(self.clock)
        self.link = AnsweringLink()
        self.tenancy = Tenancy(
            database,
            installation_key=KEY,
            local_key=LOCAL_KEY,
            # The hasher's strength is not what these tests are about.
            hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
        )
        self.config = config
        self._open: list[httpx.AsyncClient] = []

    async def start(self) -> "Api":
        database, clock = self.database, self.clock
        self.first_login = await self.tenancy.prepare(organisation="Test network")
        self.brandings = Brandings(database, self.tenancy.organisations, clock, own_hosts=["currant.example"])
        await self.brandings.start()
        self.directory = StationDirectory(database, clock, key=KEY)
        policy = StationPolicy(tenant_id=self.tenancy.host_tenant_id, node="node-1")
        self.stations = StationService(database, self.directory, clock, policy)
        await self.stations.start()
        numbers = Numbers(database)
        await numbers.prepare("session")
        self.commands = CommandService(database, self.directory, self.link, numbers, clock)
        await self.commands.start()
        self.queue = CommandQueue(database, self.directory, self.link, self.commands, clock)
        await self.queue.start()
        self.inventory = Inventory(database, self.directory, self.link, clock)
        self.admissions = Admissions(database, self.directory, self.link, clock)
        self.audit = Audit(database)
        self.notes = Notes(database, clock)
        self.onboarding = OnboardingService(
            database,
            self.directory,
            self.inventory,
            self.admissions,
            Board(clock),
            clock,
            node="node-1",
            host_tenant_id=self.tenancy.host_tenant_id,
            addresses=lambda: Addresses(
                plain="ws://csms.example:9000/ocpp", tls="wss://csms.example:9443/ocpp"
            ),
        )
        self.messages = MessageLog(database, clock)
        self.device = DeviceModel(database, clock, key=KEY)
        self.monitoring = Monitoring(database, self.device, clock)
        self.profiles = ProfileService(database, self.directory, self.commands, numbers, clock)
        await self.profiles.start()
        self.der = DerService(database, self.commands, clock)
        self.swaps = Swaps(database)
        self.energy_needs = EnergyNeedsService(database, self.profiles, self.commands, clock)
        self.access = AccessService(database, clock)
        self.pricing = PricingService(database, clock)
        await self.pricing.start()
        self.entities = Entities(database, clock)
        self.documents = Documents(database, clock)
        self.document_files = DocumentFiles(database, clock, look_of=plain_look)
        self.document_runs = DocumentRuns(database, clock, self.documents, self.document_files)
        self.charging = ChargingService(
            database, self.stations, self.access, numbers, self.live, clock, commands=self.commands
        )
        self.network = Network(database, self.directory, self.board, clock)
        self.charging.metered = self.network.metered
        self.messages.board = self.board
        await self.network.load()
        self.reservations = Reservations(database, self.directory, self.access, self.commands, numbers, clock)
        await self.reservations.start()
        self.waiting = WaitingList(database, self.reservations, numbers, clock)
        self.drivers = Drivers(
            database,
            self.directory,
            self.inventory,
            self.access,
            self.charging,
            self.reservations,
            self.waiting,
            self.live,
            clock,
            key=KEY,
        )
        self.sandbox = Sandbox(database, clock)
        providers = PaymentProviders(
            database, clock, [self.sandbox.kind()], key=KEY, public_url="https://csms.example"
        )
        self.payments = Payments(database, providers, clock)
        self.books = Books(database, clock)
        self.wallets = Wallets(database, clock, filling=FillingByPayment(self.payments))
        self.station_groups = StationGroups(database, self.directory, self.link, clock)
        self.desired = DesiredState(
            database,
            self.directory,
            self.link,
            self.commands,
            SessionsAtStations(database),
            clock,
            aspects=[DisplayMessages(database, clock)],
        )
        self.app = _app(
            ApiServices(
                database=database,
                live=self.live,
                board=self.board,
                network=self.network,
                overview=NetworkOverview(database, self.network, clock),
                tenancy=self.tenancy,
                directory=self.directory,
                inventory=self.inventory,
                admissions=self.admissions,
                station_imports=StationImports(database, self.inventory, self.directory, clock),
                commands=self.commands,
                queue=self.queue,
                messages=self.messages,
                device=self.device,
                monitoring=self.monitoring,
                access=self.access,
                token_imports=TokenImports(database, self.access, clock),
                charging=self.charging,
                profiles=self.profiles,
                der=self.der,
                energy_needs=self.energy_needs,
                swaps=self.swaps,
                reservations=self.reservations,
                waiting=self.waiting,
                station_groups=self.station_groups,
                desired=self.desired,
                payments=self.payments,
                books=self.books,
                wallets=self.wallets,
                entities=self.entities,
                documents=self.documents,
                document_files=self.document_files,
                document_runs=self.document_runs,
                sandbox=self.sandbox,
                brandings=self.brandings,
                drivers=self.drivers,
                pricing=self.pricing,
                audit=self.audit,
                notes=self.notes,
                onboarding=self.onboarding,
            ),
            self.config,
        )
        self.server = ApiServer(self.app, host="127.0.0.1", port=0)
        await self.server.start()
        return self

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def client(self, secret: str = "", **headers: str) -> httpx.AsyncClient:
        """A client with this key, or a browser without any yet."""
        sent = dict(headers) | ({"Authorization": f"Bearer {secret}"} if secret else {})
        client = httpx.AsyncClient(base_url=self.address, headers=sent, timeout=60)
        self._open.append(client)
        return client

    async def owner(self) -> Caller:
        caller = await self.tenancy.caller_of_secret(LOCAL_KEY, remote_address="127.0.0.1")
        assert caller is not None
        return caller

    async def key(self, role: Role) -> str:
        owner = await self.owner()
        made = await self.tenancy.keys.make(owner.tenant_id, name=f"a {role} key", role=role, by=owner)
        return made.secret

    async def attended(self, identity: str, version: str = "1.6") -> AttendedStation:
        entry = self.directory.find(identity)
        assert entry is not None
        station = await self.stations.attend(
            entry, version=version, security_profile=1, remote_address="192.0.2.1", at=self.clock.now()
        )
        self.link.connected.add(entry.station_id)
        return station

    async def stop(self) -> None:
        for client in self._open:
            await client.aclose()
        await self.server.stop()
        _idle.setdefault(_shape(self.config), []).append(self.app)
        await self.drivers.stop()
        await self.queue.stop()
        self.tenancy.close()


MakeApi = Callable[..., Any]
