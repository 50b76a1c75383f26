"""What is known of a few variables of the stations that are being worked on, in memory until the work is done.

It is read for many stations at once, and kept current by whoever writes what stations tell: a look at
a station then costs no query. What waits for a restart is not held, because a restart changes it in the
database alone.
"""

from collections.abc import Iterable, Mapping, Sequence

from currant.kit.ids import StationId
from currant.stations.commanding.variables import Traits, Variable
from currant.stations.device.learning import Place, Row
from currant.stations.device.store.models import KnownRow

HELD_MAX = 10_000
"""Stations held at one time; those beyond are asked for in the database each time."""


class Held:
    """One station's rows of some names (folded); not to be used until it is `ready`."""

    __slots__ = ("names", "ready", "rows")

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.rows: dict[Place, KnownRow] = {}
        self.ready = False


class Holding:
    """The stations that are held."""

    def __init__(self) -> None:
        self._held: dict[StationId, Held] = {}

    def expect(self, station_ids: Iterable[StationId], names: frozenset[str]) -> dict[StationId, Held]:
        """Say that rows of these are about to be read; what is written meanwhile is thus noticed."""
        expected = {}
        for station_id in station_ids:
            if station_id not in self._held and len(self._held) < HELD_MAX:
                expected[station_id] = self._held[station_id] = Held(names)
        return expected

    def fill(self, station_id: StationId, held: Held, rows: Sequence[KnownRow]) -> None:
        """The rows of an expected station, unless something was written of it since."""
        if self._held.get(station_id) is not held:
            return
        if any(each.row.pending is not None for each in rows):
            del self._held[station_id]
            return
        held.rows = {each.place: each for each in rows}
        held.ready = True

    def forget(self, station_id: StationId) -> None:
        self._held.pop(station_id, None)

    def holds(self, station_id: StationId) -> bool:
        return station_id in self._held

    def of(self, station_id: StationId, names: Iterable[str]) -> Held | None:
        """What is held of a station, if it is all there is of these names."""
        held = self._held.get(station_id)
        return held if held is not None and held.ready and held.names.issuperset(names) else None

    def wrote(
        self,
        station_id: StationId,
        written: Mapping[Place, Row],
        removed: Iterable[Place],
        names: Mapping[int, tuple[str, Variable]],
        traits: Mapping[int, Traits],
    ) -> None:
        """Take in what was written of a station. Names (folded, and in parts) and kinds are given by number."""
        held = self._held.get(station_id)
        if held is None:
            return
        if not held.ready:
            self.forget(station_id)
            return
        for place in removed:
            held.rows.pop(place, None)
        for place, row in written.items():
            folded, variable = names[place.variable]
            if folded not in held.names:
                continue
            before = held.rows.get(place)
            kind = traits.get(row.traits) if row.traits else Traits()
            if kind is None and before is not None and before.row.traits == row.traits:
                kind = before.traits
            if kind is None or row.pending is not None:
                self.forget(station_id)
                return
            held.rows[place] = KnownRow(folded=folded, variable=variable, place=place, row=row, traits=kind)
