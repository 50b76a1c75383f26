"""The values of tenancy: organisations, people, keys, who is calling, and what happened to them.

Every row of every table belongs to an organisation (its `tenant_id`), and every caller acts for
exactly one. What a caller may do follows from a role alone (permissions.py).
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.event import Event
from currant.kit.ids import KeyId, PersonId, TenantId


class Role(StrEnum):
    """What somebody is to the organisation; the table of what follows is in permissions.py."""

    OWNER = "owner"
    OPERATOR = "operator"
    SUPPORT = "support"
    READ_ONLY = "read_only"
    INTEGRATION = "integration"


class Permission(StrEnum):
    """What a route of the API needs; named noun:verb."""

    LOCATIONS_READ = "locations:read"
    LOCATIONS_WRITE = "locations:write"
    STATIONS_READ = "stations:read"
    STATIONS_WRITE = "stations:write"
    STATIONS_ADMIT = "stations:admit"
    """Accept, refuse and retire stations, and give them passwords."""
    DESIRED_WRITE = "desired:write"
    """Declare what stations shall be, pause and undo it."""
    COMMANDS_READ = "commands:read"
    COMMANDS_GIVE = "commands:give"
    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    TARIFFS_READ = "tariffs:read"
    TARIFFS_WRITE = "tariffs:write"
    """Make and publish prices, and say for whom they hold."""
    BILLING_READ = "billing:read"
    """See what is owed and paid: charges, wallets, payments, invoices, the ledger."""
    BILLING_WRITE = "billing:write"
    """Move money: refund, credit, issue invoices, settle, write off."""
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    MESSAGES_READ = "messages:read"
    FILES_READ = "files:read"
    """See what is in the logs that stations sent: they may hold what messages hold."""
    FINDINGS_READ = "findings:read"
    SECURITY_READ = "security:read"
    EVENTS_READ = "events:read"
    NOTES_WRITE = "notes:write"
    AUDIT_READ = "audit:read"
    """See who did what: it tells where colleagues signed in from."""
    PEOPLE_READ = "people:read"
    PEOPLE_MANAGE = "people:manage"
    KEYS_MANAGE = "keys:manage"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    TENANTS_MANAGE = "tenants:manage"
    """Create further organisations: owners of the host organisation alone."""
    SELF = "self"
    """What everybody who is signed in may do: see who they are, change their password, sign out."""


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant. The host organisation is the installation's own and was made at its first start."""

    id: TenantId
    name: str
    host: bool = False
    require_second_factor: bool = False
    """Whether its people have to sign in with a second factor."""
    created_at: datetime


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signs in. `login` is an e-mail address or a short name, unique in the installation."""

    id: PersonId
    tenant_id: TenantId
    login: str
    name: str = ""
    email: str = ""
    role: Role
    active: bool = True
    must_change_password: bool = False
    password_expires_at: datetime | None = None
    """When a one-time password ends to work; None for a password of one's own."""
    created_at: datetime
    last_login_at: datetime | None = None
    language: str = ""
    """The language of mails and pages (`en`, `de`, …); empty: the browser's."""
    time_zone: str = ""
    """The zone that times are shown in (`Europe/Berlin`); empty: the browser's."""
    second_factor: bool = False
    """Whether signing in takes more than the password."""
    invited_until: datetime | None = None
    """Until when the invitation that was mailed can be taken up; None when there is none."""
    email_confirmed: bool = False
    """Whether the address is known to be theirs: an administrator wrote it, or they opened a link mailed to it."""


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person just made (or given a new password): `one_time_password` is shown this once.

    It is empty for who was invited by mail; then `expires_at` is the end of the invitation.
    """

    person: Person
    one_time_password: str
    expires_at: datetime


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A program's way in. Its secret is shown when it is made and kept as a digest only."""

    id: KeyId
    tenant_id: TenantId
    name: str
    prefix: str
    """The beginning of the secret, to recognise it by."""
    role: Role
    created_at: datetime
    created_by: str = ""
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key just made: `secret` is shown this once."""

    key: ApiKey
    secret: str


class CallerKind(StrEnum):
    PERSON = "person"
    KEY = "key"
    LOCAL = "local"
    """The command line on the same machine, by the key file that only the server's user can read."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who is calling, for which organisation, and what they may do."""

    kind: CallerKind
    id: str
    tenant_id: TenantId
    name: str
    role: Role
    permissions: frozenset[Permission]
    must_change_password: bool = False
    second_factor_missing: bool = False
    """The organisation requires a second factor and this session was opened without one."""
    csrf_token: str = ""
    """What a browser must send back with every unsafe request; empty for keys."""
    session_digest: bytes = b""

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def label(self) -> str:
        """How records name the caller: `person:ada`, `key:billing export`, `local`."""
        return self.kind.value if self.kind is CallerKind.LOCAL else f"{self.kind.value}:{self.name}"


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that worked: `cookie` is the session's secret, given to the browser and to nobody else."""

    person: Person
    cookie: str
    csrf_token: str
    expires_at: datetime


class Way(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    SINGLE_SIGN_ON = "single_sign_on"
    MAIL = "mail"
    """A link that was mailed to them: an invitation, or a new password for one forgotten."""


class SecondFactorNeeded(msgspec.Struct, frozen=True, kw_only=True):
    """The password was right, and one more proof is needed: one of `ways`, with the ticket, before it expires."""

    ticket: str
    ways: tuple[Way, ...]
    expires_at: datetime


class SessionOfPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somewhere that somebody is signed in; `current` is where the question comes from."""

    id: str
    current: bool
    began_at: datetime
    seen_at: datetime
    expires_at: datetime
    remote_address: str
    user_agent: str
    way: str
    """How it was opened: `password`, `totp`, `recovery_code`, `passkey`, `single_sign_on` or `mail`."""


class FirstLogin(msgspec.Struct, frozen=True, kw_only=True):
    """How the administrator signs in for the first time; printed once by the process that made it."""

    login: str
    password: str
    expires_at: datetime


class OrganisationCreated(Event, frozen=True, kw_only=True):
    name: str
    by: str = ""


class OrganisationRenamed(Event, frozen=True, kw_only=True):
    name: str
    by: str


class PersonAdded(Event, frozen=True, kw_only=True):
    person_id: PersonId
    login: str
    role: Role
    by: str


class PersonChanged(Event, frozen=True, kw_only=True):
    """`what` names what changed: role, name, email, active, one_time_password."""

    person_id: PersonId
    login: str
    what: tuple[str, ...]
    by: str


class PersonRemoved(Event, frozen=True, kw_only=True):
    person_id: PersonId
    login: str
    by: str


class PasswordChanged(Event, frozen=True, kw_only=True):
    person_id: PersonId
    login: str
    way: str = ""
    """`mail` when it was forgotten, or set for the first time, by a link that was mailed."""


class PersonSignedIn(Event, frozen=True, kw_only=True):
    person_id: PersonId
    login: str
    remote_address: str
    way: str = ""


class SecondFactorChanged(Event, frozen=True, kw_only=True):
    """`what`: totp_added, totp_removed, passkey_added, passkey_removed, recovery_codes, all_removed."""

    person_id: PersonId
    login: str
    what: str
    by: str


class SecondFactorRequired(Event, frozen=True, kw_only=True):
    """Whether an organisation's people need a second factor changed."""

    required: bool
    by: str


class PersonInvited(Event, frozen=True, kw_only=True):
    person_id: PersonId
    login: str
    by: str


class PersonLinked(Event, frozen=True, kw_only=True):
    """From now on somebody signs in through a provider of single sign-on."""

    person_id: PersonId
    login: str
    provider: str


class SignInFailed(Event, frozen=True, kw_only=True):
    """Only for logins that exist: what strangers type is counted by address and not written down."""

    person_id: PersonId
    login: str
    remote_address: str
    reason: str


class KeyMade(Event, frozen=True, kw_only=True):
    key_id: KeyId
    name: str
    role: Role
    by: str


class KeyRevoked(Event, frozen=True, kw_only=True):
    key_id: KeyId
    name: str
    by: str


class SignInRefused(Exception):
    """A sign-in did not work; `reason` is for the journal, the sentence for the person tells nothing more."""

    def __init__(self, message: str, *, reason: str, retry_after_s: int = 0) -> None:
        self.message, self.reason, self.retry_after_s = message, reason, retry_after_s
        super().__init__(message)
