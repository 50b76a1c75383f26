"""What a branding may be, and which pictures are taken: the rules alone."""

import pytest

from currant.kit.errors import Invalid
from currant.tenancy.branding_model import BrandingDraft, Legal
from currant.tenancy.branding_rules import check_svg, checked, checked_hosts, host_of, kind_of_picture

NS = 'xmlns="http://www.w3.org/2000/svg"'


def svg(inside: str, attributes: str = "") -> bytes:
    return f"<svg {NS} {attributes}>{inside}</svg>".encode()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Charge.Example.COM", "charge.example.com"),
        ("charge.example.com:8443", "charge.example.com"),
        ("charge.example.com.", "charge.example.com"),
        ("lädt.example", "xn--ldt-qla.example"),
        ("[::1]:8080", "::1"),
        ("", ""),
        ("..", ""),
        ("charge.example.com:80@evil.example", ""),
        ("charge.example.com:evil.example", ""),
        ("[charge.example.com]evil.example", ""),
        ("[::1]evil.example", ""),
        ("charge.example.com/evil", ""),
    ],
)
def test_a_host_is_compared_in_one_form(host: str, name: str) -> None:
    assert host_of(host) == name


@pytest.mark.parametrize(
    "host",
    ["https://a.example", "a.example/x", "a.example:80", "localhost", "192.0.2.1", "-a.example", "a b.example", "a@b.example",
     "a..example", "::1", "x" * 300 + ".example", "1.2.3.256"],
)  # fmt: skip
def test_what_is_no_host_name_is_not_taken(host: str) -> None:
    with pytest.raises(Invalid):
        checked_hosts([host])


def test_host_names_stand_there_once() -> None:
    assert checked_hosts(["A.example", "a.example.", "b.example"]) == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (BrandingDraft(primary_colour="red"), "primary_colour"),
        (BrandingDraft(primary_colour="#12345"), "primary_colour"),
        (BrandingDraft(accent_colour="#12345g"), "accent_colour"),
        (BrandingDraft(name="x" * 81), "name"),
        (BrandingDraft(product_name="a\u202eb"), "product_name"),
        (BrandingDraft(support_email="nobody"), "support_email"),
        (BrandingDraft(support_phone="call me"), "support_phone"),
        (BrandingDraft(legal=Legal(imprint={"English": "x"})), "legal.imprint"),
        (BrandingDraft(legal=Legal(terms={"en": "x" * 40_001})), "legal.terms.en"),
    ],
)
def test_what_cannot_be_is_named(draft: BrandingDraft, field: str) -> None:
    with pytest.raises(Invalid) as wrong:
        checked(draft)
    assert wrong.value.facts["field"] == field


def test_words_are_put_in_order() -> None:
    draft = checked(BrandingDraft(name="  Volt   Ulm ", primary_colour=" #AABBCC", support_phone="+49 731 1"))
    assert (draft.name, draft.primary_colour) == ("Volt Ulm", "#aabbcc")


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR....", "png"),
        (b"\xff\xd8\xff\xe0....", "jpg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>" + svg("<path d='M0 0'/>"), "svg"),
    ],
)
def test_a_picture_is_known_by_its_bytes(content: bytes, ending: str) -> None:
    assert kind_of_picture(content) == ending


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"%PDF-1.4", b"<html><body/></html>", b"\x89PNG\r\n\x1a\nxxxx"]
)
def test_what_is_no_picture_is_not_taken(content: bytes) -> None:
    with pytest.raises(Invalid):
        kind_of_picture(content)


@pytest.mark.parametrize(
    "harmless",
    [
        svg("<title>Volt</title><g fill='url(#a)'><path d='M0 0h1'/></g><use href='#b'/>"),
        svg("<defs><linearGradient id='a'><stop offset='0'/></linearGradient></defs>"),
        svg("<style>.a{fill:#fff;clip-path:url( '#c' )}</style><rect class='a' style='opacity:.5'/>"),
        svg("<image href='data:image/png;base64,AAAA'/>"),
        svg("<use xlink:href='#b'/>", 'xmlns:xlink="http://www.w3.org/1999/xlink"'),
        svg("<metadata><x:y xmlns:x='urn:z'/></metadata>"),
        svg(
            "<sodipodi:namedview pagecolor='#fff'/><path inkscape:label='x' d='M0 0'/>",
            'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
            'xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"',
        ),
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
        + svg("<path d='M0 0'/>"),
    ],
)
def test_a_drawing_is_taken(harmless: bytes) -> None:
    check_svg(harmless)


@pytest.mark.parametrize(
    "harmful",
    [
        svg("<script>alert(1)</script>"),
        svg("<path d='M0 0' onclick='alert(1)'/>"),
        svg("", "onload='alert(1)'"),
        svg("", "ONLOAD='alert(1)'"),
        svg("<a href='https://evil.example'><path d='M0 0'/></a>"),
        svg("<image href='https://evil.example/x.png'/>"),
        svg("<image href='data:image/svg+xml;base64,AAAA'/>"),
        svg("<image href=' java&#10;script:alert(1)'/>"),
        svg("<use href='https://evil.example/x.svg#a'/>"),
        svg("<use href='data:image/png;base64,AAAA'/>"),
        svg("<use xl:href='//evil.example#a'/>", 'xmlns:xl="http://www.w3.org/1999/xlink"'),
        svg("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>"),
        svg("<iframe xmlns='http://www.w3.org/1999/xhtml' src='x'/>"),
        svg("<set attributeName='href' to='javascript:alert(1)'/>"),
        svg("<animate attributeName='x'/>"),
        svg("<style>@import 'https://evil.example/x.css';</style>"),
        svg("<style>.a{fill:url(https://evil.example/x)}</style>"),
        svg("<style>.a{background:image-set('x.png' 1x)}</style>"),
        svg("<style>.a{fill:u\\72l(x)}</style>"),
        svg("<rect style='fill:url(\"//evil.example/x\")'/>"),
        svg("<rect fill='url(https://evil.example/x#a)'/>"),
        svg("<rect fill=\"url('x.svg#a')\"/>"),
        svg("<path d='M0 0'/>", "xml:base='https://evil.example/'"),
        b'<?xml-stylesheet href="https://evil.example/x.css"?>' + svg(""),
        b'<!DOCTYPE svg [<!ENTITY x "y">]>' + svg("&x;"),
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("&x;"),
        svg("<g>" * 20_001 + "</g>" * 20_001),
        b"<svg><path/></svg>",
        svg("<path"),
        b"<svg " + NS.encode() + b">\xff\xfe</svg>",
    ],
)
def test_a_drawing_that_does_more_than_draw_is_not(harmful: bytes) -> None:
    with pytest.raises(Invalid):
        check_svg(harmful)
