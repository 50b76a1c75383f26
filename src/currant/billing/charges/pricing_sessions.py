"""What a session comes to under the prices that were fixed for it, with what its driver has besides."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection

from currant.billing.charges.model import Charge
from currant.billing.charges.settling import final_of
from currant.billing.charges.taxing import SessionTax
from currant.charging.model import Session
from currant.pricing import allowances, redeeming
from currant.pricing.adjusting import Adjuster, GroupDiscount
from currant.pricing.bills import bill_of
from currant.pricing.charge import Bill, RatedCharge
from currant.pricing.model import TariffVersion
from currant.pricing.rating import rate
from currant.pricing.spot import NO_SPOT, SpotPrices
from currant.pricing.timeline import Timeline

FOR_FREE = GroupDiscount(percent=Decimal(100), note="free")


def priced(
    timeline: Timeline,
    version: TariffVersion,
    tax: SessionTax,
    *,
    spot: SpotPrices = NO_SPOT,
    adjusters: tuple[Adjuster, ...] = (),
) -> tuple[RatedCharge, Bill]:
    """The exact charge of a timeline, and the bill it makes."""
    rated = rate(timeline, version.prices, version_id=version.id, spot=spot, adjusters=adjusters)
    return rated, bill_of(rated, tax.rates, tax.rounding)


def markets_of(version: TariffVersion) -> frozenset[str]:
    """The markets that a version's prices follow."""
    return frozenset(
        component.spot.market
        for element in version.prices.elements
        for component in element.components
        if component.spot is not None
    )


def prices_reservations(version: TariffVersion) -> bool:
    """Whether a version asks something for keeping a place."""
    return any(
        element.restrictions is not None and element.restrictions.reservation is not None
        for element in version.prices.elements
    )


def taken_for(conn: Connection, session: Session, existing: Sequence[Charge]) -> tuple[Adjuster, ...]:
    """What a subscription or a voucher takes off a session, within the decision that charges for it.

    A subscription's energy is taken once. A session that is worked out anew keeps what it took, unless
    its energy has changed: what others have used of the month meanwhile must not change its price.
    """
    tenant_id, adjusters = session.tenant_id, tuple[Adjuster, ...]()
    if session.account_id is not None:
        adjusters = _of_subscription(conn, session, existing, f"account:{session.account_id}")
    voucher = redeeming.redeemed(conn, tenant_id, session.id)
    return adjusters if voucher is None else (*adjusters, voucher.adjuster)


def _of_subscription(
    conn: Connection, session: Session, existing: Sequence[Charge], holder: str
) -> tuple[Adjuster, ...]:
    tenant_id, at = session.tenant_id, session.started_at
    subscription = allowances.subscription_of(conn, tenant_id, holder, at=at)
    if subscription is None:
        return ()
    before, final = allowances.taken(conn, tenant_id, session.id), final_of(existing)
    known_wh = None if final is None else final.energy_wh
    if before is not None and known_wh != session.energy_wh:
        allowances.give_back(conn, tenant_id, session.id)
    energy = allowances.take(
        conn, tenant_id, holder, source_id=session.id, at=at, wanted_wh=session.energy_wh
    )
    return allowances.adjusters_of(subscription, energy)
