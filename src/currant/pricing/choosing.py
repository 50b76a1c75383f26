"""Which price holds for whom, where and when: pure.

The order of the facts: token, contract (account), group, site (its stations, groups of stations, the
location), network. What holds is asked for the instant at which a session begins, and never again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.ids import TariffId, TariffVersionId
from currant.pricing.model import Asker, PriceRule, Purpose, Scope, TariffVersion

RuleKey = tuple[Purpose, Scope, str]
Rules = Mapping[RuleKey, Sequence[PriceRule]]
"""The rules about each thing, best first (`ranked`)."""
Versions = Mapping[TariffId, Sequence[TariffVersion]]
"""What was published of each tariff, latest first (`latest_first`)."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The price that holds, and the rule that says so."""

    rule_id: str
    version: TariffVersion


class Verdict(StrEnum):
    """What became of a rule that could have held."""

    HOLDS = "holds"
    OUTRANKED = "outranked"
    """Another holds before it."""
    NOT_YET = "not_yet"
    OVER = "over"
    NO_VERSION = "no_version"
    """Its tariff has no published version that holds then, so the next rule is asked."""


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    """A rule about the one who asks, and what became of it."""

    rule: PriceRule
    verdict: Verdict
    version_id: TariffVersionId | None = None


def choose(rules: Rules, versions: Versions, asker: Asker, at: datetime, purpose: Purpose) -> Chosen | None:
    """The price for a session that begins at `at`; None when no rule gives one."""
    for rule in _candidates(rules, asker, purpose):
        if _runs(rule, at):
            version = in_force(versions.get(rule.tariff_id, ()), at)
            if version is not None:
                return Chosen(rule_id=rule.id, version=version)
    return None


def considered(
    rules: Rules, versions: Versions, asker: Asker, at: datetime, purpose: Purpose
) -> tuple[Considered, ...]:
    """Every rule about the one who asks, in the order in which they are asked, with what became of it."""
    found = []
    held = False
    for rule in _candidates(rules, asker, purpose):
        version = in_force(versions.get(rule.tariff_id, ()), at)
        if rule.valid_from is not None and at < rule.valid_from:
            verdict = Verdict.NOT_YET
        elif rule.valid_until is not None and at >= rule.valid_until:
            verdict = Verdict.OVER
        elif version is None:
            verdict = Verdict.NO_VERSION
        else:
            verdict = Verdict.OUTRANKED if held else Verdict.HOLDS
            held = True
        found.append(
            Considered(rule=rule, verdict=verdict, version_id=None if version is None else version.id)
        )
    return tuple(found)


def in_force(versions: Sequence[TariffVersion], at: datetime) -> TariffVersion | None:
    """The version that holds at an instant, of those of one tariff, latest first."""
    for version in versions:
        if version.valid_from is None or at < version.valid_from:
            continue
        if version.withdrawn_at is None or at < version.withdrawn_at:
            return version
    return None


def latest_first(versions: Sequence[TariffVersion]) -> tuple[TariffVersion, ...]:
    """Versions that were published, so that the first one that holds is the one that counts."""
    known = [each for each in versions if each.published_at is not None and each.valid_from is not None]
    return tuple(sorted(known, key=lambda each: (each.valid_from, each.number), reverse=True))


def ranked(rules: Sequence[PriceRule]) -> tuple[PriceRule, ...]:
    """Rules about one thing, best first: the higher priority, then the later made."""
    return tuple(sorted(rules, key=_rank, reverse=True))


def about_of(station_id: str, evse: int | None) -> str:
    """What a rule of a station is about: the station, or one of its EVSEs."""
    return station_id if evse is None else f"{station_id}/{evse}"


def key_of(rule: PriceRule) -> RuleKey:
    return rule.purpose, rule.scope, rule.about


def _rank(rule: PriceRule) -> tuple[int, datetime, str]:
    return rule.priority, rule.created_at, rule.id


def _runs(rule: PriceRule, at: datetime) -> bool:
    return (rule.valid_from is None or rule.valid_from <= at) and (
        rule.valid_until is None or at < rule.valid_until
    )


def _candidates(rules: Rules, asker: Asker, purpose: Purpose) -> Iterator[PriceRule]:
    """The rules about the one who asks, most particular first."""
    for scope, abouts in _abouts(asker):
        if len(abouts) == 1:
            yield from rules.get((purpose, scope, abouts[0]), ())
        elif abouts:
            yield from ranked([rule for about in abouts for rule in rules.get((purpose, scope, about), ())])


def _abouts(asker: Asker) -> Iterator[tuple[Scope, tuple[str, ...]]]:
    if asker.token_id is not None:
        yield Scope.TOKEN, (asker.token_id,)
    if asker.account_id is not None:
        yield Scope.ACCOUNT, (asker.account_id,)
    yield Scope.GROUP, tuple(asker.groups)
    if asker.station_id is not None:
        if asker.evse is not None:
            yield Scope.STATION, (about_of(asker.station_id, asker.evse),)
        yield Scope.STATION, (asker.station_id,)
    yield Scope.STATION_GROUP, tuple(asker.station_groups)
    if asker.location_id is not None:
        yield Scope.LOCATION, (asker.location_id,)
    yield Scope.NETWORK, ("",)
