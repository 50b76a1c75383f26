"""What a branding may be: colours that are colours, host names that are free, pictures that do no harm.

Pure. A logo is shown on pages of ours, so what it is follows from its own bytes and never from
what the sender calls it; an SVG is a document that could run scripts and fetch things, so only
one that does neither is taken.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address
from xml.parsers import expat

from currant.kit.errors import Invalid
from currant.tenancy.branding_model import BrandingDraft, Legal, LegalText

NAME_MAX = 80
HOSTS_MAX = 20
LANGUAGES_MAX = 20
LEGAL_TEXT_MAX = 40_000
LEGAL_BYTES_MAX = 300_000
LOGO_BYTES_MAX = 512 * 1024
SVG_ELEMENTS_MAX = 20_000

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,190}")
_PHONE = re.compile(r"[+0-9][0-9 ()/.-]{2,38}")
_PORT = re.compile(r"(:[0-9]{0,5})?")
_ADDRESS = re.compile(r"[0-9a-f:.]+")
_NAME = re.compile(r"[a-z0-9._-]+")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def host_of(host: str) -> str:
    """A host name as it is compared: of a Host header or as typed, without port, in small ASCII letters.

    Empty for what is none. Links are made of a Host header whose name is known, so nothing may stand
    behind the name but a port: what browsers make of `known.example:80@evil.example` is another host.
    """
    host = host.strip().lower()
    if host.startswith("["):
        address, _, rest = host[1:].partition("]")
        return address if _PORT.fullmatch(rest) and _ADDRESS.fullmatch(address) else ""
    name, colon, port = host.partition(":")
    name = name.rstrip(".")
    if not _PORT.fullmatch(colon + port):
        return ""
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return ""
    return name if _NAME.fullmatch(name) else ""


def checked(draft: BrandingDraft) -> BrandingDraft:
    """The draft with its words put in order; Invalid where something cannot be."""
    name, product_name = " ".join(draft.name.split()), " ".join(draft.product_name.split())
    for field, text in (("name", name), ("product_name", product_name)):
        if len(text) > NAME_MAX:
            raise Invalid(f"A name has at most {NAME_MAX} characters.", field=field)
        if not text.isprintable():
            raise Invalid("A name holds letters, digits and signs only.", field=field)
    primary = _colour(draft.primary_colour, "primary_colour")
    accent = None if not draft.accent_colour else _colour(draft.accent_colour, "accent_colour")
    email, phone = draft.support_email.strip(), draft.support_phone.strip()
    if email and not _EMAIL.fullmatch(email):
        raise Invalid("This is no e-mail address, as in help@example.com.", field="support_email")
    if phone and not _PHONE.fullmatch(phone):
        raise Invalid("Write the number with digits and spaces, as in +49 30 1234567.", field="support_phone")
    _check_legal(draft.legal)
    return BrandingDraft(
        name=name,
        product_name=product_name,
        primary_colour=primary,
        accent_colour=accent,
        support_email=email,
        support_phone=phone,
        hosts=checked_hosts(draft.hosts),
        legal=draft.legal,
        driver_app=draft.driver_app,
        guests=draft.guests,
    )


def _colour(text: str, field: str) -> str:
    colour = text.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise Invalid("A colour is # and six hexadecimal digits, as in #1f6f3d.", field=field)
    return colour


def _check_legal(legal: Legal) -> None:
    size = 0
    for field in ("imprint", "privacy", "terms"):
        texts: LegalText = getattr(legal, field)
        if len(texts) > LANGUAGES_MAX:
            raise Invalid(f"A text is kept in at most {LANGUAGES_MAX} languages.", field=f"legal.{field}")
        for language, text in texts.items():
            if not _LANGUAGE.fullmatch(language):
                raise Invalid(
                    f"{language[:20]!r} is no language: write a tag as in `en` or `pt-BR`.",
                    field=f"legal.{field}",
                )
            if len(text) > LEGAL_TEXT_MAX or "\0" in text:
                raise Invalid(
                    f"A legal text has at most {LEGAL_TEXT_MAX} characters: link to a longer one.",
                    field=f"legal.{field}.{language}",
                )
            size += len(text.encode())
    if size > LEGAL_BYTES_MAX:
        raise Invalid(
            f"All legal texts together take at most {LEGAL_BYTES_MAX // 1000} KB: link to longer ones.",
            field="legal",
        )


def checked_hosts(hosts: Collection[str]) -> tuple[str, ...]:
    """The host names in the form in which they are compared; Invalid for what is none."""
    names = tuple(dict.fromkeys(_checked_host(host) for host in hosts))
    if len(names) > HOSTS_MAX:
        raise Invalid(f"At most {HOSTS_MAX} host names.", field="hosts")
    return names


def _checked_host(typed: str) -> str:
    words = f"{typed[:100]!r} is no host name: write it as in charge.example.com, without https:// and path."
    if "/" in typed or "@" in typed or len(typed) > 300:
        raise Invalid(words, field="hosts")
    if ":" in typed:
        raise Invalid(
            f"Leave the port away from {typed[:100]!r}: a name counts for every port.", field="hosts"
        )
    name = host_of(typed)
    labels = name.split(".")
    if len(name) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Invalid(words, field="hosts")
    if _is_address(name):
        raise Invalid("An organisation is known by a name, not by an address of numbers.", field="hosts")
    return name


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return name.rpartition(".")[2].isdigit()
    return True


# Pictures

MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "svg": "image/svg+xml"}


def kind_of_picture(content: bytes) -> str:
    """The ending that fits a picture's bytes; Invalid for what is no picture that we show."""
    if not content:
        raise Invalid("The body is empty: send the picture as it is.", field="body")
    if len(content) > LOGO_BYTES_MAX:
        raise Invalid(f"A logo has at most {LOGO_BYTES_MAX // 1024} KB: make it smaller.", field="body")
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        check_svg(content)
        return "svg"
    raise Invalid("This is no picture that can be shown: send PNG, JPEG, WebP or SVG.", field="body")


# What an SVG needs in order to be drawn. Scripts, foreign documents, and animations (which can set any
# attribute to any value) are not among it.
_ELEMENTS = frozenset(
    """
    svg g defs symbol use title desc metadata style path rect circle ellipse line polyline polygon text tspan
    textPath linearGradient radialGradient stop clipPath mask pattern marker filter feBlend feColorMatrix
    feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight
    feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset
    fePointLight feSpecularLighting feSpotLight feTile feTurbulence switch view image
    """.split()  # noqa: SIM905 - a list of words
)
_OUTSIDE = re.compile(r"url\(\s*['\"]?\s*(?!['\"#\s])", re.IGNORECASE)
_ODD_STYLE = re.compile(
    r"@import|expression\s*\(|behavior\s*:|-moz-binding|javascript:|image-set|https?:|//|\\", re.IGNORECASE
)
_EMBEDDED = re.compile(r"data:image/(png|jpeg|webp|gif);base64,", re.IGNORECASE)
_DRAWING = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"


def check_svg(content: bytes) -> None:
    """Raise Invalid for an SVG that does more than draw: scripts, event handlers, anything from elsewhere."""
    guard = _SvgGuard()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = guard.begin
    parser.EndElementHandler = guard.end
    parser.CharacterDataHandler = guard.text
    parser.StartDoctypeDeclHandler = guard.doctype
    parser.EntityDeclHandler = guard.entity
    parser.ProcessingInstructionHandler = guard.instruction
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Invalid(f"The SVG cannot be read: {error}.", field="body") from None
    except (LookupError, UnicodeError):
        raise Invalid("The SVG cannot be read: save it as UTF-8.", field="body") from None


class _SvgGuard:
    def __init__(self) -> None:
        self.elements = 0
        self.inside: list[str] = []
        self.style = ""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > SVG_ELEMENTS_MAX:
            raise Invalid(f"The SVG has more than {SVG_ELEMENTS_MAX} parts: simplify it.", field="body")
        space, _, local = name.rpartition(" ")
        if not self.inside and (local != "svg" or space != _DRAWING):
            raise Invalid(
                "This is no SVG: its outermost part must be <svg>, of SVG's namespace.", field="body"
            )
        if space == _DRAWING:
            if local not in _ELEMENTS:
                raise _refused(f"<{local[:40]}>")
        elif "metadata" not in self.inside and not _of_an_editor(space):
            raise _refused(f"<{local[:40]}> of {space[:60] or 'no namespace'}")
        self.inside.append(local)
        for attribute, value in attributes.items():
            self._check_attribute(attribute, value, embedded=local == "image")

    def end(self, _: str) -> None:
        if self.inside.pop() == "style":
            _check_style(self.style)
            self.style = ""

    def text(self, text: str) -> None:
        if "style" in self.inside:
            self.style += text

    def doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        if internal:
            raise _refused("a DOCTYPE with definitions")

    def entity(self, *_: object) -> None:
        raise _refused("an <!ENTITY> definition")

    def instruction(self, target: str, _: str) -> None:
        if target != "xpacket":
            raise _refused(f"<?{target[:40]}?>")

    def _check_attribute(self, name: str, value: str, *, embedded: bool) -> None:
        space, _, local = name.rpartition(" ")
        if local.lower() == "base":
            raise _refused("a base for its references")
        if local.lower().startswith("on"):
            raise _refused(f"the event handler `{local[:40]}`")
        if local.lower() in ("href", "src") and space in ("", _XLINK, _DRAWING):
            target = "".join(value.split())
            if not target.startswith("#") and not (embedded and _EMBEDDED.match(target)):
                raise _refused(f"a reference to elsewhere (`{target[:60]}`)")
        elif space == "" and local == "style":
            _check_style(value)
        elif space == "" and (_OUTSIDE.search(value) or "javascript:" in "".join(value.split()).lower()):
            raise _refused(f"a reference to elsewhere (`{value[:60]}`)")


def _check_style(style: str) -> None:
    found = _ODD_STYLE.search(style) or _OUTSIDE.search(style)
    if found:
        raise _refused(f"a style that fetches or runs something (`{found.group()[:40]}`)")


def _of_an_editor(space: str) -> bool:
    """Whether a namespace is one in which drawing programs keep notes that nobody draws."""
    return "inkscape.org" in space or "sodipodi" in space or "sketch" in space or "adobe.com" in space


def _refused(what: str) -> Invalid:
    return Invalid(
        f"The SVG holds {what}, which a logo must not: export it as a plain drawing.", field="body"
    )
