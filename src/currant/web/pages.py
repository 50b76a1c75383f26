"""The addresses of the two applications. What is behind them asks the API, like everybody else.

`/console/` is the operator's console, `/charge/` the driver's app, `/c/{code}` what is printed on a
charger. Every address below an application answers with its document: which page is meant, the
document finds out itself.
"""

import hashlib
from typing import Any
from urllib.parse import quote

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from currant.tenancy.branding import Brandings
from currant.web.assets import FOREVER, Asset, Bundle, Tiles, new_nonce, policy
from currant.web.driver_app import driver_routes

OPEN = {"permission": "public", "any_parameters": True}
# The documents and their assets are small already, or packed when they were built.
UNPACKED = {**OPEN, "never_compressed": True}
IN_MEMORY = {**UNPACKED, "uncounted": True}

NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Currant</title>
<body><h1>The pages are not in this installation</h1>
<p>It was built without them (<code>CURRANT_WEB=skip</code>). Install Currant again without that variable,
or use the API: its documentation is at <a href="/api/docs">/api/docs</a>.</p></body></html>"""

NO_TILES = Tiles()

AnyRequest = Request[Any, Any, Any]


def web_routes(
    bundle: Bundle, *, tiles: Tiles = NO_TILES, brandings: Brandings | None = None
) -> tuple[ControllerRouterHandler, ...]:
    """The routes of the pages. `brandings` know how the driver's app looks at which host name."""

    def missing() -> Response[str]:
        return Response(NOT_BUILT, status_code=501, media_type=MediaType.HTML)

    @get("/", opt=OPEN, include_in_schema=False)
    async def entrance(request: AnyRequest) -> Redirect:
        """Drivers to their app, everybody else to the console."""
        host = request.headers.get("host", "").rpartition("@")[2]
        drivers_first = brandings is not None and brandings.is_branded(host)
        return Redirect("/charge/" if drivers_first else "/console/")

    @get(["/console", "/console/{rest:path}"], opt=OPEN, include_in_schema=False)
    async def console() -> Response[str]:
        """The operator's console."""
        nonce = new_nonce()
        text = bundle.document("console", nonce, tiles)
        if text is None:
            return missing()
        headers = {"Content-Security-Policy": policy(nonce, tiles=tiles.origin), "Cache-Control": "no-cache"}
        return Response(text, media_type=MediaType.HTML, headers=headers)

    @get("/c/{code:str}", opt=OPEN, include_in_schema=False)
    async def printed_code(code: FromPath[str]) -> Redirect:
        """The address printed on a charger, which opens the app at this very charger."""
        return Redirect(f"/charge/at/{quote(code[:100], safe='')}")

    @get("/assets/{rest:path}", opt=IN_MEMORY, include_in_schema=False)
    async def asset(request: AnyRequest, rest: FromPath[str]) -> Response[bytes]:
        """A part of the applications; its name says its content, so it may be kept."""
        return _handed_out(request, bundle.assets.get(f"assets/{rest.lstrip('/')}"))

    @get("/icon.svg", opt=IN_MEMORY, include_in_schema=False)
    async def icon(request: AnyRequest) -> Response[bytes]:
        """Currant's sign."""
        return _handed_out(request, bundle.assets.get("icon.svg"))

    apps = driver_routes(bundle, tiles=tiles, brandings=brandings, missing=missing)
    return (entrance, console, *apps, printed_code, asset, icon)


def _handed_out(request: AnyRequest, asset: Asset | None) -> Response[bytes]:
    if asset is None:
        raise NotFoundException("There is no such file: reload the page.")
    body, encoding = asset.best(request.headers.get("accept-encoding", ""))
    headers = {"Vary": "Accept-Encoding"}
    if encoding:
        headers["Content-Encoding"] = encoding
    if asset.hashed:
        headers["Cache-Control"] = FOREVER
    else:
        tag = '"' + hashlib.sha256(body).hexdigest()[:24] + '"'
        headers |= {"Cache-Control": "no-cache", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=asset.media_type, headers=headers)
