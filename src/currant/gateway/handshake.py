"""The opening of a station's connection, read tolerantly: request head, identity, version, compression.

Pure: bytes in, values out. Chargers double slashes, forget to encode spaces, put the whole URL
where the path belongs and send header names in any case; what has a clear meaning is accepted.
"""

import binascii
from base64 import b64decode
from urllib.parse import unquote_to_bytes

import msgspec

HEAD_BYTES_MAX = 8192
HEADERS_MAX = 100
IDENTITY_LENGTH_MAX = 48

SUBPROTOCOLS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1", "ocpp2.1": "2.1"}


class BadRequest(Exception):
    """The bytes are no WebSocket opening; `status` and the message are what the client is told."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A request to open a WebSocket. Header names are lower-case; repeated headers are joined by commas."""

    target: bytes
    headers: dict[str, str]
    key: str


def looks_like_http(data: bytes) -> bool:
    """Whether the first bytes can begin a request; TLS and garbage on a plain port are told apart early."""
    return (
        b"GET /".startswith(data[:5]) or data[:4] == b"GET " or (data[:1].isalpha() and data[:16].isascii())
    )


def read_opening(head: bytes) -> Opening:
    """Read a request head (without its empty last line). Raises `BadRequest`.

    The target runs from the first to the last space of the request line, because some
    chargers send a space of their identity unencoded.
    """
    lines = head.split(b"\r\n") if b"\r\n" in head else head.split(b"\n")
    method, _, rest = lines[0].partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not version.startswith(b"HTTP/") or not target:
        raise BadRequest(400, "This is not an HTTP request.")
    if method != b"GET":
        raise BadRequest(405, "A WebSocket is opened with GET.")
    if version != b"HTTP/1.1":
        raise BadRequest(505, "WebSockets need HTTP/1.1.")
    if len(lines) > HEADERS_MAX:
        raise BadRequest(431, "Too many headers.")
    headers = _read_headers(lines[1:])
    if headers.get("content-length", "0").strip("0") or "transfer-encoding" in headers:
        raise BadRequest(400, "An opening request has no body.")
    if not _has_token(headers.get("upgrade", ""), "websocket"):
        raise BadRequest(426, "This is an OCPP endpoint: open a WebSocket here.")
    if not _has_token(headers.get("connection", ""), "upgrade"):
        raise BadRequest(426, "The header 'Connection: Upgrade' is missing.")
    if headers.get("sec-websocket-version") != "13":
        raise BadRequest(426, "Only version 13 of the WebSocket protocol is spoken here.")
    key = headers.get("sec-websocket-key", "")
    if not _is_key(key):
        raise BadRequest(400, "Sec-WebSocket-Key is missing or not 16 bytes in base64.")
    return Opening(target=target.strip(), headers=headers, key=key)


def _read_headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name.strip() or line[:1] in b" \t":
            raise BadRequest(400, "A header line is malformed.")
        field = name.strip().decode("latin-1").lower()
        text = value.strip().decode("latin-1")
        headers[field] = f"{headers[field]}, {text}" if field in headers else text
    return headers


def _has_token(value: str, token: str) -> bool:
    return any(part.strip().lower() == token for part in value.split(","))


def _is_key(key: str) -> bool:
    try:
        return len(b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def identity_of(target: bytes) -> str | None:
    """The station's identity, as the last path segment of a request target; None when there is none.

    Split first, decode after (OCPP-J 1.6, 3.1.1), so that an encoded slash stays within the
    identity. The endpoint is `/ocpp/` or the root, yet any path in front is let pass: chargers
    put whole URLs there (quirk A6). Query and fragment are not part of an identity.
    """
    path = target.split(b"?", 1)[0].split(b"#", 1)[0]
    segments = [segment for segment in path.split(b"/") if segment]
    if not segments or (path.find(b"://") > 0 and len(segments) < 3):
        return None
    last = segments[-1]
    if len(segments) == 1 and last.lower() == b"ocpp":
        return None
    try:
        identity = unquote_to_bytes(last).decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    if not 0 < len(identity) <= IDENTITY_LENGTH_MAX or not identity.isprintable():
        return None
    return identity


def is_endpoint(target: bytes) -> bool:
    """Whether the path is one that we publish (`/ocpp/{identity}` or `/{identity}`, RFC 3986 forms of them).

    Stations that are known may come by any path; one that nobody knows must not be written
    down because a port scanner asked for `/api/v1/users`.
    """
    path = target.split(b"?", 1)[0].split(b"#", 1)[0]
    if b"://" in path:
        path = path.split(b"://", 1)[1].partition(b"/")[2]
    segments = [segment for segment in path.split(b"/") if segment]
    return len(segments) == 1 or (len(segments) == 2 and segments[0].lower() == b"ocpp")


def names_endpoint(target: bytes) -> bool:
    """Whether a path leads to `/ocpp/{identity}`, and not just anywhere."""
    path = target.split(b"?", 1)[0]
    segments = [segment for segment in path.split(b"/") if segment]
    return len(segments) >= 2 and segments[-2].lower() == b"ocpp"


def choose_version(offered: str, *, assumed: str | None) -> tuple[str | None, str | None]:
    """(version, subprotocol to echo): the first offered that is spoken here (the order is the client's
    preference). `assumed` is taken only when nothing at all was offered (quirk A1)."""
    names = [name.strip() for name in offered.split(",") if name.strip()]
    for name in names:
        version = SUBPROTOCOLS.get(name.lower())
        if version is not None:
            return version, name
    return (assumed, None) if not names else (None, None)


def basic_credentials(header: str | None) -> tuple[bytes, bytes] | None:
    """(user, password) of an Authorization header, as raw bytes: 1.6's keys need not be UTF-8."""
    if not header:
        return None
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None
