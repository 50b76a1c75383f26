"""What reservations learn from stations: their time is over, a place broke down, a station came back."""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.charging.events import SessionEnded
from currant.charging.reservations import booking, rules, store
from currant.charging.reservations.ending import close
from currant.charging.reservations.events import ReservationEnded
from currant.charging.reservations.model import Reservation, ReservationState, StationWord
from currant.charging.reservations.placing import Placing
from currant.db.commits import ChangeSet
from currant.kit.event import Event
from currant.kit.ids import ReservationId, StationId, TenantId
from currant.stations.events import ConnectorStatusChanged, StationBooted, StationConnected
from currant.stations.model import ConnectorStatus

FOLLOWED: tuple[type[Event], ...] = (
    StationBooted,
    StationConnected,
    ConnectorStatusChanged,
    SessionEnded,
    ReservationEnded,
)

_GIVES_UP = frozenset({ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE})


class Hearing(Placing):
    """Takes what stations say."""

    async def report(
        self, tenant_id: TenantId, station_id: StationId, number: int, word: StationWord, *, at: datetime
    ) -> None:
        """Take what a station says of a reservation: its time is over, or it gave it up.

        What is not a reservation of that station's, or is over already, changes nothing.
        """

        def take(conn: Connection, changes: ChangeSet) -> ReservationId | None:
            reservation = store.by_number(conn, tenant_id, number)
            if reservation is None or reservation.place_station_id != station_id:
                return None
            if not reservation.is_open:
                if reservation.station_knows:
                    store.save(changes, replace(reservation, station_knows=False, next_at=None))
                return None
            if word is StationWord.NO_TRANSACTION:
                close(conn, changes, rules.came_to_nothing(reservation, at), at)
                return None
            if word is StationWord.EXPIRED and not rules.is_early(reservation, at):
                close(conn, changes, rules.ended_by_station(reservation, at), at)
                return None
            return self._given_up(conn, changes, reservation, at)

        elsewhere = await self._database.decide(take, tenant_id)
        if elsewhere is not None:
            self.wake(tenant_id, elsewhere)

    def _given_up(
        self, conn: Connection, changes: ChangeSet, reservation: Reservation, now: datetime
    ) -> ReservationId | None:
        """The station does not keep it any more: another place is looked for, where one will do."""
        forgotten = replace(reservation, station_knows=False)
        if reservation.evse is None:
            among = booking.places_for(
                conn, reservation.tenant_id, reservation.location_id, reservation.station_id
            )
            taken = booking.taken_now(conn, reservation.tenant_id, among, token_id=reservation.token_id)
            place = booking.find_room(conn, changes, forgotten, now=now, avoid=taken | {reservation.place})
            if place is not None:
                booking.move(
                    changes,
                    replace(forgotten, state=ReservationState.PLACING, next_at=now, tries=0),
                    place,
                    now,
                )
                return reservation.id
        close(conn, changes, rules.given_up_by_station(forgotten, now), now)
        return None

    async def follow(self, event: Event) -> None:
        """React to what happens at stations: a subscriber of `FOLLOWED`, which may be told twice."""
        if isinstance(event, SessionEnded):
            await self._session_ended(event)
        elif isinstance(event, (StationBooted, StationConnected)):
            await self._came_back(event)
        elif isinstance(event, ConnectorStatusChanged):
            await self._status_changed(event)
        elif isinstance(event, ReservationEnded):
            # Used elsewhere, or ended while its station was told: the station has to give the place free.
            self.wake(event.tenant_id, event.reservation_id)

    async def _session_ended(self, event: SessionEnded) -> None:
        """Whoever planned ahead and leaves early leaves the rest of the time to others."""
        token_id = event.token_id
        if token_id is None:
            return

        def free(conn: Connection, changes: ChangeSet) -> None:
            used = store.of_session(conn, event.tenant_id, token_id, event.session_id)
            if used is not None and used.booked_until > event.ended_at:
                store.save(changes, replace(used, booked_until=max(event.ended_at, used.starts_at)))

        found = await self._database.read(
            lambda conn: store.of_session(conn, event.tenant_id, token_id, event.session_id)
        )
        if found is not None:
            await self._database.decide(free, event.tenant_id)

    async def _came_back(self, event: StationBooted | StationConnected) -> None:
        now = self._clock.now()
        booted = isinstance(event, StationBooted)

        def changed(reservation: Reservation) -> Reservation:
            if booted:
                # Told after the boot, it need not be told again, however often this event is delivered.
                fresh = reservation.held_since is not None and reservation.held_since > event.happened_at
                return reservation if fresh else rules.rebooted(reservation, now)
            return rules.worth_another_try(reservation, now)

        await self._change_all(event.tenant_id, event.station_id, changed)

    async def _status_changed(self, event: ConnectorStatusChanged) -> None:
        now = self._clock.now()
        if event.after is ConnectorStatus.AVAILABLE:
            await self._change_all(
                event.tenant_id,
                event.station_id,
                lambda each: rules.worth_another_try(each, now) if each.place_evse == event.evse else each,
            )
        elif event.after in _GIVES_UP and event.evse > 0:
            await self._broke_down(event, now)

    async def _broke_down(self, event: ConnectorStatusChanged, now: datetime) -> None:
        """An EVSE that failed keeps no place, whether or not its station says so (1.6 5.13 does not)."""

        def held_there(conn: Connection) -> list[Reservation]:
            return [
                each
                for each in store.at_station(conn, event.tenant_id, event.station_id)
                if each.state is ReservationState.HELD
                and not each.any_evse
                and each.place_evse == event.evse
                and each.held_since is not None
                and each.held_since <= event.happened_at
            ]

        if not await self._database.read(held_there):
            return

        def end(conn: Connection, changes: ChangeSet) -> list[ReservationId]:
            moved = [self._given_up(conn, changes, each, now) for each in held_there(conn)]
            return [each for each in moved if each is not None]

        for reservation_id in await self._database.decide(end, event.tenant_id):
            self.wake(event.tenant_id, reservation_id)
