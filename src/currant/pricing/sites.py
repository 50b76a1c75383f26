"""The sites that prices hold at, as far as laws and currencies ask for them."""

from collections.abc import Iterable, Sequence

from currant.kit.ids import LocationId, TenantId
from currant.pricing.findings import PricedSite
from currant.pricing.model import PriceRule, PriceScope
from currant.stations.directory import StationDirectory
from currant.stations.inventory import Inventory, StationFilters
from currant.stations.model import Connector, Evse, Location, PowerType

SITES_MAX = 200
STATIONS_MAX = 2_000
TOGETHER = 500
FEW = 20
"""So many locations are asked one by one."""


async def sites_at(
    inventory: Inventory, tenant_id: TenantId, location_ids: Sequence[LocationId]
) -> tuple[PricedSite, ...]:
    """These locations with the power of their EVSEs; NotFound when there is no such location."""
    locations = [await inventory.get_location(tenant_id, each) for each in location_ids[:SITES_MAX]]
    return await _with_power(inventory, tenant_id, locations)


async def all_sites(inventory: Inventory, tenant_id: TenantId) -> tuple[PricedSite, ...]:
    """Every location of a network, at most 200."""
    page = await inventory.list_locations(tenant_id, limit=SITES_MAX)
    return await _with_power(inventory, tenant_id, page.items)


async def sites_of_rules(
    inventory: Inventory, directory: StationDirectory, tenant_id: TenantId, rules: Iterable[PriceRule]
) -> tuple[PricedSite, ...]:
    """The sites at which some rules give their price."""
    wanted: set[LocationId] = set()
    for rule in rules:
        if rule.scope is PriceScope.LOCATION:
            wanted.add(LocationId(rule.about))
        elif rule.scope is PriceScope.STATION:
            station_id = rule.about.partition("/")[0]
            wanted.update(
                entry.location_id
                for entry in directory
                if entry.tenant_id == tenant_id and entry.location_id and entry.station_id == station_id
            )
        elif rule.scope is PriceScope.STATION_GROUP:
            wanted.update(
                entry.location_id
                for entry in directory
                if entry.tenant_id == tenant_id and entry.location_id and rule.about in entry.groups
            )
        else:
            return await all_sites(inventory, tenant_id)
    page = await inventory.list_locations(tenant_id, limit=TOGETHER)
    return await _with_power(inventory, tenant_id, [each for each in page.items if each.id in wanted])


def power_of(evse: Evse) -> int | None:
    """What an EVSE can give, in watts, as its description says; None where it says nothing."""
    if evse.learned:
        return None
    if evse.max_power_w is not None:
        return evse.max_power_w
    return max((_power_of(connector) for connector in evse.connectors), default=None)


def _power_of(connector: Connector) -> int:
    if connector.max_power_w is not None:
        return connector.max_power_w
    volts, amperes = connector.max_voltage_v, connector.max_current_a
    if connector.power_type is PowerType.AC_3_PHASE:
        # Three phases of 230 V make 400 V between them.
        return int(volts * amperes * 3**0.5)
    return volts * amperes


async def _with_power(
    inventory: Inventory, tenant_id: TenantId, locations: Sequence[Location]
) -> tuple[PricedSite, ...]:
    powers: dict[LocationId, list[int]] = {}
    filters = (
        [StationFilters(location_id=location.id) for location in locations]
        if len(locations) <= FEW
        else [StationFilters()]
    )
    for wanted in filters:
        seen, cursor = 0, None
        while seen < STATIONS_MAX:
            page = await inventory.list_stations(tenant_id, wanted, cursor=cursor, limit=TOGETHER)
            for overview in page.items:
                station = overview.station
                if station.location_id is not None:
                    known = powers.setdefault(station.location_id, [])
                    known += [power for evse in station.evses if (power := power_of(evse)) is not None]
            seen, cursor = seen + len(page.items), page.next_cursor
            if cursor is None:
                break
    return tuple(
        PricedSite(
            location_id=location.id,
            name=location.name,
            country=location.country,
            zone=location.time_zone,
            max_power_w=max(powers.get(location.id, ()), default=None),
            min_power_w=min(powers.get(location.id, ()), default=None),
        )
        for location in locations
    )
