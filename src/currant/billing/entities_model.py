"""Legal entities that sell, and how customers want to be billed: the values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from currant.billing.documents.model import DocumentKind, Party, PaymentMeans, PostalAddress
from currant.billing.documents.numbering import DEFAULT_FORM, INDIAN_FORM, check_form
from currant.billing.tax.model import Customer, CustomerKind, Registration, Scheme, Seller
from currant.kit.errors import Invalid
from currant.kit.event import Event
from currant.kit.ids import LegalEntityId, LocationId, TenantId, TokenId
from currant.kit.money import Rounding

Short = Annotated[str, msgspec.Meta(max_length=200)]
Code = Annotated[str, msgspec.Meta(max_length=35)]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", examples=["EUR"])]
Country = Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$")]


class SeriesRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How documents of one kind are numbered. Kinds without a rule share the entity's one series."""

    series: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{1,12}$")] = "main"
    prefix: Annotated[str, msgspec.Meta(max_length=10)] = ""
    form: Annotated[str, msgspec.Meta(max_length=60)] = DEFAULT_FORM
    """With `{number:06}`, `{year}` or `{yy}`, and `{prefix}`."""


class BankAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    iban: Annotated[str, msgspec.Meta(max_length=34)] = ""
    """Or the number that the country uses in place of an IBAN."""
    bic: Annotated[str, msgspec.Meta(max_length=11)] = ""
    name: Short = ""


class EntityDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sells: what stands at the head of its documents, and how they are made."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """As it is registered."""
    address: PostalAddress
    zone: Short = "UTC"
    """IANA: the days on its documents are days there."""
    currency: Currency
    language: Annotated[str, msgspec.Meta(max_length=35)] = "en"
    """Of its documents, when the customer has not chosen one."""
    registrations: Annotated[tuple[Registration, ...], msgspec.Meta(max_length=100)] = ()
    small_business: bool = False
    """Adds no VAT at home because it is too small for it."""
    oss: bool = False
    """Reports sales to consumers in other countries of the EU through the One-Stop-Shop."""
    company_register: Short = ""
    """Such as `HRB 4711, Amtsgericht Berlin`."""
    contact: Short = ""
    email: Short = ""
    phone: Short = ""
    endpoint: Short = ""
    """Its address for electronic documents (Peppol)."""
    endpoint_scheme: Code = ""
    bank: BankAccount = BankAccount()
    upi: Short = ""
    """A virtual payment address: Indian documents then carry a QR code to be paid by."""
    creditor_id: Code = ""
    """For SEPA direct debits."""
    terms_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 14
    rounding: Rounding = Rounding.HALF_UP
    round_to: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    """Sums to be paid are multiples of so many minor units. None: whole rupees in India, 5 rappen in Switzerland."""
    first_month: Annotated[int, msgspec.Meta(ge=1, le=12)] | None = None
    """Of the fiscal year that numbers begin anew in. None: April in India, otherwise January."""
    series: Mapping[DocumentKind, SeriesRule] = {}
    footer: Mapping[str, str] = {}
    """Small print by language."""
    is_default: bool = False
    """Sells at every location that no other entity is set for."""


class LegalEntity(EntityDraft, frozen=True, kw_only=True):
    """Who sells."""

    id: LegalEntityId
    tenant_id: TenantId
    created_at: datetime
    archived: bool = False

    @property
    def country(self) -> str:
        return self.address.country

    @property
    def year_begins(self) -> int:
        """The first month of its fiscal year."""
        return self.first_month or (4 if self.country == "IN" else 1)

    @property
    def rounds_to(self) -> int:
        """What sums to be paid are multiples of, in minor units."""
        if self.round_to is not None:
            return self.round_to
        return 100 if self.currency == "INR" else 5 if self.currency == "CHF" else 1

    def rule_for(self, kind: DocumentKind) -> SeriesRule:
        """How a kind of document is numbered."""
        found = self.series.get(kind)
        if found is not None:
            return found
        return SeriesRule(form=INDIAN_FORM, prefix="C") if self.country == "IN" else SeriesRule()

    def seller(self) -> Seller:
        """As tax rules see it."""
        return Seller(
            country=self.country,
            state=self.address.state,
            registrations=self.registrations,
            small_business=self.small_business,
            oss=self.oss,
        )

    def party(self, number: str = "") -> Party:
        """As it stands on a document, with the number that the tax on it asks for."""
        own = next((each for each in self.registrations if each.number == number), None)
        local = next((each.number for each in self.registrations if each.scheme is Scheme.LOCAL), "")
        vat = number if own is None or own.scheme in (Scheme.VAT, Scheme.GSTIN) else ""
        return Party(
            name=self.name,
            address=self.address,
            vat_id=vat,
            tax_number=local or ("" if vat else number),
            registration=self.company_register,
            contact=self.contact or self.name,
            email=self.email,
            phone=self.phone,
            endpoint=self.endpoint or self.email,
            endpoint_scheme=self.endpoint_scheme or ("EM" if self.email else ""),
        )

    def transfer(self, reference: str = "") -> PaymentMeans | None:
        """To its bank account; None where it has told none."""
        if not self.bank.iban:
            return None
        return PaymentMeans(
            code="58" if self.currency == "EUR" else "30",
            iban=self.bank.iban,
            bic=self.bank.bic,
            account_name=self.bank.name or self.name,
            reference=reference,
        )


class Split(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a company's books want to know of a token's sessions."""

    cost_centre: Annotated[str, msgspec.Meta(max_length=60)] = ""
    vehicle: Annotated[str, msgspec.Meta(max_length=60)] = ""
    driver: Annotated[str, msgspec.Meta(max_length=100)] = ""


class BillingProfileDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How somebody wants to be billed."""

    name: Short
    address: PostalAddress = PostalAddress()
    kind: CustomerKind = CustomerKind.CONSUMER
    tax_id: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """VAT number or GSTIN."""
    tax_id_checked: bool = False
    """Set by whoever has seen that the number is in use; without it a business is taxed as a consumer."""
    sez: bool = False
    exempt: Code = ""
    """A certificate that frees from US sales tax."""
    email: Short = ""
    """Where documents are sent."""
    contact: Short = ""
    phone: Short = ""
    endpoint: Short = ""
    endpoint_scheme: Code = ""
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""
    buyer_reference: Short = ""
    """A Leitweg-ID, a department, …"""
    order_reference: Short = ""
    monthly: bool = True
    """Whether sessions that are not paid at once are gathered on a monthly invoice."""
    terms_days: Annotated[int, msgspec.Meta(ge=0, le=365)] | None = None
    by_session: bool = True
    """Every session is a position of its own; otherwise positions are summed up by split, price and tax."""
    splits: Annotated[Mapping[TokenId, Split], msgspec.Meta(max_length=10_000)] = {}
    """By token."""


class BillingProfile(BillingProfileDraft, frozen=True, kw_only=True):
    """How somebody wants to be billed. `owner` is `account:<id>`, `driver:<id>` or `host:<id>`."""

    owner: str
    tenant_id: TenantId
    updated_at: datetime

    def customer(self) -> Customer:
        """As tax rules see them."""
        return Customer(
            kind=self.kind,
            country=self.address.country,
            state=self.address.state,
            tax_id=self.tax_id,
            tax_id_checked=self.tax_id_checked,
            sez=self.sez,
            exempt=self.exempt,
        )

    def party(self) -> Party:
        return Party(
            name=self.name,
            address=self.address,
            vat_id=self.tax_id,
            contact=self.contact,
            email=self.email,
            phone=self.phone,
            endpoint=self.endpoint or self.email,
            endpoint_scheme=self.endpoint_scheme or ("EM" if self.email else ""),
        )


class LegalEntityChanged(Event, frozen=True, kw_only=True):
    """A legal entity was added, changed or archived (`what`), or sells at other locations."""

    entity_id: LegalEntityId
    name: str
    what: str
    by: str


class BillingProfileChanged(Event, frozen=True, kw_only=True):
    """How somebody is billed is different."""

    owner: str
    by: str


class TaxSettingsChanged(Event, frozen=True, kw_only=True):
    """The tenant's tax rules are different."""

    by: str


class EntityLocations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At which locations an entity sells."""

    locations: Annotated[tuple[LocationId, ...], msgspec.Meta(max_length=10_000)]


def check_entity(draft: EntityDraft) -> None:
    """Invalid, with the field, when documents could not be made by this."""
    if len(draft.address.country) != 2 or not draft.address.country.isupper():
        raise Invalid("A legal entity has a country of two capital letters.", field="address.country")
    try:
        ZoneInfo(draft.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid(f"{draft.zone!r} is no time zone: say one like Europe/Berlin.", field="zone") from None
    forms: dict[str, tuple[str, str]] = {}
    for kind, rule in draft.series.items():
        check_form(rule.form, rule.prefix, country=draft.address.country)
        if forms.setdefault(rule.series, (rule.prefix, rule.form)) != (rule.prefix, rule.form):
            raise Invalid(
                f"Kinds of one series share its prefix and form: {kind.value} has others.", field="series"
            )
    written = list(forms.values())
    if len(set(written)) < len(written):
        raise Invalid("Two series would give the same numbers: give them different prefixes.", field="series")
    for each in draft.registrations:
        if not each.number.strip() or not each.jurisdiction.strip():
            raise Invalid("A registration has a jurisdiction and a number.", field="registrations")


def check_owner(owner: str) -> str:
    """`account:<id>`, `driver:<id>` or `host:<id>`; Invalid for anything else."""
    kind, colon, id_ = owner.partition(":")
    if kind not in ("account", "driver", "host") or not colon or not 0 < len(id_) <= 60:
        raise Invalid("Say whose it is: `account:<id>`, `driver:<id>` or `host:<id>`.", field="owner")
    return owner
