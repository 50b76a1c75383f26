"""What is known of a few variables of the stations that are being worked on, in memory until the work is done.

It is read for many stations at once, and kept current by whoever writes what stations tell: a look at
a station then costs no query. What waits for a restart is not held, because a restart changes it in the
database alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from currant.db.engine import Database
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.variables import Traits, Variable
from currant.stations.device import naming
from currant.stations.device.learning import Place, Row
from currant.stations.device.limits import LIMITING, Limits, limits_from
from currant.stations.device.store import models
from currant.stations.device.store.models import KnownRow

NAMES_MAX = 300
"""Variables that are held of stations; whoever wants more asks the database each time."""
LIMITS_MAX = 200_000
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
    """The stations that are held.

    Beside their rows it fills what `DeviceModel` remembers of them: their `numbers`, and the `limits` of
    what they take in a message. `is_telling` says whether something that a station told is being written.
    """

    def __init__(
        self,
        database: Database,
        *,
        numbers: dict[StationId, int],
        limits: dict[StationId, Limits],
        is_telling: Callable[[StationId], bool],
    ) -> None:
        self._database = database
        self._numbers = numbers
        self._limits = limits
        self._is_telling = is_telling
        self._held: dict[StationId, Held] = {}

    async def read(self, tenant_id: TenantId, wanted: Mapping[StationId, Sequence[Variable]]) -> None:
        """Begin to hold what some stations have of some variables."""
        names = {naming.folded(variable) for variables in wanted.values() for variable in variables}
        if len(names) > NAMES_MAX:
            return
        expected = self._expect(wanted, frozenset(names))
        ids = list(expected)
        if not ids:
            return
        try:
            await self._number(tenant_id, [each for each in ids if each not in self._numbers])
            asked = sorted(names | LIMITING.keys())
            rows = await self._database.read(
                lambda conn: models.variables_of_many(conn, tenant_id, ids, asked)
            )
        except BaseException:
            for station_id in ids:
                self.forget(station_id)
            raise
        for station_id in ids:
            self._fill(station_id, expected[station_id], rows.get(station_id, []))

    async def _number(self, tenant_id: TenantId, ids: Sequence[StationId]) -> None:
        if not ids:
            return
        numbers = await self._database.read(lambda conn: models.numbers_of(conn, tenant_id, ids))
        new = [station_id for station_id in ids if station_id not in numbers]
        if new:
            numbers |= await self._database.decide(
                lambda conn, _: {each: models.number(conn, tenant_id, each, {}, {}).station for each in new},
                tenant_id,
            )
        self._numbers.update(numbers)

    def _expect(self, station_ids: Iterable[StationId], names: frozenset[str]) -> dict[StationId, Held]:
        """Say that rows of these are about to be read; what is written meanwhile is thus noticed."""
        expected = {}
        for station_id in station_ids:
            if station_id not in self._held and len(self._held) < HELD_MAX:
                expected[station_id] = self._held[station_id] = Held(names)
        return expected

    def _fill(self, station_id: StationId, held: Held, known: Sequence[KnownRow]) -> None:
        """Take in what was read, unless something was written since, or is being written in this moment."""
        if self._held.get(station_id) is not held:
            return
        rows = [each for each in known if each.folded in held.names]
        if self._is_telling(station_id) or any(each.row.pending is not None for each in rows):
            del self._held[station_id]
            return
        held.rows = {each.place: each for each in rows}
        held.ready = True
        self._limits.setdefault(
            station_id,
            limits_from({each.folded: each.row.value for each in known if each.folded in LIMITING}),
        )

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
