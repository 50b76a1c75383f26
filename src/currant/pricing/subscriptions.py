"""The verbs of subscriptions: plans made and changed, contracts begun and ended."""

from datetime import datetime
from functools import partial

import msgspec
from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TenantId, new_id
from currant.pricing import allowances, store
from currant.pricing.drafts import check_name, check_span
from currant.pricing.events import SubscriptionChanged, SubscriptionPlanChanged
from currant.pricing.offers import (
    ChargingSubscription,
    PlanChange,
    PlanDraft,
    SubscriptionDraft,
    SubscriptionPlan,
    changed_name,
    check_plan_terms,
    check_subscription,
    month_of,
)
from currant.stations import paging
from currant.stations.model import Page

PLANS_MAX = 500
"""Of one tenant."""


class AllowanceLeft(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a subscription's energy this month."""

    month: str
    """As in `2026-01`, in the contract's zone."""
    allowance_wh: int
    used_wh: int
    left_wh: int


class Subscriptions:
    """Plans and contracts. Taking from an allowance: `allowances`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # Plans

    async def create_plan(self, tenant_id: TenantId, draft: PlanDraft, *, by: str) -> SubscriptionPlan:
        check_plan_terms(draft.terms)
        plan = SubscriptionPlan(
            id=new_id(),
            tenant_id=tenant_id,
            name=check_name(draft.name),
            terms=draft.terms,
            created_at=self._clock.now(),
        )

        def make(conn: Connection, changes: ChangeSet) -> SubscriptionPlan:
            if store.offers.count_plans(conn, tenant_id) >= PLANS_MAX:
                raise Conflict(f"There are {PLANS_MAX} plans already.")
            _check_free(conn, plan)
            store.offers.insert_plan(changes, plan)
            self._tell_plan(changes, plan, ("created",), by)
            return plan

        return await self._database.decide(make, tenant_id)

    async def change_plan(
        self, tenant_id: TenantId, plan_id: str, change: PlanChange, *, by: str
    ) -> SubscriptionPlan:
        """Change a plan for those who subscribe from now on."""

        def apply(conn: Connection, changes: ChangeSet) -> SubscriptionPlan:
            before = _plan(store.offers.plan(conn, tenant_id, plan_id), plan_id)
            after = replace(
                before,
                name=changed_name(change.name, before.name),
                terms=before.terms if change.terms is UNSET else change.terms,
                archived=before.archived if change.archived is UNSET else change.archived,
            )
            check_plan_terms(after.terms)
            fields = tuple(
                name
                for name in ("name", "terms", "archived")
                if getattr(before, name) != getattr(after, name)
            )
            if fields:
                _check_free(conn, after)
                store.offers.save_plan(changes, after)
                self._tell_plan(changes, after, fields, by)
            return after

        return await self._database.decide(apply, tenant_id)

    async def get_plan(self, tenant_id: TenantId, plan_id: str) -> SubscriptionPlan:
        found = await self._database.read(lambda conn: store.offers.plan(conn, tenant_id, plan_id))
        return _plan(found, plan_id)

    async def list_plans(
        self, tenant_id: TenantId, *, archived: bool = False, cursor: str | None = None, limit: int = 50
    ) -> Page[SubscriptionPlan]:
        """By name."""
        limit = paging.bounded(limit)
        after = "" if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.offers.search_plans(
                conn, tenant_id, archived=archived, after=after, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda plan: paging.encode(plan.name))

    # Contracts

    async def subscribe(
        self, tenant_id: TenantId, draft: SubscriptionDraft, *, by: str
    ) -> ChargingSubscription:
        """Begin a contract. A holder has one at a time."""
        check_subscription(draft)
        now = self._clock.now()
        begins = now if draft.valid_from is None else draft.valid_from
        check_span(begins, draft.valid_until)

        def make(conn: Connection, changes: ChangeSet) -> ChargingSubscription:
            plan = store.offers.plan(conn, tenant_id, draft.plan_id)
            if plan is None:
                raise Invalid(f"There is no subscription plan {draft.plan_id}.", field="plan_id")
            if plan.archived:
                raise Conflict("This plan is offered no more.", field="plan_id")
            other = store.offers.overlapping(
                conn, tenant_id, draft.holder, begin=begins, end=draft.valid_until
            )
            if other is not None:
                raise Conflict(
                    "There is a subscription in this time already: end it first.", subscription=other
                )
            subscription = ChargingSubscription(
                id=new_id(),
                tenant_id=tenant_id,
                plan_id=plan.id,
                holder=draft.holder,
                zone=draft.zone,
                terms=plan.terms,
                valid_from=begins,
                valid_until=draft.valid_until,
                created_at=now,
            )
            store.offers.insert_subscription(changes, subscription)
            self._tell(changes, subscription, ("created",), by)
            return subscription

        return await self._database.decide(make, tenant_id)

    async def end(
        self, tenant_id: TenantId, subscription_id: str, *, by: str, at: datetime | None = None
    ) -> ChargingSubscription:
        """End a contract now or at a time to come."""
        now = self._clock.now()
        ends = now if at is None else at
        check_span(None, ends)
        if ends < now:
            ends = now

        def apply(conn: Connection, changes: ChangeSet) -> ChargingSubscription:
            before = _subscription(
                store.offers.subscription(conn, tenant_id, subscription_id), subscription_id
            )
            if before.valid_until is not None and before.valid_until <= now:
                raise Conflict("This subscription has ended.", subscription=subscription_id)
            after = replace(before, valid_until=max(ends, before.valid_from))
            if after.valid_until != before.valid_until:
                other = None
                if before.valid_until is not None and ends > before.valid_until:
                    other = store.offers.overlapping(
                        conn, tenant_id, before.holder, begin=before.valid_until, end=ends
                    )
                if other is not None:
                    raise Conflict("Another subscription begins before then.", subscription=other)
                store.offers.save_subscription(changes, after)
                self._tell(changes, after, ("valid_until",), by)
            return after

        return await self._database.decide(apply, tenant_id)

    async def get(self, tenant_id: TenantId, subscription_id: str) -> ChargingSubscription:
        found = await self._database.read(
            partial(store.offers.subscription, tenant_id=tenant_id, subscription_id=subscription_id)
        )
        return _subscription(found, subscription_id)

    async def left(self, tenant_id: TenantId, subscription_id: str) -> AllowanceLeft:
        """What is left of this month's energy."""
        now = self._clock.now()

        def look(conn: Connection) -> AllowanceLeft:
            found = _subscription(
                store.offers.subscription(conn, tenant_id, subscription_id), subscription_id
            )
            whole = int(found.terms.allowance_kwh * 1000)
            left = allowances.left_wh(conn, tenant_id, found, at=now)
            return AllowanceLeft(
                month=month_of(now, found.zone), allowance_wh=whole, used_wh=whole - left, left_wh=left
            )

        return await self._database.read(look)

    async def list(
        self,
        tenant_id: TenantId,
        *,
        plan_id: str | None = None,
        holder: str | None = None,
        ended: bool = False,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ChargingSubscription]:
        """The latest made first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        live_at = None if ended else self._clock.now()
        rows = await self._database.read(
            lambda conn: store.offers.search_subscriptions(
                conn,
                tenant_id,
                plan_id=plan_id,
                holder=holder,
                live_at=live_at,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda subscription: paging.encode(subscription.id))

    def _tell_plan(
        self, changes: ChangeSet, plan: SubscriptionPlan, fields: tuple[str, ...], by: str
    ) -> None:
        changes.emit(
            SubscriptionPlanChanged(
                tenant_id=plan.tenant_id,
                happened_at=self._clock.now(),
                plan_id=plan.id,
                name=plan.name,
                fields=fields,
                by=by,
            )
        )

    def _tell(
        self, changes: ChangeSet, subscription: ChargingSubscription, fields: tuple[str, ...], by: str
    ) -> None:
        changes.emit(
            SubscriptionChanged(
                tenant_id=subscription.tenant_id,
                happened_at=self._clock.now(),
                subscription_id=subscription.id,
                plan_id=subscription.plan_id,
                holder=subscription.holder,
                fields=fields,
                by=by,
            )
        )


def _check_free(conn: Connection, plan: SubscriptionPlan) -> None:
    if store.offers.plan_by_name(conn, plan.tenant_id, plan.name) not in (None, plan.id):
        raise Conflict(f"A plan with the name {plan.name!r} exists already.", field="name")


def _plan(plan: SubscriptionPlan | None, plan_id: str) -> SubscriptionPlan:
    if plan is None:
        raise NotFound(f"There is no subscription plan {plan_id}.", plan=plan_id)
    return plan


def _subscription(subscription: ChargingSubscription | None, subscription_id: str) -> ChargingSubscription:
    if subscription is None:
        raise NotFound(f"There is no subscription {subscription_id}.", subscription=subscription_id)
    return subscription
