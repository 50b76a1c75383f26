"""Drivers charge: they start, watch and stop sessions of their own, and read what became of them.

What a driver asks for is kept before a station is asked (`Start`), so that they see it stand somewhere
from the first moment; the session that answers it is joined to it when the station reports it.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.model import Presented, TokenKind
from currant.charging.events import SessionAuthorised, SessionEnded, SessionStarted
from currant.charging.model import Phase, Session, SessionFilter
from currant.charging.service import ChargingService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.drivers import standing, store, words
from currant.drivers.events import ChargingAsked, ChargingFailed
from currant.drivers.looking import CANNOT_START, unknown_code
from currant.drivers.model import (
    UNDER_WAY,
    Cost,
    Curve,
    CurvePoint,
    Driver,
    DriverSession,
    EvseState,
    PlaceName,
    Receipt,
    SessionState,
    Start,
    StartState,
)
from currant.drivers.places import Places, TenantPlaces
from currant.drivers.prices import CostsOf, LinesOf
from currant.drivers.sign_in import BY
from currant.drivers.watching import Watching
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound
from currant.kit.ids import LocationId, SessionId, StationId, new_id
from currant.stations.model import CommandStatus, Page

log = logging.getLogger(__name__)

ANSWER_WAIT_S = 2.5
"""So long a start waits for the station's word before it says `starting`."""
UNDER_WAY_MAX = 2_000
FAILED_SHOWN_FOR = timedelta(hours=1)
TENDED_AT_ONCE = 500

SESSIONS_FOLLOWED = (SessionStarted, SessionAuthorised, SessionEnded)


class CannotStart(Conflict):
    """Charging cannot begin there now; `facts["why"]` is the code of the reason, the sentence its text."""

    code = "cannot_start"


class CannotStop(Conflict):
    """The session did not end; `facts["why"]` is the code of the reason, the sentence its text."""

    code = "cannot_stop"


class DriverSessions:
    """The sessions of drivers."""

    def __init__(
        self,
        database: Database,
        places: Places,
        charging: ChargingService,
        watching: Watching,
        clock: Clock,
        *,
        costs_of: CostsOf,
        lines_of: LinesOf,
        plug_in_within: timedelta,
        guest_sessions: int,
        driver_sessions: int,
    ) -> None:
        self._database = database
        self._places = places
        self._charging = charging
        self._watching = watching
        self._clock = clock
        self._costs_of = costs_of
        self._lines_of = lines_of
        self._plug_in_within = plug_in_within
        self._guest_sessions = guest_sessions
        self._driver_sessions = driver_sessions
        self._asking: set[asyncio.Task[None]] = set()

    async def stop_asking(self) -> None:
        """Wait no more for stations' answers; what was asked stays as it was kept."""
        for task in list(self._asking):
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    # Starting

    async def start(
        self, driver: Driver, code: str, *, connector: int | None = None, language: str
    ) -> DriverSession:
        """Charge at the EVSE with this code. The same wish again while it is under way is that wish.

        NotFound for a code that leads nowhere public, CannotStart where nobody, or not this driver, can
        start now. What the station makes of it is the session's state.
        """
        tenant = await self._places.of(driver.tenant_id)
        found = tenant.find(code)
        if found is None:
            raise unknown_code(code)
        place, station, evse = found
        if connector is not None and all(each.number != connector for each in evse.connectors):
            raise Invalid("There is no such connector here.", field="connector")
        now = self._clock.now()
        running = await self._running(driver)
        state, _ = tenant.state_of(station, evse)
        mine = next((each for each in running if _is_at(each, station.station_id, evse.number)), None)
        if mine is not None:
            return await self.get(driver, mine.id, language=language)
        if state in CANNOT_START:
            raise _cannot_start(CANNOT_START[state], language)
        start = Start(
            id=new_id(),
            tenant_id=driver.tenant_id,
            driver_id=driver.id,
            code=station.code_of(evse),
            location_id=place.location.id,
            station_id=station.station_id,
            evse=evse.number,
            connector=connector,
            asked_at=now,
        )
        kept = await self._keep(driver, start, running, language)
        if kept.id == start.id:
            asking = asyncio.create_task(self._ask(driver, start), name=f"start {start.id}")
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)
            await asyncio.wait([asking], timeout=ANSWER_WAIT_S)
        return await self.get(driver, kept.id, language=language)

    async def _keep(self, driver: Driver, start: Start, running: Sequence[Session], language: str) -> Start:
        most = self._guest_sessions if driver.guest else self._driver_sessions
        if len(self._asking) >= UNDER_WAY_MAX:
            raise _cannot_start("no_answer", language)

        def keep(conn: Connection, changes: ChangeSet) -> Start:
            waiting = [
                each
                for each in store.open_starts(conn, driver.tenant_id, driver.id)
                if each.state in (StartState.ASKED, StartState.AGREED)
                and not standing.given_up(each, start.asked_at, plug_in_within=self._plug_in_within)
            ]
            for each in waiting:
                if (each.station_id, each.evse) == (start.station_id, start.evse):
                    return each
            if len(waiting) + len(running) >= most:
                raise _cannot_start("already_charging", language)
            changes.write(store.SAVE_START, store.start_row(start))
            changes.emit(
                ChargingAsked(
                    tenant_id=start.tenant_id,
                    happened_at=start.asked_at,
                    driver_id=driver.id,
                    start_id=start.id,
                    station_id=start.station_id,
                    evse=start.evse,
                )
            )
            return start

        return await self._database.decide(keep, driver.tenant_id)

    async def _ask(self, driver: Driver, start: Start) -> None:
        said, number = "", None
        try:
            record = await self._charging.start_remotely(
                start.tenant_id,
                start.station_id,
                Presented(uid=driver.token_uid, kind=TokenKind.APP),
                by=BY,
                evse=start.evse,
                connector=start.connector,
            )
            state, why = standing.outcome_of(record)
            said, number = record.reason, getattr(record.command, "remote_start_id", None)
        except CurrantError as error:
            log.info("A driver's start at %s was not taken: %s", start.station_id, error.message)
            state, why, said = StartState.FAILED, "failed", error.message
        await self._answered(start, state, why, said, number)

    async def _answered(
        self, start: Start, state: StartState, why: str, said: str = "", number: int | None = None
    ) -> None:
        """Keep what came of a wish, unless its session was faster."""
        now = self._clock.now()

        def keep(conn: Connection, changes: ChangeSet) -> None:
            before = store.start(conn, start.tenant_id, start.driver_id, start.id)
            if before is None or before.state is not start.state:
                return
            after = replace(
                before,
                state=state,
                why=why,
                said=said,
                remote_start_id=number or before.remote_start_id,
                ended_at=now if state is StartState.FAILED else None,
            )
            changes.write(store.SAVE_START, store.start_row(after))
            if state is StartState.FAILED and why != "cancelled":
                changes.emit(
                    ChargingFailed(
                        tenant_id=start.tenant_id,
                        happened_at=now,
                        driver_id=start.driver_id,
                        start_id=start.id,
                        station_id=start.station_id,
                        evse=start.evse,
                        code=why,
                    )
                )

        await self._database.decide(keep, start.tenant_id)
        self._watching.wake(start.tenant_id, start.driver_id)

    async def _running(self, driver: Driver) -> Sequence[Session]:
        page = await self._charging.list(
            driver.tenant_id, SessionFilter(account_id=driver.account_id, phase=Phase.ACTIVE), limit=20
        )
        return page.items

    # Stopping

    async def stop(self, driver: Driver, session_id: str, *, language: str) -> DriverSession:
        """End a session, or take back the wish for one. CannotStop where the station does not."""
        start, session = await self._find(driver, session_id)
        if session is None:
            assert start is not None, "One of the two was found."
            if start.state in (StartState.ASKED, StartState.AGREED):
                await self._answered(start, StartState.FAILED, "cancelled")
            return await self.get(driver, session_id, language=language)
        if session.phase is Phase.ENDED:
            return await self.get(driver, session_id, language=language)
        tenant = await self._places.of(driver.tenant_id)
        if not _connected(tenant, session.station_id):
            raise _cannot_stop("offline", language)
        try:
            record = await self._charging.stop_remotely(driver.tenant_id, session.id, by=BY)
        except Conflict:
            # It ended by itself meanwhile.
            return await self.get(driver, session_id, language=language)
        if record.status not in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED):
            ended = await self._charging.get(driver.tenant_id, session.id)
            if ended.phase is not Phase.ENDED:
                raise _cannot_stop(standing.NOT_STARTED.get(record.status, "failed"), language)
        await self._note_stop(driver, start, session)
        return await self.get(driver, session_id, language=language)

    async def _note_stop(self, driver: Driver, start: Start | None, session: Session) -> None:
        now = self._clock.now()
        noted = start or _start_of(driver, session, now)
        fresh = start is None

        def note(conn: Connection, changes: ChangeSet) -> None:
            before = noted if fresh else store.start(conn, driver.tenant_id, driver.id, noted.id)
            if before is not None:
                changes.write(store.SAVE_START, store.start_row(replace(before, stop_asked_at=now)))

        await self._database.decide(note, driver.tenant_id)
        self._watching.wake(driver.tenant_id, session.id)

    # Looking

    async def get(self, driver: Driver, session_id: str, *, language: str) -> DriverSession:
        """One of the driver's own; NotFound for any other."""
        start, session = await self._find(driver, session_id)
        tenant = await self._places.of(driver.tenant_id)
        costs = await self._costs_of(driver.tenant_id, () if session is None else (session,), language)
        return self._view(tenant, start, session, self._clock.now(), language, costs)

    async def list(
        self, driver: Driver, *, cursor: str | None, limit: int, language: str
    ) -> Page[DriverSession]:
        """The driver's sessions, latest first; before them what is asked for, or just failed."""
        now, tenant = self._clock.now(), await self._places.of(driver.tenant_id)
        page = await self._charging.list(
            driver.tenant_id, SessionFilter(account_id=driver.account_id), cursor=cursor, limit=limit
        )
        ids = [session.id for session in page.items]
        since = micros(now - FAILED_SHOWN_FOR)

        def look(conn: Connection) -> tuple[dict[str, Start], list[Start]]:
            starts = store.starts_of_sessions(conn, driver.tenant_id, ids) if ids else {}
            if cursor is not None:
                return starts, []
            waiting = [
                each
                for each in store.open_starts(conn, driver.tenant_id, driver.id)
                if each.session_id is None
            ]
            failed = store.failed_starts(conn, driver.tenant_id, driver.id, since=since)
            return starts, waiting + [each for each in failed if each.session_id is None]

        starts, without = await self._database.read(look)
        costs = await self._costs_of(driver.tenant_id, page.items, language)
        shown = [self._view(tenant, start, None, now, language, {}) for start in without]
        shown += [
            self._view(tenant, starts.get(session.id), session, now, language, costs)
            for session in page.items
        ]
        return Page(items=tuple(shown), next_cursor=page.next_cursor)

    async def running_at(self, driver: Driver) -> tuple[StationId, int, str] | None:
        """Where the driver charges now, and as what; the latest if they do in several places."""
        running = await self._running(driver)
        if running and running[0].evse is not None:
            return running[0].station_id, running[0].evse, running[0].id
        starts = await self._database.read(lambda conn: store.open_starts(conn, driver.tenant_id, driver.id))
        for start in starts:
            if start.state in (StartState.ASKED, StartState.AGREED):
                return start.station_id, start.evse, start.id
        return None

    async def keys(self, driver: Driver, session_id: str) -> frozenset[str]:
        """What to watch, to see one of the driver's sessions change: ids of the session, station and driver."""
        start, session = await self._find(driver, session_id)
        if session is not None:
            return frozenset({session.id, session.station_id})
        assert start is not None, "One of the two was found."
        return frozenset({driver.id, start.station_id})

    async def curve(self, driver: Driver, session_id: str, *, points: int) -> Curve:
        """What was measured of one of the driver's sessions."""
        _, session = await self._find(driver, session_id)
        if session is None:
            return Curve(points=())
        readings = await self._charging.curve(driver.tenant_id, session.id, max_points=points)
        return Curve(
            points=tuple(
                CurvePoint(at=each.at, power_w=each.power_w, energy_wh=each.energy_wh, soc=each.soc_percent)
                for each in readings
            )
        )

    async def receipt(self, driver: Driver, session_id: str, *, organisation: str, language: str) -> Receipt:
        """What a session was, once it has ended; Conflict before."""
        start, session = await self._find(driver, session_id)
        if session is None or session.ended_at is None or session.phase is not Phase.ENDED:
            raise Conflict("There is a receipt once the session has ended.")
        tenant = await self._places.of(driver.tenant_id)
        costs = await self._costs_of(driver.tenant_id, (session,), language)
        view = self._view(tenant, start, session, self._clock.now(), language, costs)
        place = None if session.location_id is None else tenant.places.get(session.location_id)
        return Receipt(
            organisation=organisation,
            number=session.number,
            place=view.place,
            evse_code=view.evse_code,
            started_at=session.started_at,
            ended_at=session.ended_at,
            time_zone=place.location.time_zone if place is not None else "UTC",
            duration_s=view.duration_s,
            idle_s=session.idle_s,
            energy_wh=session.energy_wh,
            meter_start_wh=session.meter_start_wh,
            meter_stop_wh=session.meter_stop_wh,
            certain=session.certain,
            token="" if session.token_uid == driver.token_uid else f"…{session.token_uid[-4:]}",
            cost=view.cost,
            lines=await self._lines_of(session, language) if view.cost and view.cost.final else (),
        )

    async def _find(self, driver: Driver, session_id: str) -> tuple[Start | None, Session | None]:
        """What the driver asked for and the session that answers it, or one of the two; NotFound otherwise."""
        tenant_id, session_id = driver.tenant_id, session_id[:60]
        start = await self._database.read(lambda conn: store.start(conn, tenant_id, driver.id, session_id))
        wanted = session_id if start is None else start.session_id
        if wanted is None:
            return start, None
        try:
            session: Session | None = await self._charging.get(tenant_id, SessionId(wanted))
        except NotFound:
            session = None
        if session is not None and session.account_id != driver.account_id:
            session = None
        if session is None and start is None:
            raise NotFound("You have no such session.", field="session")
        if session is not None and start is None:
            found = session.id
            starts = await self._database.read(
                lambda conn: store.starts_of_sessions(conn, tenant_id, [found])
            )
            start = starts.get(found)
            start = start if start is not None and start.driver_id == driver.id else None
        return start, session

    def _view(
        self,
        tenant: TenantPlaces,
        start: Start | None,
        session: Session | None,
        now: datetime,
        language: str,
        costs: Mapping[SessionId, Cost],
    ) -> DriverSession:
        if session is None:
            assert start is not None, "One of the two there is."
            state, why = standing.of_start(start, _state_at(tenant, start.station_id, start.evse), now)
            given_up = standing.given_up(start, now, plug_in_within=self._plug_in_within)
            if given_up:
                state, why = SessionState.FAILED, given_up
            return DriverSession(
                id=start.id,
                state=state,
                why=words.why(why, language) if why else None,
                place=place_name(tenant, start.location_id),
                evse_code=start.code,
                can_stop=state in UNDER_WAY,
            )
        state, why = standing.of_session(
            session, start, _state_at(tenant, session.station_id, session.evse), now
        )
        active = session.phase is Phase.ACTIVE
        connected = _connected(tenant, session.station_id)
        until = now if session.ended_at is None else session.ended_at
        return DriverSession(
            # One that a card began keeps the name it had before anything was done to it here.
            id=session.id if start is None or not start.code else start.id,
            number=session.number,
            state=state,
            why=words.why(why, language) if why else None,
            place=place_name(tenant, session.location_id),
            evse_code=(start.code if start is not None else "") or code_of(tenant, session),
            started_at=session.started_at,
            ended_at=session.ended_at,
            duration_s=max(0, int((until - session.started_at).total_seconds())),
            energy_wh=session.energy_wh,
            power_w=session.power_w if active else None,
            soc=session.soc_percent,
            cost=costs.get(session.id),
            can_stop=active and connected and state is not SessionState.ENDING,
            stale=active and not connected,
        )

    # Following what stations report

    async def follow(self, event: SessionStarted | SessionAuthorised | SessionEnded) -> None:
        """Join sessions to the wishes that they answer, and note their end."""
        if event.account_id is None:
            return
        tenant_id, account_id = event.tenant_id, event.account_id
        now = self._clock.now()

        def join(conn: Connection, changes: ChangeSet) -> Start | None:
            known = store.starts_of_sessions(conn, tenant_id, [event.session_id]).get(event.session_id)
            if known is None and not isinstance(event, SessionEnded):
                driver = store.driver_by_account(conn, tenant_id, account_id)
                if driver is None:
                    return None
                known = next(
                    (
                        each
                        for each in store.recent_starts(
                            conn,
                            tenant_id,
                            driver.id,
                            event.station_id,
                            since=micros(now - standing.BEGINS_LATE_WITHIN),
                        )
                        if standing.answers(each, evse=event.evse, at=now)
                    ),
                    None,
                )
                if known is None:
                    return None
                begun = replace(known, state=StartState.BEGUN, session_id=event.session_id, ended_at=None)
                changes.write(store.SAVE_START, store.start_row(begun))
                return known
            if known is not None and isinstance(event, SessionEnded) and known.ended_at is None:
                changes.write(store.SAVE_START, store.start_row(replace(known, ended_at=now)))
            return None

        was = await self._database.decide(join, tenant_id)
        if was is not None:
            self._watching.wake(tenant_id, was.driver_id)
        if was is not None and was.why == "cancelled":
            # Its driver took it back, and the station began it all the same.
            await self._charging.stop_remotely(tenant_id, event.session_id, by=BY)

    async def tend(self, now: datetime) -> int:
        """Give up wishes that nothing came of; how many were."""
        found = await self._database.read(
            lambda conn: store.all_open_starts(
                conn, before=micros(now - standing.ANSWER_WITHIN), limit=TENDED_AT_ONCE
            )
        )
        gone = 0
        for start in found:
            why = standing.given_up(start, now, plug_in_within=self._plug_in_within)
            if why:
                await self._answered(start, StartState.FAILED, why)
                gone += 1
        return gone


def place_name(tenant: TenantPlaces, location_id: LocationId | None) -> PlaceName:
    place = None if location_id is None else tenant.places.get(location_id)
    if place is None:
        return PlaceName(id="", name="")
    location = place.location
    city = " ".join(word for word in (location.postal_code, location.city) if word)
    return PlaceName(
        id=location.id,
        name=location.name,
        address=", ".join(word for word in (location.address, city) if word),
    )


def code_of(tenant: TenantPlaces, session: Session) -> str:
    station = tenant.stations.get(session.station_id)
    evse = None if station is None or session.evse is None else station.evses.get(session.evse)
    return "" if station is None or evse is None else station.code_of(evse)


def _start_of(driver: Driver, session: Session, now: datetime) -> Start:
    """A session that no wish of the app began (a card did), as one: so that what is done to it is kept."""
    return Start(
        id=new_id(),
        tenant_id=driver.tenant_id,
        driver_id=driver.id,
        code="",
        location_id=session.location_id or LocationId(""),
        station_id=session.station_id,
        evse=session.evse or 0,
        asked_at=now,
        state=StartState.BEGUN,
        session_id=session.id,
    )


def _is_at(session: Session, station_id: StationId, evse: int) -> bool:
    return session.station_id == station_id and session.evse == evse


def _state_at(tenant: TenantPlaces, station_id: StationId, evse: int | None) -> EvseState:
    station = tenant.stations.get(station_id)
    known = None if station is None or evse is None else station.evses.get(evse)
    if station is None or known is None:
        return EvseState.UNKNOWN
    return tenant.state_of(station, known)[0]


def _connected(tenant: TenantPlaces, station_id: StationId) -> bool:
    station = tenant.stations.get(station_id)
    return station is not None and station.connected


def _cannot_start(code: str, language: str) -> CannotStart:
    return CannotStart(words.why(code, language).text, why=code)


def _cannot_stop(code: str, language: str) -> CannotStop:
    return CannotStop(words.why(code, language).text, why=code)
