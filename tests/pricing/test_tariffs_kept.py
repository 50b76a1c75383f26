"""Tariffs and price rules on real databases: drafted, published for good, chosen, followed by other nodes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tests.pricing.kept import ANOTHER, NOW, TENANT, element, prices, published

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.event import Event
from currant.kit.ids import LocationId, TariffId, TariffVersionId
from currant.pricing.drafts import (
    PriceRuleChange,
    PriceRuleDraft,
    TariffChange,
    TariffDraft,
    TariffVersionDraft,
)
from currant.pricing.events import PriceRuleChanged, TariffPublished, TariffWithdrawn
from currant.pricing.model import Asker, Scope, Standing
from currant.pricing.rulebook import PRICE_EVENTS
from currant.pricing.service import PricingService
from services import fresh_database

HOUR = timedelta(hours=1)
AT_QUAY = Asker(tenant_id=TENANT, location_id=LocationId("quay"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def service(tmp_path: Path, clock: ManualClock) -> AsyncIterator[PricingService]:
    database = fresh_database(tmp_path / "currant.sqlite")
    yield PricingService(database, clock)
    await database.close()


def draft(price: str) -> TariffVersionDraft:
    return TariffVersionDraft(prices=prices(price))


async def network_rule(service: PricingService, tariff_id: TariffId, **more: Any) -> str:
    made = await service.rules.create(TENANT, PriceRuleDraft(tariff_id=tariff_id, **more), by="a test")
    return made.id


def number_at(service: PricingService, hours: int = 0) -> int | None:
    chosen = service.chosen(AT_QUAY, NOW + hours * HOUR)
    return None if chosen is None else chosen.version.number


async def test_a_tariff_is_priced_by_the_version_that_holds_when_a_session_begins(
    service: PricingService, clock: ManualClock
) -> None:
    first = await published(service, "Public", "0.39")
    await network_rule(service, first.tariff_id)
    await service.tariffs.draft(TENANT, first.tariff_id, draft("0.49"), by="a test")
    assert number_at(service) == 1
    clock.advance(HOUR)
    await service.tariffs.publish(TENANT, first.tariff_id, 2, valid_from=NOW + 3 * HOUR, by="a test")
    assert [number_at(service, hours) for hours in (-1, 0, 2, 3, 50)] == [None, 1, 1, 2, 2]


async def test_what_was_published_never_changes(service: PricingService) -> None:
    version = await published(service, "Public")
    with pytest.raises(Conflict, match="never changes"):
        await service.tariffs.redraft(TENANT, version.tariff_id, 1, draft("0.01"), by="a test")
    with pytest.raises(Conflict, match="published already"):
        await service.tariffs.publish(TENANT, version.tariff_id, 1, by="a test")
    assert await service.version(TENANT, version.id) == version


async def test_a_draft_changed_and_published_at_once_is_published_as_one_of_both_and_stays_so(
    database: Database, clock: ManualClock
) -> None:
    service = PricingService(database, clock)
    tariff = await service.tariffs.create(TENANT, TariffDraft(name="Public", currency="EUR"), by="a test")
    await service.tariffs.draft(TENANT, tariff.id, draft("0.10"), by="a test")
    changes = [
        service.tariffs.redraft(TENANT, tariff.id, 1, draft(f"0.{number}"), by="a test")
        for number in range(20, 32)
    ]
    publishing = [service.tariffs.publish(TENANT, tariff.id, 1, by="a test") for _ in range(3)]
    done = await asyncio.gather(*changes[:6], *publishing, *changes[6:], return_exceptions=True)
    assert all(isinstance(each, Conflict) or not isinstance(each, BaseException) for each in done)
    told = [each for each in done[6:9] if not isinstance(each, BaseException)]
    assert len(told) <= 1, "who loses the race looks again"
    answered = told[0] if told else await service.tariffs.publish(TENANT, tariff.id, 1, by="a test")
    _, versions = await service.tariffs.get(TENANT, tariff.id)
    assert list(versions) == [answered], "what was answered as published is what stands there"
    assert service.get(versions[0].id) == versions[0], "and what prices sessions"


async def test_the_database_refuses_to_change_or_lose_what_was_published(
    database: Database, clock: ManualClock
) -> None:
    service = PricingService(database, clock)
    version = await published(service, "Public")
    for statement in (
        "UPDATE tariff_versions SET prices = '{}'",
        "UPDATE tariff_versions SET valid_from = 5",
        "UPDATE tariff_versions SET published_at = NULL",
        "DELETE FROM tariff_versions",
    ):

        def tamper(conn: Connection, changes: ChangeSet, statement: str = statement) -> None:
            conn.execute(text(statement))

        with pytest.raises((DBAPIError, Conflict, Invalid)):
            await database.decide(tamper, TENANT)
    _, versions = await service.tariffs.get(TENANT, version.tariff_id)
    assert versions == (version,)


async def test_a_database_that_was_migrated_refuses_it_too(tmp_path: Path, clock: ManualClock) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/migrated.sqlite", clock=clock)
    try:
        version = await published(PricingService(database, clock), "Public")

        def tamper(conn: Connection, changes: ChangeSet) -> None:
            conn.execute(text("UPDATE tariff_versions SET prices = '{}'"))

        with pytest.raises((DBAPIError, Conflict, Invalid)):
            await database.decide(tamper, TENANT)
        again = PricingService(database, clock)
        await again.start()
        assert again.get(version.id) == version
    finally:
        await database.close()


async def test_a_draft_that_somebody_changed_meanwhile_is_not_published(service: PricingService) -> None:
    tariff = await service.tariffs.create(TENANT, TariffDraft(name="Public", currency="EUR"), by="a test")
    looked_at = await service.tariffs.draft(TENANT, tariff.id, draft("0.10"), by="a test")
    await service.tariffs.redraft(TENANT, tariff.id, 1, draft("9.99"), by="a colleague")
    with pytest.raises(Conflict, match="changed this draft meanwhile"):
        await service.tariffs.publish(TENANT, tariff.id, 1, expected=looked_at.prices, by="a test")


async def test_prices_that_contradict_themselves_are_not_published(service: PricingService) -> None:
    tariff = await service.tariffs.create(TENANT, TariffDraft(name="Public", currency="EUR"), by="a test")
    wrong = TariffVersionDraft(prices=prices(element("0.3", min_kwh=Decimal(20), max_kwh=Decimal(10))))
    await service.tariffs.draft(TENANT, tariff.id, wrong, by="a test")
    with pytest.raises(Invalid, match="never holds") as refused:
        await service.tariffs.publish(TENANT, tariff.id, 1, by="a test")
    assert refused.value.facts["findings"] == ["range_empty"]


async def test_a_price_cannot_have_held_before_it_was_published(service: PricingService) -> None:
    tariff = await service.tariffs.create(TENANT, TariffDraft(name="Public", currency="EUR"), by="a test")
    await service.tariffs.draft(TENANT, tariff.id, draft("0.10"), by="a test")
    with pytest.raises(Invalid, match="before it was published"):
        await service.tariffs.publish(TENANT, tariff.id, 1, valid_from=NOW - HOUR, by="a test")


async def test_prices_in_another_currency_than_the_tariffs_are_refused(service: PricingService) -> None:
    tariff = await service.tariffs.create(TENANT, TariffDraft(name="Public", currency="SEK"), by="a test")
    with pytest.raises(Invalid, match="another currency is another tariff"):
        await service.tariffs.draft(TENANT, tariff.id, draft("0.10"), by="a test")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (prices(), "elements"),
        (prices(element("NaN")), "elements[0].components[0].price"),
        (prices(element("1e400")), "elements[0].components[0].price"),
        (prices(element("0.1234567890123")), "elements[0].components[0].price"),
        (prices(element("0.3", start_time="25:00")), "elements[0].restrictions.start_time"),
        (prices(element("0.3", end_time="24:00")), "elements[0].restrictions.end_time"),
        (prices(element("0.3", start_date="2026-02-30")), "elements[0].restrictions.start_date"),
        (prices(element("0.3", max_duration=-1)), "elements[0].restrictions.max_duration"),
        (prices("0.3", free_below_s=-1), "free_below_s"),
    ],
)
async def test_prices_that_mean_nothing_are_refused_with_the_field(
    service: PricingService, wrong: Any, field: str
) -> None:
    tariff = await service.tariffs.create(TENANT, TariffDraft(name="Public", currency="EUR"), by="a test")
    with pytest.raises(Invalid) as refused:
        await service.tariffs.draft(TENANT, tariff.id, TariffVersionDraft(prices=wrong), by="a test")
    assert refused.value.facts["field"] == f"prices.{field}"


async def test_after_a_withdrawal_the_version_before_holds_again(
    service: PricingService, clock: ManualClock
) -> None:
    first = await published(service, "Public", "0.39")
    await network_rule(service, first.tariff_id)
    clock.advance(HOUR)
    await service.tariffs.draft(TENANT, first.tariff_id, draft("3.90"), by="a test")
    await service.tariffs.publish(TENANT, first.tariff_id, 2, by="a test")
    clock.advance(HOUR)
    withdrawn = await service.tariffs.withdraw(TENANT, first.tariff_id, 2, by="a test")
    assert withdrawn.standing is Standing.WITHDRAWN
    assert [number_at(service, hours) for hours in (0, 1, 2, 9)] == [1, 2, 1, 1]
    assert await service.tariffs.withdraw(TENANT, first.tariff_id, 2, by="a test") == withdrawn
    assert service.get(withdrawn.id) == withdrawn, "sessions that began with it keep it"


async def test_a_rule_that_holds_is_ended_and_followed_by_another_when_it_changes(
    service: PricingService, clock: ManualClock
) -> None:
    cheap, dear = await published(service, "Cheap", "0.10"), await published(service, "Dear", "0.90")
    rule_id = await network_rule(service, cheap.tariff_id)
    clock.advance(HOUR)
    after = await service.rules.change(
        TENANT, rule_id, PriceRuleChange(tariff_id=dear.tariff_id), by="a test"
    )
    assert after.id != rule_id
    found = [service.chosen(AT_QUAY, NOW + hours * HOUR) for hours in (0, 1)]
    assert [each and (each.rule_id, each.version.id) for each in found] == [
        (rule_id, cheap.id),
        (after.id, dear.id),
    ], "a session that began before, however late it is told, is priced as it was"
    assert (await service.rules.get(TENANT, rule_id)).valid_until == clock.now()
    listed = await service.rules.list(TENANT)
    assert [each.id for each in listed.items] == [after.id]
    everything = await service.rules.list(TENANT, ended=True)
    assert {each.id for each in everything.items} == {rule_id, after.id}


async def test_a_rule_that_has_not_begun_changes_as_it_is_and_can_be_deleted(
    service: PricingService,
) -> None:
    version = await published(service, "Public")
    rule_id = await network_rule(service, version.tariff_id, valid_from=NOW + HOUR)
    changed = await service.rules.change(TENANT, rule_id, PriceRuleChange(priority=7), by="a test")
    assert (changed.id, changed.priority) == (rule_id, 7)
    await service.rules.delete(TENANT, rule_id, by="a test")
    with pytest.raises(NotFound):
        await service.rules.get(TENANT, rule_id)
    assert number_at(service, 5) is None


async def test_a_rule_that_has_held_is_ended_by_its_deletion_and_kept(
    service: PricingService, clock: ManualClock
) -> None:
    version = await published(service, "Public")
    rule_id = await network_rule(service, version.tariff_id)
    clock.advance(HOUR)
    await service.rules.delete(TENANT, rule_id, by="a test")
    await service.rules.delete(TENANT, rule_id, by="a test")
    assert [number_at(service, hours) for hours in (0, 1)] == [1, None]
    assert (await service.rules.get(TENANT, rule_id)).valid_until == clock.now()
    with pytest.raises(Conflict, match="has ended"):
        await service.rules.change(TENANT, rule_id, PriceRuleChange(priority=1), by="a test")


async def test_a_rule_says_nothing_of_the_past(service: PricingService) -> None:
    version = await published(service, "Public")
    with pytest.raises(Invalid, match="before anybody said so"):
        await network_rule(service, version.tariff_id, valid_from=NOW - HOUR)
    with pytest.raises(Invalid, match="about something"):
        await network_rule(service, version.tariff_id, scope=Scope.LOCATION)
    with pytest.raises(Invalid, match="There is no tariff"):
        await network_rule(service, TariffId("nobody's"))


async def test_a_tariff_is_put_away_once_no_rule_gives_it(
    service: PricingService, clock: ManualClock
) -> None:
    version = await published(service, "Public")
    rule_id = await network_rule(service, version.tariff_id)
    with pytest.raises(Conflict, match="Price rules give this tariff"):
        await service.tariffs.change(TENANT, version.tariff_id, TariffChange(archived=True), by="a test")
    clock.advance(HOUR)
    await service.rules.delete(TENANT, rule_id, by="a test")
    await service.tariffs.change(TENANT, version.tariff_id, TariffChange(archived=True), by="a test")
    assert (await service.tariffs.list(TENANT)).items == ()
    assert len((await service.tariffs.list(TENANT, archived=True)).items) == 1
    with pytest.raises(Conflict, match="put away"):
        await network_rule(service, version.tariff_id)


async def test_names_are_taken_once_and_pages_go_on_where_they_ended(service: PricingService) -> None:
    for name in ("C", "A", "B"):
        await published(service, name)
    with pytest.raises(Conflict, match="exists already"):
        await service.tariffs.create(TENANT, TariffDraft(name=" A ", currency="EUR"), by="a test")
    first = await service.tariffs.list(TENANT, limit=2)
    second = await service.tariffs.list(TENANT, limit=2, cursor=first.next_cursor)
    assert [each.name for each in (*first.items, *second.items)] == ["A", "B", "C"]
    await service.tariffs.create(ANOTHER, TariffDraft(name="A", currency="EUR"), by="a test")


async def test_what_is_anothers_is_not_there(service: PricingService) -> None:
    version = await published(service, "Public")
    rule_id = await network_rule(service, version.tariff_id)
    for asking in (
        service.tariffs.get(ANOTHER, version.tariff_id),
        service.version(ANOTHER, version.id),
        service.rules.get(ANOTHER, rule_id),
        service.rules.delete(ANOTHER, rule_id, by="a test"),
        service.tariffs.withdraw(ANOTHER, version.tariff_id, 1, by="a test"),
    ):
        with pytest.raises(NotFound):
            await asking
    assert service.chosen(Asker(tenant_id=ANOTHER), NOW) is None
    assert number_at(service) == 1


async def test_another_node_takes_everything_in_and_keeps_up(
    service: PricingService, tmp_path: Path, clock: ManualClock
) -> None:
    version = await published(service, "Public")
    rule_id = await network_rule(service, version.tariff_id)
    database = service.book._database
    events: list[Event] = []
    database.listen(lambda _, told: events.extend(told))
    other = PricingService(database, clock)
    await other.start()
    assert number_at(other) == 1
    clock.advance(HOUR)
    await service.tariffs.draft(TENANT, version.tariff_id, draft("0.5"), by="a test")
    await service.tariffs.publish(TENANT, version.tariff_id, 2, by="a test")
    await service.rules.delete(TENANT, rule_id, by="a test")
    second = await network_rule(service, version.tariff_id, priority=2)
    clock.advance(HOUR)
    await service.tariffs.withdraw(TENANT, version.tariff_id, 2, by="a test")
    followed = [event for event in events if isinstance(event, PRICE_EVENTS)]
    assert {type(event) for event in followed} == {TariffPublished, TariffWithdrawn, PriceRuleChanged}
    for event in followed:
        await other.book.follow(event)
    for hours in range(5):
        at = NOW + hours * HOUR
        assert other.chosen(AT_QUAY, at) == service.chosen(AT_QUAY, at)
    chosen = other.chosen(AT_QUAY, NOW + 4 * HOUR)
    assert chosen is not None
    assert (chosen.rule_id, chosen.version.number) == (second, 1)


async def test_late_news_does_not_bring_back_what_has_changed(
    service: PricingService, clock: ManualClock
) -> None:
    version = await published(service, "Public")
    rule_id = await network_rule(service, version.tariff_id)
    old_rule = await service.rules.get(TENANT, rule_id)
    clock.advance(HOUR)
    await service.rules.delete(TENANT, rule_id, by="a test")
    await service.tariffs.withdraw(TENANT, version.tariff_id, 1, by="a test")
    service.book.put_rule(old_rule)
    service.book.put_version(version)
    assert number_at(service, 2) is None


async def test_a_version_that_nobody_has_is_not_found(service: PricingService) -> None:
    with pytest.raises(NotFound):
        await service.version(TENANT, TariffVersionId("nobody's"))
    assert service.get(TariffVersionId("nobody's")) is None
