"""Aspect `display_messages`: what stations show (OCPP 2.x, block O). The key is the message's number."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Invalid
from currant.stations.commanding import rules
from currant.stations.commanding.displays import (
    ClearDisplayMessage,
    DisplayMessage,
    GetDisplayMessages,
    SetDisplayMessage,
)
from currant.stations.desired.aspect import Desired, Refusal, Reported, Step
from currant.stations.desired.knowing import Knowing, plain
from currant.stations.directory import DirectoryEntry
from currant.stations.model import CommandRecord, CommandStatus

READ_WITHIN_S = 120.0


class DisplayMessages:
    """Messages set, replaced and cleared. One that is over (`ends_at`) need not be there any more."""

    name = "display_messages"
    order = 80

    def __init__(self, database: Database, clock: Clock) -> None:
        self._knowing = Knowing(database, clock, self.name)
        self._clock = clock

    def check(self, key: str, value: Any) -> Any:
        """A message as in SetDisplayMessage, without its id, which is the key."""
        number = _number(key)
        if value is None:
            return None
        if not isinstance(value, dict) or "id" in value:
            raise Invalid("A message is an object, and its id is the key: leave it out.", field="value")
        message = _message(number, value)
        if message.transaction_id is not None:
            raise Invalid("A message for one session is a command and no lasting wish.", field="value")
        rules.check(SetDisplayMessage(message=message))
        return _value(message)

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        return await self._knowing.reported(station, desired)

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        if reported is None:
            return False
        if desired.value is None or self._is_over(desired):
            return reported.value is None
        return bool(reported.value == desired.value)

    def _is_over(self, desired: Desired) -> bool:
        ends_at = _message(_number(desired.key), desired.value).ends_at
        return ends_at is not None and ends_at <= self._clock.now()

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        if version == "1.6":
            return Refusal(reason="OCPP 1.6 knows no display messages.", unsupported=True)
        keys = tuple(desired.key for desired in differing)
        if any(key not in reported for key in keys):
            return [Step(command=GetDisplayMessages(), keys=keys, deadline_s=READ_WITHIN_S)]
        return [
            Step(
                command=ClearDisplayMessage(id=_number(desired.key))
                if desired.value is None or self._is_over(desired)
                else SetDisplayMessage(message=_message(_number(desired.key), desired.value)),
                keys=(desired.key,),
            )
            for desired in differing
        ]

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        if record.status in (CommandStatus.UNANSWERED, CommandStatus.FAILED):
            await self._knowing.forget(station)
        if record.status is not CommandStatus.ACCEPTED:
            return {}
        match step.command:
            case GetDisplayMessages():
                if record.reason and record.report:
                    # The report broke off: what is not in it may be there all the same.
                    return {key: Refusal(reason=record.reason, final=False) for key in step.keys}
                shown = [msgspec.convert(each, DisplayMessage) for each in record.report]
                await self._knowing.read(station, {str(each.id): _value(each) for each in shown})
            case SetDisplayMessage(message=message):
                await self._knowing.took(station, str(message.id), _value(message))
            case ClearDisplayMessage(id=number):
                await self._knowing.took(station, str(number), None)
        return dict.fromkeys(step.keys)


def _number(key: str) -> int:
    if not (key.isascii() and key.isdecimal() and len(key) <= 10 and str(int(key)) == key):
        raise Invalid(f"The key of a display message is its number, not {key!r}.", field="key")
    return int(key)


def _message(number: int, value: dict[str, Any]) -> DisplayMessage:
    try:
        return msgspec.convert({**value, "id": number}, DisplayMessage)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.", field="value") from error


def _value(message: DisplayMessage) -> dict[str, Any]:
    value: dict[str, Any] = plain(message)
    del value["id"]
    return value
