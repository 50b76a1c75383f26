"""Sessions that are over taken in as they were: a history made up for a demo, or moved in from elsewhere.

They are rows and nothing more: nothing is decided, nobody is told, and no event says that they began.
"""

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection

from currant.charging import reading_store, store
from currant.charging.model import Phase, Reading, Session
from currant.charging.numbering import SessionNumbers
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import micros
from currant.kit.ids import TenantId

AT_ONCE = 2_000


class PastSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has ended (its number is given when it is taken in) and what was read of it."""

    session: Session
    readings: tuple[Reading, ...] = ()


async def take_in(
    database: Database, numbers: SessionNumbers, tenant_id: TenantId, past: Sequence[PastSession]
) -> int:
    """Keep sessions that are over, in the order of their beginnings; how many."""
    ordered = sorted(past, key=lambda each: each.session.started_at)
    places = sorted({_place(each.session) for each in ordered})

    def find_meters(conn: Connection, _: ChangeSet) -> dict[tuple[str, int, str], int]:
        return {
            (station, evse, location): reading_store.meter_at(
                conn,
                tenant_id,
                station,  # type: ignore[arg-type]
                evse,
                location or None,  # type: ignore[arg-type]
            )
            for station, evse, location in places
        }

    meters = await database.decide(find_meters, tenant_id)
    for begin in range(0, len(ordered), AT_ONCE):
        changes = ChangeSet(tenant_id)
        for each in ordered[begin : begin + AT_ONCE]:
            session = msgspec.structs.replace(each.session, number=await numbers.next())
            assert session.phase is Phase.ENDED, "What is under way has a station that speaks for it."
            changes.write(store.INSERT, store.row(session))
            for row in _rows(each, session.number, meters[_place(session)]):
                changes.write(*reading_store.insertion(row))
        await database.commit(changes)
    return len(ordered)


def _place(session: Session) -> tuple[str, int, str]:
    return session.station_id, session.evse or 0, session.location_id or ""


def _rows(past: PastSession, number: int, meter: int) -> Iterator[tuple[object, ...]]:
    for reading in past.readings:
        at_us = micros(reading.at)
        yield reading_store.row(meter, reading, at_us, at_us, number)
