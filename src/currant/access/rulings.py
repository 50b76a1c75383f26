"""What each rule says of a token at a place and time; pure, and every sentence can be read out."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from currant.access import quotas, schedules
from currant.access.model import (
    ConcurrentUse,
    Place,
    Reason,
    Ruling,
    Token,
    TokenFacts,
    TokenStatus,
)
from currant.access.policy_model import Per, Policy, PolicyFacts


def rulings_on(
    facts: TokenFacts,
    place: Place,
    policies: tuple[PolicyFacts, ...],
    *,
    at: datetime,
    open_sessions: int = 0,
) -> list[Ruling]:
    """What every rule says, in the order in which somebody could do something about it."""
    said = [*standing(facts, at=at), group_ruling(facts), place_ruling(facts.token, place)]
    for each in policies:
        if each.policy.has_place:
            said.append(policy_place_ruling(each.policy, place))
    for each in policies:
        if each.policy.windows:
            said.append(time_ruling(each, at))
    for each in policies:
        said.extend(quota_rulings(each))
    for each in policies:
        if each.policy.parallel is not None:
            said.append(parallel_ruling(each))
    said.append(sessions_ruling(facts.token, open_sessions))
    return said


def standing(facts: TokenFacts, *, at: datetime) -> list[Ruling]:
    """What holds for or against a token wherever it is presented."""
    token, account = facts.token, facts.account
    said = [
        _ruling("token", Reason.BLOCKED, "The token is blocked.")
        if token.status is TokenStatus.BLOCKED
        else _passed("token", "The token may charge.")
    ]
    if account is not None:
        said.append(
            _ruling(
                "account",
                Reason.ACCOUNT_BLOCKED,
                f"The account {account.name!r} is blocked, and all its tokens with it.",
            )
            if account.blocked
            else _ruling(
                "account",
                Reason.PAYMENT_OVERDUE,
                f"The account {account.name!r} has owed for too long, and may charge again once that is paid.",
            )
            if account.payment_overdue
            else _passed("account", f"The account {account.name!r} is in order.")
        )
    if token.valid_from is not None and at < token.valid_from:
        since = f"The token is valid from {token.valid_from:%Y-%m-%d %H:%M} UTC on."
        said.append(_ruling("validity", Reason.NOT_YET_VALID, since, until=token.valid_from))
    elif token.valid_until is not None:
        ended = at >= token.valid_until
        until = f"The token {'was' if ended else 'is'} valid until {token.valid_until:%Y-%m-%d %H:%M} UTC."
        said.append(
            _ruling("validity", Reason.EXPIRED, until)
            if ended
            else _passed("validity", until, until=token.valid_until)
        )
    return said


def group_ruling(facts: TokenFacts) -> Ruling:
    group = facts.group
    if group is not None and group.master:
        explanation = f"The group {group.name!r} may end any session and begin none."
        return _ruling("group", Reason.MASTER_PASS, explanation)
    return _passed("group", "No group keeps it from charging.")


def place_ruling(token: Token, place: Place) -> Ruling:
    if not token.locations and not token.stations:
        return _passed("place", "The token itself is limited to no place.")
    if place.station_id in token.stations or place.location_id in token.locations:
        return _passed("place", "The token may charge at this station.")
    return _ruling("place", Reason.NOT_HERE, "The token may charge, but not at this station or location.")


def policy_place_ruling(policy: Policy, place: Place) -> Ruling:
    here = (
        place.station_id in policy.stations
        or place.location_id in policy.locations
        or any(group in policy.station_groups for group in place.groups)
    )
    if here:
        explanation = f"The policy {policy.name!r} allows charging at this station."
        return _passed("place", explanation, policy=policy)
    explanation = f"The policy {policy.name!r} does not allow charging at this station or location."
    return _ruling("place", Reason.NOT_HERE, explanation, policy=policy)


def time_ruling(facts: PolicyFacts, at: datetime) -> Ruling:
    policy, zone = facts.policy, zone_of(facts.time_zone)
    opening = schedules.opening(policy.windows, at, zone, facts.holidays)
    local = at.astimezone(zone)
    today = f"{schedules.WEEK[local.weekday()].value.capitalize()} {local:%H:%M}"
    if local.date() in facts.holidays:
        today += ", a holiday,"
    explanation = (
        f"The policy {policy.name!r} allows charging {schedules.in_words(policy.windows)} at this site "
        f"({facts.time_zone}); it is {today} there."
    )
    if opening.open:
        return _passed("time", explanation, policy=policy, until=opening.changes_at)
    return _ruling("time", Reason.NOT_AT_THIS_TIME, explanation, policy=policy, until=opening.changes_at)


def quota_rulings(facts: PolicyFacts) -> list[Ruling]:
    policy = facts.policy
    return [
        _ruling("quota", Reason.QUOTA_USED_UP, quotas.in_words(use, policy.name), policy=policy)
        if use.exhausted
        else _passed("quota", quotas.in_words(use, policy.name), policy=policy)
        for use in facts.uses
    ]


def parallel_ruling(facts: PolicyFacts) -> Ruling:
    policy = facts.policy
    assert policy.parallel is not None
    limit, is_open = policy.parallel.limit, facts.open_sessions
    at_once = "1 session" if limit == 1 else f"{limit} sessions"
    whose = {Per.TOKEN: "of a token", Per.ACCOUNT: "of an account", Per.POLICY: "of all together"}
    explanation = (
        f"The policy {policy.name!r} allows {at_once} at once {whose[policy.parallel.per]}; "
        f"{is_open} {'is' if is_open == 1 else 'are'} open."
    )
    if is_open >= limit:
        return _ruling("parallel", Reason.TOO_MANY_SESSIONS, explanation, policy=policy)
    return _passed("parallel", explanation, policy=policy)


def sessions_ruling(token: Token, open_sessions: int) -> Ruling:
    if open_sessions > 0 and token.concurrent_use is ConcurrentUse.REFUSED:
        sessions = "a session" if open_sessions == 1 else f"{open_sessions} sessions"
        explanation = f"The token has {sessions} open elsewhere, and may have one alone."
        return _ruling("sessions", Reason.IN_USE, explanation)
    return _passed("sessions", "No other session stands in the way.")


def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _passed(
    rule: str, explanation: str, *, policy: Policy | None = None, until: datetime | None = None
) -> Ruling:
    return Ruling(
        rule=rule,
        passes=True,
        reason=Reason.ACCEPTED,
        explanation=explanation,
        policy_id=None if policy is None else policy.id,
        until=until,
    )


def _ruling(
    rule: str,
    reason: Reason,
    explanation: str,
    *,
    policy: Policy | None = None,
    until: datetime | None = None,
) -> Ruling:
    return Ruling(
        rule=rule,
        passes=False,
        reason=reason,
        explanation=explanation,
        policy_id=None if policy is None else policy.id,
        until=until,
    )
