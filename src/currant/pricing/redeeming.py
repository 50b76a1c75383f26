"""Vouchers used, in the same transaction as the session that they are for: plain functions over a connection."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import TenantId
from currant.pricing import store
from currant.pricing.adjusting import Voucher
from currant.pricing.offers import VoucherOffer, VoucherUse, code_of


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that a session has."""

    voucher_id: str
    code: str
    adjuster: Voucher


def look(
    connection: Connection,
    tenant_id: TenantId,
    code: str,
    *,
    holder: str,
    at: datetime,
    currency: str | None = None,
) -> VoucherOffer:
    """The voucher that a code stands for, if `holder` may use it for a session that begins at `at`.

    NotFound when there is none, Conflict when it cannot be used; the sentence says why.
    """
    voucher = store.offers.voucher_by_code(connection, tenant_id, code_of(code))
    if voucher is None or voucher.archived:
        raise NotFound("This code is not known: check how it is written.", field="code")
    terms = voucher.terms
    if terms.valid_from is not None and at < terms.valid_from:
        raise Conflict("This code cannot be used yet.", field="code", voucher=voucher.id)
    if terms.valid_until is not None and at >= terms.valid_until:
        raise Conflict("This code has run out.", field="code", voucher=voucher.id)
    if currency is not None and terms.currency and terms.currency != currency:
        raise Conflict(f"This code is good for prices in {terms.currency}.", field="code", voucher=voucher.id)
    if terms.uses_max is not None and voucher.used >= terms.uses_max:
        raise Conflict("This code has been used up.", field="code", voucher=voucher.id)
    if terms.uses_per_holder is not None:
        used = store.offers.count_uses(connection, tenant_id, voucher.id, holder)
        if used >= terms.uses_per_holder:
            raise Conflict("You have used this code already.", field="code", voucher=voucher.id)
    return voucher


def redeem(
    connection: Connection,
    tenant_id: TenantId,
    code: str,
    *,
    holder: str,
    source_id: str,
    at: datetime,
    currency: str | None = None,
) -> Redeemed:
    """Use a code for `source_id` (a session). Done again with the same code it answers the same.

    A source has one voucher: another code is a Conflict. Raises as `look` does.
    """
    before = redeemed(connection, tenant_id, source_id)
    if before is not None:
        if before.code != code_of(code):
            raise Conflict("There is a code for this session already.", field="code")
        return before
    voucher = look(connection, tenant_id, code, holder=holder, at=at, currency=currency)
    use = VoucherUse(voucher_id=voucher.id, source_id=source_id, holder=holder, used_at=at)
    store.offers.add_use(connection, tenant_id, use)
    return _redeemed(voucher)


def redeemed(connection: Connection, tenant_id: TenantId, source_id: str) -> Redeemed | None:
    """The voucher that a session has."""
    use = store.offers.use_of(connection, tenant_id, source_id)
    if use is None:
        return None
    voucher = store.offers.voucher(connection, tenant_id, use.voucher_id)
    return None if voucher is None else _redeemed(voucher)


def give_back(connection: Connection, tenant_id: TenantId, source_id: str) -> bool:
    """Let a session's code be used again, as when nothing was charged; whether it had one."""
    use = store.offers.use_of(connection, tenant_id, source_id)
    if use is None:
        return False
    store.offers.remove_use(connection, tenant_id, use)
    return True


def _redeemed(voucher: VoucherOffer) -> Redeemed:
    return Redeemed(voucher_id=voucher.id, code=voucher.code, adjuster=voucher.terms.adjuster(voucher.code))
