"""Which price holds: scopes in their order, priorities, dates, versions."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pricing.kept import NOW, TENANT, prices

from currant.kit.ids import (
    AccountId,
    GroupId,
    LocationId,
    StationGroupId,
    StationId,
    TariffId,
    TariffVersionId,
    TokenId,
)
from currant.pricing.choosing import (
    RuleKey,
    Rules,
    Verdict,
    Versions,
    choose,
    considered,
    in_force,
    key_of,
    latest_first,
    ranked,
)
from currant.pricing.model import Asker, PriceRule, Purpose, Scope, Standing, TariffVersion

HOUR = timedelta(hours=1)
ASKER = Asker(
    tenant_id=TENANT,
    location_id=LocationId("location"),
    station_id=StationId("station"),
    evse=2,
    station_groups=(StationGroupId("dc"), StationGroupId("north")),
    token_id=TokenId("token"),
    account_id=AccountId("account"),
    groups=(GroupId("staff"),),
)
ABOUT = {
    Scope.TOKEN: "token",
    Scope.ACCOUNT: "account",
    Scope.GROUP: "staff",
    Scope.STATION: "station",
    Scope.STATION_GROUP: "dc",
    Scope.LOCATION: "location",
    Scope.NETWORK: "",
}


def rule(scope: Scope, about: str | None = None, **more: object) -> PriceRule:
    fields = {
        "id": f"rule of {scope.value} {more}",
        "tenant_id": TENANT,
        "tariff_id": TariffId("tariff"),
        "scope": scope,
        "about": ABOUT[scope] if about is None else about,
        "created_at": NOW - 100 * HOUR,
        **more,
    }
    return PriceRule(**fields)  # type: ignore[arg-type]


def version(number: int = 1, *, valid_from: datetime = NOW - 200 * HOUR, **more: object) -> TariffVersion:
    fields = {
        "id": TariffVersionId(f"version {number}"),
        "tariff_id": TariffId("tariff"),
        "tenant_id": TENANT,
        "number": number,
        "standing": Standing.PUBLISHED,
        "prices": prices("0.39"),
        "valid_from": valid_from,
        "created_at": NOW - 300 * HOUR,
        "published_at": NOW - 300 * HOUR,
        **more,
    }
    return TariffVersion(**fields)  # type: ignore[arg-type]


def by_key(*rules: PriceRule) -> Rules:
    found: dict[RuleKey, list[PriceRule]] = {}
    for each in rules:
        found.setdefault(key_of(each), []).append(each)
    return {key: ranked(each) for key, each in found.items()}


ONE: Versions = {TariffId("tariff"): latest_first([version()])}


def chosen_id(*rules: PriceRule, asker: Asker = ASKER, at: datetime = NOW) -> str | None:
    chosen = choose(by_key(*rules), ONE, asker, at, Purpose.RETAIL)
    return None if chosen is None else chosen.rule_id


def test_the_most_particular_scope_wins_token_account_group_station_its_group_location_network() -> None:
    rules = [rule(scope) for scope in Scope]
    for index, scope in enumerate(Scope):
        assert chosen_id(*reversed(rules[index:])) == rules[index].id, scope
    assert chosen_id() is None


def test_one_evse_goes_before_its_station() -> None:
    whole, part = rule(Scope.STATION), rule(Scope.STATION, "station/2", id="evse 2")
    assert chosen_id(whole, part) == "evse 2"
    assert chosen_id(whole, rule(Scope.STATION, "station/1")) == whole.id
    assert chosen_id(part, asker=Asker(tenant_id=TENANT, station_id=StationId("station"))) is None


def test_a_higher_priority_wins_within_a_scope_and_then_the_later_made() -> None:
    first = rule(Scope.STATION_GROUP, "dc", id="first")
    higher = rule(Scope.STATION_GROUP, "north", id="higher", priority=1, created_at=NOW - 200 * HOUR)
    later = rule(Scope.STATION_GROUP, "north", id="later", created_at=NOW - HOUR)
    assert chosen_id(first, higher, later) == "higher"
    assert chosen_id(first, later) == "later"


def test_a_priority_does_not_reach_over_scopes() -> None:
    assert (
        chosen_id(rule(Scope.NETWORK, priority=1_000), rule(Scope.LOCATION, priority=-5, id="site")) == "site"
    )


def test_a_rule_holds_from_its_beginning_to_before_its_end() -> None:
    passing = rule(Scope.LOCATION, id="passing", valid_from=NOW, valid_until=NOW + HOUR)
    usual = rule(Scope.NETWORK, id="usual")
    moments = [NOW - HOUR, NOW, NOW + HOUR - timedelta(microseconds=1), NOW + HOUR]
    assert [chosen_id(passing, usual, at=at) for at in moments] == ["usual", "passing", "passing", "usual"]


def test_a_rule_whose_tariff_has_no_version_yet_is_passed_over_and_that_is_told() -> None:
    unready = rule(Scope.TOKEN, id="unready", tariff_id=TariffId("unready"))
    usual = rule(Scope.NETWORK, id="usual")
    assert chosen_id(unready, usual) == "usual"
    told = considered(by_key(unready, usual), ONE, ASKER, NOW, Purpose.RETAIL)
    assert [(each.rule.id, each.verdict) for each in told] == [
        ("unready", Verdict.NO_VERSION),
        ("usual", Verdict.HOLDS),
    ]


def test_every_rule_that_was_asked_is_told_with_what_became_of_it() -> None:
    rules = [
        rule(Scope.TOKEN, id="over", valid_until=NOW - HOUR),
        rule(Scope.ACCOUNT, id="not yet", valid_from=NOW + HOUR),
        rule(Scope.LOCATION, id="holds"),
        rule(Scope.NETWORK, id="outranked"),
    ]
    told = considered(by_key(*rules), ONE, ASKER, NOW, Purpose.RETAIL)
    assert [(each.rule.id, each.verdict.value) for each in told] == [
        ("over", "over"),
        ("not yet", "not_yet"),
        ("holds", "holds"),
        ("outranked", "outranked"),
    ]


def test_what_a_partner_pays_is_said_by_other_rules_than_what_the_driver_pays() -> None:
    rules = by_key(rule(Scope.NETWORK, id="retail"), rule(Scope.NETWORK, id="host", purpose=Purpose.HOST))
    found = {purpose: choose(rules, ONE, ASKER, NOW, purpose) for purpose in Purpose}
    assert {purpose.value: each and each.rule_id for purpose, each in found.items()} == {
        "retail": "retail",
        "wholesale": None,
        "host": "host",
    }


def test_the_version_that_holds_is_the_latest_that_has_begun() -> None:
    versions = latest_first([version(1), version(3, valid_from=NOW + HOUR), version(2, valid_from=NOW)])
    moments = [NOW - 201 * HOUR, NOW - HOUR, NOW, NOW + HOUR]
    found = [in_force(versions, at) for at in moments]
    assert [each and each.number for each in found] == [None, 1, 2, 3]


def test_of_two_that_begin_together_the_later_number_holds() -> None:
    found = in_force(latest_first([version(2, valid_from=NOW), version(1, valid_from=NOW)]), NOW)
    assert found is not None
    assert found.number == 2


def test_after_a_withdrawal_the_version_before_holds_again_but_what_was_stays() -> None:
    withdrawn = version(2, valid_from=NOW - 10 * HOUR, withdrawn_at=NOW, standing=Standing.WITHDRAWN)
    versions = latest_first([version(1), withdrawn])
    found = [in_force(versions, at) for at in (NOW - 11 * HOUR, NOW - HOUR, NOW)]
    assert [each and each.number for each in found] == [1, 2, 1]


def test_a_draft_never_holds() -> None:
    assert latest_first([version(standing=Standing.DRAFT, published_at=None, valid_from=None)]) == ()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Scope)),
            st.integers(-2, 2),
            st.integers(-3, 3),
            st.integers(-3, 3) | st.none(),
        ),
        max_size=12,
    )
)
def test_exactly_one_of_those_considered_holds_and_it_is_the_chosen_one(
    drawn: list[tuple[Scope, int, int, int | None]],
) -> None:
    rules = by_key(
        *(
            rule(
                scope,
                id=str(index),
                priority=priority,
                valid_from=NOW + begin * HOUR,
                valid_until=None if end is None else NOW + (begin + abs(end)) * HOUR,
            )
            for index, (scope, priority, begin, end) in enumerate(drawn)
        )
    )
    chosen = choose(rules, ONE, ASKER, NOW, Purpose.RETAIL)
    told = considered(rules, ONE, ASKER, NOW, Purpose.RETAIL)
    holding = [each.rule.id for each in told if each.verdict is Verdict.HOLDS]
    assert holding == ([] if chosen is None else [chosen.rule_id])
    assert len(told) == len(drawn)


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.NETWORK])
def test_rules_about_others_do_not_hold(scope: Scope) -> None:
    assert chosen_id(rule(scope, "somebody else")) is None
