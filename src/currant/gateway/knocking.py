"""What the door saw of somebody who was not let in, put so that it can be shown to whoever waits for them.

Only refusals come through here; a station that is let in costs nothing of it.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from currant.gateway import handshake
from currant.gateway.authentication import Credentials, Denied
from currant.gateway.handshake import BadRequest, Opening
from currant.gateway.strangers import Failure
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.onboarding_model import Facts, Knock, Trouble

SECRET_MAX = 200

# By the counter of a failure (strangers.why_failed). Who left without a word was a health check, or nobody.
_TLS: dict[str, Trouble] = {
    "tls_client_certificate": Trouble.CERTIFICATE_WRONG,
    "tls_version": Trouble.TLS_TOO_OLD,
    "tls_cipher": Trouble.TLS_NO_SHARED_CIPHER,
    "tls_our_certificate": Trouble.TLS_UNTRUSTED,
    "plain_on_tls_port": Trouble.PLAIN_TO_TLS,
    "tls_failed": Trouble.TLS_FAILED,
    "tls_timeout": Trouble.TLS_FAILED,
    "tls_broken_off": Trouble.TLS_FAILED,
}


def of_tls(failure: Failure, address: str) -> Knock | None:
    """A TLS handshake that failed; None where nothing was tried."""
    problem = _TLS.get(failure.counter)
    if problem is None:
        return None
    facts: Facts = {"detail": failure.words.rstrip(".")}
    words = failure.words.upper()
    if problem in (Trouble.TLS_UNTRUSTED, Trouble.CERTIFICATE_WRONG) and (
        "EXPIRED" in words or "NOT YET VALID" in words
    ):
        facts["variant"] = "expired"
    elif failure.counter in ("tls_timeout", "tls_broken_off"):
        facts["variant"] = failure.counter.removeprefix("tls_")
    return Knock(problem=problem, remote_address=address, encrypted=True, facts=facts)


def of_first_bytes(data: bytes, address: str, *, encrypted: bool) -> Knock:
    """What begins a connection and is no request of HTTP: TLS on the port without it, or anything."""
    tls = data[:1] == b"\x16" and not encrypted
    problem = Trouble.TLS_TO_PLAIN if tls else Trouble.NOT_HTTP
    return Knock(problem=problem, remote_address=address, encrypted=encrypted)


def of_bad_request(
    bad: BadRequest, head: bytes, address: str, *, encrypted: bool, directory: StationDirectory
) -> Knock:
    """A request that opens no WebSocket."""
    line = head.split(b"\n", 1)[0].rstrip(b"\r")
    method, _, rest = line.partition(b" ")
    target = rest.rpartition(b" ")[0] or rest
    lower = head.lower()
    facts: Facts = {"detail": f"{bad}".rstrip(".")}
    if method == b"POST" or b"\nsoapaction:" in lower:
        facts["variant"] = "soap"
    elif b"\nsec-websocket-key:" in lower:
        facts["variant"] = "proxy"
    identity = handshake.identity_of(target.strip()) or ""
    entry = directory.find(identity)
    return Knock(
        problem=Trouble.NOT_WEBSOCKET,
        remote_address=address,
        encrypted=encrypted,
        entry=entry,
        # What any browser or scanner asks for is no identity.
        identity=identity if entry is not None or handshake.names_endpoint(target) else "",
        path=path_of(target),
        facts=facts,
    )


class Visit:
    """An opening that is being judged; `knock` says why it came to nothing."""

    __slots__ = ("address", "encrypted", "opening", "version")

    def __init__(self, opening: Opening, *, address: str, encrypted: bool) -> None:
        self.opening = opening
        self.address = address
        self.encrypted = encrypted
        self.version: str | None = None

    def knock(
        self,
        problem: Trouble,
        *,
        entry: DirectoryEntry | None = None,
        identity: str = "",
        facts: Facts | None = None,
    ) -> Knock:
        return Knock(
            problem=problem,
            remote_address=self.address,
            encrypted=self.encrypted,
            entry=entry,
            identity=identity if entry is None else entry.identity,
            path=path_of(self.opening.target),
            version=self.version,
            facts={"offered": self.offered or None, **(facts or {})},
        )

    @property
    def offered(self) -> str:
        return self.opening.headers.get("sec-websocket-protocol", "")

    @property
    def without_version(self) -> Trouble:
        """Why no version was agreed on."""
        return Trouble.UNKNOWN_SUBPROTOCOL if self.offered.strip(" ,") else Trouble.NO_SUBPROTOCOL


def of_denied(
    visit: Visit, denied: Denied, entry: DirectoryEntry, offered: Credentials, directory: StationDirectory
) -> Knock:
    """Credentials that do not hold, and as far as it can be told, what is wrong with them."""
    problem, facts = denied.problem, Facts()
    if problem is Trouble.NO_PASSWORD:
        facts["profile"] = entry.security_profile or (2 if offered.encrypted else 1)
        if visit.opening.headers.get("authorization"):
            facts["variant"] = "unreadable"
    elif problem is Trouble.WRONG_SECURITY_PROFILE:
        facts |= {"came": offered.profile, "wanted": entry.security_profile}
    elif problem is Trouble.NOT_ADMITTED:
        facts["admission"] = entry.admission.value
    elif problem is Trouble.WRONG_USER:
        facts |= _wrong_user(offered, entry, directory)
    elif problem is Trouble.WRONG_PASSWORD:
        variant = wrong_form(offered, entry, directory)
        if variant:
            facts["variant"] = variant
    elif problem is Trouble.CERTIFICATE_WRONG:
        facts |= {
            "detail": denied.reason.rstrip("."),
            "names": ", ".join(offered.names) or None,
            "organisations": ", ".join(offered.organisations) or None,
            "variant": denied.variant or None,
        }
    return visit.knock(problem, entry=entry, facts=facts)


def _wrong_user(offered: Credentials, entry: DirectoryEntry, directory: StationDirectory) -> Facts:
    user = offered.user or b""
    if len(user) <= SECRET_MAX and directory.check_password(entry, user):
        # Then it is the password that stands there, and it is not to be shown.
        return {"variant": "swapped"}
    name = user.decode("utf-8", "replace")
    facts: Facts = {"user": name[:60]}
    if name.strip().casefold() == entry.identity.casefold():
        facts["variant"] = "spelling"
    elif offered.password and directory.check_password(entry, offered.password):
        facts["variant"] = "password_right"
    return facts


def wrong_form(offered: Credentials, entry: DirectoryEntry, directory: StationDirectory) -> str:
    """In which wrong form the right password came; empty when it is not the right one in any."""
    secret = offered.password or b""
    if not secret:
        return "empty"
    if len(secret) > SECRET_MAX:
        return ""
    if secret == entry.identity.encode():
        return "identity"
    for variant, meant in _meant(secret, entry.identity):
        if meant and meant != secret and directory.check_password(entry, meant):
            return variant
    return "old" if directory.was_password(entry, secret) else ""


def _meant(secret: bytes, identity: str) -> Iterator[tuple[str, bytes]]:
    """What may have been meant by a password that came in another form."""
    yield "spaces", secret.strip()
    yield "quotes", secret.strip(b"\"'")
    prefix = f"{identity}:".encode()
    if secret.startswith(prefix):
        yield "with_user", secret[len(prefix) :]
    yield "url_encoded", unquote_to_bytes(secret)
    for variant, read in _READERS:
        try:
            yield variant, read(secret)
        except (binascii.Error, ValueError):
            continue


_READERS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("as_hex", binascii.unhexlify),
    ("as_base64", lambda secret: base64.b64decode(secret + b"=" * (-len(secret) % 4), validate=True)),
)


def path_of(target: bytes) -> str:
    """The path as it came, without a query: some chargers put passwords there."""
    return target.split(b"?", 1)[0].split(b"#", 1)[0].decode("utf-8", "replace")
