"""The outermost skin of the API: request ids, security headers, one line in the log for every request."""

import logging
import re
from typing import Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import Message, Receive, Scope, Send

from currant.api.authentication import Authentication
from currant.kit.clock import Clock, SystemClock
from currant.kit.ids import new_id
from currant.stations.transfers.addresses import masked

log = logging.getLogger("currant.access")

REQUEST_ID = b"x-request-id"
# What a caller gives as a request id ends in our log: nothing that could forge a line or fill it.
_FIT = re.compile(rb"[A-Za-z0-9._-]{8,64}")

# One name or address with at most a port behind it (RFC 9112, 3.2): links and walls are made of it. None
# at all is what health checks of old load balancers send.
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*)(:[0-9]{0,5})?")
_NO_HOST = (
    b'{"type":"urn:currant:problem:malformed","title":"Bad Request","status":400,"code":"malformed",'
    b'"detail":"The Host header must be there once, and hold a name with at most a port."}'
)

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
# Unless a route says otherwise: data is not to be kept, framed or executed by anybody.
DEFAULTS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
# Browsers heed these on secure pages alone, and complain of them on others.
ENCRYPTED: tuple[tuple[bytes, bytes], ...] = (
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Edge(Litestar):
    """Litestar with what every answer needs, those to addresses that do not exist included."""

    edge_clock: Clock = SystemClock()
    authentication: Authentication

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == REQUEST_ID), b"")
        request_id = given if _FIT.fullmatch(given) else new_id().encode()
        scope["request_id"] = request_id.decode()  # type: ignore[typeddict-unknown-key]
        started = self.edge_clock.monotonic()

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: list[Any] = [*message.get("headers", ())]
                present = {name.lower() for name, _ in headers}
                headers.append((REQUEST_ID, request_id))
                headers += [pair for pair in (*HEADERS, *DEFAULTS) if pair[0] not in present]
                if scope.get("scheme") == "https":
                    headers += ENCRYPTED
                message["headers"] = headers
                _log(scope, message["status"], self.edge_clock.monotonic() - started)
            await send(message)

        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) > 1 or (hosts and not _HOST.fullmatch(hosts[0])):
            kind = (b"content-type", b"application/problem+json")
            await finish({"type": "http.response.start", "status": 400, "headers": [kind]})
            await finish({"type": "http.response.body", "body": _NO_HOST, "more_body": False})
            return
        await super().__call__(scope, receive, finish)


def _log(scope: Any, status: int, seconds: float) -> None:
    # The path without its query, for filters hold token uids, and without the word of a signed link.
    # Other secrets travel in headers and bodies only.
    level = logging.WARNING if status >= 500 else logging.INFO
    if not log.isEnabledFor(level):
        return
    caller = scope.get("user")
    client = scope.get("client")
    log.log(
        level,
        "%s %s %s %.1f ms caller=%s address=%s request=%s",
        scope["method"],
        masked(scope["path"]).encode("unicode_escape").decode(),
        status,
        seconds * 1000,
        caller.label if caller is not None else "-",
        client[0] if client else "-",
        scope["request_id"],
    )
