"""Small real pictures, and what phones and pranksters put into them."""

import base64
import struct
import zlib

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19i"
    "Z2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj"
    "Y2NjY2NjY2P/wAARCAAQABgDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABAAG/8QAFxABAAMAAAAAAAAAAAAAAAAAAARC"
    "gf/EABYBAQEBAAAAAAAAAAAAAAAAAAUDBv/EABsRAAIBBQAAAAAAAAAAAAAAAAACAQUyNIGx/9oADAMBAAIRAxEAPwDOlQr4KVCv"
    "gx7Rys4T67ApJIGCP//Z"
)
"""24 by 16 points: red on the left, green on the right."""
WEBP = base64.b64decode(
    "UklGRlIAAABXRUJQVlA4IEYAAADQAgCdASoYABAAPtFUo0uoJKMhsAgBABoJQBdgBg2AAP7sjecr2VymvNvwYmbzEv/5me1/264/"
    "ub/+jBf9uuP7kRayGAAA"
)


def png(width: int = 24, height: int = 16, *, more: bytes = b"", behind: bytes = b"") -> bytes:
    """A picture of one colour; `more` are parts after its header."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * min(width, 100)) * min(height, 100))
    parts = png_part(b"IHDR", header) + more + png_part(b"IDAT", rows) + png_part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts + behind


def png_part(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def from_a_phone(orientation: int = 6) -> bytes:
    """A JPEG with where and with what it was taken, a note, and something behind its end."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHHHIII", 8, 2, 0x0112, 3, 1, orientation, 0, 0x010F, 2, 25, 38, 0)
    exif = b"Exif\0\0" + tiff + b"Phone at 52.5200N 13.4050E"
    noted = jpeg_part(0xE1, exif) + jpeg_part(0xED, b"Photoshop 52.5200N") + jpeg_part(0xFE, b"52.5200N")
    return JPEG[:2] + noted + JPEG[2:] + b"<script>52.5200N</script>"


def jpeg_part(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes((marker,)) + struct.pack(">H", len(content) + 2) + content


def webp_part(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def webp(*parts: bytes) -> bytes:
    whole = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole
