"""Small real chargers with settings, an aspect that knows them, and a network that makes them what they shall be."""

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.events.delivery import Delivery, Subscription
from currant.kit.clock import ManualClock
from currant.kit.errors import Invalid
from currant.kit.event import Event
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.remote import Reset
from currant.stations.commanding.variables import GetVariables, SetVariables, Variable, VariableValue
from currant.stations.commands import CommandService
from currant.stations.desired.aspect import Desired, Refusal, Reported, Step
from currant.stations.desired.model import DeclarationDraft, Scope
from currant.stations.desired.reconciler import ReconcilerConfig
from currant.stations.desired.service import DesiredState
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.drafts import StationDraft
from currant.stations.events import StationBooted
from currant.stations.groups import StationGroups
from currant.stations.inventory import Inventory
from currant.stations.link import NOT_IDLE
from currant.stations.model import (
    Admission,
    AttendedStation,
    BootReport,
    CommandOutcome,
    CommandRecord,
    CommandStatus,
)
from currant.stations.service import StationPolicy, StationService

TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
OK = CommandOutcome(status=CommandStatus.ACCEPTED)
LOST = CommandOutcome(status=CommandStatus.UNANSWERED, reason="The station did not answer in time.")


class Charger:
    """A charger with settings; `refuses`, `forgets` and `after_restart` are names of them."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self.pending: dict[str, str] = {}
        self.refuses: set[str] = set()
        self.forgets: set[str] = set()
        self.after_restart: set[str] = set()
        self.loses_answers = 0
        self.loses_commands = 0
        self.in_session = False
        self.plugs_in_unnoticed = False
        """Whether a session begins in the moment in which something is sent."""
        self.restarts = 0
        self.disturbed = 0
        self.told: list[AnyCommand] = []

    def hear(self, command: AnyCommand) -> CommandOutcome:
        if self.loses_commands:
            self.loses_commands -= 1
            return LOST
        self.told.append(command)
        outcome = self._obey(command)
        if self.loses_answers:
            self.loses_answers -= 1
            return LOST
        return outcome

    def _obey(self, command: AnyCommand) -> CommandOutcome:
        if isinstance(command, SetVariables):
            return CommandOutcome(
                status=CommandStatus.ACCEPTED, variables=tuple(self._set(value) for value in command.values)
            )
        if isinstance(command, GetVariables):
            values = tuple(
                VariableValue(variable=each, value=self.settings.get(each.name), status="Accepted")
                for each in command.variables
            )
            return CommandOutcome(status=CommandStatus.ACCEPTED, variables=values)
        if isinstance(command, Reset):
            self.disturbed += self.in_session
            self.restart()
            return OK
        raise AssertionError(f"Nobody should have sent {command}.")

    def _set(self, value: VariableValue) -> VariableValue:
        name = value.variable.name
        assert value.value is not None
        status = "Accepted"
        if name in self.refuses:
            status = "Rejected"
        elif name in self.after_restart:
            self.pending[name] = value.value
            status = "RebootRequired"
        elif name not in self.forgets:
            self.settings[name] = value.value
        if name.startswith("Idle"):
            self.disturbed += self.in_session
        return VariableValue(variable=value.variable, value=value.value, status=status)

    def restart(self) -> None:
        self.restarts += 1
        self.settings |= self.pending
        self.pending = {}


class Chargers:
    """The link to all of them."""

    def __init__(self) -> None:
        self.by_id: dict[StationId, Charger] = {}
        self.connected: set[StationId] = set()

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
        charger = self.by_id[station_id]
        charger.in_session |= charger.plugs_in_unnoticed
        if only_if_idle and charger.in_session:
            return NOT_IDLE
        return charger.hear(command)

    def is_connected(self, station_id: StationId) -> bool:
        return station_id in self.connected

    def profile_of(self, station_id: StationId) -> int | None:
        return None

    def refresh(self, station_id: StationId) -> None:
        return None

    def drop(self, station_id: StationId, *, reason: str) -> None:
        self.connected.discard(station_id)

    async def has_session(self, tenant_id: TenantId, station_id: StationId) -> bool:
        return self.by_id[station_id].in_session


class Settings:
    """The aspect of these chargers' settings: a key that begins with Idle must not be set during a session."""

    name = "settings"
    order = 10

    def __init__(self) -> None:
        self.known: dict[StationId, dict[str, Reported]] = {}
        self.takes_long: set[str] = set()
        """Keys that stations work on by themselves, as on firmware, without end."""

    def check(self, key: str, value: Any) -> Any:
        if value is not None and not isinstance(value, str):
            raise Invalid("A setting is a text.", field="value")
        return value

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        return dict(self.known.get(station.station_id, {}))

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        return reported is not None and reported.value == desired.value

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        if any(each.key in self.takes_long for each in differing):
            return ()
        unknown = [each.key for each in differing if each.key not in reported]
        if unknown:
            asked = tuple(Variable(name=key) for key in unknown)
            return [Step(command=GetVariables(variables=asked), keys=tuple(unknown))]
        return [
            Step(
                command=SetVariables(
                    values=tuple(
                        VariableValue(variable=Variable(name=each.key), value=each.value) for each in some
                    )
                ),
                keys=tuple(each.key for each in some),
                needs_idle=idle,
            )
            for idle in (False, True)
            if (some := [each for each in differing if each.key.startswith("Idle") is idle])
        ]

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        known = self.known.setdefault(station.station_id, {})
        if record.status is not CommandStatus.ACCEPTED:
            # Whatever was asked may have arrived: ask again before anything else is concluded.
            for key in step.keys:
                known.pop(key, None)
            return {}
        said: dict[str, Refusal | None] = {}
        for value in record.variables:
            key = value.variable.name
            said[key] = None
            if isinstance(step.command, GetVariables):
                known[key] = Reported(key=key, value=value.value, at=NOW)
            elif value.status == "Rejected":
                said[key] = Refusal(reason="The station refused.")
            elif value.status == "RebootRequired":
                known[key] = Reported(key=key, value=value.value, at=NOW, restart_pending=True)
            else:
                # It said so; what it really has is asked.
                known.pop(key, None)
        return said

    def booted(self, station_id: StationId) -> None:
        self.known.pop(station_id, None)


class Desiring:
    """Stations, their chargers, and desired state, on one database. Made anew on the same one it is a restart."""

    def __init__(self, database: Database, *, clock: ManualClock | None = None, node: str = "node-1") -> None:
        self.database = database
        self.clock = clock or ManualClock(NOW)
        self.link = Chargers()
        self.directory = StationDirectory(database, self.clock, key=b"k")
        policy = StationPolicy(tenant_id=TENANT, node=node)
        self.stations = StationService(database, self.directory, self.clock, policy)
        self.inventory = Inventory(database, self.directory, self.link, self.clock)
        self.commands = CommandService(database, self.directory, self.link, Numbers(database), self.clock)
        self.groups = StationGroups(database, self.directory, self.link, self.clock)
        self.settings = Settings()
        self.desired = DesiredState(
            database,
            self.directory,
            self.link,
            self.commands,
            self.link,
            self.clock,
            aspects=[self.settings],
            config=ReconcilerConfig(node=node, per_second=100_000, connect_grace_s=0, look_s=0.02),
            chance=lambda: 0.5,
        )
        reconciler = self.desired.reconciler

        async def told(event: Event) -> None:
            if isinstance(event, StationBooted):
                self.settings.booted(event.station_id)
            await reconciler.follow(event)

        self.delivery = Delivery(
            database, [Subscription(f"desired state of {node}", told, to=(Event,), skip_after=1)]
        )

    async def start(self) -> "Desiring":
        await self.stations.start()
        await self.commands.start()
        await self.delivery.start()
        self.desired.reconciler.start()
        return self

    async def stop(self) -> None:
        await self.desired.reconciler.stop()
        await self.delivery.stop()

    async def add(self, identity: str, *, connected: bool = True, **draft: Any) -> Charger:
        await self.inventory.create_station(
            TENANT, StationDraft(identity=identity, admission=Admission.ACCEPTED, **draft), by="olga"
        )
        charger = Charger()
        self.link.by_id[self.id_of(identity)] = charger
        if connected:
            await self.connect(identity)
        return charger

    async def connect(self, identity: str, *, version: str = "1.6") -> AttendedStation:
        entry = self.directory.find(identity)
        assert entry is not None
        self.link.connected.add(entry.station_id)
        return await self.stations.attend(
            entry, version=version, security_profile=1, remote_address="192.0.2.1", at=self.clock.now()
        )

    async def boot(self, identity: str, **report: str) -> None:
        attended = await self.connect(identity)
        await self.stations.boot(attended, BootReport(**report), at=self.clock.now())

    def disconnect(self, identity: str) -> None:
        self.link.connected.discard(self.id_of(identity))

    def id_of(self, identity: str) -> StationId:
        entry = self.directory.find(identity)
        assert entry is not None
        return entry.station_id

    def charger(self, identity: str) -> Charger:
        return self.link.by_id[self.id_of(identity)]

    async def declare(self, key: str, value: str | None, **more: Any) -> Any:
        scope = more.pop("scope", Scope.ALL)
        options = {name: more.pop(name) for name in ("pace", "why") if name in more}
        draft = DeclarationDraft(scope=scope, aspect="settings", key=key, value=value, **more)
        return await self.desired.declarations.declare(TENANT, [draft], by="olga", **options)

    async def settle(self, rounds: int = 3) -> None:
        """Have everything that can be done now done."""
        for _ in range(rounds):
            await self.delivery.settled()
            await self.desired.reconciler.look_after_rollouts(all_of_them=True)
            await self.delivery.settled()
            await self.desired.reconciler.look_for_due()
            await self.desired.reconciler.settled()

    async def standing(self, identity: str, key: str) -> tuple[str, str]:
        """(standing, cause)."""
        view = await self.desired.overview.of_station(TENANT, identity)
        found = next(each for each in view.keys if each.key == key)
        return found.standing.value, found.cause.value


@asynccontextmanager
async def desiring(database: Database, **options: Any):
    built = await Desiring(database, **options).start()
    try:
        yield built
    finally:
        await built.stop()
