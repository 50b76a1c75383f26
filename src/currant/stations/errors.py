"""One vocabulary for what is wrong with a connector, whatever the charger calls it.

The words are the ChargeX consortium's 26 minimum required error codes (INL, Recommendations for
Minimum Required Error Codes, rev. 5, table 1; CX001 to CX026), and a few of Currant's own for
what these leave out. The charger's own words are kept beside them.
"""

import re
from enum import StrEnum

CHARGEX_VENDOR_ID = "https://chargex.inl.gov"


class ErrorCode(StrEnum):
    """In the order of the list: a word's place in it is its CX number."""

    CONNECTOR_LOCK_FAILURE = "ConnectorLockFailure"
    GROUND_FAILURE = "GroundFailure"
    HIGH_TEMPERATURE = "HighTemperature"
    OVER_CURRENT_FAILURE = "OverCurrentFailure"
    OVER_VOLTAGE = "OverVoltage"
    UNDER_VOLTAGE = "UnderVoltage"
    WEAK_SIGNAL = "WeakSignal"
    EMERGENCY_STOP = "EmergencyStop"
    AUTHORIZATION_TIMEOUT = "AuthorizationTimeout"
    INVALID_VEHICLE_MODE = "InvalidVehicleMode"
    CABLE_CHECK_FAILURE = "CableCheckFailure"
    PRE_CHARGE_FAILURE = "PreChargeFailure"
    NO_INTERNET = "NoInternet"
    PILOT_FAULT = "PilotFault"
    POWER_LOSS = "PowerLoss"
    EV_CONTACTOR_FAULT = "EVContactorFault"
    EVSE_CONTACTOR_FAULT = "EVSEContactorFault"
    CABLE_OVER_TEMP_DERATE = "CableOverTempDerate"
    CABLE_OVER_TEMP_STOP = "CableOverTempStop"
    PARTIAL_INSERTION = "PartialInsertion"
    CAPACITANCE_FAULT = "CapacitanceFault"
    RESISTANCE_FAULT = "ResistanceFault"
    PROXIMITY_FAULT = "ProximityFault"
    CONNECTOR_VOLTAGE_HIGH = "ConnectorVoltageHigh"
    BROKEN_LATCH = "BrokenLatch"
    CUT_CABLE = "CutCable"


OTHER = "Other"
"""Something is wrong that has no word of its own here; the charger's own words say what."""

CHARGEX = {f"CX{number:03d}": code for number, code in enumerate(ErrorCode, start=1)}

# What OCPP 1.6 (7.6 ChargePointErrorCode) knows and ChargeX does not, in words of the same make.
OWN = ("EVCommunicationError", "InternalError", "PowerMeterFailure", "ReaderFailure", "ResetFailure")

# A key here is a word with everything but letters and digits left out, in lower case.
_SYNONYMS: dict[str, str] = {
    **{code.value.lower(): code.value for code in ErrorCode},
    **{name.lower(): code.value for name, code in CHARGEX.items()},
    **{word.lower(): word for word in OWN},
    # OCPP 1.6: a failed power switch is the contactor in the EVSE.
    "powerswitchfailure": ErrorCode.EVSE_CONTACTOR_FAULT,
    # The local list is data, not hardware: nobody needs a wrench for it.
    "locallistconflict": OTHER,
    "othererror": OTHER,
    # Words in general use among vendors and as OCPP 2.x techCode or variable names.
    "error": OTHER,
    "groundfault": ErrorCode.GROUND_FAILURE,
    "earthfault": ErrorCode.GROUND_FAILURE,
    "rcd": ErrorCode.GROUND_FAILURE,
    "rcdtripped": ErrorCode.GROUND_FAILURE,
    "gfcitripped": ErrorCode.GROUND_FAILURE,
    "overtemperature": ErrorCode.HIGH_TEMPERATURE,
    "overtemp": ErrorCode.HIGH_TEMPERATURE,
    "temperaturehigh": ErrorCode.HIGH_TEMPERATURE,
    "overcurrent": ErrorCode.OVER_CURRENT_FAILURE,
    "overvoltagefailure": ErrorCode.OVER_VOLTAGE,
    "inputovervoltage": ErrorCode.OVER_VOLTAGE,
    "undervoltagefailure": ErrorCode.UNDER_VOLTAGE,
    "inputundervoltage": ErrorCode.UNDER_VOLTAGE,
    "estop": ErrorCode.EMERGENCY_STOP,
    "emergencystoppressed": ErrorCode.EMERGENCY_STOP,
    "emergencybutton": ErrorCode.EMERGENCY_STOP,
    "authtimeout": ErrorCode.AUTHORIZATION_TIMEOUT,
    "cablecheckfault": ErrorCode.CABLE_CHECK_FAILURE,
    "cablecheckfailed": ErrorCode.CABLE_CHECK_FAILURE,
    "isolationfault": ErrorCode.CABLE_CHECK_FAILURE,
    "prechargefault": ErrorCode.PRE_CHARGE_FAILURE,
    "prechargefailed": ErrorCode.PRE_CHARGE_FAILURE,
    "controlpilotfault": ErrorCode.PILOT_FAULT,
    "cpfault": ErrorCode.PILOT_FAULT,
    "diodefault": ErrorCode.PILOT_FAULT,
    "poweroutage": ErrorCode.POWER_LOSS,
    "brownout": ErrorCode.POWER_LOSS,
    "contactorfault": ErrorCode.EVSE_CONTACTOR_FAULT,
    "contactorwelded": ErrorCode.EVSE_CONTACTOR_FAULT,
    "relaywelded": ErrorCode.EVSE_CONTACTOR_FAULT,
    "weldedcontactor": ErrorCode.EVSE_CONTACTOR_FAULT,
    "ppfault": ErrorCode.PROXIMITY_FAULT,
    "connectorlockfault": ErrorCode.CONNECTOR_LOCK_FAILURE,
    "lockfailure": ErrorCode.CONNECTOR_LOCK_FAILURE,
    "latchbroken": ErrorCode.BROKEN_LATCH,
    "cablecut": ErrorCode.CUT_CABLE,
    "cabletheft": ErrorCode.CUT_CABLE,
}

_NOTHING = frozenset({"", "noerror", "none", "ok", "0", "00", "0000", "0x0000", "0x00", "null", "na"})
_MREC = re.compile(r"^(?:mrec)0*\d{1,2}(?=[a-z])")
_CX = re.compile(r"\bCX0?(\d{2})\b", re.IGNORECASE)


def error_of(raw_error: str, *, vendor_error: str = "", vendor_id: str = "", info: str = "") -> str:
    """The one word for an error, empty when nothing is wrong.

    A ChargeX code in the vendor's field is the most precise there is (`vendorId` names ChargeX,
    or the code is a CX number); then the protocol's own code; then the vendor's words.
    """
    if not raw_error and not vendor_error:
        return ""
    exact = _chargex(vendor_error) or (_chargex(info) if vendor_id == CHARGEX_VENDOR_ID else None)
    if exact is not None:
        return exact
    known = _word(raw_error)
    if known not in ("", OTHER):
        return known
    # An error is wrong with the protocol's word alone: `NoError` with a vendor's code is a remark.
    if known == "":
        return ""
    return _SYNONYMS.get(_plain(vendor_error), known)


def is_vehicles(error: str) -> bool:
    """Whether the vehicle, and not the station, is what usually causes this error."""
    return error in _VEHICLES


def error_of_part(component: str, variable: str = "", *, too_low: bool = False) -> str:
    """The word for a part of a station (an OCPP 2.x component) that has a problem, or whose variable is out of bounds.

    What is measured says more than where: a ground fault's component trips, but a temperature that is
    too high is one wherever it is. A part without a word of its own is `Other`.
    """
    measured = _MEASURED.get(_plain(variable))
    if measured is not None:
        return measured[1 if too_low else 0]
    return _PARTS.get(_plain(component), OTHER)


_PARTS: dict[str, str] = {
    "cablebreakawaysensor": ErrorCode.CUT_CABLE,
    "chademoctrlr": "EVCommunicationError",
    "connectedev": "EVCommunicationError",
    "connectorplugretentionlock": ErrorCode.CONNECTOR_LOCK_FAILURE,
    "connectorprotectionrelease": ErrorCode.CONNECTOR_LOCK_FAILURE,
    "controller": "InternalError",
    "controlmetering": "PowerMeterFailure",
    "cppwmcontroller": ErrorCode.PILOT_FAULT,
    "datalink": ErrorCode.NO_INTERNET,
    "electricalfeed": ErrorCode.POWER_LOSS,
    "elvsupply": ErrorCode.POWER_LOSS,
    "emergencystopsensor": ErrorCode.EMERGENCY_STOP,
    "evretentionlock": ErrorCode.CONNECTOR_LOCK_FAILURE,
    "fiscalmetering": "PowerMeterFailure",
    "groundisolationprotection": ErrorCode.GROUND_FAILURE,
    "iso15118ctrlr": "EVCommunicationError",
    "localcontroller": "InternalError",
    "overcurrentprotection": ErrorCode.OVER_CURRENT_FAILURE,
    "overcurrentprotectionrecloser": ErrorCode.OVER_CURRENT_FAILURE,
    "powercontactor": ErrorCode.EVSE_CONTACTOR_FAULT,
    "rcd": ErrorCode.GROUND_FAILURE,
    "rcdrecloser": ErrorCode.GROUND_FAILURE,
    "temperaturesensor": ErrorCode.HIGH_TEMPERATURE,
    "tokenreader": "ReaderFailure",
    "upstreamprotectiontrigger": ErrorCode.POWER_LOSS,
}

# Too high, too low.
_MEASURED: dict[str, tuple[str, str]] = {
    "accurrent": (ErrorCode.OVER_CURRENT_FAILURE, OTHER),
    "acvoltage": (ErrorCode.OVER_VOLTAGE, ErrorCode.UNDER_VOLTAGE),
    "dccurrent": (ErrorCode.OVER_CURRENT_FAILURE, OTHER),
    "dcvoltage": (ErrorCode.OVER_VOLTAGE, ErrorCode.UNDER_VOLTAGE),
    "overload": (ErrorCode.OVER_CURRENT_FAILURE, OTHER),
    "signalstrength": (OTHER, ErrorCode.WEAK_SIGNAL),
    "temperature": (ErrorCode.HIGH_TEMPERATURE, OTHER),
}

_VEHICLES = frozenset(
    {ErrorCode.INVALID_VEHICLE_MODE.value, ErrorCode.EV_CONTACTOR_FAULT.value, "EVCommunicationError"}
)


def _word(raw: str) -> str:
    plain = _plain(raw)
    if plain in _NOTHING:
        return ""
    return _SYNONYMS.get(plain, OTHER)


def _chargex(text: str) -> str | None:
    found = _CX.search(text)
    code = CHARGEX.get(f"CX0{found[1]}") if found else None
    return None if code is None else code.value


def _plain(text: str) -> str:
    plain = "".join(character for character in text.lower() if character.isalnum())
    return _MREC.sub("", plain)
