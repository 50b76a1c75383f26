"""Puts the API together: routes, guards, problems, description.

`create_app` is all that the rest of Currant needs to know; it fails at once when a route names no
permission.
"""

import asyncio
from typing import Any

import msgspec
from litestar import Request
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler

from currant.api import problems
from currant.api.authentication import CSRF_HEADER, PUBLIC, Authentication, permitted
from currant.api.bodies import mistakes
from currant.api.edge import Edge
from currant.api.problems import ApiError, WrongBody, meant
from currant.api.routes import ROUTES, TAGS
from currant.api.services import ApiConfig, ApiServices
from currant.events.live import TooManyReaders
from currant.kit.clock import Clock, SystemClock
from currant.kit.errors import CurrantError, Invalid
from currant.tenancy.model import Permission, SignInRefused

JSON_TYPES = ("application/json", "application/merge-patch+json")
# Words of a route's function that are no query parameters.
RESERVED = frozenset({"request", "data", "state", "headers", "body", "return"})

DEFAULT_CONFIG = ApiConfig()


def create_app(
    services: ApiServices,
    config: ApiConfig = DEFAULT_CONFIG,
    *,
    clock: Clock | None = None,
    more_routes: tuple[ControllerRouterHandler, ...] = (),
) -> Edge:
    """The ASGI application. `more_routes` (the console's pages) name their permission too."""
    authentication = Authentication(services, config, clock or SystemClock())
    cors = CORSConfig(
        allow_origins=list(config.allowed_origins),
        allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", CSRF_HEADER],
        max_age=600,
    )
    app = Edge(
        route_handlers=[*ROUTES, *more_routes],
        middleware=[authentication],
        guards=[permitted],
        before_request=_check_request,
        exception_handlers={
            WrongBody: problems.wrong_body,
            SignInRefused: problems.sign_in_refused,
            CurrantError: problems.currant_error,
            TooManyReaders: problems.too_many_readers,
            HTTPException: problems.http_exception,
            Exception: problems.anything_else,
        },
        request_max_body_size=config.body_max_bytes,
        cors_config=cors if config.allowed_origins else None,
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=1_000, gzip_compress_level=5, exclude_opt_key="never_compressed"
        ),
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    app.authentication = authentication
    stand_on(app, services, config, clock=clock)
    _check_permissions(app)
    return app


def stand_on(
    app: Edge, services: ApiServices, config: ApiConfig = DEFAULT_CONFIG, *, clock: Clock | None = None
) -> None:
    """Give an application that serves nobody its services; what it kept of others is forgotten.

    Routes take a third of a second to put together, and none to be used again: tests do.
    """
    clock = clock or SystemClock()
    app.edge_clock = clock
    app.authentication.stand_on(services, config, clock)
    of_routes = {name: app.state[name] for name in ("description", "description_tag") if name in app.state}
    app.state = State(
        {
            **of_routes,
            "services": services,
            "config": config,
            "clock": clock,
            "closing": asyncio.Event(),
            "tags": TAGS,
        }
    )


def _check_permissions(app: Edge) -> None:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.http_methods == {"OPTIONS"}:
                handler.opt["permission"] = PUBLIC
            needed = handler.opt.get("permission")
            if not isinstance(needed, Permission) and needed != PUBLIC:
                raise RuntimeError(f"The route {route.path} ({handler.handler_name}) names no permission.")


async def _check_request(request: Request[Any, Any, Any]) -> None:
    """What is asked must be understood whole: a misspelt filter must not return everything."""
    handler = request.route_handler
    if handler.opt.get("any_parameters"):
        return  # a page's address: what is behind the question mark is for the page
    known = handler.opt.get("known_parameters")
    if known is None:
        known = handler.opt["known_parameters"] = _known_parameters(handler)
    for name in request.query_params:
        if name not in known:
            raise Invalid(f"There is no parameter `{name}` here.{meant(name, sorted(known))}", field=name)
    if handler.parsed_data_field is not None:
        await _check_body(request, handler.parsed_data_field.annotation)


async def _check_body(request: Request[Any, Any, Any], wanted: Any) -> None:
    raw = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES and (kind or raw):
        raise ApiError(415, "unsupported_media_type", "Send JSON, with `Content-Type: application/json`.")
    if not raw:
        return
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError(400, "malformed_json", f"The body is no JSON: {error}.") from None
    if wrong := mistakes(value, wanted):
        raise WrongBody(wrong)


def _known_parameters(handler: Any) -> frozenset[str]:
    path = set(handler.resolve_path_parameters()) if hasattr(handler, "resolve_path_parameters") else set()
    known = set()
    for name, field in handler.parsed_fn_signature.parameters.items():
        if name in RESERVED or name in path:
            continue
        known.add(getattr(field.kwarg_definition, "name", None) or name)
    return frozenset(known)
