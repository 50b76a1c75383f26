"""One's own organisation, and, for the installation's owner, all of them."""

from typing import Annotated

import msgspec
from litestar import Router, get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, UnsetType

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit, page_of, place_of
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.stations.model import Page
from currant.tenancy.model import NewPerson, Organisation, Permission

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, examples=["Stadtwerke Beispiel"])]


class ChangeOrganisation(Body, frozen=True, kw_only=True):
    """What is present changes."""

    name: Name | UnsetType = UNSET
    require_second_factor: bool | UnsetType = UNSET
    """Whether everybody has to sign in with a second factor."""


class CreateOrganisation(Body, frozen=True, kw_only=True):
    """A further organisation and how its first owner signs in."""

    name: Name
    owner_login: Annotated[str, msgspec.Meta(min_length=2, max_length=120, examples=["owner@example.com"])]


class CreatedOrganisation(msgspec.Struct, frozen=True, kw_only=True):
    organisation: Organisation
    owner: NewPerson


@get("/organisation", opt={"permission": Permission.ORGANISATION_READ})
async def get_organisation(request: ApiRequest) -> Organisation:
    """The caller's organisation."""
    return await services_of(request).tenancy.organisations.get(tenant_of(request))


@patch("/organisation", opt={"permission": Permission.ORGANISATION_WRITE})
async def change_organisation(request: ApiRequest, data: JSONBody[ChangeOrganisation]) -> Organisation:
    """Give the organisation another name, or require a second factor of its people.

    Who has none then does nothing else until it is set up; keys are not concerned.
    """
    return await services_of(request).tenancy.organisations.change(
        tenant_of(request),
        name=None if data.name is UNSET else data.name,
        require_second_factor=None if data.require_second_factor is UNSET else data.require_second_factor,
        by=caller_of(request),
    )


@get("/organisations", opt={"permission": Permission.TENANTS_MANAGE})
async def list_organisations(
    request: ApiRequest, cursor: Cursor = None, limit: Limit = 100
) -> Page[Organisation]:
    """All organisations of the installation, oldest first. For owners of its own organisation alone."""
    found = await services_of(request).tenancy.organisations.list_all(after=place_of(cursor), limit=limit + 1)
    return page_of(found, limit, lambda organisation: organisation.id)


@post("/organisations", opt={"permission": Permission.TENANTS_MANAGE, "never_compressed": True})
async def create_organisation(request: ApiRequest, data: JSONBody[CreateOrganisation]) -> CreatedOrganisation:
    """Create a further organisation, walled off from all others, with its first owner."""
    organisation, owner = await services_of(request).tenancy.organisations.create(
        name=data.name, owner_login=data.owner_login, by=caller_of(request)
    )
    return CreatedOrganisation(organisation=organisation, owner=owner)


router = Router(
    "/api/v1",
    tags=["Organisations"],
    route_handlers=[get_organisation, change_organisation, list_organisations, create_organisation],
)
