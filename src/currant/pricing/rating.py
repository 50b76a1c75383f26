"""What a session costs, exactly: a fold over the spans of its timeline."""

from fractions import Fraction

from currant.kit.ids import TariffVersionId
from currant.pricing.adjusting import Adjuster
from currant.pricing.charge import RatedCharge
from currant.pricing.model import Prices
from currant.pricing.spot import NO_SPOT, SpotPrices
from currant.pricing.timeline import Span, Timeline

ENGINE = "1"


def rate(
    timeline: Timeline,
    prices: Prices,
    *,
    version_id: TariffVersionId | None = None,
    spot: SpotPrices = NO_SPOT,
    adjusters: tuple[Adjuster, ...] = (),
) -> RatedCharge:
    """What a timeline costs by `prices`.

    Raises ValueError when its spans overlap, run backwards or hold negative energy.
    """
    running = Running(
        prices,
        timeline.zone,
        version_id=version_id,
        spot=spot,
        adjusters=adjusters,
        reservation_expired=timeline.reservation_expired,
    )
    for span in timeline.spans:
        running.feed(span)
    return running.charge()


class Running:
    """The cost of a session that goes on: feed it spans in order, ask for the charge so far at any time.

    Both take constant time however long the session lasts (prices that follow a market: one step more
    for every quarter-hour).
    """

    def __init__(
        self,
        prices: Prices,
        zone: str,
        *,
        version_id: TariffVersionId | None = None,
        spot: SpotPrices = NO_SPOT,
        adjusters: tuple[Adjuster, ...] = (),
        reservation_expired: bool = False,
    ) -> None:
        self._prices = prices

    def feed(self, span: Span) -> None:
        """Take in what happened next."""

    def switch(self, prices: Prices, *, version_id: TariffVersionId | None = None) -> None:
        """Go on with other prices of the same currency: no step is rounded and no start fee is due again."""

    def fork(self) -> "Running":
        """The same so far, to be fed what may happen without changing this one."""
        return self

    def charge(self) -> RatedCharge:
        """What it costs so far, as if it ended now."""
        return RatedCharge(
            currency=self._prices.currency, tax_included=False, lines=(), energy_wh=Fraction(0), engine=ENGINE
        )
