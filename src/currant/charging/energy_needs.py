"""Vehicles that tell their needs are offered a schedule; those that plan beyond it are offered a new one.

The station is answered first, once the needs are durable. The offer follows as a task of its own, well
within the 60 seconds that ISO 15118 leaves for it (K15.FR.08): a call to a station takes as long as that
station does, and nobody else waits for it.
"""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.charging import needs as rules
from currant.charging import needs_store as store
from currant.charging.events import SessionEnded, SessionStarted
from currant.charging.model import Session, StationSessions
from currant.charging.needs import Bounds, EnergyNeeds
from currant.charging.needs_model import (
    ChargingPlanTold,
    EnergyNeedsTold,
    EnergyRecord,
    NeedsAnswer,
    PriorityChargingChanged,
)
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError, NotFound
from currant.kit.ids import SessionId, StationId, TenantId
from currant.stations.commanding.profiles import (
    AllowEnergyTransfer,
    ChargingSchedule,
    ProfileKind,
    ProfilePurpose,
    SetChargingProfile,
)
from currant.stations.commands import CommandService
from currant.stations.events import CommandEnded
from currant.stations.model import AttendedStation, CommandStatus
from currant.stations.profiles.model import ChargingLimitChanged, ChargingLimitCleared, InstalledProfile
from currant.stations.profiles.service import ProfileService

log = logging.getLogger(__name__)

BY = "currant: charging needs"
OFFER_DEADLINE_S = 45.0
TASKS_MAX = 1_000
# Needs that came before their transaction wait so long for it.
WAITING_MAX = 10_000
LIMITS_MAX = 10
"""Sources of limits from outside that an offer looks at; a place with more has other problems."""
WAIT_FOR = timedelta(seconds=60)
RENEGOTIATIONS_MAX = 10
"""A vehicle that never keeps to what it is offered is left to the station's own limits."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Needs of a vehicle whose transaction has not begun."""

    needs: EnergyNeeds
    at: datetime


class EnergyNeedsService:
    """Keeps what vehicles need, answers for it, offers schedules, and judges vehicles' plans."""

    def __init__(
        self, database: Database, profiles: ProfileService, commands: CommandService, clock: Clock
    ) -> None:
        self._database = database
        self._profiles = profiles
        self._commands = commands
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[tuple[StationId, int], Waiting] = {}
        self._turns: WeakValueDictionary[SessionId, asyncio.Lock] = WeakValueDictionary()

    async def stop(self) -> None:
        """Let go of offers under way; a station that hears none goes by its defaults."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until every offer that is under way has been answered."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # What stations tell

    async def told(
        self,
        station: AttendedStation,
        sessions: StationSessions,
        evse: int,
        needs: EnergyNeeds,
        *,
        at: datetime,
    ) -> NeedsAnswer:
        """A vehicle's needs: kept with its session, answered, and an offer on its way (K15, K17, K18)."""
        session = sessions.at(evse)
        if not rules.can_offer(needs) or len(self._tasks) >= TASKS_MAX:
            if session is not None:
                await self._keep_needs(station.tenant_id, session, evse, needs, at)
            return NeedsAnswer.NO_PROFILE
        if session is None:
            # K15.FR.16 recommends that the transaction comes first; where it does not, the offer waits for
            # it, for an offer names its transaction.
            if len(self._waiting) >= WAITING_MAX:
                self._waiting.pop(next(iter(self._waiting)))
            self._waiting[station.station_id, evse] = Waiting(needs=needs, at=at)
            return NeedsAnswer.PROCESSING
        record = await self._keep_needs(station.tenant_id, session, evse, needs, at)
        if rules.refusal_of(needs, allowed=record.allowed_transfers) is not None:
            return NeedsAnswer.REJECTED
        self._begin(self._offer(station.tenant_id, session.id, session.started_at))
        return NeedsAnswer.ACCEPTED

    async def planned(
        self,
        station: AttendedStation,
        sessions: StationSessions,
        evse: int,
        schedule: ChargingSchedule,
        *,
        time_base: datetime,
        chosen: int | None,
        at: datetime,
    ) -> bool:
        """A vehicle's own plan: whether it keeps to what it was offered; where not, a new offer follows."""
        session = sessions.at(evse)
        if session is None:
            return False
        tenant_id = station.tenant_id
        # A vehicle may plan by an offer before that the station took it is kept.
        installed = await self._profiles.to_be(tenant_id, station.station_id)

        def keep(conn: Connection, changes: ChangeSet) -> tuple[EnergyRecord, str | None]:
            record = store.of_session(conn, tenant_id, session.id) or _new(session, evse)
            reason = _excess(record, session, installed, schedule, time_base, chosen)
            record = replace(
                record,
                planned=schedule,
                planned_at=time_base,
                planned_accepted=reason is None,
                renegotiations=0 if reason is None else record.renegotiations + 1,
            )
            store.save(changes, record)
            changes.emit(
                ChargingPlanTold(
                    tenant_id=tenant_id,
                    happened_at=at,
                    session_id=session.id,
                    station_id=station.station_id,
                    evse=evse,
                    transaction_id=session.transaction_id,
                    accepted=reason is None,
                    reason=reason or "",
                )
            )
            return record, reason

        record, reason = await self._database.decide(keep, tenant_id)
        if reason is None:
            return True
        if record.needs is not None and record.renegotiations <= RENEGOTIATIONS_MAX:
            # K15.FR.13, K16.FR.08
            self._begin(self._offer(tenant_id, session.id, session.started_at))
        return False

    async def priority_changed(
        self,
        station: AttendedStation,
        sessions: StationSessions,
        transaction_id: str,
        *,
        active: bool,
        at: datetime,
    ) -> None:
        """2.1 K21, K22: a session charges with priority, or no longer."""
        session = sessions.open.get(transaction_id)
        tenant_id = station.tenant_id

        def keep(conn: Connection, changes: ChangeSet) -> None:
            if session is not None:
                record = store.of_session(conn, tenant_id, session.id) or _new(session, session.evse or 0)
                store.save(changes, replace(record, priority=active))
            changes.emit(
                PriorityChargingChanged(
                    tenant_id=tenant_id,
                    happened_at=at,
                    station_id=station.station_id,
                    transaction_id=transaction_id,
                    session_id=None if session is None else session.id,
                    active=active,
                )
            )

        await self._database.decide(keep, tenant_id)

    # What people ask

    async def get(self, tenant_id: TenantId, session_id: SessionId) -> EnergyRecord:
        """What is known of a session's energy; NotFound when its vehicle never said anything."""
        record = await self._database.read(lambda conn: store.of_session(conn, tenant_id, session_id))
        if record is None:
            raise NotFound("The vehicle of this session has not told its needs.", field="session")
        return record

    async def renegotiate(self, tenant_id: TenantId, session_id: SessionId) -> EnergyRecord:
        """Offer the vehicle a schedule anew, by the limits of now (2.x K16); how that ended is the record's."""
        record = await self.get(tenant_id, session_id)
        if record.needs is None:
            raise NotFound("The vehicle of this session has not told its needs.", field="session")
        await self._offer(tenant_id, session_id, None)
        return await self.get(tenant_id, session_id)

    async def speaks_iso15118(
        self, tenant_id: TenantId, station_id: StationId, transaction_id: str | None
    ) -> bool:
        """Whether the transaction's vehicle has told its needs, and may be offered several schedules."""
        if transaction_id is None:
            return False
        record = await self._database.read(
            lambda conn: store.of_transaction(conn, tenant_id, station_id, transaction_id)
        )
        return record is not None and record.needs is not None

    # What follows from events

    async def session_started(self, event: SessionStarted) -> None:
        """A subscriber: needs that came before their transaction, and profiles of remote starts, find it."""
        await self._profiles.transaction_began(
            event.tenant_id, event.station_id, event.transaction_id, evse=event.evse, at=event.happened_at
        )
        waiting = self._waiting.pop((event.station_id, event.evse or 0), None)
        if waiting is None or event.happened_at - waiting.at > WAIT_FOR or event.evse is None:
            return
        await self._keep(
            event.tenant_id,
            EnergyRecord(
                session_id=event.session_id,
                station_id=event.station_id,
                evse=event.evse,
                transaction_id=event.transaction_id,
                needs=waiting.needs,
                told_at=waiting.at,
            ),
        )
        self._begin(self._offer(event.tenant_id, event.session_id, event.started_at))

    async def session_ended(self, event: SessionEnded) -> None:
        """A subscriber: the profiles of a transaction end with it."""
        await self._profiles.transaction_ended(
            event.tenant_id, event.station_id, event.transaction_id, at=event.happened_at
        )

    async def limit_changed(self, event: ChargingLimitChanged | ChargingLimitCleared) -> None:
        """A subscriber: who was offered a schedule is offered a new one where the limits are others now."""
        for installed in await self._profiles.of_station(event.tenant_id, event.station_id):
            transaction_id = installed.profile.transaction_id
            if transaction_id is None or event.evse not in (0, installed.evse):
                continue
            record = await self._database.read(
                lambda conn, transaction_id=transaction_id: store.of_transaction(  # type: ignore[misc]
                    conn, event.tenant_id, event.station_id, transaction_id
                )
            )
            if record is not None and record.profile_id == installed.profile.id and record.needs is not None:
                self._begin(self._offer(event.tenant_id, record.session_id, None))

    async def command_ended(self, event: CommandEnded) -> None:
        """A subscriber: which ways of energy transfer a session was allowed (2.1 Q01)."""
        if event.command != "AllowEnergyTransfer" or event.status is not CommandStatus.ACCEPTED:
            return
        command = (await self._commands.get(event.tenant_id, event.command_id)).command
        assert isinstance(command, AllowEnergyTransfer)

        def keep(conn: Connection, changes: ChangeSet) -> None:
            record = store.of_transaction(conn, event.tenant_id, event.station_id, command.transaction_id)
            if record is not None:
                store.save(changes, replace(record, allowed_transfers=command.modes))

        await self._database.decide(keep, event.tenant_id)

    # Offers

    async def _offer(self, tenant_id: TenantId, session_id: SessionId, started_at: datetime | None) -> None:
        """Offer a session's vehicle a schedule, once the offer before has been answered and kept.

        Otherwise it would not take the place of that one, and the transaction had two (K01.FR.39).
        """
        turn = self._turns.setdefault(session_id, asyncio.Lock())
        async with turn:
            await self._offer_now(tenant_id, session_id, started_at)

    async def _offer_now(
        self, tenant_id: TenantId, session_id: SessionId, started_at: datetime | None
    ) -> None:
        """Work out a schedule within every limit there is, and send it as the transaction's profile."""
        record = await self.get(tenant_id, session_id)
        needs, station_id = record.needs, record.station_id
        if needs is None:
            return
        installed = await self._profiles.of_station(tenant_id, station_id)
        outside = await self._profiles.limits(tenant_id, station_id)
        device = await self._profiles.device_limits(tenant_id, station_id)
        schedule = rules.offer(
            needs,
            Bounds(
                max_power_w=await self._profiles.max_power_w(tenant_id, station_id, record.evse),
                profiles=tuple(
                    found.profile
                    for found in installed
                    if found.evse in (0, record.evse) and found.profile.transaction_id is None
                ),
                outside=tuple(
                    schedule
                    for limit in outside[:LIMITS_MAX]
                    if limit.evse in (0, record.evse) and not limit.local_generation
                    for schedule in limit.schedules[:1]
                ),
                session_started_at=started_at,
                periods_max=device.periods_max,
                units=device.units,
            ),
            now=self._clock.now().replace(microsecond=0),
        )
        own = [found for found in installed if found.profile.transaction_id == record.transaction_id]
        profile_id, level = _place(record, own, device.stack_level_max)
        if profile_id is None:
            profile_id = max(await self._profiles.next_id(), (device.external_id_max or 0) + 1)
        profile = rules.profile_for(
            schedule, profile_id=profile_id, transaction_id=record.transaction_id, stack_level=level
        )
        given = await self._commands.give(
            tenant_id,
            station_id,
            SetChargingProfile(evse=record.evse, profile=profile),
            by=BY,
            deadline_s=OFFER_DEADLINE_S,
        )
        await self._profiles.note(given)

        def keep(conn: Connection, changes: ChangeSet) -> None:
            latest = store.of_session(conn, tenant_id, session_id) or record
            store.save(
                changes,
                replace(
                    latest,
                    profile_id=profile_id,
                    offered=schedule,
                    offered_at=self._clock.now(),
                    outcome=given.status.value,
                ),
            )

        await self._database.decide(keep, tenant_id)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= TASKS_MAX:
            work.close()
            log.warning("An offer to a vehicle is left out: %d are under way.", TASKS_MAX)
            return
        task = asyncio.get_running_loop().create_task(_told_of_failure(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_needs(
        self, tenant_id: TenantId, session: Session, evse: int, needs: EnergyNeeds, at: datetime
    ) -> EnergyRecord:
        def keep(conn: Connection, changes: ChangeSet) -> EnergyRecord:
            record = replace(
                store.of_session(conn, tenant_id, session.id) or _new(session, evse),
                needs=needs,
                told_at=at,
                outcome="",
            )
            store.save(changes, record)
            changes.emit(
                EnergyNeedsTold(
                    tenant_id=tenant_id,
                    happened_at=at,
                    session_id=session.id,
                    station_id=session.station_id,
                    evse=evse,
                    transaction_id=session.transaction_id,
                    transfer=needs.transfer,
                    energy_wh=needs.energy_wh,
                    departure_at=needs.departure_at,
                    soc_percent=needs.soc_percent,
                )
            )
            return record

        return await self._database.decide(keep, tenant_id)

    async def _keep(self, tenant_id: TenantId, record: EnergyRecord) -> None:
        changes = ChangeSet(tenant_id)
        store.save(changes, record)
        await self._database.commit(changes)


async def _told_of_failure(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except CurrantError as error:
        log.warning("A vehicle could not be offered a schedule: %s", error.message)
    except Exception:
        log.exception("A vehicle could not be offered a schedule.")


def _new(session: Session, evse: int) -> EnergyRecord:
    return EnergyRecord(
        session_id=session.id,
        station_id=session.station_id,
        evse=evse,
        transaction_id=session.transaction_id,
    )


def _excess(
    record: EnergyRecord,
    session: Session,
    installed: list[InstalledProfile],
    planned: ChargingSchedule,
    time_base: datetime,
    chosen: int | None,
) -> str | None:
    """Where a plan goes beyond the transaction's profile in force, whoever set it; None where it does not.

    In dynamic control there is no plan to keep to (K17.FR.11, .12).
    """
    needs = record.needs
    if needs is not None and needs.control is rules.Control.DYNAMIC:
        return None
    own = [
        found.profile
        for found in installed
        if found.profile.purpose is ProfilePurpose.TX
        and found.profile.transaction_id == session.transaction_id
    ]
    if own:
        profile = max(own, key=lambda profile: profile.stack_level)
        offered = rules.best_of(planned, profile, chosen)
        if profile.kind is ProfileKind.RELATIVE:
            offered = replace(offered, starts_at=session.started_at)
    elif record.offered is not None:
        offered = record.offered
    else:
        return None
    phases = needs.phases if needs is not None and needs.alternating else 3
    return rules.exceeds(planned, offered, time_base=time_base, phases=phases)


def _place(
    record: EnergyRecord, own: list[InstalledProfile], level_max: int | None
) -> tuple[int | None, int]:
    """The profile to replace, if one is ours, and the stack level: above what others set for the transaction.

    K01.FR.39: no two profiles of a transaction on one level, save that one replaces the other by its id.
    Where the station has no level above, the highest one is replaced.
    """
    for found in own:
        if found.profile.id == record.profile_id:
            return found.profile.id, found.profile.stack_level
    if not own:
        return None, 0
    highest = max((found.profile for found in own), key=lambda profile: profile.stack_level)
    if level_max is not None and highest.stack_level >= level_max:
        return highest.id, highest.stack_level
    return None, highest.stack_level + 1
