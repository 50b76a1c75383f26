"""Drivers sign in and out, and say who they are."""

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.driver.asking import (
    base_of,
    branding_of,
    drivers_of,
    guests_allowed,
    language_for,
    origin_of,
    rp_id_of,
    slowed,
    tenant_of,
)
from currant.api.driver.signed_in import DRIVER, cookie_of, found, no_cookie, required
from currant.api.routes.common import Body
from currant.drivers.model import LANGUAGES, DriverMe, DriverPasskey, NewSignIn
from currant.drivers.sign_in import Asked
from currant.kit.errors import NotAllowed
from currant.tenancy.branding_model import PublicBranding

Language = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?)?\Z", examples=["de"])]
"""Empty: the browser's. Pages may speak more than the server does, which then writes English."""
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Credential = dict[str, Any]
"""What `PublicKeyCredential.toJSON()` gives in a browser."""
ASIDE = {"permission": PUBLIC, "never_compressed": True}


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the app has to know before anything else."""

    branding: PublicBranding
    vapid_public_key: str
    """For `PushManager.subscribe`; empty where no messages are sent."""
    languages: tuple[str, ...]
    guests: bool
    """Whether one may charge without an account."""
    mail: bool
    """Whether one may sign in by a letter."""


class GuestWanted(Body, frozen=True, kw_only=True):
    """Somebody who wants to charge without an account."""

    language: Language = ""


class LinkWanted(Body, frozen=True, kw_only=True):
    """Somebody who wants a link to sign in with."""

    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254, examples=["ada@example.com"])]
    language: Language = ""


class LinkOpened(Body, frozen=True, kw_only=True):
    """The word of a link."""

    token: Secret


class PasskeyShown(Body, frozen=True, kw_only=True):
    """A browser's answer to a challenge."""

    challenge_id: Secret
    credential: Credential


class PasskeyMade(Body, frozen=True, kw_only=True):
    """A passkey that a browser made, and what its owner calls it."""

    challenge_id: Secret
    credential: Credential
    name: Annotated[str, msgspec.Meta(max_length=100, examples=["My phone"])] = ""


class DriverPasskeyAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask the browser for; `challenge_id` comes back with its answer."""

    challenge_id: str
    options: dict[str, Any]


class DriverChange(Body, frozen=True, kw_only=True):
    """What shall be different; what is not named stays."""

    name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    language: Language | None = None


@get("/site", opt={"permission": PUBLIC})
async def driver_site(request: ApiRequest) -> Site:
    """How the network looks whose host name this is asked at, and what drivers may do there."""
    drivers, tenant_id = drivers_of(request), tenant_of(request)
    branding = branding_of(request, tenant_id)
    return Site(
        branding=branding,
        vapid_public_key=drivers.push_key,
        languages=LANGUAGES,
        guests=branding.guests,
        mail=drivers.mail_arrives,
    )


@post("/guest", status_code=200, opt=ASIDE)
async def driver_guest(request: ApiRequest, data: JSONBody[GuestWanted]) -> Response[DriverMe]:
    """Go on as a guest, where that is allowed. Who is signed in already stays who they are."""
    tenant_id = tenant_of(request)
    if not guests_allowed(request, tenant_id):
        raise NotAllowed("Guests do not charge here: sign in.")
    who = await found(request, tenant_id)
    if who is not None:
        return Response(await drivers_of(request).accounts.me(who.driver, csrf_token=who.csrf_token))
    slowed(request, "guest")
    made = await drivers_of(request).sign_in.guest(tenant_id, language=language_for(request, data.language))
    return await _welcome(request, made)


@post("/sign-in/mail", status_code=204, opt=ASIDE)
async def driver_ask_link(request: ApiRequest, data: JSONBody[LinkWanted]) -> None:
    """Send a link to an address. The answer is the same whether the address is known or not."""
    tenant_id = tenant_of(request)
    slowed(request, "mail")
    await drivers_of(request).sign_in.ask_link(
        tenant_id,
        email=data.email,
        language=language_for(request, data.language),
        base=base_of(request, tenant_id),
        brand=branding_of(request, tenant_id).product_name,
    )


@post("/sign-in/link", status_code=200, opt=ASIDE)
async def driver_open_link(request: ApiRequest, data: JSONBody[LinkOpened]) -> Response[DriverMe]:
    """Sign in with the word of a link, which works once. A guest at this browser becomes the account, if it is new."""
    tenant_id = tenant_of(request)
    slowed(request, "link")
    made = await drivers_of(request).sign_in.open_link(
        tenant_id, data.token, signed_in=await found(request, tenant_id)
    )
    return await _welcome(request, made)


@post("/sign-in/passkey/options", status_code=200, opt=ASIDE)
async def driver_passkey_options(request: ApiRequest) -> DriverPasskeyAsked:
    """Begin to sign in with a passkey: what to ask the browser for."""
    tenant_id = tenant_of(request)
    slowed(request, "passkey")
    return _asked(await drivers_of(request).sign_in.passkey_options(tenant_id, rp_id=rp_id_of(request)))


@post("/sign-in/passkey", status_code=200, opt=ASIDE)
async def driver_sign_in_with_passkey(
    request: ApiRequest, data: JSONBody[PasskeyShown]
) -> Response[DriverMe]:
    """Sign in with a passkey."""
    tenant_id = tenant_of(request)
    slowed(request, "passkey")
    made = await drivers_of(request).sign_in.passkey(
        tenant_id,
        data.challenge_id,
        data.credential,
        rp_id=rp_id_of(request),
        origin=origin_of(request),
    )
    return await _welcome(request, made)


@post("/sign-out", status_code=204, opt=DRIVER)
async def driver_sign_out(request: ApiRequest) -> Response[None]:
    """Sign this browser out. A guest's sessions cannot be seen again after this."""
    who = await required(request, tenant_of(request))
    await drivers_of(request).sign_in.sign_out(who)
    return Response(None, status_code=204, cookies=[no_cookie()])


@get("/me", opt=DRIVER)
async def driver_me(request: ApiRequest) -> DriverMe:
    """Who is signed in at this browser."""
    who = await required(request, tenant_of(request))
    return await drivers_of(request).accounts.me(who.driver, csrf_token=who.csrf_token)


@patch("/me", opt=DRIVER)
async def driver_change_me(request: ApiRequest, data: JSONBody[DriverChange]) -> DriverMe:
    """Change one's name or language."""
    who = await required(request, tenant_of(request))
    accounts = drivers_of(request).accounts
    driver = await accounts.change(who.driver, name=data.name, language=data.language)
    return await accounts.me(driver, csrf_token=who.csrf_token)


@delete("/me", status_code=204, opt=DRIVER)
async def driver_erase_me(request: ApiRequest) -> Response[None]:
    """Erase the account: all that is personal goes for good, and what was charged stays as nobody's."""
    who = await required(request, tenant_of(request))
    await drivers_of(request).accounts.erase(who.driver)
    return Response(None, status_code=204, cookies=[no_cookie()])


@post("/me/passkeys/options", status_code=200, opt=DRIVER)
async def driver_new_passkey_options(request: ApiRequest) -> DriverPasskeyAsked:
    """Begin to make a passkey: what to ask the browser for."""
    tenant_id = tenant_of(request)
    who = await required(request, tenant_id)
    slowed(request, "passkey", who.driver.id)
    return _asked(
        await drivers_of(request).accounts.passkey_options(
            who.driver, rp_id=rp_id_of(request), rp_name=branding_of(request, tenant_id).product_name
        )
    )


@post("/me/passkeys", status_code=201, opt=DRIVER)
async def driver_add_passkey(request: ApiRequest, data: JSONBody[PasskeyMade]) -> DriverPasskey:
    """Keep a passkey that the browser made. A guest who has one is a guest no more."""
    who = await required(request, tenant_of(request))
    return await drivers_of(request).accounts.add_passkey(
        who.driver,
        data.challenge_id,
        data.credential,
        name=data.name,
        rp_id=rp_id_of(request),
        origin=origin_of(request),
    )


@delete("/me/passkeys/{passkey:str}", opt=DRIVER)
async def driver_remove_passkey(request: ApiRequest, passkey: FromPath[str]) -> None:
    """Forget a passkey."""
    who = await required(request, tenant_of(request))
    await drivers_of(request).accounts.remove_passkey(who.driver, passkey)


async def _welcome(request: ApiRequest, made: NewSignIn) -> Response[DriverMe]:
    me = await drivers_of(request).accounts.me(made.driver, csrf_token=made.csrf_token)
    return Response(me, status_code=200, cookies=[cookie_of(request, made)])


def _asked(asked: Asked) -> DriverPasskeyAsked:
    return DriverPasskeyAsked(challenge_id=asked.challenge_id, options=asked.options)


routes = (
    driver_site,
    driver_guest,
    driver_ask_link,
    driver_open_link,
    driver_passkey_options,
    driver_sign_in_with_passkey,
    driver_sign_out,
    driver_me,
    driver_change_me,
    driver_erase_me,
    driver_new_passkey_options,
    driver_add_passkey,
    driver_remove_passkey,
)
