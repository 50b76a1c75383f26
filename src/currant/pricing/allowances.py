"""A subscription's energy, taken in the same transaction as the charge that it pays for.

Plain functions over a connection, for use inside anybody's decision: two sessions of one contract that
end together cannot both take the last kWh. The month is the one, in the contract's zone, in which the
session began.
"""

from datetime import datetime
from decimal import Decimal

import msgspec
from sqlalchemy import Connection

from currant.kit.ids import TenantId
from currant.pricing import store
from currant.pricing.adjusting import Adjuster, Allowance
from currant.pricing.offers import ChargingSubscription, SubscriptionFee, fee_of, month_of, month_span


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Energy that a subscription pays for."""

    subscription_id: str
    month: str
    energy_wh: int

    @property
    def adjuster(self) -> Allowance:
        """As rating takes it."""
        return Allowance(kwh_left=Decimal(self.energy_wh) / 1000, note=f"subscription {self.subscription_id}")


def subscription_of(
    connection: Connection, tenant_id: TenantId, holder: str, *, at: datetime
) -> ChargingSubscription | None:
    """The subscription that `account:<id>` or `driver:<id>` has at an instant."""
    return store.offers.subscription_at(connection, tenant_id, holder, at=at)


def left_wh(
    connection: Connection, tenant_id: TenantId, subscription: ChargingSubscription, *, at: datetime
) -> int:
    """What is left of the month's allowance."""
    month = month_of(at, subscription.zone)
    used = store.offers.used_wh(connection, tenant_id, subscription.id, month)
    return max(int(subscription.terms.allowance_kwh * 1000) - used, 0)


def take(
    connection: Connection,
    tenant_id: TenantId,
    holder: str,
    *,
    source_id: str,
    at: datetime,
    wanted_wh: int,
) -> Taken | None:
    """Take at most `wanted_wh` for `source_id` (a session that began at `at`); None without a subscription.

    A source that has taken already gets what it took before, whatever is wanted: give it back first.
    """
    before = taken(connection, tenant_id, source_id)
    if before is not None:
        return before
    subscription = subscription_of(connection, tenant_id, holder, at=at)
    if subscription is None:
        return None
    month = month_of(at, subscription.zone)
    energy_wh = min(max(wanted_wh, 0), left_wh(connection, tenant_id, subscription, at=at))
    if energy_wh:
        store.offers.add_take(connection, tenant_id, source_id, subscription.id, month, energy_wh, at=at)
    return Taken(subscription_id=subscription.id, month=month, energy_wh=energy_wh)


def taken(connection: Connection, tenant_id: TenantId, source_id: str) -> Taken | None:
    """What a source has taken; None when it has taken nothing."""
    takes = store.offers.takes_of(connection, tenant_id, source_id)
    if not takes:
        return None
    [(subscription_id, month, energy_wh)] = takes
    return Taken(subscription_id=subscription_id, month=month, energy_wh=energy_wh)


def give_back(connection: Connection, tenant_id: TenantId, source_id: str) -> int:
    """Return what a source took, in Wh: its charge is credited, or worked out anew."""
    before = taken(connection, tenant_id, source_id)
    store.offers.remove_takes(connection, tenant_id, source_id)
    return 0 if before is None else before.energy_wh


def adjusters_of(subscription: ChargingSubscription | None, energy: Taken | None) -> tuple[Adjuster, ...]:
    """What a subscription changes about a price, as rating takes it."""
    found: list[Adjuster] = []
    if energy is not None and energy.energy_wh:
        found.append(energy.adjuster)
    discount = None if subscription is None else subscription.discount()
    if discount is not None:
        found.append(discount)
    return tuple(found)


class MonthsFees(msgspec.Struct, frozen=True, kw_only=True):
    """Some of a month's fees; `next_after` continues, None at the end."""

    fees: tuple[SubscriptionFee, ...]
    next_after: str | None = None


def fees(
    connection: Connection,
    tenant_id: TenantId,
    month: str,
    *,
    holders: tuple[str, ...] | None = None,
    after: str = "",
    limit: int = 500,
) -> MonthsFees:
    """What subscriptions cost in a month (as in `2026-01`), by their ids, beginning after `after`."""
    # Zones lie up to 14 hours around UTC: look wider, then exactly.
    begin, _ = month_span(month, "Pacific/Kiritimati")
    _, end = month_span(month, "Etc/GMT+12")
    running = store.offers.running_between(
        connection, tenant_id, begin=begin, end=end, holders=holders, after=after, limit=limit
    )
    found = tuple(fee for each in running if (fee := fee_of(each, month)) is not None)
    return MonthsFees(fees=found, next_after=running[-1].id if len(running) == limit else None)
