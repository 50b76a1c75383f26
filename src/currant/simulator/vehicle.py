"""Cars as charging equipment sees them: what they draw of what is offered, and for how long.

Pure: a car and an offer give a car with more in its battery and what was drawn meanwhile. Power is
taken at the outlet, so what the battery gains is what was drawn times the efficiency, no more.
"""

from enum import StrEnum
from math import ceil, sqrt

import msgspec
from msgspec.structs import replace

PHASE_VOLTAGE_V = 230.0
# IEC 61851-1, table A.8: a car must not draw when less than 6 A is offered on the control pilot.
AC_CURRENT_MIN_A = 6.0
# A long step is cut into short ones, so that the taper is followed and not jumped over.
SLICE_S = 60.0
_AC_TAPER = ((0.0, 1.0), (0.96, 1.0), (1.0, 0.25))


class PowerType(StrEnum):
    AC = "AC"
    DC = "DC"


class CarModel(msgspec.Struct, frozen=True, kw_only=True):
    """A type of car. `dc_curve` holds (state of charge, W) in ascending order; empty without a DC inlet."""

    name: str
    battery_wh: float
    ac_max_w: float
    ac_phases: int
    dc_curve: tuple[tuple[float, float], ...] = ()
    pack_voltage_v: float = 400.0
    ac_efficiency: float = 0.89
    dc_efficiency: float = 0.95

    @property
    def takes_dc(self) -> bool:
        return bool(self.dc_curve)


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """One car: what its battery holds now, and where its driver wants it (`target_soc`, 0 to 1).

    `departs_at` is in the caller's seconds; None is a car that stays.
    """

    model: CarModel
    stored_wh: float
    target_soc: float = 1.0
    departs_at: float | None = None
    # A battery colder than it likes takes less on DC; 1 is warm.
    warmth: float = 1.0
    emaid: str = ""
    mac: str = ""

    @property
    def soc(self) -> float:
        return self.stored_wh / self.model.battery_wh

    @property
    def satisfied(self) -> bool:
        return self.stored_wh >= self.model.battery_wh * self.target_soc - 1e-6


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What the outlet would give: at most `max_power_w` in total and, on AC, `max_current_a` a phase."""

    power_type: PowerType
    max_power_w: float
    phases: int = 3
    max_current_a: float = 0.0


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken: energy over the step, and power, voltage and currents at its end.

    `currents_a` is per phase (L1, L2, L3) on AC and one value on DC.
    """

    energy_wh: float = 0.0
    power_w: float = 0.0
    voltage_v: float = PHASE_VOLTAGE_V
    currents_a: tuple[float, ...] = (0.0,)


def along(curve: tuple[tuple[float, float], ...], at: float) -> float:
    """The value of a piecewise linear curve, held flat beyond its ends."""
    before = curve[0]
    if at <= before[0]:
        return before[1]
    for point in curve[1:]:
        if at <= point[0]:
            share = (at - before[0]) / (point[0] - before[0])
            return before[1] + share * (point[1] - before[1])
        before = point
    return before[1]


def power_taken(vehicle: Vehicle, offer: Offer) -> float:
    """W at the outlet that the car takes of the offer at this moment."""
    if vehicle.satisfied or offer.max_power_w <= 0:
        return 0.0
    if offer.power_type is PowerType.DC:
        if not vehicle.model.takes_dc:
            return 0.0
        wanted = along(vehicle.model.dc_curve, vehicle.soc) * vehicle.warmth
        return min(offer.max_power_w, wanted / vehicle.model.dc_efficiency)
    phases = phases_used(vehicle, offer)
    onboard_a = vehicle.model.ac_max_w / vehicle.model.ac_phases / PHASE_VOLTAGE_V
    offered_a = min(offer.max_current_a, offer.max_power_w / offer.phases / PHASE_VOLTAGE_V)
    if offered_a < AC_CURRENT_MIN_A:
        return 0.0
    return min(offered_a, onboard_a) * along(_AC_TAPER, vehicle.soc) * phases * PHASE_VOLTAGE_V


def phases_used(vehicle: Vehicle, offer: Offer) -> int:
    """1 or 3 (2 for the few cars with two chargers): the fewer of the car's and the outlet's."""
    return min(vehicle.model.ac_phases, offer.phases)


def step(vehicle: Vehicle, offer: Offer, seconds: float) -> tuple[Vehicle, Draw]:
    """The car after `seconds` on this offer, and what it drew; the target is reached, never passed."""
    dc = offer.power_type is PowerType.DC
    efficiency = vehicle.model.dc_efficiency if dc else vehicle.model.ac_efficiency
    goal_wh = vehicle.model.battery_wh * vehicle.target_soc
    drawn_wh = 0.0
    slices = max(1, ceil(seconds / SLICE_S))
    for _ in range(slices):
        power = power_taken(vehicle, offer)
        if power <= 0:
            break
        taken = min(power * (seconds / slices) / 3600, (goal_wh - vehicle.stored_wh) / efficiency)
        drawn_wh += taken
        vehicle = replace(vehicle, stored_wh=min(vehicle.stored_wh + taken * efficiency, goal_wh))
    return vehicle, _draw(vehicle, offer, drawn_wh)


def _draw(vehicle: Vehicle, offer: Offer, energy_wh: float) -> Draw:
    power = power_taken(vehicle, offer)
    if offer.power_type is PowerType.DC:
        # A lithium pack stands at about nine tenths of its nominal voltage empty and above it full.
        voltage = vehicle.model.pack_voltage_v * (0.9 + 0.15 * sqrt(min(1.0, max(0.0, vehicle.soc))))
        return Draw(energy_wh=energy_wh, power_w=power, voltage_v=voltage, currents_a=(power / voltage,))
    phases = phases_used(vehicle, offer)
    current = power / phases / PHASE_VOLTAGE_V
    currents = tuple(current if phase < phases else 0.0 for phase in range(offer.phases))
    return Draw(energy_wh=energy_wh, power_w=power, voltage_v=PHASE_VOLTAGE_V, currents_a=currents)
