"""The driver's app under /charge/: its document, manifest, icons and service worker, by host name.

The document brings along how the organisation looks, so that a phone on a slow network shows the right
name and colour at once and asks for them no second time.
"""

import asyncio
from collections.abc import Callable
from html import escape
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.types import ControllerRouterHandler

from currant.tenancy.branding import Brandings
from currant.tenancy.branding_model import BrandingDraft, PublicBranding
from currant.web import icons
from currant.web.assets import Bundle, Tiles, new_nonce, policy

OPEN = {"permission": "public", "any_parameters": True}
UNPACKED = {**OPEN, "never_compressed": True}
DEVICES = "camera=(self), geolocation=(self), microphone=()"
"""A driver's app may ask where it is, and look at the code on a charger."""
SITE, TITLE, THEME = "__SITE__", "__TITLE__", "__THEME__"
WORKER = "sw.js"

AnyRequest = Request[Any, Any, Any]


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the document says of the organisation; the rest (legal texts, keys) is asked for when needed."""

    name: str
    product_name: str
    primary_colour: str
    logo_url: str | None
    dark_logo_url: str | None
    guests: bool
    driver_app: bool


NOBODYS = PublicBranding(
    tenant="Currant", name="Currant", product_name="Currant", primary_colour=BrandingDraft().primary_colour
)


def driver_routes(
    bundle: Bundle, *, tiles: Tiles, brandings: Brandings | None, missing: Callable[[], Response[str]]
) -> tuple[ControllerRouterHandler, ...]:
    """The routes of the driver's app; `missing` is what is answered where none was built."""

    def branding_of(request: AnyRequest) -> PublicBranding:
        if brandings is None:
            return NOBODYS
        return brandings.public(brandings.tenant_of_host(request.headers.get("host", "")))

    @get(["/charge", "/charge/{rest:path}"], opt=OPEN, include_in_schema=False)
    async def driver(request: AnyRequest) -> Response[str]:
        """The app's document, the same for all of its pages."""
        nonce = new_nonce()
        text = bundle.document("driver", nonce, tiles)
        if text is None:
            return missing()
        branding = branding_of(request)
        site = msgspec.json.encode(_site(branding)).decode()
        for word, value in (
            (TITLE, branding.product_name),
            (THEME, branding.primary_colour),
            # Last, for it holds what people wrote.
            (SITE, site),
        ):
            text = text.replace(word, escape(value))
        return Response(
            text,
            media_type=MediaType.HTML,
            headers={
                "Content-Security-Policy": policy(nonce, tiles=tiles.origin),
                "Cache-Control": "no-cache",
                "Permissions-Policy": DEVICES,
                "Vary": "Host",
            },
        )

    @get("/charge/manifest.webmanifest", opt=OPEN, include_in_schema=False)
    async def manifest(request: AnyRequest) -> Response[bytes]:
        """What makes the app one that can be installed, under the organisation's name."""
        return Response(
            msgspec.json.encode(_manifest(branding_of(request))),
            media_type="application/manifest+json",
            headers={"Cache-Control": "no-cache", "Vary": "Host"},
        )

    @get("/charge/icon.svg", opt=OPEN, include_in_schema=False)
    async def icon(request: AnyRequest) -> Response[bytes]:
        """The sign, in the organisation's colour."""
        return _icon(icons.svg(branding_of(request).primary_colour), "image/svg+xml")

    @get([f"/charge/icon-{size}.png" for size in icons.SIZES], opt=UNPACKED, include_in_schema=False)
    async def picture(request: AnyRequest) -> Response[bytes]:
        """The sign as a picture: what home screens and notices show."""
        size = int(request.url.path.rpartition("-")[2].removesuffix(".png"))
        # Drawn once for a colour, a tenth of a second each.
        drawn = await asyncio.to_thread(icons.png, branding_of(request).primary_colour, size)
        return _icon(drawn, "image/png")

    @get(f"/charge/{WORKER}", opt=OPEN, include_in_schema=False)
    async def worker() -> Response[bytes]:
        """What runs beside the app: keeps its parts for a phone without a network, and shows notices."""
        asset = bundle.assets.get(WORKER)
        if asset is None:
            raise NotFoundException("The pages are not in this installation.")
        return Response(
            asset.raw,
            media_type=asset.media_type,
            headers={
                "Cache-Control": "no-cache",
                "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
            },
        )

    return (driver, manifest, icon, picture, worker)


def _site(branding: PublicBranding) -> Site:
    return Site(
        name=branding.name,
        product_name=branding.product_name,
        primary_colour=branding.primary_colour,
        logo_url=branding.logo_url,
        dark_logo_url=branding.dark_logo_url,
        guests=branding.guests,
        driver_app=branding.driver_app,
    )


def _manifest(branding: PublicBranding) -> dict[str, Any]:
    drawn = [
        {
            "src": f"/charge/icon-{size}.png",
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size in icons.SIZES[1:]
        for purpose in ("any", "maskable")
    ]
    given = [{"src": branding.icon_url, "sizes": "any", "purpose": "any"}] if branding.icon_url else []
    return {
        "id": "/charge/",
        "name": branding.product_name,
        "short_name": branding.product_name[:12].strip(),
        "start_url": "/charge/",
        "scope": "/charge/",
        "display": "standalone",
        "theme_color": branding.primary_colour,
        "background_color": "#ffffff",
        "icons": given or drawn,
        "shortcuts": [{"name": "QR", "url": "/charge/scan"}],
    }


def _icon(content: bytes, media_type: str) -> Response[bytes]:
    headers = {"Cache-Control": "public, max-age=86400", "Vary": "Host"}
    return Response(content, media_type=media_type, headers=headers)
