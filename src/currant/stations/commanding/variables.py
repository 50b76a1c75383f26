"""The device model: variables read, set and reported, monitors on them, and streams of their values."""

from enum import StrEnum

from currant.stations.commanding.base import Command, Part


class Variable(Part, frozen=True, kw_only=True):
    """A variable of the device model; for OCPP 1.6 `name` alone is the configuration key."""

    name: str
    component: str = ""
    instance: str | None = None
    component_instance: str | None = None
    evse: int | None = None
    connector: int | None = None
    attribute: str = "Actual"


class Traits(Part, frozen=True, kw_only=True):
    """What is known of a variable's kind: what its values are, and what may be done with them."""

    mutability: str = ""
    """ReadOnly, WriteOnly, ReadWrite; empty when the station did not say."""
    data_type: str = ""
    """string, decimal, integer, dateTime, boolean, OptionList, SequenceList, MemberList; empty when unknown."""
    unit: str = ""
    min_limit: float | None = None
    max_limit: float | None = None
    """Of a text, the most characters it may have; of a list, the most it may have altogether."""
    max_elements: int | None = None
    values: str = ""
    """What a list's members, or an option, may be: separated by commas."""
    monitorable: bool | None = None
    persistent: bool | None = None
    constant: bool | None = None


class VariableValue(Part, frozen=True, kw_only=True):
    variable: Variable
    value: str | None = None
    status: str = ""
    """The station's word: Accepted, Rejected, UnknownVariable, RebootRequired, …"""
    read_only: bool | None = None
    traits: Traits | None = None
    """Where a report told them."""


class GetVariables(Command, frozen=True, kw_only=True):
    """Read variables; none named means all (1.6: the whole configuration)."""

    variables: tuple[Variable, ...] = ()


class SetVariables(Command, frozen=True, kw_only=True):
    values: tuple[VariableValue, ...]


class ReportBase(StrEnum):
    FULL = "full"
    CONFIGURATION = "configuration"
    SUMMARY = "summary"


class GetReport(Command, frozen=True, kw_only=True):
    """Have the station report its device model (2.x B07, B08; 1.6: its configuration).

    With `criteria` (active, available, enabled, problem) or `components` it is a custom report (B08), else
    the whole of `base`. A component without a variable's name (empty) stands for all its variables.
    """

    base: ReportBase = ReportBase.FULL
    criteria: tuple[str, ...] = ()
    components: tuple[Variable, ...] = ()


class MonitorKind(StrEnum):
    UPPER_THRESHOLD = "upper_threshold"
    LOWER_THRESHOLD = "lower_threshold"
    DELTA = "delta"
    PERIODIC = "periodic"
    PERIODIC_CLOCK_ALIGNED = "periodic_clock_aligned"
    TARGET_DELTA = "target_delta"
    """2.1."""
    TARGET_DELTA_RELATIVE = "target_delta_relative"
    """2.1."""


class StreamRate(Part, frozen=True, kw_only=True):
    """2.1 N11: a stream sends after this many seconds or values, whichever comes first."""

    interval_s: int | None = None
    values: int | None = None


class Monitor(Part, frozen=True, kw_only=True):
    """A watch on a variable (2.x N04). `id` is the station's; given, it replaces that monitor."""

    variable: Variable
    kind: MonitorKind
    value: float
    severity: int
    """0 danger … 9 debug (MonitoringCtrlr.MonitoringLevel)."""
    in_transaction_only: bool = False
    id: int | None = None
    stream: StreamRate | None = None


class SetMonitors(Command, frozen=True, kw_only=True):
    monitors: tuple[Monitor, ...]


class ClearMonitors(Command, frozen=True, kw_only=True):
    ids: tuple[int, ...]


class MonitoringBase(StrEnum):
    ALL = "all"
    FACTORY_DEFAULT = "factory_default"
    HARDWIRED_ONLY = "hardwired_only"


class SetMonitoringBase(Command, frozen=True, kw_only=True):
    base: MonitoringBase


class SetMonitoringLevel(Command, frozen=True, kw_only=True):
    severity: int


class GetMonitoringReport(Command, frozen=True, kw_only=True):
    """Have the station report its monitors; criteria: threshold, delta, periodic."""

    criteria: tuple[str, ...] = ()
    components: tuple[Variable, ...] = ()


class GetEventStreams(Command, frozen=True, kw_only=True):
    """2.1 N13: which periodic event streams are open."""


class AdjustEventStream(Command, frozen=True, kw_only=True):
    """2.1 N12."""

    id: int
    rate: StreamRate
