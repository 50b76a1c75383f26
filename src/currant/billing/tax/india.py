"""India's GST on charging: CGST and SGST within a state, IGST between states, by the place of supply.

Charging is a service, SAC 998714, by the advance ruling KAR ADRG 24/2023 (it binds its applicant alone, so
code and rate are settings). Place of supply by the IGST Act, s. 12(2): a registered recipient's state;
otherwise the state of the address on record, and without one the supplier's.
"""

from decimal import Decimal

from currant.billing.tax.model import (
    Scheme,
    Seller,
    Supply,
    TaxDecision,
    TaxSettings,
    Treatment,
)
from currant.billing.tax.states import (
    OTHER_COUNTRY,
    WITHOUT_LEGISLATURE,
    digits_of,
    state_of_gstin,
)
from currant.pricing.bills import TaxHead


def decide(supply: Supply, settings: TaxSettings) -> TaxDecision:
    """What is on a supply by an Indian seller."""
    supplier_state, number = _registration(supply)
    if not number:
        return TaxDecision(
            heads=(TaxHead(name="GST", category="O"),),
            treatment=Treatment.NOT_REGISTERED,
            jurisdiction=f"IN-{supplier_state}" if supplier_state else "IN",
            service_code=settings.gst_sac,
            texts=("gst_not_registered",),
            warnings=("no_registration",),
        )
    pos = place_of_supply(supply, supplier_state, settings)
    customer = supply.customer
    if customer.sez and settings.gst_lut:
        heads: tuple[TaxHead, ...] = (TaxHead(name="IGST", category="Z"),)
    elif customer.sez or pos != supplier_state:
        heads = (TaxHead(name="IGST", percent=settings.gst_percent),)
    else:
        half = settings.gst_percent / Decimal(2)
        second = "UTGST" if pos in WITHOUT_LEGISLATURE else "SGST"
        heads = (TaxHead(name="CGST", percent=half), TaxHead(name=second, percent=half))
    return TaxDecision(
        heads=heads,
        treatment=Treatment.ZERO_RATED if customer.sez and settings.gst_lut else Treatment.STANDARD,
        jurisdiction=f"IN-{supplier_state}",
        seller_number=number,
        place_of_supply=pos,
        service_code=settings.gst_sac,
        texts=("gst_lut",) if customer.sez and settings.gst_lut else (),
    )


def place_of_supply(supply: Supply, supplier_state: str, settings: TaxSettings) -> str:
    """The two digits of the state where the supply is made."""
    customer = supply.customer
    registered = state_of_gstin(customer.tax_id) if customer.is_business else ""
    if registered and settings.gst_place == "recipient":
        return registered
    if settings.gst_place != "recipient":
        return digits_of(supply.place.state) or supplier_state
    if customer.country not in ("", "IN"):
        # It is enjoyed at the site; OTHER_COUNTRY would make an export of it.
        return OTHER_COUNTRY if customer.is_business else supplier_state
    return digits_of(customer.state) or supplier_state


def _registration(supply: Supply) -> tuple[str, str]:
    """State and number of the registration that supplies: the site's state's, or the seller's own."""
    seller = supply.seller
    for state in (digits_of(supply.place.state), digits_of(seller.state)):
        number = _gstin_of(seller, state)
        if state and number:
            return state, number
    for each in seller.registrations:
        if each.scheme is Scheme.GSTIN:
            return state_of_gstin(each.number), each.number
    return digits_of(seller.state) or digits_of(supply.place.state), ""


def _gstin_of(seller: Seller, state: str) -> str:
    for each in seller.registrations:
        if each.scheme is Scheme.GSTIN and state_of_gstin(each.number) == state:
            return each.number
    return ""
