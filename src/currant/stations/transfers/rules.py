"""The life of a transfer, as pure functions from (transfer, news) to transfer.

Stations report in their own order, repeat themselves, restart in between, and some of them never
say that they have ended. So what is known by ourselves counts for more than what a station says
(a file that arrived is here, whatever it reports afterwards), the end of an update is a start with
other firmware as well as the word for it, and whoever says nothing is given up after a bounded
time, which later news takes back.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from currant.kit.ids import CommandId, FileId
from currant.stations.model import CommandStatus
from currant.stations.transfers.model import (
    ENDED,
    UNASKED,
    UNDER_WAY,
    Family,
    Stage,
    Step,
    Transfer,
    TransferStatus,
)

S = TransferStatus

STEPS_MAX = 60
STEPS_FIRST = 20
NEWS_AFTER = timedelta(minutes=5)
"""The same report again sooner than this is no news, not even that the station is alive."""
REVIVED_WITHIN = timedelta(days=2)
"""How long after its end news may still take back that a transfer failed."""
GUESSED_WITHIN = timedelta(hours=6)
"""The same for news that does not say which transfer it is of: what comes later is of something else."""

AFTER: dict[Stage, TransferStatus] = {
    Stage.SCHEDULED: S.SCHEDULED,
    Stage.TRANSFERRING: S.TRANSFERRING,
    Stage.PAUSED: S.PAUSED,
    Stage.TRANSFERRED: S.TRANSFERRED,
    Stage.UPLOADED: S.DONE,
    Stage.VERIFIED: S.VERIFIED,
    Stage.INSTALL_SCHEDULED: S.INSTALL_SCHEDULED,
    Stage.INSTALLING: S.INSTALLING,
    Stage.REBOOTING: S.REBOOTING,
    Stage.INSTALLED: S.DONE,
    Stage.PUBLISHED: S.DONE,
    Stage.CANCELLED: S.CANCELLED,
    Stage.TRANSFER_FAILED: S.FAILED,
    Stage.MALFORMED: S.FAILED,
    Stage.UNSUPPORTED: S.FAILED,
    Stage.NOT_PERMITTED: S.FAILED,
    Stage.WRONG_SIGNATURE: S.FAILED,
    Stage.WRONG_CHECKSUM: S.FAILED,
    Stage.VERIFICATION_FAILED: S.FAILED,
    Stage.INSTALLATION_FAILED: S.FAILED,
    Stage.PUBLISHING_FAILED: S.FAILED,
}

REASONS: dict[Stage, str] = {
    Stage.CANCELLED: "The station cancelled it for a newer request.",
    Stage.TRANSFER_FAILED: "The station could not transfer the file. Can it reach the address, and trust its certificate?",
    Stage.MALFORMED: "The server that the station sent the file to did not understand it.",
    Stage.UNSUPPORTED: "The station knows no way to send files to such an address.",
    Stage.NOT_PERMITTED: "The server that the station sent the file to refused it.",
    Stage.WRONG_SIGNATURE: "The image's signature is not that of the firmware signing certificate.",
    Stage.WRONG_CHECKSUM: "The image does not have the checksum that was announced.",
    Stage.VERIFICATION_FAILED: "The station found that the image is not for it, or damaged.",
    Stage.INSTALLATION_FAILED: "The station could not install the firmware.",
    Stage.PUBLISHING_FAILED: "The local controller could not publish the firmware.",
}

# How long a state may last without any news of it.
PATIENCE: dict[TransferStatus, timedelta] = {
    S.REQUESTED: timedelta(hours=1),
    S.ACCEPTED: timedelta(hours=2),
    S.SCHEDULED: timedelta(hours=48),
    S.TRANSFERRING: timedelta(hours=6),
    S.PAUSED: timedelta(hours=48),
    S.TRANSFERRED: timedelta(hours=12),
    S.VERIFIED: timedelta(hours=12),
    S.INSTALL_SCHEDULED: timedelta(hours=48),
    S.INSTALLING: timedelta(hours=6),
    S.REBOOTING: timedelta(hours=3),
}
UNSENT = {CommandStatus.EXPIRED: S.EXPIRED, CommandStatus.CANCELLED: S.CANCELLED}
"""What becomes of a transfer whose command waited and was never sent."""
ARRIVED_PATIENCE = timedelta(minutes=10)
"""How long a station may take to say that it has sent what is already here."""


def asked(transfer: Transfer, *, now: datetime) -> Transfer:
    """The station is about to be asked."""
    return _to(transfer, S.REQUESTED, now=now) if transfer.status in UNASKED else transfer


def waits(transfer: Transfer, *, now: datetime) -> Transfer:
    """The station is asked later; also of one that was about to be asked and went away before it was."""
    return _to(transfer, S.WAITING, now=now) if transfer.status in (S.PLANNED, S.REQUESTED) else transfer


def answered(
    transfer: Transfer,
    outcome: CommandStatus,
    *,
    now: datetime,
    reason: str = "",
    file_name: str = "",
    command_id: CommandId | None = None,
) -> Transfer:
    """What came of asking the station. Its first report may have come before its answer, and counts for more."""
    transfer = replace(
        transfer,
        file_name=file_name or transfer.file_name,
        command_id=command_id or transfer.command_id,
    )
    if transfer.status not in (S.PLANNED, S.WAITING, S.REQUESTED):
        return transfer
    if outcome in UNSENT:
        return _to(transfer, UNSENT[outcome], now=now, reason=reason)
    if outcome in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED):
        return _to(transfer, S.ACCEPTED, now=now, reason=reason)
    if outcome in (CommandStatus.UNANSWERED, CommandStatus.SENT):
        # It may have taken it all the same, and then will say so.
        return _to(transfer, S.REQUESTED, now=now, reason=reason)
    return _to(transfer, S.REFUSED, now=now, reason=reason)


def reported(
    transfer: Transfer,
    stage: Stage,
    *,
    now: datetime,
    said: str = "",
    detail: str = "",
    named: bool = True,
    locations: tuple[str, ...] = (),
) -> Transfer:
    """What a station says of a transfer; `named` when it said which one, by its request id."""
    if stage is Stage.IDLE or (stage is Stage.CANCELLED and not named):
        # Idle is said when asked (N01.FR.13, L01.FR.25), and proves neither success nor failure. A
        # cancellation without a number is that of the request before.
        return _noted(transfer, now=now, said=said, note=detail)
    status, reason = AFTER[stage], " ".join(part for part in (REASONS.get(stage, ""), detail) if part)
    if transfer.family is Family.LOG:
        if stage is Stage.UPLOADED and transfer.own_link and transfer.file_id is None:
            status, reason = S.FAILED, "The station says that it has sent the file, but nothing came here."
        elif status is S.FAILED and transfer.file_id is not None:
            # It did not hear our answer to its upload.
            status, reason = S.DONE, "The file is here, though the station could not know it."
        elif stage is Stage.TRANSFERRING and transfer.file_id is not None:
            return _noted(transfer, now=now, said=said, note=detail)
    if transfer.status in ENDED and not _revived(transfer, status, now=now, named=named):
        return transfer
    if stage is Stage.PUBLISHED and locations:
        transfer = replace(transfer, locations=locations)
    return _to(transfer, status, now=now, reason=reason, said=said)


def arrived(transfer: Transfer, file_id: FileId, *, now: datetime, name: str = "") -> Transfer:
    """The station's file is here, whole."""
    transfer = replace(transfer, file_id=file_id, file_name=name or transfer.file_name)
    if transfer.status in (S.DONE, S.REFUSED):
        return transfer
    return _to(transfer, S.TRANSFERRED, now=now, note="The file arrived.")


def fetched(transfer: Transfer, *, now: datetime) -> Transfer:
    """The station has fetched its image from us, whole."""
    if transfer.fetched_at is not None:
        return transfer
    return _noted(replace(transfer, fetched_at=now), now=now, note="The image was fetched.")


def replaced(transfer: Transfer, *, now: datetime) -> Transfer:
    """The station took a newer request of the family: it SHOULD cancel the one before (L01.FR.24, N01.FR.12).

    One that it goes on with all the same tells so by its number, and is revived.
    """
    if transfer.status not in UNDER_WAY or (
        transfer.family is Family.LOG and transfer.status is S.TRANSFERRED
    ):
        return transfer
    return _to(transfer, S.CANCELLED, now=now, reason="A newer request took its place.")


def booted(transfer: Transfer, firmware_version: str, *, now: datetime) -> Transfer:
    """The station has started: with other firmware than before, an update is over, whatever it said of it."""
    if transfer.family is not Family.FIRMWARE or not firmware_version:
        return transfer
    if transfer.status is S.DONE:
        if transfer.version_after or transfer.ended_at is None or now - transfer.ended_at > REVIVED_WITHIN:
            return transfer
        return replace(
            transfer, version_after=firmware_version, reason=_of_version(transfer, firmware_version)
        )
    if transfer.status in ENDED and not _revived(transfer, S.DONE, now=now, named=True):
        return transfer
    if transfer.status in UNASKED:
        return transfer
    changed = bool(transfer.version_before) and firmware_version != transfer.version_before
    if changed or (transfer.version and firmware_version == transfer.version):
        if transfer.status is S.CANCELLED and firmware_version != transfer.version:
            return transfer
        transfer = replace(transfer, version_after=firmware_version)
        return _to(
            transfer,
            S.DONE,
            now=now,
            reason=_of_version(transfer, firmware_version),
            note=f"It started with firmware {firmware_version}.",
        )
    if transfer.status in ENDED:
        return transfer
    return _noted(transfer, now=now, note=f"It started, still with firmware {firmware_version}.")


def given_up(transfer: Transfer, *, now: datetime) -> Transfer:
    """The same transfer, or its end when there has been no news of it for too long."""
    if transfer.status not in UNDER_WAY or now < patience_ends(transfer):
        return transfer
    if transfer.family is Family.LOG and transfer.file_id is not None:
        return _to(
            transfer, S.DONE, now=now, reason="The file is here; the station did not say that it ended."
        )
    return _to(transfer, S.GIVEN_UP, now=now, reason="The station has said nothing more of it.")


def patience_ends(transfer: Transfer) -> datetime:
    """Until when news of a transfer under way is waited for."""
    if transfer.family is Family.LOG and transfer.file_id is not None:
        return transfer.heard_at + ARRIVED_PATIENCE
    begins = transfer.heard_at
    if transfer.retrieve_at is not None and transfer.status in (S.REQUESTED, S.ACCEPTED, S.SCHEDULED):
        begins = max(begins, transfer.retrieve_at)
    if transfer.install_at is not None:
        begins = max(begins, transfer.install_at)
    return begins + PATIENCE[transfer.status]


def _revived(transfer: Transfer, status: TransferStatus, *, now: datetime, named: bool) -> bool:
    """Whether news that would mean `status` takes back the end of a transfer."""
    if transfer.status in (S.DONE, S.REFUSED, S.EXPIRED) or status in ENDED - {S.DONE}:
        return False
    if transfer.status is S.CANCELLED and not named:
        return False
    within = REVIVED_WITHIN if named else GUESSED_WITHIN
    return transfer.ended_at is None or now - transfer.ended_at <= within


def _of_version(transfer: Transfer, firmware_version: str) -> str:
    if transfer.version and firmware_version != transfer.version:
        return f"The station now calls its firmware {firmware_version}, not {transfer.version}."
    return ""


def _to(
    transfer: Transfer,
    status: TransferStatus,
    *,
    now: datetime,
    reason: str = "",
    said: str = "",
    note: str = "",
) -> Transfer:
    if status is transfer.status and reason == transfer.reason:
        return _noted(transfer, now=now, said=said, note=note)
    step = Step(at=now, status=status, said=said, note=note or reason)
    return replace(
        transfer,
        status=status,
        reason=reason,
        heard_at=now,
        ended_at=now if status in ENDED else None,
        steps=_with(transfer.steps, step),
    )


def _noted(transfer: Transfer, *, now: datetime, said: str = "", note: str = "") -> Transfer:
    """Something was said that changes nothing: kept in the time line, unless it is only repeated."""
    last = transfer.steps[-1] if transfer.steps else None
    if last is not None and last.said == said and last.note == note and last.status is transfer.status:
        return replace(transfer, heard_at=now) if now - transfer.heard_at >= NEWS_AFTER else transfer
    step = Step(at=now, status=transfer.status, said=said, note=note)
    if transfer.status in ENDED:
        return transfer
    return replace(transfer, heard_at=now, steps=_with(transfer.steps, step))


def _with(steps: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    """The time line with one more; of a very long one the beginning and the end are kept."""
    steps = (*steps, step)
    if len(steps) <= STEPS_MAX:
        return steps
    return steps[:STEPS_FIRST] + steps[-(STEPS_MAX - STEPS_FIRST) :]
