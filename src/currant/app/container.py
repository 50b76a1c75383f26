"""The whole of Currant put together: built in the order of its layers, taken down in the other.

async with running(settings) as currant:
    await currant.until_stopped()
"""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from currant import __version__
from currant.access.list_keeping import ListKeeping
from currant.access.service import AccessService
from currant.api.server import ApiServer
from currant.app.billing import QuotaCosts, charge_duties, charge_subscriptions, start_charges
from currant.app.bookkeeping import books_duties, start_books
from currant.app.desiring import make_desired_state, prepare_desired_state, start_desired_state
from currant.app.doors import certificates, node_name, open_doors, reachable, server_names
from currant.app.driving import driver_duties, driver_subscriptions, start_drivers
from currant.app.duties import Duties, Duty
from currant.app.forgetting import forget_old
from currant.app.invoicing import invoicing_subscriptions, start_invoicing
from currant.app.live_view import LiveView, live_duties
from currant.app.paying import payment_duties, payment_subscriptions, start_payments
from currant.app.place import Place, Running
from currant.app.pricing import remember_sessions, start_pricing
from currant.app.records import start_records
from currant.app.securing import LinkSecurity, link_security
from currant.app.settings import Settings
from currant.app.settling import settlement_duties, start_settlement
from currant.app.signing_in import start_tenancy
from currant.app.subscriptions import subscriptions
from currant.billing.bank.service import BankService
from currant.billing.books_service import Books
from currant.billing.charges.costs import Costs
from currant.billing.charges.running import RunningCosts
from currant.billing.charges.service import Charges
from currant.billing.documents.filing import DocumentFiles
from currant.billing.documents.receipts import Receipts
from currant.billing.documents.runs import DocumentRuns
from currant.billing.documents.service import Documents
from currant.billing.entities import Entities
from currant.billing.evidence.service import EvidenceService
from currant.billing.onsite.showing import CostShowing
from currant.billing.payments.sandbox import Sandbox
from currant.billing.payments.service import Payments
from currant.billing.settlement.service import Settlement
from currant.billing.wallets import Wallets
from currant.charging.energy_needs import EnergyNeedsService
from currant.charging.network import Network
from currant.charging.policy_use import PolicyUse
from currant.charging.reservations.model import Terms
from currant.charging.reservations.service import Reservations
from currant.charging.reservations.waiting import WaitingList
from currant.charging.service import ChargingService
from currant.charging.swaps import Swaps
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.drivers.selling import Selling
from currant.drivers.service import Drivers
from currant.events.board import Board
from currant.events.delivery import Delivery
from currant.events.live import LiveFeed
from currant.gateway.registry import Registry
from currant.gateway.server import Gateway
from currant.kit.clock import Clock, SystemClock
from currant.kit.http import Outbound
from currant.notices.mail import QueuedMailer
from currant.notices.push import Push
from currant.pki.authority import Authority
from currant.pricing.service import PricingService
from currant.stations.admission import Admissions
from currant.stations.commands import CommandService
from currant.stations.desired.service import DesiredState
from currant.stations.device.monitoring import Monitoring
from currant.stations.device.reading import ModelReader, ReadingPolicy
from currant.stations.device.service import DeviceModel
from currant.stations.directory import StationDirectory
from currant.stations.groups import StationGroups
from currant.stations.inventory import Inventory
from currant.stations.messages import MessageLog
from currant.stations.notes import Notes
from currant.stations.onboarding import OnboardingService
from currant.stations.profiles.der import DerService
from currant.stations.profiles.device import known_to
from currant.stations.profiles.service import ProfileService
from currant.stations.queueing import CommandQueue
from currant.stations.service import StationPolicy, StationService, UnknownStations
from currant.stations.transfers import protocols
from currant.stations.transfers.addressing import Addressing, Bases
from currant.stations.transfers.files import FileLimits, FileService
from currant.stations.transfers.firmware import FirmwareLibrary
from currant.stations.transfers.service import TransferService
from currant.stations.transfers.shelf import Shelf
from currant.tenancy.audit import Audit
from currant.tenancy.branding import Brandings
from currant.tenancy.model import FirstLogin
from currant.tenancy.service import Tenancy

log = logging.getLogger(__name__)


class Currant:
    """A running server: its services, and where it can be reached. Made by `running`."""

    def __init__(self, settings: Settings, place: Place, clock: Clock) -> None:
        self.settings = settings
        self.place = place
        self.clock = clock
        self.first_login: FirstLogin | None = None
        self._stop = asyncio.Event()

    # Set by `running`, in this order.
    authority: Authority
    database: Database
    live: LiveFeed
    board: Board
    network: Network
    tenancy: Tenancy
    mailer: QueuedMailer
    brandings: Brandings
    drivers: Drivers
    push: Push
    directory: StationDirectory
    registry: Registry
    stations: StationService
    admissions: Admissions
    inventory: Inventory
    onboarding: OnboardingService
    audit: Audit
    notes: Notes
    commands: CommandService
    station_groups: StationGroups
    desired: DesiredState
    queue: CommandQueue
    transfers: TransferService
    files: FileService
    firmware: FirmwareLibrary
    messages: MessageLog
    device: DeviceModel
    monitoring: Monitoring
    reader: ModelReader
    profiles: ProfileService
    der: DerService
    energy_needs: EnergyNeedsService
    swaps: Swaps
    outbound: Outbound
    access: AccessService
    pricing: PricingService
    charging: ChargingService
    reservations: Reservations
    waiting: WaitingList
    securing: LinkSecurity
    books: Books
    entities: Entities
    documents: Documents
    document_files: DocumentFiles
    document_runs: DocumentRuns
    receipts: Receipts
    payments: Payments
    sandbox: Sandbox | None
    wallets: Wallets
    evidence: EvidenceService
    charges: Charges
    showing: CostShowing
    running_costs: RunningCosts
    costs: Costs
    selling: Selling
    bank: BankService
    settlement: Settlement
    delivery: Delivery
    gateway: Gateway
    api: ApiServer

    @property
    def api_url(self) -> str:
        """The API's address from this machine."""
        http = self.settings.http
        return f"{'https' if http.tls else 'http'}://{reachable(http.host)}:{self.api.port}"

    @property
    def ocpp_url(self) -> str:
        """Where stations connect without encryption; empty when that is off."""
        port = self.gateway.ports.plain
        return f"ws://{reachable(self.settings.ocpp.host)}:{port}/ocpp/" if port else ""

    @property
    def ocpp_tls_url(self) -> str:
        port = self.gateway.ports.tls
        return f"wss://{reachable(self.settings.ocpp.tls_host)}:{port}/ocpp/" if port else ""

    def stop(self) -> None:
        self._stop.set()

    async def until_stopped(self) -> None:
        """Wait for SIGTERM, SIGINT or `stop`; a second signal does not disturb the orderly end."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop)
        await self._stop.wait()


@asynccontextmanager
async def running(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Currant]:
    """A server that takes stations and requests inside the block, and has kept everything at its end.

    Raises SettingsWrong, StoreUnavailable or OSError (a port is taken) when it cannot start.
    """
    clock = clock or SystemClock()
    place = Place(settings.data_dir)
    place.prepare()
    currant = Currant(settings, place, clock)
    async with AsyncExitStack() as stack:
        stack.enter_context(place.held())
        await _open_store(currant, stack)
        await _start_services(currant, stack)
        await open_doors(currant, stack)
        stack.enter_context(
            place.announced(
                Running(
                    pid=os.getpid(),
                    version=__version__,
                    api=currant.api_url,
                    ocpp=currant.ocpp_url,
                    ocpp_tls=currant.ocpp_tls_url,
                    root=str(currant.authority.root)
                    if settings.http.tls and not settings.tls.certificate
                    else "",
                )
            )
        )
        _calm_the_collector()
        yield currant
        log.info("Stopping: no new connections, stations are told to come back later.")


def _calm_the_collector() -> None:
    """What was made until now stays; look for cycles among the new far less often than Python would.

    A message makes hundreds of objects and hardly a cycle: with the default threshold (700) a
    collection runs every few messages, and the oldest generation holds every connection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _open_store(currant: Currant, stack: AsyncExitStack) -> None:
    settings, place, clock = currant.settings, currant.place, currant.clock
    # Making RSA keys and running migrations take time; nothing else happens yet, so they share it.
    opening = asyncio.to_thread(Database.open, settings.database_url, clock=clock)
    public_url = settings.certificates.public_url.rstrip("/")
    making = asyncio.to_thread(
        Authority.open,
        place.pki,
        clock=clock,
        organisation=settings.operator,
        crl_url=f"{public_url}/pki/crl.der" if public_url else "",
    )
    currant.database, currant.authority = await asyncio.gather(opening, making)
    stack.push_async_callback(currant.database.close)
    currant.live, currant.board = LiveFeed(), Board(clock)


async def _start_services(currant: Currant, stack: AsyncExitStack) -> None:
    settings, place, clock, database = currant.settings, currant.place, currant.clock, currant.database
    installation_key = place.installation_key()
    currant.outbound = Outbound(allow_private=settings.outbound.allow_private_addresses)
    stack.push_async_callback(currant.outbound.close)
    await start_tenancy(currant, stack, names=server_names(settings))

    numbers = Numbers(database)
    currant.registry = Registry()
    currant.directory = StationDirectory(database, clock, key=installation_key)
    policy = StationPolicy(
        unknown_stations=UnknownStations(settings.ocpp.unknown_stations.value),
        tenant_id=currant.tenancy.host_tenant_id,
        heartbeat_interval_s=settings.ocpp.heartbeat_interval_s,
        node=node_name(settings),
    )
    currant.stations = StationService(database, currant.directory, clock, policy)
    await currant.stations.start()
    stack.callback(currant.stations.flush_findings)
    currant.admissions = Admissions(database, currant.directory, currant.registry, clock)
    currant.inventory = Inventory(database, currant.directory, currant.registry, clock)
    await start_records(currant, stack, node=node_name(settings), names=server_names(settings))
    currant.commands = CommandService(database, currant.directory, currant.registry, numbers, clock)
    await currant.commands.start()
    currant.queue = CommandQueue(database, currant.directory, currant.registry, currant.commands, clock)
    await currant.queue.start()
    stack.push_async_callback(currant.queue.stop)
    currant.messages = MessageLog(database, clock)
    currant.device = DeviceModel(database, clock, key=installation_key)
    stack.push_async_callback(currant.device.stop)
    currant.monitoring = Monitoring(database, currant.device, clock)
    currant.reader = ModelReader(
        database,
        currant.device,
        currant.registry,
        clock,
        ReadingPolicy(
            at_once=settings.variables.read_at_once,
            max_age=timedelta(days=settings.variables.read_after_days),
        ),
    )
    await _start_transfers(currant, stack, numbers, installation_key)
    await _start_smart_charging(currant, stack, numbers)
    currant.access = AccessService(database, clock, outbound=currant.outbound, cost_of=QuotaCosts(currant))
    await start_pricing(currant)
    currant.securing = await stack.enter_async_context(
        link_security(
            settings,
            authority=currant.authority,
            database=database,
            directory=currant.directory,
            registry=currant.registry,
            stations=currant.stations,
            commands=currant.commands,
            inventory=currant.inventory,
            clock=clock,
            stations_url=f"wss://{server_names(settings)[0]}:{settings.ocpp.tls_port}/ocpp",
            plain_url=f"ws://{server_names(settings)[0]}:{settings.ocpp.port}/ocpp",
        )
    )
    await currant.access.authorisers.start()
    stack.push_async_callback(currant.access.authorisers.stop)
    currant.charging = ChargingService(
        database, currant.stations, currant.access, numbers, currant.live, clock, commands=currant.commands
    )
    await numbers.prepare("session")
    currant.network = Network(database, currant.directory, currant.board, clock)
    currant.charging.metered = currant.network.metered
    currant.messages.board = currant.board
    await _start_reservations(currant, stack, numbers)

    await start_payments(currant, stack)
    start_books(currant)
    start_invoicing(currant, stack)
    currant.evidence = EvidenceService(database, currant.charging, clock)
    start_settlement(currant)
    start_charges(currant, stack)
    remember_sessions(currant)
    await start_drivers(currant, stack, names=server_names(settings), mailer=currant.mailer)

    make_desired_state(currant, node=node_name(settings))
    await prepare_desired_state(currant)
    currant.delivery = Delivery(
        database,
        subscriptions(
            node=node_name(settings),
            securing=currant.securing,
            directory=currant.directory,
            access=currant.access,
            lists=ListKeeping(database, currant.commands, currant.queue, clock),
            charging=currant.charging,
            reservations=currant.reservations,
            waiting=currant.waiting,
            queue=currant.queue,
            transfers=currant.transfers,
            profiles=currant.profiles,
            der=currant.der,
            energy_needs=currant.energy_needs,
            desired=currant.desired,
            live=LiveView(currant.live, currant.board, currant.network, currant.charging, currant.directory),
            brandings=currant.brandings,
            pricing=currant.pricing,
            charges=charge_subscriptions(currant, node=node_name(settings)),
            documents=invoicing_subscriptions(currant.receipts),
            drivers=driver_subscriptions(currant.drivers, currant.push, node=node_name(settings)),
            payments=payment_subscriptions(currant.payments, node=node_name(settings)),
            onboarded=currant.onboarding,
            evidence=currant.evidence,
            audit=currant.audit,
        ),
    )
    await currant.delivery.start()
    # What other nodes published between our first look and our place in the journal.
    await currant.pricing.start()
    stack.push_async_callback(currant.delivery.stop)
    await currant.network.load()
    start_desired_state(currant, stack)
    duties = Duties(database, duties_of(currant))
    duties.start()
    stack.push_async_callback(duties.stop)


async def _start_reservations(currant: Currant, stack: AsyncExitStack, numbers: Numbers) -> None:
    database, clock, terms = currant.database, currant.clock, reservation_terms(currant.settings)
    currant.reservations = Reservations(
        database, currant.directory, currant.access, currant.commands, numbers, clock, terms
    )
    await currant.reservations.start()
    stack.push_async_callback(currant.reservations.stop)
    currant.waiting = WaitingList(database, currant.reservations, numbers, clock, terms)


def reservation_terms(settings: Settings) -> Terms:
    wanted = settings.reservations
    return Terms(
        lead=timedelta(minutes=wanted.lead_minutes),
        grace=timedelta(minutes=wanted.grace_minutes),
        usual_length=timedelta(minutes=wanted.usual_minutes),
        max_length=timedelta(minutes=wanted.max_minutes),
        max_ad_hoc=timedelta(minutes=wanted.max_ad_hoc_minutes),
        min_notice=timedelta(minutes=wanted.min_notice_minutes),
        max_ahead=timedelta(days=wanted.max_days_ahead),
        open_per_token=wanted.open_per_token,
        open_per_account=wanted.open_per_account,
        call_hold=timedelta(minutes=wanted.call_minutes),
        max_wait=timedelta(hours=wanted.max_wait_hours),
        waiting_per_location=wanted.waiting_per_location,
        # Whoever tells a station has two minutes for it before somebody else takes over.
        answer_within_s=min(settings.ocpp.call_timeout_s, 60.0),
    )


async def _start_smart_charging(currant: Currant, stack: AsyncExitStack, numbers: Numbers) -> None:
    database, commands, clock = currant.database, currant.commands, currant.clock
    currant.profiles = ProfileService(
        database, currant.directory, commands, numbers, clock, known=known_to(currant.device)
    )
    await currant.profiles.start()
    currant.der = DerService(database, commands, clock)
    currant.swaps = Swaps(database)
    currant.energy_needs = EnergyNeedsService(database, currant.profiles, commands, clock)
    stack.push_async_callback(currant.energy_needs.stop)


async def _start_transfers(
    currant: Currant, stack: AsyncExitStack, numbers: Numbers, installation_key: bytes
) -> None:
    settings, database, clock, files = (
        currant.settings,
        currant.database,
        currant.clock,
        currant.settings.files,
    )
    shelf = Shelf(
        files.folder or currant.place.folder / "files",
        node=node_name(settings),
        free_bytes_min=files.free_disk_mb * 1_000_000,
    )
    await asyncio.to_thread(shelf.prepare)
    stack.callback(shelf.close)
    limits = FileLimits(
        upload_bytes=files.upload_max_mb * 1_000_000,
        firmware_bytes=files.firmware_max_mb * 1_000_000,
        tenant_bytes=files.organisation_max_mb * 1_000_000,
        keep_for=timedelta(days=files.keep_days),
    )
    addressing = Addressing(installation_key, lambda: _file_bases(currant), clock)
    currant.transfers = TransferService(
        database,
        currant.directory,
        currant.commands,
        currant.inventory,
        currant.registry,
        numbers,
        addressing,
        clock,
        protocols_of=protocols.known_to(currant.device),
        queue=currant.queue,
    )
    await currant.transfers.start()
    currant.files = FileService(database, shelf, currant.transfers, addressing, clock, limits)
    currant.firmware = FirmwareLibrary(database, shelf, currant.files, clock, limits)


def _file_bases(currant: Currant) -> Bases:
    """Where stations reach files: as it was set, or as far as this machine can know it."""
    http, files = currant.settings.http, currant.settings.files
    public = files.public_url
    if not public:
        open_to_all = http.host in ("0.0.0.0", "::", "")
        host = server_names(currant.settings)[0] if open_to_all else reachable(http.host)
        public = f"{'https' if http.tls else 'http'}://{host}:{http.port or currant.api.port}"
    return Bases(public=public, plain=files.plain_url)


def duties_of(currant: Currant) -> list[Duty]:
    """What is done again and again, how often, and by whom."""
    settings, clock = currant.settings, currant.clock

    async def close_zombies() -> None:
        await currant.charging.reap(clock.now())

    async def tend_reservations() -> None:
        await currant.reservations.tend(clock.now())

    async def tend_waiting() -> None:
        await currant.waiting.tend(clock.now())

    async def renew_certificates() -> None:
        # Asking for them renews those that end soon; the operator's own may have been replaced as files.
        await asyncio.to_thread(certificates, currant)
        if settings.ocpp.tls:
            currant.gateway.reload_certificates()
        currant.api.reload_certificate()

    return [
        Duty(name="closing of zombie sessions", every_s=60, run=close_zombies, first_s=60),
        Duty(name="reservations", every_s=5, run=tend_reservations, first_s=2),
        Duty(name="waiting lists", every_s=30, run=tend_waiting, first_s=10),
        Duty(
            name="stopping of exhausted sessions",
            every_s=30,
            run=PolicyUse(currant.access, currant.charging).stop_exhausted,
            first_s=30,
        ),
        Duty(name="giving up of silent transfers", every_s=60, run=currant.transfers.sweep, first_s=60),
        Duty(name="reading of variables", every_s=15, run=currant.reader.round, first_s=45, alone=False),
        *live_duties(currant),
        *books_duties(currant),
        Duty(name="retention", every_s=3600, run=lambda: forget_old(currant), first_s=120),
        Duty(
            name="renewal of certificates", every_s=86_400, run=renew_certificates, first_s=3600, alone=False
        ),
        *settlement_duties(currant),
        *driver_duties(currant),
        *charge_duties(currant),
        *payment_duties(currant),
        *currant.securing.duties(),
    ]
