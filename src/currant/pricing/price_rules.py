"""The verbs of price rules: which tariff holds for whom and where, from when until when.

What a rule has said stays written: one that holds already is never rewritten but ended, and a change
of it is a new rule from now on. So it can be said of any session, however late it is told, why it
cost what it did.
"""

from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TariffId, TenantId, new_id
from currant.pricing import store
from currant.pricing.drafts import PriceRuleChange, PriceRuleDraft, check_priority, check_rule, check_span
from currant.pricing.events import PriceRuleChanged
from currant.pricing.model import PricePurpose, PriceRule, PriceScope
from currant.pricing.rulebook import PriceBook
from currant.pricing.tariffs import PAST_MAX
from currant.stations import paging
from currant.stations.model import Page

RULES_MAX = 20_000
"""Of one tenant that have not ended."""


class PriceRules:
    """Price rules made, changed, ended."""

    def __init__(self, database: Database, book: PriceBook, clock: Clock) -> None:
        self._database = database
        self._book = book
        self._clock = clock

    async def create(
        self, tenant_id: TenantId, draft: PriceRuleDraft, *, by: str, past: bool = False
    ) -> PriceRule:
        """Make a rule, from now on or later; with `past` it may have held already (networks brought in).

        Whether what it is about exists is not looked at here: the API does that, and a rule about
        something that is gone says nothing.
        """
        check_rule(draft)
        now = self._clock.now()
        begins = now if draft.valid_from is None else draft.valid_from
        if begins < now - PAST_MAX and not past:
            raise Invalid("A price cannot have held before anybody said so.", field="valid_from")
        check_span(begins, draft.valid_until)
        rule = PriceRule(
            id=new_id(),
            tenant_id=tenant_id,
            tariff_id=draft.tariff_id,
            purpose=draft.purpose,
            scope=draft.scope,
            about=draft.about,
            priority=draft.priority,
            valid_from=begins,
            valid_until=draft.valid_until,
            created_at=now,
        )

        def make(conn: Connection, changes: ChangeSet) -> PriceRule:
            if store.rules.count_live(conn, tenant_id, at=now) >= RULES_MAX:
                raise Conflict(f"There are {RULES_MAX:,} price rules already: use groups instead.")
            _check_tariff(conn, tenant_id, rule.tariff_id)
            self._save(changes, rule, ("created",), by)
            return rule

        await self._database.decide(make, tenant_id)
        self._book.put_rule(rule)
        return rule

    async def change(
        self, tenant_id: TenantId, rule_id: str, change: PriceRuleChange, *, by: str
    ) -> PriceRule:
        """Change a rule that does not hold yet; end one that does, and answer the one that goes on from now."""

        def apply(conn: Connection, changes: ChangeSet) -> tuple[PriceRule, ...]:
            before, now = self._known(conn, tenant_id, rule_id), self._clock.now()
            if before.valid_until is not None and before.valid_until <= now:
                raise Conflict("This rule has ended: make a new one.", rule=rule_id)
            after = _changed(before, change)
            fields = tuple(
                name
                for name in ("tariff_id", "priority", "valid_from", "valid_until")
                if getattr(before, name) != getattr(after, name)
            )
            if not fields:
                return (before,)
            check_priority(after.priority)
            if "tariff_id" in fields:
                _check_tariff(conn, tenant_id, after.tariff_id)
            if after.valid_until is not None and after.valid_until < now - PAST_MAX:
                raise Invalid("A rule ends now or later: what it has said stays.", field="valid_until")
            holds_already = before.valid_from is None or before.valid_from <= now
            if holds_already and "valid_from" in fields:
                raise Invalid("This rule holds already: end it, and make a new one.", field="valid_from")
            if not holds_already and after.valid_from is not None and after.valid_from < now - PAST_MAX:
                raise Invalid("A price cannot have held before anybody said so.", field="valid_from")
            if holds_already and set(fields) - {"valid_until"}:
                ended = replace(before, valid_until=now, revision=before.revision + 1)
                going_on = replace(after, id=new_id(), valid_from=now, created_at=now, revision=1)
                check_span(going_on.valid_from, going_on.valid_until)
                self._save(changes, ended, ("valid_until",), by)
                self._save(changes, going_on, ("created", *fields), by)
                return going_on, ended
            check_span(after.valid_from, after.valid_until)
            after = replace(after, revision=before.revision + 1)
            self._save(changes, after, fields, by)
            return (after,)

        rules = await self._database.decide(apply, tenant_id)
        for rule in rules:
            self._book.put_rule(rule)
        return rules[0]

    async def delete(self, tenant_id: TenantId, rule_id: str, *, by: str) -> None:
        """End a rule now; one that has never held is gone."""

        def apply(conn: Connection, changes: ChangeSet) -> PriceRule | None:
            before, now = self._known(conn, tenant_id, rule_id), self._clock.now()
            if before.valid_from is not None and before.valid_from > now:
                store.rules.delete(changes, tenant_id, rule_id)
                self._tell(changes, before, ("deleted",), by)
                return None
            if before.valid_until is not None and before.valid_until <= now:
                return before
            ended = replace(before, valid_until=now, revision=before.revision + 1)
            self._save(changes, ended, ("valid_until",), by)
            return ended

        ended = await self._database.decide(apply, tenant_id)
        if ended is None:
            self._book.drop_rule(tenant_id, rule_id)
        else:
            self._book.put_rule(ended)

    async def get(self, tenant_id: TenantId, rule_id: str) -> PriceRule:
        return await self._database.read(lambda conn: self._known(conn, tenant_id, rule_id))

    async def list(
        self,
        tenant_id: TenantId,
        *,
        tariff_id: TariffId | None = None,
        scope: PriceScope | None = None,
        about: str | None = None,
        purpose: PricePurpose | None = None,
        ended: bool = False,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[PriceRule]:
        """The latest made first; those that have ended only when asked for."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        live_at = None if ended else self._clock.now()
        rows = await self._database.read(
            lambda conn: store.rules.search(
                conn,
                tenant_id,
                tariff_id=tariff_id,
                scope=scope,
                about=about,
                purpose=purpose,
                live_at=live_at,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda rule: paging.encode(rule.id))

    def _known(self, conn: Connection, tenant_id: TenantId, rule_id: str) -> PriceRule:
        rule = store.rules.by_id(conn, tenant_id, rule_id)
        if rule is None:
            raise NotFound(f"There is no price rule {rule_id}.", rule=rule_id)
        return rule

    def _save(self, changes: ChangeSet, rule: PriceRule, fields: tuple[str, ...], by: str) -> None:
        store.rules.save(changes, rule)
        self._tell(changes, rule, fields, by)

    def _tell(self, changes: ChangeSet, rule: PriceRule, fields: tuple[str, ...], by: str) -> None:
        changes.emit(
            PriceRuleChanged(
                tenant_id=rule.tenant_id,
                happened_at=self._clock.now(),
                rule_id=rule.id,
                tariff_id=rule.tariff_id,
                fields=fields,
                by=by,
            )
        )


def _changed(rule: PriceRule, change: PriceRuleChange) -> PriceRule:
    valid_from: datetime | None = rule.valid_from if change.valid_from is UNSET else change.valid_from
    return replace(
        rule,
        tariff_id=rule.tariff_id if change.tariff_id is UNSET else change.tariff_id,
        priority=rule.priority if change.priority is UNSET else change.priority,
        valid_from=valid_from,
        valid_until=rule.valid_until if change.valid_until is UNSET else change.valid_until,
    )


def _check_tariff(conn: Connection, tenant_id: TenantId, tariff_id: TariffId) -> None:
    tariff = store.tariffs.by_id(conn, tenant_id, tariff_id)
    if tariff is None:
        raise Invalid(f"There is no tariff {tariff_id}.", field="tariff_id")
    if tariff.archived:
        raise Conflict("This tariff was put away: bring it back first.", field="tariff_id")
