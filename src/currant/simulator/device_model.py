"""A small OCPP 2.x device model: what a station says of its parts, and which of it may be set."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from currant.simulator.station import Station

DataType = Literal["string", "decimal", "integer", "boolean", "OptionList", "MemberList"]

CONNECTOR_TYPES = {
    "IEC_62196_T1": "cType1",
    "IEC_62196_T2": "cType2",
    "IEC_62196_T1_COMBO": "cCCS1",
    "IEC_62196_T2_COMBO": "cCCS2",
    "CHADEMO": "cG105",
    "TESLA_S": "cTesla",
}


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """One variable of one component, with what the report says of it. `hidden` is write-only."""

    component: str
    name: str
    value: str
    instance: str | None = None
    evse: int | None = None
    connector: int | None = None
    data: DataType = "string"
    unit: str | None = None
    writable: bool = False
    hidden: bool = False
    reboots: bool = False

    @property
    def key(self) -> str:
        return f"{self.component}/{self.evse or ''}/{self.connector or ''}/{self.name}/{self.instance or ''}".lower()


# Component, variable, instance, value, data type, unit: what operators set (2.0.1 Part 2, chapter 2 of the appendices).
_CONFIGURABLE: tuple[tuple[str, str, str | None, str, DataType, str | None], ...] = (
    ("OCPPCommCtrlr", "NetworkConfigurationPriority", None, "1", "string", None),
    ("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", None, "3", "integer", None),
    ("OCPPCommCtrlr", "OfflineThreshold", None, "60", "integer", "s"),
    ("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent", "5", "integer", None),
    ("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent", "10", "integer", "s"),
    ("OCPPCommCtrlr", "MessageTimeout", "Default", "30", "integer", "s"),
    ("OCPPCommCtrlr", "ResetRetries", None, "1", "integer", None),
    ("OCPPCommCtrlr", "RetryBackOffRandomRange", None, "5", "integer", "s"),
    ("OCPPCommCtrlr", "RetryBackOffRepeatTimes", None, "5", "integer", None),
    ("OCPPCommCtrlr", "RetryBackOffWaitMinimum", None, "1", "integer", "s"),
    ("OCPPCommCtrlr", "UnlockOnEVSideDisconnect", None, "true", "boolean", None),
    ("OCPPCommCtrlr", "WebSocketPingInterval", None, "0", "integer", "s"),
    ("AuthCtrlr", "AuthorizeRemoteStart", None, "false", "boolean", None),
    ("AuthCtrlr", "LocalAuthorizeOffline", None, "true", "boolean", None),
    ("AuthCtrlr", "LocalPreAuthorize", None, "true", "boolean", None),
    ("AuthCtrlr", "OfflineTxForUnknownIdEnabled", None, "true", "boolean", None),
    ("AuthCacheCtrlr", "Enabled", None, "false", "boolean", None),
    ("LocalAuthListCtrlr", "Enabled", None, "true", "boolean", None),
    ("TxCtrlr", "EVConnectionTimeOut", None, "60", "integer", "s"),
    ("TxCtrlr", "StopTxOnEVSideDisconnect", None, "true", "boolean", None),
    ("TxCtrlr", "StopTxOnInvalidId", None, "true", "boolean", None),
    ("TxCtrlr", "TxStopPoint", None, "EVConnected", "MemberList", None),
    ("SampledDataCtrlr", "TxEndedInterval", None, "0", "integer", "s"),
    ("SampledDataCtrlr", "TxEndedMeasurands", None, "Energy.Active.Import.Register", "MemberList", None),
    ("SampledDataCtrlr", "TxStartedMeasurands", None, "Energy.Active.Import.Register", "MemberList", None),
    (
        "SampledDataCtrlr",
        "TxUpdatedMeasurands",
        None,
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import,SoC",
        "MemberList",
        None,
    ),
    ("AlignedDataCtrlr", "Interval", None, "0", "integer", "s"),
    ("AlignedDataCtrlr", "Measurands", None, "Energy.Active.Import.Register", "MemberList", None),
    ("SecurityCtrlr", "OrganizationName", None, "Currant", "string", None),
    ("ClockCtrlr", "TimeSource", None, "Heartbeat", "string", None),
)


def inventory(station: "Station") -> Iterator[Variable]:
    """Every variable of the station, with the value it has now."""
    for variable in _defaults(station):
        changed = station.settings.get(variable.key)
        yield variable if changed is None else msgspec.structs.replace(variable, value=changed)


def find(station: "Station", key: str) -> Variable | None:
    return next((variable for variable in inventory(station) if variable.key == key), None)


def component_exists(station: "Station", component: str) -> bool:
    return any(variable.component.lower() == component.lower() for variable in _defaults(station))


def fits(variable: Variable, value: str) -> bool:
    """Whether a value is of the variable's data type."""
    match variable.data:
        case "integer":
            return value.lstrip("-").isdigit() and 0 <= int(value) < 10_000_000
        case "boolean":
            return value.lower() in ("true", "false")
        case "decimal":
            try:
                float(value)
            except ValueError:
                return False
    return True


def _defaults(station: "Station") -> Iterator[Variable]:
    spec = station.spec
    yield Variable(component="ChargingStation", name="Model", value=spec.model)
    yield Variable(component="ChargingStation", name="VendorName", value=spec.vendor)
    yield Variable(component="ChargingStation", name="SerialNumber", value=spec.serial or spec.identity)
    yield Variable(component="ChargingStation", name="FirmwareVersion", value=station.firmware)
    yield Variable(
        component="ChargingStation", name="AvailabilityState", value="Available", data="OptionList"
    )
    yield Variable(component="ChargingStation", name="SupplyPhases", value="3", data="integer")
    for evse, outlet in enumerate(spec.evses, start=1):
        power = Variable(
            component="EVSE", name="Power", evse=evse, value=str(outlet.max_power_w), data="decimal", unit="W"
        )
        yield power
        operative = "Available" if station.outlets[evse - 1].operative else "Unavailable"
        yield Variable(
            component="EVSE", name="AvailabilityState", evse=evse, value=operative, data="OptionList"
        )
        yield Variable(
            component="EVSE", name="SupplyPhases", evse=evse, value=str(outlet.phases), data="integer"
        )
        for connector, standard in enumerate(outlet.connectors, start=1):
            yield Variable(
                component="Connector",
                name="ConnectorType",
                evse=evse,
                connector=connector,
                value=CONNECTOR_TYPES.get(standard, "Unknown"),
            )
    heartbeat = f"{station.heartbeat_s:.0f}"
    yield Variable(
        component="OCPPCommCtrlr",
        name="HeartbeatInterval",
        value=heartbeat,
        data="integer",
        unit="s",
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
    yield Variable(component="SecurityCtrlr", name="SecurityProfile", value="1", data="integer")
    yield Variable(
        component="DeviceDataCtrlr",
        name="ItemsPerMessage",
        instance="GetVariables",
        value="50",
        data="integer",
    )
    yield Variable(
        component="DeviceDataCtrlr",
        name="ItemsPerMessage",
        instance="SetVariables",
        value="50",
        data="integer",
    )
    yield Variable(component="SmartChargingCtrlr", name="ProfileStackLevel", value="10", data="integer")
    yield Variable(component="SmartChargingCtrlr", name="RateUnit", value="A,W", data="MemberList")
    for component, name, instance, value, data, unit in _CONFIGURABLE:
        yield Variable(
            component=component,
            name=name,
            instance=instance,
            value=value,
            data=data,
            unit=unit,
            writable=True,
        )
