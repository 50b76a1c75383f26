"""Addresses of other people's servers that stations send files to, or fetch them from."""

import re
from urllib.parse import urlsplit, urlunsplit

from currant.kit.errors import Invalid

SCHEMES = ("http", "https", "ftp", "ftps", "sftp")
URL_MAX = 2_000
HIDDEN = "***"
_LINK = re.compile(r"(/files/(?:up|down)/)[A-Za-z0-9_-]+")


def check_address(url: str, *, field: str = "url") -> None:
    """Raise Invalid for an address that no station could use, saying why."""
    if not 1 <= len(url) <= URL_MAX:
        raise Invalid(f"An address has 1 to {URL_MAX} characters; this has {len(url)}.", field=field)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("An address is plain ASCII without blanks: write anything else as %XX.", field=field)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid(f"This is no address: {error}.", field=field) from error
    if parts.scheme.lower() not in SCHEMES:
        raise Invalid(f"Stations transfer files by {', '.join(SCHEMES)}: begin the address so.", field=field)
    if not host or port == 0:
        raise Invalid("The address names no host.", field=field)
    if parts.fragment or url.endswith("#"):
        raise Invalid("The part after # never reaches a server: leave it away (N01.FR.27).", field=field)
    if parts.query.endswith("/"):
        raise Invalid("The query may not end with a slash (N01.FR.28).", field=field)


def masked(url: str) -> str:
    """The address without the password in it, or the word of a link, to be kept and shown."""
    url = without_word(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    if "@" not in parts.netloc:
        return url
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{name}:{HIDDEN}@{host}" if ":" in user else f"{HIDDEN}@{host}"))


def without_word(url: str) -> str:
    """The address without the word of a link of Currant's own."""
    return _LINK.sub(rf"\1{HIDDEN}", url)


def protocol_of(url: str) -> str:
    """How stations call it in the list of what they can (2.x FileTransferProtocols; 1.6 SupportedFileTransferProtocols)."""
    return urlsplit(url).scheme.upper()
