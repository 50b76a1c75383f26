"""Watching variables: which monitors a station has, and when one of them has something to say.

A monitor looks when something may have changed and when its period is over; what it saw last is
what decides. Thresholds are told when they are crossed, and once more when that is over (2.0.1
Part 2, N07); a change of a text is always a change (N04.FR.17).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

import msgspec

from currant.simulator import device_model
from currant.simulator.device_model import Variable
from currant.simulator.parts import Part

if TYPE_CHECKING:
    from currant.simulator.station import Station

MonitorKind = Literal[
    "UpperThreshold",
    "LowerThreshold",
    "Delta",
    "Periodic",
    "PeriodicClockAligned",
    "TargetDelta",
    "TargetDeltaRelative",
]
Origin = Literal["HardWiredMonitor", "PreconfiguredMonitor", "CustomMonitor"]
Trigger = Literal["Alerting", "Delta", "Periodic"]

MONITORS_MAX = 100
SEVERITY_MAX = 9
PERIODIC = ("Periodic", "PeriodicClockAligned")
THRESHOLDS = ("UpperThreshold", "LowerThreshold")


class Monitor(msgspec.Struct, kw_only=True):
    """One watch over one variable. `seen` is the value it last took as its measure, `raised` a threshold crossed."""

    id: int
    key: str
    kind: MonitorKind
    value: float
    severity: int
    origin: Origin = "CustomMonitor"
    transaction: bool = False
    seen: str | None = None
    raised: bool = False
    stream: int | None = None
    round: int = 0


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """What a monitor has to say; `transaction` is the EVSE's, where one is going on."""

    monitor: Monitor
    variable: Variable
    trigger: Trigger
    value: str
    cleared: bool = False
    transaction: str | None = None


_TEMPERATURE = "chargingstation///temperature/"


def _factory() -> dict[int, Monitor]:
    hard = Monitor(
        id=1, key=_TEMPERATURE, kind="UpperThreshold", value=85.0, severity=2, origin="HardWiredMonitor"
    )
    preset = Monitor(
        id=2, key=_TEMPERATURE, kind="UpperThreshold", value=70.0, severity=5, origin="PreconfiguredMonitor"
    )
    return {1: hard, 2: preset}


class Monitors(Part):
    """All monitors of a station. `report` is told what one of them saw."""

    __slots__ = ("_looking", "_next_id", "by_id", "level", "report")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.by_id = _factory()
        self._next_id = 100
        self.level = SEVERITY_MAX
        self.report: Callable[[Sighting], None] = station.dialect.sighted
        self._looking = False

    def set(self, monitor: Monitor, variable: Variable) -> str:
        """Take up a monitor, whose id is 0 for a new one; the answer's status (N04)."""
        if not variable.monitored or not _suits(monitor.kind, variable):
            return "UnsupportedMonitorType"
        if not 0 <= monitor.severity <= SEVERITY_MAX:
            return "Rejected"
        if monitor.kind in ("Delta", *PERIODIC, "TargetDelta", "TargetDeltaRelative") and monitor.value < 0:
            return "Rejected"
        if monitor.kind in PERIODIC and monitor.value < 1:
            return "Rejected"
        if monitor.kind in THRESHOLDS and not _in_range(monitor.value, variable):
            return "Rejected"
        if monitor.id:
            before = self.by_id.get(monitor.id)
            if before is None or before.key != monitor.key or before.origin == "HardWiredMonitor":
                return "Rejected"
            before.round += 1
        alike = (monitor.key, monitor.kind, monitor.severity)
        for other in self.by_id.values():
            if (other.key, other.kind, other.severity) == alike and other.id != monitor.id:
                return "Duplicate"
        if not monitor.id and len(self.by_id) >= MONITORS_MAX:
            return "Rejected"
        if not monitor.id:
            self._next_id += 1
            monitor.id = self._next_id
        self.by_id[monitor.id] = monitor
        monitor.seen = variable.value
        if monitor.kind in PERIODIC:
            self._tick_later(monitor)
        else:
            self.station.run_steps([(0.5, self.look)])
        return "Accepted"

    def clear(self, monitor_id: int) -> Literal["Accepted", "Rejected", "NotFound"]:
        found = self.by_id.get(monitor_id)
        if found is None:
            return "NotFound"
        if found.origin == "HardWiredMonitor":
            return "Rejected"
        found.round += 1
        del self.by_id[monitor_id]
        return "Accepted"

    def set_base(self, base: str) -> None:
        """All: what was preconfigured comes back beside custom ones; else custom ones go (N03)."""
        factory = _factory()
        kept = {
            number: each
            for number, each in self.by_id.items()
            if each.origin == "HardWiredMonitor" or (base == "All" and each.origin == "CustomMonitor")
        }
        for number, each in self.by_id.items():
            if number not in kept:
                each.round += 1
        if base != "HardWiredOnly":
            kept = {number: each for number, each in factory.items() if number not in kept} | kept
        self.by_id = kept

    def look(self) -> None:
        """Something may have changed: every monitor but the periodic ones looks at its variable."""
        if self._looking or not self.station.powered:
            return
        self._looking = True
        try:
            watched = {each.key for each in self.by_id.values() if each.kind not in PERIODIC}
            variables = {
                each.key: each for each in device_model.inventory(self.station) if each.key in watched
            }
            for monitor in list(self.by_id.values()):
                variable = variables.get(monitor.key)
                if variable is not None and monitor.kind not in PERIODIC:
                    self._compare(monitor, variable, variable.value)
        finally:
            self._looking = False

    def _compare(self, monitor: Monitor, variable: Variable, value: str) -> None:
        if monitor.kind in THRESHOLDS:
            number = _number(value)
            beyond = number > monitor.value if monitor.kind == "UpperThreshold" else number < monitor.value
            if beyond != monitor.raised:
                monitor.raised = beyond
                self._tell(monitor, variable, "Alerting", value, cleared=not beyond)
        elif _moved(monitor, variable, value):
            monitor.seen = value
            self._tell(monitor, variable, "Delta", value)

    def _tick_later(self, monitor: Monitor) -> None:
        station, round_ = self.station, monitor.round
        wait = monitor.value
        if monitor.kind == "PeriodicClockAligned":
            wait = monitor.value - station.now % monitor.value

        def tick() -> None:
            if self.by_id.get(monitor.id) is not monitor or monitor.round != round_:
                return
            variable = device_model.find(station, monitor.key)
            if variable is not None and station.powered:
                self._tell(monitor, variable, "Periodic", variable.value)
            self._tick_later(monitor)

        station.at(station.now + wait, tick)

    def _tell(
        self, monitor: Monitor, variable: Variable, trigger: Trigger, value: str, *, cleared: bool = False
    ) -> None:
        transaction = None
        if variable.evse is not None:
            running = self.station.outlets[variable.evse - 1].transaction
            transaction = None if running is None else running.id
        if monitor.transaction and transaction is None:
            return
        if monitor.severity <= self.level:
            self.report(
                Sighting(
                    monitor=monitor,
                    variable=variable,
                    trigger=trigger,
                    value=value,
                    cleared=cleared,
                    transaction=transaction,
                )
            )


def chosen(
    monitors: Iterable[Monitor], variables: Iterable[Variable], criteria: Iterable[str]
) -> list[tuple[Variable, list[Monitor]]]:
    """The monitors of these variables, of the kinds that are asked for, or of all (N02)."""
    wanted = set(criteria)
    found = []
    everything = list(monitors)
    for variable in variables:
        own = [each for each in everything if each.key == variable.key]
        own = [each for each in own if not wanted or _CRITERIA[each.kind] in wanted]
        if own:
            found.append((variable, own))
    return found


_CRITERIA: dict[str, str] = {
    "UpperThreshold": "ThresholdMonitoring",
    "LowerThreshold": "ThresholdMonitoring",
    "Delta": "DeltaMonitoring",
    "Periodic": "PeriodicMonitoring",
    "PeriodicClockAligned": "PeriodicMonitoring",
    "TargetDelta": "TargetDeltaMonitoring",
    "TargetDeltaRelative": "TargetDeltaMonitoring",
}


def _suits(kind: MonitorKind, variable: Variable) -> bool:
    if kind in ("TargetDelta", "TargetDeltaRelative"):
        return False
    return kind not in THRESHOLDS or variable.is_number


def _in_range(value: float, variable: Variable) -> bool:
    return (variable.low is None or value >= variable.low) and (
        variable.high is None or value <= variable.high
    )


def _moved(monitor: Monitor, variable: Variable, value: str) -> bool:
    before = monitor.seen
    if before is None or before == value:
        monitor.seen = value
        return False
    return not variable.is_number or abs(_number(value) - _number(before)) >= monitor.value


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0
