"""VAT of the European Union on charging.

The Court (C-282/22) sees a supply of goods, electricity, in charging and all that goes with it. So it is
taxed where it is consumed, at the site (directive 2006/112/EC, art. 39), except for who buys it to sell it:
a taxable dealer is supplied where it is established (art. 38). Membership of a network is a service (art. 44, 45).
"""

from decimal import Decimal

from currant.billing.tax.model import (
    CustomerKind,
    Product,
    Supply,
    TaxDecision,
    TaxSettings,
    Treatment,
)
from currant.billing.tax.percentages import EU, standard_percent
from currant.pricing.bills import TaxHead

REVERSE = "VATEX-EU-AE"
OUTSIDE = "VATEX-EU-O"


def decide(supply: Supply, settings: TaxSettings) -> TaxDecision:
    """What is on a supply at a site in the Union, or by a seller of it."""
    if supply.product is Product.SUBSCRIPTION:
        return _service(supply, settings)
    if supply.product is Product.IDLE and supply.place.country in settings.idle_outside_scope:
        return outside(supply, supply.place.country, "compensation")
    if supply.customer.kind is CustomerKind.TAXABLE_DEALER and supply.customer.is_business:
        return _to_dealer(supply, settings)
    return _consumed_at_site(supply, settings)


def outside(supply: Supply, jurisdiction: str, text: str) -> TaxDecision:
    """Not a matter of this VAT at all (category O)."""
    seller = supply.seller
    return TaxDecision(
        heads=(TaxHead(name="VAT", category="O"),),
        treatment=Treatment.OUTSIDE_SCOPE,
        jurisdiction=jurisdiction,
        seller_number=seller.number_in(jurisdiction) or seller.number_in(seller.country) or "",
        reason_code=OUTSIDE,
        texts=(text,),
    )


def reverse_charge(supply: Supply, jurisdiction: str) -> TaxDecision:
    """The customer owes the tax."""
    seller = supply.seller
    return TaxDecision(
        heads=(TaxHead(name="VAT", category="AE"),),
        treatment=Treatment.REVERSE_CHARGE,
        jurisdiction=jurisdiction,
        seller_number=seller.number_in(seller.country) or "",
        reason_code=REVERSE,
        texts=("reverse_charge",),
    )


def taxed(supply: Supply, settings: TaxSettings, country: str) -> TaxDecision:
    """VAT of a country by its rate, or none because the seller is too small for it."""
    seller = supply.seller
    if seller.small_business and seller.country == country:
        return TaxDecision(
            heads=(TaxHead(name="VAT", category="E"),),
            treatment=Treatment.SMALL_BUSINESS,
            jurisdiction=country,
            seller_number=seller.number_in(country) or "",
            texts=("small_business",),
        )
    percent = settings.vat_percent.get(country)
    if percent is None or supply.product is Product.SUBSCRIPTION:
        percent = standard_percent(country, supply.on)
    if percent is None:
        return outside(supply, country, "outside_scope")
    number = seller.number_in(country)
    oss = number is None and seller.oss and country in EU and not supply.customer.is_business
    known = number is not None or seller.country == country or oss
    return TaxDecision(
        heads=(TaxHead(name="VAT", category="S" if percent else "Z", percent=Decimal(percent)),),
        treatment=Treatment.OSS if oss else Treatment.STANDARD if percent else Treatment.ZERO_RATED,
        jurisdiction=country,
        seller_number=number or seller.number_in(seller.country) or "",
        texts=("oss",) if oss else (),
        warnings=() if known else ("no_registration",),
    )


def _consumed_at_site(supply: Supply, settings: TaxSettings) -> TaxDecision:
    seller, customer, country = supply.seller, supply.customer, supply.place.country
    abroad = seller.country != country and seller.number_in(country) is None
    # Art. 195: who is identified for VAT where it is due owes it, when the supplier is not established there.
    identified = customer.is_business and vat_country(customer.tax_id, customer.country) == country
    if abroad and identified and settings.foreign_business_reverse_charge:
        return reverse_charge(supply, country)
    return taxed(supply, settings, country)


def _to_dealer(supply: Supply, settings: TaxSettings) -> TaxDecision:
    seller, customer = supply.seller, supply.customer
    country = vat_country(customer.tax_id, customer.country)
    if country not in EU:
        return outside(supply, seller.country, "outside_scope")
    if country != seller.country:
        return reverse_charge(supply, country)
    if country in settings.resale_reverse_charge and not seller.small_business:
        return reverse_charge(supply, country)
    return taxed(supply, settings, country)


def _service(supply: Supply, settings: TaxSettings) -> TaxDecision:
    seller, customer = supply.seller, supply.customer
    country = customer.country or supply.place.country
    if customer.is_business:
        country = vat_country(customer.tax_id, country)
        if country == seller.country:
            return taxed(supply, settings, country)
        if country in EU:
            return reverse_charge(supply, country)
        return outside(supply, seller.country, "outside_scope")
    if settings.subscription_at_customer and country != seller.country:
        if country not in EU:
            return outside(supply, seller.country, "outside_scope")
        return taxed(supply, settings, country)
    return taxed(supply, settings, seller.country)


def vat_country(number: str, otherwise: str) -> str:
    """The country of a VAT number by its first letters (Greece's are EL), or what is known besides."""
    letters = number.strip()[:2].upper()
    if letters == "EL":
        return "GR"
    return letters if letters in EU else otherwise
