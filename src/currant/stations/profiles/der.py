"""DER controls as operators set them, and what is known of those that stations have (2.1 block R)."""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.ids import StationId, TenantId, new_id
from currant.stations import paging
from currant.stations.commanding.der import ClearDerControls, DerControl, GetDerControls, SetDerControl
from currant.stations.commands import DEADLINE_S, CommandService
from currant.stations.events import CommandEnded
from currant.stations.model import AttendedStation, CommandRecord, CommandStatus, Page
from currant.stations.profiles import der_store
from currant.stations.profiles.der_model import (
    DerAlarm,
    DerAlarmEnded,
    DerAlarmRaised,
    DerControlsChanged,
    InstalledControl,
)
from currant.stations.profiles.noted import Noted

_ABOUT_CONTROLS = frozenset({"SetDerControl", "GetDerControls", "ClearDerControls"})


class DerService:
    """Sets and clears controls; keeps what stations have, what of it is in force, and their alarms."""

    def __init__(self, database: Database, commands: CommandService, clock: Clock) -> None:
        self._database = database
        self._commands = commands
        self._clock = clock
        self._noted = Noted()

    async def give(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        command: SetDerControl | GetDerControls | ClearDerControls,
        *,
        by: str,
        deadline_s: float = DEADLINE_S,
    ) -> CommandRecord:
        """Give a command about controls and keep what came of it before answering."""
        record = await self._commands.give(tenant_id, station, command, by=by, deadline_s=deadline_s)
        await self.note(record)
        return record

    async def controls(self, tenant_id: TenantId, station_id: StationId) -> list[InstalledControl]:
        """What the station is known to have, by id."""
        return await self._database.read(lambda conn: der_store.controls_of(conn, tenant_id, station_id))

    async def alarms(
        self, tenant_id: TenantId, station_id: StationId, *, cursor: str | None = None, limit: int = 100
    ) -> Page[DerAlarm]:
        """A station's alarms, latest first; one without an end is under way."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        found = await self._database.read(
            lambda conn: der_store.search_alarms(conn, tenant_id, station_id, before=before, limit=limit + 1)
        )
        return paging.page(found, limit, lambda alarm: paging.encode(alarm.id))

    # What came of commands

    async def command_ended(self, event: CommandEnded) -> None:
        """A subscriber: whoever gave a command, what it changed is kept."""
        if event.command in _ABOUT_CONTROLS and event.command_id not in self._noted:
            await self.note(await self._commands.get(event.tenant_id, event.command_id))

    async def note(self, record: CommandRecord) -> None:
        command, station_id = record.command, record.station_id
        accepted = record.status is CommandStatus.ACCEPTED
        answer = record.answer or {}
        at = record.ended_at or record.asked_at

        def keep(conn: Connection, changes: ChangeSet) -> None:
            before = der_store.controls_of(conn, record.tenant_id, station_id)
            if isinstance(command, SetDerControl) and accepted:
                _set(changes, station_id, command.control, answer.get("supersededIds") or (), before, at)
            elif isinstance(command, ClearDerControls) and (accepted or answer.get("status") == "NotFound"):
                _remove(changes, station_id, [f for f in before if _meant(command, f.control)], at)
            elif isinstance(command, GetDerControls) and accepted and answer.get("complete"):
                silent = [f for f in before if _meant(command, f.control) and f.changed_at < record.asked_at]
                _remove(changes, station_id, silent, at)

        async with self._noted.once(record.id) as due:
            if due:
                await self._database.decide(keep, record.tenant_id)

    # What stations say

    async def reported(
        self, station: AttendedStation, found: list[tuple[DerControl, bool]], *, at: datetime
    ) -> None:
        """Keep what a station says it has: controls, and whether each is superseded."""

        def keep(conn: Connection, changes: ChangeSet) -> None:
            before = {
                known.control.id: known
                for known in der_store.controls_of(conn, station.tenant_id, station.station_id)
            }
            news = []
            for control, superseded in found[: der_store.CONTROLS_MAX]:
                known = before.get(control.id)
                if known is None or known.control != control or known.superseded != superseded:
                    news.append(control.id)
                der_store.save_control(
                    changes,
                    InstalledControl(
                        station_id=station.station_id,
                        control=control,
                        superseded=superseded,
                        started=known is not None and known.started,
                        installed_at=at if known is None else known.installed_at,
                        changed_at=at,
                    ),
                )
            if news:
                changes.emit(_changed(station.tenant_id, station.station_id, at, set=tuple(news)))

        await self._database.decide(keep, station.tenant_id)

    async def started_or_stopped(
        self,
        station: AttendedStation,
        control_id: str,
        *,
        started: bool,
        superseded: tuple[str, ...],
        at: datetime,
    ) -> None:
        """A scheduled control came into force, perhaps in the place of others, or is over (R04.FR.20 to .22)."""
        # By our clock: it is held against the times of commands.
        now = self._clock.now()

        def keep(conn: Connection, changes: ChangeSet) -> None:
            for known in der_store.controls_of(conn, station.tenant_id, station.station_id):
                if known.control.id == control_id:
                    if started:
                        der_store.save_control(changes, replace(known, started=True, changed_at=now))
                    else:
                        # R04.FR.10: a station deletes a scheduled control once its time is over.
                        der_store.remove_control(changes, station.station_id, control_id)
                elif known.control.id in superseded:
                    der_store.save_control(
                        changes, replace(known, superseded=True, started=False, changed_at=now)
                    )
            changes.emit(
                _changed(
                    station.tenant_id,
                    station.station_id,
                    at,
                    started=(control_id,) if started else (),
                    stopped=() if started else (control_id,),
                    superseded=superseded,
                )
            )

        await self._database.decide(keep, station.tenant_id)

    async def alarm(
        self, station: AttendedStation, kind: str, fault: str, *, ended: bool, info: str, at: datetime
    ) -> None:
        """A control takes over for a fault of the grid, another one does, or none does any more (R05)."""
        tenant_id, station_id = station.tenant_id, station.station_id

        def keep(conn: Connection, changes: ChangeSet) -> None:
            # R05.FR.04: there are no levels of alarm; a new control ends what another one began.
            for alarm in der_store.open_alarms(conn, tenant_id, station_id):
                der_store.end_alarm(changes, alarm.id, at=max(at, alarm.began_at))
            if ended:
                changes.emit(
                    DerAlarmEnded(
                        tenant_id=tenant_id,
                        happened_at=at,
                        station_id=station_id,
                        control_kind=kind,
                        fault=fault,
                    )
                )
                return
            der_store.insert_alarm(
                changes,
                DerAlarm(id=new_id(), station_id=station_id, kind=kind, fault=fault, began_at=at, info=info),
            )
            changes.emit(
                DerAlarmRaised(
                    tenant_id=tenant_id,
                    happened_at=at,
                    station_id=station_id,
                    control_kind=kind,
                    fault=fault,
                    info=info,
                )
            )

        await self._database.decide(keep, tenant_id)


def _set(
    changes: ChangeSet,
    station_id: StationId,
    control: DerControl,
    superseded: list[str] | tuple[str, ...],
    before: list[InstalledControl],
    at: datetime,
) -> None:
    """R04.FR.08: the station names what the new control takes the place of, which may be the new one itself."""
    if any(known.control.id == control.id and known.changed_at > at for known in before):
        # The station has said more of it since: the event came late, or a second time.
        return
    for known in before:
        if known.control.id in superseded and known.control.id != control.id:
            der_store.save_control(changes, replace(known, superseded=True, started=False, changed_at=at))
    der_store.save_control(
        changes,
        InstalledControl(
            station_id=station_id,
            control=control,
            superseded=control.id in superseded,
            installed_at=at,
            changed_at=at,
        ),
    )
    changes.emit(_changed(changes.tenant_id, station_id, at, set=(control.id,), superseded=tuple(superseded)))


def _remove(changes: ChangeSet, station_id: StationId, gone: list[InstalledControl], at: datetime) -> None:
    for found in gone:
        der_store.remove_control(changes, station_id, found.control.id)
    if gone:
        changes.emit(
            _changed(changes.tenant_id, station_id, at, removed=tuple(found.control.id for found in gone))
        )


def _meant(command: ClearDerControls | GetDerControls, control: DerControl) -> bool:
    """R04.FR.33 to .35, .44, .45: what is not named matches anything."""
    return (
        (command.default is None or control.default == command.default)
        and (command.id is None or control.id == command.id)
        and (command.kind is None or control.kind == command.kind)
    )


def _changed(
    tenant_id: TenantId, station_id: StationId, at: datetime, **what: tuple[str, ...]
) -> DerControlsChanged:
    return DerControlsChanged(tenant_id=tenant_id, happened_at=at, station_id=station_id, **what)
