"""What operators may set on a simulated 2.x station, and what it merely states (2.0.1 Part 2, appendix 3)."""

from typing import Literal

DataType = Literal["string", "decimal", "integer", "boolean", "OptionList", "MemberList", "SequenceList"]
Setting = tuple[str, str, str | None, str, DataType, str | None, float | None, float | None, str | None]
Stated = tuple[str, str, str | None, str, DataType]

_MEASURANDS = (
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC,"
    "Energy.Active.Import.Interval,Power.Offered,Current.Offered"
)
_EVENTS = "ParkingBayOccupancy,EVConnected,Authorized,DataSigned,PowerPathClosed,EnergyTransfer"
_REGISTER = "Energy.Active.Import.Register"
_USUAL = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,SoC"


def _whole(
    component: str,
    name: str,
    value: int,
    low: int,
    high: int,
    *,
    instance: str | None = None,
    unit: str | None = None,
) -> Setting:
    return (component, name, instance, str(value), "integer", unit, float(low), float(high), None)


def _switch(component: str, name: str, *, on: bool, instance: str | None = None) -> Setting:
    return (component, name, instance, "true" if on else "false", "boolean", None, None, None, None)


def _list(component: str, name: str, value: str, choices: str) -> Setting:
    return (component, name, None, value, "MemberList", None, None, None, choices)


def _text(component: str, name: str, value: str, *, instance: str | None = None) -> Setting:
    return (component, name, instance, value, "string", None, None, None, None)


# Component, variable, instance, value, data type, unit, lowest, highest, values to choose from.
CONFIGURABLE: tuple[Setting, ...] = (
    ("OCPPCommCtrlr", "NetworkConfigurationPriority", None, "1", "SequenceList", None, None, None, "1,2,3,4"),
    _whole("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", 3, 1, 100),
    _whole("OCPPCommCtrlr", "OfflineThreshold", 60, 0, 86_400, unit="s"),
    _whole("OCPPCommCtrlr", "MessageAttempts", 5, 1, 100, instance="TransactionEvent"),
    _whole("OCPPCommCtrlr", "MessageAttemptInterval", 10, 0, 86_400, instance="TransactionEvent", unit="s"),
    _whole("OCPPCommCtrlr", "MessageTimeout", 30, 1, 3_600, instance="Default", unit="s"),
    _whole("OCPPCommCtrlr", "ResetRetries", 1, 0, 10),
    _whole("OCPPCommCtrlr", "RetryBackOffRandomRange", 5, 0, 3_600, unit="s"),
    _whole("OCPPCommCtrlr", "RetryBackOffRepeatTimes", 5, 0, 20),
    _whole("OCPPCommCtrlr", "RetryBackOffWaitMinimum", 1, 1, 3_600, unit="s"),
    _switch("OCPPCommCtrlr", "UnlockOnEVSideDisconnect", on=True),
    _whole("OCPPCommCtrlr", "WebSocketPingInterval", 0, 0, 86_400, unit="s"),
    _switch("AuthCtrlr", "Enabled", on=True),
    _switch("AuthCtrlr", "AuthorizeRemoteStart", on=False),
    _switch("AuthCtrlr", "LocalAuthorizeOffline", on=True),
    _switch("AuthCtrlr", "LocalPreAuthorize", on=True),
    _switch("AuthCtrlr", "OfflineTxForUnknownIdEnabled", on=True),
    _text("AuthCtrlr", "MasterPassGroupId", ""),
    _switch("AuthCacheCtrlr", "Enabled", on=True),
    _whole("AuthCacheCtrlr", "LifeTime", 86_400, 0, 9_999_999, unit="s"),
    _switch("LocalAuthListCtrlr", "Enabled", on=True),
    _switch("ReservationCtrlr", "Enabled", on=True),
    _switch("SmartChargingCtrlr", "Enabled", on=True),
    ("SmartChargingCtrlr", "LimitChangeSignificance", None, "5", "decimal", "Percent", 0.0, 100.0, None),
    _switch("DisplayMessageCtrlr", "Enabled", on=True),
    _switch("MonitoringCtrlr", "Enabled", on=True),
    _whole("MonitoringCtrlr", "OfflineQueuingSeverity", 5, 0, 9),
    _switch("TariffCostCtrlr", "Enabled", on=True, instance="Tariff"),
    _switch("TariffCostCtrlr", "Enabled", on=False, instance="Cost"),
    _text("TariffCostCtrlr", "TariffFallbackMessage", "Ask the operator for the price."),
    _text("TariffCostCtrlr", "TotalCostFallbackMessage", "The cost is on your bill."),
    _text("TariffCostCtrlr", "Currency", "EUR"),
    _whole("TxCtrlr", "EVConnectionTimeOut", 60, 1, 3_600, unit="s"),
    _switch("TxCtrlr", "StopTxOnEVSideDisconnect", on=True),
    _switch("TxCtrlr", "StopTxOnInvalidId", on=True),
    _whole("TxCtrlr", "MaxEnergyOnInvalidId", 0, 0, 1_000_000, unit="Wh"),
    _list("TxCtrlr", "TxStopPoint", "EVConnected", _EVENTS),
    _whole("SampledDataCtrlr", "TxEndedInterval", 0, 0, 86_400, unit="s"),
    _list("SampledDataCtrlr", "TxEndedMeasurands", _REGISTER, _MEASURANDS),
    _list("SampledDataCtrlr", "TxStartedMeasurands", _REGISTER, _MEASURANDS),
    _list("SampledDataCtrlr", "TxUpdatedMeasurands", _USUAL, _MEASURANDS),
    _whole("AlignedDataCtrlr", "Interval", 0, 0, 86_400, unit="s"),
    _list("AlignedDataCtrlr", "Measurands", _REGISTER, _MEASURANDS),
    _whole("AlignedDataCtrlr", "TxEndedInterval", 0, 0, 86_400, unit="s"),
    _list("AlignedDataCtrlr", "TxEndedMeasurands", _REGISTER, _MEASURANDS),
    _text("SecurityCtrlr", "OrganizationName", "Currant"),
    _whole("SecurityCtrlr", "CertSigningWaitMinimum", 60, 1, 86_400, unit="s"),
    _whole("SecurityCtrlr", "CertSigningRepeatTimes", 3, 0, 10),
    ("ClockCtrlr", "TimeSource", None, "Heartbeat", "SequenceList", None, None, None, "Heartbeat,NTP,RTC"),
    _text("ClockCtrlr", "TimeZone", "Etc/UTC"),
    _text("ClockCtrlr", "NtpServerUri", "", instance="1"),
)

# Component, variable, instance, value, data type: read-only, and the same on every simulated station.
FACTS: tuple[Stated, ...] = (
    ("OCPPCommCtrlr", "ActiveNetworkProfile", None, "1", "integer"),
    ("OCPPCommCtrlr", "FileTransferProtocols", None, "HTTP,HTTPS", "MemberList"),
    ("OCPPCommCtrlr", "FieldLength", "Get15118EVCertificateResponse.exiResponse", "17000", "integer"),
    ("AuthCacheCtrlr", "Available", None, "true", "boolean"),
    ("LocalAuthListCtrlr", "Available", None, "true", "boolean"),
    ("LocalAuthListCtrlr", "ItemsPerMessage", None, "500", "integer"),
    ("LocalAuthListCtrlr", "BytesPerMessage", None, "100000", "integer"),
    ("ReservationCtrlr", "Available", None, "true", "boolean"),
    ("ReservationCtrlr", "NonEvseSpecific", None, "true", "boolean"),
    ("SmartChargingCtrlr", "Available", None, "true", "boolean"),
    ("SmartChargingCtrlr", "ProfileStackLevel", None, "10", "integer"),
    ("SmartChargingCtrlr", "RateUnit", None, "A,W", "MemberList"),
    ("SmartChargingCtrlr", "PeriodsPerSchedule", None, "24", "integer"),
    ("SmartChargingCtrlr", "Entries", "ChargingProfiles", "50", "integer"),
    ("SmartChargingCtrlr", "ExternalControlSignalsEnabled", None, "true", "boolean"),
    ("DisplayMessageCtrlr", "Available", None, "true", "boolean"),
    ("DisplayMessageCtrlr", "NumberOfDisplayMessages", None, "20", "integer"),
    ("DisplayMessageCtrlr", "SupportedFormats", None, "ASCII,UTF8,URI", "MemberList"),
    ("DisplayMessageCtrlr", "SupportedPriorities", None, "AlwaysFront,InFront,NormalCycle", "MemberList"),
    ("DisplayMessageCtrlr", "SupportedStates", None, "Charging,Faulted,Idle,Unavailable", "MemberList"),
    ("MonitoringCtrlr", "Available", None, "true", "boolean"),
    ("MonitoringCtrlr", "MonitoringBase", None, "FactoryDefault", "OptionList"),
    ("MonitoringCtrlr", "ActiveMonitoringLevel", None, "9", "integer"),
    ("TariffCostCtrlr", "Available", "Tariff", "true", "boolean"),
    ("TariffCostCtrlr", "Available", "Cost", "true", "boolean"),
    ("TariffCostCtrlr", "MaxElements", "Tariff", "10", "integer"),
    ("TariffCostCtrlr", "ConditionsSupported", "Tariff", "true", "boolean"),
    ("SampledDataCtrlr", "Available", None, "true", "boolean"),
    ("SampledDataCtrlr", "Enabled", None, "true", "boolean"),
    ("AlignedDataCtrlr", "Available", None, "true", "boolean"),
    ("AlignedDataCtrlr", "Enabled", None, "true", "boolean"),
    ("SecurityCtrlr", "MaxCertificateChainSize", None, "10000", "integer"),
    ("SecurityCtrlr", "AdditionalRootCertificateCheck", None, "false", "boolean"),
    ("ClockCtrlr", "DateTime", None, "2026-01-31T12:00:00Z", "string"),
    ("DeviceDataCtrlr", "BytesPerMessage", "GetReport", "100000", "integer"),
    ("DeviceDataCtrlr", "BytesPerMessage", "GetVariables", "100000", "integer"),
    ("DeviceDataCtrlr", "BytesPerMessage", "SetVariables", "100000", "integer"),
    ("CustomizationCtrlr", "CustomImplementationEnabled", "Echo", "true", "boolean"),
)
