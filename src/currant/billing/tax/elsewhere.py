"""VAT of countries outside the Union that tax charging where it happens: United Kingdom, Switzerland, Norway and others.

A seller from abroad without a number there adds nothing to what it sells to businesses of that country, who
account for the tax themselves, and is told to register before it sells to consumers.
"""

from currant.billing.tax import eu
from currant.billing.tax.model import CustomerKind, Product, Supply, TaxDecision, TaxSettings


def decide(supply: Supply, settings: TaxSettings) -> TaxDecision:
    seller, customer, country = supply.seller, supply.customer, supply.place.country
    if supply.product is Product.IDLE and country in settings.idle_outside_scope:
        return eu.outside(supply, country, "compensation")
    if supply.product is Product.SUBSCRIPTION or (
        customer.kind is CustomerKind.TAXABLE_DEALER and customer.is_business
    ):
        at = customer.country or country
        if at == seller.country:
            return eu.taxed(supply, settings, at)
        # The customer accounts for it at home; here it is outside of the tax.
        if customer.is_business:
            return eu.outside(supply, seller.country, "recipient_accounts")
        return eu.taxed(supply, settings, seller.country)
    abroad = seller.country != country and seller.number_in(country) is None
    if abroad and customer.is_business and customer.country == country:
        return eu.outside(supply, country, "recipient_accounts")
    return eu.taxed(supply, settings, country)
