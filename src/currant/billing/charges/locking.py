"""The price of a session is fixed as of its beginning, whenever that becomes known.

A session that began offline gets the version that held when it began, not the one of the day on which its
station told of it. Who charges may become known after the start (OCPP 2.x): then the price of that token
holds, still as of the start. Once something has been charged by a price it stays.
"""

from sqlalchemy import Connection

from currant.access.service import AccessService
from currant.billing.charges import store
from currant.billing.charges.model import PriceLock
from currant.charging.events import SessionAuthorised, SessionEvent, SessionStarted
from currant.charging.model import Session
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.errors import NotFound
from currant.kit.ids import GroupId, SessionId, TenantId, TokenId
from currant.pricing.model import Asker, Purpose
from currant.pricing.service import Chosen, PricingService
from currant.stations.directory import StationDirectory

LOCKED_EVENTS = (SessionStarted, SessionAuthorised)
PURPOSES = tuple(Purpose)


class PriceLocks:
    """Which version of which tariff each session is priced by."""

    def __init__(
        self, database: Database, pricing: PricingService, access: AccessService, directory: StationDirectory
    ) -> None:
        self._database = database
        self._pricing = pricing
        self._access = access
        self._directory = directory

    async def follow(self, event: SessionEvent) -> None:
        """Fix the price of a session that began, or whose token became known."""
        await self.fix(event)

    async def fix(self, of: SessionEvent | Session) -> dict[Purpose, PriceLock]:
        """What a session's prices are fixed to, and from now on stay."""
        session_id = of.id if isinstance(of, Session) else of.session_id
        asker = await self.asker(of)
        chosen = {purpose: self._pricing.chosen(asker, of.started_at, purpose) for purpose in PURPOSES}
        wanted = [
            _lock(session_id, of, purpose, found) for purpose, found in chosen.items() if found is not None
        ]

        def keep(conn: Connection, changes: ChangeSet) -> dict[Purpose, PriceLock]:
            known = store.locks_of(conn, of.tenant_id, session_id)
            charged = {each.purpose for each in store.of_session(conn, of.tenant_id, session_id)}
            for lock in wanted:
                before = known.get(lock.purpose)
                # Nobody's price gives way to somebody's, and nobody's to one already charged.
                if before is None or (before.token_id is None and lock.token_id is not None):
                    if lock.purpose in charged:
                        continue
                    changes.write(store.SAVE_LOCK, store.lock_row(lock))
                    known[lock.purpose] = lock
            return known

        known = await self._database.read(lambda conn: store.locks_of(conn, of.tenant_id, session_id))
        if all(_stands(known.get(lock.purpose), lock) for lock in wanted):
            return known
        return await self._database.decide(keep, of.tenant_id)

    async def asker(self, of: SessionEvent | Session) -> Asker:
        """Who charges where, in the words in which prices are asked for."""
        entry = self._directory.by_id(of.station_id)
        return Asker(
            tenant_id=of.tenant_id,
            location_id=of.location_id,
            station_id=of.station_id,
            evse=of.evse,
            station_groups=() if entry is None else entry.groups,
            token_id=of.token_id,
            account_id=of.account_id,
            groups=await self._groups(of.tenant_id, of.token_id),
        )

    async def _groups(self, tenant_id: TenantId, token_id: TokenId | None) -> tuple[GroupId, ...]:
        if token_id is None:
            return ()
        try:
            token = await self._access.get_token(tenant_id, token_id)
        except NotFound:
            return ()
        return () if token.group_id is None else (token.group_id,)


def _lock(session_id: SessionId, of: SessionEvent | Session, purpose: Purpose, chosen: Chosen) -> PriceLock:
    return PriceLock(
        tenant_id=of.tenant_id,
        session_id=session_id,
        purpose=purpose,
        version_id=chosen.version.id,
        rule_id=chosen.rule_id,
        at=of.started_at,
        token_id=of.token_id,
    )


def _stands(known: PriceLock | None, wanted: PriceLock) -> bool:
    return known is not None and (known.token_id is not None or wanted.token_id is None)
