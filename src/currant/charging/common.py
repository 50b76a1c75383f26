"""What the verbs of charging share: who they talk to, and how rows and events of a session are gathered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar
from weakref import WeakValueDictionary

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.decision import judge
from currant.access.model import Decision, Opinion, Place, Presented, Purpose, Standing, TokenKind
from currant.access.policy_model import PolicyFacts
from currant.access.service import AccessService
from currant.charging import lifecycle, open_store, reading_store, repairs, store
from currant.charging.events import (
    SessionActivityChanged,
    SessionAuthorised,
    SessionCorrected,
    SessionEnded,
    SessionStarted,
    about,
)
from currant.charging.model import Phase, Reading, Session, StationSessions
from currant.charging.numbering import SessionNumbers
from currant.charging.reservations import gate
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.events.live import LiveFeed
from currant.kit.clock import Clock, micros
from currant.kit.errors import NotFound
from currant.kit.ids import SessionId, StationId, TenantId
from currant.stations.commands import CommandService
from currant.stations.directory import DirectoryEntry
from currant.stations.model import AttendedStation
from currant.stations.service import StationService

T = TypeVar("T")

_FOREIGN = frozenset({"stop_token_foreign"})
ENDED_KEPT = 8
"""Ended sessions a connection remembers, for repeats and for what comes late."""
READ_TOGETHER_MAX = 500


class Common:
    """The collaborators of every verb."""

    def __init__(
        self,
        database: Database,
        stations: StationService,
        access: AccessService,
        numbers: Numbers,
        live: LiveFeed,
        clock: Clock,
        *,
        commands: CommandService | None = None,
    ) -> None:
        self._database = database
        self._stations = stations
        self._access = access
        self._numbers = SessionNumbers(database, numbers)
        self._live = live
        self._clock = clock
        self._commands = commands
        self.metered: Callable[[Session], None] | None = None
        """Told of every session that a reading or a status moved, once that is durable; must not wait."""
        self._attended: WeakValueDictionary[StationId, StationSessions] = WeakValueDictionary()
        self._waiting: dict[
            TenantId, list[tuple[AttendedStation, StationSessions, asyncio.Future[None]]]
        ] = {}

    # What connections hold

    def refresh(self, station_id: StationId) -> None:
        """Have a connection of this node look at the database again before its next message."""
        held = self._attended.get(station_id)
        if held is not None:
            held.stale = True

    def follow(self, event: SessionEnded | SessionCorrected) -> None:
        """Have the connection look again where a session ended or changed without it: on another node."""
        held = self._attended.get(event.station_id)
        if held is None:
            return
        running = held.open.get(event.transaction_id)
        if isinstance(event, SessionEnded):
            held.stale |= running is not None and running.id == event.session_id
            return
        known = running or held.ended.get(event.transaction_id)
        if known is None:
            # Ended long ago as far as the connection knows; it only matters if it runs again.
            held.stale |= event.ended_at is None
        elif known.id == event.session_id:
            held.stale |= (known.ended_at, known.energy_wh) != (event.ended_at, event.energy_wh)

    async def _decide_beside(
        self, station_id: StationId, function: Callable[[Connection, ChangeSet], T], tenant_id: TenantId
    ) -> T:
        """Decide on sessions of a station that may be connected and speaking.

        What it says from now on waits for the outcome: told from what its connection held before, it
        would write the session back to what it was.
        """
        deciding = self._database.decide(function, tenant_id)
        held = self._attended.get(station_id)
        if held is not None:
            held.stale, held.beside = True, deciding
        return await deciding

    def _load(self, station: AttendedStation, sessions: StationSessions) -> asyncio.Future[None]:
        """Fill in what the database knows; stations that ask in one turn of the loop share the queries."""
        loop = asyncio.get_running_loop()
        loaded: asyncio.Future[None] = loop.create_future()
        waiting = self._waiting.setdefault(station.tenant_id, [])
        waiting.append((station, sessions, loaded))
        if len(waiting) == 1:
            loop.call_soon(self._load_all, station.tenant_id)
        return loaded

    def _load_all(self, tenant_id: TenantId) -> None:
        waiting = self._waiting.pop(tenant_id)
        for begin in range(0, len(waiting), READ_TOGETHER_MAX):
            self._load_some(tenant_id, waiting[begin : begin + READ_TOGETHER_MAX])

    def _load_some(
        self, tenant_id: TenantId, some: list[tuple[AttendedStation, StationSessions, asyncio.Future[None]]]
    ) -> None:
        ids = list({station.station_id for station, _, _ in some})

        def load(conn: Connection) -> tuple[list[Session], list[tuple[StationId, int, str, int]]]:
            return store.active_of(conn, tenant_id, ids), reading_store.meters_of(conn, tenant_id, ids)

        def done(
            reading: asyncio.Future[tuple[list[Session], list[tuple[StationId, int, str, int]]]],
        ) -> None:
            error = None if reading.cancelled() else reading.exception()
            for station, sessions, loaded in some:
                if loaded.done():
                    continue
                if reading.cancelled():
                    loaded.cancel()
                elif error is not None:
                    loaded.set_exception(error)
                else:
                    _fill(station, sessions, *reading.result())
                    loaded.set_result(None)

        try:
            self._database.read(load).add_done_callback(done)
        except Exception as error:
            for _, _, loaded in some:
                loaded.set_exception(error)
            raise

    async def _reload(self, station: AttendedStation, sessions: StationSessions) -> None:
        if sessions.beside is not None:
            # How it came out is for whoever decided; here it only has to be over.
            await asyncio.wait([sessions.beside])
            sessions.beside = None
        sessions.stale = False
        try:
            await self._load(station, sessions)
        except BaseException:
            sessions.stale = True
            raise

    async def _meter(self, station: AttendedStation, sessions: StationSessions, evse: int) -> int:
        """The metering point of an EVSE, made when it is first heard of."""
        tenant_id, station_id, location_id = station.tenant_id, station.station_id, station.location_id
        number = await self._database.decide(
            lambda conn, _: reading_store.meter_at(conn, tenant_id, station_id, evse, location_id), tenant_id
        )
        sessions.meters[evse] = number
        return number

    def _keep(self, sessions: StationSessions, session: Session) -> None:
        """Hold what is durable now."""
        if session.phase is Phase.ACTIVE:
            sessions.open[session.transaction_id] = session
            sessions.ended.pop(session.transaction_id, None)
            if session.evse is not None:
                sessions.outside_wh.pop(session.evse, None)
            return
        sessions.open.pop(session.transaction_id, None)
        sessions.ended[session.transaction_id] = session
        while len(sessions.ended) > ENDED_KEPT:
            del sessions.ended[next(iter(sessions.ended))]
        if session.evse is not None and session.meter_last_wh is not None:
            sessions.outside_wh[session.evse] = session.meter_stop_wh or session.meter_last_wh

    # Gathering

    def _decide(
        self,
        conn: Connection,
        station: AttendedStation | DirectoryEntry,
        presented: Presented,
        at: datetime,
        *,
        purpose: Purpose = Purpose.START,
        evse: int | None = None,
        number: int | None = None,
        opinion: Opinion | None = None,
        may_end: bool = False,
    ) -> Decision:
        """The decision on a token, with what it has open elsewhere."""
        return self._judge(
            conn,
            station,
            presented,
            at,
            purpose=purpose,
            evse=evse,
            number=number,
            opinion=opinion,
            may_end=may_end,
        ).decision

    def _judge(
        self,
        conn: Connection,
        station: AttendedStation | DirectoryEntry,
        presented: Presented,
        at: datetime,
        *,
        purpose: Purpose = Purpose.START,
        evse: int | None = None,
        number: int | None = None,
        opinion: Opinion | None = None,
        may_end: bool = False,
    ) -> Standing:
        """The decision, and what every rule says. With `may_end` the token may be presented to end a
        session that it has at this station."""
        facts = self._access.facts(conn, station.tenant_id, presented)
        place = place_at(station, evse)
        elsewhere = 0
        has_session_here = False
        policies: tuple[PolicyFacts, ...] = ()
        if facts is not None and purpose is Purpose.START:
            elsewhere = store.count_active(
                conn,
                station.tenant_id,
                facts.token.id,
                station_id=station.station_id,
                evse=evse,
                number=number,
            )
            policies = self._access.policies.facts(
                conn, facts, place, at=at, number=number, open_energy=open_store.energy_of
            )
            has_session_here = (
                may_end
                and (bool(policies) or opinion is not None)
                and open_store.runs_here(conn, station.tenant_id, facts.token.id, station.station_id)
            )
        elif facts is None and may_end and opinion is not None:
            # Somebody else's word let it begin; nobody's silence keeps it from ending.
            has_session_here = open_store.uid_runs_here(
                conn, station.tenant_id, presented.uid, station.station_id
            )
        standing = judge(
            presented,
            facts,
            place,
            at=at,
            purpose=purpose,
            open_sessions=elsewhere,
            policies=policies,
            opinion=opinion,
            has_session_here=has_session_here,
        )
        if purpose is not Purpose.START:
            return standing
        return gate.judged(conn, standing, station.tenant_id, station.station_id, evse=evse)

    def _opinion(
        self, station: AttendedStation | DirectoryEntry, presented: Presented, evse: int | None
    ) -> Awaitable[Opinion | None]:
        """What an external authoriser thinks, asked before the decision: nothing is asked within one."""
        return self._access.opinion(
            station.tenant_id, presented, place_at(station, evse), identity=station.identity
        )

    def _with_stop_token(self, conn: Connection, session: Session) -> Session:
        """The session with a note if the token that stopped it is not its own, its group's or a master's.

        The end stands in any case: the station has ended it.
        """
        if not session.stop_token_uid or not session.token_uid or session.stop_token_uid == session.token_uid:
            return repairs.without(session, _FOREIGN)
        stopping = self._access.facts(conn, session.tenant_id, Presented(uid=session.stop_token_uid))
        kind = TokenKind(session.token_kind) if session.token_kind else TokenKind.UNKNOWN
        own = self._access.facts(conn, session.tenant_id, Presented(uid=session.token_uid, kind=kind))
        if stopping is not None:
            group = stopping.group
            same = own is not None and (
                own.token.id == stopping.token.id
                or (group is not None and own.group is not None and own.group.id == group.id)
            )
            if same or (group is not None and group.master):
                return repairs.without(session, _FOREIGN)
        return repairs.noted(
            session,
            "stop_token_foreign",
            "The station let it be ended with a token that is neither its own nor of its group.",
        )

    def _close_others(
        self, conn: Connection, changes: ChangeSet, session: Session, at: datetime
    ) -> list[Session]:
        """End what still runs on the EVSE on which a session begins: its stop was lost."""
        if session.evse is None:
            return []
        closed = []
        for other in store.active_of(conn, session.tenant_id, [session.station_id]):
            if (
                other.evse != session.evse
                or other.number == session.number
                or other.started_at > session.started_at
            ):
                continue
            ended = lifecycle.closed(
                other,
                min(max(other.freed_at or lifecycle.last_sign(other), other.started_at), session.started_at),
                code="stop_lost",
                explanation=f"Its end was never reported; session {session.number} began on the same EVSE.",
                reason="",
            )
            self._save(changes, other, ended, at)
            closed.append(ended)
        return closed

    def _save(self, changes: ChangeSet, before: Session | None, after: Session, at: datetime) -> None:
        """The row of a session and the events that tell the difference."""
        if before is None:
            changes.write(store.INSERT, store.row(after))
            changes.emit(
                SessionStarted(
                    happened_at=at,
                    authorised=after.authorised,
                    authorisation=after.authorisation,
                    offline=after.offline,
                    **about(after),
                )
            )
        else:
            changes.write(store.SAVE, store.save_row(after))
        was_active = before is None or before.phase is Phase.ACTIVE
        if before is not None and was_active:
            if after.authorisation != before.authorisation or after.token_id != before.token_id:
                changes.emit(
                    SessionAuthorised(
                        happened_at=at,
                        authorised=after.authorised,
                        authorisation=after.authorisation,
                        **about(after),
                    )
                )
            if after.activity is not before.activity and after.phase is Phase.ACTIVE:
                changes.emit(
                    SessionActivityChanged(
                        happened_at=at, before=before.activity, after=after.activity, **about(after)
                    )
                )
        codes = tuple(repair.code for repair in after.repairs)
        if was_active and after.phase is Phase.ENDED:
            assert after.ended_at is not None
            changes.emit(
                SessionEnded(
                    happened_at=at,
                    ended_at=after.ended_at,
                    stop_reason=after.stop_reason,
                    idle_s=after.idle_s,
                    repairs=codes,
                    **about(after),
                )
            )
        elif before is not None and not was_active and _differs(before, after):
            changes.emit(
                SessionCorrected(
                    happened_at=at,
                    ended_at=after.ended_at,
                    energy_before_wh=before.energy_wh,
                    repairs=codes,
                    **about(after),
                )
            )

    def _insert_readings(
        self,
        changes: ChangeSet,
        readings: Sequence[Reading],
        meter: int,
        number: int | None,
        received_at: datetime,
        flags: lifecycle.Flags = lifecycle.NO_FLAGS,
    ) -> None:
        received_us = micros(received_at)
        for index, reading in enumerate(readings):
            row = reading_store.row(
                meter, reading, micros(reading.at), received_us, number, flags.get(index, 0)
            )
            changes.write(*reading_store.insertion(row))

    def _show(self, session: Session) -> None:
        """Let whoever looks see where a session stands."""
        if self.metered is not None:
            self.metered(session)
        if self._live.watched(session.tenant_id):
            self._live.publish(
                session.tenant_id,
                "session_metered",
                {
                    "session_id": session.id,
                    "number": session.number,
                    "station_id": session.station_id,
                    "location_id": session.location_id,
                    "evse": session.evse,
                    "activity": session.activity,
                    "energy_wh": session.energy_wh,
                    "power_w": session.power_w,
                    "soc_percent": session.soc_percent,
                    "idle_s": session.idle_s,
                },
                key=session.id,
            )


def place_of(station: AttendedStation) -> lifecycle.Place:
    return lifecycle.Place(station.tenant_id, station.station_id, station.location_id)


def place_at(station: AttendedStation | DirectoryEntry, evse: int | None) -> Place:
    return Place(
        station_id=station.station_id, location_id=station.location_id, groups=station.groups, evse=evse
    )


def no_session(session_id: SessionId) -> NotFound:
    return NotFound(f"There is no session {session_id}.", field="session", session=session_id)


def authorised(session: Session, decision: Decision) -> Session:
    return replace(
        session,
        token_id=decision.token_id,
        account_id=decision.account_id,
        token_kind=kind_of(session, decision),
        authorised=decision.allowed,
        authorisation=decision.reason.value,
        authorisation_reference=decision.reference,
    )


def kind_of(session: Session, decision: Decision) -> str:
    """What sort of token charges: what the station called it, or what it is registered as where it did not say."""
    if decision.token_kind is not None and session.token_kind in ("", TokenKind.UNKNOWN):
        return decision.token_kind.value
    return session.token_kind


def _differs(before: Session, after: Session) -> bool:
    return (before.ended_at, before.energy_wh, before.phase, before.started_at, before.token_id) != (
        after.ended_at,
        after.energy_wh,
        after.phase,
        after.started_at,
        after.token_id,
    )


def _fill(
    station: AttendedStation,
    sessions: StationSessions,
    active: list[Session],
    meters: list[tuple[StationId, int, str, int]],
) -> None:
    sessions.open = {
        session.transaction_id: session for session in active if session.station_id == station.station_id
    }
    sessions.meters = {
        evse: number
        for station_id, evse, location, number in meters
        if station_id == station.station_id and location == (station.location_id or "")
    }
    sessions.ended = {}
    sessions.max_power_w = station.max_power_w
