"""Logs, diagnostics and firmware in OCPP 1.6: its own messages, and those of the security extension where it has none."""

import msgspec

from currant.gateway.outcomes import (
    Ask,
    CallFailed,
    Wording,
    as_facts,
    outcome_of,
    refused,
    unsupported,
)
from currant.gateway.services import Caller
from currant.ocpp import v16
from currant.ocpp.errors import ErrorCode
from currant.stations.commanding.base import Retrying
from currant.stations.commanding.transfers import GetLog, LogKind, UpdateFirmware
from currant.stations.model import CommandOutcome, CommandStatus

URL_MAX = 512
LOG_TYPES: dict[LogKind, v16.LogEnumType] = {
    LogKind.DIAGNOSTICS: "DiagnosticsLog",
    LogKind.SECURITY: "SecurityLog",
}
_UNKNOWN = (ErrorCode.NOT_IMPLEMENTED, ErrorCode.NOT_SUPPORTED)
_NO_RETRYING = Retrying()


async def get_log(command: GetLog, caller: Caller, ask: Ask) -> CommandOutcome:
    log_type = LOG_TYPES.get(command.kind)
    if log_type is None:
        return unsupported("1.6", command, f"OCPP 1.6 has no {command.kind.value} log.")
    plain = command.kind is LogKind.DIAGNOSTICS and not command.security_extension
    if len(command.url) <= URL_MAX and not plain:
        retrying = command.retrying or _NO_RETRYING
        request = v16.GetLog(
            log=v16.LogParametersType(
                remote_location=command.url,
                oldest_timestamp=command.oldest,
                latest_timestamp=command.latest,
            ),
            log_type=log_type,
            request_id=command.request_id,
            retries=retrying.times,
            retry_interval=retrying.interval_s,
        )
        try:
            return taken(await ask("GetLog", request))
        except CallFailed as failed:
            # A station without the security extension has diagnostics all the same.
            if failed.code not in _UNKNOWN or command.kind is not LogKind.DIAGNOSTICS:
                raise
    elif command.kind is not LogKind.DIAGNOSTICS:
        return refused(f"OCPP 1.6 carries addresses of at most {URL_MAX} characters here.")
    return await _get_diagnostics(command, ask)


async def _get_diagnostics(command: GetLog, ask: Ask) -> CommandOutcome:
    retrying = command.retrying or _NO_RETRYING
    answer: v16.GetDiagnosticsResponse = await ask(
        "GetDiagnostics",
        v16.GetDiagnostics(
            location=command.url,
            start_time=command.oldest,
            stop_time=command.latest,
            retries=retrying.times,
            retry_interval=retrying.interval_s,
        ),
    )
    # No name means that there is nothing to send (6.24), and yet some stations name nothing and send.
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason="" if answer.file_name else "The station named no file: it may have nothing to send.",
        answer=as_facts(answer),
    )


async def update_firmware(command: UpdateFirmware, caller: Caller, ask: Ask) -> CommandOutcome:
    retrying = command.retrying or _NO_RETRYING
    if command.signing is None:
        if command.install_at is not None:
            return refused("Without signed firmware, OCPP 1.6 cannot say when to install: leave that out.")
        answer: v16.UpdateFirmwareResponse = await ask(
            "UpdateFirmware",
            v16.UpdateFirmware(
                location=command.url,
                retrieve_date=command.retrieve_at,
                retries=retrying.times,
                retry_interval=retrying.interval_s,
            ),
        )
        return CommandOutcome(status=CommandStatus.ACCEPTED, answer=as_facts(answer))
    if len(command.url) > URL_MAX:
        return refused(f"OCPP 1.6 carries addresses of at most {URL_MAX} characters here.")
    # No fall-back to the unsigned message: whoever gave a signature wants it checked.
    return taken(
        await ask(
            "SignedUpdateFirmware",
            v16.SignedUpdateFirmware(
                request_id=command.request_id,
                firmware=v16.FirmwareType(
                    location=command.url,
                    retrieve_date_time=command.retrieve_at,
                    install_date_time=command.install_at,
                    signing_certificate=command.signing.certificate,
                    signature=command.signing.signature,
                ),
                retries=retrying.times,
                retry_interval=retrying.interval_s,
            ),
        )
    )


def taken(answer: v16.GetLogResponse | v16.SignedUpdateFirmwareResponse) -> CommandOutcome:
    """AcceptedCanceled is a yes: the one before is cancelled for it."""
    outcome = outcome_of(answer)
    if answer.status == "AcceptedCanceled":
        return msgspec.structs.replace(outcome, status=CommandStatus.ACCEPTED, reason="")
    return outcome


COMMANDS: dict[type, Wording] = {
    GetLog: get_log,
    UpdateFirmware: update_firmware,
}
