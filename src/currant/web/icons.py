"""The sign on a phone's home screen, in an organisation's colour: drawn here where no icon was given.

A bolt on a square that is filled to its edges, so that every phone may cut its own shape out of it.
"""

import struct
import zlib
from functools import lru_cache

SIZES = (180, 192, 512)
BOLT = ((36.0, 8.0), (17.0, 36.0), (30.0, 36.0), (27.0, 56.0), (47.0, 27.0), (33.0, 27.0))
"""In a square of 64; what is drawn is smaller, for a phone cuts off up to a tenth at each side."""
SHRUNK = 0.72
STEPS = 4
"""How many lines are looked at for one line of points: what makes slanted edges smooth."""

Colour = tuple[int, int, int]


def colour_of(text: str) -> Colour:
    """`#rrggbb` as three numbers."""
    value = int(text[1:7], 16)
    return value >> 16, value >> 8 & 255, value & 255


def ink_on(ground: Colour) -> Colour:
    """White or black: what is seen better on this ground (WCAG 2.2, relative luminance)."""
    linear = [
        part / 12.92 if (part := value / 255) <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for value in ground
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (255, 255, 255) if 1.05 / (luminance + 0.05) >= 3 else (0, 0, 0)


def svg(colour: str) -> bytes:
    """The sign as a drawing."""
    ink = "".join(f"{part:02x}" for part in ink_on(colour_of(colour)))
    ground = "".join(f"{part:02x}" for part in colour_of(colour))
    corners = " ".join(f"{x:.2f},{y:.2f}" for x, y in _bolt(64))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" '
        f'fill="#{ground}"/><polygon points="{corners}" fill="#{ink}"/></svg>'
    ).encode()


@lru_cache(maxsize=60)
def png(colour: str, size: int) -> bytes:
    """The sign as a picture of `size` by `size` points."""
    ground = colour_of(colour)
    ink = ink_on(ground)
    corners = _bolt(size)
    shades = [
        bytes(round(under + (over - under) * share / 255) for under, over in zip(ground, ink, strict=True))
        for share in range(256)
    ]
    rows = bytearray()
    for line in range(size):
        rows.append(0)
        for share in _covered(corners, line, size):
            rows += shades[share]
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, content)
        for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    )


def _bolt(size: int) -> list[tuple[float, float]]:
    return [((32 + (x - 32) * SHRUNK) * size / 64, (32 + (y - 32) * SHRUNK) * size / 64) for x, y in BOLT]


def _covered(corners: list[tuple[float, float]], line: int, size: int) -> list[int]:
    """How much of each point of a line the bolt covers, 0 to 255."""
    shares = [0.0] * size
    for step in range(STEPS):
        y = line + (step + 0.5) / STEPS
        crossings = sorted(
            x1 + (y - y1) * (x2 - x1) / (y2 - y1)
            for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True)
            if (y1 <= y) != (y2 <= y)
        )
        for begin, end in zip(crossings[::2], crossings[1::2], strict=True):
            for point in range(max(0, int(begin)), min(size, int(end) + 1)):
                shares[point] += max(0.0, min(end, point + 1) - max(begin, point)) / STEPS
    return [min(255, round(share * 255)) for share in shares]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
