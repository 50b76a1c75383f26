"""Display messages, running cost, customer information: worded in OCPP 2.x (blocks O, I02, I03, N09, N10)."""

from typing import Any

import msgspec

from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of, refused
from currant.gateway.services import Caller
from currant.gateway.v2.collecting import Collected, collected
from currant.gateway.v2.tokens import longest_token, wire_token
from currant.ocpp.catalogue import Version
from currant.stations.commanding.certificates import CertificateHash
from currant.stations.commanding.displays import (
    ClearDisplayMessage,
    DisplayMessage,
    GetCustomerInformation,
    GetDisplayMessages,
    MessageFormat,
    MessagePriority,
    MessageState,
    MessageText,
    SetDisplayMessage,
    ShowCost,
)
from currant.stations.model import CommandOutcome, CommandStatus

PRIORITIES = {
    MessagePriority.ALWAYS_FRONT: "AlwaysFront",
    MessagePriority.IN_FRONT: "InFront",
    MessagePriority.NORMAL_CYCLE: "NormalCycle",
}
STATES = {
    MessageState.CHARGING: "Charging",
    MessageState.FAULTED: "Faulted",
    MessageState.IDLE: "Idle",
    MessageState.UNAVAILABLE: "Unavailable",
    MessageState.SUSPENDED: "Suspended",
    MessageState.DISCHARGING: "Discharging",
}
FORMATS = {
    MessageFormat.ASCII: "ASCII",
    MessageFormat.HTML: "HTML",
    MessageFormat.URI: "URI",
    MessageFormat.UTF8: "UTF8",
    MessageFormat.QR_CODE: "QRCODE",
}
_PRIORITIES = {word: priority for priority, word in PRIORITIES.items()}
_STATES = {word: state for state, word in STATES.items()}
_FORMATS = {word: format_ for format_, word in FORMATS.items()}

LATER_STATES = (MessageState.SUSPENDED, MessageState.DISCHARGING)
BROKEN_OFF = "The station's report broke off; this is what came of it."


async def set_display_message(command: SetDisplayMessage, caller: Caller, ask: Ask) -> CommandOutcome:
    message, types = command.message, caller.types
    more: dict[str, Any] = {}
    if caller.version is Version.V201:
        reason = _not_in_201(message)
        if reason:
            return refused(reason)
    elif len(message.texts) > 1:
        more = {"message_extra": [content_of(text, caller) for text in message.texts[1:]]}
    display = None
    if message.evse is not None:
        display = types.ComponentType(name="Display", evse=types.EVSEType(id=message.evse))
    info = types.MessageInfoType(
        id=message.id,
        priority=PRIORITIES[message.priority],
        message=content_of(message.texts[0], caller),
        display=display,
        state=None if message.state is None else STATES[message.state],
        start_date_time=message.starts_at,
        end_date_time=message.ends_at,
        transaction_id=message.transaction_id,
        **more,
    )
    return outcome_of(await ask("SetDisplayMessage", types.SetDisplayMessage(message=info)))


def _not_in_201(message: DisplayMessage) -> str:
    if len(message.texts) > 1:
        return "OCPP 2.0.1 shows a message in one language alone: give one text."
    if message.state in LATER_STATES:
        return f"OCPP 2.0.1 knows no state {message.state}."
    if message.texts[0].format is MessageFormat.QR_CODE:
        return "OCPP 2.0.1 shows no QR codes."
    if len(message.texts[0].text) > 512:
        return "OCPP 2.0.1 carries texts of at most 512 characters."
    return ""


def content_of(text: MessageText, caller: Caller) -> Any:
    """A text in the words of the version (MessageContentType)."""
    return caller.types.MessageContentType(
        format=FORMATS[text.format], content=text.text, language=text.language
    )


async def get_display_messages(command: GetDisplayMessages, caller: Caller, ask: Ask) -> CommandOutcome:
    def request(request_id: int) -> Any:
        return caller.types.GetDisplayMessages(
            request_id=request_id,
            id=list(command.ids) or None,
            priority=None if command.priority is None else PRIORITIES[command.priority],
            state=None if command.state is None else STATES[command.state],
        )

    report = await collected(caller, ask, "GetDisplayMessages", "NotifyDisplayMessages", request)
    if report.answer.status == "Unknown":
        # O03.FR.04: nothing that fits; that is an answer, too.
        return CommandOutcome(
            status=CommandStatus.ACCEPTED,
            reason="The station has no such message.",
            answer=as_facts(report.answer),
        )
    if report.answer.status != "Accepted":
        return outcome_of(report.answer)
    found = [message_of(info) for part in report.parts for info in part.message_info or ()]
    return _reported(report, tuple(msgspec.to_builtins(message) for message in found))


def message_of(info: Any) -> DisplayMessage:
    """What a station shows, in neutral words."""
    texts = [info.message, *(getattr(info, "message_extra", None) or ())]
    evse = None if info.display is None else info.display.evse
    return DisplayMessage(
        id=info.id,
        priority=_PRIORITIES[info.priority],
        texts=tuple(
            MessageText(text=one.content, format=_FORMATS[one.format], language=one.language) for one in texts
        ),
        state=None if info.state is None else _STATES[info.state],
        starts_at=info.start_date_time,
        ends_at=info.end_date_time,
        transaction_id=info.transaction_id,
        evse=None if evse is None else evse.id,
    )


async def clear_display_message(command: ClearDisplayMessage, caller: Caller, ask: Ask) -> CommandOutcome:
    return outcome_of(await ask("ClearDisplayMessage", caller.types.ClearDisplayMessage(id=command.id)))


async def show_cost(command: ShowCost, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.CostUpdated(
        total_cost=float(command.total_cost), transaction_id=command.transaction_id
    )
    answer = await ask("CostUpdated", request)
    return CommandOutcome(status=CommandStatus.ACCEPTED, answer=as_facts(answer))


async def get_customer_information(
    command: GetCustomerInformation, caller: Caller, ask: Ask
) -> CommandOutcome:
    types = caller.types
    token = None
    if command.token_uid is not None:
        if len(command.token_uid) > longest_token(caller):
            return refused(
                f"OCPP {caller.version} carries tokens of at most {longest_token(caller)} characters."
            )
        token = wire_token(command.token_uid, command.token_kind, caller)

    def request(request_id: int) -> Any:
        return types.CustomerInformation(
            request_id=request_id,
            report=command.report,
            clear=command.clear,
            id_token=token,
            customer_identifier=command.customer_identifier,
            customer_certificate=None
            if command.certificate is None
            else hash_data_of(command.certificate, caller),
        )

    # N09.FR.05, N10.FR.04 and FR.06: whatever was asked for, at least one notification follows.
    report = await collected(caller, ask, "CustomerInformation", "NotifyCustomerInformation", request)
    if report.answer.status != "Accepted":
        return outcome_of(report.answer)
    told = "".join(part.data for part in report.parts)
    return _reported(report, ({"data": told},))


def hash_data_of(hash_: CertificateHash, caller: Caller) -> Any:
    """A certificate's name in the words of the version (CertificateHashDataType)."""
    return caller.types.CertificateHashDataType(
        hash_algorithm=hash_.algorithm,
        issuer_name_hash=hash_.issuer_name_hash,
        issuer_key_hash=hash_.issuer_key_hash,
        serial_number=hash_.serial_number,
    )


def _reported(report: Collected, items: tuple[dict[str, Any], ...]) -> CommandOutcome:
    broken = not report.complete or report.missing
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason=BROKEN_OFF if broken else "",
        answer=as_facts(report.answer),
        report=items,
    )


COMMANDS: dict[type, Wording] = {
    ClearDisplayMessage: clear_display_message,
    GetCustomerInformation: get_customer_information,
    GetDisplayMessages: get_display_messages,
    SetDisplayMessage: set_display_message,
    ShowCost: show_cost,
}

# What 2.1 alone has.
COMMANDS_21: dict[type, Wording] = {}
