"""Whether a token may charge, and why."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.access.decision import decide
from currant.access.model import (
    Account,
    ConcurrentUse,
    Decision,
    Group,
    Presented,
    Purpose,
    Reason,
    Token,
    TokenFacts,
    TokenKind,
    TokenStatus,
)
from currant.kit.ids import AccountId, GroupId, LocationId, StationId, TenantId, TokenId

TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HERE, STATION = LocationId("here"), StationId("station")
CARD = Presented(uid="04A1B2C3", kind=TokenKind.RFID)


def facts(*, group: Group | None = None, account: Account | None = None, **words) -> TokenFacts:
    token = Token(id=TokenId("token"), tenant_id=TENANT, kind=TokenKind.RFID, uid="04A1B2C3", **words)
    return TokenFacts(token=token, group=group, account=account)


def account(*, blocked: bool = False) -> Account:
    return Account(id=AccountId("account"), tenant_id=TENANT, name="Anna", blocked=blocked)


def group(*, master: bool = False) -> Group:
    return Group(id=GroupId("group"), tenant_id=TENANT, name="Fleet", parent_uid="PARENT", master=master)


def asked(known: TokenFacts | None, *, presented: Presented = CARD, **words) -> Decision:
    return decide(presented, known, station_id=STATION, location_id=HERE, at=NOW, **words)


def test_a_known_token_in_good_standing_may_charge() -> None:
    decision = asked(
        facts(group=group(), account=account(), language="de", valid_until=NOW + timedelta(days=1))
    )
    assert decision == Decision(
        allowed=True,
        reason=Reason.ACCEPTED,
        explanation="The token may charge.",
        token_id=TokenId("token"),
        token_kind=TokenKind.RFID,
        account_id=AccountId("account"),
        parent_uid="PARENT",
        valid_until=NOW + timedelta(days=1),
        language="de",
    )


@pytest.mark.parametrize(
    ("known", "words", "reason"),
    [
        (None, {}, Reason.UNKNOWN),
        (facts(status=TokenStatus.BLOCKED), {}, Reason.BLOCKED),
        (facts(account=account(blocked=True)), {}, Reason.ACCOUNT_BLOCKED),
        (facts(valid_from=NOW + timedelta(seconds=1)), {}, Reason.NOT_YET_VALID),
        (facts(valid_until=NOW), {}, Reason.EXPIRED),
        (facts(group=group(master=True)), {}, Reason.MASTER_PASS),
        (facts(locations=(LocationId("elsewhere"),)), {}, Reason.NOT_HERE),
        (facts(stations=(StationId("another"),)), {}, Reason.NOT_HERE),
        (facts(), {"open_sessions": 1}, Reason.IN_USE),
    ],
)
def test_every_reason_not_to_charge_is_said_in_words(
    known: TokenFacts | None, words: dict, reason: Reason
) -> None:
    decision = asked(known, **words)
    assert not decision.allowed
    assert decision.reason is reason
    assert decision.explanation.endswith(".")


@pytest.mark.parametrize(
    "known",
    [
        facts(valid_from=NOW),
        facts(valid_until=NOW + timedelta(microseconds=1)),
        facts(locations=(HERE,)),
        facts(stations=(STATION,)),
        facts(locations=(LocationId("elsewhere"),), stations=(STATION,)),
    ],
)
def test_what_a_restriction_lets_through_may_charge(known: TokenFacts) -> None:
    assert asked(known).allowed


def test_a_token_that_may_charge_twice_at_once_does() -> None:
    assert asked(facts(concurrent_use=ConcurrentUse.ALLOWED), open_sessions=3).allowed


def test_a_station_nobody_placed_is_no_location_a_token_is_restricted_to() -> None:
    known = facts(locations=(HERE,))
    assert not decide(CARD, known, station_id=STATION, location_id=None, at=NOW).allowed


def test_the_first_thing_somebody_could_put_right_is_the_reason() -> None:
    known = facts(
        status=TokenStatus.BLOCKED,
        account=account(blocked=True),
        valid_until=NOW,
        locations=(LocationId("elsewhere"),),
    )
    assert asked(known, open_sessions=1).reason is Reason.BLOCKED


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (facts(status=TokenStatus.BLOCKED), Reason.BLOCKED),
        (facts(valid_until=NOW), Reason.EXPIRED),
        (facts(group=group(master=True)), Reason.ACCEPTED),
        (facts(locations=(LocationId("elsewhere"),)), Reason.ACCEPTED),
    ],
)
def test_whoever_began_can_stop(known: TokenFacts, reason: Reason) -> None:
    decision = asked(known, purpose=Purpose.STOP, open_sessions=1)
    assert decision.allowed
    assert decision.reason is reason
    assert decision.master == (known.group is not None)


def test_an_unknown_token_stops_nothing() -> None:
    assert not asked(None, purpose=Purpose.STOP).allowed


@pytest.mark.parametrize("kind", [TokenKind.KEYLESS, TokenKind.LOCAL])
def test_what_the_station_decided_by_itself_is_not_looked_up(kind: TokenKind) -> None:
    assert asked(None, presented=Presented(uid="", kind=kind)).allowed


@pytest.mark.parametrize("uid", ["", "   "])
def test_nothing_presented_is_no_token(uid: str) -> None:
    decision = asked(None, presented=Presented(uid=uid))
    assert (decision.allowed, decision.reason) == (False, Reason.NO_TOKEN)


known_facts = st.none() | st.builds(
    facts,
    status=st.sampled_from(TokenStatus),
    valid_from=st.none() | st.just(NOW + timedelta(days=1)) | st.just(NOW - timedelta(days=1)),
    valid_until=st.none() | st.just(NOW + timedelta(days=1)) | st.just(NOW - timedelta(days=1)),
    group=st.none() | st.builds(group, master=st.booleans()),
    account=st.none() | st.builds(account, blocked=st.booleans()),
    concurrent_use=st.sampled_from(ConcurrentUse),
    locations=st.sampled_from(((), (HERE,), (LocationId("elsewhere"),))),
)


@given(known_facts, st.integers(0, 3))
def test_to_start_is_allowed_for_no_other_reason_than_accepted(
    known: TokenFacts | None, sessions: int
) -> None:
    start = asked(known, open_sessions=sessions)
    assert start.allowed == (start.reason is Reason.ACCEPTED)
    stop = asked(known, open_sessions=sessions, purpose=Purpose.STOP)
    assert stop.allowed == (known is not None)
    assert stop.allowed or not start.allowed, "who may start may stop"
