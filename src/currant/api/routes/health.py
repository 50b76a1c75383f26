"""Is it alive, is it ready, which version is it, and how the network stands at a glance."""

import platform
from datetime import datetime

import msgspec
from litestar import Response, Router, get

from currant import __version__
from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.routes.common import services_of


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    status: str = "alive"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server can do its work; `problem` says in words what keeps it from it."""

    ready: bool
    problem: str | None = None
    since: datetime | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    name: str = "currant"
    version: str = __version__
    python: str = platform.python_version()


@get("/health/live", opt={"permission": PUBLIC}, tags=["Health"])
async def is_alive(request: ApiRequest) -> Alive:
    """Answers as long as the process runs. For a supervisor that restarts what hangs."""
    return Alive()


@get("/health/ready", opt={"permission": PUBLIC}, tags=["Health"])
async def is_ready(request: ApiRequest) -> Response[Ready]:
    """200 when facts can be kept, 503 with the reason in words when not. For a load balancer."""
    health = services_of(request).database.health
    ready = Ready(ready=health.ok, problem=health.problem, since=health.since)
    return Response(ready, status_code=200 if ready.ready else 503)


@get("/api/v1/version", opt={"permission": PUBLIC}, tags=["Health"])
async def version(request: ApiRequest) -> Version:
    """Which version this is."""
    return Version()


router = Router("/", route_handlers=[is_alive, is_ready, version])
