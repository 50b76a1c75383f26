"""What stations are told to do: recorded first, sent over the link, and ended with what came of it."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError, Invalid, NotFound
from currant.kit.ids import BatchId, CommandId, StationId, TenantId, new_id
from currant.stations import paging, store
from currant.stations.admission import entry_of
from currant.stations.commanding import AnyCommand, der, displays, lists, profiles, rules, variables
from currant.stations.commanding.remote import RequestBatterySwap, Reset, StartCharging, Trigger
from currant.stations.commanding.secrets import masked, masked_values
from currant.stations.commanding.variables import GetVariables, SetVariables
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.events import CommandEnded
from currant.stations.link import StationLink
from currant.stations.model import Admission, CommandOutcome, CommandRecord, CommandStatus, Page

DEADLINE_S = 30.0
DEADLINE_MAX_S = 600.0
REPORT_DEADLINE_S = 120.0
"""For commands whose answer comes in parts, after the answer."""
REMOTE_STARTS = "remote_start"
"""The name of the numbers that remote starts are counted by."""
REMOTE_START_WITHIN = timedelta(minutes=10)
"""How long after a remote start its session may begin: a driver still has to plug in."""
REMOTE_START_TOLD_WITHIN = timedelta(days=1)
"""How long after a remote start a session may still say that it answers it: its station may have been offline."""
ABANDONED_AFTER = timedelta(minutes=15)

# Allowed before a station is accepted: what finds out what it is, and sets it right (2.x B02.FR.06 to .08).
BEFORE_ACCEPTANCE = (Reset, Trigger, GetVariables, SetVariables, variables.GetReport)


# Outcomes after which the station may do what it was told.
MAY_HAVE_ARRIVED = (
    CommandStatus.SENT,
    CommandStatus.ACCEPTED,
    CommandStatus.SCHEDULED,
    CommandStatus.UNANSWERED,
    CommandStatus.FAILED,
)


class StationNotAccepted(CurrantError):
    """The station does not take part in the network yet, or not any more."""

    code = "station_not_accepted"
    status = 409


class CommandService:
    """Gives commands and keeps what came of them."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        link: StationLink,
        numbers: Numbers,
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._link = link
        self._numbers = numbers
        self._clock = clock

    async def start(self) -> None:
        """Make ready; end the commands whose answers a stopped process was waiting for."""
        await self._numbers.prepare(REMOTE_STARTS)
        now = self._clock.now()
        await self._database.decide(
            lambda conn, _: store.records.end_abandoned_commands(
                conn,
                asked_before=now - ABANDONED_AFTER,
                now=now,
                reason="Currant stopped while it waited for the answer.",
            ),
            TenantId(""),
        )

    async def give(
        self,
        tenant_id: TenantId,
        station_id: StationId | str,
        command: AnyCommand,
        *,
        by: str,
        deadline_s: float | None = None,
        recorded_after: bool = False,
        only_if_idle: bool = False,
    ) -> CommandRecord:
        """Tell a station (by id or identity) to do something, and wait for what comes of it.

        It is recorded before it is sent, or with `recorded_after` once it has ended: that is for questions,
        which change nothing at the station, and of which many are asked. With `only_if_idle` it is not sent
        during a session (`link.NOT_IDLE`). Every outcome is a value. Raises NotFound, Invalid, or StationNotAccepted when the station may
        not be told this, before anything is recorded or sent.
        """
        entry = self.told(tenant_id, station_id, command)
        if deadline_s is not None and not 0 < deadline_s <= DEADLINE_MAX_S:
            raise Invalid(f"A deadline is at most {DEADLINE_MAX_S:.0f} seconds.", field="deadline_s")
        command = self.numbered(command)
        record = self._record(entry, command, by)
        if not recorded_after:
            await self._begin(record)
        if deadline_s is None:
            deadline_s = deadline_of(command)
        outcome = await self._link.send(
            entry.station_id, command, deadline_s=deadline_s, only_if_idle=only_if_idle
        )
        return await self.end(record, outcome, is_new=recorded_after)

    def numbered(self, command: AnyCommand) -> AnyCommand:
        """The command with the number that its effects are told by, where it has one."""
        if isinstance(command, StartCharging) and command.remote_start_id is None:
            return msgspec.structs.replace(command, remote_start_id=self._numbers.take(REMOTE_STARTS))
        if isinstance(command, RequestBatterySwap) and command.request_id is None:
            return msgspec.structs.replace(command, request_id=self._numbers.take(REMOTE_STARTS))
        return command

    async def send(self, record: CommandRecord) -> CommandOutcome:
        """Send a recorded command over the link, and wait for what comes of it."""
        return await self._link.send(
            record.station_id, record.command, deadline_s=deadline_of(record.command)
        )

    async def turn_down(
        self, tenant_id: TenantId, station_id: StationId | str, command: AnyCommand, *, by: str, reason: str
    ) -> CommandRecord:
        """Record a command that is refused here, and why, without troubling the station."""
        record = self._record(self.told(tenant_id, station_id, command), command, by)
        outcome = CommandOutcome(status=CommandStatus.REFUSED, reason=reason)
        return await self.end(record, outcome, is_new=True)

    def told(self, tenant_id: TenantId, station_id: StationId | str, command: AnyCommand) -> DirectoryEntry:
        """The station (by id or identity), if it may be told this; raises as `give` does."""
        entry = entry_of(self._directory, tenant_id, station_id)
        _check_allowed(entry.admission, command)
        rules.check(command, now=self._clock.now())
        return entry

    def _record(self, entry: DirectoryEntry, command: AnyCommand, by: str) -> CommandRecord:
        return CommandRecord(
            id=CommandId(new_id()),
            tenant_id=entry.tenant_id,
            station_id=entry.station_id,
            # The station gets the password, the record does not.
            command=masked(command),
            asked_by=by,
            asked_at=self._clock.now(),
            status=CommandStatus.SENT,
        )

    async def _begin(self, record: CommandRecord) -> None:
        changes = ChangeSet(record.tenant_id)
        store.records.insert_command(changes, record, kind_of(record.command))
        await self._database.commit(changes)

    async def end(
        self, record: CommandRecord, outcome: CommandOutcome, *, is_new: bool = False
    ) -> CommandRecord:
        """Keep what came of a command, and tell of it; `is_new` when nothing of it is kept yet."""
        now = self._clock.now()
        outcome = msgspec.structs.replace(outcome, variables=masked_values(outcome.variables))
        changes = ChangeSet(record.tenant_id)
        ended = msgspec.structs.replace(
            record,
            status=outcome.status,
            reason=outcome.reason,
            answer=outcome.answer,
            variables=outcome.variables,
            report=outcome.report,
            ended_at=now,
        )
        if is_new:
            store.records.insert_command(changes, ended, kind_of(ended.command))
        else:
            store.records.end_command(changes, record.tenant_id, record.id, outcome, now=now)
        self.tell_ended(changes, ended)
        await self._database.commit(changes)
        return ended

    @staticmethod
    def tell_ended(changes: ChangeSet, record: CommandRecord) -> None:
        """Add the event of a command that has ended."""
        assert record.ended_at is not None, "It has ended."
        changes.emit(
            CommandEnded(
                tenant_id=record.tenant_id,
                happened_at=record.ended_at,
                command_id=record.id,
                station_id=record.station_id,
                command=kind_of(record.command),
                status=record.status,
                reason=record.reason,
                asked_by=record.asked_by,
            )
        )

    async def get(self, tenant_id: TenantId, command_id: CommandId) -> CommandRecord:
        found = await self._database.read(lambda conn: store.records.command(conn, tenant_id, command_id))
        if found is None:
            raise NotFound(f"There is no command {command_id}.", field="command", command=command_id)
        return found

    async def list(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        kind: str | None = None,
        status: CommandStatus | None = None,
        batch_id: BatchId | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[CommandRecord]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.records.search_commands(
                conn,
                tenant_id,
                station_id=station_id,
                kind=kind,
                status=status,
                batch_id=batch_id,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda record: paging.encode(record.id))

    def remote_start_of(
        self,
        conn: Connection,
        tenant_id: TenantId,
        station_id: StationId,
        *,
        token_uid: str,
        evse: int | None,
        at: datetime,
    ) -> int | None:
        """The remote start that a session beginning `at` follows, for OCPP 1.6, whose StartTransaction does not say.

        It is the latest one of the last ten minutes for this token that the station did not refuse, and
        that named this EVSE or none. `at` is by our clock.
        """
        recent = store.records.recent_commands(
            conn, tenant_id, station_id, "StartCharging", since=at - REMOTE_START_WITHIN, limit=20
        )
        for record in recent:
            command = record.command
            assert isinstance(command, StartCharging)
            if record.status in MAY_HAVE_ARRIVED and (
                command.token_uid.casefold() == token_uid.casefold()
                and (command.evse is None or evse is None or command.evse == evse)
            ):
                return command.remote_start_id
        return None

    def remote_start(
        self,
        conn: Connection,
        tenant_id: TenantId,
        station_id: StationId,
        remote_start_id: int,
        *,
        at: datetime,
    ) -> StartCharging | None:
        """The remote start of this number, where the station may have got it. `at` is by our clock."""
        recent = store.records.recent_commands(
            conn, tenant_id, station_id, "StartCharging", since=at - REMOTE_START_TOLD_WITHIN, limit=100
        )
        for record in recent:
            command = record.command
            assert isinstance(command, StartCharging)
            if record.status in MAY_HAVE_ARRIVED and command.remote_start_id == remote_start_id:
                return command
        return None


def kind_of(command: AnyCommand) -> str:
    """The command's name, as it is tagged in JSON and asked for in filters."""
    return type(command).__name__


REPORTING = (
    variables.GetReport,
    variables.GetMonitoringReport,
    profiles.GetChargingProfiles,
    displays.GetDisplayMessages,
    displays.GetCustomerInformation,
    der.GetDerControls,
    lists.SendLocalList,
)


def deadline_of(command: AnyCommand) -> float:
    """How long a command is waited for where nobody says."""
    whole = isinstance(command, GetVariables) and not command.variables
    return REPORT_DEADLINE_S if whole or isinstance(command, REPORTING) else DEADLINE_S


def _check_allowed(admission: Admission, command: AnyCommand) -> None:
    if admission is Admission.ACCEPTED or isinstance(command, BEFORE_ACCEPTANCE):
        return
    raise StationNotAccepted(
        f"The station is {admission.value}: accept it first. "
        "Until then it can only be reset, triggered, and have its variables read and set.",
        admission=admission.value,
    )
