"""Loads what connections hold: many stations that come at once are read in one go."""

import asyncio

from sqlalchemy import Connection

from currant.db.engine import Database
from currant.kit.ids import TenantId
from currant.stations import store
from currant.stations.model import AttendedStation, ConnectorState

READ_TOGETHER_MAX = 500

Waiting = list[tuple[AttendedStation, "asyncio.Future[None]"]]


class Attendance:
    """Fills attended stations; those asked for in one turn of the loop share their queries."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[TenantId, Waiting] = {}

    def fill(self, station: AttendedStation) -> "asyncio.Future[None]":
        """Load the station's states and places from the database; resolves once they are in."""
        loop = asyncio.get_running_loop()
        filled: asyncio.Future[None] = loop.create_future()
        waiting = self._waiting.setdefault(station.tenant_id, [])
        waiting.append((station, filled))
        if len(waiting) == 1:
            loop.call_soon(self._read, station.tenant_id)
        return filled

    def _read(self, tenant_id: TenantId) -> None:
        waiting = self._waiting.pop(tenant_id)
        for begin in range(0, len(waiting), READ_TOGETHER_MAX):
            self._read_some(tenant_id, waiting[begin : begin + READ_TOGETHER_MAX])

    def _read_some(self, tenant_id: TenantId, some: Waiting) -> None:
        ids = list({station.station_id for station, _ in some})

        def load(conn: Connection) -> _Loaded:
            return (
                store.stations.states_of(conn, tenant_id, ids),
                store.stations.places_of(conn, tenant_id, ids),
            )

        def done(reading: "asyncio.Future[_Loaded]") -> None:
            if reading.cancelled():
                for _, filled in some:
                    filled.cancel()
                return
            error = reading.exception()
            for station, filled in some:
                if filled.done():
                    continue
                if error is not None:
                    filled.set_exception(error)
                else:
                    _fill(station, reading.result())
                    filled.set_result(None)

        self._database.read(load).add_done_callback(done)


_States = dict[str, list[ConnectorState]]
_Places = dict[str, list[tuple[int, int, int | None, bool, int | None]]]
_Loaded = tuple[_States, _Places]


def _fill(station: AttendedStation, loaded: _Loaded) -> None:
    states, places = loaded
    station.connectors = {
        (state.evse, state.connector): state for state in states.get(station.station_id, ())
    }
    its_places = places.get(station.station_id, ())
    station.places = {(evse, connector) for evse, connector, *_ in its_places}
    station.ocpp16_connectors = {
        connector_id: (evse, connector) for evse, connector, connector_id, *_ in its_places if connector_id
    }
    # Somebody described the station: what it reports beyond that is kept as a state, not as hardware.
    station.learns = all(learned for _, _, _, learned, _ in its_places)
    limits: dict[int, list[int | None]] = {}
    for evse, _, _, _, watts in its_places:
        limits.setdefault(evse, []).append(watts)
    # A limit that is not said of one of its connectors is not known of the EVSE.
    station.max_power_w = {
        evse: max(known)
        for evse, told in limits.items()
        if len(known := [watts for watts in told if watts]) == len(told)
    }
