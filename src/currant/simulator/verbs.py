"""What a server may ask of a station, in neutral words: both dialects' commands come down to these."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from currant.simulator import reservations
from currant.simulator.allowlist import KnownTokens
from currant.simulator.dialect import Switch

if TYPE_CHECKING:
    from currant.simulator.outlet import Outlet
    from currant.simulator.station import Station


def remote_start(
    station: "Station",
    outlet: "Outlet | None",
    token: str,
    remote_start_id: int | None = None,
    *,
    group: str | None = None,
) -> "Outlet | None":
    """Begin charging for `token` here, or at any outlet that can; None when that cannot be."""
    for candidate in [outlet] if outlet is not None else station.outlets:
        if _can_start(candidate, token, group):
            candidate.group = group
            break
    else:
        return None
    if remote_start_id is not None:
        station.remember_remote_start(candidate.number, remote_start_id)
    if candidate.plugged:
        candidate.allow_soon(token)
    elif candidate.visit is not None:
        candidate.allowed_token = token
    elif station.spec.remote_start_brings_car:
        candidate.bring_car(token)
    else:
        candidate.wait_for_car(token)
    return candidate


def _can_start(outlet: "Outlet", token: str, group: str | None) -> bool:
    if not outlet.usable or outlet.fault is not None:
        return False
    if outlet.transaction is not None and outlet.transaction.token is not None:
        return False
    return outlet.reservation is None or outlet.reservation.is_for(token, group)


def remote_stop(station: "Station", outlet: "Outlet") -> None:
    transaction = outlet.transaction

    def stop() -> None:
        if outlet.transaction is transaction:
            outlet.stop("Remote")

    station.run_steps([(station.dice.uniform(0.3, 1.5), stop)])


def change_availability(
    station: "Station", outlets: Sequence["Outlet"], *, operative: bool, connector: int | None = None
) -> bool:
    """Of whole EVSEs, or of one `connector` of one. True when a session must end first: then the change is kept and shown after it."""
    scheduled = False
    for outlet in outlets:
        busy = outlet.transaction is not None and not operative and connector in (None, outlet.connector)
        if connector is None:
            outlet.operative = operative
        else:
            outlet.switch_connector(connector, operative=operative)
        scheduled = scheduled or busy
        if not outlet.usable:
            reservations.dislodge(station, outlet)

    def show() -> None:
        for outlet in outlets:
            if connector is not None:
                # What is told of its other connectors may have changed while its own state has not.
                outlet.reported = None
            station.show_status(outlet)

    station.run_steps([(0.2, show)])
    return scheduled


def clear_cache(station: "Station") -> bool:
    """Forget whom the server let charge before; not where nothing is remembered (2.x, C11.FR.04)."""
    if not station.dialect.switched_on(Switch.CACHE):
        return False
    tokens = station.has(KnownTokens)
    if tokens is not None:
        tokens.cache.clear()
    return True


def reset_outlet(station: "Station", outlet: "Outlet") -> None:
    """One EVSE restarts alone: its session ends, and it is away for a moment (2.x, B11, B12)."""
    outlet.reset_when_idle = False
    outlet.stop("ImmediateReset")
    was_operative, outlet.operative = outlet.operative, False

    def back() -> None:
        outlet.operative = was_operative
        station.show_status(outlet)

    station.show_status(outlet)
    station.run_steps([(station.timing.boot_s, back)])
