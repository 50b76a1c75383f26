"""Legal entities that sell, and how customers are billed."""

from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody

from currant.api.authentication import ApiRequest
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.billing.entities import Entities
from currant.billing.entities_model import (
    BillingProfile,
    BillingProfileDraft,
    EntityDraft,
    EntityLocations,
    LegalEntity,
)
from currant.kit.errors import NotFound
from currant.kit.ids import AccountId, LegalEntityId
from currant.stations.model import Page
from currant.tenancy.model import Permission


class EntityArchiving(Body, frozen=True, kw_only=True):
    """Whether a legal entity is put away."""

    archived: bool


def entities_of(request: ApiRequest) -> Entities:
    entities = services_of(request).entities
    if entities is None:
        raise NotFound("This installation does no billing.")
    return entities


@get("/legal-entities", opt={"permission": Permission.BILLING_READ})
async def list_legal_entities(request: ApiRequest) -> Page[LegalEntity]:
    """Who sells, in the order in which they were added. They all come at once."""
    return Page(items=await entities_of(request).list(tenant_of(request)))


@post("/legal-entities", opt={"permission": Permission.BILLING_WRITE})
async def add_legal_entity(request: ApiRequest, data: JSONBody[EntityDraft]) -> LegalEntity:
    """Add a legal entity. The first one is the default: it sells wherever nobody else is set."""
    caller = caller_of(request)
    return await entities_of(request).add(caller.tenant_id, data, by=caller.label)


@get("/legal-entities/{entity_id:str}", opt={"permission": Permission.BILLING_READ})
async def get_legal_entity(request: ApiRequest, entity_id: FromPath[str]) -> LegalEntity:
    """One legal entity."""
    return await entities_of(request).get(tenant_of(request), LegalEntityId(entity_id))


@put("/legal-entities/{entity_id:str}", opt={"permission": Permission.BILLING_WRITE})
async def change_legal_entity(
    request: ApiRequest, entity_id: FromPath[str], data: JSONBody[EntityDraft]
) -> LegalEntity:
    """Set all of a legal entity anew. Documents that were issued keep what it was."""
    caller = caller_of(request)
    return await entities_of(request).change(
        caller.tenant_id, LegalEntityId(entity_id), data, by=caller.label
    )


@post(
    "/legal-entities/{entity_id:str}/archive",
    opt={"permission": Permission.BILLING_WRITE},
    status_code=200,
)
async def archive_legal_entity(
    request: ApiRequest, entity_id: FromPath[str], data: JSONBody[EntityArchiving]
) -> LegalEntity:
    """Put a legal entity away, or take it back. Its documents stay either way."""
    caller = caller_of(request)
    return await entities_of(request).archive(
        caller.tenant_id, LegalEntityId(entity_id), archived=data.archived, by=caller.label
    )


@get("/legal-entities/{entity_id:str}/locations", opt={"permission": Permission.BILLING_READ})
async def list_locations_of_legal_entity(request: ApiRequest, entity_id: FromPath[str]) -> EntityLocations:
    """Where a legal entity sells by setting."""
    found = await entities_of(request).locations(tenant_of(request), LegalEntityId(entity_id))
    return EntityLocations(locations=found)


@put("/legal-entities/{entity_id:str}/locations", opt={"permission": Permission.BILLING_WRITE})
async def set_locations_of_legal_entity(
    request: ApiRequest, entity_id: FromPath[str], data: JSONBody[EntityLocations]
) -> EntityLocations:
    """Let a legal entity sell at exactly these locations; whoever was set there before sells there no more."""
    caller, inventory = caller_of(request), services_of(request).inventory
    for location in set(data.locations):
        await inventory.get_location(caller.tenant_id, location)
    entity = LegalEntityId(entity_id)
    await entities_of(request).sell_at(caller.tenant_id, entity, data.locations, by=caller.label)
    return EntityLocations(locations=await entities_of(request).locations(caller.tenant_id, entity))


@get("/billing-profiles/{owner:str}", opt={"permission": Permission.BILLING_READ})
async def get_billing_profile(request: ApiRequest, owner: FromPath[str]) -> BillingProfile:
    """How somebody is billed; `owner` is `account:<id>`, `driver:<id>` or `host:<id>`."""
    return await entities_of(request).profile(tenant_of(request), owner)


@put("/billing-profiles/{owner:str}", opt={"permission": Permission.BILLING_WRITE})
async def set_billing_profile(
    request: ApiRequest, owner: FromPath[str], data: JSONBody[BillingProfileDraft]
) -> BillingProfile:
    """Say how somebody is billed: name, address, tax number, splits of their tokens."""
    caller = caller_of(request)
    kind, _, id_ = owner.partition(":")
    if kind == "account":
        await services_of(request).access.get_account(caller.tenant_id, AccountId(id_))
    return await entities_of(request).save_profile(caller.tenant_id, owner, data, by=caller.label)


router = Router(
    "/api/v1",
    tags=["Legal entities"],
    route_handlers=[
        list_legal_entities,
        add_legal_entity,
        get_legal_entity,
        change_legal_entity,
        archive_legal_entity,
        list_locations_of_legal_entity,
        set_locations_of_legal_entity,
        get_billing_profile,
        set_billing_profile,
    ],
)
