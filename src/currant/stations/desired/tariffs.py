"""Aspect `tariffs`: the default tariffs that stations show and reckon with (OCPP 2.1, I07). The key is the EVSE.

The value is a tariff, or the word `prices`: whatever the price rules say for the EVSE, today and after every
change of them. A station tells the ids of its tariffs and not their prices. So a tariff counts as in step when
the station has one of its id and took these prices from us under it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Invalid
from currant.stations.commanding import rules
from currant.stations.commanding.tariffs import ClearTariffs, GetTariffs, SetDefaultTariff, StationTariff
from currant.stations.desired.aspect import Desired, Refusal, Reported, Step
from currant.stations.desired.knowing import Knowing, plain
from currant.stations.directory import DirectoryEntry
from currant.stations.model import CommandRecord, CommandStatus

EVERY_EVSE = "0"
PRICES = "prices"


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """Why a station is not told a price; it shows then what is worked out here."""

    reason: str


PricesAt = Callable[[DirectoryEntry, int], StationTariff | Untold | None]
"""What the price rules say for an EVSE now (0: the whole station), as a station reckons with it; None: nothing."""


def no_prices(station: DirectoryEntry, evse: int) -> StationTariff | Untold | None:
    """Where nobody sells, nothing has a price."""
    return None


class Tariffs:
    """Default tariffs of the whole station (EVSE 0) or of single EVSEs."""

    name = "tariffs"
    order = 70

    def __init__(self, database: Database, clock: Clock, *, prices_at: PricesAt = no_prices) -> None:
        self._knowing = Knowing(database, clock, self.name)
        self._prices_at = prices_at

    def check(self, key: str, value: Any) -> Any:
        evse = _evse(key)
        if value is None or value == PRICES:
            return value
        tariff = _tariff(value)
        rules.check(SetDefaultTariff(tariff=tariff, evse=evse))
        return plain(tariff)

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        found = dict(await self._knowing.reported(station, desired))
        for each in desired:
            told = found.get(each.key)
            if each.value == PRICES and told is not None:
                wanted = self._prices_at(station, _evse(each.key))
                if not isinstance(wanted, Untold) and told.value == (
                    None if wanted is None else plain(wanted)
                ):
                    found[each.key] = msgspec.structs.replace(told, value=PRICES)
        return found

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        return reported is not None and bool(reported.value == desired.value)

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        if version != "2.1":
            return Refusal(reason=f"OCPP {version} knows no tariffs.", unsupported=True)
        keys = tuple(desired.key for desired in differing)
        if any(key not in reported for key in keys):
            return [Step(command=GetTariffs(), keys=keys)]
        # Of the whole station first: it replaces those of the EVSEs.
        steps: list[Step] = []
        untold = ""
        for each in sorted(differing, key=lambda each: _evse(each.key)):
            evse = _evse(each.key)
            wanted = self._prices_at(station, evse) if each.value == PRICES else each.value
            if isinstance(wanted, Untold):
                untold = wanted.reason
                # An old price must not go on being shown.
                if reported[each.key].value is not None:
                    steps.append(Step(command=ClearTariffs(evse=evse), keys=(each.key,)))
            elif wanted is None:
                steps.append(Step(command=ClearTariffs(evse=evse), keys=(each.key,)))
            else:
                tariff = wanted if isinstance(wanted, StationTariff) else _tariff(wanted)
                steps.append(Step(command=SetDefaultTariff(tariff=tariff, evse=evse), keys=(each.key,)))
        return steps or Refusal(reason=untold)

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        if record.status in (CommandStatus.UNANSWERED, CommandStatus.FAILED):
            await self._knowing.forget(station)
        if record.status is not CommandStatus.ACCEPTED:
            return {}
        match step.command:
            case GetTariffs():
                before = await self._knowing.items(station)
                await self._knowing.read(station, installed(record.report, before))
            case SetDefaultTariff(tariff=tariff, evse=evse):
                await self._knowing.took(station, str(evse), plain(tariff))
            case ClearTariffs(evse=evse):
                await self._knowing.took(station, str(evse or 0), None)
        return dict.fromkeys(step.keys)


def installed(report: Sequence[Mapping[str, Any]], before: Mapping[str, Any]) -> dict[str, Any]:
    """What a station has by its own words, with the prices that it took from us where the id is the same.

    A tariff on every EVSE is the station's own, too: stations tell the EVSEs one by one.
    """
    found: dict[str, Any] = {}
    ids = set()
    for assignment in report:
        if assignment.get("kind") != "default":
            continue
        ids.add(assignment["id"])
        for evse in assignment.get("evses") or [0]:
            found[str(evse)] = _as_taken(str(evse), assignment["id"], before)
    if len(ids) == 1:
        found.setdefault(EVERY_EVSE, _as_taken(EVERY_EVSE, next(iter(ids)), before))
    return found


def _as_taken(key: str, tariff_id: str, before: Mapping[str, Any]) -> Any:
    known = before.get(key) or before.get(EVERY_EVSE)
    return known if known and known.get("id") == tariff_id else {"id": tariff_id}


def _evse(key: str) -> int:
    if not (key.isascii() and key.isdecimal() and len(key) <= 4 and str(int(key)) == key):
        raise Invalid(f"The key of a tariff is an EVSE's number, 0 for all, not {key!r}.", field="key")
    return int(key)


def _tariff(value: Any) -> StationTariff:
    try:
        return msgspec.convert(value, StationTariff)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.", field="value") from error
