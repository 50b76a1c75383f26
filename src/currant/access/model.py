"""The values of access: what a driver presents, what Currant knows of it, and the decision."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.ids import (
    AccountId,
    GroupId,
    LocationId,
    PolicyId,
    StationGroupId,
    StationId,
    TenantId,
    TokenId,
)


class TokenKind(StrEnum):
    """What sort of proof a token is; OCPP's IdTokenEnumType and OCPI's TokenType in one list."""

    RFID = "rfid"
    """ISO 14443 or 15693 UID in hexadecimal; byte-reversed and separated spellings are the same card."""
    APP = "app"
    EMAID = "emaid"
    MAC = "mac"
    """The vehicle's MAC address (autocharge)."""
    CENTRAL = "central"
    KEYLESS = "keyless"
    """No authorisation wanted (a button, free charging)."""
    LOCAL = "local"
    """Known to the station alone (a PIN); never looked up."""
    UNKNOWN = "unknown"
    """OCPP 1.6 does not say: any kind with this uid."""


class TokenStatus(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"


class ConcurrentUse(StrEnum):
    """What happens when a token is presented while it already charges elsewhere."""

    ALLOWED = "allowed"
    REFUSED = "refused"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for tokens: a driver or a company."""

    id: AccountId
    tenant_id: TenantId
    name: str
    email: str = ""
    blocked: bool = False
    policies: tuple[PolicyId, ...] = ()
    """They hold for all its tokens."""
    created_at: datetime | None = None
    payment_overdue: bool = False
    """It has owed for longer than the operator lets it charge; billing says so, and when that is over."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens that may stop each other's sessions. `parent_uid` is what stations are told (1.6 parentIdTag,
    2.x groupIdToken), at most 20 characters so that every version can carry it."""

    id: GroupId
    tenant_id: TenantId
    name: str
    parent_uid: str
    master: bool = False
    """2.x MasterPassGroupId: its tokens may stop any session and start none."""
    policies: tuple[PolicyId, ...] = ()
    """They hold for all its tokens."""
    created_at: datetime | None = None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """Something a driver can present. `uid` is normalised (see uids.py); unique per tenant and kind."""

    id: TokenId
    tenant_id: TenantId
    kind: TokenKind
    uid: str
    visual_number: str = ""
    status: TokenStatus = TokenStatus.ACTIVE
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    group_id: GroupId | None = None
    account_id: AccountId | None = None
    concurrent_use: ConcurrentUse = ConcurrentUse.REFUSED
    locations: tuple[LocationId, ...] = ()
    """Where it may charge; empty, together with `stations`, means everywhere."""
    stations: tuple[StationId, ...] = ()
    policies: tuple[PolicyId, ...] = ()
    """Its own ones, beside those of its group and account; every one of them has to allow."""
    language: str = ""
    created_at: datetime | None = None


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody held before a reader, as the station spelled it."""

    uid: str
    kind: TokenKind = TokenKind.UNKNOWN


class Reason(StrEnum):
    """Why a token may or may not charge. The gateway words it per version."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    ACCOUNT_BLOCKED = "account_blocked"
    PAYMENT_OVERDUE = "payment_overdue"
    """Its account owes for too long."""
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    IN_USE = "in_use"
    NOT_HERE = "not_here"
    NOT_AT_THIS_TIME = "not_at_this_time"
    QUOTA_USED_UP = "quota_used_up"
    TOO_MANY_SESSIONS = "too_many_sessions"
    RESERVED = "reserved"
    """The place is kept for somebody else."""
    WRONG_KIND_OF_EVSE = "wrong_kind_of_evse"
    """Said by an external authoriser alone."""
    REFUSED_BY_AUTHORISER = "refused_by_authoriser"
    AUTHORISER_SILENT = "authoriser_silent"
    """An external authoriser gave no answer in time, and the operator refuses then."""
    MASTER_PASS = "master_pass"
    """Known, may stop sessions, may start none."""
    NO_TOKEN = "no_token"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a token may charge, and why, in words a support desk can read out."""

    allowed: bool
    reason: Reason
    explanation: str
    token_id: TokenId | None = None
    token_kind: TokenKind | None = None
    """What it is registered as."""
    account_id: AccountId | None = None
    parent_uid: str | None = None
    """The group's uid, for stations that let group members stop each other's sessions."""
    master: bool = False
    valid_until: datetime | None = None
    """Until when this decision can hold at most: the token's own end, or that of an opening hour."""
    language: str = ""
    reference: str = ""
    """What an external authoriser calls its decision."""


class TokenFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a presented token: itself, its group and who answers for it."""

    token: Token
    group: Group | None = None
    account: Account | None = None

    @property
    def policies(self) -> tuple[PolicyId, ...]:
        """All that apply: the token's own, its group's, its account's."""
        own, group, account = self.token.policies, self.group, self.account
        if (group is None or not group.policies) and (account is None or not account.policies):
            return own
        of_group = () if group is None else group.policies
        of_account = () if account is None else account.policies
        return tuple(dict.fromkeys((*own, *of_group, *of_account)))


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a token is presented."""

    station_id: StationId
    location_id: LocationId | None = None
    groups: tuple[StationGroupId, ...] = ()
    """The station groups that the station is in."""
    evse: int | None = None


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What an external authoriser thinks of a token at a place, or what is declared for when it does not say.

    `allowed` None leaves it to what is known here.
    """

    allowed: bool | None
    reason: Reason = Reason.ACCEPTED
    explanation: str = ""
    reference: str = ""
    parent_uid: str | None = None
    valid_until: datetime | None = None
    answered: bool = True


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, and whether it lets a token charge; `explanation` can be read out either way."""

    rule: str
    """token, account, validity, group, place, time, quota, parallel, sessions or authoriser."""
    passes: bool
    reason: Reason
    explanation: str
    policy_id: PolicyId | None = None
    until: datetime | None = None
    """When what it says ends by itself, as far as that is known."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What would be decided on a token at a station, and what every rule says."""

    decision: Decision
    rulings: tuple[Ruling, ...]
    at: datetime


class Purpose(StrEnum):
    """What somebody presents a token for."""

    START = "start"
    STOP = "stop"


class TokenDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to be made; without a `uid` it gets a virtual one that every charger can carry."""

    kind: TokenKind = TokenKind.RFID
    uid: str = ""
    visual_number: str = ""
    status: TokenStatus = TokenStatus.ACTIVE
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    group_id: GroupId | None = None
    account_id: AccountId | None = None
    concurrent_use: ConcurrentUse = ConcurrentUse.REFUSED
    locations: tuple[LocationId, ...] = ()
    stations: tuple[StationId, ...] = ()
    policies: tuple[PolicyId, ...] = ()
    language: str = ""


class TokenChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a token; what is not named stays. Kind and uid never change."""

    visual_number: str | msgspec.UnsetType = msgspec.UNSET
    status: TokenStatus | msgspec.UnsetType = msgspec.UNSET
    valid_from: datetime | msgspec.UnsetType | None = msgspec.UNSET
    valid_until: datetime | msgspec.UnsetType | None = msgspec.UNSET
    group_id: GroupId | msgspec.UnsetType | None = msgspec.UNSET
    account_id: AccountId | msgspec.UnsetType | None = msgspec.UNSET
    concurrent_use: ConcurrentUse | msgspec.UnsetType = msgspec.UNSET
    locations: tuple[LocationId, ...] | msgspec.UnsetType = msgspec.UNSET
    stations: tuple[StationId, ...] | msgspec.UnsetType = msgspec.UNSET
    policies: tuple[PolicyId, ...] | msgspec.UnsetType = msgspec.UNSET
    language: str | msgspec.UnsetType = msgspec.UNSET


class GroupDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group to be made; without a `parent_uid` it gets a virtual one."""

    name: str
    parent_uid: str = ""
    master: bool = False
    policies: tuple[PolicyId, ...] = ()


class GroupChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    master: bool | msgspec.UnsetType = msgspec.UNSET
    policies: tuple[PolicyId, ...] | msgspec.UnsetType = msgspec.UNSET


class AccountDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    email: str = ""
    blocked: bool = False
    policies: tuple[PolicyId, ...] = ()


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    email: str | msgspec.UnsetType = msgspec.UNSET
    blocked: bool | msgspec.UnsetType = msgspec.UNSET
    policies: tuple[PolicyId, ...] | msgspec.UnsetType = msgspec.UNSET
