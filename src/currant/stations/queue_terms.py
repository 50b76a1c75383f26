"""On what terms commands wait: how long, how many at once, and which may not wait at all."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from currant.db.commits import ChangeSet
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import BatchId
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.secrets import masked
from currant.stations.model import BatchProgress, CommandBatch, CommandRecord, CommandStatus

WAIT_MAX = timedelta(days=90)
AT_ONCE_MAX = 1_000
AT_ONCE = 100

KeepOne = Callable[[ChangeSet, CommandRecord], CommandRecord]
"""Writes what belongs to a command beside it, and says what the command shall be."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """On what terms a command is given to many stations."""

    by: str
    expires_at: datetime | None = None
    not_before: datetime | None = None
    at_once: int = AT_ONCE
    note: str = ""


class Preparation(Protocol):
    """Makes a command that has waited ready to be sent, for those that cannot be so while they wait."""

    async def ready(self, record: CommandRecord) -> AnyCommand:
        """The command as it is to be sent now; a CurrantError says why it cannot be any more."""
        ...

    async def waits_again(self, record: CommandRecord) -> None:
        """It was made ready, and its station went away before it was sent."""
        ...


def waits_until(now: datetime, not_before: datetime | None, expires_at: datetime | None) -> datetime:
    """Until when a command waits; Invalid where that makes no sense."""
    latest = now + WAIT_MAX
    if not_before is not None and not_before > latest:
        raise Invalid(f"A command waits for at most {WAIT_MAX.days} days.", field="not_before")
    if expires_at is None:
        return latest
    if expires_at <= max(now, not_before or now):
        raise Invalid("The command's time is over before it can be sent.", field="expires_at")
    if expires_at > latest:
        raise Invalid(f"A command waits for at most {WAIT_MAX.days} days.", field="expires_at")
    return expires_at


def check_keepable(command: AnyCommand) -> None:
    if masked(command) != command:
        raise Invalid(
            "A command that holds a password is not kept: give it to a connected station, "
            "or have the password rotated.",
            field="command",
        )


def progress_of(batch: CommandBatch, counted: dict[str, int]) -> BatchProgress:
    open_ = counted.get(CommandStatus.QUEUED.value, 0) + counted.get(CommandStatus.SENT.value, 0)
    return BatchProgress(batch=batch, by_status=counted, done=open_ == 0)


def no_batch(batch_id: BatchId) -> NotFound:
    return NotFound(f"There is no batch {batch_id}.", field="batch")
