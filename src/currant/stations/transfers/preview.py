"""A look into a file that a station sent, without unpacking it: nothing here reads more than it was told to.

What comes from a station may be anything. An archive that would unpack to a thousand times its size
is read by its table of contents alone, and only as far as that is of a sane size.
"""

import gzip
import struct
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path

import msgspec

from currant.kit.errors import Invalid, NotFound

BYTES_MAX = 1_000_000
MEMBERS_MAX = 1_000
CONTENTS_MAX = 4_000_000
"""Bytes of a zip's table of contents: zipfile reads all of it at once."""
_END = b"PK\x05\x06"
_END_BYTES = 22
_COMMENT_MAX = 65_535


class PreviewKind(StrEnum):
    TEXT = "text"
    ARCHIVE = "archive"
    BINARY = "binary"


class ArchiveMember(msgspec.Struct, frozen=True, kw_only=True):
    """A file in an archive; `size` is what it says it would unpack to."""

    name: str
    size: int
    packed: int


class FilePreview(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a text, or what an archive holds; `truncated` when there is more."""

    kind: PreviewKind
    text: str = ""
    members: tuple[ArchiveMember, ...] = ()
    truncated: bool = False


def preview(place: Path, *, member: str | None = None, most_bytes: int = 64_000) -> FilePreview:
    """Look at the file at `place`; NotFound when it or the member is not there, Invalid for a broken archive."""
    if not 1 <= most_bytes <= BYTES_MAX:
        raise Invalid(f"Look at 1 to {BYTES_MAX} bytes.", field="bytes")
    try:
        with place.open("rb") as file:
            head = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise NotFound("The file itself is gone.", field="file") from None
    try:
        if head.startswith((b"PK\x03\x04", _END)):
            return _zip(place, member, most_bytes)
        if member is not None:
            raise Invalid("Only a zip archive has members.", field="member")
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(place) as unpacked:
                return _text(unpacked.read(most_bytes + 1), most_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise Invalid(f"The archive cannot be read: {error}.", field="file") from error
    return _text(head, most_bytes)


def _text(content: bytes, most_bytes: int) -> FilePreview:
    shown = content[:most_bytes]
    # NUL is in no text that people read, and in the first bytes of nearly everything else.
    if b"\0" in shown[:8_000]:
        return FilePreview(kind=PreviewKind.BINARY)
    return FilePreview(
        kind=PreviewKind.TEXT, text=shown.decode("utf-8", "replace"), truncated=len(content) > most_bytes
    )


def _zip(place: Path, member: str | None, most_bytes: int) -> FilePreview:
    _check_contents(place)
    with zipfile.ZipFile(place) as archive:
        if member is not None:
            try:
                with archive.open(member) as unpacked:
                    return _text(unpacked.read(most_bytes + 1), most_bytes)
            except KeyError:
                raise NotFound(f"The archive has no member {member}.", field="member") from None
        entries = archive.infolist()
        return FilePreview(
            kind=PreviewKind.ARCHIVE,
            members=tuple(
                ArchiveMember(name=entry.filename[:500], size=entry.file_size, packed=entry.compress_size)
                for entry in entries[:MEMBERS_MAX]
            ),
            truncated=len(entries) > MEMBERS_MAX,
        )


def _check_contents(place: Path) -> None:
    """Raise Invalid when the table of contents is larger than any honest log's."""
    size = place.stat().st_size
    with place.open("rb") as file:
        file.seek(max(0, size - _END_BYTES - _COMMENT_MAX))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise Invalid("The archive is cut off.", field="file")
    (contents,) = struct.unpack_from("<I", tail, at + 12)
    # 0xFFFFFFFF stands for a zip64, whose table is of any size.
    if contents > CONTENTS_MAX:
        raise Invalid("The archive holds too many files to be listed: download it.", field="file")
