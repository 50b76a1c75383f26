"""The configuration keys of OCPP 1.6, read and set as variables of the device model."""

from collections.abc import Sequence

from currant.gateway.outcomes import (
    Ask,
    CallFailed,
    Wording,
    outcome_of_reading,
    outcome_of_values,
    unsupported,
)
from currant.gateway.services import Caller
from currant.ocpp import v16
from currant.stations.commanding.variables import (
    AdjustEventStream,
    ClearMonitors,
    GetEventStreams,
    GetMonitoringReport,
    GetReport,
    GetVariables,
    ReportBase,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    SetVariables,
    Variable,
    VariableValue,
)
from currant.stations.device import mapping16
from currant.stations.device.model import Extent, How
from currant.stations.model import CommandOutcome

KEYS_A_MESSAGE = 50
"""Of a station whose GetConfigurationMaxKeys is not known; few have less."""

Told = dict[str, v16.KeyValue]

# Every station has these (1.6, 9.1): where one is missing, the answer was cut short.
_CORE = (
    "AuthorizeRemoteTxRequests",
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "GetConfigurationMaxKeys",
    "HeartbeatInterval",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
    "NumberOfConnectors",
    "ResetRetries",
    "ConnectorPhaseRotation",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
    "SupportedFeatureProfiles",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect",
)
_USUAL = tuple(
    dict.fromkeys(
        (
            *_CORE,
            *(mapped.key for mapped in mapping16.MAPPED if mapped.kind is not mapping16.Kind.PASSWORD),
            "BlinkRepeat",
            "CertificateStoreMaxLength",
            "LightIntensity",
            "LocalAuthListMaxLength",
            "MaxChargingProfilesInstalled",
        )
    )
)


async def get_variables(command: GetVariables, caller: Caller, ask: Ask) -> CommandOutcome:
    if not command.variables:
        return await _everything(caller, ask)
    keys = list(dict.fromkeys(key for each in command.variables if (key := mapping16.key_of(each))))
    told = await _ask(keys, caller, ask)
    return outcome_of_reading(_value(variable, told) for variable in command.variables)


async def _everything(caller: Caller, ask: Ask) -> CommandOutcome:
    """The whole configuration. What a station leaves out that every station has is asked for by name."""
    try:
        told = await _ask((), caller, ask)
    except CallFailed:
        # Some answer no question that names no key.
        told = {}
    folded = {key.lower() for key in told}
    if any(key.lower() not in folded for key in _CORE):
        told |= await _ask([key for key in _USUAL if key.lower() not in folded], caller, ask)
    values = [_value(Variable(name=key), told) for key in told]
    if values:
        caller.services.device.learn(
            caller.station, [_in_model(entry) for entry in told.values()], How.REPORT, extent=Extent.WHOLE
        )
    return outcome_of_reading(values)


async def _ask(keys: Sequence[str], caller: Caller, ask: Ask) -> Told:
    """What the station says of these keys, or of all: each key once, as the station spells it."""
    limits = await caller.services.device.limits_of(caller.station)
    most = limits.items.get("GetVariables") or KEYS_A_MESSAGE
    told: Told = {}
    unknown: set[str] = set()
    for begin in range(0, max(len(keys), 1), most):
        asked = list(keys[begin : begin + most])
        # A station may ignore the filter and tell everything (quirk C14).
        answer: v16.GetConfigurationResponse = await ask(
            "GetConfiguration", v16.GetConfiguration(key=asked or None)
        )
        told |= {entry.key: entry for entry in answer.configuration_key or ()}
        unknown |= {key.lower() for key in answer.unknown_key or ()}
    values = [_in_model(entry) for entry in told.values()]
    values += [
        VariableValue(variable=mapping16.variable_of(key), status="UnknownVariable")
        for key in keys
        if key.lower() in unknown and key not in told
    ]
    if keys:
        caller.services.device.learn(caller.station, values, How.GET)
    return told


def _value(variable: Variable, told: Told) -> VariableValue:
    """What was told of one variable, under the name by which it was asked for."""
    key = mapping16.key_of(variable)
    entry = None if key is None else told.get(key) or _spelled_otherwise(key, told)
    if key is None or entry is None:
        return VariableValue(variable=variable, status="UnknownVariable")
    value = entry.value
    if variable.component and value is not None:
        value = mapping16.to_model(key, value)
    return VariableValue(variable=variable, value=value, status="Accepted", read_only=entry.readonly)


def _spelled_otherwise(key: str, told: Told) -> v16.KeyValue | None:
    return next((entry for name, entry in told.items() if name.lower() == key.lower()), None)


def _in_model(entry: v16.KeyValue) -> VariableValue:
    value = entry.value
    return VariableValue(
        variable=mapping16.variable_of(entry.key),
        value=None if value is None else mapping16.to_model(entry.key, value),
        status="Accepted",
        read_only=entry.readonly,
        traits=mapping16.traits_of(entry.key, read_only=entry.readonly),
    )


async def set_variables(command: SetVariables, caller: Caller, ask: Ask) -> CommandOutcome:
    values: list[VariableValue] = []
    for wanted in command.values:
        key, value = mapping16.key_of(wanted.variable), wanted.value or ""
        if key is None:
            values.append(VariableValue(variable=wanted.variable, value=value, status="NotSupported"))
            continue
        sent = mapping16.to_key(key, value) if wanted.variable.component else value
        answer: v16.ChangeConfigurationResponse = await ask(
            "ChangeConfiguration", v16.ChangeConfiguration(key=key, value=sent)
        )
        values.append(VariableValue(variable=wanted.variable, value=wanted.value, status=answer.status))
        learned = VariableValue(
            variable=mapping16.variable_of(key),
            value=mapping16.to_model(key, value),
            status=answer.status,
        )
        caller.services.device.learn(caller.station, [learned], How.SET)
    return outcome_of_values(values)


async def get_report(command: GetReport, caller: Caller, ask: Ask) -> CommandOutcome:
    """1.6 has no reports; its configuration is what there is to tell."""
    if command.criteria:
        return unsupported(caller.version, command, "OCPP 1.6 cannot report components by their state.")
    if command.components:
        return await get_variables(GetVariables(variables=command.components), caller, ask)
    if command.base is ReportBase.SUMMARY:
        return unsupported(
            caller.version, command, "OCPP 1.6 has no summary: read its configuration, and its statuses."
        )
    return await _everything(caller, ask)


async def no_monitors(command: SetMonitors, caller: Caller, ask: Ask) -> CommandOutcome:
    return unsupported(
        caller.version,
        command,
        "OCPP 1.6 cannot watch variables; its stations report errors with their statuses.",
    )


async def no_streams(command: GetEventStreams, caller: Caller, ask: Ask) -> CommandOutcome:
    return unsupported(caller.version, command, "OCPP 1.6 has no event streams.")


COMMANDS: dict[type, Wording] = {
    AdjustEventStream: no_streams,
    ClearMonitors: no_monitors,
    GetEventStreams: no_streams,
    GetMonitoringReport: no_monitors,
    GetReport: get_report,
    GetVariables: get_variables,
    SetMonitoringBase: no_monitors,
    SetMonitoringLevel: no_monitors,
    SetMonitors: no_monitors,
    SetVariables: set_variables,
}
