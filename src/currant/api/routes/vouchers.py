"""Vouchers: codes that take something off the price of charging."""

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, tenant_of
from currant.api.routes.parameters import Search
from currant.api.routes.tariffs import Archived, pricing_of
from currant.pricing.offers import VoucherChange, VoucherDraft, VoucherOffer, VoucherUse
from currant.stations.model import Page
from currant.tenancy.model import Permission


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
    ],
)
