"""Whether a token may charge here and now, and why, in words a support desk can read out.

The first reason that stands in the way is given, in the order in which somebody could do
something about it: the token itself, who answers for it, time, place, and other sessions.
"""

from datetime import datetime

from currant.access.model import (
    ConcurrentUse,
    Decision,
    Presented,
    Purpose,
    Reason,
    Token,
    TokenFacts,
    TokenKind,
    TokenStatus,
)
from currant.kit.ids import LocationId, StationId

# What only the station knows of, or what wants no authorisation at all, unless it is registered here.
DECIDED_BY_STATION = (TokenKind.KEYLESS, TokenKind.LOCAL)


def decide(
    presented: Presented,
    facts: TokenFacts | None,
    *,
    station_id: StationId,
    location_id: LocationId | None,
    at: datetime,
    purpose: Purpose = Purpose.START,
    open_sessions: int = 0,
) -> Decision:
    """Decide on a presented token.

    `open_sessions` are the token's other ones: not the one that this very EVSE is asking about.
    To stop, a token need only be known: whoever began a session can end it and get the car back,
    even when the token was blocked meanwhile; the reason still says so.
    """
    if presented.kind in DECIDED_BY_STATION and facts is None:
        return Decision(
            allowed=True,
            reason=Reason.ACCEPTED,
            explanation="The station let this in by itself, without a token of ours.",
        )
    if not presented.uid.strip():
        return Decision(allowed=False, reason=Reason.NO_TOKEN, explanation="No token was presented.")
    if facts is None:
        return Decision(
            allowed=False,
            reason=Reason.UNKNOWN,
            explanation=f"No token {presented.uid[:40]!r} is registered.",
        )
    token, group, account = facts.token, facts.group, facts.account
    reason, explanation = _standing(facts, at=at)
    stopping = purpose is Purpose.STOP
    if reason is Reason.ACCEPTED and not stopping:
        if group is not None and group.master:
            reason = Reason.MASTER_PASS
            explanation = f"The group {group.name!r} may end any session and begin none."
        elif not _is_welcome(token, station_id, location_id):
            reason, explanation = (
                Reason.NOT_HERE,
                "The token may charge, but not at this station or location.",
            )
        elif open_sessions > 0 and token.concurrent_use is ConcurrentUse.REFUSED:
            sessions = "a session" if open_sessions == 1 else f"{open_sessions} sessions"
            reason, explanation = (
                Reason.IN_USE,
                f"The token has {sessions} open elsewhere, and may have one alone.",
            )
    if stopping and reason is not Reason.ACCEPTED:
        explanation = f"{explanation} It may end what it began, and begin nothing."
    return Decision(
        allowed=stopping or reason is Reason.ACCEPTED,
        reason=reason,
        explanation=explanation,
        token_id=token.id,
        token_kind=token.kind,
        account_id=None if account is None else account.id,
        parent_uid=None if group is None else group.parent_uid,
        master=group is not None and group.master,
        valid_until=token.valid_until,
        language=token.language,
    )


def _standing(facts: TokenFacts, *, at: datetime) -> tuple[Reason, str]:
    """What holds against a token wherever it is presented."""
    token, account = facts.token, facts.account
    if token.status is TokenStatus.BLOCKED:
        return Reason.BLOCKED, "The token is blocked."
    if account is not None and account.blocked:
        return Reason.ACCOUNT_BLOCKED, f"The account {account.name!r} is blocked, and all its tokens with it."
    if token.valid_from is not None and at < token.valid_from:
        return Reason.NOT_YET_VALID, f"The token is valid from {token.valid_from:%Y-%m-%d %H:%M} UTC on."
    if token.valid_until is not None and at >= token.valid_until:
        return Reason.EXPIRED, f"The token was valid until {token.valid_until:%Y-%m-%d %H:%M} UTC."
    return Reason.ACCEPTED, "The token may charge."


def _is_welcome(token: Token, station_id: StationId, location_id: LocationId | None) -> bool:
    if not token.locations and not token.stations:
        return True
    return station_id in token.stations or (location_id is not None and location_id in token.locations)
