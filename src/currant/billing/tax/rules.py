"""The tax engine that Currant brings: by country of the site and the seller to the rules of that country."""

from currant.billing.tax import elsewhere, eu, india, us
from currant.billing.tax.model import Supply, TaxDecision, TaxSettings, Treatment
from currant.billing.tax.percentages import EU, standard_percent
from currant.pricing.bills import TaxHead, TaxRates


class RuleEngine:
    """Decides by the written rules and a tenant's settings."""

    def __init__(self, settings: TaxSettings | None = None) -> None:
        self.settings = settings or TaxSettings()

    def decide(self, supply: Supply) -> TaxDecision:
        country = supply.place.country
        if country == "IN" or (supply.seller.country == "IN" and not country):
            return india.decide(supply, self.settings)
        if country == "US":
            return us.decide(supply, self.settings)
        if country in EU:
            return eu.decide(supply, self.settings)
        if standard_percent(country, supply.on) is not None:
            return elsewhere.decide(supply, self.settings)
        return self._flat(supply)

    def rates(self, supply: Supply) -> TaxRates:
        if supply.place.country == "US":
            return us.rates(supply, self.settings)
        return self.decide(supply).rates()

    def _flat(self, supply: Supply) -> TaxDecision:
        """A country without rules of ours: the rate that the tenant set for it, or nothing."""
        country = supply.place.country
        percent = self.settings.vat_percent.get(country)
        if percent is None:
            return TaxDecision(
                heads=(TaxHead(name="Tax", category="O"),),
                treatment=Treatment.OUTSIDE_SCOPE,
                jurisdiction=country or supply.seller.country,
                seller_number=supply.seller.number_in(country) or "",
                warnings=("no_rules",),
            )
        return TaxDecision(
            heads=(TaxHead(name="VAT", category="S" if percent else "Z", percent=percent),),
            jurisdiction=country,
            seller_number=supply.seller.number_in(country) or "",
        )
