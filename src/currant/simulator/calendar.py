"""What comes to a station from outside: drivers by habit, misfortunes by chance."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from currant.simulator import drivers

if TYPE_CHECKING:
    from currant.simulator.dice import Dice
    from currant.simulator.station import Station

DAY_S = 86_400.0
FAULTS = ("ground", "overcurrent", "temperature", "lock", "meter", "reader", "undervoltage", "communication")


def begin(station: "Station", fate: "Dice") -> None:
    """Open the calendar: the first driver, and the first misfortune of each kind."""
    _expect_driver(station)
    faults = station.faults
    for rate, happen in (
        (faults.offline_per_day, station.lose_network),
        (faults.reboots_per_day, lambda: station.reboot("Watchdog")),
        (faults.errors_per_day, lambda: _break_down(station, fate)),
        (faults.power_losses_per_day, station.lose_power),
    ):
        _expect_misfortune(station, fate, rate, happen)


def _expect_driver(station: "Station") -> None:
    if not station.tokens:
        return
    when = drivers.next_arrival(station.spec, station.drivers_dice, station.now)
    if when is not None:
        station.at(when, lambda: _driver_arrives(station))


def _driver_arrives(station: "Station") -> None:
    token = station.drivers_dice.choice(station.tokens)
    free = [outlet for outlet in station.outlets if outlet.free]
    if free and station.powered and station.open_for_business:
        outlet = free[station.drivers_dice.integer(0, len(free) - 1)]
        outlet.receive_visit(drivers.visit(station.spec, outlet.number, token, station.drivers_dice))
    _expect_driver(station)


def _expect_misfortune(station: "Station", fate: "Dice", per_day: float, happen: Callable[[], None]) -> None:
    if per_day <= 0:
        return

    def strike() -> None:
        if station.powered and station.open_for_business:
            happen()
        _expect_misfortune(station, fate, per_day, happen)

    station.at(station.now + fate.wait(per_day / DAY_S), strike)


def _break_down(station: "Station", fate: "Dice") -> None:
    outlet = station.outlets[fate.integer(0, len(station.outlets) - 1)]
    if outlet.fault is None:
        station.break_down(outlet, fate.choice(FAULTS), station.faults.error_s * fate.uniform(0.3, 1.7))
