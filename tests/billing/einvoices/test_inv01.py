"""India's e-invoice: the reference number as the portal works it out, the schema, and what is signed."""

import base64
import json
from datetime import date, datetime
from decimal import Decimal

import jsonschema_rs
import msgspec
import pytest
from tests.billing.einvoices.papers import issued
from tests.billing.making import INDIAN, charge, decided, entity, profile

from currant.billing.documents.composing import credit_of, of_charges
from currant.billing.documents.model import Document, DocumentKind, PostalAddress
from currant.billing.einvoices import inv01
from currant.billing.einvoices.semantics import NotAnEInvoice
from currant.billing.tax.model import Customer, CustomerKind, TaxSettings
from currant.kit.errors import Invalid

# Numbers of Indian registrations, from public test data of software that talks to the portal.
REGISTERED = [
    ("01AMBPG7773M002", "INV", "SINV-CFY-00067", "16/09/2022", "706daeccda0ef6f818da78f3a2a05a1288731057373002289b46c3229289a2e7"),
    ("01AMBPG7773M002", "INV", "g2qxhY", "17/09/2022", "68fb4fab44aee99fb23292478c4bd838e664837c9f1b04e3d9134ffed0b40b60"),
    ("01AMBPG7773M002", "CRN", "g2qxhY", "17/09/2022", "1c96258af085e45da556494ea5e5a7b401a598ab80af4136309c2dac7b54d795"),
    ("01AMBPG7773M002", "DBN", "g2qxhY", "17/09/2022", "24f37c80532583c6894d8153e2b12494daa80ddbb197f0fc2c1bac07db67f933"),
    ("02AMBPG7773M002", "INV", "9sQ5E2", "02/10/2023", "2ecc42a8e81dcbbb56923e4bd046c861ce7374060bd31875ce35447e922c9399"),
]  # fmt: skip

GSTIN = {"type": "string", "pattern": "^[0-9]{2}[0-9A-Z]{13}$"}
AMOUNT = {"type": "number", "minimum": -(10**14), "maximum": 10**14, "multipleOf": 0.01}
PARTY = {
    "type": "object",
    "required": ["Gstin", "LglNm", "Addr1", "Loc", "Pin", "Stcd"],
    "additionalProperties": False,
    "properties": {
        "Gstin": GSTIN,
        "LglNm": {"type": "string", "minLength": 3, "maxLength": 100},
        "Addr1": {"type": "string", "minLength": 1, "maxLength": 100},
        "Addr2": {"type": "string", "minLength": 3, "maxLength": 100},
        "Loc": {"type": "string", "minLength": 3, "maxLength": 50},
        "Pin": {"type": "integer", "minimum": 100000, "maximum": 999999},
        "Stcd": {"type": "string", "pattern": "^[0-9]{1,2}$"},
        "Pos": {"type": "string", "pattern": "^[0-9]{1,2}$"},
        "Ph": {"type": "string", "pattern": "^[0-9]{6,12}$"},
        "Em": {"type": "string", "minLength": 6, "maxLength": 100},
    },
}
# The parts of the published schema that are used here: names, forms and limits.
SCHEMA = {
    "type": "object",
    "required": ["Version", "TranDtls", "DocDtls", "SellerDtls", "BuyerDtls", "ItemList", "ValDtls"],
    "additionalProperties": False,
    "properties": {
        "Version": {"const": "1.1"},
        "TranDtls": {
            "type": "object",
            "required": ["TaxSch", "SupTyp"],
            "properties": {
                "TaxSch": {"const": "GST"},
                "SupTyp": {"enum": ["B2B", "SEZWP", "SEZWOP", "EXPWP", "EXPWOP", "DEXP"]},
                "RegRev": {"enum": ["Y", "N"]},
            },
        },
        "DocDtls": {
            "type": "object",
            "required": ["Typ", "No", "Dt"],
            "properties": {
                "Typ": {"enum": ["INV", "CRN", "DBN"]},
                "No": {"type": "string", "pattern": "^[a-zA-Z1-9][a-zA-Z0-9/-]{0,15}$"},
                "Dt": {"type": "string", "pattern": "^[0-3][0-9]/[0-1][0-9]/20[1-2][0-9]$"},
            },
        },
        "SellerDtls": PARTY,
        "BuyerDtls": {**PARTY, "required": [*PARTY["required"], "Pos"]},  # type: ignore[misc]
        "ItemList": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": {
                "type": "object",
                "required": [
                    "SlNo",
                    "IsServc",
                    "HsnCd",
                    "UnitPrice",
                    "TotAmt",
                    "AssAmt",
                    "GstRt",
                    "TotItemVal",
                ],
                "additionalProperties": False,
                "properties": {
                    "SlNo": {"type": "string", "pattern": "^[0-9]{1,6}$"},
                    "PrdDesc": {"type": "string", "minLength": 3, "maxLength": 300},
                    "IsServc": {"enum": ["Y", "N"]},
                    "HsnCd": {"type": "string", "pattern": "^[0-9]{4,8}$"},
                    "Qty": {"type": "number", "minimum": 0},
                    "Unit": {"type": "string", "minLength": 3, "maxLength": 8},
                    "UnitPrice": {"type": "number"},
                    "GstRt": {"type": "number", "minimum": 0, "maximum": 999.999},
                    **dict.fromkeys(
                        ("TotAmt", "AssAmt", "CgstAmt", "SgstAmt", "IgstAmt", "TotItemVal"), AMOUNT
                    ),
                },
            },
        },
        "ValDtls": {
            "type": "object",
            "required": ["AssVal", "TotInvVal"],
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(("AssVal", "CgstVal", "SgstVal", "IgstVal", "TotInvVal"), AMOUNT),
                "RndOffAmt": {**AMOUNT, "minimum": -99.99, "maximum": 99.99},
            },
        },
        "RefDtls": {"type": "object", "required": ["PrecDocDtls"]},
    },
}


def bill(
    *, fleet: str = "07AAECR2971C1Z0", sez: bool = False, lut: bool = False, state: str = "KA"
) -> Document:
    seller = entity(INDIAN)
    customer = Customer(kind=CustomerKind.BUSINESS, country="IN", tax_id=fleet, sez=sez)
    decision = decided(seller, customer, site="IN", state=state, settings=TaxSettings(gst_lut=lut))
    charges = [
        charge(decision, kwh="11.05", price="18.0588", currency="INR", number=1, minutes="7"),
        charge(decision, kwh="3.333", price="21", currency="INR", number=2),
    ]
    to = msgspec.structs.replace(
        profile("Fleet Limited", tax_id=fleet, sez=sez, phone="+91 11 4567890"),
        address=PostalAddress(
            street="1 Rajpath", city="New Delhi", postal_code="110001", state="DL", country="IN"
        ),
    )
    return issued(of_charges(charges, seller, to, kind=DocumentKind.INVOICE), "C29-2627/00001")


@pytest.mark.parametrize(("gstin", "kind", "number", "on", "irn"), REGISTERED)
def test_the_reference_number_is_the_portal_s(gstin: str, kind: str, number: str, on: str, irn: str) -> None:
    day = datetime.strptime(on, "%d/%m/%Y").date()  # noqa: DTZ007
    assert inv01.irn(gstin, day, kind, number) == irn


@pytest.mark.parametrize(
    ("document", "supply", "heads"),
    [
        (bill(), "B2B", {"IgstVal"}),
        (bill(fleet="29AAECR2971C1ZU"), "B2B", {"CgstVal", "SgstVal"}),
        (bill(fleet="29AAECR2971C1ZU", sez=True), "SEZWP", {"IgstVal"}),
        (bill(fleet="29AAECR2971C1ZU", sez=True, lut=True), "SEZWOP", set()),
    ],
    ids=["between states", "within a state", "zone with tax", "zone under undertaking"],
)
def test_invoices_are_as_the_schema_wants_them(document: Document, supply: str, heads: set[str]) -> None:
    content = json.loads(inv01.written(document), parse_float=Decimal)
    jsonschema_rs.Draft7Validator(SCHEMA).validate(json.loads(inv01.written(document)))
    assert content["TranDtls"]["SupTyp"] == supply
    values, items = content["ValDtls"], content["ItemList"]
    assert {name for name in ("CgstVal", "SgstVal", "IgstVal") if values[name]} == heads
    # What the portal adds up itself, to the paisa.
    for head in ("Cgst", "Sgst", "Igst"):
        assert sum(item[f"{head}Amt"] for item in items) == values[f"{head}Val"]
    assert sum(item["AssAmt"] for item in items) == values["AssVal"]
    taxes = values["CgstVal"] + values["SgstVal"] + values["IgstVal"]
    assert values["AssVal"] + taxes + values["RndOffAmt"] == values["TotInvVal"]
    assert sum(item["TotItemVal"] for item in items) == values["AssVal"] + taxes
    assert values["TotInvVal"] % 1 == 0


def test_a_credit_note_names_its_invoice() -> None:
    note = issued(credit_of(bill()), "C29-2627/00002")
    content = json.loads(inv01.written(note))
    jsonschema_rs.Draft7Validator(SCHEMA).validate(content)
    assert content["DocDtls"]["Typ"] == "CRN"
    assert content["RefDtls"]["PrecDocDtls"] == [{"InvNo": "C29-2627/00001", "InvDt": "01/06/2026"}]


def test_only_sales_to_who_has_a_number_are_registered() -> None:
    seller = entity(INDIAN)
    decision = decided(seller, site="IN", state="KA")
    draft = of_charges([charge(decision, currency="INR")], seller, None, kind=DocumentKind.RECEIPT)
    with pytest.raises(NotAnEInvoice, match="no GSTIN"):
        inv01.written(issued(draft, "C1"))
    somewhere = bill()
    nowhere = msgspec.structs.replace(
        somewhere, buyer=msgspec.structs.replace(somewhere.buyer, address=PostalAddress(country="IN"))
    )
    with pytest.raises(NotAnEInvoice, match="PIN code"):
        inv01.written(nowhere)


def signed(document: Document, **other: object) -> str:
    facts = {
        "SellerGstin": document.seller.vat_id,
        "BuyerGstin": document.buyer.vat_id,
        "DocNo": document.number,
        "DocTyp": "INV",
        "DocDt": "01/06/2026",
        "TotInvVal": float(Decimal(document.gross + document.rounding) / 100),
        "ItemCnt": len(document.lines),
        "MainHsnCode": "998714",
        "Irn": inv01.irn_of(document),
        "IrnDt": "2026-06-01 10:00:00",
        **other,
    }
    parts = [{"alg": "RS256"}, {"data": json.dumps(facts), "iss": "NIC"}]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*coded, "c2lnbmF0dXJl"])


def test_what_the_portal_signed_must_be_about_this_document() -> None:
    document = bill()
    assert inv01.check_signed_code(signed(document), document).item_cnt == 3
    for wrong in (signed(document, DocNo="C2"), signed(document, TotInvVal=1.0), "no code", "a.b.c"):
        with pytest.raises(Invalid):
            inv01.check_signed_code(wrong, document)


def test_a_driver_s_app_reads_whom_to_pay_and_how_much() -> None:
    document = bill()
    link = inv01.payment_link("bijli@upi", document)
    assert link.startswith(
        "upi://pay?pa=bijli@upi&pn=Bijli%20Charge%20Private%20Limited&tr=C29-2627-00001&am="
    )
    assert link.endswith("&cu=INR&tn=C29-2627%2F00001")
    assert f"am={Decimal(document.due) / 100:.2f}" in link


def test_a_year_of_numbers_begins_in_april() -> None:
    assert inv01.irn("X", date(2026, 3, 31), "INV", "1") != inv01.irn("X", date(2026, 4, 1), "INV", "1")
