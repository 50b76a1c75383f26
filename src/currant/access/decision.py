"""Whether a token may charge here and now, and why, in words a support desk can read out.

The first reason that stands in the way is given, in the order in which somebody could do
something about it: the token itself, who answers for it, place, time, quotas, and other sessions.
"""

from datetime import datetime

from msgspec.structs import replace

from currant.access import rulings
from currant.access.model import (
    Decision,
    Opinion,
    Place,
    Presented,
    Purpose,
    Reason,
    Ruling,
    Standing,
    TokenFacts,
    TokenKind,
)
from currant.access.policy_model import PolicyFacts
from currant.kit.ids import LocationId, StationGroupId, StationId

# What only the station knows of, or what wants no authorisation at all, unless it is registered here.
DECIDED_BY_STATION = (TokenKind.KEYLESS, TokenKind.LOCAL)
# What keeps a token from beginning a session, and never from ending the one it has.
_OF_THE_MOMENT = frozenset(
    {
        Reason.NOT_AT_THIS_TIME,
        Reason.QUOTA_USED_UP,
        Reason.TOO_MANY_SESSIONS,
        Reason.REFUSED_BY_AUTHORISER,
        Reason.AUTHORISER_SILENT,
    }
)


def decide(
    presented: Presented,
    facts: TokenFacts | None,
    *,
    station_id: StationId,
    location_id: LocationId | None,
    at: datetime,
    purpose: Purpose = Purpose.START,
    open_sessions: int = 0,
    groups: tuple[StationGroupId, ...] = (),
    policies: tuple[PolicyFacts, ...] = (),
    opinion: Opinion | None = None,
    has_session_here: bool = False,
) -> Decision:
    """Decide on a presented token.

    `open_sessions` are the token's other ones: not the one that this very EVSE is asking about.
    `policies` are all that apply to it, and every one has to allow; `opinion` is an external
    authoriser's, which can only take away from what is allowed to a token that is known here, and
    decides alone on one that is not.
    To stop, a token need only be known: whoever began a session can end it and get the car back,
    even when the token was blocked meanwhile; the reason still says so. `has_session_here` is for a
    station that asks without saying what for: a session that runs there may be ended whatever the
    hour.
    """
    return judge(
        presented,
        facts,
        Place(station_id=station_id, location_id=location_id, groups=groups),
        at=at,
        purpose=purpose,
        open_sessions=open_sessions,
        policies=policies,
        opinion=opinion,
        has_session_here=has_session_here,
    ).decision


def judge(
    presented: Presented,
    facts: TokenFacts | None,
    place: Place,
    *,
    at: datetime,
    purpose: Purpose = Purpose.START,
    open_sessions: int = 0,
    policies: tuple[PolicyFacts, ...] = (),
    opinion: Opinion | None = None,
    has_session_here: bool = False,
) -> Standing:
    """The decision, and what every rule says of it."""
    if facts is None:
        decision = _on_unknown(presented, opinion)
        if has_session_here and not decision.allowed:
            decision = replace(
                decision,
                allowed=True,
                reason=Reason.ACCEPTED,
                explanation=f"{decision.explanation} It has a session at this station, and may end it.",
            )
        return Standing(decision=decision, rulings=(), at=at)
    stopping = purpose is Purpose.STOP
    said = (
        rulings.standing(facts, at=at)
        if stopping
        else rulings.rulings_on(facts, place, policies, at=at, open_sessions=open_sessions)
    )
    if opinion is not None and opinion.allowed is not None and not stopping:
        said.append(_ruling_of(opinion))
    against = next((ruling for ruling in said if not ruling.passes), None)
    reason, explanation = Reason.ACCEPTED, "The token may charge."
    if against is not None:
        reason, explanation = against.reason, against.explanation
    if stopping and reason is not Reason.ACCEPTED:
        explanation = f"{explanation} It may end what it began, and begin nothing."
    elif reason in _OF_THE_MOMENT and has_session_here:
        reason, explanation = (
            Reason.ACCEPTED,
            f"{explanation} It has a session at this station, and may end it.",
        )
    token, group, account = facts.token, facts.group, facts.account
    decision = Decision(
        allowed=stopping or reason is Reason.ACCEPTED,
        reason=reason,
        explanation=explanation,
        token_id=token.id,
        token_kind=token.kind,
        account_id=None if account is None else account.id,
        parent_uid=None if group is None else group.parent_uid,
        master=group is not None and group.master,
        valid_until=_holds_until(token.valid_until, said, against, opinion),
        language=token.language,
        reference="" if opinion is None or stopping else opinion.reference,
    )
    return Standing(decision=decision, rulings=tuple(said), at=at)


def _on_unknown(presented: Presented, opinion: Opinion | None) -> Decision:
    if presented.kind in DECIDED_BY_STATION:
        return Decision(
            allowed=True,
            reason=Reason.ACCEPTED,
            explanation="The station let this in by itself, without a token of ours.",
        )
    if not presented.uid.strip():
        return Decision(allowed=False, reason=Reason.NO_TOKEN, explanation="No token was presented.")
    unknown = f"No token {presented.uid[:40]!r} is registered."
    if opinion is None:
        return Decision(allowed=False, reason=Reason.UNKNOWN, explanation=unknown)
    if opinion.allowed is None:
        return Decision(
            allowed=False, reason=Reason.UNKNOWN, explanation=f"{unknown} {opinion.explanation}".strip()
        )
    return Decision(
        allowed=opinion.allowed,
        reason=Reason.ACCEPTED if opinion.allowed else opinion.reason,
        explanation=opinion.explanation,
        parent_uid=opinion.parent_uid,
        valid_until=opinion.valid_until,
        reference=opinion.reference,
    )


def _ruling_of(opinion: Opinion) -> Ruling:
    return Ruling(
        rule="authoriser",
        passes=bool(opinion.allowed),
        reason=Reason.ACCEPTED if opinion.allowed else opinion.reason,
        explanation=opinion.explanation,
        until=opinion.valid_until,
    )


def _holds_until(
    token_until: datetime | None,
    said: list[Ruling],
    against: Ruling | None,
    opinion: Opinion | None,
) -> datetime | None:
    """The earliest instant at which the decision ends by itself, so that no station's cache outlives it."""
    ends = [] if token_until is None else [token_until]
    if against is None:
        ends += [ruling.until for ruling in said if ruling.until is not None and ruling.rule == "time"]
    elif against.rule == "time" and against.until is not None:
        ends.append(against.until)
    if opinion is not None and opinion.valid_until is not None:
        ends.append(opinion.valid_until)
    return min(ends, default=None)
