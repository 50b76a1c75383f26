"""The settings of how people sign in and what they are mailed (settings.py names all others)."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from currant.app.section import Section
from currant.tenancy.model import Role


class MailSettings(Section):
    """Mail to people: invitations, forgotten passwords, what changed about their signing in."""

    url: str = ""
    """How mail is sent: `smtp://user:password@host:587` (encrypted by STARTTLS), `smtps://user:password@host:465`,
    `file:/folder` (a file for each mail), or `console:` (to standard error). Empty: files in `mail` of the data
    directory, and nobody is offered a new password by mail."""

    sender: str = ""
    """The address that mail comes from, as in `currant@example.org`. Empty: `currant` at the host of
    `http.public_url`."""

    trust: Path | None = None
    """Roots (PEM) by which the mail server is trusted, instead of this machine's."""


class ProviderSettings(Section):
    """A provider of single sign-on (OpenID Connect)."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    """A short name for addresses: `<public_url>/api/v1/login/oidc/<id>/return` is what the provider has to know."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """What the button says."""

    issuer: Annotated[str, Field(min_length=8, max_length=500)]
    """The provider's address, exactly as it names itself."""

    client_id: Annotated[str, Field(min_length=1, max_length=500)]
    """What the provider knows us by."""

    client_secret: str = ""
    """The secret to it; empty for a public client."""

    scopes: tuple[str, ...] = ("openid", "profile", "email")
    """What is asked for."""

    organisation: str = ""
    """The organisation (its name or id) that people belong to who come this way. Empty: the installation's own."""

    create: bool = False
    """Make an account for who has none."""

    link_by_email: bool = False
    """Take who comes the first time for the person here with the same e-mail address, if the provider has verified
    it. Only for a provider that you trust with every account."""

    role: Role | None = None
    """The role of accounts that are made; and of everybody for whom `role_claim` says nothing."""

    role_claim: str = ""
    """The claim that says the role, with dots between the levels, as in `realm_access.roles`. It is followed at every
    sign-in."""

    roles: dict[str, Role] = Field(default_factory=dict)
    """Which value of the claim gives which role; the first that fits."""

    second_factor: bool = False
    """The provider asks everybody for a second factor, so that Currant need not. It is also believed when it says so
    itself (`amr`)."""


class SignInSettings(Section):
    """How people sign in, other than by password and passkey."""

    providers: tuple[ProviderSettings, ...] = ()
    """Providers of single sign-on, each a `[[sign_in.providers]]`: see docs/signing-in.md."""
