"""Stations are told of reservations, and told that they are over: what is due, done once, and again where it failed.

A reservation says itself when there is something to do for it (`next_at`), so nothing is lost when
the process stops in the middle: whoever comes by later goes on where it stood.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.charging.reservations import booking, rules, store
from currant.charging.reservations.ending import close
from currant.charging.reservations.events import ReservationHeld, about
from currant.charging.reservations.model import PlaceKey, Reservation, ReservationState, Terms
from currant.charging.reservations.rules import Step
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError
from currant.kit.ids import ReservationId, StationId, TenantId
from currant.stations import places
from currant.stations.commanding.reservations import CancelReservation, Reserve
from currant.stations.commands import CommandService
from currant.stations.model import CommandOutcome, CommandStatus, ConnectorStatus

log = logging.getLogger(__name__)

AT_ONCE = 50
"""How many stations are told at the same time; the others have their turn with the next look."""
DUE_MAX = 200
PLACES_TRIED_MAX = 5
BY = "reservations"


class Placing:
    """Does what is due for reservations."""

    def __init__(self, database: Database, commands: CommandService, clock: Clock, terms: Terms) -> None:
        self._database = database
        self._commands = commands
        self._clock = clock
        self._terms = terms
        self._at_work: dict[ReservationId, asyncio.Task[None]] = {}

    async def tend(self, now: datetime) -> int:
        """Begin what is due by now for all reservations; how many that are."""
        due = await self._database.read(lambda conn: store.due(conn, now, limit=DUE_MAX))
        for tenant_id, reservation_id in due:
            self.wake(tenant_id, reservation_id)
        return len(due)

    def wake(self, tenant_id: TenantId, reservation_id: ReservationId) -> None:
        """Have somebody look after a reservation soon; `tend` comes back to those for whom there is no room."""
        if reservation_id in self._at_work or len(self._at_work) >= AT_ONCE:
            return
        task = asyncio.get_running_loop().create_task(self._look_after(tenant_id, reservation_id))
        self._at_work[reservation_id] = task
        task.add_done_callback(lambda _: self._at_work.pop(reservation_id, None))

    async def settled(self) -> None:
        """Wait until all that has begun is done."""
        while self._at_work:
            await asyncio.gather(*self._at_work.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Leave what is not done to the next start."""
        for task in list(self._at_work.values()):
            task.cancel()
        await self.settled()

    async def _look_after(self, tenant_id: TenantId, reservation_id: ReservationId) -> None:
        try:
            await self.attend(tenant_id, reservation_id)
        except CurrantError as error:
            log.warning("Reservation %s waits for its next turn: %s", reservation_id, error)
        except Exception:
            log.exception("Reservation %s could not be looked after.", reservation_id)

    async def attend(self, tenant_id: TenantId, reservation_id: ReservationId) -> Reservation:
        """Do what is due for one reservation now; how it stands then."""
        tried: frozenset[PlaceKey] = frozenset()
        named = False
        while True:
            step, reservation, any_evse = await self._database.decide(
                lambda conn, changes, named=named: self._claim(
                    conn, changes, tenant_id, reservation_id, named
                ),  # type: ignore[misc]
                tenant_id,
            )
            if step is Step.WITHDRAW:
                outcome = await self._give(reservation, CancelReservation(reservation_id=reservation.number))
                return await self._change(
                    tenant_id,
                    reservation_id,
                    lambda now, outcome=outcome: (
                        lambda each: (  # type: ignore[misc]
                            each if each.is_open else rules.withdrawn(each, outcome, now)
                        )
                    ),
                )
            if step is not Step.TELL:
                return reservation
            outcome = await self._give(reservation, self._reserve(reservation, any_evse=any_evse))
            tried |= {reservation.place}
            if any_evse and rules.is_about_any_evse(outcome):
                named = True
                await self._change(
                    tenant_id, reservation_id, lambda now: lambda each: replace(each, next_at=now)
                )
                continue
            again, reservation = await self._database.decide(
                lambda conn, changes, outcome=outcome, any_evse=any_evse, tried=tried: self._answered(  # type: ignore[misc]
                    conn, changes, tenant_id, reservation_id, outcome, any_evse, tried
                ),
                tenant_id,
            )
            if not again:
                return reservation

    def _claim(
        self,
        conn: Connection,
        changes: ChangeSet,
        tenant_id: TenantId,
        reservation_id: ReservationId,
        named: bool,
    ) -> tuple[Step, Reservation, bool]:
        """What is to be done, which then nobody else does; and whether any EVSE of the station is asked for."""
        now = self._clock.now()
        reservation = store.one(conn, tenant_id, reservation_id)
        assert reservation is not None, "Reservations are not deleted while something is due for them."
        step = rules.next_step(reservation, now)
        if step is Step.RELEASE:
            over = rules.released(reservation, now)
            close(conn, changes, over, now)
            return Step.NOTHING, over, False
        if step is Step.WITHDRAW:
            store.save(changes, replace(reservation, next_at=now + rules.LEASE))
            return step, reservation, False
        if step is not Step.TELL:
            if reservation.is_open and reservation.next_at is not None and reservation.next_at <= now:
                reservation = replace(reservation, next_at=reservation.release_at)
                store.save(changes, reservation)
            return step, reservation, False
        there = places.of_station(conn, tenant_id, reservation.place_station_id)
        running = store.charging_at(conn, tenant_id, [reservation.place_station_id])
        own = running.get(reservation.place)
        if own is not None and own[1] == reservation.token_id:
            # Whom it is for came early, and charges there already.
            reservation = self._used_by_early_bird(conn, changes, reservation, now)
            return Step.NOTHING, reservation, False
        if reservation.station_knows and self._still_shown(reservation, there):
            kept = replace(reservation, state=ReservationState.HELD, next_at=reservation.release_at)
            store.save(changes, kept)
            return Step.NOTHING, kept, False
        claimed = rules.telling(reservation, now)
        store.save(changes, claimed)
        any_evse = (
            not named and reservation.station_id is not None and reservation.evse is None and len(there) > 1
        )
        return step, claimed, any_evse

    def _still_shown(self, reservation: Reservation, there: tuple[places.EvsePlace, ...]) -> bool:
        """A station that shows the place as reserved after its boot has not forgotten it."""
        return (
            reservation.state is ReservationState.PLACING
            and reservation.tries == 0
            and not reservation.any_evse
            and any(
                place.key == reservation.place
                and place.status is ConnectorStatus.RESERVED
                and place.since is not None
                and reservation.next_at is not None
                and place.since >= reservation.next_at - rules.SETTLES
                for place in there
            )
        )

    def _used_by_early_bird(
        self, conn: Connection, changes: ChangeSet, reservation: Reservation, now: datetime
    ) -> Reservation:
        session_id, number = store.session_at(conn, reservation.tenant_id, *reservation.place)
        over = rules.used(reservation, now, session_id=session_id, session_number=number, at_its_place=True)
        close(conn, changes, over, now)
        return over

    def _answered(
        self,
        conn: Connection,
        changes: ChangeSet,
        tenant_id: TenantId,
        reservation_id: ReservationId,
        outcome: CommandOutcome,
        any_evse: bool,
        tried: frozenset[PlaceKey],
    ) -> tuple[bool, Reservation]:
        """Keep what the station answered; whether another place is to be tried at once."""
        now = self._clock.now()
        before = store.one(conn, tenant_id, reservation_id)
        assert before is not None, "Reservations are not deleted while a station is told of them."
        elsewhere = before.is_open and before.evse is None and not any_evse
        if elsewhere and rules.is_about_the_place(outcome) and len(tried) < PLACES_TRIED_MAX:
            among = booking.places_for(conn, tenant_id, before.location_id, before.station_id)
            taken = booking.taken_now(conn, tenant_id, among, token_id=before.token_id)
            place = booking.find_room(conn, changes, before, now=now, avoid=tried | taken)
            if place is not None:
                again = replace(before, state=ReservationState.PLACING, next_at=now)
                return True, booking.move(changes, again, place, now)
        after = rules.answered(before, outcome, now, any_evse=any_evse)
        if before.is_open and not after.is_open:
            close(conn, changes, after, now)
            return False, after
        store.save(changes, after)
        # What a station was only told once more (after its boot, with a new end) is no news.
        renewed = before.state is ReservationState.PLACING and before.station_knows
        told_anew = renewed and after.state is ReservationState.HELD
        changed = (after.state, after.reason) != (before.state, before.reason)
        if after.is_open and changed and not told_anew:
            told: dict[str, Any] = about(after)
            changes.emit(ReservationHeld(happened_at=now, **told))
        # Cancelled while the station was being told: it is told that too, at once.
        return after.station_knows and not after.is_open, after

    def _reserve(self, reservation: Reservation, *, any_evse: bool) -> Reserve:
        return Reserve(
            reservation_id=reservation.number,
            expires_at=reservation.release_at,
            token_uid=reservation.token_uid,
            token_kind=reservation.token_kind,
            evse=None if any_evse else reservation.place_evse,
            connector_standard=reservation.connector_standard if any_evse else None,
            parent_uid=reservation.parent_uid,
        )

    async def _give(self, reservation: Reservation, command: Reserve | CancelReservation) -> CommandOutcome:
        """Tell the station; that it may not be told at all is an outcome too."""
        try:
            record = await self._commands.give(
                reservation.tenant_id,
                reservation.place_station_id,
                command,
                by=reservation.created_by or BY,
                deadline_s=self._terms.answer_within_s,
            )
        except CurrantError as error:
            return CommandOutcome(status=CommandStatus.REFUSED, reason=error.message)
        return CommandOutcome(status=record.status, reason=record.reason, answer=record.answer)

    async def _change(
        self,
        tenant_id: TenantId,
        reservation_id: ReservationId,
        changed: Callable[[datetime], Callable[[Reservation], Reservation]],
    ) -> Reservation:
        now = self._clock.now()

        def apply(conn: Connection, changes: ChangeSet) -> Reservation:
            before = store.one(conn, tenant_id, reservation_id)
            assert before is not None, "Reservations are not deleted while something is due for them."
            after = changed(now)(before)
            store.save(changes, after)
            return after

        return await self._database.decide(apply, tenant_id)

    async def _change_all(
        self, tenant_id: TenantId, station_id: StationId, changed: Callable[[Reservation], Reservation]
    ) -> None:
        """Change the reservations of a station, and see to those for which something is due then."""

        def differing(conn: Connection) -> list[tuple[Reservation, Reservation]]:
            found = store.at_station(conn, tenant_id, station_id)
            return [
                (before, after) for before in found if before.is_open and (after := changed(before)) != before
            ]

        # Nearly always there is nothing to change, and a look costs nobody anything.
        if not await self._database.read(differing):
            return

        def apply(conn: Connection, changes: ChangeSet) -> list[Reservation]:
            after = [after for _, after in differing(conn)]
            for each in after:
                store.save(changes, each)
            return after

        now = self._clock.now()
        for after in await self._database.decide(apply, tenant_id):
            if after.next_at is not None and after.next_at <= now:
                self.wake(tenant_id, after.id)
