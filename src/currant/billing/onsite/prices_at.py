"""What an EVSE costs whoever comes, as its station reckons with it: the answer for the aspect `tariffs`."""

from collections.abc import Callable

from currant.billing.onsite.station_tariffs import to_station
from currant.kit.clock import Clock
from currant.pricing.model import Asker
from currant.pricing.service import PricingService
from currant.stations.commanding.displays import MessageText
from currant.stations.commanding.tariffs import StationTariff, TaxRate
from currant.stations.desired.tariffs import Untold
from currant.stations.directory import DirectoryEntry

TaxesAt = Callable[[DirectoryEntry], dict[str, tuple[TaxRate, ...]]]
"""The taxes of a station's site, by what they are taken of, where a tariff says none of its own."""
TEXT_MAX, LANGUAGE_MAX = 1024, 8


def no_taxes(station: DirectoryEntry) -> dict[str, tuple[TaxRate, ...]]:
    """Where the tariffs say all."""
    return {}


class PricesAtStations:
    """Nobody in particular charges there: prices of tokens, accounts and groups are not looked at."""

    def __init__(self, pricing: PricingService, clock: Clock, *, taxes_at: TaxesAt = no_taxes) -> None:
        self._pricing = pricing
        self._clock = clock
        self._taxes_at = taxes_at

    def __call__(self, station: DirectoryEntry, evse: int) -> StationTariff | Untold | None:
        asker = Asker(
            tenant_id=station.tenant_id,
            location_id=station.location_id,
            station_id=station.station_id,
            evse=evse or None,
            station_groups=station.groups,
        )
        chosen = self._pricing.chosen(asker, self._clock.now())
        if chosen is None:
            return None
        version = chosen.version
        told = to_station(
            version.prices,
            # No two EVSEs may have a tariff of one name (I07.FR.04), nor two versions.
            id_=f"{version.id}-{evse}" if evse else version.id,
            taxes=self._taxes_at(station),
            texts=tuple(
                MessageText(text=text[:TEXT_MAX], language=language.partition("-")[0][:LANGUAGE_MAX])
                for language, text in version.texts.items()
            )[:10],
        )
        if told.lost:
            why = " ".join(each.text for each in told.lost)
            return Untold(
                reason=f"The station cannot reckon with this tariff, its cost is worked out here: {why}"
            )
        return told.tariff
