"""What a simulated network is made of: stations, their outlets, their habits, their misfortunes."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from currant.simulator.vehicle import PHASE_VOLTAGE_V, PowerType

VersionName = Literal["1.6", "2.0.1", "2.1"]
Demand = Literal["public", "workplace", "residential", "highway", "depot", "constant"]


class EvseSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One outlet group that serves one car at a time; several connectors are alternatives (CCS or CHAdeMO)."""

    power_type: PowerType = PowerType.AC
    max_power_w: int = 22_080
    phases: int = 3
    connectors: tuple[str, ...] = ("IEC_62196_T2",)
    cable_attached: bool = False

    @property
    def max_current_a(self) -> float:
        """A a phase on AC; what a 400 V pack would carry on DC."""
        if self.power_type is PowerType.DC:
            return self.max_power_w / 400.0
        return self.max_power_w / self.phases / PHASE_VOLTAGE_V


class StationSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A station: who it is, how it speaks, what it offers and how busy it is.

    `sessions_per_day` is the mean over the whole station; 0 and nobody comes by himself. With
    `starts_on` "connected" a 2.x transaction begins when the cable is plugged, else when a driver
    is authorised as well (OCPP 2.0.1, TxStartPoint EVConnected and PowerPathClosed).

    `iso15118` cars tell their needs when they are plugged in. With `transfers` files are really
    fetched and sent, else their stages are only told; `ca_file` says whom the station trusts
    then. `installs` tells whether new firmware is reported before the restart or after it.
    `refusals` are actions, 1.6 keys or variables (`TxCtrlr.EVConnectionTimeOut`) to say no to, the
    first n times or always (-1); actions that are `unsupported` are answered by CALLERROR.
    """

    identity: str
    version: VersionName = "2.0.1"
    password: str | None = None
    vendor: str = "Ostrava Works"
    model: str = "Pillar 2x22"
    serial: str = ""
    firmware: str = "4.2.1"
    evses: tuple[EvseSpec, ...] = (EvseSpec(),)
    site: str = ""
    time_zone: str = "UTC"
    demand: Demand = "public"
    sessions_per_day: float = 0.0
    starts_on: Literal["authorized", "connected"] = "authorized"
    meter_interval_s: int = 60
    heartbeat_s: int | None = None
    register_wh: tuple[int, ...] = ()
    remote_start_brings_car: bool = True
    client_certificate: tuple[str, str] | None = None
    security_profile: int | None = None
    ca_file: str | None = None
    iso15118: bool = False
    evse_reset: bool = True
    battery_slots: int = 0
    items_per_message: int = 50
    transfers: bool = False
    installs: Literal["then_reboots", "by_rebooting"] = "then_reboots"
    refusals: Mapping[str, int] = {}
    unsupported: frozenset[str] = frozenset()


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """Chances of misfortune. The first group is a chance a message, the second a mean a day and station.

    lose: a frame of ours, or the answer to it, never arrives. repeat: a frame is sent twice.
    delay: it is held back for up to `delay_s`. malformed: garbage goes before it. disconnect: the
    connection breaks instead.
    """

    lose: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0
    delay_s: float = 5.0
    disconnect: float = 0.0
    malformed: float = 0.0

    offline_per_day: float = 0.0
    offline_s: float = 900.0
    reboots_per_day: float = 0.0
    errors_per_day: float = 0.0
    error_s: float = 600.0
    power_losses_per_day: float = 0.0

    @property
    def none_on_the_wire(self) -> bool:
        return not (self.lose or self.repeat or self.delay or self.disconnect or self.malformed)


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How patient a station is, in its own (simulated) seconds; the fleet scales these by its speed."""

    answer_s: float = 30.0
    retry_s: float = 10.0
    attempts_max: int = 5
    reconnect_min_s: float = 1.0
    reconnect_max_s: float = 120.0
    boot_s: float = 8.0


FactKind = Literal["started", "reading", "stopped"]


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something of a session that the server has acknowledged, as the station told it.

    `transaction` is the number the server gave (1.6) or the id the station made (2.x), `at` the
    time told in microseconds since 1970, `energy_wh` the register's reading. `sequence` is 2.x's
    seqNo, and counts a transaction's messages in 1.6.
    """

    kind: FactKind
    identity: str
    version: VersionName
    evse: int
    connector: int
    transaction: str
    sequence: int
    at: int
    energy_wh: int
    token: str | None = None
    reason: str | None = None
    offline: bool = False
    acknowledged_at: int = 0


Told = Callable[[Fact], None]
