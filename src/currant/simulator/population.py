"""Made-up networks: stations of all makes at all kinds of sites, the same ones for the same seed."""

from collections.abc import Mapping, Sequence

import msgspec

from currant.simulator.dice import Dice
from currant.simulator.showroom import STATION_WEIGHTS, STATIONS, StationModel
from currant.simulator.specs import Demand, EvseSpec, StationSpec, VersionName
from currant.simulator.vehicle import PowerType

VERSIONS: dict[VersionName, float] = {"1.6": 0.5, "2.0.1": 0.35, "2.1": 0.15}
_DEMANDS: tuple[Demand, ...] = ("public", "workplace", "residential", "depot")


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A place with stations; `sessions_per_day` is per EVSE."""

    name: str
    time_zone: str = "UTC"
    demand: Demand = "public"
    sessions_per_day: float = 3.0


def invent(
    count: int,
    *,
    seed: object = 0,
    prefix: str = "SIM",
    versions: Mapping[VersionName, float] | None = None,
    password: str | None = None,
    sites: Sequence[Site] = (),
    sessions_per_day: float = 3.0,
    meter_interval_s: int = 60,
    heartbeat_s: int | None = None,
) -> list[StationSpec]:
    """`count` stations, `{prefix}-00001` onwards, spread over the sites in turn.

    `versions` are relative shares. `password` is the Basic auth password, in which ``{identity}``
    stands for the station's own.
    """
    shares = versions or VERSIONS
    specs = []
    for number in range(1, count + 1):
        identity = f"{prefix}-{number:05d}"
        dice = Dice(seed, identity, "make")
        site = sites[(number - 1) % len(sites)] if sites else None
        model = dice.weighted(STATIONS, STATION_WEIGHTS)
        if site is not None and site.demand == "highway":
            model = dice.choice([each for each in STATIONS if each.power_type is PowerType.DC])
        per_evse = sessions_per_day if site is None else site.sessions_per_day
        specs.append(
            StationSpec(
                identity=identity,
                version=dice.weighted(list(shares), list(shares.values())),
                password=None if password is None else password.replace("{identity}", identity),
                vendor=model.vendor,
                model=model.model,
                serial=f"{model.model[:2].upper()}{dice.hex(10)}",
                firmware=model.firmware,
                evses=evses_of(model),
                site="" if site is None else site.name,
                time_zone="UTC" if site is None else site.time_zone,
                demand=dice.choice(_DEMANDS) if site is None else site.demand,
                sessions_per_day=per_evse * model.evses,
                starts_on="connected" if dice.happens(0.4) else "authorized",
                meter_interval_s=meter_interval_s,
                heartbeat_s=heartbeat_s,
            )
        )
    return specs


def evses_of(model: StationModel) -> tuple[EvseSpec, ...]:
    return tuple(
        EvseSpec(
            power_type=model.power_type,
            max_power_w=model.max_power_w,
            phases=model.phases,
            connectors=model.connectors,
            cable_attached=model.cable,
        )
        for _ in range(model.evses)
    )


def invent_tokens(count: int, *, seed: object = 0) -> list[str]:
    """RFID UIDs of seven bytes in upper-case hexadecimal, as readers tell them."""
    dice = Dice(seed, "tokens")
    return [f"04{dice.hex(12)}" for _ in range(count)]
