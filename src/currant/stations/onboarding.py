"""Taking a charger in: its place, identity, address and password, and watching it come.

The gateway tells of everybody it turned away (`turned_away`), which is shown at once to whoever
waits; other nodes hear of it through the journal. How far a station has come is computed from
what is known of it whenever somebody asks, so there is nothing that could be out of date.
"""

import asyncio
import secrets
from collections.abc import Callable
from logging import getLogger
from urllib.parse import quote

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.events.board import Board, facts_of
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, CurrantError, Invalid
from currant.kit.event import Event
from currant.kit.ids import LocationId, StationId, TenantId
from currant.kit.qr import svg_of
from currant.stations import onboarding_store as store
from currant.stations.admission import Admissions, entry_of
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.drafts import VERSIONS, StationChange, StationDraft
from currant.stations.events import (
    ConnectorStatusChanged,
    StationAdmitted,
    StationBooted,
    StationChanged,
    StationConnected,
    StationDisconnected,
)
from currant.stations.inventory import Inventory, station_of
from currant.stations.model import Admission, Station, StationSettings
from currant.stations.onboarding_book import TOLD_EVERY_S, TOLD_UNWATCHED_EVERY_S, Book
from currant.stations.onboarding_model import (
    Attempt,
    EnteredCode,
    Facts,
    Knock,
    Onboarding,
    OnboardingDraft,
    OnboardingProgress,
    OnboardingWatched,
    StationTurnedAway,
    Url,
    shown,
)
from currant.stations.onboarding_steps import steps_of
from currant.stations.onboarding_words import NOTES, in_words

log = getLogger(__name__)

TOPIC = "onboarding"
STRANGERS = "strangers"
"""The key of those whom no station fits; shown to the installation's own organisation."""
STRANGERS_SHOWN = 50
SHOWN_AFTER_S = 0.15
IDENTITY_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Those that nobody takes for another when typing them at a charger."""

FOLLOWED: tuple[type[Event], ...] = (
    StationTurnedAway,
    OnboardingWatched,
    StationConnected,
    StationDisconnected,
    StationBooted,
    StationAdmitted,
    StationChanged,
    ConnectorStatusChanged,
)


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where stations reach this installation, without an identity (`wss://host:9443/ocpp`); empty where they do not."""

    plain: str = ""
    tls: str = ""


class OnboardingService:
    """`node` is this node's name; `host_tenant_id` is who sees strangers."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        inventory: Inventory,
        admissions: Admissions,
        board: Board,
        clock: Clock,
        *,
        node: str,
        host_tenant_id: TenantId,
        addresses: Callable[[], Addresses],
    ) -> None:
        self._database = database
        self._directory = directory
        self._inventory = inventory
        self._admissions = admissions
        self._board = board
        self._clock = clock
        self._node = node
        self._host_tenant_id = host_tenant_id
        self._addresses = addresses
        self._book = Book()
        self._known_addresses: dict[StationId, str] = {}
        self._to_show: dict[StationId, TenantId] = {}
        self._showing: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in self._showing:
            task.cancel()
        await asyncio.gather(*self._showing, return_exceptions=True)

    # At the door

    def turned_away(self, knock: Knock) -> None:
        """Somebody could not connect. Called by the gateway, within the connection's own turn: nothing waits."""
        now = self._clock.monotonic()
        entry = knock.entry
        facts: Facts = {name: _shown(value) for name, value in knock.facts.items()}
        identity = shown(knock.identity)
        if entry is None:
            entry, facts = self._probably(knock, facts, now)
        event = StationTurnedAway(
            tenant_id=self._host_tenant_id if entry is None else entry.tenant_id,
            happened_at=self._clock.now(),
            problem=knock.problem,
            remote_address=knock.remote_address,
            node=self._node,
            station_id=None if entry is None else entry.station_id,
            identity=identity or ("" if entry is None else entry.identity),
            path=shown(knock.path),
            version=knock.version,
            encrypted=knock.encrypted,
            facts=facts,
        )
        self._take(event)
        if self._should_tell(event, now):
            changes = ChangeSet(event.tenant_id)
            changes.emit(event)
            self._commit(changes)

    def _probably(self, knock: Knock, facts: Facts, now: float) -> tuple[DirectoryEntry | None, Facts]:
        """Which of the stations that are waited for this may be: by a name nearly the same, or by its address."""
        if knock.identity:
            found = self._book.resembling(knock.identity, now=now)
            entry = None if found is None else self._directory.by_id(found)
            if entry is None:
                return None, facts
            return entry, {**facts, "variant": "similar", "expected": entry.identity}
        found = self._book.last_from(
            knock.remote_address, now=now, known=lambda each: self._known_addresses.get(each, "")
        )
        return (None if found is None else self._directory.by_id(found)), facts

    def _should_tell(self, event: StationTurnedAway, now: float) -> bool:
        book = self._book
        if event.station_id is None:
            every_s = TOLD_EVERY_S if book.any_watched(now=now) else TOLD_UNWATCHED_EVERY_S
            who = f"address {event.remote_address}"
            return book.may_tell(who, event.problem, every_s=every_s, now=now) and book.has_room(now=now)
        watched = book.is_watched(event.station_id, now=now)
        every_s = TOLD_EVERY_S if watched else TOLD_UNWATCHED_EVERY_S
        return book.may_tell(event.station_id, event.problem, every_s=every_s, now=now)

    def _commit(self, changes: ChangeSet) -> None:
        def done(committed: asyncio.Future[None]) -> None:
            error = None if committed.cancelled() else committed.exception()
            if error is not None and not isinstance(error, CurrantError):
                log.error("What the door saw could not be told to other nodes", exc_info=error)

        self._database.commit(changes).add_done_callback(done)

    def _take(self, event: StationTurnedAway) -> None:
        self._book.write(event.station_id, attempt_of(event))
        if event.station_id is not None:
            self._show(event.station_id, event.tenant_id)
        elif self._board.wanted(self._host_tenant_id, TOPIC):
            attempts = [facts_of(attempt) for attempt in self._book.strangers()[:STRANGERS_SHOWN]]
            self._board.show(self._host_tenant_id, TOPIC, STRANGERS, {"attempts": attempts})

    # What happens to stations

    def follow(self, event: Event) -> None:
        """Show what is new of a station somebody waits for: a subscriber of `FOLLOWED`, on every node."""
        if isinstance(event, StationTurnedAway):
            if event.node != self._node:
                self._take(event)
        elif isinstance(event, OnboardingWatched):
            entry = self._directory.by_id(event.station_id)
            if entry is not None:
                self._book.watch(
                    entry.station_id, entry.tenant_id, entry.identity, now=self._clock.monotonic()
                )
        else:
            station_id: StationId = event.station_id  # type: ignore[attr-defined]
            if self._book.is_watched(station_id, now=self._clock.monotonic()):
                if isinstance(event, StationConnected):
                    self._known_addresses[station_id] = event.remote_address
                self._show(station_id, event.tenant_id)

    def _show(self, station_id: StationId, tenant_id: TenantId) -> None:
        """Put a station's progress on the board soon; what comes until then goes with it."""
        if station_id in self._to_show or not self._board.wanted(tenant_id, TOPIC):
            return
        self._to_show[station_id] = tenant_id
        asyncio.get_running_loop().call_later(SHOWN_AFTER_S, self._show_now, station_id)

    def _show_now(self, station_id: StationId) -> None:
        async def show() -> None:
            tenant_id = self._to_show.pop(station_id)
            try:
                progress = await self._progress(tenant_id, station_id)
            except CurrantError:
                return  # the station is gone, or the database away: whoever looks asks again
            self._board.show(tenant_id, TOPIC, station_id, facts_of(progress))

        task = asyncio.get_running_loop().create_task(show(), name=f"onboarding {station_id}")
        self._showing.add(task)
        task.add_done_callback(self._showing.discard)

    # For people

    def strangers(self) -> tuple[Attempt, ...]:
        """Attempts that fit no station, latest first: for the installation's own organisation."""
        return self._book.strangers()

    async def progress(self, tenant_id: TenantId, station: StationId | str) -> OnboardingProgress:
        """How far a station has come; from now on what happens to it is shown live for a while."""
        entry = entry_of(self._directory, tenant_id, station)
        self._watch(entry)
        return await self._progress(tenant_id, entry.station_id)

    def _watch(self, entry: DirectoryEntry) -> None:
        now = self._clock.monotonic()
        if self._book.watch(entry.station_id, entry.tenant_id, entry.identity, now=now):
            changes = ChangeSet(entry.tenant_id)
            changes.emit(
                OnboardingWatched(
                    tenant_id=entry.tenant_id, happened_at=self._clock.now(), station_id=entry.station_id
                )
            )
            self._commit(changes)

    async def _progress(self, tenant_id: TenantId, station_id: StationId) -> OnboardingProgress:
        overview = await self._inventory.get_station(tenant_id, station_id)
        since = await self._database.read(lambda conn: store.password_set_at(conn, tenant_id, station_id))
        if overview.connection.remote_address:
            self._known_addresses[station_id] = overview.connection.remote_address
            while len(self._known_addresses) > 1_000:
                del self._known_addresses[next(iter(self._known_addresses))]
        attempts = self._book.of(station_id)
        steps = steps_of(overview, attempts, since=since or overview.station.created_at)
        return OnboardingProgress(
            station_id=station_id,
            identity=overview.station.identity,
            steps=steps,
            attempts=attempts,
            connected=overview.station.connected,
            ready=steps[-1].state == "done",
        )

    async def begin(self, tenant_id: TenantId, draft: OnboardingDraft, *, by: str) -> Onboarding:
        """Register a charger with its place, and say what is to be entered at it."""
        profile = self._profile(draft.security_profile)
        if draft.location is not None and draft.location_id is not None:
            raise Invalid("Give a place that is there, or a new one: not both.", field="location")
        if draft.version is not None and draft.version not in VERSIONS:
            raise Invalid(f"A version is one of {', '.join(VERSIONS)}.", field="version")
        identity = draft.identity.strip() if draft.identity else self._new_identity()
        known = self._directory.find(identity)
        if known is not None:
            if known.tenant_id != tenant_id or known.admission is not Admission.PENDING:
                raise Conflict(f"A station {identity} exists already.", field="identity")
            station = await self._take_over(known, draft, profile, by=by)
        else:
            station = await self._register(tenant_id, identity, draft, profile, by=by)
        return await self._with_password(tenant_id, station, by=by)

    async def _register(
        self, tenant_id: TenantId, identity: str, draft: OnboardingDraft, profile: int, *, by: str
    ) -> Station:
        """The place, when it is new, and the station in it."""
        described = StationDraft(
            identity=identity,
            location_id=draft.location_id,
            name=draft.name,
            security_profile=profile,
            evses=draft.evses,
            settings=StationSettings(assume_version=draft.version),
        )
        # What is wrong with the station is said before there is a place for it.
        station_of(tenant_id, described, now=self._clock.now())
        if draft.location is None:
            return await self._inventory.create_station(tenant_id, described, by=by)
        place = await self._inventory.create_location(tenant_id, draft.location, by=by)
        try:
            return await self._inventory.create_station(
                tenant_id, msgspec.structs.replace(described, location_id=place.id), by=by
            )
        except CurrantError:
            await self._inventory.delete_location(tenant_id, place.id, by=by)
            raise

    async def _take_over(
        self, known: DirectoryEntry, draft: OnboardingDraft, profile: int, *, by: str
    ) -> Station:
        """A charger that came by itself and waits: it is described, and accepted."""
        tenant_id, location_id = known.tenant_id, draft.location_id
        if draft.location is not None:
            made = await self._inventory.create_location(tenant_id, draft.location, by=by)
            location_id = LocationId(made.id)
        change = StationChange(
            security_profile=profile,
            name=draft.name,
            evses=draft.evses if draft.evses else msgspec.UNSET,
            settings=msgspec.structs.replace(known.settings, assume_version=draft.version)
            if draft.version
            else msgspec.UNSET,
        )
        await self._inventory.update_station(tenant_id, known.station_id, change, by=by)
        return await self._admissions.accept(tenant_id, known.station_id, by=by, location_id=location_id)

    def _new_identity(self) -> str:
        while True:
            identity = "CS-" + "".join(secrets.choice(IDENTITY_LETTERS) for _ in range(6))
            if self._directory.find(identity) is None:
                return identity

    def _profile(self, wanted: int | None) -> int:
        addresses = self._addresses()
        if wanted is None:
            return 2 if addresses.tls else 1
        if wanted >= 2 and not addresses.tls:
            raise Invalid(
                "This installation takes no stations over TLS (`ocpp.tls`): choose security profile 1.",
                field="security_profile",
            )
        if wanted < 2 and not addresses.plain:
            raise Invalid(
                "This installation takes stations over TLS alone (`ocpp.plain`): choose security profile 2.",
                field="security_profile",
            )
        return wanted

    async def new_password(self, tenant_id: TenantId, station: StationId | str, *, by: str) -> Onboarding:
        """A fresh password, where the one before was lost. A connection that stands ends."""
        entry = entry_of(self._directory, tenant_id, station)
        overview = await self._inventory.get_station(tenant_id, entry.station_id)
        return await self._with_password(tenant_id, overview.station, by=by)

    async def _with_password(self, tenant_id: TenantId, station: Station, *, by: str) -> Onboarding:
        profile = station.security_profile
        password = None
        if profile != 0:
            # Also for profile 3: a charger gets its certificate over a connection with a password.
            password = await self._admissions.new_password(tenant_id, station.id, by=by)
        self._book.forget(station.id)
        progress = await self.progress(tenant_id, station.id)
        urls = self._urls(station)
        texts = {"url": urls[0].url if urls else "", "identity": station.identity, "password": password or ""}
        return Onboarding(
            station=station,
            password=password,
            urls=urls,
            qr=tuple(
                EnteredCode(what=what, text=text, svg=svg_of(text)) for what, text in texts.items() if text
            ),
            steps=progress.steps,
            attempts=progress.attempts,
        )

    def _urls(self, station: Station) -> tuple[Url, ...]:
        addresses, wanted = self._addresses(), station.security_profile
        urls: list[Url] = []
        for base, profile in ((addresses.tls, 2), (addresses.plain, 1)):
            if not base or (wanted is not None and (wanted >= 2) != (profile == 2)):
                continue
            shown_profile = profile if wanted is None else wanted
            full = f"{base.rstrip('/')}/{quote(station.identity, safe='')}"
            for url, note in ((full, "with_identity"), (base, "without_identity")):
                code = "certificate_first" if wanted == 3 and note == "with_identity" else note
                urls.append(Url(url=url, security_profile=shown_profile, note_code=code, note=NOTES[code]))
        return tuple(urls)


def attempt_of(event: StationTurnedAway) -> Attempt:
    return Attempt(
        at=event.happened_at,
        remote_address=event.remote_address,
        identity=event.identity,
        path=event.path,
        version=event.version,
        problem=event.problem,
        encrypted=event.encrypted,
        facts=event.facts,
        text=in_words(event.problem, event.facts, identity=event.identity, path=event.path),
    )


def _shown(value: object) -> str | int | float | bool | None:
    return shown(value) if isinstance(value, str) else value  # type: ignore[return-value]
