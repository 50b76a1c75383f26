"""Asks other people's servers, and lets none of them hurt us.

An address that somebody typed into a form may lead into our own network, answer for ever, redirect
elsewhere or send a flood. So every request here has one deadline for all of it, follows no
redirect, reads no more than it was told to, and connects only to addresses of the public internet
unless the installation allows others. The check is of the address that is really connected to,
after the name was resolved: a name that changes its mind between two look-ups gains nothing.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from enum import StrEnum
from typing import Any

import httpcore
import httpx
import msgspec

from currant.kit.errors import Invalid

USER_AGENT = "Currant"
URL_MAX = 2_000
BODY_MAX = 1_000_000
DEADLINE_MAX_S = 300.0
CONNECTIONS_MAX = 100
KEPT_ALIVE_MAX = 20
SIGNATURE_HEADER = "Currant-Signature"


class Failure(StrEnum):
    """Why there is no answer."""

    UNREACHABLE = "unreachable"
    """The name is not known, nobody listens, or the connection broke."""
    FORBIDDEN = "forbidden"
    """The address is not one that we connect to."""
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    NO_TRUST = "no_trust"
    """The server's certificate does not hold."""
    NOT_HTTP = "not_http"
    """What came is no answer of HTTP."""


class RequestFailed(Exception):
    """A server gave no answer that can be used; `failure` says in which way."""

    def __init__(self, failure: Failure, message: str) -> None:
        self.failure = failure
        super().__init__(message)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a server answered, whatever its status; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Outbound:
    """Makes requests of other people's servers; one for the whole process, closed at its end."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        allow_plain: bool = False,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`allow_private` also lets it connect to private and loopback addresses (and, on loopback,
        without encryption): right where those who set addresses are the operators of the machine.
        `allow_plain` lets it ask without encryption, where nothing secret is asked and answers are
        signed (OCSP, lists of revoked certificates). `trust` are the certificates believed, the
        machine's own by default."""
        self.allow_private = allow_private
        self.allow_plain = allow_plain
        self._client = httpx.AsyncClient(
            transport=_Transport(
                _Doorway(allow_private=allow_private), trust or ssl.create_default_context()
            ),
            follow_redirects=False,
            # No proxy of the environment: it would resolve names out of our sight.
            trust_env=False,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        deadline_s: float,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = BODY_MAX,
    ) -> Answer:
        """One request and its whole answer within `deadline_s`. RequestFailed when there is none.

        A redirect is an answer like any other (status 3xx) and is not followed. To be awaited in a
        Task: it keeps its deadline with `asyncio.timeout`.
        """
        check_url(url, allow_private=self.allow_private, allow_plain=self.allow_plain)
        try:
            async with asyncio.timeout(min(deadline_s, DEADLINE_MAX_S)):
                async with self._client.stream(
                    method, url, content=content, headers=dict(headers or {}), timeout=None
                ) as response:
                    body = await _read(response, most_bytes)
                    return Answer(
                        status=response.status_code,
                        headers={name.lower(): value for name, value in response.headers.items()},
                        body=body,
                    )
        except TimeoutError:
            raise RequestFailed(
                Failure.TOO_SLOW, f"{_host(url)} did not answer within {deadline_s:g} seconds."
            ) from None
        except (httpcore.ProtocolError, httpx.ProtocolError, httpx.DecodingError, httpx.InvalidURL) as error:
            raise RequestFailed(Failure.NOT_HTTP, f"{_host(url)} does not speak HTTP: {error}") from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpx.TransportError, OSError) as error:
            if _is_of_trust(error):
                raise RequestFailed(
                    Failure.NO_TRUST, f"The certificate of {_host(url)} does not hold: {error}"
                ) from error
            raise RequestFailed(
                Failure.UNREACHABLE, f"{_host(url)} cannot be reached: {error or type(error).__name__}"
            ) from error

    async def close(self) -> None:
        await self._client.aclose()


def check_url(url: str, *, allow_private: bool, allow_plain: bool = False, field: str = "url") -> None:
    """Raise Invalid for an address that no request will ever be made to, as far as its text tells.

    It has to be https; http is taken on loopback alone, and only with `allow_private`.
    """
    if len(url) > URL_MAX:
        raise Invalid(f"An address has at most {URL_MAX} characters.", field=field)
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise Invalid("This is not an address, as in https://example.com/path.", field=field) from None
    host = parts.host
    if parts.scheme not in ("https", "http") or not host:
        raise Invalid("The address must begin with https:// and name a server.", field=field)
    if parts.userinfo:
        raise Invalid("Put no name and password into the address: it is shown and logged.", field=field)
    literal = _literal(host)
    if parts.scheme == "http" and not (
        allow_plain
        or (allow_private and (host == "localhost" or (literal is not None and literal.is_loopback)))
    ):
        raise Invalid("The address must begin with https://: what is sent has to be encrypted.", field=field)
    if not allow_private and (host == "localhost" or (literal is not None and not is_public(literal))):
        raise Invalid(
            "This is an address of a private network, which this installation does not connect to.",
            field=field,
        )


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address belongs to the public internet, looked at through every way to wrap another one in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def signature(body: bytes, *, secret: str, at: int) -> str:
    """What goes into the header `Currant-Signature`: `t=<seconds since 1970>,v1=<hex>`.

    The hex is HMAC-SHA256, keyed with the secret, of the seconds, a full stop and the body as sent.
    A receiver computes the same, compares in constant time and turns down what is older than minutes.
    """
    told = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={told}"


async def _read(response: httpx.Response, most_bytes: int) -> bytes:
    announced = response.headers.get("content-length", "")
    parts: list[bytes] = []
    size = 0
    too_large = announced.isdigit() and int(announced[:20]) > most_bytes
    if not too_large:
        async for part in response.aiter_raw():
            size += len(part)
            too_large = size > most_bytes
            if too_large:
                break
            parts.append(part)
    if too_large:
        raise RequestFailed(
            Failure.TOO_LARGE, f"{response.url.host} sent more than the {most_bytes} bytes that are read."
        )
    return b"".join(parts)


class _Doorway(httpcore.AsyncNetworkBackend):
    """Opens connections, to addresses that are allowed and no others."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._addresses(host, port)
        failed: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.NetworkError as error:
                failed = error
        raise failed or httpcore.ConnectError("The name has no address.")

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name is not known ({error})") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if self._allow_private:
            return addresses
        public = [address for address in addresses if is_public(ipaddress.ip_address(address.split("%")[0]))]
        if not public:
            raise RequestFailed(
                Failure.FORBIDDEN,
                f"{host} is at {', '.join(addresses[:3])}: a private network, which this installation does "
                "not connect to.",
            )
        return public

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise RequestFailed(Failure.FORBIDDEN, "Nothing is asked over a socket file.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Transport(httpx.AsyncBaseTransport):
    """httpx over a pool whose connections come through our doorway."""

    def __init__(self, doorway: _Doorway, trust: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=KEPT_ALIVE_MAX,
            keepalive_expiry=30.0,
            network_backend=doorway,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return None


def _host(url: str) -> str:
    # The server alone: what stands behind it may hold secrets.
    return httpx.URL(url).host or "The server"


def _is_of_trust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
