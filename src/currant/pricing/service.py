"""Tariffs as a service: what holds for whom, asked without waiting; and the verbs behind it."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.ids import TariffId, TariffVersionId, TenantId
from currant.pricing.choosing import Chosen, Considered
from currant.pricing.markets import SpotMarkets
from currant.pricing.model import Asker, PricePurpose, TariffVersion
from currant.pricing.preview import NoPast, PastTimelines
from currant.pricing.price_rules import PriceRules
from currant.pricing.rulebook import PriceBook
from currant.pricing.spot import SpotPrices
from currant.pricing.subscriptions import Subscriptions
from currant.pricing.tariffs import Tariffs
from currant.pricing.vouchers import Vouchers

__all__ = ["Chosen", "PricingService"]


class PricingService:
    """Prices. Ask it at the start of a session, and keep the answer with the session."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self.book = PriceBook(database)
        self.tariffs = Tariffs(database, self.book, clock)
        self.rules = PriceRules(database, self.book, clock)
        self.markets = SpotMarkets(database, clock)
        self.vouchers = Vouchers(database, clock)
        self.subscriptions = Subscriptions(database, clock)
        self.past: PastTimelines = NoPast()

    def now(self) -> datetime:
        return self._clock.now()

    def today(self) -> date:
        """The date in UTC."""
        return self._clock.now().date()

    async def start(self) -> None:
        """Take everybody's prices into memory."""
        await self.book.load()
        await self.markets.load()

    def chosen(
        self, asker: Asker, at: datetime, purpose: PricePurpose = PricePurpose.RETAIL
    ) -> Chosen | None:
        """The price for a session that begins at `at`; None where nothing says what it costs."""
        return self.book.chosen(asker, at, purpose)

    async def prices_for(
        self, asker: Asker, at: datetime, purpose: PricePurpose = PricePurpose.RETAIL
    ) -> Chosen | None:
        """The same, for whoever may wait."""
        return self.book.chosen(asker, at, purpose)

    def considered(
        self, asker: Asker, at: datetime, purpose: PricePurpose = PricePurpose.RETAIL
    ) -> tuple[Considered, ...]:
        """Every rule about whoever asks, in order, and what became of it."""
        return self.book.considered(asker, at, purpose)

    def rule_counts(self, tenant_id: TenantId) -> Mapping[TariffId, int]:
        """How many rules give each tariff, now or later."""
        now = self._clock.now()
        return Counter(
            rule.tariff_id
            for rule in self.book.rules_of(tenant_id)
            if rule.valid_until is None or rule.valid_until > now
        )

    def get(self, version_id: TariffVersionId) -> TariffVersion | None:
        """A version that was ever published."""
        return self.book.get(version_id)

    def spot(self, tenant_id: TenantId) -> SpotPrices:
        """What markets asked in the last weeks, and what is known of the next days."""
        return self.markets.held(tenant_id)

    async def version(self, tenant_id: TenantId, version_id: TariffVersionId) -> TariffVersion:
        """A version, a draft too; NotFound when there is none."""
        return await self.tariffs.version(tenant_id, version_id)
