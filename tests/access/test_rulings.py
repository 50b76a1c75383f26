"""What policies say of a token at a place and time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.access.decision import decide, judge
from currant.access.model import (
    Decision,
    Opinion,
    Place,
    Presented,
    Purpose,
    Reason,
    Token,
    TokenFacts,
    TokenKind,
)
from currant.access.policy_model import (
    Day,
    Measure,
    Parallel,
    Per,
    Policy,
    PolicyFacts,
    Quota,
    QuotaUse,
    Window,
)
from currant.kit.ids import LocationId, PolicyId, StationGroupId, StationId, TenantId, TokenId

TENANT = TenantId("tenant")
SATURDAY = datetime(2026, 1, 31, 9, 12, tzinfo=UTC)
MONDAY = datetime(2026, 2, 2, 9, 12, tzinfo=UTC)
HERE, STATION, GROUP = LocationId("here"), StationId("station"), StationGroupId("garage")
CARD = Presented(uid="04A1B2C3", kind=TokenKind.RFID)
OFFICE = (Window(days=(Day.WEEKDAYS,), begin="08:00", end="18:00"),)
ENERGY = Quota(measure=Measure.ENERGY, limit=50_000)


def token(**words) -> TokenFacts:
    made = Token(id=TokenId("token"), tenant_id=TENANT, kind=TokenKind.RFID, uid="04A1B2C3", **words)
    return TokenFacts(token=made)


def policy(name: str = "Visitors", *, used: int = 0, running: int = 0, **words) -> PolicyFacts:
    made = Policy(id=PolicyId(name), tenant_id=TENANT, name=name, **words)
    return PolicyFacts(
        policy=made,
        time_zone="Europe/Berlin",
        uses=tuple(
            QuotaUse(quota=quota, used=used, first_day=date(2026, 1, 1), next_first_day=date(2026, 2, 1))
            for quota in made.quotas
        ),
        open_sessions=running,
    )


def asked(*policies: PolicyFacts, at: datetime = SATURDAY, **words) -> Decision:
    return decide(
        CARD,
        words.pop("facts", token()),
        station_id=STATION,
        location_id=HERE,
        groups=(GROUP,),
        at=at,
        policies=policies,
        **words,
    )


def test_the_wrong_time_is_refused_in_words_that_can_be_read_out() -> None:
    decision = asked(policy(windows=OFFICE))
    assert (decision.allowed, decision.reason) == (False, Reason.NOT_AT_THIS_TIME)
    assert decision.explanation == (
        "The policy 'Visitors' allows charging Monday to Friday 08:00 to 18:00 at this site "
        "(Europe/Berlin); it is Saturday 10:12 there."
    )
    # Whoever keeps the refusal asks again when it opens.
    assert decision.valid_until == datetime(2026, 2, 2, 7, tzinfo=UTC)


def test_what_is_allowed_holds_no_longer_than_the_window() -> None:
    closing = datetime(2026, 2, 2, 17, tzinfo=UTC)
    assert asked(policy(windows=OFFICE), at=MONDAY).valid_until == closing
    sooner, later = MONDAY + timedelta(hours=1), MONDAY + timedelta(days=9)
    assert asked(policy(windows=OFFICE), at=MONDAY, facts=token(valid_until=sooner)).valid_until == sooner
    assert asked(policy(windows=OFFICE), at=MONDAY, facts=token(valid_until=later)).valid_until == closing


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ({}, True),
        ({"locations": (HERE,)}, True),
        ({"stations": (STATION,)}, True),
        ({"station_groups": (GROUP, StationGroupId("other"))}, True),
        ({"locations": (LocationId("elsewhere"),)}, False),
        ({"locations": (LocationId("elsewhere"),), "stations": (STATION,)}, True),
        ({"station_groups": (StationGroupId("other"),)}, False),
    ],
)
def test_a_policy_says_where(words: dict, allowed: bool) -> None:
    decision = asked(policy(**words))
    assert decision.allowed is allowed
    assert decision.reason is (Reason.ACCEPTED if allowed else Reason.NOT_HERE)


def test_a_quota_that_is_used_up_refuses() -> None:
    assert asked(policy(quotas=(ENERGY,), used=49_999)).allowed
    decision = asked(policy(quotas=(ENERGY,), used=50_000))
    assert decision.reason is Reason.QUOTA_USED_UP
    assert "50 kWh a month to each token; 50 kWh were used since 01 January 2026" in decision.explanation


def test_sessions_at_once_are_limited() -> None:
    pool = policy(parallel=Parallel(limit=2, per=Per.POLICY), running=1)
    assert asked(pool).allowed
    full = asked(policy(parallel=Parallel(limit=2, per=Per.POLICY), running=2))
    assert full.reason is Reason.TOO_MANY_SESSIONS
    assert full.explanation == (
        "The policy 'Visitors' allows 2 sessions at once of all together; 2 are open."
    )


def test_of_several_policies_every_one_has_to_allow() -> None:
    always, office = policy("Staff"), policy(windows=OFFICE)
    assert not asked(always, office).allowed
    assert asked(always, office, at=MONDAY).allowed


def test_what_keeps_from_beginning_does_not_keep_from_ending() -> None:
    closed = policy(windows=OFFICE)
    assert asked(closed, purpose=Purpose.STOP).allowed
    ending = asked(closed, has_session_here=True)
    assert (ending.allowed, ending.reason) == (True, Reason.ACCEPTED)
    assert ending.explanation.endswith("It has a session at this station, and may end it.")
    elsewhere = policy(locations=(LocationId("elsewhere"),))
    assert not asked(elsewhere, has_session_here=True).allowed


def test_a_standing_tells_every_rule_and_which_of_them_pass() -> None:
    standing = judge(
        CARD,
        token(),
        Place(station_id=STATION, location_id=HERE),
        at=SATURDAY,
        policies=(policy(windows=OFFICE, quotas=(ENERGY,), used=60_000, locations=(HERE,)),),
    )
    assert [(ruling.rule, ruling.passes) for ruling in standing.rulings] == [
        ("token", True),
        ("group", True),
        ("place", True),
        ("place", True),
        ("time", False),
        ("quota", False),
        ("sessions", True),
    ]
    assert standing.decision.reason is Reason.NOT_AT_THIS_TIME


REFUSED = Opinion(allowed=False, reason=Reason.WRONG_KIND_OF_EVSE, explanation="No.", reference="R-1")
ALLOWED = Opinion(allowed=True, explanation="Yes.", reference="R-2", valid_until=MONDAY, parent_uid="P")


def test_an_authoriser_decides_alone_on_a_token_that_is_not_known() -> None:
    decision = decide(CARD, None, station_id=STATION, location_id=HERE, at=SATURDAY, opinion=ALLOWED)
    assert (decision.allowed, decision.reference, decision.valid_until) == (True, "R-2", MONDAY)
    assert (decision.token_id, decision.parent_uid) == (None, "P")
    decision = decide(CARD, None, station_id=STATION, location_id=HERE, at=SATURDAY, opinion=REFUSED)
    assert (decision.allowed, decision.reason, decision.explanation) == (
        False,
        Reason.WRONG_KIND_OF_EVSE,
        "No.",
    )
    undecided = Opinion(allowed=None, explanation="It did not answer.")
    decision = decide(CARD, None, station_id=STATION, location_id=HERE, at=SATURDAY, opinion=undecided)
    assert decision.reason is Reason.UNKNOWN
    assert decision.explanation == "No token '04A1B2C3' is registered. It did not answer."


def test_on_a_known_token_an_authoriser_can_only_take_away() -> None:
    assert asked(opinion=REFUSED).reason is Reason.WRONG_KIND_OF_EVSE
    assert asked(opinion=ALLOWED).reference == "R-2"
    assert asked(policy(windows=OFFICE), opinion=ALLOWED).reason is Reason.NOT_AT_THIS_TIME
    assert asked(opinion=REFUSED, purpose=Purpose.STOP).reason is Reason.ACCEPTED


days = st.lists(st.sampled_from(list(Day)), max_size=3).map(tuple)
some_windows = st.lists(
    st.builds(Window, days=days, begin=st.just("06:00"), end=st.sampled_from(["12:00", "24:00", "02:00"])),
    max_size=2,
).map(tuple)
some_policies = st.lists(
    st.builds(
        policy,
        used=st.sampled_from([0, 50_000]),
        running=st.integers(0, 2),
        windows=some_windows,
        quotas=st.sampled_from([(), (ENERGY,)]),
        parallel=st.sampled_from([None, Parallel(limit=1)]),
        stations=st.sampled_from([(), (STATION,), (StationId("another"),)]),
    ),
    max_size=3,
)


@given(some_policies, some_policies, st.integers(0, 14 * 24 * 60))
def test_one_more_policy_never_allows_more_nor_for_longer(
    some: list[PolicyFacts], more: list[PolicyFacts], minutes: int
) -> None:
    at = SATURDAY + timedelta(minutes=minutes)
    less, all_of_them = asked(*some, at=at), asked(*some, *more, at=at)
    assert less.allowed or not all_of_them.allowed
    assert all_of_them.allowed == (less.allowed and asked(*more, at=at).allowed)
    if all_of_them.allowed and less.valid_until is not None:
        assert all_of_them.valid_until is not None
        assert at < all_of_them.valid_until <= less.valid_until
    # An end never depends on any of it.
    assert asked(*some, *more, at=at, purpose=Purpose.STOP).allowed
