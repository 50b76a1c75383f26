"""What was built from `web/`, as the server hands it out: hashed, compressed beforehand, and told what it may do.

The two documents (console, driver app) are made anew for every request with a nonce of their own, under
a policy by which nothing runs or is asked that does not come from this very server. Everything they
refer to has its content's hash in its name and may be kept for ever.
"""

import mimetypes
import os
import secrets
from collections.abc import Mapping
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

FOLDER = Path(os.environ.get("CURRANT_WEB_FOLDER") or Path(__file__).parent / "dist")
"""Where the built pages are; who works on them may point the variable at a build of their own."""
NONCE, TILES, ATTRIBUTION = "__NONCE__", "__TILES__", "__ATTRIBUTION__"
FOREVER = "public, max-age=31536000, immutable"
ENCODINGS = ((".br", "br"), (".gz", "gzip"))
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file to hand out: its bytes as they are, and smaller for browsers that can unpack them."""

    media_type: str
    raw: bytes
    packed: Mapping[str, bytes] = {}
    """By the name of the content encoding, the smallest first."""
    hashed: bool = True
    """Whether its name changes with its content."""

    def best(self, accepted: str) -> tuple[bytes, str]:
        """The smallest form that a browser takes by its Accept-Encoding, and the encoding's name or ``""``."""
        takes = {
            part.partition(";")[0].strip().lower()
            for part in accepted.split(",")
            if not part.replace(" ", "").endswith(";q=0")
        }
        for encoding, body in self.packed.items():
            if encoding in takes:
                return body, encoding
        return self.raw, ""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was built: the documents by name (`console`, `driver`) and the files by path."""

    documents: Mapping[str, str]
    assets: Mapping[str, Asset]

    def document(self, name: str, nonce: str, tiles: "Tiles") -> str | None:
        """The document of an application with what this very answer says; None when there is none."""
        text = self.documents.get(name)
        if text is None:
            return None
        text = text.replace(TILES, escape(tiles.url)).replace(ATTRIBUTION, escape(tiles.attribution))
        return text.replace(NONCE, nonce)


class Tiles(msgspec.Struct, frozen=True, kw_only=True):
    """A tile server for maps, if one was set: its address with {z}, {x} and {y}, and whose the map is."""

    url: str = ""
    attribution: str = ""

    @property
    def origin(self) -> str:
        address = urlsplit(self.url)
        return f"{address.scheme}://{address.netloc}" if address.netloc else ""


def new_nonce() -> str:
    return secrets.token_urlsafe(18)


def policy(nonce: str, *, tiles: str = "") -> str:
    """The Content-Security-Policy of the two documents; `tiles` is the origin of a tile server that was set.

    Style attributes are allowed, for that is how positions of rows and colours of states are set;
    style elements need the nonce.
    """
    outside = f" {tiles}" if tiles else ""
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src-elem 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
        f"img-src 'self' data: blob:{outside}; font-src 'self'; connect-src 'self'{outside}; "
        "worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )


def load(folder: Path = FOLDER) -> Bundle:
    """Read what was built into memory: a few megabytes. Empty when nothing was built."""
    documents: dict[str, str] = {}
    assets: dict[str, Asset] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if not path.is_file() or path.suffix in (".br", ".gz"):
            continue
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".html":
            documents[path.stem] = path.read_text(encoding="utf-8")
            continue
        packed = {
            encoding: beside.read_bytes()
            for suffix, encoding in ENCODINGS
            if (beside := path.with_name(path.name + suffix)).is_file()
        }
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        assets[name] = Asset(
            media_type=kind, raw=path.read_bytes(), packed=packed, hashed=name.startswith("assets/")
        )
    return Bundle(documents=documents, assets=assets)
