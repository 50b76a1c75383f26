"""Legal entities, customers and charges for tests of documents."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from currant.billing.documents.billable import BillableCharge, BillableLine
from currant.billing.documents.model import PostalAddress
from currant.billing.entities_model import BankAccount, BillingProfile, EntityDraft, LegalEntity
from currant.billing.tax.computing import Taxed, taxes_on
from currant.billing.tax.model import (
    Customer,
    CustomerKind,
    Registration,
    Scheme,
    Supply,
    TaxDecision,
    TaxPlace,
    TaxSettings,
)
from currant.billing.tax.rules import RuleEngine
from currant.kit.ids import ChargeId, LegalEntityId, TenantId, TokenId, new_id
from currant.pricing.model import LineKind

TENANT = TenantId("tenant")
BEGAN = datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
DAY = BEGAN.date()

GERMAN = EntityDraft(
    name="Strom & Rad GmbH",
    address=PostalAddress(street="Invalidenstraße 1", city="Berlin", postal_code="10115", country="DE"),
    zone="Europe/Berlin",
    currency="EUR",
    language="de",
    registrations=(Registration(jurisdiction="DE", number="DE136695976"),),
    contact="Buchhaltung",
    email="rechnung@example.com",
    phone="+49 30 1234567",
    bank=BankAccount(iban="DE02120300000000202051", bic="BYLADEM1001"),
    company_register="HRB 4711 B",
)

INDIAN = EntityDraft(
    name="Bijli Charge Private Limited",
    address=PostalAddress(
        street="12 MG Road", city="Bengaluru", postal_code="560001", state="KA", country="IN"
    ),
    zone="Asia/Kolkata",
    currency="INR",
    language="hi",
    registrations=(
        Registration(jurisdiction="IN-29", number="29AAGCB7383J1Z4", scheme=Scheme.GSTIN),
        Registration(jurisdiction="IN-07", number="07AAGCB7383J1ZA", scheme=Scheme.GSTIN),
    ),
    email="billing@example.in",
    phone="+91 80 1234567",
    upi="bijli@upi",
)

SWISS = EntityDraft(
    name="Laden Schweiz AG",
    address=PostalAddress(street="Bahnhofstrasse 1", city="Zürich", postal_code="8001", country="CH"),
    zone="Europe/Zurich",
    currency="CHF",
    language="de",
    registrations=(Registration(jurisdiction="CH", number="CHE-116.281.710 MWST"),),
    email="rechnung@example.ch",
    phone="+41 44 1234567",
)


def entity(draft: EntityDraft = GERMAN, *, id_: str = "entity") -> LegalEntity:
    facts = {name: getattr(draft, name) for name in EntityDraft.__struct_fields__}
    return LegalEntity(
        **facts, id=LegalEntityId(id_), tenant_id=TENANT, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def profile(
    name: str = "Flotte AG",
    *,
    owner: str = "account:fleet",
    country: str = "DE",
    state: str = "",
    kind: CustomerKind = CustomerKind.BUSINESS,
    tax_id: str = "DE129273398",
    **more: object,
) -> BillingProfile:
    return BillingProfile(
        owner=owner,
        tenant_id=TENANT,
        updated_at=BEGAN,
        name=name,
        address=PostalAddress(
            street="Ringstraße 5", city="Hamburg", postal_code="20095", state=state, country=country
        ),
        kind=kind,
        tax_id=tax_id,
        tax_id_checked=True,
        email="eingang@example.org",
        **more,  # type: ignore[arg-type]
    )


def decided(
    seller: LegalEntity,
    customer: Customer | None = None,
    *,
    site: str = "DE",
    state: str = "",
    settings: TaxSettings | None = None,
    on: date = DAY,
) -> TaxDecision:
    supply = Supply(
        seller=seller.seller(),
        customer=customer or Customer(),
        place=TaxPlace(country=site, state=state),
        on=on,
    )
    return RuleEngine(settings).decide(supply)


def charge(
    decision: TaxDecision,
    *,
    kwh: str = "20.125",
    price: str = "0.4500",
    minutes: str = "",
    currency: str = "EUR",
    owner: str = "account:fleet",
    number: int = 1,
    paid: bool = False,
    entity_id: str = "entity",
    sign: int = 1,
    token: str = "",
    days: int = 0,
    id_: str = "",
) -> BillableCharge:
    """A session's charge: energy, and with `minutes` an idle fee of 0.10 a minute as well."""
    began = BEGAN + timedelta(days=days)
    lines = [
        BillableLine(
            kind=LineKind.ENERGY,
            quantity=sign * Decimal(kwh),
            unit="kWh",
            unit_price=Decimal(price),
            net=sign * int((Decimal(kwh) * Decimal(price) * 100).to_integral_value()),
            heads=decision.heads,
            kwh=sign * Decimal(kwh),
        )
    ]
    if minutes:
        lines.append(
            BillableLine(
                kind=LineKind.IDLE_FEE,
                quantity=sign * Decimal(minutes),
                unit="min",
                net=sign * int(Decimal(minutes) * 10),
                heads=decision.heads,
            )
        )
    net = sum(line.net for line in lines)
    taxes = taxes_on([Taxed(net=line.net, kwh=line.kwh, heads=line.heads) for line in lines], currency)
    tax = sum(each.amount for each in taxes)
    return BillableCharge(
        id=ChargeId(id_ or new_id()),
        entity_id=LegalEntityId(entity_id),
        session_number=number,
        owner=owner,
        currency=currency,
        decision=decision,
        lines=tuple(lines),
        net=net,
        tax=tax,
        gross=net + tax,
        paid=net + tax if paid else 0,
        begin=began,
        end=began + timedelta(hours=1),
        zone="Europe/Berlin",
        energy_kwh=Decimal(kwh),
        location="Rathaus, Berlin",
        token_id=TokenId(token) if token else None,
        token=token,
    )
