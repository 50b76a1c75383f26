"""Everything that can be said of a station: codes, how bad each is, what to do about it, and English words.

Pages translate the codes (`insight.<code>`, `todo.<code>`); the sentences here are for everybody else. A
fact in braces is filled in; a sentence whose fact is missing does without it.
"""

import re
from typing import Any

import msgspec

from currant.stations.errors import OTHER, OWN, ErrorCode
from currant.stations.model import ConnectorStatus

INFO, WARNING, SERIOUS, CRITICAL = "info", "warning", "serious", "critical"
SEVERITIES = (INFO, WARNING, SERIOUS, CRITICAL)


class Saying(msgspec.Struct, frozen=True):
    """How bad something is, what to do about it in this order, and a sentence."""

    severity: str
    todo: tuple[str, ...]
    text: str
    one: str = ""
    """The sentence where `count` is one."""

    def of(self, facts: dict[str, Any]) -> str:
        return sentence(self.one if self.one and facts.get("count") == 1 else self.text, facts)


DOING = {
    "waiting_for_acceptance": "It waits until somebody accepts it.",
    "refused": "It was turned away and may not take part.",
    "retired": "It was taken out of the network.",
    "never_connected": "It has never connected.",
    "offline": "It is not connected.",
    "firmware_updating": "It is installing firmware.",
    "restarting": "It has just connected and has not yet said how it stands.",
    "faulted": "It reports a fault.",
    "charging": "It is charging.",
    "charging_limited": "It is charging, with less than it could: a limit is in force.",
    "suspended_by_vehicle": "A vehicle is plugged in and takes nothing at the moment.",
    "suspended_by_station": "A vehicle is plugged in and the station gives nothing at the moment.",
    "suspended_by_limit": "A vehicle is plugged in and gets nothing, because of a limit.",
    "starting": "A session is beginning.",
    "finishing": "Charging is over and the vehicle is still plugged in.",
    "occupied": "A vehicle is plugged in.",
    "reserved": "It is kept for somebody.",
    "unavailable_by_command": "It was taken out of service by a command.",
    "unavailable": "It says that it is out of service.",
    "idle": "It is free.",
    "unknown": "It has not said how it stands.",
}
"""What a station, or one of its EVSEs, is doing."""

PROBLEMS: dict[str, Saying] = {
    "pending_acceptance": Saying(INFO, ("accept_or_refuse",), "It waits until somebody accepts it."),
    "never_connected": Saying(
        INFO,
        ("follow_onboarding", "check_address", "check_network"),
        "It was registered and has never connected.",
    ),
    "offline": Saying(
        WARNING, ("wait_a_little", "check_network", "check_power"), "It is not connected since {since}."
    ),
    "offline_long": Saying(
        SERIOUS,
        ("check_power", "check_network", "see_last_messages", "send_technician"),
        "It is not connected since {since}.",
    ),
    "password_rejected": Saying(
        SERIOUS,
        ("set_password", "check_identity"),
        "It was turned away {count} times because of its password, last from {remote_address}.",
        one="It was turned away once because of its password, from {remote_address}.",
    ),
    "certificate_rejected": Saying(
        SERIOUS,
        ("see_certificates", "renew_certificate"),
        "It was turned away because of its certificate: {detail}",
    ),
    "security_profile_wrong": Saying(
        SERIOUS,
        ("check_address", "change_security_profile"),
        "It comes with another security profile than the one that it must use.",
    ),
    "tls_failed": Saying(
        SERIOUS, ("check_address", "check_certificates_at_station"), "It could not agree on TLS: {detail}"
    ),
    "link_not_encrypted": Saying(
        INFO, ("raise_security_profile",), "Its connection is not encrypted (security profile {profile})."
    ),
    "tampered": Saying(
        CRITICAL, ("stop_use", "send_technician", "see_security"), "It reports that somebody opened it."
    ),
    "security_critical": Saying(
        CRITICAL, ("see_security",), "Something critical for its security happened: {kind}."
    ),
    "connectors_silent": Saying(
        WARNING,
        ("trigger_status", "restart_station"),
        "It is connected and has not said how {count} of its connectors stand.",
        one="It is connected and has not said how one of its connectors stands.",
    ),
    "unavailable_long": Saying(
        WARNING,
        ("make_available", "see_last_messages", "ask_manufacturer"),
        "EVSE {evse} says since {since} that it is out of service, and nobody told it to be.",
    ),
    "session_silent": Saying(
        WARNING,
        ("trigger_meter_values", "check_meter_settings"),
        "Session {number} is under way and nothing was measured since {since}.",
    ),
    "session_without_energy": Saying(
        INFO,
        ("ask_driver", "see_limits", "stop_session"),
        "Session {number} has begun and no energy has flowed.",
    ),
    "session_open_offline": Saying(
        WARNING,
        ("wait_a_little", "close_session"),
        "Session {number} was under way when the station was lost; it may still be.",
    ),
    "session_stuck": Saying(
        WARNING,
        ("stop_session", "close_session", "unlock_connector"),
        "Session {number} is under way since {since} and shows no sign of life.",
    ),
    "session_unauthorised": Saying(
        WARNING,
        ("stop_session", "check_access_rules"),
        "Session {number} is under way although its token may not charge.",
    ),
    "reports_lost": Saying(
        WARNING,
        ("check_network", "check_queue_settings", "ask_manufacturer"),
        "Beginnings or ends of {count} recent sessions were never reported.",
        one="The beginning or end of a recent session was never reported.",
    ),
    "meter_unreliable": Saying(
        WARNING,
        ("check_meter", "ask_manufacturer"),
        "The meter readings of {count} recent sessions could not be right.",
        one="The meter readings of a recent session could not be right.",
    ),
    "clock_wrong": Saying(
        WARNING, ("set_clock", "set_clock_zone", "ask_manufacturer"), "Its clock is wrong: {detail}"
    ),
    "restarts_often": Saying(
        WARNING,
        ("check_power", "get_diagnostics", "update_firmware"),
        "It has started {count} times within a day.",
        one="It has started once within a day.",
    ),
    "messages_refused": Saying(
        WARNING,
        ("see_refused_messages", "ask_manufacturer"),
        "{count} of its messages were answered with an error within a day.",
        one="One of its messages was answered with an error within a day.",
    ),
    "findings_many": Saying(
        INFO,
        ("see_findings", "update_firmware", "ask_manufacturer"),
        "It goes against the specification in {count} ways, most of all: {example}.",
        one="It goes against the specification in one way, namely: {example}.",
    ),
    "desired_refused": Saying(
        WARNING, ("see_desired", "retry_desired"), "It refuses what it shall be ({aspect}): {reason}"
    ),
    "desired_unsupported": Saying(
        INFO, ("see_desired",), "It cannot be what it shall be ({aspect}): {reason}"
    ),
    "desired_drifting": Saying(
        WARNING, ("see_desired", "retry_desired"), "It does not stay what it shall be ({aspect}): {reason}"
    ),
    "firmware_failed": Saying(
        WARNING, ("see_transfer", "retry_firmware"), "Its last firmware update failed: {reason}"
    ),
    "commands_waiting": Saying(
        INFO,
        ("see_commands",),
        "{count} commands wait until it connects.",
        one="A command waits until it connects.",
    ),
    "limited_outside": Saying(
        INFO, ("see_limits", "ask_grid_operator"), "Somebody outside limits what it may give ({source})."
    ),
    "not_placed": Saying(INFO, ("choose_location",), "It does not belong to any location."),
    "hardware_assumed": Saying(
        INFO,
        ("describe_hardware",),
        "What its connectors are is assumed; drivers are not shown their power and plug.",
    ),
}

_STOP = ("stop_use", "send_technician")
_RESTART = ("restart_station", "get_diagnostics", "send_technician")
_VEHICLE = ("ask_driver", "try_other_vehicle")
_FAULTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    ErrorCode.CONNECTOR_LOCK_FAILURE: (SERIOUS, ("unlock_connector", "check_plug", "send_technician"), "The lock of the connector does not work"),
    ErrorCode.GROUND_FAILURE: (CRITICAL, _STOP, "A residual current or ground failure was found"),
    ErrorCode.HIGH_TEMPERATURE: (SERIOUS, ("let_it_cool", "check_cooling", "send_technician"), "It is too hot"),
    ErrorCode.OVER_CURRENT_FAILURE: (SERIOUS, (*_VEHICLE, "send_technician"), "More current flowed than may"),
    ErrorCode.OVER_VOLTAGE: (SERIOUS, ("check_supply", "send_technician"), "The voltage is too high"),
    ErrorCode.UNDER_VOLTAGE: (SERIOUS, ("check_supply", "send_technician"), "The voltage is too low"),
    ErrorCode.WEAK_SIGNAL: (WARNING, ("check_antenna", "check_network"), "Its wireless signal is weak"),
    ErrorCode.EMERGENCY_STOP: (CRITICAL, ("look_on_site", "release_emergency_stop"), "Its emergency stop is pressed"),
    ErrorCode.AUTHORIZATION_TIMEOUT: (WARNING, ("ask_driver",), "Nobody was authorised in time"),
    ErrorCode.INVALID_VEHICLE_MODE: (WARNING, _VEHICLE, "The vehicle is in a mode that does not allow charging"),
    ErrorCode.CABLE_CHECK_FAILURE: (SERIOUS, (*_VEHICLE, "check_cable", "send_technician"), "The insulation test of the cable failed"),
    ErrorCode.PRE_CHARGE_FAILURE: (SERIOUS, (*_VEHICLE, "get_diagnostics", "send_technician"), "The voltages of station and vehicle could not be matched"),
    ErrorCode.NO_INTERNET: (WARNING, ("check_network",), "It has no internet connection of its own"),
    ErrorCode.PILOT_FAULT: (SERIOUS, (*_VEHICLE, "check_cable", "send_technician"), "The control pilot's signal is wrong"),
    ErrorCode.POWER_LOSS: (SERIOUS, ("check_supply", "check_power"), "It has lost its supply"),
    ErrorCode.EV_CONTACTOR_FAULT: (WARNING, _VEHICLE, "A contactor in the vehicle does not work"),
    ErrorCode.EVSE_CONTACTOR_FAULT: (CRITICAL, _STOP, "A contactor does not open or close"),
    ErrorCode.CABLE_OVER_TEMP_DERATE: (WARNING, ("check_cooling", "check_cable"), "The cable is hot, so that it charges more slowly"),
    ErrorCode.CABLE_OVER_TEMP_STOP: (SERIOUS, ("let_it_cool", "check_cable", "send_technician"), "The cable was too hot to go on"),
    ErrorCode.PARTIAL_INSERTION: (WARNING, ("ask_driver", "check_plug"), "The plug is not fully inserted"),
    ErrorCode.CAPACITANCE_FAULT: (SERIOUS, (*_VEHICLE, "send_technician"), "A test of capacitance failed"),
    ErrorCode.RESISTANCE_FAULT: (SERIOUS, (*_VEHICLE, "send_technician"), "A test of resistance failed"),
    ErrorCode.PROXIMITY_FAULT: (SERIOUS, ("check_plug", "check_cable", "send_technician"), "The proximity signal of the plug is wrong"),
    ErrorCode.CONNECTOR_VOLTAGE_HIGH: (CRITICAL, _STOP, "There is voltage at the connector when there must be none"),
    ErrorCode.BROKEN_LATCH: (SERIOUS, ("check_plug", "send_technician"), "The latch of the connector is broken"),
    ErrorCode.CUT_CABLE: (CRITICAL, ("stop_use", "look_on_site", "send_technician", "report_theft"), "The cable was cut"),
    "EVCommunicationError": (WARNING, (*_VEHICLE, "restart_station"), "Station and vehicle do not understand each other"),
    "InternalError": (SERIOUS, _RESTART, "It reports an error inside"),
    "PowerMeterFailure": (SERIOUS, ("restart_station", "check_meter", "send_technician"), "Its meter cannot be read"),
    "ReaderFailure": (WARNING, ("restart_station", "start_remotely", "send_technician"), "Its card reader does not work"),
    "ResetFailure": (SERIOUS, ("restart_station", "check_power", "send_technician"), "It could not restart"),
    OTHER: (SERIOUS, ("see_vendor_error", *_RESTART), "It reports an error of its own"),
}  # fmt: skip

_WHERE = " (EVSE {evse})."


def fault_code(error: str) -> str:
    """The code of a fault: `fault_` and the error's word in lower case (`fault_ground_failure`)."""
    if error not in _FAULTS:
        error = OTHER
    return "fault_" + re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", error).lower()


assert set(_FAULTS) == {*(code.value for code in ErrorCode), *OWN, OTHER}
FAULTS: dict[str, Saying] = {
    fault_code(error): Saying(severity, todo, text + _WHERE)
    for error, (severity, todo, text) in _FAULTS.items()
}
SAYINGS: dict[str, Saying] = {**PROBLEMS, **FAULTS}
TODOS = tuple(dict.fromkeys(todo for saying in SAYINGS.values() for todo in saying.todo))

BUSY = frozenset(
    {
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.OCCUPIED,
        ConnectorStatus.PREPARING,
        ConnectorStatus.FINISHING,
    }
)

_FACT = re.compile(r"\{(\w+)\}")
_EMPTY_WHERE = re.compile(r"\s*\(EVSE 0?\)")


def sentence(template: str, facts: dict[str, Any]) -> str:
    """A sentence with its facts; what is not known is left out together with the brackets around it."""
    told = _FACT.sub(lambda found: _word(facts.get(found[1])), template)
    told = _EMPTY_WHERE.sub("", told)
    told = re.sub(r"\s*\(\)|,? (?:since|from|last from|most of all:|namely:)(?=\s*[.,]|$)", "", told)
    told = re.sub(r"\s+", " ", told).removesuffix(" .").rstrip(" :")
    return told if told.endswith((".", "!", "?")) else f"{told}."


def _word(fact: Any) -> str:
    if fact is None:
        return ""
    if hasattr(fact, "strftime"):
        return f"{fact:%Y-%m-%d %H:%M} UTC"
    return str(fact)
