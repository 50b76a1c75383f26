"""How the end of a reservation is written: its row, its event, and what becomes of who waited for it."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.charging.reservations import store
from currant.charging.reservations.events import ReservationEnded, WaitingDriverLeft, about, about_waiting
from currant.charging.reservations.model import Reservation, ReservationState, Waiting, WaitingState
from currant.db.commits import ChangeSet

# What the end of the place that was held for somebody who was called means for them.
_LEAVES = {
    ReservationState.USED: WaitingState.CHARGING,
    ReservationState.CANCELLED: WaitingState.CANCELLED,
    ReservationState.EXPIRED: WaitingState.MISSED,
    ReservationState.NO_SHOW: WaitingState.MISSED,
}


def close(
    conn: Connection, changes: ChangeSet, reservation: Reservation, now: datetime, *, by: str = ""
) -> None:
    """Keep a reservation that is over now, and tell so."""
    store.save(changes, reservation)
    facts: dict[str, Any] = about(reservation)
    changes.emit(
        ReservationEnded(
            happened_at=now,
            session_id=reservation.session_id,
            waiting_id=reservation.waiting_id,
            by=by,
            **facts,
        )
    )
    if reservation.waiting_id is None:
        return
    driver = store.one_waiting(conn, reservation.tenant_id, reservation.waiting_id)
    if driver is None or driver.reservation_id != reservation.id or not driver.is_on_the_list:
        return
    state = _LEAVES.get(reservation.state)
    if state is None:
        # The place failed them, not they the place: they have the first turn again.
        store.save_waiting(
            changes, replace(driver, state=WaitingState.WAITING, called_at=None, reservation_id=None)
        )
        return
    leave(changes, replace(driver, session_id=reservation.session_id), state, now)


def leave(changes: ChangeSet, driver: Waiting, state: WaitingState, now: datetime) -> Waiting:
    """Take somebody off the list."""
    gone = replace(driver, state=state, ended_at=now)
    store.save_waiting(changes, gone)
    facts: dict[str, Any] = about_waiting(gone)
    changes.emit(WaitingDriverLeft(happened_at=now, station_id=gone.station_id, **facts))
    return gone
