"""What an installation has for prices: the service, who follows what for it, and what is recorded of it."""

from typing import TYPE_CHECKING

from currant.billing.charges.past import PastSessions
from currant.events.delivery import Subscription
from currant.kit.event import Event
from currant.pricing.events import (
    SpotPricesChanged,
    SubscriptionChanged,
    SubscriptionPlanChanged,
    TariffChanged,
    VoucherChanged,
)
from currant.pricing.rulebook import PRICE_EVENTS
from currant.pricing.service import PricingService

if TYPE_CHECKING:
    from currant.app.container import Currant

PRICING_FOLLOWED: tuple[type[Event], ...] = (*PRICE_EVENTS, SpotPricesChanged)
PRICING_RECORDED: tuple[type[Event], ...] = (
    TariffChanged,
    VoucherChanged,
    SubscriptionPlanChanged,
    SubscriptionChanged,
)
"""Drafts, codes and contracts are no news for every screen."""


async def start_pricing(currant: "Currant") -> None:
    """Make the service of prices, with everybody's in memory."""
    currant.pricing = PricingService(currant.database, currant.clock)
    await currant.pricing.start()


def remember_sessions(currant: "Currant") -> None:
    """Let previews look at sessions that were; charges are there by now."""
    currant.pricing.past = PastSessions(currant.database, currant.charging, currant.charges, currant.pricing)


def pricing_subscriptions(pricing: PricingService, *, node: str) -> list[Subscription]:
    """Who follows what for prices: every node holds all of them."""
    return [
        Subscription(f"prices of {node}", pricing.book.follow, to=PRICE_EVENTS),
        Subscription(f"market prices of {node}", pricing.markets.follow, to=(SpotPricesChanged,)),
    ]
