"""Sessions that were, as a preview of other prices wants them: their timelines, and what was asked for them.

A session that has a charge is told with the taxes and discounts of its bill, so that the prices it had
come to the very same sum again, and every difference is that of the prices.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from currant.billing.charges.model import Charge, ChargeDetails
from currant.billing.charges.service import Charges
from currant.billing.charges.timelines import timeline_of
from currant.charging.model import Phase, Session, SessionFilter
from currant.charging.service import ChargingService
from currant.db.engine import Database
from currant.kit.ids import LocationId, TariffId, TenantId
from currant.kit.money import Money
from currant.pricing.adjusting import Adjuster, Allowance
from currant.pricing.charge import Bill
from currant.pricing.preview import PastSession
from currant.pricing.service import PricingService
from currant.pricing.taxing import TaxHead, TaxRates
from currant.stations.sites import site_of

TOGETHER = 200


class PastSessions:
    """Whoever asks what sessions would have cost is told of them here (`pricing.preview.PastTimelines`)."""

    def __init__(
        self, database: Database, charging: ChargingService, charges: Charges, pricing: PricingService
    ) -> None:
        self._database = database
        self._charging = charging
        self._charges = charges
        self._pricing = pricing

    async def past(
        self,
        tenant_id: TenantId,
        *,
        tariff_id: TariffId | None,
        location_ids: Sequence[LocationId],
        since: datetime,
        until: datetime,
        limit: int,
    ) -> Sequence[PastSession]:
        """Sessions that began between the two and have ended, the newest first."""
        found: list[PastSession] = []
        for location_id in location_ids or (None,):
            wanted = SessionFilter(location_id=location_id, phase=Phase.ENDED, since=since, until=until)
            cursor: str | None = None
            while len(found) < limit:
                page = await self._charging.list(tenant_id, wanted, cursor=cursor, limit=TOGETHER)
                charges = await self._charges.current(tenant_id, [session.id for session in page.items])
                for session in page.items:
                    charge = charges.get(session.id)
                    if tariff_id is None or self._is_of(charge, tariff_id):
                        found.append(await self._told(tenant_id, session, charge))
                cursor = page.next_cursor
                if cursor is None:
                    break
        return found[:limit]

    def _is_of(self, charge: Charge | None, tariff_id: TariffId) -> bool:
        version = None if charge is None else self._pricing.get(charge.version_id)
        return version is not None and version.tariff_id == tariff_id

    async def _told(self, tenant_id: TenantId, session: Session, charge: Charge | None) -> PastSession:
        session, readings = await self._charging.measured(tenant_id, session.id)
        site = await self._database.read(lambda conn: site_of(conn, tenant_id, session.location_id))
        timeline = timeline_of(session, readings, zone=site.time_zone)
        if charge is None:
            return PastSession(session_id=session.id, timeline=timeline)
        _, details = await self._charges.get(tenant_id, charge.id)
        return PastSession(
            session_id=session.id,
            timeline=timeline,
            charged=Money(minor_units=charge.gross + charge.reduced_by, currency=charge.currency),
            adjusters=adjusters_of(details),
            rates=rates_of(details.bill),
        )


def adjusters_of(details: ChargeDetails) -> tuple[Adjuster, ...]:
    """What a subscription, a voucher or a person changed about a charge."""
    rated = details.rated
    free: tuple[Adjuster, ...] = ()
    if rated.allowance_wh:
        free = (
            Allowance(kwh_left=Decimal(rated.allowance_wh.numerator) / rated.allowance_wh.denominator / 1000),
        )
    return (*free, *rated.discounts)


def rates_of(bill: Bill) -> TaxRates:
    """The taxes of a bill, for another one of the same session: by kind of line where they differ."""
    if len({line.tax_percent for line in bill.lines}) <= 1:
        heads = [
            TaxHead(name=part.name, category=part.category, percent=part.percent, per_kwh=part.per_kwh)
            for part in bill.taxes
        ]
        return TaxRates(otherwise=tuple(dict.fromkeys(heads)))
    name = bill.taxes[0].name if bill.taxes else "VAT"
    by_kind = {
        line.kind: (TaxHead(name=name, category=line.category, percent=line.tax_percent),)
        for line in bill.lines
    }
    return TaxRates(by_kind=by_kind, otherwise=next(iter(by_kind.values())))
