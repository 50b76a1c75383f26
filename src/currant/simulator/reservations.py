"""Holding an outlet for somebody: for one EVSE, a type of connector, or anywhere on the station.

A reservation for no EVSE in particular holds the first that is free, and another one when that
one fails (2.x, H01.FR.07); where its holder comes to a different EVSE, he is let charge there.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from currant.simulator.outlet import Outlet
    from currant.simulator.station import Station

End = Literal["Expired", "Removed", "NoTransaction"]


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """`until` in epoch seconds; `anywhere` is not bound to the EVSE that holds it."""

    id: int
    token: str
    group: str | None
    until: float
    anywhere: bool = False
    connector_type: str | None = None

    def is_for(self, token: str | None, group: str | None = None) -> bool:
        if token is None:
            return False
        wanted = self.group.lower() if self.group else None
        return token.lower() == self.token.lower() or (
            wanted is not None and wanted in (token.lower(), (group or "").lower())
        )


def reserve(station: "Station", outlets: Sequence["Outlet"], reservation: Reservation) -> str:
    """Hold one of these; the answer's status (1.6, 5.13; 2.x, H01.FR.11 to 14)."""
    if not outlets or reservation.until <= station.now:
        return "Rejected"
    states = []
    for outlet in outlets:
        state = _state(outlet, reservation.id)
        if state is None:
            _replace(station, outlet, reservation)
            return "Accepted"
        states.append(state)
    return states[0] if len(set(states)) == 1 else "Occupied"


def _state(outlet: "Outlet", reservation_id: int) -> str | None:
    """Why this outlet cannot be held; None when it can."""
    if outlet.fault is not None:
        return "Faulted"
    if not outlet.usable:
        return "Unavailable"
    held = outlet.reservation is not None and outlet.reservation.id != reservation_id
    if held or outlet.plugged or outlet.visit is not None or outlet.transaction is not None:
        return "Occupied"
    return None


def _replace(station: "Station", outlet: "Outlet", reservation: Reservation) -> None:
    for other in station.outlets:
        if other is not outlet and other.reservation is not None and other.reservation.id == reservation.id:
            other.reservation = None
            station.show_status(other)
    outlet.reservation = reservation
    station.run_steps([(0.2, lambda: station.show_status(outlet))])

    def expire() -> None:
        holder = next((each for each in station.outlets if each.reservation is reservation), None)
        if holder is not None:
            end(station, holder, "Expired")

    station.at(reservation.until, expire)


def end(station: "Station", outlet: "Outlet", how: End) -> None:
    """It is over without a session, and the server is told."""
    reservation, outlet.reservation = outlet.reservation, None
    if reservation is not None:
        station.dialect.reservation_ended(reservation.id, how)
        station.show_status(outlet)


def cancel(station: "Station", reservation_id: int) -> bool:
    held = [each for each in station.outlets if each.reservation and each.reservation.id == reservation_id]
    for outlet in held:
        outlet.reservation = None
        station.run_steps([(0.2, partial(station.show_status, outlet))])
    return bool(held)


def use(station: "Station", outlet: "Outlet", token: str | None, group: str | None) -> int | None:
    """The reservation under which this token charges here, now used up: its id."""
    own = outlet.reservation
    if own is not None and own.is_for(token, group):
        outlet.reservation = None
        return own.id
    for other in station.outlets:
        held = other.reservation
        if held is not None and held.anywhere and held.is_for(token, group):
            other.reservation = None
            station.show_status(other)
            return held.id
    return None


def dislodge(station: "Station", outlet: "Outlet") -> None:
    """The outlet cannot be held any longer (H01.FR.16, 17): hold another one, or give it up."""
    reservation = outlet.reservation
    if reservation is None:
        return
    if reservation.anywhere:
        for other in station.outlets:
            kinds = station.dialect.connector_kinds(other)
            fits = reservation.connector_type is None or reservation.connector_type in kinds
            if other is not outlet and fits and _state(other, -1) is None:
                outlet.reservation, other.reservation = None, reservation
                station.show_status(other)
                return
    end(station, outlet, "Removed")
