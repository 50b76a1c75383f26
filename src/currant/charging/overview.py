"""The network of a tenant at a glance: how it stands, and the day beside the same weekday a week ago.

How stations stand is known in memory. The day comes from its sessions, in one query that reads a few
columns of an index's stretch; what it gives is kept for a moment, and of days gone by for longer.
"""

import asyncio
from collections import OrderedDict
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from currant.charging import running_store
from currant.charging.curves import so_far, spread
from currant.charging.network import Network
from currant.db.engine import Database
from currant.kit.clock import Clock, instant, micros
from currant.kit.errors import Invalid
from currant.kit.ids import LocationId, StationId, TenantId
from currant.stations.fleet import SEVERITIES, Counts, StationNow, problems_of

STEP_S = 900
STEP_US = STEP_S * 1_000_000
HOUR_US = 3_600_000_000
DAYS_KEPT = 200
TODAY_LASTS_S = 20.0
GONE_BY_LASTS_S = 1800.0


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day's sessions by quarters of an hour: Wh of each, sessions begun in each hour."""

    since: datetime
    steps: int
    energy_wh: list[float]
    started: list[int]

    @property
    def sessions(self) -> int:
        return sum(self.started)


class ProblemSum(msgspec.Struct, frozen=True, kw_only=True):
    """How many stations have one thing wrong with them; `since` is the longest."""

    code: str
    severity: str
    stations: int
    since: datetime | None
    example: dict[str, str]


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    at: datetime
    counts: Counts
    today: Day
    before: Day
    elapsed_us: int
    problems: list[ProblemSum]

    @property
    def today_wh(self) -> float:
        return sum(self.today.energy_wh)

    @property
    def before_by_now_wh(self) -> float:
        return so_far(self.before.energy_wh, step_us=STEP_US, elapsed_us=self.elapsed_us)


class NetworkOverview:
    """Overviews of tenants, or of one of their places."""

    def __init__(self, database: Database, network: Network, clock: Clock) -> None:
        self._database = database
        self._network = network
        self._clock = clock
        self._days: OrderedDict[tuple[Any, ...], tuple[float, Day]] = OrderedDict()
        self._reading: dict[tuple[Any, ...], asyncio.Future[Day]] = {}

    async def glance(
        self, tenant_id: TenantId, *, zone: str = "UTC", location_id: LocationId | None = None
    ) -> Glance:
        """How a tenant's network stands now, and its day so far in a time zone (IANA)."""
        try:
            local = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Invalid(f"{zone[:60]} is no time zone of the IANA database.", field="time_zone") from None
        now = self._clock.now()
        today = now.astimezone(local).date()
        days = []
        for date in (today, today - timedelta(days=7)):
            since = datetime.combine(date, time.min, local)
            until = datetime.combine(date + timedelta(days=1), time.min, local)
            days.append(await self._day(tenant_id, location_id, micros(since), micros(until), micros(now)))
        stations = self._network.stations(tenant_id, location_id=location_id)
        return Glance(
            at=now,
            counts=self._network.counts(tenant_id, location_id=location_id),
            today=days[0],
            before=days[1],
            elapsed_us=micros(now) - micros(days[0].since),
            problems=problems(stations),
        )

    async def _day(
        self, tenant_id: TenantId, location_id: LocationId | None, since_us: int, until_us: int, now_us: int
    ) -> Day:
        key = (tenant_id, location_id, since_us)
        monotonic = self._clock.monotonic()
        known = self._days.get(key)
        lasts = TODAY_LASTS_S if until_us > now_us else GONE_BY_LASTS_S
        if known is not None and monotonic - known[0] < lasts:
            return known[1]
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = self._database.read(
                lambda conn: day_of(
                    running_store.spells(
                        conn, tenant_id, since_us=since_us, until_us=until_us, location_id=location_id
                    ),
                    since_us=since_us,
                    until_us=until_us,
                )
            )
            reading.add_done_callback(lambda _: self._reading.pop(key, None))
        # Many who ask at once wait for one answer; that one of them leaves is nothing to the others.
        day = await asyncio.shield(reading)
        self._days[key] = (monotonic, day)
        self._days.move_to_end(key)
        while len(self._days) > DAYS_KEPT:
            self._days.popitem(last=False)
        return day


def day_of(spells: list[running_store.Spell], *, since_us: int, until_us: int) -> Day:
    """A day's curve and counts from the sessions that have a part in it."""
    steps = -(-(until_us - since_us) // STEP_US)
    started = [0] * -(-(until_us - since_us) // HOUR_US)
    for spell in spells:
        if since_us <= spell.started < until_us:
            started[(spell.started - since_us) // HOUR_US] += 1
    flows = ((spell.flowed_from, spell.flowed_until, spell.energy_wh) for spell in spells)
    return Day(
        since=instant(since_us),
        steps=steps,
        energy_wh=spread(flows, since_us=since_us, step_us=STEP_US, steps=steps),
        started=started,
    )


def problems(stations: Any) -> list[ProblemSum]:
    """What is wrong in a network, the most urgent first."""
    found: dict[str, list[tuple[datetime | None, StationNow]]] = {}
    for station in stations:
        for code, since in problems_of(station):
            found.setdefault(code, []).append((since, station))
    sums = []
    for code, severity in SEVERITIES.items():
        if code not in found:
            continue
        # Who has it longest is whom to look at first.
        known = [(since, station) for since, station in found[code] if since is not None]
        since, example = min(known, key=lambda each: each[0]) if known else found[code][0]
        sums.append(
            ProblemSum(
                code=code,
                severity=severity,
                stations=len(found[code]),
                since=since,
                example={"id": StationId(example.id), "identity": example.identity},
            )
        )
    return sums
