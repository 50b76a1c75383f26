"""Logs, diagnostics and firmware in OCPP 2.x (L01 to L04, N01)."""

from typing import Any

import msgspec

from currant.gateway.outcomes import (
    Ask,
    Wording,
    as_facts,
    explained,
    outcome_of,
    refused,
    unsupported,
)
from currant.gateway.services import Caller
from currant.ocpp.catalogue import Version
from currant.stations.commanding.base import Retrying
from currant.stations.commanding.transfers import (
    GetLog,
    LogKind,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from currant.stations.model import CommandOutcome, CommandStatus

LOG_TYPES = {
    LogKind.DIAGNOSTICS: "DiagnosticsLog",
    LogKind.SECURITY: "SecurityLog",
    LogKind.DATA_COLLECTOR: "DataCollectorLog",
}
_NO_RETRYING = Retrying()


async def get_log(command: GetLog, caller: Caller, ask: Ask) -> CommandOutcome:
    if command.kind is LogKind.DATA_COLLECTOR and caller.version is Version.V201:
        return unsupported("2.0.1", command, "OCPP 2.0.1 has no data_collector log.")
    if too_long := _too_long(command.url, caller):
        return too_long
    retrying = command.retrying or _NO_RETRYING
    types = caller.types
    return _taken(
        await ask(
            "GetLog",
            types.GetLog(
                log=types.LogParametersType(
                    remote_location=command.url,
                    oldest_timestamp=command.oldest,
                    latest_timestamp=command.latest,
                ),
                log_type=LOG_TYPES[command.kind],
                request_id=command.request_id,
                retries=retrying.times,
                retry_interval=retrying.interval_s,
            ),
        )
    )


async def update_firmware(command: UpdateFirmware, caller: Caller, ask: Ask) -> CommandOutcome:
    if too_long := _too_long(command.url, caller):
        return too_long
    retrying, signing, types = command.retrying or _NO_RETRYING, command.signing, caller.types
    return _taken(
        await ask(
            "UpdateFirmware",
            types.UpdateFirmware(
                request_id=command.request_id,
                firmware=types.FirmwareType(
                    location=command.url,
                    retrieve_date_time=command.retrieve_at,
                    install_date_time=command.install_at,
                    signing_certificate=None if signing is None else signing.certificate,
                    signature=None if signing is None else signing.signature,
                ),
                retries=retrying.times,
                retry_interval=retrying.interval_s,
            ),
        )
    )


async def publish_firmware(command: PublishFirmware, caller: Caller, ask: Ask) -> CommandOutcome:
    if too_long := _too_long(command.url, caller):
        return too_long
    retrying = command.retrying or _NO_RETRYING
    request = caller.types.PublishFirmware(
        location=command.url,
        checksum=command.checksum,
        request_id=command.request_id,
        retries=retrying.times,
        retry_interval=retrying.interval_s,
    )
    return outcome_of(await ask("PublishFirmware", request))


UNPUBLISHED = {
    "DownloadOngoing": "A station is fetching the firmware just now: try again later (L04.FR.04).",
    "NoFirmware": "The local controller offers no firmware with this checksum.",
}


async def unpublish_firmware(command: UnpublishFirmware, caller: Caller, ask: Ask) -> CommandOutcome:
    answer = await ask("UnpublishFirmware", caller.types.UnpublishFirmware(checksum=command.checksum))
    done = answer.status == "Unpublished"
    return CommandOutcome(
        status=CommandStatus.ACCEPTED if done else CommandStatus.REFUSED,
        reason="" if done else UNPUBLISHED.get(answer.status) or explained(answer),
        answer=as_facts(answer),
    )


def _too_long(url: str, caller: Caller) -> CommandOutcome | None:
    longest = 512 if caller.version is Version.V201 else 2_000
    if len(url) > longest:
        return refused(f"OCPP {caller.version} carries addresses of at most {longest} characters.")
    return None


def _taken(answer: Any) -> CommandOutcome:
    """AcceptedCanceled is a yes: the one before is cancelled for it (L01.FR.24, N01.FR.12)."""
    outcome = outcome_of(answer)
    if answer.status == "AcceptedCanceled":
        return msgspec.structs.replace(outcome, status=CommandStatus.ACCEPTED, reason="")
    return outcome


COMMANDS: dict[type, Wording] = {
    GetLog: get_log,
    PublishFirmware: publish_firmware,
    UnpublishFirmware: unpublish_firmware,
    UpdateFirmware: update_firmware,
}
