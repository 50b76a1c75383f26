"""Whether an event of a component means that something is wrong, or is right again: a pure rule.

2.x leaves much open. Some components say so with a variable made for it (Problem, Tripped, Overload, …), some by
a threshold that a monitor watches, some by a technical code alone.
"""

from enum import StrEnum

from currant.stations.commanding.variables import MonitorKind
from currant.stations.device.watching import ComponentEvent, EventTrigger, KnownMonitor, Origin
from currant.stations.errors import OTHER, error_of, error_of_part

WARNING = 6
"""Severities above it (notice, information, debug) are news and no problem."""


class Verdict(StrEnum):
    RAISED = "raised"
    CLEARED = "cleared"
    NEITHER = "neither"


# Variables that say it outright, with the value that means a problem.
_TELLING = {
    "problem": "true",
    "tripped": "true",
    "overload": "true",
    "fallback": "true",
    "available": "false",
    "availabilitystate": "faulted",
}
_BOUNDS = (MonitorKind.UPPER_THRESHOLD, MonitorKind.LOWER_THRESHOLD)


def judged(event: ComponentEvent, monitor: KnownMonitor | None) -> tuple[Verdict, str]:
    """What an event means, and the word for what is wrong (empty unless it is raised).

    `monitor` is the one that made it, as far as it is known.
    """
    if event.cleared:
        return Verdict.CLEARED, ""
    variable = event.variable
    telling = _TELLING.get(variable.name.lower())
    if telling is not None:
        if event.value.strip().lower() != telling:
            return Verdict.CLEARED, ""
        return Verdict.RAISED, _word(event, too_low=False)
    if event.trigger is not EventTrigger.ALERTING or _is_mere_news(event, monitor):
        return Verdict.NEITHER, ""
    if monitor is not None and monitor.kind in _BOUNDS:
        return Verdict.RAISED, _word(event, too_low=monitor.kind is MonitorKind.LOWER_THRESHOLD)
    if event.tech_code and error_of(event.tech_code):
        return Verdict.RAISED, _word(event, too_low=False)
    # A monitor nobody has told us of that alerts is one with a threshold; what is always told may be anything.
    if event.monitor_id is not None and event.origin is not Origin.UNKNOWN:
        return Verdict.RAISED, _word(event, too_low=False)
    return Verdict.NEITHER, ""


def severity_of(event: ComponentEvent, monitor: KnownMonitor | None) -> int | None:
    """2.1 says it with the event; else it is the monitor's."""
    if event.severity is not None:
        return event.severity
    return None if monitor is None else monitor.severity


def _is_mere_news(event: ComponentEvent, monitor: KnownMonitor | None) -> bool:
    severity = severity_of(event, monitor)
    return severity is not None and severity > WARNING


def _word(event: ComponentEvent, *, too_low: bool) -> str:
    """The station's own code is more precise than where it comes from, where it is a known one."""
    said = error_of(event.tech_code) if event.tech_code else ""
    if said not in ("", OTHER):
        return said
    return error_of_part(event.variable.component, event.variable.name, too_low=too_low)
