"""Counts what stations do against the specification, and writes the counts together now and then.

A charger that breaks a rule breaks it in every message; so counts are held in memory for a few
seconds and added to the rows, and a charger cannot make more rows than `KINDS_MAX`.
"""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.ids import StationId, TenantId
from currant.stations import store
from currant.stations.model import AttendedStation

FLUSH_AFTER_S = 3.0
HELD_MAX = 20_000
"""Different findings held between two writes; more are not counted until the next one."""
KINDS_MAX = 200
"""Different findings of one connection; what comes after is counted under `OTHERS`."""
OTHERS = "…"
EXAMPLE_MAX = 200

_INDEX = re.compile(r"\[\d+\]|\.\d+(?=\.|$)")


class _Count:
    __slots__ = ("count", "example", "first", "last", "tenant_id")

    def __init__(self, tenant_id: TenantId, at: datetime) -> None:
        self.tenant_id = tenant_id
        self.count = 0
        self.first = self.last = at
        self.example = ""


class FindingsCounter:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._held: dict[tuple[StationId, str, str, str], _Count] = {}
        self._flushing: asyncio.TimerHandle | None = None

    def note(self, station: AttendedStation, action: str, findings: Sequence[tuple[str, str, str]]) -> None:
        now = self._clock.now()
        for code, field, detail in findings:
            kind = self._kind(station, action, code, field)
            key = (station.station_id, *kind)
            held = self._held.get(key)
            if held is None:
                if len(self._held) >= HELD_MAX:
                    continue
                held = self._held[key] = _Count(station.tenant_id, now)
            held.count += 1
            held.last = now
            held.example = detail[:EXAMPLE_MAX]
        if self._held and self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)

    def flush(self) -> None:
        """Hand what was counted to the database's next batch."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        held, self._held = self._held, {}
        for (station_id, action, code, field), count in held.items():
            self._database.note(
                store.tables.COUNT_FINDING,
                (
                    station_id,
                    action,
                    code,
                    field,
                    count.tenant_id,
                    count.count,
                    micros(count.first),
                    micros(count.last),
                    count.example,
                ),
            )

    def _kind(self, station: AttendedStation, action: str, code: str, field: str) -> tuple[str, str, str]:
        """(action, code, field), without the places in lists, and folded together when there are too many."""
        kind = (action[:EXAMPLE_MAX], code[:EXAMPLE_MAX], _INDEX.sub("[]", field)[:EXAMPLE_MAX])
        known = station.findings_known
        if known is None:
            known = station.findings_known = set()
        if kind in known:
            return kind
        if len(known) >= KINDS_MAX:
            return (OTHERS, OTHERS, OTHERS)
        known.add(kind)
        return kind
