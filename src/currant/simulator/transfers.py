"""Files that really travel: firmware fetched and logs sent over HTTP(S), in a few threads.

A station says what it wants carried and is told later what became of it; what carries it is the
shell's affair: a small pool of threads for a fleet, a plain call in a test.
"""

import http.client
import ssl
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

import msgspec

FILE_MAX = 64 << 20
TRANSFER_S = 60.0
REDIRECTS_MAX = 3
_CHUNK = 1 << 16


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A file to fetch from `url`, or `content` to put there."""

    url: str
    content: bytes | None = None
    ca_file: str | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: the fetched bytes, or a word on what went wrong and its HTTP status."""

    content: bytes = b""
    problem: str | None = None
    status: int = 0


Carrier = Callable[[Transfer, Callable[[Outcome], None]], None]


def carry(transfer: Transfer) -> Outcome:
    """Do it, here and now, blocking."""
    try:
        return _follow(transfer)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome(problem=str(error) or type(error).__name__)


def carry_at_once(transfer: Transfer, done: Callable[[Outcome], None]) -> None:
    """A carrier for tests without a loop."""
    done(carry(transfer))


def _follow(transfer: Transfer) -> Outcome:
    url = transfer.url
    for _ in range(REDIRECTS_MAX):
        outcome, elsewhere = _exchange(url, transfer)
        if elsewhere is None:
            return outcome
        url = elsewhere
    return Outcome(problem="Redirected too often.")


def _exchange(url: str, transfer: Transfer) -> tuple[Outcome, str | None]:
    parts = urlsplit(url)
    connection = _connection(parts, transfer.ca_file)
    try:
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        if transfer.content is None:
            connection.request("GET", target)
        else:
            headers = {"Content-Type": "application/octet-stream"}
            connection.request("PUT", target, body=transfer.content, headers=headers)
        answer = connection.getresponse()
        elsewhere = answer.getheader("Location")
        if answer.status in (301, 302, 307, 308) and elsewhere is not None:
            return Outcome(), elsewhere
        if not 200 <= answer.status < 300:
            return Outcome(problem=f"{answer.status} {answer.reason}", status=answer.status), None
        return _read(answer), None
    finally:
        connection.close()


def _read(answer: http.client.HTTPResponse) -> Outcome:
    content = bytearray()
    while chunk := answer.read(_CHUNK):
        content += chunk
        if len(content) > FILE_MAX:
            return Outcome(problem="The file is larger than the station's memory.", status=answer.status)
    return Outcome(content=bytes(content), status=answer.status)


def _connection(parts: SplitResult, ca_file: str | None) -> http.client.HTTPConnection:
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise ValueError(f"{parts.scheme or 'no scheme'}: only HTTP and HTTPS are supported.")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TRANSFER_S)
    context = ssl.create_default_context(cafile=ca_file)
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TRANSFER_S, context=context)
