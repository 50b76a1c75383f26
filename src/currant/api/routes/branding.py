"""How an organisation looks: set by its owners, shown to everybody who comes by its host name."""

from hashlib import blake2b
from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.params import FromPath, JSONBody

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.problems import ApiError
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.kit.errors import NotFound
from currant.kit.ids import TenantId
from currant.tenancy.branding import LOGO_KINDS, Brandings
from currant.tenancy.branding_model import Branding, BrandingDraft, LogoKind, PublicBranding
from currant.tenancy.branding_rules import LOGO_BYTES_MAX
from currant.tenancy.model import Permission

PICTURES = ("image/png", "image/jpeg", "image/webp", "image/svg+xml")

# A picture that is opened on its own is a document: it may fetch and run nothing, and style only itself.
PICTURE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"
)


class Hosts(Body, frozen=True, kw_only=True):
    """The host names at which drivers find an organisation; these and no others."""

    hosts: Annotated[tuple[str, ...], msgspec.Meta(max_length=20, examples=[["charge.example.com"]])]


def brandings_of(request: ApiRequest) -> Brandings:
    brandings = services_of(request).brandings
    assert brandings is not None, "Where pages are shown there are brandings."
    return brandings


@get("/branding", opt={"permission": Permission.ORGANISATION_READ})
async def get_branding(request: ApiRequest) -> Branding:
    """How the caller's organisation looks."""
    return brandings_of(request).get(tenant_of(request))


@put("/branding", opt={"permission": Permission.ORGANISATION_WRITE})
async def set_branding(request: ApiRequest, data: JSONBody[BrandingDraft]) -> Branding:
    """Set how the organisation looks. What is left out gets its default; logos are set on their own.

    Further host names are given by the installation's operator (`PUT /organisations/{id}/hosts`); what is
    in `hosts` already may stay or go.
    """
    caller = caller_of(request)
    return await brandings_of(request).change(
        caller.tenant_id, data, by=caller.label, may_name_hosts=caller.may(Permission.TENANTS_MANAGE)
    )


@get("/organisations/{organisation:str}/hosts", opt={"permission": Permission.TENANTS_MANAGE})
async def get_hosts(request: ApiRequest, organisation: FromPath[str]) -> Hosts:
    """The host names at which drivers find an organisation."""
    found = await services_of(request).tenancy.organisations.get(TenantId(organisation))
    return Hosts(hosts=brandings_of(request).get(found.id).hosts)


@put("/organisations/{organisation:str}/hosts", opt={"permission": Permission.TENANTS_MANAGE})
async def set_hosts(request: ApiRequest, organisation: FromPath[str], data: JSONBody[Hosts]) -> Branding:
    """Give an organisation its host names. Whoever asks for a page at one of them sees that organisation's."""
    caller = caller_of(request)
    found = await services_of(request).tenancy.organisations.get(TenantId(organisation))
    return await brandings_of(request).set_hosts(found.id, data.hosts, by=caller.label)


@put(
    "/branding/{kind:str}",
    opt={"permission": Permission.ORGANISATION_WRITE, "takes": PICTURES},
    request_max_body_size=LOGO_BYTES_MAX + 1_024,
)
async def set_picture(request: ApiRequest, kind: FromPath[str]) -> Branding:
    """Set the `logo`, the `dark_logo` or the `icon`: the body is the picture itself, at most 512 KB.

    PNG, JPEG, WebP or SVG, known by its bytes. An SVG with scripts, event handlers or references to
    elsewhere is not taken.
    """
    wanted = _kind(kind)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in PICTURES:
        raise ApiError(
            415, "unsupported_media_type", f"Send the picture with its Content-Type: {', '.join(PICTURES)}."
        )
    caller = caller_of(request)
    return await brandings_of(request).set_picture(
        caller.tenant_id, wanted, await request.body(), by=caller.label
    )


@delete("/branding/{kind:str}", status_code=200, opt={"permission": Permission.ORGANISATION_WRITE})
async def remove_picture(request: ApiRequest, kind: FromPath[str]) -> Branding:
    """Do without the `logo`, the `dark_logo` or the `icon`."""
    caller = caller_of(request)
    return await brandings_of(request).remove_picture(caller.tenant_id, _kind(kind), by=caller.label)


def _kind(kind: str) -> LogoKind:
    if kind not in LOGO_KINDS:
        raise NotFound(f"There is no picture {kind[:40]}: set `logo`, `dark_logo` or `icon`.", field="kind")
    return LogoKind(kind)


@get("/branding/public", opt={"permission": PUBLIC})
async def get_public_branding(request: ApiRequest) -> Response[PublicBranding | None]:
    """How the organisation looks at whose host name this is asked. Nobody needs to sign in."""
    brandings = brandings_of(request)
    public = brandings.public(brandings.tenant_of_host(request.headers.get("host", "")))
    tag = f'"{blake2b(msgspec.json.encode(public), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Host"}
    known = request.headers.get("if-none-match", "")
    if tag in (part.strip().removeprefix("W/") for part in known.split(",")):
        return Response(None, status_code=304, headers=headers)
    return Response(public, headers=headers)


@get(
    "/branding/files/{file:str}",
    opt={"permission": PUBLIC, "gives": PICTURES, "never_compressed": True},
)
async def get_picture(request: ApiRequest, file: FromPath[str]) -> Response[bytes]:
    """A logo or icon. Its name is made of its bytes, so that it may be kept for ever."""
    digest, _, ending = file.partition(".")
    picture = await brandings_of(request).picture(digest)
    if not picture.media_type.endswith({"jpg": "jpeg", "svg": "svg+xml"}.get(ending, ending) or "-"):
        raise NotFound("There is no such picture.")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": PICTURE_POLICY,
    }
    return Response(picture.content, media_type=picture.media_type, headers=headers)


router = Router(
    "/api/v1",
    tags=["Branding"],
    route_handlers=[
        get_branding,
        set_branding,
        get_hosts,
        set_hosts,
        set_picture,
        remove_picture,
        get_public_branding,
        get_picture,
    ],
)
