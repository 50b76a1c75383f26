"""The people of an organisation."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit, page_of, place_of
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.kit.ids import PersonId
from currant.stations.model import Page
from currant.tenancy.model import NewPerson, Permission, Person, Role

Name = Annotated[str, msgspec.Meta(max_length=200, examples=["Ada Lovelace"])]
Email = Annotated[str, msgspec.Meta(max_length=254, examples=["ada@example.com"])]


class AddPerson(Body, frozen=True, kw_only=True):
    """Somebody new. `login` is what they sign in with: an e-mail address or a short name.

    With `invite` they get a mail with a link to choose a password, in `language` if that is known.
    """

    login: Annotated[str, msgspec.Meta(min_length=2, max_length=120, examples=["ada@example.com"])]
    role: Role
    name: Name = ""
    email: Email = ""
    language: Annotated[str, msgspec.Meta(max_length=35, examples=["de"])] = ""
    invite: bool = False


class ChangePerson(Body, frozen=True, kw_only=True):
    """What is present changes."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    active: bool | UnsetType = UNSET


@get("/", opt={"permission": Permission.PEOPLE_READ})
async def list_people(request: ApiRequest, cursor: Cursor = None, limit: Limit = 100) -> Page[Person]:
    """People by login."""
    found = await services_of(request).tenancy.people.list(
        tenant_of(request), after=place_of(cursor), limit=limit + 1
    )
    return page_of(found, limit, lambda person: person.login)


@post("/", opt={"permission": Permission.PEOPLE_MANAGE, "never_compressed": True})
async def add_person(request: ApiRequest, data: JSONBody[AddPerson]) -> NewPerson:
    """Add somebody. The one-time password in the answer is shown this once and works for a week.

    Who is invited by mail gets none: the link in the mail works for a week.
    """
    tenancy = services_of(request).tenancy
    add = tenancy.mail_links.invite if data.invite else tenancy.people.add
    return await add(
        tenant_of(request),
        login=data.login,
        role=data.role,
        name=data.name,
        email=data.email,
        language=data.language,
        by=caller_of(request),
    )


@get("/{person_id:str}", opt={"permission": Permission.PEOPLE_READ})
async def get_person(request: ApiRequest, person_id: FromPath[str]) -> Person:
    """One person."""
    return await services_of(request).tenancy.people.get(tenant_of(request), PersonId(person_id))


@patch("/{person_id:str}", opt={"permission": Permission.PEOPLE_MANAGE})
async def change_person(
    request: ApiRequest, person_id: FromPath[str], data: JSONBody[ChangePerson]
) -> Person:
    """Change a person's name, e-mail, role, or whether they may sign in. The last owner stays owner."""
    return await services_of(request).tenancy.people.change(
        tenant_of(request),
        PersonId(person_id),
        by=caller_of(request),
        name=None if data.name is UNSET else data.name,
        email=None if data.email is UNSET else data.email,
        role=None if data.role is UNSET else data.role,
        active=None if data.active is UNSET else data.active,
    )


@post(
    "/{person_id:str}/one-time-password",
    status_code=200,
    opt={"permission": Permission.PEOPLE_MANAGE, "never_compressed": True},
)
async def new_one_time_password(request: ApiRequest, person_id: FromPath[str]) -> NewPerson:
    """Replace a forgotten password by a one-time password, and end the person's sessions."""
    return await services_of(request).tenancy.people.new_one_time_password(
        tenant_of(request), PersonId(person_id), by=caller_of(request)
    )


@post("/{person_id:str}/invitation", status_code=200, opt={"permission": Permission.PEOPLE_MANAGE})
async def invite_again(request: ApiRequest, person_id: FromPath[str]) -> Person:
    """Mail a new invitation to somebody who has not chosen a password yet; the one before ends to work."""
    made = await services_of(request).tenancy.mail_links.invite_again(
        tenant_of(request), PersonId(person_id), by=caller_of(request)
    )
    return made.person


@delete("/{person_id:str}/second-factors", opt={"permission": Permission.PEOPLE_MANAGE})
async def remove_second_factors(request: ApiRequest, person_id: FromPath[str]) -> None:
    """Take all second factors from somebody who lost them, and end their sessions: the password alone opens again.

    Make sure first that it is really them who ask.
    """
    tenancy = services_of(request).tenancy
    await tenancy.factors.remove_all(tenant_of(request), PersonId(person_id), by=caller_of(request))
    await tenancy.mail_links.tell(tenant_of(request), PersonId(person_id), "second_factor_removed")


@delete("/{person_id:str}", opt={"permission": Permission.PEOPLE_MANAGE})
async def remove_person(request: ApiRequest, person_id: FromPath[str]) -> None:
    """Remove a person. What they did stays written down under their login."""
    await services_of(request).tenancy.people.remove(
        tenant_of(request), PersonId(person_id), by=caller_of(request)
    )


router = Router(
    "/api/v1/people",
    tags=["People"],
    route_handlers=[
        list_people,
        add_person,
        get_person,
        change_person,
        new_one_time_password,
        invite_again,
        remove_second_factors,
        remove_person,
    ],
)
