"""Controls of distributed energy resources: worded in OCPP 2.1 (block R)."""

import msgspec

from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of
from currant.gateway.services import Caller
from currant.gateway.v2.collecting import collected
from currant.gateway.v2.der_words import KINDS, neutral_controls, wire_control
from currant.ocpp import v21
from currant.stations.commanding.der import ClearDerControls, GetDerControls, SetDerControl
from currant.stations.model import CommandOutcome, CommandStatus


async def set_der_control(command: SetDerControl, caller: Caller, ask: Ask) -> CommandOutcome:
    return _outcome(await ask("SetDERControl", wire_control(command.control)))


async def get_der_controls(command: GetDerControls, caller: Caller, ask: Ask) -> CommandOutcome:
    report = await collected(
        caller,
        ask,
        "GetDERControl",
        "ReportDERControl",
        lambda request_id: v21.GetDERControl(
            request_id=request_id,
            is_default=command.default,
            control_type=None if command.kind is None else KINDS[command.kind],
            control_id=command.id,
        ),
    )
    facts = as_facts(report.answer)
    if report.answer.status == "NotFound":
        return CommandOutcome(
            status=CommandStatus.ACCEPTED,
            reason="The station has no such controls.",
            answer={**facts, "complete": True},
        )
    if report.answer.status != "Accepted":
        return _outcome(report.answer)
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason="" if report.complete else "The station's report broke off; this is what came of it.",
        answer={**facts, "complete": report.complete},
        report=tuple(msgspec.to_builtins(found) for part in report.parts for found in neutral_controls(part)),
    )


async def clear_der_controls(command: ClearDerControls, caller: Caller, ask: Ask) -> CommandOutcome:
    return _outcome(
        await ask(
            "ClearDERControl",
            v21.ClearDERControl(
                is_default=command.default,
                control_type=None if command.kind is None else KINDS[command.kind],
                control_id=command.id,
            ),
        )
    )


def _outcome(answer: v21.SetDERControlResponse | v21.ClearDERControlResponse) -> CommandOutcome:
    outcome = outcome_of(answer)
    if answer.status == "NotSupported":
        return CommandOutcome(
            status=CommandStatus.UNSUPPORTED,
            reason="The station does not support this kind of control.",
            answer=outcome.answer,
        )
    return outcome


# DER control is new in 2.1.
COMMANDS: dict[type, Wording] = {}

COMMANDS_21: dict[type, Wording] = {
    ClearDerControls: clear_der_controls,
    GetDerControls: get_der_controls,
    SetDerControl: set_der_control,
}
