"""Firmware as something that is declared: the version that a station shall have, and the image that brings it.

A transfer is the memory of each attempt: while one is under way nothing else is begun, each failed
one makes the next wait longer, and after a few the station is called refusing. What counts in the
end is the version that the station calls itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from currant.kit.clock import EPOCH, Clock
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import FirmwareId
from currant.stations.commanding.remote import Reset, ResetKind
from currant.stations.desired.aspect import Desired, Refusal, Reported, Step
from currant.stations.directory import DirectoryEntry
from currant.stations.inventory import Inventory
from currant.stations.model import CommandRecord, CommandStatus, Station
from currant.stations.transfers.model import (
    UNDER_WAY,
    Family,
    FirmwareImage,
    Transfer,
    TransferStatus,
)
from currant.stations.transfers.service import TransferService

KEY = "station"
BY = "desired state"
ATTEMPTS_MAX = 3
FIRST_PAUSE = timedelta(minutes=15)
ACTIVATED_WITHIN = timedelta(minutes=15)
"""How long a station may take to start its new firmware by itself (L01.FR.28) before it is restarted for it."""
DEADLINE_S = 60.0


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`version` is what the station shall call its firmware; `signed` False leaves the image's signature away."""

    version: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    firmware_id: Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
    signed: bool = True


class FirmwareAspect:
    """What the reconciler knows of firmware. One key, `station`."""

    name = "firmware"
    # Last: what else a station is told, it is told before it goes away for a while.
    order = 90

    def __init__(self, transfers: TransferService, inventory: Inventory, clock: Clock) -> None:
        self._transfers = transfers
        self._inventory = inventory
        self._clock = clock

    def check(self, key: str, value: Any) -> Any:
        if key != KEY:
            raise Invalid(f"Firmware is declared under the key `{KEY}`.", field="key")
        if value is None:
            raise Invalid(
                "A station cannot be without firmware: withdraw the declaration instead.", field="value"
            )
        try:
            return msgspec.to_builtins(msgspec.convert(value, Wanted))
        except msgspec.ValidationError as error:
            raise Invalid(
                f"Firmware is declared by version and firmware_id: {error}.", field="value"
            ) from error

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        known = await self._known(station)
        if not known.firmware_version:
            return {}
        return {
            KEY: Reported(key=KEY, value={"version": known.firmware_version}, at=known.last_boot_at or EPOCH)
        }

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        return reported is not None and reported.value["version"] == desired.value["version"]

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        desired = differing[0]
        wanted = msgspec.convert(desired.value, Wanted)
        known = await self._transfers.latest_of(station.tenant_id, station.station_id, Family.FIRMWARE)
        if any(each.status in UNDER_WAY or each.status is TransferStatus.WAITING for each in known):
            return ()
        now = self._clock.now()
        attempts = [
            each
            for each in known
            if each.firmware_id == wanted.firmware_id and each.status is not TransferStatus.PLANNED
        ]
        # What is installed and waits for its start is that, even if it was declared anew meanwhile.
        if attempts and _installed(attempts[0]):
            return _activating(attempts[0], now)
        # Not by when it was planned: a plan may have waited through several declarations.
        attempts = [each for each in attempts if each.heard_at >= desired.declared_at]
        if len(attempts) >= ATTEMPTS_MAX:
            reason = attempts[0].reason or "The station does not come to the version that is wanted."
            return Refusal(reason=f"{ATTEMPTS_MAX} attempts were of no use. {reason}")
        if attempts and now < (attempts[0].ended_at or now) + FIRST_PAUSE * 2 ** (len(attempts) - 1):
            return ()
        try:
            image = await self._transfers.image(station.tenant_id, FirmwareId(wanted.firmware_id))
        except NotFound as error:
            return Refusal(reason=error.message)
        if not_for_it := _not_for(image, await self._known(station)):
            return not_for_it
        _, command = await self._transfers.plan_update(
            station, image, by=BY, version=wanted.version, signed=wanted.signed
        )
        return [
            Step(command=command, keys=(KEY,), needs_idle=True, restarts=True, deadline_s=DEADLINE_S),
        ]

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        await self._transfers.begun(record)
        return {KEY: None} if record.status is CommandStatus.ACCEPTED else {}

    async def _known(self, station: DirectoryEntry) -> Station:
        return (await self._inventory.get_station(station.tenant_id, station.station_id)).station


def _installed(last: Transfer) -> bool:
    """Whether the station has said that it is done, and has not started since."""
    return last.status is TransferStatus.DONE and not last.version_after


def _activating(last: Transfer, now: datetime) -> Sequence[Step]:
    if last.ended_at is None or now < last.ended_at + ACTIVATED_WITHIN:
        return ()
    return [Step(command=Reset(kind=ResetKind.ON_IDLE), keys=(KEY,), needs_idle=True, restarts=True)]


def _not_for(image: FirmwareImage, station: Station) -> Refusal | None:
    if image.vendor and station.vendor and image.vendor.casefold() != station.vendor.casefold():
        return Refusal(
            reason=f"The image is for stations of {image.vendor}, and this is one of {station.vendor}."
        )
    models = [model.casefold() for model in image.models]
    if models and station.model and station.model.casefold() not in models:
        return Refusal(reason=f"The image is for {', '.join(image.models)}, and this is a {station.model}.")
    return None
