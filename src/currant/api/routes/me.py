"""Who one is: one's own name and password, where one is signed in, and what pages keep for one."""

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, get, patch, post, put
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from currant.api.authentication import ApiRequest
from currant.api.routes.common import Body, caller_of, services_of
from currant.api.routes.welcome import Me, me, person_of, visit_of, welcome
from currant.tenancy.model import Permission, SessionOfPerson

SELF = {"permission": Permission.SELF, "never_compressed": True}


class NewPassword(Body, frozen=True, kw_only=True):
    """A password of one's own: at least 10 characters, of any kind."""

    current_password: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    new_password: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ChangeMe(Body, frozen=True, kw_only=True):
    """What is present changes. Another `email` needs the password, unless one signed in just now."""

    name: Annotated[str, msgspec.Meta(max_length=200)] | UnsetType = UNSET
    email: Annotated[str, msgspec.Meta(max_length=254)] | UnsetType = UNSET
    language: Annotated[str, msgspec.Meta(max_length=35, examples=["de"])] | UnsetType = UNSET
    time_zone: Annotated[str, msgspec.Meta(max_length=60, examples=["Europe/Berlin"])] | UnsetType = UNSET
    password: Annotated[str, msgspec.Meta(max_length=500)] = ""


class SignIns(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[SessionOfPerson, ...]


@get("/me", opt=SELF)
async def who_am_i(request: ApiRequest) -> Me:
    """Who is calling, for which organisation, and with which permissions."""
    return await me(request, caller_of(request))


@patch("/me", opt=SELF)
async def change_me(request: ApiRequest, data: JSONBody[ChangeMe]) -> Me:
    """Change one's own name, e-mail address, language or time zone."""
    caller = caller_of(request)
    person_id = person_of(caller)
    tenancy = services_of(request).tenancy
    before = await tenancy.people.get(caller.tenant_id, person_id)
    moves = data.email is not UNSET and before.email != data.email.strip()
    if moves:
        # Whoever reads this mailbox can set a new password.
        await tenancy.proofs.check(caller, data.password)
    await tenancy.people.change_self(
        caller.tenant_id,
        person_id,
        name=None if data.name is UNSET else data.name,
        email=None if data.email is UNSET else data.email,
        language=None if data.language is UNSET else data.language,
        time_zone=None if data.time_zone is UNSET else data.time_zone,
    )
    if moves and before.email:
        await tenancy.mail_links.tell(caller.tenant_id, person_id, "email", to=before.email)
    return await me(request, caller)


@post("/me/password", status_code=200, opt=SELF)
async def change_my_password(request: ApiRequest, data: JSONBody[NewPassword]) -> Response[Me]:
    """Change one's own password. All sessions end; this browser gets a new one."""
    caller = caller_of(request)
    person_id = person_of(caller)
    tenancy = services_of(request).tenancy
    kept = await tenancy.sessions.kind_of(caller)
    await tenancy.people.change_password(
        caller.tenant_id, person_id, current=data.current_password, new=data.new_password
    )
    await tenancy.mail_links.tell(caller.tenant_id, person_id, "password")
    person = await tenancy.people.get(caller.tenant_id, person_id)
    way, strong = kept
    signed_in = await tenancy.sessions.open(person, visit_of(request), way=way, strong=strong)
    return await welcome(request, signed_in)


@get("/me/preferences", opt=SELF)
async def my_preferences(request: ApiRequest) -> dict[str, Any]:
    """What pages keep for a person: columns chosen, filters, whatever they like."""
    caller = caller_of(request)
    kept = await services_of(request).tenancy.people.preferences(caller.tenant_id, person_of(caller))
    return msgspec.json.decode(kept, type=dict[str, Any])


@put("/me/preferences", opt=SELF)
async def keep_my_preferences(request: ApiRequest, data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
    """Keep one JSON object of at most 32 KB, in place of the one before."""
    caller = caller_of(request)
    await services_of(request).tenancy.people.keep_preferences(caller.tenant_id, person_of(caller), data)
    return data


@get("/me/sign-ins", opt=SELF)
async def my_sign_ins(request: ApiRequest) -> SignIns:
    """Where one is signed in, the newest first."""
    caller = caller_of(request)
    person_of(caller)
    return SignIns(items=tuple(await services_of(request).tenancy.sessions.list(caller)))


@delete("/me/sign-ins/{session_id:str}", opt=SELF)
async def end_my_sign_in(request: ApiRequest, session_id: FromPath[str]) -> None:
    """Sign out somewhere else."""
    caller = caller_of(request)
    person_of(caller)
    await services_of(request).tenancy.sessions.end(caller, session_id)


@post("/me/sign-ins/end-others", status_code=204, opt=SELF)
async def end_my_other_sign_ins(request: ApiRequest) -> None:
    """Sign out everywhere but here."""
    caller = caller_of(request)
    person_of(caller)
    await services_of(request).tenancy.sessions.end_others(caller)


router = Router(
    "/api/v1",
    tags=["Signing in"],
    route_handlers=[
        who_am_i,
        change_me,
        change_my_password,
        my_preferences,
        keep_my_preferences,
        my_sign_ins,
        end_my_sign_in,
        end_my_other_sign_ins,
    ],
)
