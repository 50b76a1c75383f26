"""The cars that come and the stations they come to: invented makes with realistic figures."""

import msgspec

from currant.simulator.dice import Dice
from currant.simulator.vehicle import CarModel, PowerType, Vehicle

CARS: tuple[CarModel, ...] = (
    CarModel(
        name="Pippin city car",
        battery_wh=24_000,
        ac_max_w=6_600,
        ac_phases=1,
        dc_curve=((0.0, 30_000), (0.6, 30_000), (0.8, 18_000), (1.0, 3_000)),
        pack_voltage_v=350,
    ),
    CarModel(
        name="Bramley hatchback",
        battery_wh=52_000,
        ac_max_w=11_000,
        ac_phases=3,
        dc_curve=((0.0, 80_000), (0.1, 110_000), (0.4, 90_000), (0.8, 45_000), (1.0, 8_000)),
    ),
    CarModel(
        name="Bramley hatchback 22 kW",
        battery_wh=52_000,
        ac_max_w=22_000,
        ac_phases=3,
        dc_curve=((0.0, 46_000), (0.55, 46_000), (0.8, 28_000), (1.0, 5_000)),
    ),
    CarModel(
        name="Russet saloon",
        battery_wh=75_000,
        ac_max_w=11_000,
        ac_phases=3,
        dc_curve=(
            (0.0, 120_000),
            (0.05, 200_000),
            (0.25, 180_000),
            (0.6, 90_000),
            (0.8, 55_000),
            (1.0, 10_000),
        ),
        pack_voltage_v=360,
    ),
    CarModel(
        name="Damson estate 800 V",
        battery_wh=84_000,
        ac_max_w=11_000,
        ac_phases=3,
        dc_curve=(
            (0.0, 150_000),
            (0.1, 235_000),
            (0.55, 230_000),
            (0.8, 120_000),
            (0.85, 50_000),
            (1.0, 9_000),
        ),
        pack_voltage_v=700,
    ),
    CarModel(
        name="Medlar sports 800 V",
        battery_wh=93_000,
        ac_max_w=22_000,
        ac_phases=3,
        dc_curve=(
            (0.0, 200_000),
            (0.05, 265_000),
            (0.3, 265_000),
            (0.7, 150_000),
            (0.85, 60_000),
            (1.0, 10_000),
        ),
        pack_voltage_v=723,
    ),
    CarModel(
        name="Quince family van",
        battery_wh=77_000,
        ac_max_w=11_000,
        ac_phases=3,
        dc_curve=((0.0, 100_000), (0.1, 150_000), (0.3, 135_000), (0.6, 90_000), (0.8, 65_000), (1.0, 9_000)),
    ),
    CarModel(name="Sloe plug-in hybrid", battery_wh=12_000, ac_max_w=3_680, ac_phases=1, ac_efficiency=0.87),
    CarModel(name="Sloe plug-in hybrid 7.4 kW", battery_wh=22_000, ac_max_w=7_360, ac_phases=1),
    CarModel(
        name="Elder two-phase compact",
        battery_wh=36_000,
        ac_max_w=7_200,
        ac_phases=2,
        dc_curve=((0.0, 40_000), (0.7, 38_000), (0.8, 22_000), (1.0, 4_000)),
    ),
    CarModel(
        name="Hawthorn delivery van",
        battery_wh=68_000,
        ac_max_w=11_000,
        ac_phases=3,
        dc_curve=((0.0, 90_000), (0.2, 115_000), (0.6, 80_000), (0.8, 40_000), (1.0, 7_000)),
    ),
    CarModel(
        name="Rowan tractor unit",
        battery_wh=480_000,
        ac_max_w=43_000,
        ac_phases=3,
        dc_curve=((0.0, 300_000), (0.1, 375_000), (0.8, 340_000), (0.9, 150_000), (1.0, 20_000)),
        pack_voltage_v=680,
    ),
)
_CAR_WEIGHTS = (4, 12, 5, 16, 8, 3, 12, 8, 5, 4, 5, 1)


class StationModel(msgspec.Struct, frozen=True, kw_only=True):
    """A product of a station maker: what it says of itself and how its outlets are built."""

    vendor: str
    model: str
    firmware: str
    power_type: PowerType
    max_power_w: int
    phases: int = 3
    evses: int = 1
    connectors: tuple[str, ...] = ("IEC_62196_T2",)
    cable: bool = False


STATIONS: tuple[StationModel, ...] = (
    StationModel(
        vendor="Ostrava Works",
        model="Wallet 11",
        firmware="4.2.1",
        power_type=PowerType.AC,
        max_power_w=11_040,
    ),
    StationModel(
        vendor="Ostrava Works",
        model="Pillar 2x22",
        firmware="4.2.1",
        power_type=PowerType.AC,
        max_power_w=22_080,
        evses=2,
    ),
    StationModel(
        vendor="Lumen & Sons",
        model="LS-Home 7",
        firmware="1.19",
        power_type=PowerType.AC,
        max_power_w=7_360,
        phases=1,
        cable=True,
    ),
    StationModel(
        vendor="Lumen & Sons",
        model="LS-Street",
        firmware="2.3.0",
        power_type=PowerType.AC,
        max_power_w=22_080,
        evses=2,
    ),
    StationModel(
        vendor="Karstadt Power",
        model="KP50 Duo",
        firmware="2024.11",
        power_type=PowerType.DC,
        max_power_w=50_000,
        connectors=("IEC_62196_T2_COMBO", "CHADEMO"),
        cable=True,
    ),
    StationModel(
        vendor="Karstadt Power",
        model="KP180",
        firmware="2025.2",
        power_type=PowerType.DC,
        max_power_w=180_000,
        evses=2,
        connectors=("IEC_62196_T2_COMBO",),
        cable=True,
    ),
    StationModel(
        vendor="Fjellkraft",
        model="Hyper 400",
        firmware="7.0.3",
        power_type=PowerType.DC,
        max_power_w=400_000,
        evses=2,
        connectors=("IEC_62196_T2_COMBO",),
        cable=True,
    ),
    StationModel(
        vendor="Voltaria", model="Cube 22", firmware="0.9.8-rc2", power_type=PowerType.AC, max_power_w=22_080
    ),
)
STATION_WEIGHTS = (14, 22, 8, 18, 10, 12, 6, 10)


def drive_up(dice: Dice, power_type: PowerType) -> Vehicle:
    """A car as it rolls in: its type, what is left in the battery and how full its driver wants it."""
    if power_type is PowerType.DC:
        pairs = [(car, w) for car, w in zip(CARS, _CAR_WEIGHTS, strict=True) if car.takes_dc]
        car = dice.weighted([c for c, _ in pairs], [w for _, w in pairs])
        target = min(1.0, max(0.6, dice.normal(0.82, 0.06)))
        soc = min(0.55, max(0.03, dice.normal(0.22, 0.1)))
    else:
        car = dice.weighted(CARS[:-1], _CAR_WEIGHTS[:-1])
        target = 1.0 if dice.happens(0.6) else 0.8
        soc = min(0.75, max(0.05, dice.normal(0.45, 0.18)))
    return Vehicle(
        model=car,
        stored_wh=car.battery_wh * soc,
        target_soc=target,
        warmth=dice.uniform(0.75, 1.0),
        emaid=f"DE-CUR-C{dice.hex(8)}-{dice.integer(0, 9)}",
        mac=dice.hex(12),
    )
