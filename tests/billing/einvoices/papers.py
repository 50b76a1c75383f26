"""A set of documents that covers every tax case: what validators are shown."""

from datetime import date
from decimal import Decimal

import msgspec
from tests.billing.making import GERMAN, TENANT, charge, decided, entity, profile

from currant.billing.documents.billable import Share, month_of
from currant.billing.documents.chain import FIRST, sealed
from currant.billing.documents.composing import credit_of, of_charges, self_bill
from currant.billing.documents.model import Document, DocumentKind, Draft, PaymentMeans, TaxInCurrency
from currant.billing.entities_model import BillingProfile, EntityDraft, LegalEntity, Split
from currant.billing.tax.model import Customer, CustomerKind, Registration, TaxSettings
from currant.kit.clock import instant
from currant.kit.ids import DocumentId, TokenId

LEITWEG = "04011000-12345-34"


def issued(draft: Draft, number: str) -> Document:
    facts = {name: getattr(draft, name) for name in Draft.__struct_fields__}
    day = date(2026, 6, 1)
    return sealed(
        Document(
            **facts,
            id=DocumentId(f"id-{number}"),
            tenant_id=TENANT,
            series="main",
            fiscal_year="2026",
            sequence=1,
            number=number,
            issued_at=instant(1_780_300_800_000_000),
            issue_date=day,
            due_date=date(2026, 6, 15)
            if draft.due > 0 and draft.kind is not DocumentKind.CREDIT_NOTE
            else None,
            previous_hash=FIRST,
        )
    )


def changed(draft: EntityDraft = GERMAN, **more: object) -> LegalEntity:
    return msgspec.structs.replace(entity(draft), **more)


def buyer(**more: object) -> BillingProfile:
    return msgspec.structs.replace(
        profile(contact="Frau Beispiel", phone="+49 40 1"), buyer_reference=LEITWEG, **more
    )


def tax_cases() -> dict[str, Document]:
    """By name: every category, rate and kind that EN 16931 can say of charging."""
    home = entity()
    domestic = decided(home)
    fleet = buyer()
    cases: dict[str, Draft] = {}

    def invoice(name: str, *charges: object, seller: LegalEntity = home, to: BillingProfile | None = fleet, kind: DocumentKind = DocumentKind.INVOICE, **more: object) -> Draft:  # fmt: skip
        cases[name] = of_charges(list(charges), seller, to, kind=kind, **more)  # type: ignore[arg-type]
        return cases[name]

    invoice("domestic", charge(domestic), charge(domestic, minutes="12.5", number=2))
    invoice("paid by card", charge(domestic, paid=True), kind=DocumentKind.RECEIPT)
    invoice("cents rounded away", *[charge(domestic, kwh="0.733", number=at, paid=True) for at in range(9)])
    invoice("with credits in it", charge(domestic, kwh="50"), charge(domestic, kwh="10", sign=-1, number=2))
    invoice("more credits than charges", charge(domestic, kwh="50", sign=-1), charge(domestic, kwh="10"))
    free = charge(domestic, price="0")
    invoice("free of charge", free)
    invoice("hundreds of sessions", *[charge(domestic, number=at, minutes="3") for at in range(150)])
    splits = {TokenId("a"): Split(cost_centre="4711", vehicle="HH-XY 1", driver="Ada"), TokenId("b"): Split()}
    split_fleet = buyer(splits=splits)
    invoice("by cost centre", charge(domestic, token="a"), charge(domestic, token="b"), to=split_fleet)
    invoice("summed up", charge(domestic, token="a"), charge(domestic, token="a"), to=split_fleet, by_session=False)  # fmt: skip
    at_home = changed(
        registrations=(*GERMAN.registrations, Registration(jurisdiction="AT", number="ATU13585627"))
    )
    invoice("registered abroad", charge(decided(at_home, site="AT")), seller=at_home)
    oss = changed(oss=True)
    invoice("one-stop-shop", charge(decided(oss, site="FI")), seller=oss, to=buyer(kind=CustomerKind.CONSUMER, tax_id=""))  # fmt: skip
    dutch = Customer(kind=CustomerKind.TAXABLE_DEALER, country="NL", tax_id="NL004495445B01")
    invoice("reverse charge", charge(decided(home, dutch)), to=buyer(kind=CustomerKind.TAXABLE_DEALER, tax_id="NL004495445B01"))  # fmt: skip
    small = changed(small_business=True)
    invoice("small business", charge(decided(small)), seller=small)
    swiss = Customer(kind=CustomerKind.TAXABLE_DEALER, country="CH", tax_id="CHE107787577MWST")
    outside = decided(home, swiss)
    invoice("outside of VAT", charge(outside), to=buyer(kind=CustomerKind.TAXABLE_DEALER, tax_id="CHE107787577MWST"))  # fmt: skip
    zero = decided(home, settings=TaxSettings(vat_percent={"DE": Decimal(0)}))
    invoice("rate of nothing", charge(zero))
    polish = invoice("tax in another currency", charge(decided(at_home)), seller=at_home)
    cases["tax in another currency"] = msgspec.structs.replace(
        polish,
        tax_currency=TaxInCurrency(
            currency="PLN", tax=734, rate=Decimal("4.27"), source="ECB", on=date(2026, 5, 29)
        ),
    )
    cases["direct debit"] = msgspec.structs.replace(
        cases["domestic"],
        payment=PaymentMeans(
            code="59", iban="DE02120300000000202051", mandate="M-1", creditor_id="DE98ZZZ09999999999"
        ),
    )
    cases["card"] = msgspec.structs.replace(
        cases["paid by card"], payment=PaymentMeans(code="48", card_last4="4242")
    )
    documents = {name: issued(draft, f"2026-{at:06}") for at, (name, draft) in enumerate(cases.items(), 1)}
    documents["credit note"] = issued(credit_of(documents["domestic"], reason="Zähler"), "2026-000901")
    documents["credit of a line"] = issued(credit_of(documents["domestic"], [2]), "2026-000902")
    documents["credit outside"] = issued(credit_of(documents["outside of VAT"]), "2026-000903")
    host = buyer(owner="host:1", name="Hotel Post")
    share = Share(name="Anteil", quantity=Decimal("812.5"), net=9750, heads=domestic.heads)
    bill = self_bill([share], home, host, domestic, currency="EUR", period=month_of(2026, 5))
    bill = msgspec.structs.replace(bill, buyer_reference=LEITWEG, payment=home.transfer())
    documents["self-billed"] = issued(bill, "2026-000904")
    documents["self-billed credit"] = issued(credit_of(documents["self-billed"]), "2026-000905")
    return documents
