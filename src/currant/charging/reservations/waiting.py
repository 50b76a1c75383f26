"""The waiting list of a location: who comes first is called first, and has the place for some minutes.

Whatever frees a place leads here: a status, an end of a session or of a reservation, somebody who
gives up. Who is called is decided in one transaction with the place that is taken for them, so that
an event that is told twice calls nobody twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.model import Presented
from currant.charging.events import SessionAuthorised, SessionEnded, SessionStarted
from currant.charging.reservations import booking, queueing, rules, store
from currant.charging.reservations.assignment import fits
from currant.charging.reservations.ending import leave
from currant.charging.reservations.events import (
    ReservationEnded,
    WaitingDriverCalled,
    WaitingDriverJoined,
    about_waiting,
)
from currant.charging.reservations.model import (
    PlaceKey,
    Reservation,
    ReservationState,
    Terms,
    Waiting,
    WaitingDraft,
    WaitingPlace,
    WaitingState,
    Wanted,
)
from currant.charging.reservations.service import NUMBERS, Reservations
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.event import Event
from currant.kit.ids import LocationId, ReservationId, TenantId, TokenId, WaitingId, new_id
from currant.stations import paging
from currant.stations.events import ConnectorStatusChanged
from currant.stations.model import ConnectorStatus, Page
from currant.stations.places import EvsePlace

FOLLOWED: tuple[type[Event], ...] = (
    ConnectorStatusChanged,
    SessionStarted,
    SessionAuthorised,
    SessionEnded,
    ReservationEnded,
)
LENGTHS_LOOKED_AT = 50
CALLED_AT_ONCE_MAX = 20
TIMED_OUT_AT_ONCE = 200
LOCATIONS_AT_ONCE = 200
BY = "the waiting list"

Calls = Sequence[tuple[Waiting, EvsePlace]]
Held = Sequence[ReservationId]


class WaitingList:
    """Drivers who wait for a place."""

    def __init__(
        self,
        database: Database,
        reservations: Reservations,
        numbers: Numbers,
        clock: Clock,
        terms: Terms | None = None,
    ) -> None:
        self._database = database
        self._reservations = reservations
        self._numbers = numbers
        self._clock = clock
        self._terms = terms or Terms()

    # Joining and leaving

    async def join(self, tenant_id: TenantId, draft: WaitingDraft, *, by: str) -> WaitingPlace:
        """Put a driver at the end of a location's list; where a place is free they are called at once."""
        now = self._clock.now()
        wanted = self._reservations.wanted_of(
            tenant_id,
            location_id=draft.location_id,
            station=draft.station,
            connector_standard=draft.connector_standard,
            min_power_w=draft.min_power_w,
        )
        location_id = wanted.location_id
        if location_id is None:
            raise Invalid("The station is at no location: put it at one first.", field="station")
        waiting_id = WaitingId(new_id())

        def add(conn: Connection, changes: ChangeSet) -> Waiting:
            facts = self._reservations.known(
                conn, tenant_id, Presented(uid=draft.token_uid, kind=draft.token_kind)
            )
            there = store.on_the_list(conn, tenant_id, location_id)
            if any(each.token_id == facts.token.id for each in there):
                raise Conflict("The token is on the list of this location already.", field="token_uid")
            if len(there) >= self._terms.waiting_per_location:
                raise Conflict(f"{len(there)} drivers wait there already: nobody else can.")
            self._check_there_is_any(conn, tenant_id, wanted)
            driver = Waiting(
                id=waiting_id,
                tenant_id=tenant_id,
                state=WaitingState.WAITING,
                location_id=location_id,
                station_id=wanted.station_id,
                token_id=facts.token.id,
                token_uid=facts.token.uid,
                token_kind=facts.token.kind.value,
                account_id=facts.token.account_id,
                connector_standard=wanted.connector_standard,
                min_power_w=wanted.min_power_w,
                joined_at=now,
            )
            store.save_waiting(changes, driver)
            told: dict[str, Any] = about_waiting(driver)
            changes.emit(WaitingDriverJoined(happened_at=now, station_id=driver.station_id, **told))
            return driver

        await self._database.decide(add, tenant_id)
        await self.serve(tenant_id, location_id)
        return await self.get(tenant_id, waiting_id)

    def _check_there_is_any(self, conn: Connection, tenant_id: TenantId, wanted: Wanted) -> None:
        found = booking.places_for(conn, tenant_id, wanted.location_id, wanted.station_id)
        if not any(fits(wanted, place) for place in found):
            raise Conflict("No place there offers what is asked for: nobody would ever be called.")

    async def leave(self, tenant_id: TenantId, waiting_id: WaitingId, *, by: str) -> Waiting:
        """Take a driver off the list; the place that was held for one who had been called goes to the next."""
        now = self._clock.now()

        def give_up(conn: Connection, changes: ChangeSet) -> Waiting:
            driver = _existing(conn, tenant_id, waiting_id)
            if driver.state is not WaitingState.WAITING:
                return driver
            return leave(changes, driver, WaitingState.CANCELLED, now)

        driver = await self._database.decide(give_up, tenant_id)
        if driver.state is WaitingState.CALLED and driver.reservation_id is not None:
            await self._reservations.cancel(tenant_id, driver.reservation_id, by=by)
            driver = await self._database.read(lambda conn: _existing(conn, tenant_id, waiting_id))
        return driver

    # Looking up

    async def get(self, tenant_id: TenantId, waiting_id: WaitingId) -> WaitingPlace:
        """A driver, their place in the line and about when their turn comes."""

        def look(conn: Connection) -> WaitingPlace:
            driver = _existing(conn, tenant_id, waiting_id)
            return self._in_line(conn, tenant_id, [driver])[0]

        return await self._database.read(look)

    async def list(
        self,
        tenant_id: TenantId,
        *,
        location_id: LocationId | None = None,
        token_uid: str | None = None,
        waiting: bool | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[WaitingPlace]:
        """Latest joined first; `waiting` are those on a list now."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])

        def look(conn: Connection) -> Sequence[WaitingPlace]:
            found = store.search_waiting(
                conn,
                tenant_id,
                location_id=location_id,
                token_uid=token_uid,
                live=waiting,
                before=before,
                limit=limit + 1,
            )
            return self._in_line(conn, tenant_id, found)

        found = await self._database.read(look)
        return paging.page(found, limit, lambda each: paging.encode(each.waiting.id))

    def _in_line(
        self, conn: Connection, tenant_id: TenantId, drivers: Sequence[Waiting]
    ) -> Sequence[WaitingPlace]:
        now = self._clock.now()
        lines: dict[LocationId, tuple[Any, Any]] = {}
        for location_id in {each.location_id for each in drivers if each.state is WaitingState.WAITING}:
            line = store.on_the_list(conn, tenant_id, location_id)
            lines[location_id] = (
                queueing.positions(line),
                self._estimates(conn, tenant_id, location_id, line, now),
            )
        found = []
        for driver in drivers:
            positions, estimates = lines.get(driver.location_id, ({}, {}))
            found.append(
                WaitingPlace(
                    waiting=driver,
                    position=positions.get(driver.id),
                    estimated_at=estimates.get(driver.id),
                )
            )
        return found

    def _estimates(
        self,
        conn: Connection,
        tenant_id: TenantId,
        location_id: LocationId,
        line: Sequence[Waiting],
        now: datetime,
    ) -> Any:
        there = booking.places_for(conn, tenant_id, location_id, None)
        stations = {place.station_id for place in there}
        stay = queueing.usual_stay(store.lengths(conn, tenant_id, location_id, most=LENGTHS_LOOKED_AT))
        taken: dict[PlaceKey, datetime] = {
            place.key: now + queueing.SHORTEST_STAY for place in there if not place.is_free
        }
        for key, (started_at, _, _) in store.charging_at(conn, tenant_id, stations).items():
            taken[key] = queueing.leaves_at(started_at, stay=stay, now=now)
        for each in store.booked(conn, tenant_id, location_id=location_id, station_ids=stations, after=now):
            if each.is_open and each.hold_from <= now:
                # Whoever it is kept for stays too, as a rule.
                taken[each.place] = max(taken.get(each.place, now), now + stay)
        return queueing.estimates(line, there, taken, stay=stay, now=now)

    # Calling

    async def serve(self, tenant_id: TenantId, location_id: LocationId) -> int:
        """Call whoever is next to the places of a location that are free now; how many were called."""
        now = self._clock.now()
        # Nearly always nobody waits or nothing is free, and a look costs nobody anything.
        found = await self._database.read(lambda conn: self._calls(conn, tenant_id, location_id, now))
        if not found:
            return 0
        numbers = [await self._numbers.next(NUMBERS) for _ in found]

        def call(conn: Connection, changes: ChangeSet) -> Held:
            due = self._calls(conn, tenant_id, location_id, now)
            return [
                self._call(conn, changes, driver, place, number, now).id
                for (driver, place), number in zip(due, numbers, strict=False)
            ]

        called = await self._database.decide(call, tenant_id)
        for reservation_id in called:
            self._reservations.wake(tenant_id, reservation_id)
        return len(called)

    def _calls(self, conn: Connection, tenant_id: TenantId, location_id: LocationId, now: datetime) -> Calls:
        line = store.on_the_list(conn, tenant_id, location_id)
        if not any(each.state is WaitingState.WAITING for each in line):
            return []
        there = booking.places_for(conn, tenant_id, location_id, None)
        taken = set(booking.taken_now(conn, tenant_id, there))
        until = now + self._terms.call_hold
        for each in store.booked(
            conn,
            tenant_id,
            location_id=location_id,
            station_ids={place.station_id for place in there},
            after=now,
        ):
            if each.hold_from < until:
                taken.add(each.place)
        free = [place for place in there if place.is_free and place.key not in taken]
        return queueing.calls(line, free)[:CALLED_AT_ONCE_MAX]

    def _call(
        self,
        conn: Connection,
        changes: ChangeSet,
        driver: Waiting,
        place: EvsePlace,
        number: int,
        now: datetime,
    ) -> Reservation:
        """Hold the place for the driver, and tell so, in one."""
        until = now + self._terms.call_hold
        fresh = Reservation(
            id=ReservationId(new_id()),
            number=number,
            tenant_id=driver.tenant_id,
            state=ReservationState.PLANNED,
            token_id=driver.token_id,
            token_uid=driver.token_uid,
            token_kind=driver.token_kind,
            account_id=driver.account_id,
            location_id=driver.location_id,
            station_id=place.station_id,
            evse=place.evse,
            place_station_id=place.station_id,
            place_evse=place.evse,
            starts_at=now,
            ends_at=until,
            hold_from=now,
            release_at=until,
            booked_until=until,
            waiting_id=driver.id,
            created_at=now,
            created_by=BY,
        )
        made = rules.timed(fresh, now, until, terms=self._terms)
        store.save(changes, made)
        called = replace(driver, state=WaitingState.CALLED, called_at=now, reservation_id=made.id)
        store.save_waiting(changes, called)
        told: dict[str, Any] = about_waiting(called)
        changes.emit(
            WaitingDriverCalled(
                happened_at=now,
                station_id=place.station_id,
                evse=place.evse,
                evse_reference=place.reference,
                until=until,
                reservation_id=made.id,
                reservation_number=made.number,
                **told,
            )
        )
        return made

    # What frees places, and who leaves by charging

    async def follow(self, event: Event) -> None:
        """React to what may free a place: a subscriber of `FOLLOWED`, which may be told twice."""
        if isinstance(event, (SessionStarted, SessionAuthorised)):
            if event.authorised and event.token_id is not None:
                await self._charges(event.tenant_id, event.token_id, event)
            return
        if isinstance(event, ConnectorStatusChanged) and event.after is not ConnectorStatus.AVAILABLE:
            return
        location_id: LocationId | None = getattr(event, "location_id", None)
        if location_id is not None:
            await self.serve(event.tenant_id, location_id)

    async def _charges(
        self, tenant_id: TenantId, token_id: TokenId, event: SessionStarted | SessionAuthorised
    ) -> None:
        """Whoever charges at a location waits there no more, whether or not they were called."""

        def waits(conn: Connection) -> Sequence[Waiting]:
            return [
                each
                for each in store.waiting_of_token(conn, tenant_id, token_id)
                if each.location_id == event.location_id and each.joined_at <= event.happened_at
            ]

        if not await self._database.read(waits):
            return

        def off(conn: Connection, changes: ChangeSet) -> Held:
            held = []
            for driver in waits(conn):
                if driver.state is WaitingState.CALLED and driver.reservation_id is not None:
                    held.append(driver.reservation_id)
                else:
                    charging = replace(driver, session_id=event.session_id)
                    leave(changes, charging, WaitingState.CHARGING, event.happened_at)
            return held

        # A place that was held for them is used up with the session's beginning, as a rule; not where
        # they charge at another location's station in the end.
        for reservation_id in await self._database.decide(off, tenant_id):
            await self._reservations.cancel(
                tenant_id, reservation_id, by=BY, reason="Its driver charges elsewhere."
            )

    async def tend(self, now: datetime) -> int:
        """Send away who has waited too long, and look at every list again; how many were called or sent away."""
        late = await self._database.read(
            lambda conn: store.waited_too_long(
                conn, joined_before=now - self._terms.max_wait, limit=TIMED_OUT_AT_ONCE
            )
        )
        for tenant_id, waiting_id in late:
            await self._time_out(tenant_id, waiting_id, now)
        moved = len(late)
        for tenant_id, location_id in await self._database.read(
            lambda conn: store.locations_with_waiting(conn, limit=LOCATIONS_AT_ONCE)
        ):
            moved += await self.serve(tenant_id, location_id)
        return moved

    async def _time_out(self, tenant_id: TenantId, waiting_id: WaitingId, now: datetime) -> None:
        def end(conn: Connection, changes: ChangeSet) -> None:
            driver = _existing(conn, tenant_id, waiting_id)
            if driver.state is WaitingState.WAITING:
                leave(changes, driver, WaitingState.TIMED_OUT, now)

        await self._database.decide(end, tenant_id)


def _existing(conn: Connection, tenant_id: TenantId, waiting_id: WaitingId) -> Waiting:
    found = store.one_waiting(conn, tenant_id, waiting_id)
    if found is None:
        raise NotFound(f"Nobody waits as {waiting_id[:60]}.", field="waiting", waiting=waiting_id)
    return found
