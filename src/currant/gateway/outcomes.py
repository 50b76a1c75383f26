"""What became of a command, worded alike for every version."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

import msgspec

from currant.gateway.services import Caller
from currant.ocpp.errors import ErrorCode
from currant.ocpp.payload import Payload
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.variables import VariableValue
from currant.stations.model import CommandOutcome, CommandStatus


class Ask(Protocol):
    """Asks a station on behalf of one command, whose deadline is one for all calls that it needs."""

    def __call__(self, action: str, request: Payload, /) -> Awaitable[Any]:
        """Send a call of ours and wait for the typed answer; raises `CallFailed` or `CallUnanswered`."""
        ...

    @property
    def left_s(self) -> float:
        """What is left until the deadline."""
        ...


# Outcomes of a trigger after which the message that was asked for will not come.
NOT_TO_COME = (CommandStatus.REFUSED, CommandStatus.UNSUPPORTED)

Wording = Callable[[Any, Caller, Ask], Awaitable[CommandOutcome]]


class CallFailed(Exception):
    """The station answered with an error, or with something that cannot be read."""

    def __init__(self, code: ErrorCode, written: str, description: str) -> None:
        self.code = code
        self.written = written
        self.description = description
        super().__init__(f"{written or code.value}: {description}" if description else written or code.value)


class CallUnanswered(Exception):
    """No answer came in time, or the connection ended before; `queued` when it had not even been sent.

    `agreed`: the station said that a report would come, and none did.
    """

    def __init__(self, *, lost: bool, queued: bool = False, agreed: bool = False) -> None:
        self.lost = lost
        self.queued = queued
        if queued:
            reason = (
                "The connection ended while the command was still queued behind others: it was not sent."
                if lost
                else "The command was still queued behind others when its time was over: it was not sent."
            )
        elif agreed:
            reason = "The station agreed to report, and then told nothing in time."
        else:
            reason = (
                "The connection ended before the station answered."
                if lost
                else "The station did not answer in time."
            )
        super().__init__(reason)


class NotIdle(Exception):
    """A session is running at a station that was to be asked only if it is idle; it was not asked."""


_STATUSES = {
    "Accepted": CommandStatus.ACCEPTED,
    "Unlocked": CommandStatus.ACCEPTED,
    "Scheduled": CommandStatus.SCHEDULED,
    "NotImplemented": CommandStatus.UNSUPPORTED,
}


def outcome_of(response: Any) -> CommandOutcome:
    """The outcome of an answer whose `status` says it all."""
    status = _STATUSES.get(response.status, CommandStatus.REFUSED)
    reason = "" if status in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED) else explained(response)
    return CommandOutcome(status=status, reason=reason, answer=as_facts(response))


def explained(response: Any) -> str:
    """The station's word, and its own explanation (2.x statusInfo) when there is one."""
    info = getattr(response, "status_info", None)
    words = f"The station answered {response.status}"
    if info is None:
        return f"{words}."
    return f"{words} ({info.reason_code}{f': {info.additional_info}' if info.additional_info else ''})."


def as_facts(response: Payload) -> dict[str, Any]:
    """The answer in the words of the wire."""
    facts: dict[str, Any] = msgspec.to_builtins(response)
    return facts


def refused(reason: str) -> CommandOutcome:
    """Not sent at all, because the station could not understand it."""
    return CommandOutcome(status=CommandStatus.REFUSED, reason=reason)


def unsupported(version: str, command: AnyCommand, why: str = "") -> CommandOutcome:
    what = type(command).__name__
    return CommandOutcome(
        status=CommandStatus.UNSUPPORTED, reason=why or f"OCPP {version} has no message for {what}."
    )


_SET = ("Accepted", "RebootRequired")


def outcome_of_values(values: Iterable[VariableValue]) -> CommandOutcome:
    """The outcome of setting several values, of which some may have been refused."""
    values = tuple(values)
    wrong = [value for value in values if value.status not in _SET]
    if not wrong:
        again = any(value.status == "RebootRequired" for value in values)
        return CommandOutcome(
            status=CommandStatus.ACCEPTED,
            reason="The station must be restarted before it takes effect." if again else "",
            variables=values,
        )
    told = ", ".join(f"{value.variable.name}: {value.status}" for value in wrong[:5])
    return CommandOutcome(status=CommandStatus.REFUSED, reason=f"Not set: {told}.", variables=values)


def outcome_of_reading(values: Iterable[VariableValue]) -> CommandOutcome:
    """The outcome of reading several values: refused only when none could be read."""
    values = tuple(values)
    if values and all(value.status not in ("", "Accepted") for value in values):
        told = ", ".join(f"{value.variable.name}: {value.status}" for value in values[:5])
        return CommandOutcome(
            status=CommandStatus.REFUSED, reason=f"Nothing could be read: {told}.", variables=values
        )
    return CommandOutcome(status=CommandStatus.ACCEPTED, variables=values)
