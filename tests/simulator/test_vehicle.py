"""Cars: what they draw is what they were offered or less, and what they gain is what they drew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.simulator.showroom import CARS
from currant.simulator.vehicle import (
    AC_CURRENT_MIN_A,
    PHASE_VOLTAGE_V,
    CarModel,
    Offer,
    PowerType,
    Vehicle,
    along,
    power_taken,
    step,
)

HATCHBACK = next(car for car in CARS if car.name == "Bramley hatchback")
HYBRID = next(car for car in CARS if car.name == "Sloe plug-in hybrid")
SALOON = next(car for car in CARS if car.name == "Russet saloon")


def ac(amperes: float, phases: int = 3) -> Offer:
    return Offer(
        power_type=PowerType.AC,
        max_power_w=amperes * phases * PHASE_VOLTAGE_V,
        phases=phases,
        max_current_a=amperes,
    )


def dc(watts: float) -> Offer:
    return Offer(power_type=PowerType.DC, max_power_w=watts)


def car(model: CarModel, soc: float, target: float = 1.0) -> Vehicle:
    return Vehicle(model=model, stored_wh=model.battery_wh * soc, target_soc=target)


vehicles = st.builds(car, st.sampled_from(CARS), st.floats(0, 1), st.floats(0.5, 1))
offers = st.one_of(
    st.builds(ac, st.floats(0, 80), st.sampled_from([1, 3])), st.builds(dc, st.floats(0, 400_000))
)


def test_a_three_phase_car_takes_its_eleven_kilowatts_of_twenty_two() -> None:
    _, draw = step(car(HATCHBACK, 0.5), ac(32), 60)
    assert draw.power_w == pytest.approx(11_000)
    assert draw.currents_a == pytest.approx((15.94, 15.94, 15.94), abs=0.01)


def test_a_one_phase_car_loads_one_phase_of_three() -> None:
    _, draw = step(car(HYBRID, 0.2), ac(32), 60)
    assert draw.currents_a == pytest.approx((16, 0, 0))
    assert draw.power_w == pytest.approx(3_680)


def test_below_six_amperes_a_car_does_not_charge() -> None:
    vehicle = car(HATCHBACK, 0.5)
    assert step(vehicle, ac(AC_CURRENT_MIN_A - 0.1), 3600)[0] == vehicle
    assert step(vehicle, ac(AC_CURRENT_MIN_A), 3600)[0].soc > 0.5


def test_a_car_without_a_dc_inlet_takes_nothing_there() -> None:
    assert power_taken(car(HYBRID, 0.1), dc(50_000)) == 0


def test_dc_power_tapers_as_the_battery_fills() -> None:
    powers = [power_taken(car(SALOON, soc), dc(400_000)) for soc in (0.3, 0.5, 0.7, 0.9)]
    assert powers == sorted(powers, reverse=True)
    assert powers[0] > 3 * powers[-1]


def test_the_station_limits_a_fast_car() -> None:
    assert power_taken(car(SALOON, 0.1), dc(50_000)) == 50_000


def test_charging_from_ten_to_eighty_percent_takes_a_realistic_time() -> None:
    vehicle, minutes = car(SALOON, 0.1, 0.8), 0
    while not vehicle.satisfied:
        vehicle, _ = step(vehicle, dc(250_000), 60)
        minutes += 1
    assert 20 <= minutes <= 40


@given(vehicles, offers, st.floats(0, 86_400))
def test_the_battery_gains_what_was_drawn_times_the_efficiency(
    vehicle: Vehicle, offer: Offer, seconds: float
) -> None:
    after, draw = step(vehicle, offer, seconds)
    model = vehicle.model
    efficiency = model.dc_efficiency if offer.power_type is PowerType.DC else model.ac_efficiency
    assert after.stored_wh - vehicle.stored_wh == pytest.approx(draw.energy_wh * efficiency, abs=1e-3)


@given(vehicles, offers, st.floats(0, 86_400))
def test_nothing_is_ever_above_its_limit(vehicle: Vehicle, offer: Offer, seconds: float) -> None:
    after, draw = step(vehicle, offer, seconds)
    assert 0 <= after.soc <= 1
    assert (
        vehicle.stored_wh
        <= after.stored_wh
        <= max(vehicle.stored_wh, vehicle.target_soc * vehicle.model.battery_wh)
    )
    assert 0 <= draw.power_w <= offer.max_power_w * (1 + 1e-9)
    assert 0 <= draw.energy_wh <= offer.max_power_w * seconds / 3600 * (1 + 1e-9)
    if offer.power_type is PowerType.AC:
        assert max(draw.currents_a) <= offer.max_current_a * (1 + 1e-9)
        assert draw.power_w <= vehicle.model.ac_max_w * (1 + 1e-9)


@given(vehicles, offers, st.integers(1, 20))
def test_many_short_steps_come_to_one_long_one(vehicle: Vehicle, offer: Offer, minutes: int) -> None:
    whole, _ = step(vehicle, offer, minutes * 60)
    for _ in range(minutes):
        vehicle, _ = step(vehicle, offer, 60)
    assert vehicle.stored_wh == pytest.approx(whole.stored_wh)


def test_a_curve_is_flat_beyond_its_ends_and_straight_between() -> None:
    curve = ((0.2, 10.0), (0.4, 20.0))
    assert [along(curve, at) for at in (0.0, 0.3, 0.9)] == pytest.approx([10, 15, 20])
