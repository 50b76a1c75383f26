"""Passkeys: made and looked after by their owner, and signing in with one."""

import re
from ipaddress import ip_address
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, delete, patch, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.routes.common import Body, caller_of, services_of
from currant.api.routes.welcome import Me, person_of, visit_of, welcome
from currant.kit.errors import Invalid
from currant.tenancy.factors import PasskeyView
from currant.tenancy.model import Permission
from currant.tenancy.passkeys import PasskeyAdded, PasskeyAsked, Site

SELF = {"permission": Permission.SELF, "never_compressed": True}
OPEN = {"permission": PUBLIC, "never_compressed": True}
_HOST = re.compile(r"(?P<name>[A-Za-z0-9.-]{1,253})(:\d{1,5})?")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["Phone"])]
Word = Annotated[str, msgspec.Meta(max_length=100)]


class BeginPasskey(Body, frozen=True, kw_only=True):
    """The password once more, for who signed in more than a quarter of an hour ago."""

    password: Annotated[str, msgspec.Meta(max_length=500)] = ""


class AddPasskey(Body, frozen=True, kw_only=True):
    """What `navigator.credentials.create` made, as its `toJSON()` gives it."""

    challenge_id: Word
    name: Name
    credential: dict[str, Any]


class RenamePasskey(Body, frozen=True, kw_only=True):
    name: Name


class AskPasskey(Body, frozen=True, kw_only=True):
    """The ticket that came after the password; without one a passkey takes the place of the password too."""

    ticket: Word = ""


class ProvePasskey(Body, frozen=True, kw_only=True):
    """What `navigator.credentials.get` answered, as its `toJSON()` gives it."""

    challenge_id: Word
    credential: dict[str, Any]
    ticket: Word = ""


@post("/me/passkeys/options", status_code=200, opt=SELF)
async def begin_my_passkey(request: ApiRequest, data: JSONBody[BeginPasskey]) -> PasskeyAsked:
    """What the browser makes a passkey with: `navigator.credentials.create({publicKey: options})`."""
    caller = caller_of(request)
    person_of(caller)
    tenancy = services_of(request).tenancy
    await tenancy.proofs.check(caller, data.password)
    return await tenancy.passkeys.begin(caller, site_of(request))


@post("/me/passkeys", status_code=201, opt=SELF)
async def add_my_passkey(request: ApiRequest, data: JSONBody[AddPasskey]) -> PasskeyAdded:
    """Keep a passkey. With the first second factor come ten codes for the day it is lost, shown this once."""
    caller = caller_of(request)
    person_id = person_of(caller)
    tenancy = services_of(request).tenancy
    added = await tenancy.passkeys.add(
        caller,
        challenge_id=data.challenge_id,
        name=data.name,
        credential=data.credential,
        site=site_of(request),
    )
    await tenancy.mail_links.tell(caller.tenant_id, person_id, "second_factor_added")
    return added


@patch("/me/passkeys/{passkey_id:str}", opt=SELF)
async def rename_my_passkey(
    request: ApiRequest, passkey_id: FromPath[str], data: JSONBody[RenamePasskey]
) -> PasskeyView:
    """Give a passkey another name."""
    caller = caller_of(request)
    person_of(caller)
    return await services_of(request).tenancy.passkeys.rename(caller, passkey_id, data.name)


@delete("/me/passkeys/{passkey_id:str}", opt=SELF)
async def remove_my_passkey(
    request: ApiRequest, passkey_id: FromPath[str], data: JSONBody[BeginPasskey | None] = None
) -> None:
    """Remove a passkey. Who signed in more than a quarter of an hour ago sends the `password` along."""
    caller = caller_of(request)
    person_of(caller)
    tenancy = services_of(request).tenancy
    await tenancy.proofs.check(caller, data.password if data is not None else "")
    await tenancy.passkeys.remove(caller, passkey_id)
    await tenancy.mail_links.tell(caller.tenant_id, person_of(caller), "second_factor_removed")


@post("/login/passkey/options", status_code=200, opt=OPEN)
async def ask_for_passkey(request: ApiRequest, data: JSONBody[AskPasskey]) -> PasskeyAsked:
    """What the browser proves a passkey with: `navigator.credentials.get({publicKey: options})`."""
    return await services_of(request).tenancy.passkeys.ask(
        site_of(request), ticket=data.ticket, visit=visit_of(request)
    )


@post("/login/passkey", status_code=200, opt=OPEN)
async def sign_in_with_passkey(request: ApiRequest, data: JSONBody[ProvePasskey]) -> Response[Me]:
    """Sign in with a passkey: as the second step with the ticket, or with nothing else.

    Without a ticket it counts as both factors, and its owner has to be recognised by it.
    """
    signed_in = await services_of(request).tenancy.passkeys.prove(
        challenge_id=data.challenge_id,
        credential=data.credential,
        ticket=data.ticket,
        site=site_of(request),
        visit=visit_of(request),
    )
    return await welcome(request, signed_in)


def site_of(request: ApiRequest) -> Site:
    """Our host name as the browser knows it. Passkeys belong to a name: an address in numbers has none."""
    host = request.headers.get("host", "")
    name = passkey_host(host)
    if not name:
        raise Invalid(
            "Passkeys need a host name: open Currant by its name instead of a number.", field="host"
        )
    # A proxy may take the encryption off without telling: https is what the browser then sees.
    schemes = dict.fromkeys((request.scope.get("scheme", "http"), "https"))
    return Site(host=name, origins=tuple(f"{scheme}://{host.lower()}" for scheme in schemes))


def passkey_host(host: str) -> str:
    """The name in a Host header that passkeys can belong to, in lower case; empty when there is none."""
    found = _HOST.fullmatch(host)
    if found is None:
        return ""
    try:
        ip_address(found["name"])
    except ValueError:
        return found["name"].lower().rstrip(".")
    return ""


router = Router(
    "/api/v1",
    tags=["Signing in"],
    route_handlers=[
        ask_for_passkey,
        sign_in_with_passkey,
        begin_my_passkey,
        add_my_passkey,
        rename_my_passkey,
        remove_my_passkey,
    ],
)
