"""Everybody's published prices and the rules that give them, in memory, so that no start of a session waits.

Taken in at the start of a node, kept true by the services that change something and, on other nodes,
by the journal's events. What is asked for here is never a query.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from currant.db.engine import Database
from currant.kit.event import Event
from currant.kit.ids import TariffId, TariffVersionId, TenantId
from currant.pricing import store
from currant.pricing.choosing import (
    Chosen,
    Considered,
    RuleKey,
    choose,
    considered,
    key_of,
    latest_first,
    ranked,
)
from currant.pricing.events import PriceRuleChanged, TariffPublished, TariffWithdrawn
from currant.pricing.model import Asker, PriceRule, Purpose, TariffVersion

PRICE_EVENTS: tuple[type[Event], ...] = (TariffPublished, TariffWithdrawn, PriceRuleChanged)
TOGETHER = 1_000


class _Shelf:
    """What is held of one tenant."""

    def __init__(self) -> None:
        self.by_key: dict[RuleKey, tuple[PriceRule, ...]] = {}
        self.by_id: dict[str, PriceRule] = {}
        self.versions: dict[TariffId, tuple[TariffVersion, ...]] = {}


class PriceBook:
    """Who pays which price, asked without waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shelves: dict[TenantId, _Shelf] = {}
        self._versions: dict[TariffVersionId, TariffVersion] = {}

    async def load(self) -> None:
        """Take in everything; at start."""
        after = ""
        while True:
            versions = await self._database.read(
                partial(store.tariffs.everybodys_versions, after=after, limit=TOGETHER)
            )
            for version in versions:
                self.put_version(version)
            if len(versions) < TOGETHER:
                break
            after = versions[-1].id
        after = ""
        while True:
            rules = await self._database.read(partial(store.rules.everybodys, after=after, limit=TOGETHER))
            self._put_rules(rules)
            if len(rules) < TOGETHER:
                break
            after = rules[-1].id

    # Asking

    def chosen(self, asker: Asker, at: datetime, purpose: Purpose) -> Chosen | None:
        shelf = self._shelves.get(asker.tenant_id)
        return None if shelf is None else choose(shelf.by_key, shelf.versions, asker, at, purpose)

    def considered(self, asker: Asker, at: datetime, purpose: Purpose) -> tuple[Considered, ...]:
        shelf = self._shelves.get(asker.tenant_id)
        return () if shelf is None else considered(shelf.by_key, shelf.versions, asker, at, purpose)

    def get(self, version_id: TariffVersionId) -> TariffVersion | None:
        """A version that was published, whatever became of it."""
        return self._versions.get(version_id)

    def versions_of(self, tenant_id: TenantId, tariff_id: TariffId) -> tuple[TariffVersion, ...]:
        """What was published of a tariff, latest first."""
        shelf = self._shelves.get(tenant_id)
        return () if shelf is None else shelf.versions.get(tariff_id, ())

    def rules_of(self, tenant_id: TenantId) -> tuple[PriceRule, ...]:
        shelf = self._shelves.get(tenant_id)
        return () if shelf is None else tuple(shelf.by_id.values())

    # Keeping

    def put_version(self, version: TariffVersion) -> None:
        """Hold a version that was published; what was withdrawn stays so, whoever is late with older news."""
        held = self._versions.get(version.id)
        if version.published_at is None or (held is not None and held.withdrawn_at is not None):
            return
        self._versions[version.id] = version
        shelf = self._shelves.setdefault(version.tenant_id, _Shelf())
        others = [each for each in shelf.versions.get(version.tariff_id, ()) if each.id != version.id]
        shelf.versions[version.tariff_id] = latest_first([*others, version])

    def put_rule(self, rule: PriceRule) -> None:
        self._put_rules([rule])

    def _put_rules(self, rules: Iterable[PriceRule]) -> None:
        fresh: dict[tuple[TenantId, RuleKey], list[PriceRule]] = {}
        for rule in rules:
            shelf = self._shelves.setdefault(rule.tenant_id, _Shelf())
            held = shelf.by_id.get(rule.id)
            if held is not None and held.revision >= rule.revision:
                continue
            if held is not None:
                self._take(shelf, held)
            shelf.by_id[rule.id] = rule
            fresh.setdefault((rule.tenant_id, key_of(rule)), []).append(rule)
        for (tenant_id, key), new in fresh.items():
            by_key = self._shelves[tenant_id].by_key
            by_key[key] = ranked([*by_key.get(key, ()), *new])

    def drop_rule(self, tenant_id: TenantId, rule_id: str) -> None:
        shelf = self._shelves.get(tenant_id)
        if shelf is not None and (held := shelf.by_id.pop(rule_id, None)) is not None:
            self._take(shelf, held)

    @staticmethod
    def _take(shelf: _Shelf, rule: PriceRule) -> None:
        key = key_of(rule)
        shelf.by_key[key] = tuple(each for each in shelf.by_key.get(key, ()) if each.id != rule.id)

    async def follow(self, event: Event) -> None:
        """Keep up with what other nodes changed: a subscriber of `PRICE_EVENTS`."""
        tenant_id = event.tenant_id
        if isinstance(event, TariffPublished | TariffWithdrawn):
            version_id = event.version_id
            version = await self._database.read(
                lambda conn: store.tariffs.version(conn, tenant_id, version_id)
            )
            if version is not None:
                self.put_version(version)
        elif isinstance(event, PriceRuleChanged):
            rule_id = event.rule_id
            rule = await self._database.read(lambda conn: store.rules.by_id(conn, tenant_id, rule_id))
            if rule is None:
                self.drop_rule(tenant_id, rule_id)
            else:
                self.put_rule(rule)
