"""The description of the API for programs (OpenAPI) and for people (a page that needs nothing from elsewhere)."""

import asyncio
import base64
import hashlib
from importlib.resources import files

from litestar import MediaType, Response, Router, get

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.describing import describe

PAGE = files("currant.api").joinpath("page/page.html").read_text(encoding="utf-8")
STYLE = files("currant.api").joinpath("page/page.css").read_text(encoding="utf-8")
SCRIPT = files("currant.api").joinpath("page/page.js").read_text(encoding="utf-8")


def _allowed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


HTML = PAGE.replace("/*style*/", STYLE).replace("/*script*/", SCRIPT)
# Exactly this style and this script run, and they talk to this server alone.
POLICY = (
    f"default-src 'none'; style-src {_allowed(STYLE)}; script-src {_allowed(SCRIPT)}; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@get("/api/v1/openapi.json", opt={"permission": PUBLIC}, include_in_schema=False)
async def openapi(request: ApiRequest) -> Response[bytes]:
    """The description of this API, OpenAPI 3.1."""
    state = request.app.state
    making: asyncio.Lock = state.setdefault("describing", asyncio.Lock())
    async with making:
        if state.get("description") is None:
            # Made when first asked for, and once for all who ask meanwhile: most starts are of servers whose
            # description nobody reads. It takes a second or two, which is not the event loop's.
            state.description = await asyncio.to_thread(describe, request.app)
            state.description_tag = '"' + hashlib.sha256(state.description).hexdigest()[:32] + '"'
    headers = {"ETag": state.description_tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == state.description_tag:
        return Response(b"", status_code=304, headers=headers)
    return Response(state.description, media_type="application/json", headers=headers)


@get("/api/docs", opt={"permission": PUBLIC}, include_in_schema=False)
async def page(request: ApiRequest) -> Response[str]:
    """The documentation, to read and to try out."""
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return Response(HTML, media_type=MediaType.HTML, headers=headers)


router = Router("/", route_handlers=[openapi, page])
