"""Where vehicles can be charged: EVSEs with what they offer and how they stand, for who plans with them."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.kit.ids import LocationId, StationId, TenantId
from currant.stations import store
from currant.stations.model import Admission, ConnectorStandard, ConnectorStatus, Station
from currant.stations.store.stations import Filters

STATIONS_MAX = 500
"""More of one location's stations are not looked at; the first by identity are."""

_BROKEN = frozenset({ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE})


class EvsePlace(msgspec.Struct, frozen=True, kw_only=True):
    """An EVSE as somebody who plans with it sees it."""

    station_id: StationId
    evse: int
    identity: str = ""
    location_id: LocationId | None = None
    reference: str = ""
    standards: frozenset[ConnectorStandard] = frozenset()
    """Empty where nobody has described it: it may have any."""
    max_power_w: int | None = None
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    """Of its connectors the one that says most: one that is in use has all of them in use."""
    since: datetime | None = None
    connected: bool = False

    @property
    def key(self) -> tuple[StationId, int]:
        return (self.station_id, self.evse)

    @property
    def works(self) -> bool:
        """Nothing is known against it: a station that is offline may well work."""
        return self.status not in _BROKEN

    @property
    def is_free(self) -> bool:
        """The station says so, and is there to say it."""
        return self.connected and self.status is ConnectorStatus.AVAILABLE


def of_location(conn: Connection, tenant_id: TenantId, location_id: LocationId) -> tuple[EvsePlace, ...]:
    """The EVSEs of a location's accepted stations; none where there is no such location."""
    found = store.stations.search(
        conn,
        tenant_id,
        Filters(location_id=location_id, admission=Admission.ACCEPTED),
        after=None,
        limit=STATIONS_MAX,
    )
    return _places(conn, tenant_id, found)


def of_station(conn: Connection, tenant_id: TenantId, station_id: StationId) -> tuple[EvsePlace, ...]:
    """The EVSEs of one accepted station."""
    station = store.stations.by_id(conn, tenant_id, station_id)
    if station is None or station.admission is not Admission.ACCEPTED:
        return ()
    return _places(conn, tenant_id, [station])


# How much a connector's status says of its EVSE; the first that any of them has is the EVSE's.
_SAYS_MOST = (
    ConnectorStatus.CHARGING,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
    ConnectorStatus.FINISHING,
    ConnectorStatus.OCCUPIED,
    ConnectorStatus.PREPARING,
    ConnectorStatus.RESERVED,
    ConnectorStatus.AVAILABLE,
    ConnectorStatus.FAULTED,
    ConnectorStatus.UNAVAILABLE,
    ConnectorStatus.UNKNOWN,
)


def _places(conn: Connection, tenant_id: TenantId, found: list[Station]) -> tuple[EvsePlace, ...]:
    states = store.stations.states_of(conn, tenant_id, [station.id for station in found])
    places = []
    for station in found:
        its_states = states.get(station.id, [])
        # What the station says of itself as a whole (EVSE 0) holds for all its EVSEs where it is bad.
        broken = [state for state in its_states if state.evse == 0 and state.status in _BROKEN]
        for evse in station.evses:
            told = [state for state in its_states if state.evse == evse.number] or []
            told = broken or told
            state = min(told, key=lambda each: _SAYS_MOST.index(each.status), default=None)
            watts = [each.max_power_w for each in evse.connectors if each.max_power_w is not None]
            places.append(
                EvsePlace(
                    station_id=station.id,
                    evse=evse.number,
                    identity=station.identity,
                    location_id=station.location_id,
                    reference=evse.reference,
                    standards=frozenset()
                    if evse.learned
                    else frozenset(each.standard for each in evse.connectors),
                    max_power_w=evse.max_power_w or max(watts, default=None),
                    status=ConnectorStatus.UNKNOWN if state is None else state.status,
                    since=None if state is None else state.since,
                    connected=station.connected,
                )
            )
    return tuple(places)
