"""Taxes: a tenant's settings, what is on a supply and why, and the sums of a span."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import Router, get, post, put
from litestar.params import JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.documents import documents_of
from currant.api.routes.legal_entities import entities_of
from currant.api.routes.parameters import check_times
from currant.billing.documents.reporting import TaxSum
from currant.billing.tax.model import Customer, Product, Supply, TaxDecision, TaxPlace, TaxSettings
from currant.billing.tax.rules import RuleEngine
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import LegalEntityId, LocationId
from currant.tenancy.model import Permission


class TaxQuestion(Body, frozen=True, kw_only=True):
    """A supply to be judged: at a location or a place, to a known customer or a described one."""

    location_id: LocationId | None = None
    place: TaxPlace | None = None
    """Instead of a location."""
    entity_id: LegalEntityId | None = None
    """Who sells; without it whoever sells at the location."""
    owner: Annotated[str, msgspec.Meta(max_length=80)] = ""
    """Whose billing profile says who buys: `account:<id>`."""
    customer: Customer | None = None
    """Instead of an owner; neither is a guest."""
    product: Product = Product.CHARGING
    on: date | None = None
    """The day on which it ends; today, when left out."""


class TaxSumsOf(msgspec.Struct, frozen=True, kw_only=True):
    """Tax by legal entity, office, rate and currency, over documents issued in a span."""

    sums: tuple[TaxSum, ...]


@get("/settings", opt={"permission": Permission.BILLING_READ})
async def get_tax_settings(request: ApiRequest) -> TaxSettings:
    """How the organisation's taxes are set; what was never set has its default."""
    return await entities_of(request).tax_settings(tenant_of(request))


@put("/settings", opt={"permission": Permission.BILLING_WRITE})
async def set_tax_settings(request: ApiRequest, data: JSONBody[TaxSettings]) -> TaxSettings:
    """Set all of them. Documents that were issued keep the taxes that they have."""
    for country, percent in data.vat_percent.items():
        if len(country) != 2 or not 0 <= percent <= 100:
            raise Invalid("A rate is of a country of two letters, 0 to 100 %.", field="vat_percent")
    if data.gst_place not in ("recipient", "site"):
        raise Invalid("The place of supply is the recipient's state or the site's.", field="gst_place")
    if len(data.us_rates) > 20_000:
        raise Invalid("At most 20,000 rates are kept: use a tax service for more.", field="us_rates")
    caller = caller_of(request)
    return await entities_of(request).save_tax_settings(caller.tenant_id, data, by=caller.label)


@post("/decide", opt={"permission": Permission.BILLING_READ}, status_code=200)
async def decide_tax(request: ApiRequest, data: JSONBody[TaxQuestion]) -> TaxDecision:
    """Which taxes are on a supply, and why. Nothing is kept."""
    tenant_id, entities = tenant_of(request), entities_of(request)
    place = data.place
    if data.location_id is not None:
        location = await services_of(request).inventory.get_location(tenant_id, data.location_id)
        state = place.state if place else ""
        place = TaxPlace(
            country=location.country, state=state, city=location.city, postal_code=location.postal_code
        )
    if place is None:
        raise Invalid("Say where: a location or a place.", field="location_id")
    if data.entity_id is not None:
        entity = await entities.get(tenant_id, data.entity_id)
    else:
        found = await entities.at(tenant_id, data.location_id)
        if found is None:
            raise NotFound("Nobody sells there: add a legal entity first.", field="entity_id")
        entity = found
    customer = data.customer
    if customer is None and data.owner:
        customer = (await entities.profile(tenant_id, data.owner)).customer()
    now: datetime = request.app.state.clock.now()
    supply = Supply(
        seller=entity.seller(),
        customer=customer or Customer(),
        place=place,
        product=data.product,
        on=data.on or now.date(),
    )
    return RuleEngine(await entities.tax_settings(tenant_id)).decide(supply)


@get("/sums", opt={"permission": Permission.BILLING_READ})
async def get_tax_sums(
    request: ApiRequest,
    since: Annotated[datetime, QueryParameter(description="At or after this time (RFC 3339).")],
    until: Annotated[datetime, QueryParameter(description="Before this time (RFC 3339).")],
) -> TaxSumsOf:
    """What was taxed in a span, for a return: by legal entity, office and rate, credit notes taken off."""
    check_times(since=since, until=until)
    return TaxSumsOf(sums=await documents_of(request).tax_sums(tenant_of(request), since, until))


router = Router(
    "/api/v1/tax",
    tags=["Tax"],
    route_handlers=[get_tax_settings, set_tax_settings, decide_tax, get_tax_sums],
)
