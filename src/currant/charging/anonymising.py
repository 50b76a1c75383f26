"""Sessions of somebody who asked to be forgotten: what was charged stays, who charged goes."""

from sqlalchemy import Connection, select, update

from currant.charging.model import Phase
from currant.charging.service import ChargingService
from currant.charging.store import sessions
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.ids import AccountId, StationId, TenantId

AT_ONCE = 500


async def anonymise(
    database: Database, charging: ChargingService, tenant_id: TenantId, account_id: AccountId
) -> int:
    """Take account, token and uids off all ended sessions of an account; how many there were."""
    c = sessions.c
    whose = (c.tenant_id == tenant_id, c.account_id == account_id, c.phase == Phase.ENDED.value)

    def take_off(conn: Connection, _: ChangeSet) -> list[tuple[int, str]]:
        found = [
            (row.number, row.station_id)
            for row in conn.execute(select(c.number, c.station_id).where(*whose).limit(AT_ONCE))
        ]
        if found:
            conn.execute(
                update(sessions)
                .where(c.tenant_id == tenant_id, c.number.in_([number for number, _ in found]))
                .values(
                    account_id=None,
                    token_id=None,
                    token_uid="",
                    stop_token_uid="",
                )
            )
        return found

    total = 0
    while found := await database.decide(take_off, tenant_id):
        total += len(found)
        for station_id in {station_id for _, station_id in found}:
            # A connection that remembers the session would write it back as it was.
            charging.refresh(StationId(station_id))
    return total
