"""Who came to the door and could not even open it: told once a minute and address, however often it tries.

A charger that cannot agree on TLS tries again every few seconds for ever, and the Internet knocks
at every port. So the first failure of an address is told at once, and more of them once a minute.
"""

import ssl

import msgspec

WINDOW_S = 60.0
ADDRESSES_MAX = 50
"""Addresses told apart within a minute; what comes from others is told together."""
OTHERS = "many addresses"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a handshake failed: `counter` for the counters, `kind` of the security event, if it is worth one."""

    counter: str
    kind: str | None
    words: str


_OLD = ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "UNSUPPORTED_SSL_VERSION", "NO_PROTOCOLS_AVAILABLE")
_OURS_REFUSED = ("UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN", "CERTIFICATE_REVOKED",
                 "UNSUPPORTED_CERTIFICATE")  # fmt: skip
_NOT_TLS = ("HTTP_REQUEST", "WRONG_VERSION_NUMBER", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG")


def why_failed(error: Exception, *, begun: bool) -> Failure:
    """What an exception of a TLS handshake says; `begun` when it had sent its greeting.

    Kinds are those of 2.x Appendix 1 where it has one.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(
            counter="tls_client_certificate",
            kind="InvalidChargingStationCertificate",
            words=f"Its certificate was not accepted: {error.verify_message}.",
        )
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        said = (error.reason or str(error)).upper().replace(" ", "_")
        if any(word in said for word in _OLD):
            return Failure(
                counter="tls_version", kind="InvalidTLSVersion", words="It speaks no TLS from 1.2 onwards."
            )
        if "NO_SHARED_CIPHER" in said:
            return Failure(
                counter="tls_cipher", kind="InvalidTLSCipherSuite", words="It offers no cipher suite of ours."
            )
        if "ALERT" in said and any(word in said for word in _OURS_REFUSED):
            return Failure(
                counter="tls_our_certificate",
                kind="InvalidCsmsCertificate",
                words=f"It does not accept this server's certificate ({said}).",
            )
        if any(word in said for word in _NOT_TLS):
            return Failure(
                counter="plain_on_tls_port", kind="TlsHandshakeFailed", words="It does not speak TLS."
            )
        return Failure(counter="tls_failed", kind="TlsHandshakeFailed", words=f"TLS failed: {said[:100]}.")
    if isinstance(error, ConnectionAbortedError | TimeoutError):
        return Failure(counter="tls_timeout", kind=None, words="The TLS handshake took too long.")
    if begun:
        # Not every client says why (an alert) before it goes.
        words = "It broke the TLS handshake off; it may not accept this server's certificate."
        return Failure(counter="tls_broken_off", kind="TlsHandshakeFailed", words=words)
    # So does a health check of a load balancer: it is counted, and no event.
    return Failure(counter="tls_left", kind=None, words="It left without a word.")


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told as a security event."""

    address: str
    kind: str
    detail: str


class _Seen:
    __slots__ = ("kind", "more", "since", "words")

    def __init__(self, since: float) -> None:
        self.since = since
        self.more = 0
        self.kind = self.words = ""


class Strangers:
    """Counts failures by address; `now` is monotonic seconds."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def note(self, address: str, kind: str, words: str, *, now: float) -> Notice | None:
        """Count a failure; what to tell of it at once, if it is the first of its address."""
        if address not in self._seen and len(self._seen) >= ADDRESSES_MAX:
            address = OTHERS
        seen = self._seen.get(address)
        if seen is None:
            self._seen[address] = _Seen(now)
            return Notice(address=address, kind=kind, detail=words)
        seen.more += 1
        seen.kind, seen.words = kind, words
        return None

    def due(self, now: float) -> list[Notice]:
        """What is to be told of the minute that is over."""
        notices = []
        for address, seen in list(self._seen.items()):
            if now - seen.since < WINDOW_S:
                continue
            if not seen.more:
                del self._seen[address]
                continue
            detail = f"{seen.more} more in the last minute; the last: {seen.words}"
            notices.append(Notice(address=address, kind=seen.kind, detail=detail))
            seen.since, seen.more = now, 0
        return notices
