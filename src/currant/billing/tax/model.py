"""What tax rules look at (who supplies what to whom, where and when), and what they decide.

The rules are pure: everything they know stands in a `Supply` and in `TaxSettings`. A service outside
(a tax provider) is one more `TaxEngine`.
"""

import enum
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Protocol

import msgspec

from currant.pricing.bills import TaxHead, TaxRates
from currant.pricing.model import LineKind


class Scheme(enum.StrEnum):
    """What kind of number a registration is."""

    VAT = "vat"
    GSTIN = "gstin"
    SALES_TAX = "sales_tax"
    LOCAL = "local"
    """A number of the local tax office that is no VAT number."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody is known to a tax office. `jurisdiction` is a country, or country-state (`DE`, `IN-29`, `US-CA`)."""

    jurisdiction: str
    number: str
    scheme: Scheme = Scheme.VAT


class CustomerKind(enum.StrEnum):
    CONSUMER = "consumer"
    """Also a business that gave no number."""
    BUSINESS = "business"
    """Uses the electricity itself: a fleet, an employer."""
    TAXABLE_DEALER = "taxable_dealer"
    """Buys electricity to sell it: an e-mobility provider, a roaming partner (VAT directive, art. 38)."""


class Product(enum.StrEnum):
    """What is supplied."""

    CHARGING = "charging"
    """Electricity into a vehicle, with all that belongs to it (start, time)."""
    IDLE = "idle"
    """Standing on after charging, by itself."""
    RESERVATION = "reservation"
    SUBSCRIPTION = "subscription"
    """Membership of a network: a service, not electricity."""


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    country: str
    state: str = ""
    """ISO 3166-2 without the country: `KA`, `CA`; in India also the two digits of a GSTIN."""
    registrations: tuple[Registration, ...] = ()
    small_business: bool = False
    """Charges no VAT at home (VAT directive, art. 284; in Germany § 19 UStG)."""
    oss: bool = False
    """Reports sales to consumers abroad through the One-Stop-Shop."""

    def number_in(self, jurisdiction: str) -> str | None:
        """The number it has in a country or state; a state's registration counts for that state alone."""
        for each in self.registrations:
            if each.jurisdiction == jurisdiction:
                return each.number
        return None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    kind: CustomerKind = CustomerKind.CONSUMER
    country: str = ""
    """Empty: not known, so where the supply is made."""
    state: str = ""
    tax_id: str = ""
    """A VAT number, or a GSTIN."""
    tax_id_checked: bool = True
    """Whether the number may be relied on; without that a business is taxed as a consumer."""
    sez: bool = False
    """Lies in an Indian special economic zone."""
    exempt: str = ""
    """The number of a certificate that frees it from US sales tax."""

    @property
    def is_business(self) -> bool:
        return self.kind is not CustomerKind.CONSUMER and bool(self.tax_id) and self.tax_id_checked


class TaxPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the vehicle stands."""

    country: str
    state: str = ""
    county: str = ""
    city: str = ""
    postal_code: str = ""


class Supply(msgspec.Struct, frozen=True, kw_only=True):
    """One supply; `on` is the day of the site on which it ends, which is its tax point."""

    seller: Seller
    customer: Customer
    place: TaxPlace
    product: Product = Product.CHARGING
    on: date


class Treatment(enum.StrEnum):
    """In words what is done with a supply; documents say it in the reader's language."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    OSS = "oss"
    SMALL_BUSINESS = "small_business"
    OUTSIDE_SCOPE = "outside_scope"
    EXEMPT = "exempt"
    ZERO_RATED = "zero_rated"
    NOT_REGISTERED = "not_registered"
    """The seller has no registration in a place that would tax this: nothing is added."""


class TaxDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What is on a supply. The first head's category is that of the whole."""

    heads: tuple[TaxHead, ...]
    treatment: Treatment = Treatment.STANDARD
    jurisdiction: str
    """Whose tax it is: a country or country-state. Documents are made for one jurisdiction each."""
    seller_number: str = ""
    """The seller's number that belongs on the document."""
    reason_code: str = ""
    """VATEX, where there is no tax for a reason that has one."""
    texts: tuple[str, ...] = ()
    """Stable codes of sentences that documents carry (`reverse_charge`, `small_business`, …)."""
    place_of_supply: str = ""
    """Of GST: the state, in two digits."""
    service_code: str = ""
    """SAC or HSN."""
    warnings: tuple[str, ...] = ()
    """What somebody should look at: codes (`no_registration`, `excise_preset`)."""

    @property
    def category(self) -> str:
        return self.heads[0].category

    def rates(self) -> TaxRates:
        """The same for every line of a charge, as finalising wants it."""
        return TaxRates(otherwise=self.heads)


class UsRate(msgspec.Struct, frozen=True, kw_only=True):
    """One American tax: on what is sold in a state, or a county, city or postal code of it."""

    name: str
    state: str
    county: str = ""
    city: str = ""
    postal_codes: tuple[str, ...] = ()
    percent: Decimal = Decimal(0)
    per_kwh: Decimal | None = None
    kinds: tuple[LineKind, ...] = ()
    """The lines it is on; empty: all."""
    products: tuple[Product, ...] = ()
    """Empty: all."""
    stack: int = 0
    excise: bool = False
    """Exemption certificates do not free from it."""
    since: date = date(2000, 1, 1)
    until: date | None = None


class TaxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant may set otherwise; every default is told in docs/tax.md."""

    vat_percent: Mapping[str, Decimal] = {}
    """By country: a rate instead of the standard one, for charging and what belongs to it."""
    idle_outside_scope: tuple[str, ...] = ()
    """Countries where a fee for standing on is no supply but compensation."""
    resale_reverse_charge: tuple[str, ...] = ("AT", "DE", "NL")
    """Countries where a reseller of electricity owes the VAT also at home (DE: § 13b (2) 5 b UStG)."""
    foreign_business_reverse_charge: bool = True
    """Whether a business with a number of the site's country owes the VAT when the seller has none there (art. 195)."""
    subscription_at_customer: bool = False
    """Subscriptions of consumers are electronic services, taxed where the consumer lives (art. 58)."""
    gst_percent: Decimal = Decimal(18)
    gst_sac: str = "998714"
    gst_place: str = "recipient"
    """`recipient` (IGST Act, s. 12(2)) or `site`: where the supply to a registered recipient is."""
    gst_lut: bool = False
    """A letter of undertaking: special economic zones are supplied without IGST."""
    us_rates: tuple[UsRate, ...] = ()
    us_excise_presets: bool = True
    """The excises by the kWh that Currant knows of; own rates of the same state and name go before."""


class TaxEngine(Protocol):
    """Decides on taxes. Ours is `rules.RuleEngine`; one that asks a service outside keeps to the same words."""

    def decide(self, supply: Supply) -> TaxDecision: ...

    def rates(self, supply: Supply) -> TaxRates:
        """By kind of line, for finalising a charge."""
        ...
