"""For every version: how a command is worded, and what comes of it in the end."""

from currant.gateway.outcomes import Ask, CallFailed, CallUnanswered, NotIdle, Wording, refused, unsupported
from currant.gateway.services import Caller
from currant.gateway.v2.outbound import COMMANDS_21, COMMANDS_201
from currant.gateway.v16.outbound import COMMANDS as COMMANDS_16
from currant.kit.errors import Conflict
from currant.ocpp.catalogue import Version
from currant.ocpp.errors import ErrorCode, TooManyCallsWaiting, Unsendable
from currant.stations.commanding import AnyCommand
from currant.stations.link import NOT_IDLE
from currant.stations.model import CommandOutcome, CommandStatus

COMMANDS: dict[Version, dict[type, Wording]] = {
    Version.V16: COMMANDS_16,
    Version.V201: COMMANDS_201,
    Version.V21: COMMANDS_21,
}


async def carry_out(command: AnyCommand, caller: Caller, ask: Ask) -> CommandOutcome:
    """Send a command to a connected station. Every outcome is a value."""
    wording = COMMANDS[caller.version].get(type(command))
    if wording is None:
        return unsupported(caller.version, command)
    try:
        return await wording(command, caller, ask)
    except NotIdle:
        return NOT_IDLE
    except CallUnanswered as unanswered:
        return CommandOutcome(status=CommandStatus.UNANSWERED, reason=str(unanswered))
    except CallFailed as failed:
        if failed.code in (ErrorCode.NOT_IMPLEMENTED, ErrorCode.NOT_SUPPORTED):
            return CommandOutcome(
                status=CommandStatus.UNSUPPORTED, reason=f"The station does not support it ({failed})."
            )
        return CommandOutcome(
            status=CommandStatus.FAILED, reason=f"The station answered with an error: {failed}"
        )
    except Unsendable as unsendable:
        return refused(unsendable.message)
    except Conflict as conflict:
        return refused(conflict.message)
    except TooManyCallsWaiting as full:
        return CommandOutcome(status=CommandStatus.FAILED, reason=full.message)
