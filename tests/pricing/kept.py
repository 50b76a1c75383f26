"""Prices written short, for tests about them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from currant.kit.ids import TenantId
from currant.pricing.drafts import TariffDraft, TariffVersionDraft
from currant.pricing.model import Component, Dimension, Element, Prices, Restrictions, TariffVersion
from currant.pricing.service import PricingService

TENANT, ANOTHER = TenantId("tenant-1"), TenantId("another")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)  # a Saturday


def element(price: str, dimension: Dimension = Dimension.ENERGY, **restrictions: Any) -> Element:
    return Element(
        components=(Component(dimension=dimension, price=Decimal(price)),),
        restrictions=Restrictions(**restrictions) if restrictions else None,
    )


def prices(*elements: Element | str, **more: Any) -> Prices:
    """Prices in euros; a text is a price per kWh at any time."""
    given = tuple(element(each) if isinstance(each, str) else each for each in elements)
    return Prices(**{"currency": "EUR", "elements": given, **more})


async def published(
    service: PricingService,
    name: str,
    price: str | Prices = "0.39",
    *,
    valid_from: datetime | None = None,
    tenant_id: TenantId = TENANT,
) -> TariffVersion:
    """A tariff with one version that holds."""
    wanted = prices(price) if isinstance(price, str) else price
    tariff = await service.tariffs.create(
        tenant_id, TariffDraft(name=name, currency=wanted.currency), by="a test"
    )
    await service.tariffs.draft(tenant_id, tariff.id, TariffVersionDraft(prices=wanted), by="a test")
    return await service.tariffs.publish(tenant_id, tariff.id, 1, valid_from=valid_from, by="a test")
