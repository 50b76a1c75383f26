"""What is true for a moment before it is kept: profiles that stations were sent, transactions that just began.

A station may act on a profile before its acceptance has been kept: its vehicle plans by it, or the transaction
of a remote start begins. What is here is in memory, where that station is connected.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

from currant.kit.clock import Clock
from currant.kit.ids import StationId
from currant.stations.commanding.profiles import ChargingProfile, SetChargingProfile
from currant.stations.profiles.model import InstalledProfile

MOMENT = timedelta(seconds=60)
HELD_MAX = 10_000
BEGUN_A_STATION = 8


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that began."""

    transaction_id: str
    evse: int | None
    at: datetime


class Moments:
    """Bounded: the oldest go first, and nothing counts for longer than a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: OrderedDict[tuple[StationId, int], InstalledProfile] = OrderedDict()
        self._begun: OrderedDict[StationId, tuple[Begun, ...]] = OrderedDict()

    def sent(self, station_id: StationId, command: SetChargingProfile) -> None:
        """A profile is on its way to a station."""
        self._sent[station_id, command.profile.id] = InstalledProfile(
            station_id=station_id,
            evse=command.evse,
            profile=command.profile,
            installed_at=self._clock.now(),
        )
        if len(self._sent) > HELD_MAX:
            self._sent.popitem(last=False)

    def answered(self, station_id: StationId, profile: ChargingProfile) -> None:
        """What became of it is kept now."""
        found = self._sent.get((station_id, profile.id))
        if found is not None and found.profile == profile:
            del self._sent[station_id, profile.id]

    def with_sent(self, station_id: StationId, installed: list[InstalledProfile]) -> list[InstalledProfile]:
        """What a station has, with what it may have been sent just now, which comes first."""
        if not self._sent:
            return installed
        since = self._clock.now() - MOMENT
        new = [
            found
            for (where, _), found in self._sent.items()
            if where == station_id and found.installed_at >= since
        ]
        ids = {found.profile.id for found in new}
        return [*new, *(found for found in installed if found.profile.id not in ids)]

    def began(self, station_id: StationId, begun: Begun) -> None:
        """A transaction began for which no profile of a remote start was known yet."""
        self._begun[station_id] = (*self._begun.pop(station_id, ()), begun)[-BEGUN_A_STATION:]
        if len(self._begun) > HELD_MAX:
            self._begun.popitem(last=False)

    def began_since(self, station_id: StationId, evse: int | None, asked_at: datetime) -> Begun | None:
        """The transaction that began at an EVSE (None: any) after this was asked for."""
        for begun in self._begun.get(station_id, ()):
            if asked_at <= begun.at <= asked_at + MOMENT and evse in (None, begun.evse):
                return begun
        return None
