"""What an organisation looks like to people: its name, colours, logos, words and host names."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.event import Event
from currant.kit.ids import TenantId

LegalText = dict[str, str]
"""One text in several languages, by language tag (`en`, `de`, `pt-BR`); plain text with blank lines."""


class LogoKind(StrEnum):
    """What a picture is for."""

    LOGO = "logo"
    DARK_LOGO = "dark_logo"
    """The logo on a dark ground; where there is none, the logo is used there too."""
    ICON = "icon"
    """Square: what stands on a phone's home screen."""


class Legal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the law wants said."""

    imprint: LegalText = {}
    privacy: LegalText = {}
    terms: LegalText = {}


class BrandingDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an organisation wants to look. What is left out gets its default; logos are set on their own."""

    name: str = ""
    """The brand's name; empty: the organisation's."""
    product_name: str = ""
    """What the drivers' app is called; empty: the brand's name."""
    primary_colour: str = "#9b1b4b"
    accent_colour: str | None = None
    support_email: str = ""
    support_phone: str = ""
    hosts: tuple[str, ...] = ()
    """Host names at which the drivers' app is this organisation's."""
    legal: Legal = msgspec.field(default_factory=Legal)
    driver_app: bool = True
    """Whether drivers are served at all."""
    guests: bool = True
    """Whether drivers may charge without an account."""


class Logo(msgspec.Struct, frozen=True, kw_only=True):
    """A picture: kept by its digest, so that it may be cached for ever."""

    digest: str
    ending: str

    @property
    def url(self) -> str:
        return f"/api/v1/branding/files/{self.digest}.{self.ending}"


class Logos(msgspec.Struct, frozen=True, kw_only=True):
    logo: Logo | None = None
    dark_logo: Logo | None = None
    icon: Logo | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How an organisation looks, with every default filled in."""

    name: str
    product_name: str
    primary_colour: str
    accent_colour: str | None = None
    logo_url: str | None = None
    dark_logo_url: str | None = None
    icon_url: str | None = None
    support_email: str = ""
    support_phone: str = ""
    legal: Legal = msgspec.field(default_factory=Legal)
    driver_app: bool = True
    guests: bool = True


class Branding(Look, frozen=True, kw_only=True):
    """How an organisation looks, to those who run it."""

    hosts: tuple[str, ...] = ()


class PublicBranding(Look, frozen=True, kw_only=True):
    """How an organisation looks, to everybody who comes by its host name."""

    tenant: str
    """The organisation's own name."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A logo's bytes, as they are served."""

    content: bytes
    media_type: str


class BrandingChanged(Event, frozen=True, kw_only=True):
    """`what` names what changed: fields of the branding, `hosts`, `logo`, `dark_logo`, `icon`."""

    what: tuple[str, ...]
    by: str


class BrandingRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an organisation's branding."""

    tenant_id: TenantId
    draft: BrandingDraft
    logos: Logos = Logos()
    updated_at: datetime
