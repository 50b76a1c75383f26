"""The values of the external authoriser: somebody else's server that is asked who may charge.

The request is a POST of JSON (`Question`), signed in the header `Currant-Signature`; the answer is
status 200 with JSON (`Verdict`). Anything else, or nothing before the deadline, is no answer, and
the declared fallback holds.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.access.model import Reason, TokenKind
from currant.kit.ids import TenantId

DEADLINE_MIN_MS, DEADLINE_MAX_MS = 100, 10_000
CACHE_MAX_S = 86_400
ANSWER_MAX_BYTES = 10_000


class Asked(StrEnum):
    """Which tokens the authoriser is asked about."""

    UNKNOWN = "unknown"
    """Those that are not registered here."""
    ALL = "all"
    """Every token; one that is registered here needs both."""
    KINDS = "kinds"
    """Those of some kinds."""


class Fallback(StrEnum):
    """What holds while the authoriser does not answer."""

    ALLOW = "allow"
    """Unknown tokens may charge; known ones as the rules here say."""
    REFUSE = "refuse"
    """Nobody that it would have been asked about may."""
    AS_KNOWN = "as_known"
    """As the rules here say: unknown tokens may not charge."""


class Authoriser(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's external authoriser."""

    tenant_id: TenantId
    url: str
    secret: str
    deadline_ms: int = 2_000
    asked: Asked = Asked.UNKNOWN
    kinds: tuple[TokenKind, ...] = ()
    fallback: Fallback = Fallback.AS_KNOWN
    cache_s: int = 0
    """How long its answer about a token at a station is believed without asking again; 0 asks every time."""
    enabled: bool = True
    changed_at: datetime | None = None


class AuthoriserDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An authoriser as it shall be. Without a `secret` the one that is set stays, or one is made."""

    url: str
    secret: str = ""
    deadline_ms: int = 2_000
    asked: Asked = Asked.UNKNOWN
    kinds: tuple[TokenKind, ...] = ()
    fallback: Fallback = Fallback.AS_KNOWN
    cache_s: int = 0
    enabled: bool = True


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the authoriser has been doing, as this node saw it since its start."""

    answered: int = 0
    failed: int = 0
    from_cache: int = 0
    not_asked: int = 0
    """Questions that were answered by the fallback at once: it was failing, or too many were on their way."""
    failing_since: datetime | None = None
    """Since when it is left alone but for a trial from time to time."""
    last_failure: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the authoriser is asked: the body of the request."""

    question_id: str
    """Another one for every request."""
    at: datetime
    token: "QuestionToken"
    station: "QuestionStation"


class QuestionToken(msgspec.Struct, frozen=True, kw_only=True):
    uid: str
    """As the station spelled it."""
    kind: TokenKind
    """`unknown` where the station's protocol does not say."""
    known: bool
    """Whether it is registered here."""


class QuestionStation(msgspec.Struct, frozen=True, kw_only=True):
    station_id: str
    identity: str
    location_id: str | None = None
    evse: int | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `reason` words a refusal to the station as ours do; `explanation` is for the support
    desk, `reference` is kept with the session, `valid_until` bounds every cache."""

    allowed: bool
    reason: Reason = Reason.REFUSED_BY_AUTHORISER
    explanation: str = ""
    reference: str = ""
    parent_uid: str | None = None
    valid_until: datetime | None = None
