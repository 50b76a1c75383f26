"""What every way of signing in ends with: who one is, and the session's cookies."""

from datetime import datetime

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from currant.api.authentication import ApiRequest, session_cookies
from currant.api.routes.common import remote_address, services_of
from currant.kit.errors import Conflict
from currant.kit.ids import PersonId, TenantId
from currant.tenancy.model import (
    Caller,
    CallerKind,
    Permission,
    Role,
    SecondFactorNeeded,
    SignedIn,
)
from currant.tenancy.sessions import SESSION_LASTS, Visit


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who is calling and what they may do. `csrf_token` is for browsers, and empty for keys."""

    kind: CallerKind
    id: str
    tenant_id: TenantId
    name: str
    role: Role
    permissions: tuple[Permission, ...]
    must_change_password: bool = False
    csrf_token: str = ""
    session_expires_at: datetime | None = None
    login: str = ""
    email: str = ""
    language: str = ""
    """Of pages and mails; empty: the browser's."""
    time_zone: str = ""
    """That times are shown in; empty: the browser's."""
    second_factor: bool = False
    second_factor_required: bool = False
    """The organisation requires a second factor and there is none: until then only this part of the API works."""
    organisation: str = ""
    """The organisation's name."""
    host: bool = False
    """Whether it is the installation's own organisation."""


def visit_of(request: ApiRequest) -> Visit:
    return Visit(remote_address=remote_address(request), user_agent=request.headers.get("user-agent", ""))


def person_of(caller: Caller) -> PersonId:
    """The person that calls; a key and the command line have no account."""
    if caller.kind is not CallerKind.PERSON:
        raise Conflict("This is about a person's account, and a key has none: sign in as a person.")
    return PersonId(caller.id)


async def me(request: ApiRequest, caller: Caller) -> Me:
    tenancy = services_of(request).tenancy
    organisation = await tenancy.organisations.get(caller.tenant_id)
    told = Me(
        kind=caller.kind,
        id=caller.id,
        tenant_id=caller.tenant_id,
        name=caller.name,
        role=caller.role,
        permissions=tuple(sorted(caller.permissions)),
        must_change_password=caller.must_change_password,
        csrf_token=caller.csrf_token,
        organisation=organisation.name,
        host=organisation.host,
    )
    if caller.kind is not CallerKind.PERSON:
        return told
    person = await tenancy.people.get(caller.tenant_id, PersonId(caller.id))
    return msgspec.structs.replace(
        told,
        name=person.name or person.login,
        login=person.login,
        email=person.email,
        language=person.language,
        time_zone=person.time_zone,
        second_factor=person.second_factor,
        second_factor_required=caller.second_factor_missing,
    )


async def welcome(request: ApiRequest, signed_in: SignedIn) -> Response[Me]:
    """The answer to a sign-in that worked."""
    caller = await services_of(request).tenancy.caller_of_cookie(signed_in.cookie)
    assert caller is not None, "A session just opened is known."
    told = msgspec.structs.replace(await me(request, caller), session_expires_at=signed_in.expires_at)
    return Response(told, status_code=200, cookies=cookies_of(request, signed_in))


async def welcome_or_ask(
    request: ApiRequest, signed_in: SignedIn | SecondFactorNeeded
) -> Response[Me | SecondFactorNeeded]:
    """200 with who one is, or 202 with the ticket for the second step."""
    if isinstance(signed_in, SecondFactorNeeded):
        return Response(signed_in, status_code=202)
    return await welcome(request, signed_in)  # type: ignore[return-value]


def cookies_of(request: ApiRequest, signed_in: SignedIn) -> list[Cookie]:
    return session_cookies(
        request.scope,
        cookie=signed_in.cookie,
        csrf_token=signed_in.csrf_token,
        max_age=int(SESSION_LASTS.total_seconds()),
    )
