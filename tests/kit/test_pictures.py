"""What is left of a picture that a stranger sent: the picture, and nothing that was noted of it."""

import pytest

from currant.kit.errors import Invalid
from currant.kit.pictures import PIXELS_MAX, cleaned
from pictures import JPEG, WEBP, from_a_phone, jpeg_part, png, png_part, webp, webp_part


@pytest.mark.parametrize(
    ("content", "ending"), [(JPEG, "jpg"), (WEBP, "webp"), (png(), "png")], ids=["jpg", "webp", "png"]
)
def test_a_picture_with_nothing_more_stays_as_it_is(content: bytes, ending: str) -> None:
    clean = cleaned(content)
    assert (clean.ending, clean.width, clean.height) == (ending, 24, 16)
    assert clean.content == content


def test_a_photo_of_a_phone_says_no_more_where_it_was_taken_but_which_way_up_it_is() -> None:
    clean = cleaned(from_a_phone(orientation=6)).content
    assert b"52.52" not in clean
    assert b"Phone" not in clean
    assert clean.endswith(b"\xff\xd9")
    orientation = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06"
    assert orientation in clean
    assert clean[:2] + clean[38:] == JPEG
    assert cleaned(clean).content == clean, "the orientation stays, however often it is sent"


def test_an_upright_photo_needs_no_note_of_it() -> None:
    assert cleaned(from_a_phone(orientation=1)).content == JPEG


def test_what_stands_in_and_behind_a_png_goes() -> None:
    words = png_part(b"tEXt", b"Where\x0052.52") + png_part(b"eXIf", b"52.52") + png_part(b"evIL", b"52.52")
    assert cleaned(png(more=words, behind=b"PK\x03\x04 52.52 <html>")).content == png()


def test_what_stands_in_and_behind_a_webp_goes() -> None:
    extended = webp_part(b"VP8X", bytes((0x0C, 0, 0, 0, 23, 0, 0, 15, 0, 0)))
    dirty = webp(extended, WEBP[12:], webp_part(b"EXIF", b"52.52"), webp_part(b"XMP ", b"52.52")) + b"52.52"
    clean = cleaned(dirty)
    assert clean.content == webp(webp_part(b"VP8X", bytes((0, 0, 0, 0, 23, 0, 0, 15, 0, 0))), WEBP[12:])
    assert (clean.width, clean.height) == (24, 16)


@pytest.mark.parametrize(
    "content",
    [
        png(60_000, 60_000),
        png(PIXELS_MAX // 4_000 + 1, 4_000),
        JPEG.replace(b"\x00\x10\x00\x18\x03", b"\xff\xff\xff\xff\x03"),
        webp(webp_part(b"VP8X", b"\0\0\0\0" + b"\xff" * 6), WEBP[12:]),
    ],
)
def test_a_picture_that_would_fill_the_memory_of_a_browser_is_not_taken(content: bytes) -> None:
    assert len(content) < 100_000
    with pytest.raises(Invalid, match="smaller"):
        cleaned(content)


@pytest.mark.parametrize("content", [JPEG, WEBP, png()], ids=["jpg", "webp", "png"])
def test_a_picture_broken_off_anywhere_is_told_as_such_or_closed(content: bytes) -> None:
    for length in range(len(content)):
        try:
            clean = cleaned(content[:length])
        except Invalid:
            continue
        # A photo that lacks its last lines is shown as far as it goes.
        assert clean.content.endswith(b"\xff\xd9")


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"GIF89a", b"\xff\xd8\xff\xe0" + b"1" * 2_000, b"\x89PNG\r\n\x1a\n" + b"0" * 2_000,
     b"RIFF\x04\0\0\0WEBP", jpeg_part(0xE0, b"JFIF\0"), b"\xff\xd8\xff\xd9"],
)  # fmt: skip
def test_what_only_begins_like_a_picture_is_not_taken(content: bytes) -> None:
    with pytest.raises(Invalid):
        cleaned(content)
