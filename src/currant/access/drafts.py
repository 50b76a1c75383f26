"""What makes a token of a draft, and what contradicts itself."""

from datetime import datetime

from currant.access import uids
from currant.access.decision import DECIDED_BY_STATION
from currant.access.model import Token, TokenDraft, TokenKind
from currant.kit.errors import Invalid
from currant.kit.ids import TenantId, TokenId, new_id

PLACES_MAX = 1_000
NAME_MAX = 200


def token_of(tenant_id: TenantId, draft: TokenDraft, *, now: datetime) -> Token:
    """The token a draft describes; Invalid where it cannot be one."""
    uid = uids.normalise(draft.uid, draft.kind) or uids.virtual_uid()
    token = Token(
        id=TokenId(new_id()),
        tenant_id=tenant_id,
        kind=draft.kind,
        uid=uid,
        visual_number=draft.visual_number.strip(),
        status=draft.status,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        group_id=draft.group_id,
        account_id=draft.account_id,
        concurrent_use=draft.concurrent_use,
        locations=draft.locations,
        stations=draft.stations,
        policies=draft.policies,
        language=draft.language,
        created_at=now,
    )
    if len(draft.uid.strip()) > uids.UID_MAX:
        raise Invalid(f"A uid has at most {uids.UID_MAX} characters.", field="uid")
    if draft.kind in (TokenKind.UNKNOWN, *DECIDED_BY_STATION):
        raise Invalid(f"A token of kind {draft.kind} is never looked up: choose another kind.", field="kind")
    check_token(token)
    return token


def check_token(token: Token) -> None:
    """Raise Invalid where a token contradicts itself."""
    for field, at in (("valid_from", token.valid_from), ("valid_until", token.valid_until)):
        if at is not None and at.tzinfo is None:
            raise Invalid(f"{field} needs a time zone, as in 2026-01-31T12:00:00Z.", field=field)
    if token.valid_from and token.valid_until and token.valid_from >= token.valid_until:
        raise Invalid("The token would end before it begins to be valid.", field="valid_until")
    for name, places in (("locations", token.locations), ("stations", token.stations)):
        if len(places) > PLACES_MAX:
            raise Invalid(f"At most {PLACES_MAX} {name} can be named.", field=name)
    if len(token.visual_number) > NAME_MAX:
        raise Invalid(f"A visual number has at most {NAME_MAX} characters.", field="visual_number")
    if len(token.language) > 8:
        raise Invalid("A language is a tag of at most 8 characters, as in `de` or `pt-BR`.", field="language")
