"""The configuration keys of OCPP 1.6 as variables of the device model of 2.x, and the way back.

What both versions know has the name of 2.x, so that one question is answered by every station. A
key without a counterpart, a vendor's own above all, is a variable of the component `Ocpp16`.
Sources: 1.6 edition 2, chapter 9; the security white paper, chapter 5; the ISO 15118 and signed
meter values application notes; 2.0.1 and 2.1, Part 2, Referenced Components and Variables.
"""

import re
from enum import Enum

import msgspec

from currant.stations.commanding.variables import Traits, Variable
from currant.stations.device import naming

OWN_COMPONENT = "Ocpp16"
"""The component of keys that have no counterpart."""


class Kind(Enum):
    """What a key's values are, and how they differ from those of its variable."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    TEXT = "string"
    OPTION = "OptionList"
    LIST = "MemberList"
    RATE_UNITS = "units"
    """Current and Power where 2.x says A and W."""
    PASSWORD = "password"
    """Bytes in hexadecimal digits where 2.x has a text (1.6 security white paper, AuthorizationKey)."""


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    variable: Variable
    kind: Kind
    unit: str = ""


def _mapped(key: str, name: str, kind: Kind, unit: str = "") -> Mapped:
    return Mapped(key=key, variable=naming.read(name), kind=kind, unit=unit)


MAPPED = (
    _mapped("AdditionalRootCertificateCheck", "SecurityCtrlr.AdditionalRootCertificateCheck", Kind.BOOLEAN),
    _mapped("AlignedDataSignReadings", "AlignedDataCtrlr.SignReadings", Kind.BOOLEAN),
    _mapped("AlignedDataSignUpdatedReadings", "AlignedDataCtrlr.SignUpdatedReadings", Kind.BOOLEAN),
    _mapped("AllowOfflineTxForUnknownId", "AuthCtrlr.OfflineTxForUnknownIdEnabled", Kind.BOOLEAN),
    _mapped("AuthorizationCacheEnabled", "AuthCacheCtrlr.Enabled", Kind.BOOLEAN),
    _mapped("AuthorizationKey", "SecurityCtrlr.BasicAuthPassword", Kind.PASSWORD),
    _mapped("AuthorizeRemoteTxRequests", "AuthCtrlr.AuthorizeRemoteStart", Kind.BOOLEAN),
    _mapped(
        "CentralContractValidationAllowed", "ISO15118Ctrlr.CentralContractValidationAllowed", Kind.BOOLEAN
    ),
    _mapped("CertSigningRepeatTimes", "SecurityCtrlr.CertSigningRepeatTimes", Kind.INTEGER),
    _mapped("CertSigningWaitMinimum", "SecurityCtrlr.CertSigningWaitMinimum", Kind.INTEGER, "s"),
    _mapped("CertificateSignedMaxChainSize", "SecurityCtrlr.MaxCertificateChainSize", Kind.INTEGER),
    _mapped("ChargeProfileMaxStackLevel", "SmartChargingCtrlr.ProfileStackLevel", Kind.INTEGER),
    _mapped("ChargingScheduleAllowedChargingRateUnit", "SmartChargingCtrlr.RateUnit", Kind.RATE_UNITS),
    _mapped("ChargingScheduleMaxPeriods", "SmartChargingCtrlr.PeriodsPerSchedule", Kind.INTEGER),
    _mapped("ClockAlignedDataInterval", "AlignedDataCtrlr.Interval", Kind.INTEGER, "s"),
    _mapped("ConnectionTimeOut", "TxCtrlr.EVConnectionTimeOut", Kind.INTEGER, "s"),
    _mapped("ConnectorSwitch3to1PhaseSupported", "SmartChargingCtrlr.Phases3to1", Kind.BOOLEAN),
    _mapped("ContractValidationOffline", "ISO15118Ctrlr.ContractValidationOffline", Kind.BOOLEAN),
    _mapped("CpoName", "SecurityCtrlr.OrganizationName", Kind.TEXT),
    _mapped("GetConfigurationMaxKeys", "DeviceDataCtrlr.ItemsPerMessage[GetVariables]", Kind.INTEGER),
    _mapped("HeartbeatInterval", "OCPPCommCtrlr.HeartbeatInterval", Kind.INTEGER, "s"),
    _mapped("ISO15118PnCEnabled", "ISO15118Ctrlr.PnCEnabled", Kind.BOOLEAN),
    _mapped("LocalAuthListEnabled", "LocalAuthListCtrlr.Enabled", Kind.BOOLEAN),
    _mapped("LocalAuthorizeOffline", "AuthCtrlr.LocalAuthorizeOffline", Kind.BOOLEAN),
    _mapped("LocalPreAuthorize", "AuthCtrlr.LocalPreAuthorize", Kind.BOOLEAN),
    _mapped("MaxEnergyOnInvalidId", "TxCtrlr.MaxEnergyOnInvalidId", Kind.INTEGER, "Wh"),
    _mapped("MeterValueSampleInterval", "SampledDataCtrlr.TxUpdatedInterval", Kind.INTEGER, "s"),
    _mapped("MeterValuesAlignedData", "AlignedDataCtrlr.Measurands", Kind.LIST),
    _mapped("MeterValuesSampledData", "SampledDataCtrlr.TxUpdatedMeasurands", Kind.LIST),
    _mapped("MinimumStatusDuration", "ChargingStation.MinimumStatusDuration", Kind.INTEGER, "s"),
    _mapped("NextTimeOffsetTransitionDateTime", "ClockCtrlr.NextTimeOffsetTransitionDateTime", Kind.TEXT),
    _mapped("PublicKeyWithSignedMeterValue", "OCPPCommCtrlr.PublicKeyWithSignedMeterValue", Kind.OPTION),
    _mapped("ReserveConnectorZeroSupported", "ReservationCtrlr.NonEvseSpecific", Kind.BOOLEAN),
    _mapped("ResetRetries", "OCPPCommCtrlr.ResetRetries", Kind.INTEGER),
    _mapped("SampledDataSignReadings", "SampledDataCtrlr.SignReadings", Kind.BOOLEAN),
    _mapped("SampledDataSignStartedReadings", "SampledDataCtrlr.SignStartedReadings", Kind.BOOLEAN),
    _mapped("SampledDataSignUpdatedReadings", "SampledDataCtrlr.SignUpdatedReadings", Kind.BOOLEAN),
    _mapped("SecurityProfile", "SecurityCtrlr.SecurityProfile", Kind.INTEGER),
    _mapped("SendLocalListMaxLength", "LocalAuthListCtrlr.ItemsPerMessage", Kind.INTEGER),
    _mapped("StartTxnSampledData", "SampledDataCtrlr.TxStartedMeasurands", Kind.LIST),
    _mapped("StopTransactionOnEVSideDisconnect", "TxCtrlr.StopTxOnEVSideDisconnect", Kind.BOOLEAN),
    _mapped("StopTransactionOnInvalidId", "TxCtrlr.StopTxOnInvalidId", Kind.BOOLEAN),
    _mapped("StopTxnAlignedData", "AlignedDataCtrlr.TxEndedMeasurands", Kind.LIST),
    _mapped("StopTxnSampledData", "SampledDataCtrlr.TxEndedMeasurands", Kind.LIST),
    _mapped("SupportedFileTransferProtocols", "OCPPCommCtrlr.FileTransferProtocols", Kind.LIST),
    _mapped("TimeOffset", "ClockCtrlr.TimeOffset", Kind.TEXT),
    _mapped("TimeOffsetNextTransition", "ClockCtrlr.TimeOffset[NextTransition]", Kind.TEXT),
    _mapped("TransactionMessageAttempts", "OCPPCommCtrlr.MessageAttempts[TransactionEvent]", Kind.INTEGER),
    _mapped(
        "TransactionMessageRetryInterval",
        "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]",
        Kind.INTEGER,
        "s",
    ),
    _mapped("UnlockConnectorOnEVSideDisconnect", "OCPPCommCtrlr.UnlockOnEVSideDisconnect", Kind.BOOLEAN),
    _mapped("WebSocketPingInterval", "OCPPCommCtrlr.WebSocketPingInterval", Kind.INTEGER, "s"),
)

# Keys without a counterpart of which the specification says what their values are.
OWN_TRAITS = {
    "blinkrepeat": Traits(data_type="integer"),
    "certificatestoremaxlength": Traits(data_type="integer"),
    "connectorphaserotation": Traits(data_type="MemberList"),
    "connectorphaserotationmaxlength": Traits(data_type="integer"),
    "lightintensity": Traits(data_type="integer", unit="Percent"),
    "localauthlistmaxlength": Traits(data_type="integer"),
    "maxchargingprofilesinstalled": Traits(data_type="integer"),
    "metervaluesaligneddatamaxlength": Traits(data_type="integer"),
    "metervaluessampleddatamaxlength": Traits(data_type="integer"),
    "numberofconnectors": Traits(data_type="integer"),
    "stoptxnaligneddatamaxlength": Traits(data_type="integer"),
    "stoptxnsampleddatamaxlength": Traits(data_type="integer"),
    "supportedfeatureprofiles": Traits(data_type="MemberList"),
    "supportedfeatureprofilesmaxlength": Traits(data_type="integer"),
}

_BY_KEY = {mapped.key.lower(): mapped for mapped in MAPPED}
_BY_NAME = {naming.folded(mapped.variable): mapped for mapped in MAPPED}
# Signed meter values, 3.3.1: one key a connector.
_PUBLIC_KEY = re.compile(r"MeterPublicKey\[?([1-9]\d{0,3})\]?", re.IGNORECASE)
_METER = Variable(component="FiscalMetering", name="PublicKey")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}")


def variable_of(key: str) -> Variable:
    """The variable that a configuration key is; every key is one."""
    mapped = _BY_KEY.get(key.lower())
    if mapped is not None:
        return mapped.variable
    meter = _PUBLIC_KEY.fullmatch(key)
    if meter is not None:
        return msgspec.structs.replace(_METER, evse=int(meter[1]))
    return Variable(component=OWN_COMPONENT, name=key)


def key_of(variable: Variable) -> str | None:
    """The configuration key that a variable is; None where 1.6 has none for it.

    A variable without a component is a key already.
    """
    if not variable.component:
        return variable.name
    if variable.attribute != naming.ACTUAL:
        return None
    if variable.component.lower() == OWN_COMPONENT.lower():
        return None if variable.evse else variable.name
    if variable.evse:
        is_meter = naming.folded(variable) == naming.folded(_METER)
        return f"MeterPublicKey{variable.evse}" if is_meter else None
    mapped = _BY_NAME.get(naming.folded(variable))
    return None if mapped is None else mapped.key


def in_model(variable: Variable) -> Variable:
    """The variable under its name in the device model, where a plain key of 1.6 may be meant."""
    return variable if variable.component else variable_of(variable.name)


def is_mapped(key: str) -> bool:
    """Whether a key has a counterpart in 2.x."""
    return key.lower() in _BY_KEY or _PUBLIC_KEY.fullmatch(key) is not None


def traits_of(key: str, *, read_only: bool | None) -> Traits:
    """What is known of a key's values: from the specification, and from what the station said of it."""
    mapped = _BY_KEY.get(key.lower())
    traits = OWN_TRAITS.get(key.lower(), Traits())
    if mapped is not None:
        traits = Traits(data_type=_DATA_TYPES[mapped.kind], unit=mapped.unit)
    if mapped is not None and mapped.kind is Kind.PASSWORD:
        return msgspec.structs.replace(traits, mutability="WriteOnly")
    if read_only is None:
        return traits
    return msgspec.structs.replace(traits, mutability="ReadOnly" if read_only else "ReadWrite")


def to_model(key: str, value: str) -> str:
    """A key's value in the words of 2.x."""
    mapped = _BY_KEY.get(key.lower())
    if mapped is None:
        return value
    if mapped.kind is Kind.BOOLEAN:
        return value.strip().lower()
    if mapped.kind is Kind.LIST:
        return ",".join(_members(value))
    if mapped.kind is Kind.RATE_UNITS:
        return ",".join(_UNITS.get(member.lower(), member) for member in _members(value))
    return value


def to_key(key: str, value: str) -> str:
    """A value in the words of 2.x as the key's value."""
    mapped = _BY_KEY.get(key.lower())
    if mapped is None:
        return value
    if mapped.kind is Kind.RATE_UNITS:
        return ",".join(_RATES.get(member.lower(), member) for member in _members(value))
    if mapped.kind is Kind.PASSWORD and not _HEX.fullmatch(value):
        return value.encode().hex()
    return value


_DATA_TYPES = {
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
    Kind.TEXT: "string",
    Kind.OPTION: "OptionList",
    Kind.LIST: "MemberList",
    Kind.RATE_UNITS: "MemberList",
    Kind.PASSWORD: "string",
}
_UNITS = {"current": "A", "power": "W"}
_RATES = {"a": "Current", "w": "Power"}


def _members(value: str) -> list[str]:
    return [member.strip() for member in value.split(",") if member.strip()]
