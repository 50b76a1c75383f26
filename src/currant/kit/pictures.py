"""Pictures from strangers: what kind they are, how large, and the same without what is not shown.

A photo from a phone says where and when it was taken and with which device, and may carry a second file
behind it. What is kept is the picture alone, with its colours and which way up it is. It is read by its
parts and never unpacked here, but browsers will unpack it: 100 KB can hold a picture of gigabytes.
"""

import re
import struct
from collections.abc import Iterator

import msgspec

from currant.kit.errors import Invalid

PIXELS_MAX = 50_000_000
SIDE_MAX = 16_384

_PNG = b"\x89PNG\r\n\x1a\n"
# What changes what is seen; all else (words, times, places, private parts) is left out.
_PNG_SHOWN = frozenset(
    (
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"cICP",
        b"sBIT",
        b"bKGD",
        b"pHYs",
    )
)
_WEBP_SHOWN = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"))
_WEBP_SAYS = 0x04 | 0x08
"""Flags of VP8X: it has XMP, it has EXIF."""
_WEBP_MOVES = 0x02
_SOF = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
# In the data of a scan 0xFF stands before 0x00, or before a restart mark; before anything else it ends it.
_AFTER_DATA = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_ORIENTATION = 0x0112


class Clean(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as it may be kept and shown; `ending` is of its file name."""

    ending: str
    content: bytes
    width: int
    height: int


class _Broken(Exception):
    pass


def kind_of(content: bytes) -> str:
    """The ending that fits a picture's first bytes; empty for what browsers would not show as one."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(_PNG):
        return "png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return ""


def cleaned(content: bytes) -> Clean:
    """The picture without what is not shown. Invalid for what is none, is broken off, or too large to be shown."""
    ending = kind_of(content)
    if not ending:
        raise Invalid("This is no picture that can be shown: send JPEG, PNG or WebP.", field="body")
    try:
        width, height, kept = {"jpg": _jpeg, "png": _png, "webp": _webp}[ending](content)
    except (_Broken, struct.error, IndexError):
        raise Invalid("This picture is damaged: save it again and send that.", field="body") from None
    if not width or not height:
        raise Invalid("This picture is damaged: save it again and send that.", field="body")
    if max(width, height) > SIDE_MAX or width * height > PIXELS_MAX:
        raise Invalid(
            f"This picture has {width} by {height} points: make it smaller, at most {SIDE_MAX} each way and "
            f"{PIXELS_MAX // 1_000_000} million in all.",
            field="body",
        )
    return Clean(ending=ending, content=kept, width=width, height=height)


# PNG (ISO 15948): parts of a length, a name, content and a checksum


def _png(content: bytes) -> tuple[int, int, bytes]:
    kept, at, width, height, has_data = [_PNG], len(_PNG), 0, 0, False
    while True:
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise _Broken
        if at == len(_PNG):
            if name != b"IHDR" or length != 13:
                raise _Broken
            width, height = struct.unpack_from(">II", content, at + 8)
        if name in _PNG_SHOWN:
            kept.append(content[at:end])
            has_data = has_data or name == b"IDAT"
        elif name == b"IEND":
            kept.append(content[at:end])
            break
        at = end
    if not has_data:
        raise _Broken
    # What stands behind the end is no part of the picture.
    return width, height, b"".join(kept)


# JPEG (ITU-T T.81): segments that begin with a marker, up to the coded picture


def _jpeg(content: bytes) -> tuple[int, int, bytes]:
    head: list[bytes] = []
    width = height = orientation = 0
    at = 2
    while True:
        if content[at] != 0xFF:
            raise _Broken
        while content[at] == 0xFF:
            at += 1
        marker = content[at]
        if marker == 0xD9:
            break
        (length,) = struct.unpack_from(">H", content, at + 1)
        end = at + 1 + length
        if length < 2 or end > len(content):
            raise _Broken
        segment = content[at + 3 : end]
        if marker == 0xDA:
            # The first scan; what follows is its data and further ones, up to the end of the picture.
            head.append(_coded(content, at - 1))
            break
        if marker in _SOF:
            found_height, found_width = struct.unpack_from(">HH", segment, 1)
            width, height = max(width, found_width), max(height, found_height)
        if marker == 0xE1 and segment.startswith(b"Exif\0\0"):
            orientation = orientation or _orientation(segment[6:])
        elif _shown(marker, segment):
            head.append(b"\xff" + content[at:end])
        at = end
    if not head or not head[-1].startswith(b"\xff\xda"):
        raise _Broken
    turned = [] if orientation in (0, 1) else [_only_orientation(orientation)]
    return width, height, b"".join((b"\xff\xd8", *turned, *head))


def _shown(marker: int, segment: bytes) -> bool:
    """Whether a segment is needed to show the picture: its colours are (APP2, APP14), what was noted of it is not."""
    if marker == 0xE0:
        return segment.startswith(b"JFIF\0")
    if marker == 0xE2:
        return segment.startswith(b"ICC_PROFILE\0")
    if marker == 0xEE:
        return segment.startswith(b"Adobe")
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _coded(content: bytes, at: int) -> bytes:
    """From the first scan to the end of the picture; the tables and notes between scans as they are needed."""
    kept: list[bytes] = []
    begin = at
    while True:
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
        found = _AFTER_DATA.search(content, at)
        if found is None:
            # Broken off, as cameras sometimes leave it: browsers show what is there.
            return b"".join((*kept, content[begin:], b"\xff\xd9"))
        at = found.start()
        kept.append(content[begin:at])
        while content[at + 1] != 0xDA:
            if content[at + 1] == 0xD9:
                return b"".join((*kept, b"\xff\xd9"))
            (length,) = struct.unpack_from(">H", content, at + 2)
            end = at + 2 + length
            if content[at] != 0xFF or length < 2 or end > len(content) or content[at + 1] in _SOF:
                raise _Broken
            if _shown(content[at + 1], content[at + 4 : end]):
                kept.append(content[at:end])
            at = end
            if at + 1 >= len(content):
                raise _Broken
        begin = at


def _orientation(tiff: bytes) -> int:
    """Which way up the picture is (Exif 2.3, 4.6.4), 1 to 8; 0 where that is not said."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return 0
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, first)
        for number in range(min(count, 200)):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, first + 2 + 12 * number)
            if tag == _ORIENTATION and kind == 3:
                return value if 1 <= value <= 8 else 0
    except struct.error:
        return 0
    return 0


def _only_orientation(value: int) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, value, 0, 0)
    segment = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment


# WebP (RFC 9649): parts of a name, a length and content


def _webp(content: bytes) -> tuple[int, int, bytes]:
    kept: list[bytes] = []
    width = height = 0
    (size,) = struct.unpack_from("<I", content, 4)
    whole = min(len(content), 8 + size)
    for name, part in _webp_parts(content[:whole]):
        if name not in _WEBP_SHOWN:
            continue
        if name == b"VP8X":
            if part[0] & _WEBP_MOVES:
                raise Invalid("Send a picture that stands still: this one moves.", field="body")
            found = (1 + int.from_bytes(part[4:7], "little"), 1 + int.from_bytes(part[7:10], "little"))
            part = bytes((part[0] & ~_WEBP_SAYS,)) + part[1:]
        elif name == b"VP8 ":
            if part[3:6] != b"\x9d\x01\x2a":
                raise _Broken
            across, down = struct.unpack_from("<HH", part, 6)
            found = (across & 0x3FFF, down & 0x3FFF)
        elif name == b"VP8L":
            if part[0] != 0x2F:
                raise _Broken
            (bits,) = struct.unpack_from("<I", part, 1)
            found = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
        else:
            found = (0, 0)
        width, height = max(width, found[0]), max(height, found[1])
        kept.append(name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2))
    if not any(each[:4] in (b"VP8 ", b"VP8L") for each in kept):
        raise _Broken
    parts = b"WEBP" + b"".join(kept)
    return width, height, b"RIFF" + struct.pack("<I", len(parts)) + parts


def _webp_parts(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        if at + 8 + length > len(content):
            raise _Broken
        yield name, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
