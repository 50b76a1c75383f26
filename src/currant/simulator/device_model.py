"""A small OCPP 2.x device model: what a station says of its parts, and which of it may be set.

Nothing of it is kept for a station but what was changed: every question walks the inventory.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import msgspec

from currant.simulator import network
from currant.simulator.keyring import INSTALLED_MAX, Keyring
from currant.simulator.settings_table import CONFIGURABLE, FACTS
from currant.simulator.vehicle import PowerType

if TYPE_CHECKING:
    from currant.simulator.outlet import Outlet
    from currant.simulator.station import Station

DataType = Literal["string", "decimal", "integer", "boolean", "OptionList", "MemberList", "SequenceList"]

CONNECTOR_TYPES = {
    "IEC_62196_T1": "cType1",
    "IEC_62196_T2": "cType2",
    "IEC_62196_T1_COMBO": "cCCS1",
    "IEC_62196_T2_COMBO": "cCCS2",
    "CHADEMO": "cG105",
    "TESLA_S": "cTesla",
}
AVAILABILITY = "Available,Faulted,Occupied,Reserved,Unavailable"
VALUE_MAX = 1_000
# 2.1 Part 2, SecurityCtrlr.BasicAuthPassword.
PASSWORD_MIN, PASSWORD_MAX = 16, 64


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """One variable of one component, with what the report says of it.

    `hidden` is write-only; what `reboots` takes effect with the next start; `monitored` can be
    watched; `in_summary` belongs to the summary inventory.
    """

    component: str
    name: str
    value: str
    instance: str | None = None
    component_instance: str | None = None
    evse: int | None = None
    connector: int | None = None
    data: DataType = "string"
    unit: str | None = None
    writable: bool = False
    hidden: bool = False
    reboots: bool = False
    monitored: bool = False
    in_summary: bool = False
    low: float | None = None
    high: float | None = None
    choices: str | None = None

    @property
    def key(self) -> str:
        place = f"{self.component}/{self.evse or ''}/{self.connector or ''}"
        if self.component_instance:
            place = f"{place}#{self.component_instance}"
        return f"{place}/{self.name}/{self.instance or ''}".lower()

    @property
    def is_number(self) -> bool:
        return self.data in ("integer", "decimal")


def inventory(station: "Station") -> Iterator[Variable]:
    """Every variable of the station, with the value it has now."""
    settings = station.settings
    for variable in _defaults(station):
        changed = settings.get(variable.key) if settings else None
        yield variable if changed is None else msgspec.structs.replace(variable, value=changed)


def find(station: "Station", key: str) -> Variable | None:
    """One variable. Most are the same on every station, and need no walk."""
    found = _FIXED_BY_KEY.get(key)
    if found is None:
        return next((variable for variable in inventory(station) if variable.key == key), None)
    changed = station.settings.get(key)
    return found if changed is None else msgspec.structs.replace(found, value=changed)


def value_of(station: "Station", component: str, name: str, instance: str = "") -> str:
    """What a controller's variable is set to; empty for one that does not exist."""
    key = f"{component}///{name}/{instance}".lower()
    changed = station.settings.get(key)
    if changed is not None:
        return changed
    found = _FIXED_BY_KEY.get(key)
    return "" if found is None else found.value


def is_on(station: "Station", component: str, name: str, instance: str = "") -> bool:
    return value_of(station, component, name, instance).lower() == "true"


def component_exists(
    station: "Station", component: str, evse: int | None = None, instance: str | None = None
) -> bool:
    return any(
        variable.component.lower() == component.lower()
        and (evse is None or variable.evse == evse)
        and (instance is None or (variable.component_instance or "").lower() == instance.lower())
        for variable in _defaults(station)
    )


def fits(variable: Variable, value: str) -> bool:
    """Whether a value is of the variable's data type, and within its limits and its list."""
    if len(value) > VALUE_MAX:
        return False
    if variable.name == "BasicAuthPassword":
        return PASSWORD_MIN <= len(value) <= PASSWORD_MAX
    match variable.data:
        case "integer":
            if not value.lstrip("-").isdigit() or len(value) > 12:
                return False
            return _within(variable, float(value))
        case "boolean":
            return value.lower() in ("true", "false")
        case "decimal":
            try:
                return _within(variable, float(value))
            except ValueError:
                return False
        case "OptionList":
            return variable.choices is None or value in variable.choices.split(",")
        case "MemberList" | "SequenceList":
            members = [member.strip() for member in value.split(",") if member.strip()]
            allowed = None if variable.choices is None else variable.choices.split(",")
            return allowed is None or all(member in allowed for member in members)
    return True


def _within(variable: Variable, number: float) -> bool:
    low, high = variable.low, variable.high
    return (0.0 if low is None else low) <= number <= (9_999_999.0 if high is None else high)


def _defaults(station: "Station") -> Iterator[Variable]:
    yield from _of_the_station(station)
    for outlet in station.outlets:
        yield from _of_an_outlet(outlet)
    spec = station.spec
    yield Variable(
        component="OCPPCommCtrlr",
        name="HeartbeatInterval",
        value=f"{station.heartbeat_s:.0f}",
        data="integer",
        unit="s",
        low=1.0,
        writable=True,
    )
    yield Variable(
        component="SampledDataCtrlr",
        name="TxUpdatedInterval",
        value=f"{station.sample_interval_s:.0f}",
        data="integer",
        unit="s",
        writable=True,
    )
    start = "EVConnected" if spec.starts_on == "connected" else "PowerPathClosed"
    yield Variable(component="TxCtrlr", name="TxStartPoint", value=start, data="MemberList")
    yield Variable(component="SecurityCtrlr", name="Identity", value=spec.identity)
    yield Variable(component="SecurityCtrlr", name="BasicAuthPassword", value="", writable=True, hidden=True)
    level = str(network.security_profile(station))
    yield Variable(component="SecurityCtrlr", name="SecurityProfile", value=level, data="integer")
    keyring = station.has(Keyring)
    entries = "0" if keyring is None else str(len(keyring.trusted))
    yield Variable(
        component="SecurityCtrlr",
        name="CertificateEntries",
        value=entries,
        data="integer",
        high=float(INSTALLED_MAX),
    )
    items = str(spec.items_per_message)
    for component, name in _LIMITED:
        yield Variable(
            component=component, name="ItemsPerMessage", instance=name, value=items, data="integer"
        )
    yield Variable(
        component="LocalAuthListCtrlr",
        name="Entries",
        value=str(len(station.local_list)),
        data="integer",
        high=1_000.0,
    )
    yield from FIXED


def _of_the_station(station: "Station") -> Iterator[Variable]:
    spec = station.spec
    for name, value in (
        ("Model", spec.model),
        ("VendorName", spec.vendor),
        ("SerialNumber", spec.serial or spec.identity),
        ("FirmwareVersion", station.firmware),
    ):
        yield Variable(component="ChargingStation", name=name, value=value)
    inoperative = all(not outlet.usable for outlet in station.outlets)
    faulty = any(outlet.fault is not None for outlet in station.outlets)
    yield Variable(
        component="ChargingStation",
        name="AvailabilityState",
        value="Unavailable" if inoperative else "Available",
        data="OptionList",
        choices=AVAILABILITY,
        monitored=True,
        in_summary=True,
    )
    yield Variable(
        component="ChargingStation",
        name="Problem",
        value=_word(faulty),
        data="boolean",
        monitored=True,
        in_summary=True,
    )
    yield Variable(
        component="ChargingStation",
        name="Temperature",
        value="25",
        data="decimal",
        unit="Celsius",
        monitored=True,
        low=-40.0,
        high=120.0,
    )
    yield Variable(component="ChargingStation", name="SupplyPhases", value="3", data="integer")
    yield Variable(component="ChargingStation", name="AllowNewSessionsPendingFirmwareUpdate", value="false")


def _of_an_outlet(outlet: "Outlet") -> Iterator[Variable]:
    spec, evse = outlet.spec, outlet.number
    state = _availability(outlet)
    yield Variable(
        component="EVSE",
        name="AvailabilityState",
        evse=evse,
        value=state,
        data="OptionList",
        choices=AVAILABILITY,
        monitored=True,
        in_summary=True,
    )
    yield Variable(
        component="EVSE",
        name="Problem",
        evse=evse,
        value=_word(outlet.fault is not None),
        data="boolean",
        monitored=True,
        in_summary=True,
    )
    yield Variable(
        component="EVSE",
        name="Power",
        evse=evse,
        value=f"{outlet.draw.power_w:.0f}",
        data="decimal",
        unit="W",
        monitored=True,
        high=float(spec.max_power_w),
    )
    yield Variable(component="EVSE", name="SupplyPhases", evse=evse, value=str(spec.phases), data="integer")
    allows = _word(outlet.station.spec.evse_reset)
    yield Variable(component="EVSE", name="AllowReset", evse=evse, value=allows, data="boolean")
    if outlet.station.spec.iso15118:
        yield Variable(component="ISO15118Ctrlr", name="Enabled", evse=evse, value="true", data="boolean")
        dc = spec.power_type is PowerType.DC
        yield Variable(
            component="ISO15118Ctrlr", name="SupportedModes", evse=evse, value="DC" if dc else "AC"
        )
    for connector, standard in enumerate(spec.connectors, start=1):
        for name, value in (
            ("ConnectorType", CONNECTOR_TYPES.get(standard, "Unknown")),
            ("AvailabilityState", state if connector == outlet.connector else "Available"),
        ):
            watched = name == "AvailabilityState"
            yield Variable(
                component="Connector",
                name=name,
                evse=evse,
                connector=connector,
                value=value,
                data="OptionList" if watched else "string",
                choices=AVAILABILITY if watched else None,
                monitored=watched,
                in_summary=watched,
            )


def _availability(outlet: "Outlet") -> str:
    word = outlet.status.value
    return word if word in ("Available", "Faulted", "Reserved", "Unavailable") else "Occupied"


def _word(yes: bool) -> str:
    return "true" if yes else "false"


_LIMITED = (
    ("DeviceDataCtrlr", "GetReport"),
    ("DeviceDataCtrlr", "GetVariables"),
    ("DeviceDataCtrlr", "SetVariables"),
    ("MonitoringCtrlr", "SetVariableMonitoring"),
    ("MonitoringCtrlr", "ClearVariableMonitoring"),
)
FIXED = [
    *(
        Variable(
            component=component,
            name=name,
            instance=instance,
            value=value,
            data=data,
            unit=unit,
            writable=True,
            low=low,
            high=high,
            choices=choices,
            reboots=name in ("TimeSource", "TxStopPoint"),
        )
        for component, name, instance, value, data, unit, low, high, choices in CONFIGURABLE
    ),
    *(
        Variable(component=component, name=name, instance=instance, value=value, data=data)
        for component, name, instance, value, data in FACTS
    ),
]
_FIXED_BY_KEY = {variable.key: variable for variable in FIXED}
