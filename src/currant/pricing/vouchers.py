"""The verbs of vouchers: made, changed, put away; what they were used for."""

from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import TenantId, new_id
from currant.pricing import redeeming, store
from currant.pricing.drafts import check_name
from currant.pricing.events import VoucherChanged
from currant.pricing.offers import (
    VoucherChange,
    VoucherDraft,
    VoucherOffer,
    VoucherUse,
    changed_name,
    check_code,
    check_voucher_terms,
)
from currant.stations import paging
from currant.stations.model import Page

VOUCHERS_MAX = 100_000
"""Of one tenant."""


class Vouchers:
    """Codes that take something off. Using one: `redeeming`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, tenant_id: TenantId, draft: VoucherDraft, *, by: str) -> VoucherOffer:
        check_voucher_terms(draft.terms)
        voucher = VoucherOffer(
            id=new_id(),
            tenant_id=tenant_id,
            code=check_code(draft.code),
            name=check_name(draft.name),
            terms=draft.terms,
            created_at=self._clock.now(),
        )

        def make(conn: Connection, changes: ChangeSet) -> VoucherOffer:
            if store.offers.count_vouchers(conn, tenant_id) >= VOUCHERS_MAX:
                raise Conflict(f"There are {VOUCHERS_MAX:,} vouchers already: delete old ones.")
            if store.offers.voucher_by_code(conn, tenant_id, voucher.code) is not None:
                raise Conflict(f"There is a voucher with the code {voucher.code} already.", field="code")
            store.offers.insert_voucher(changes, voucher)
            self._tell(changes, voucher, ("created",), by)
            return voucher

        return await self._database.decide(make, tenant_id)

    async def change(
        self, tenant_id: TenantId, voucher_id: str, change: VoucherChange, *, by: str
    ) -> VoucherOffer:
        def apply(conn: Connection, changes: ChangeSet) -> VoucherOffer:
            before = _known(store.offers.voucher(conn, tenant_id, voucher_id), voucher_id)
            after = replace(
                before,
                name=changed_name(change.name, before.name),
                terms=before.terms if change.terms is UNSET else change.terms,
                archived=before.archived if change.archived is UNSET else change.archived,
            )
            check_voucher_terms(after.terms)
            fields = tuple(
                name
                for name in ("name", "terms", "archived")
                if getattr(before, name) != getattr(after, name)
            )
            if fields:
                store.offers.save_voucher(changes, after)
                self._tell(changes, after, fields, by)
            return after

        return await self._database.decide(apply, tenant_id)

    async def delete(self, tenant_id: TenantId, voucher_id: str, *, by: str) -> None:
        """Forget a voucher that nobody has used; Conflict for one that was."""

        def delete(conn: Connection, changes: ChangeSet) -> None:
            voucher = _known(store.offers.voucher(conn, tenant_id, voucher_id), voucher_id)
            if store.offers.uses_of_voucher(conn, tenant_id, voucher_id, after="", limit=1):
                raise Conflict("This voucher was used: put it away instead.", voucher=voucher_id)
            store.offers.delete_voucher(changes, tenant_id, voucher_id)
            self._tell(changes, voucher, ("deleted",), by)

        await self._database.decide(delete, tenant_id)

    async def get(self, tenant_id: TenantId, voucher_id: str) -> VoucherOffer:
        found = await self._database.read(lambda conn: store.offers.voucher(conn, tenant_id, voucher_id))
        return _known(found, voucher_id)

    async def list(
        self,
        tenant_id: TenantId,
        *,
        text: str | None = None,
        archived: bool = False,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[VoucherOffer]:
        """The latest made first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.offers.search_vouchers(
                conn, tenant_id, text=text, archived=archived, before=before, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda voucher: paging.encode(voucher.id))

    async def redeem(
        self,
        tenant_id: TenantId,
        code: str,
        *,
        holder: str,
        source_id: str,
        at: datetime,
        by: str,
        currency: str | None = None,
    ) -> VoucherOffer:
        """Use a code for a session that began at `at`; once, however often it is asked. Raises as `redeeming.redeem`."""

        def use(conn: Connection, changes: ChangeSet) -> VoucherOffer:
            before = redeeming.redeemed(conn, tenant_id, source_id)
            found = redeeming.redeem(
                conn, tenant_id, code, holder=holder, source_id=source_id, at=at, currency=currency
            )
            voucher = _known(store.offers.voucher(conn, tenant_id, found.voucher_id), found.voucher_id)
            if before is None:
                self._tell(changes, voucher, ("used",), by)
            return voucher

        return await self._database.decide(use, tenant_id)

    async def uses(
        self, tenant_id: TenantId, voucher_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[VoucherUse]:
        """What a voucher was used for."""
        limit = paging.bounded(limit)
        after = "" if cursor is None else str(paging.decode(cursor, str)[0])

        def look(conn: Connection) -> list[VoucherUse]:
            _known(store.offers.voucher(conn, tenant_id, voucher_id), voucher_id)
            return store.offers.uses_of_voucher(conn, tenant_id, voucher_id, after=after, limit=limit + 1)

        rows = await self._database.read(look)
        return paging.page(rows, limit, lambda use: paging.encode(use.source_id))

    def _tell(self, changes: ChangeSet, voucher: VoucherOffer, fields: tuple[str, ...], by: str) -> None:
        changes.emit(
            VoucherChanged(
                tenant_id=voucher.tenant_id,
                happened_at=self._clock.now(),
                voucher_id=voucher.id,
                name=voucher.name,
                fields=fields,
                by=by,
            )
        )


def _known(voucher: VoucherOffer | None, voucher_id: str) -> VoucherOffer:
    if voucher is None:
        raise NotFound(f"There is no voucher {voucher_id}.", voucher=voucher_id)
    return voucher
