"""Vouchers: codes that take something off the price of charging."""

from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search
from currant.api.routes.sessions import find_session
from currant.api.routes.tariffs import Archived, pricing_of
from currant.charging.model import Phase, Session
from currant.kit.errors import Conflict
from currant.pricing.offers import VoucherChange, VoucherDraft, VoucherOffer, VoucherUse
from currant.stations.model import Page
from currant.tenancy.model import Permission


class RedeemVoucher(Body, frozen=True, kw_only=True):
    """A code, written as one likes."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


@get("/vouchers", opt={"permission": Permission.BILLING_READ})
async def list_vouchers(
    request: ApiRequest,
    search: Search = None,
    archived: Archived = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[VoucherOffer]:
    """Vouchers, the latest made first."""
    return await pricing_of(request).vouchers.list(
        tenant_of(request), text=search, archived=archived, cursor=cursor, limit=limit
    )


@post("/vouchers", opt={"permission": Permission.BILLING_WRITE})
async def create_voucher(request: ApiRequest, data: JSONBody[VoucherDraft]) -> VoucherOffer:
    """Make a voucher: a percentage or an amount off the price, or off some kinds of its lines, up to a cap.

    It comes after the lowest and highest price and before tax, and never makes a price negative.
    """
    return await pricing_of(request).vouchers.create(tenant_of(request), data, by=caller_of(request).label)


@get("/vouchers/{voucher:str}", opt={"permission": Permission.BILLING_READ})
async def get_voucher(request: ApiRequest, voucher: FromPath[str]) -> VoucherOffer:
    """One voucher, with how often it was used."""
    return await pricing_of(request).vouchers.get(tenant_of(request), voucher)


@patch("/vouchers/{voucher:str}", opt={"permission": Permission.BILLING_WRITE})
async def change_voucher(
    request: ApiRequest, voucher: FromPath[str], data: JSONBody[VoucherChange]
) -> VoucherOffer:
    """Change a voucher, or put it away. Its code stays; `terms` are replaced as a whole."""
    return await pricing_of(request).vouchers.change(
        tenant_of(request), voucher, data, by=caller_of(request).label
    )


@delete("/vouchers/{voucher:str}", opt={"permission": Permission.BILLING_WRITE})
async def delete_voucher(request: ApiRequest, voucher: FromPath[str]) -> None:
    """Delete a voucher that nobody has used."""
    await pricing_of(request).vouchers.delete(tenant_of(request), voucher, by=caller_of(request).label)


@get("/vouchers/{voucher:str}/uses", opt={"permission": Permission.BILLING_READ})
async def list_voucher_uses(
    request: ApiRequest, voucher: FromPath[str], cursor: Cursor = None, limit: Limit = 100
) -> Page[VoucherUse]:
    """What a voucher was used for."""
    return await pricing_of(request).vouchers.uses(tenant_of(request), voucher, cursor=cursor, limit=limit)


@post(
    "/sessions/{session:str}/voucher",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def redeem_voucher(
    request: ApiRequest, session: FromPath[str], data: JSONBody[RedeemVoucher]
) -> Response[VoucherOffer]:
    """Use a code for a session that goes on: its price is less what the voucher takes off.

    A session has one voucher. When the code cannot be used the answer says why (404 or 409).
    """
    found = await find_session(request, session)
    if found.phase is not Phase.ACTIVE:
        raise Conflict("The session has ended: a code is used while it goes on.", session=found.id)
    holder = f"token:{found.token_uid}" if found.account_id is None else f"account:{found.account_id}"

    async def redeem() -> VoucherOffer:
        return await pricing_of(request).vouchers.redeem(
            tenant_of(request),
            data.code,
            holder=holder,
            source_id=found.id,
            at=found.started_at,
            currency=await _currency(request, found),
            by=caller_of(request).label,
        )

    return await once(request, redeem)


async def _currency(request: ApiRequest, session: Session) -> str | None:
    """The currency of the price that a session has; None where it has none."""
    charges, pricing = services_of(request).charges, pricing_of(request)
    lock = None if charges is None else await charges.lock_of(session)
    version = None if lock is None else pricing.get(lock.version_id)
    return None if version is None else version.prices.currency


router = Router(
    "/api/v1",
    tags=["Vouchers"],
    route_handlers=[
        list_vouchers,
        create_voucher,
        get_voucher,
        change_voucher,
        delete_voucher,
        list_voucher_uses,
        redeem_voucher,
    ],
)
