"""The configuration keys of a simulated 1.6 station: what they may be set to, and what that does.

OCPP 1.6, chapter 9, and the security whitepaper, chapter 5.
"""

from typing import TYPE_CHECKING, Literal

import msgspec

from currant.ocpp import v16
from currant.simulator import allowlist, network, profiles
from currant.simulator.dialect import Answering
from currant.simulator.keyring import INSTALLED_MAX

if TYPE_CHECKING:
    from currant.simulator.v16 import V16

KEYS_MAX = 50
KEY_HEX_MAX = 40

Kind = Literal["text", "number", "flag", "list", "once_restarted", "stated"]


class Key(msgspec.Struct, frozen=True, kw_only=True):
    value: str
    kind: Kind = "text"
    low: int = 0
    high: int = 9_999_999
    choices: tuple[str, ...] = ()

    @property
    def readonly(self) -> bool:
        return self.kind == "stated"

    def takes(self, value: str) -> bool:
        if self.kind == "number":
            return value.isdigit() and len(value) < 12 and self.low <= int(value) <= self.high
        if self.kind == "flag":
            return value.lower() in ("true", "false")
        if self.kind == "list":
            return all(part.strip() in self.choices for part in value.split(",") if part.strip())
        return len(value) <= 500


def _number(value: int, low: int = 0, high: int = 9_999_999) -> Key:
    return Key(value=str(value), kind="number", low=low, high=high)


def _flag(*, on: bool) -> Key:
    return Key(value="true" if on else "false", kind="flag")


def _stated(value: str) -> Key:
    return Key(value=value, kind="stated")


_MEASURANDS = (
    "Energy.Active.Import.Register",
    "Energy.Active.Import.Interval",
    "Power.Active.Import",
    "Power.Offered",
    "Current.Import",
    "Current.Offered",
    "Voltage",
    "SoC",
    "Temperature",
)


def _measurands(value: str) -> Key:
    return Key(value=value, kind="list", choices=_MEASURANDS)


KEYS: dict[str, Key] = {
    "AllowOfflineTxForUnknownId": _flag(on=True),
    "AuthorizationCacheEnabled": _flag(on=True),
    "AuthorizeRemoteTxRequests": _stated("false"),
    "BlinkRepeat": _number(3, high=100),
    "ClockAlignedDataInterval": _number(0, high=86_400),
    "ConnectionTimeOut": _number(60, 1, 3_600),
    "ConnectorPhaseRotation": Key(value="0.RST", kind="once_restarted"),
    "GetConfigurationMaxKeys": _stated(str(KEYS_MAX)),
    "HeartbeatInterval": _number(300, 0, 86_400),
    "LightIntensity": _number(80, high=100),
    "LocalAuthorizeOffline": _flag(on=True),
    "LocalPreAuthorize": _flag(on=True),
    "MaxEnergyOnInvalidId": _number(0),
    "MeterValueSampleInterval": _number(60, high=86_400),
    "MeterValuesAlignedData": _measurands("Energy.Active.Import.Register"),
    "MeterValuesAlignedDataMaxLength": _stated("9"),
    "MeterValuesSampledData": _measurands(
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"
    ),
    "MeterValuesSampledDataMaxLength": _stated("9"),
    "MinimumStatusDuration": _number(0, high=3_600),
    "NumberOfConnectors": _stated("1"),
    "ResetRetries": _number(1, high=10),
    "StopTransactionOnEVSideDisconnect": _stated("true"),
    "StopTransactionOnInvalidId": _flag(on=True),
    "StopTxnAlignedData": _measurands(""),
    "StopTxnSampledData": _measurands("Energy.Active.Import.Register"),
    "SupportedFeatureProfiles": _stated(
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
    ),
    "TransactionMessageAttempts": _number(5, 1, 100),
    "TransactionMessageRetryInterval": _number(10, high=86_400),
    "UnlockConnectorOnEVSideDisconnect": _flag(on=True),
    "WebSocketPingInterval": _number(0, high=86_400),
    "LocalAuthListEnabled": _flag(on=True),
    "LocalAuthListMaxLength": _stated(str(allowlist.LOCAL_LIST_MAX)),
    "SendLocalListMaxLength": _stated(str(allowlist.SEND_MAX)),
    "ReserveConnectorZeroSupported": _stated("true"),
    "ChargeProfileMaxStackLevel": _stated(str(profiles.STACK_LEVEL_MAX)),
    "ChargingScheduleAllowedChargingRateUnit": _stated("Current,Power"),
    "ChargingScheduleMaxPeriods": _stated(str(profiles.PERIODS_MAX)),
    "ConnectorSwitch3to1PhaseSupported": _stated("false"),
    "MaxChargingProfilesInstalled": _stated(str(profiles.PROFILES_MAX)),
    "AdditionalRootCertificateCheck": _stated("false"),
    "CertificateSignedMaxChainSize": _stated("10000"),
    "CertificateStoreMaxLength": _stated(str(INSTALLED_MAX)),
    "CpoName": Key(value=""),
    "SecurityProfile": _number(1, 0, 3),
    "SupportedFileTransferProtocols": _stated("HTTP,HTTPS"),
}


def value_of(words: "V16", key: str) -> str:
    """What a key is set to now, or follows from the station."""
    station = words.station
    match key:
        case "HeartbeatInterval":
            return f"{station.heartbeat_s:.0f}"
        case "MeterValueSampleInterval":
            return f"{station.sample_interval_s:.0f}"
        case "NumberOfConnectors":
            return str(words.connectors)
        case "SecurityProfile":
            return str(network.security_profile(station))
    return station.settings.get(key, KEYS[key].value)


def get_configuration(words: "V16", request: v16.GetConfiguration) -> Answering:
    """Of more keys than GetConfigurationMaxKeys the first are answered (1.6, 5.8)."""
    asked = (request.key or sorted(KEYS))[:KEYS_MAX]
    found = [
        v16.KeyValue(key=key, readonly=KEYS[key].readonly, value=value_of(words, key) or None)
        for key in asked
        if key in KEYS
    ]
    # The secret cannot be read (security whitepaper, A01), and is no unknown key either.
    found += [v16.KeyValue(key=key, readonly=False) for key in asked if key == "AuthorizationKey"]
    unknown = [key for key in asked if key not in KEYS and key != "AuthorizationKey"]
    return v16.GetConfigurationResponse(configuration_key=found or None, unknown_key=unknown or None)


def change_configuration(words: "V16", request: v16.ChangeConfiguration) -> Answering:
    return v16.ChangeConfigurationResponse(status=_change(words, request.key, request.value))


def _change(words: "V16", key: str, value: str) -> v16.ConfigurationStatus:
    station = words.station
    if station.refuses(key):
        return "Rejected"
    if key == "AuthorizationKey":
        return _change_key(words, value)
    known = KEYS.get(key)
    if known is None:
        return "NotSupported"
    if known.readonly or not known.takes(value):
        return "Rejected"
    if known.kind == "once_restarted":
        station.pending_settings = (station.pending_settings or {}) | {key: value}
        return "RebootRequired"
    if key == "SecurityProfile":
        return "Accepted" if network.raise_profile(station, value) else "Rejected"
    if key == "HeartbeatInterval" and int(value) > 0:
        station.change_heartbeat(float(value))
    elif key == "MeterValueSampleInterval" and int(value) > 0:
        station.sample_interval_s = float(value)
    else:
        station.settings[key] = value
    return "Accepted"


def _change_key(words: "V16", value: str) -> v16.ConfigurationStatus:
    """Given as hex digits, used as the bytes they stand for (security whitepaper, A05.FR.02)."""
    if not value or len(value) > KEY_HEX_MAX:
        return "Rejected"
    try:
        password = bytes.fromhex(value).decode("latin-1")
    except ValueError:
        password = value
    network.change_password(words.station, password)
    return "Accepted"
