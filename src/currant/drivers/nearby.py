"""How far places are from somebody, which of them fit, and whether they are open: pure."""

import math
import zoneinfo
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from currant.stations.model import ConnectorStandard, OpeningPeriod

EARTH_M = 6_371_008.8
"""The mean radius of the Earth (IUGG)."""


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres along the surface, by the haversine formula."""
    up, across = math.radians(other_lat - lat), math.radians(other_lon - lon)
    level = math.cos(math.radians(lat)) * math.cos(math.radians(other_lat))
    half = math.sin(up / 2) ** 2 + level * math.sin(across / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def fits(
    standards: frozenset[ConnectorStandard],
    max_power_w: int | None,
    *,
    standard: ConnectorStandard | None,
    min_power_w: int | None,
) -> bool:
    """Whether an EVSE is what somebody looks for; nothing said of it fits nothing that is asked for."""
    if standard is not None and standard not in standards:
        return False
    return min_power_w is None or (max_power_w is not None and max_power_w >= min_power_w)


def open_at(hours: Sequence[OpeningPeriod], zone: str, at: datetime) -> bool:
    """Whether a place is open; one without hours always is. A period that ends before it begins lasts into the next day."""
    if not hours:
        return True
    local = here(at, zone)
    today, now = local.isoweekday(), local.strftime("%H:%M")
    yesterday = (local - timedelta(days=1)).isoweekday()
    for period in hours:
        overnight = period.ends <= period.begins and period.ends != "24:00"
        if period.weekday == today and period.begins <= now and (overnight or now < period.ends):
            return True
        if overnight and period.weekday == yesterday and now < period.ends:
            return True
    return False


def here(at: datetime, zone: str) -> datetime:
    """An instant as clocks there show it; UTC where the zone is none."""
    return at.astimezone(_zone(zone))


@lru_cache(maxsize=600)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
