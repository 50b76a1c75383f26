"""Variables and monitors as desired state: what a station has of what is declared, and how it gets there."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from currant.kit.errors import Invalid
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.rules.variables import check_monitor
from currant.stations.commanding.variables import (
    ClearMonitors,
    GetMonitoringReport,
    GetVariables,
    Monitor,
    SetMonitors,
    SetVariables,
    Variable,
    VariableValue,
)
from currant.stations.desired.aspect import Desired, Refusal, Reported, Step
from currant.stations.device import mapping16, naming
from currant.stations.device.comparing import same_value, why_not
from currant.stations.device.model import KnownVariable
from currant.stations.device.monitoring import Monitoring
from currant.stations.device.service import DeviceModel, is_secret
from currant.stations.device.watching import KnownMonitor
from currant.stations.directory import DirectoryEntry
from currant.stations.model import CommandRecord, CommandStatus

TEXT_MAX = 2_500
TOGETHER = 100
"""Variables in one command."""
_ANSWERED = (CommandStatus.ACCEPTED, CommandStatus.REFUSED)
# Changed by rotation, which sees to it that the station is not lost (stations/credentials).
_ROTATED = frozenset({"securityctrlr.basicauthpassword"})


class VariablesAspect:
    """Variables by their names in one line, or by keys of OCPP 1.6; values are text as stations write it."""

    name = "variables"
    order = 40

    def __init__(self, device: DeviceModel) -> None:
        self._device = device

    def canonical(self, key: str) -> str:
        """A key of OCPP 1.6 and the variable that it is have one name here."""
        return naming.text_of(mapping16.in_model(naming.read(key)))

    def check(self, key: str, value: Any) -> str:
        """The value as text; true, false and numbers may be given as such."""
        variable = mapping16.in_model(naming.read(key))
        if naming.folded(variable) in _ROTATED:
            raise Invalid("Passwords are not declared: have them rotated.", field="key")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return f"{value:.15g}"
        if isinstance(value, list) and all(isinstance(member, str) for member in value):
            value = ",".join(value)
        if not isinstance(value, str):
            raise Invalid(
                "A variable's value is a text, a number, true, false, or a list of words.", field="value"
            )
        if len(value) > TEXT_MAX:
            raise Invalid(f"A variable's value has at most {TEXT_MAX} characters.", field="value")
        return value

    async def read_ahead(self, tenant_id: TenantId, wanted: Mapping[StationId, Sequence[Desired]]) -> None:
        await self._device.hold(
            tenant_id,
            {station_id: [_variable(each.key) for each in some] for station_id, some in wanted.items()},
        )

    def let_go(self, station_id: StationId) -> None:
        self._device.let_go(station_id)

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        """What is the same as what is desired is told in its words."""
        known = await self._known(station, desired)
        found: dict[str, Reported] = {}
        for each in desired:
            variable = known.get(each.key)
            if variable is None:
                continue
            waits = variable.pending is not None and self._is(each, variable, variable.pending)
            agrees = waits or self._is(each, variable, variable.value)
            found[each.key] = Reported(
                key=each.key,
                value=each.value if agrees else variable.value,
                at=variable.known_since,
                restart_pending=waits,
            )
        return found

    async def _known(self, station: DirectoryEntry, desired: Sequence[Desired]) -> dict[str, KnownVariable]:
        # What the last step changed may still be on its way into the store.
        await self._device.caught_up(station.station_id)
        names = {each.key: _variable(each.key) for each in desired}
        known = await self._device.known(station.tenant_id, station.station_id, list(names.values()))
        found = {key: known.get(naming.text_of(variable).lower()) for key, variable in names.items()}
        return {key: variable for key, variable in found.items() if variable is not None}

    def _is(self, desired: Desired, known: KnownVariable, value: str | None) -> bool:
        if known.digest is not None and not value:
            return known.digest == self._device.digest(desired.value)
        return same_value(desired.value, value, known.traits)

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        if desired.value is None:
            return reported is None
        return reported is not None and same_value(desired.value, reported.value)

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        """What is not known is read first; then everything that can be set is set."""
        known = await self._known(station, differing)
        refused: list[tuple[str, str]] = []
        unread: list[tuple[str, Variable]] = []
        settable: list[tuple[str, VariableValue]] = []
        spelt: dict[str, str] = {}
        for each in differing:
            variable, has = _variable(each.key), known.get(each.key)
            first = spelt.setdefault(naming.text_of(variable).lower(), each.key)
            reason = (
                _impossible(variable, version)
                or ("" if first == each.key else f"It is declared in another spelling, too: {first}.")
                or ("" if has is None else why_not(each.value, has.traits))
            )
            if reason:
                refused.append((each.key, reason))
            elif has is None and not is_secret(variable):
                unread.append((each.key, variable))
            else:
                settable.append((each.key, VariableValue(variable=variable, value=each.value)))
        steps = [
            Step(
                command=GetVariables(variables=tuple(variable for _, variable in some)),
                keys=tuple(key for key, _ in some),
            )
            for some in _bites(unread)
        ]
        steps += [
            Step(
                command=SetVariables(values=tuple(value for _, value in some)),
                keys=tuple(key for key, _ in some),
            )
            for some in _bites(settable)
        ]
        if steps or not refused:
            return steps
        if len(refused) == 1:
            return Refusal(reason=refused[0][1])
        return Refusal(reason=" ".join(f"{key}: {reason}" for key, reason in refused[:10]))

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        """Read-only, unknown and rejected ones are refused; the others are not, whatever their neighbours are."""
        if record.status not in _ANSWERED or not record.variables:
            return {}
        told = {
            naming.text_of(mapping16.in_model(value.variable)).lower(): value for value in record.variables
        }
        says: dict[str, Refusal | None] = {}
        for key in step.keys:
            value = told.get(naming.text_of(_variable(key)).lower())
            if value is None:
                says[key] = Refusal(reason="The station's answer leaves it out.", final=False)
            else:
                reason = _REASONS.get(value.status, "")
                is_read = isinstance(step.command, GetVariables)
                says[key] = (
                    None if not reason or (is_read and value.status == "Rejected") else Refusal(reason=reason)
                )
        return says


_REASONS = {
    "UnknownComponent": "The station has no such component.",
    "UnknownVariable": "The station has no such variable.",
    "NotSupportedAttributeType": "The station's variable has no such attribute.",
    "NotSupported": "The station has no such configuration key.",
    "Rejected": "The station rejected this value.",
}


def _variable(key: str) -> Variable:
    return mapping16.in_model(naming.read(key))


def _impossible(variable: Variable, version: str) -> str:
    """Why a station of this version cannot have a variable at all."""
    if version.startswith("1"):
        return "" if mapping16.key_of(variable) else "OCPP 1.6 has no configuration key for it."
    if variable.component == mapping16.OWN_COMPONENT:
        return f"It is a configuration key of OCPP 1.6; this station speaks {version}."
    return ""


def _bites(some: Sequence[Any]) -> list[Sequence[Any]]:
    return [some[begin : begin + TOGETHER] for begin in range(0, len(some), TOGETHER)]


class MonitorsAspect:
    """Monitors by names of the operator's own; a value is a `Monitor` without an id."""

    name = "monitors"
    order = 60

    def __init__(self, monitoring: Monitoring) -> None:
        self._monitoring = monitoring
        # Stations that have a monitor we do not know of: they are asked for all of theirs.
        self._unread: set[str] = set()

    def check(self, key: str, value: Any) -> Any:
        if not 1 <= len(key) <= 100:
            raise Invalid("Give the monitor a name of 1 to 100 characters.", field="key")
        if value is None:
            return None
        try:
            monitor = msgspec.convert(value, Monitor)
        except msgspec.ValidationError as error:
            raise Invalid(f"This is no monitor: {error}.", field="value") from error
        if monitor.id is not None:
            raise Invalid("Stations number their monitors themselves: leave `id` out.", field="value.id")
        check_monitor(monitor)
        return msgspec.to_builtins(monitor)

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        known = await self._monitoring.known(station)
        found: dict[str, Reported] = {}
        for each in desired:
            monitor = _has(known, each)
            if monitor is not None:
                found[each.key] = Reported(
                    key=each.key, value=msgspec.to_builtins(monitor), at=monitor.known_since
                )
        return found

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        if desired.value is None or reported is None:
            return desired.value is None and reported is None
        wanted = msgspec.convert(desired.value, Monitor)
        has = msgspec.convert(reported.value, KnownMonitor)
        return (
            naming.same_variable(wanted.variable, has.variable)
            and wanted.kind is has.kind
            and wanted.value == has.value
            and wanted.severity == has.severity
            and wanted.in_transaction_only == has.in_transaction_only
            and wanted.stream == has.stream
        )

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        if version.startswith("1"):
            return Refusal(reason="OCPP 1.6 cannot watch variables.", unsupported=True)
        keys = tuple(each.key for each in differing)
        if station.station_id in self._unread:
            self._unread.discard(station.station_id)
            return [Step(command=GetMonitoringReport(), keys=keys)]
        gone = [each.key for each in differing if each.key in reported and not _replaces(each, reported)]
        steps = []
        if gone:
            ids = tuple(msgspec.convert(reported[key].value, KnownMonitor).id for key in gone)
            steps.append(Step(command=ClearMonitors(ids=ids), keys=tuple(gone)))
        wanted = [each for each in differing if each.value is not None and each.key not in gone]
        for some in _bites(wanted):
            monitors = tuple(_to_set(each, reported.get(each.key)) for each in some)
            steps.append(Step(command=SetMonitors(monitors=monitors), keys=tuple(each.key for each in some)))
        return steps

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        if record.status not in _ANSWERED or not record.report or not isinstance(step.command, SetMonitors):
            return {}
        says: dict[str, Refusal | None] = {}
        names: dict[int, str] = {}
        for key, told in zip(step.keys, record.report, strict=False):
            status = told.get("status")
            if status == "Accepted":
                says[key] = None
                if isinstance(told.get("id"), int):
                    names[told["id"]] = key
            elif status == "Duplicate":
                # N04.FR.10: it has one like it, under a number that we do not know.
                self._unread.add(station.station_id)
                says[key] = Refusal(reason="The station has such a monitor already.", final=False)
            else:
                says[key] = Refusal(
                    reason=_MONITOR_REASONS.get(str(status), f"The station answered {status}.")
                )
        await self._monitoring.declared(station, names)
        return says


_MONITOR_REASONS = {
    "UnknownComponent": "The station has no such component.",
    "UnknownVariable": "The station has no such variable.",
    "UnsupportedMonitorType": "The station cannot watch this variable in this way.",
    "Rejected": "The station rejected this monitor.",
}


def _has(known: Sequence[KnownMonitor], desired: Desired) -> KnownMonitor | None:
    """The monitor that was set for a declaration, or one just like it."""
    named = next((monitor for monitor in known if monitor.declared_as == desired.key), None)
    if named is not None or desired.value is None:
        return named
    wanted = msgspec.convert(desired.value, Monitor)
    return next(
        (
            monitor
            for monitor in known
            if not monitor.declared_as
            and monitor.kind is wanted.kind
            and monitor.severity == wanted.severity
            and naming.same_variable(monitor.variable, wanted.variable)
        ),
        None,
    )


def _replaces(desired: Desired, reported: Mapping[str, Reported]) -> bool:
    """Whether a monitor can take the place of the one that is there: only on the same variable (N04.FR.16)."""
    if desired.value is None:
        return False
    wanted = msgspec.convert(desired.value, Monitor)
    has = msgspec.convert(reported[desired.key].value, KnownMonitor)
    return naming.same_variable(wanted.variable, has.variable)


def _to_set(desired: Desired, reported: Reported | None) -> Monitor:
    wanted = msgspec.convert(desired.value, Monitor)
    if reported is None:
        return wanted
    return msgspec.structs.replace(wanted, id=msgspec.convert(reported.value, KnownMonitor).id)
