"""Bank statements are read as banks write them, and refused with the place where something is wrong."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.billing.bank.camt import read_camt
from currant.billing.bank.model import StatementWrong
from currant.billing.bank.table import read_table

IBAN = "DE02120300000000202051"


def entry(
    amount: str, way: str, *, reference: str = "", details: str = "", more: str = "", ccy: str = "EUR"
) -> str:
    return f"""<Ntry><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>{more}
      <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-05-11</Dt></BookgDt><ValDt><Dt>2026-05-12</Dt></ValDt>
      <AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>"""


def balance(code: str, amount: str, way: str = "CRDT") -> str:
    return f"""<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>
      <CdtDbtInd>{way}</CdtDbtInd><Dt><Dt>2026-05-11</Dt></Dt></Bal>"""


def camt(*parts: str, version: str = "08", account: str = IBAN) -> bytes:
    identified = f"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>" if account else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>
    <GrpHdr><MsgId>M1</MsgId></GrpHdr><Stmt><Id>S-2026-05-11</Id>{identified}{"".join(parts)}</Stmt>
    </BkToCstmrStmt></Document>""".encode()


PAID = """<TxDtls><Refs><EndToEndId>E2E-77</EndToEndId></Refs>
  <RltdPties><Dbtr><Pty><Nm>Ada Lovelace</Nm></Pty></Dbtr>
  <DbtrAcct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id></DbtrAcct></RltdPties>
  <RmtInf><Ustrd>Invoice CU-2026-</Ustrd><Ustrd>000017</Ustrd></RmtInf></TxDtls>"""


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
def test_every_version_of_camt_is_read(version: str) -> None:
    body = camt(
        balance("OPBD", "100.00"),
        balance("CLBD", "87.50"),
        entry("37.50", "CRDT", reference="R1", details=PAID),
        entry("50.00", "DBIT", reference="R2"),
        version=version,
    )
    (statement,) = read_camt(body)
    assert (statement.account, statement.name, statement.currency) == (IBAN, "S-2026-05-11", "EUR")
    assert (statement.opening, statement.closing) == (10_000, 8_750)
    came, went = statement.lines
    assert (came.amount, went.amount) == (3_750, -5_000)
    assert came.booked_on == date(2026, 5, 11)
    assert came.valued_on == date(2026, 5, 12)
    assert (came.name, came.iban, came.reference) == ("Ada Lovelace", "GB33BUKB20201555555555", "E2E-77")
    assert came.text == "Invoice CU-2026- 000017"
    assert came.key == f"{IBAN}/R1"


def test_an_old_version_names_parties_and_status_without_a_layer() -> None:
    old = PAID.replace("<Pty>", "").replace("</Pty>", "")
    body = camt(entry("37.50", "CRDT", reference="R1", details=old), version="02")
    body = body.replace(b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts>BOOK</Sts>")
    assert read_camt(body)[0].lines[0].name == "Ada Lovelace"


def test_a_batch_is_told_apart_where_its_parts_add_up() -> None:
    def part(amount: str, text: str) -> str:
        return (
            f'<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>'
            f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
        )

    whole = camt(entry("30.00", "CRDT", reference="B", details=part("10.00", "one") + part("20.00", "two")))
    lines = read_camt(whole)[0].lines
    assert [(line.amount, line.text, line.key[-3:]) for line in lines] == [
        (1_000, "one", "B/1"),
        (2_000, "two", "B/2"),
    ]
    broken = camt(entry("30.00", "CRDT", reference="B", details=part("10.00", "one") + part("19.00", "two")))
    assert [line.amount for line in read_camt(broken)[0].lines] == [3_000]


def test_what_is_only_announced_does_not_count_and_what_came_back_is_marked() -> None:
    pending = entry("5.00", "CRDT", reference="P").replace("BOOK", "PDNG")
    back = entry("7.00", "DBIT", reference="Q", more="<RvslInd>true</RvslInd>")
    (line,) = read_camt(camt(pending, back))[0].lines
    assert (line.amount, line.returned) == (-700, True)


def test_entries_of_one_reference_stay_two_lines_and_keep_their_names() -> None:
    body = camt(
        entry("5.00", "CRDT", reference="SAME"),
        entry("5.00", "CRDT", reference="SAME"),
        entry("1.00", "DBIT"),
    )
    first, again = read_camt(body), read_camt(body)
    keys = [line.key for line in first[0].lines]
    assert keys[:2] == [f"{IBAN}/SAME", f"{IBAN}/SAME#2"]
    assert len(set(keys)) == 3
    assert first == again


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no XML"),
        (b"<Document/>", "no CAMT.053"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Document>&a;</Document>', "no XML"),
        (camt(account=""), "of which account"),
        (camt(balance("OPBD", "1.00"), balance("CLBD", "2.00"), entry("0.50", "CRDT")), "does not add up"),
        (camt(entry("1.00", "MAYBE")), "came or went"),
        (camt(entry("1.005", "CRDT")), "no amount in EUR"),
        (camt(entry("one", "CRDT")), "no amount"),
        (camt(entry("1.00", "CRDT", ccy="USD")), "another currency"),
        (camt(entry("1.00", "CRDT").replace("2026-05-11", "yesterday")), "no day"),
        (
            camt(entry("1.00", "CRDT").replace("<Dt>2026-05-11</Dt>", "").replace("<Dt>2026-05-12</Dt>", "")),
            "has no day",
        ),
    ],
)
def test_what_is_no_statement_is_refused_with_the_reason(body: bytes, says: str) -> None:
    with pytest.raises(StatementWrong, match=says):
        read_camt(body)


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("1234.56", 123_456),
        ("1.234,56", 123_456),
        ("1,234.56", 123_456),
        ("1'234.56", 123_456),
        ("-12,5", -1_250),
        ("12,50-", -1_250),
        ("\u221212.50", -1_250),
        ("1.234", 123_400),
        ("1234", 123_400),
        ("+7", 700),
    ],
)
def test_amounts_are_read_as_people_write_them(written: str, minor: int) -> None:
    table = f"booked_on;amount;currency\n2026-05-11;{written};EUR\n".encode()
    assert read_table(table, account="A", name="N").lines[0].amount == minor


@given(minor=st.integers(-(10**12), 10**12), german=st.booleans())
def test_every_amount_survives_being_written(minor: int, german: bool) -> None:
    sign, (whole, cents) = "-" if minor < 0 else "", divmod(abs(minor), 100)
    written = f"{whole:,}.{cents:02}"
    if german:
        written = written.translate(str.maketrans(",.", ".,"))
    table = f"booked_on\tamount\tcurrency\n11.05.2026\t{sign}{written}\tEUR\n".encode()
    assert read_table(table, account="A", name="N").lines[0].amount == minor


def test_a_table_with_other_names_in_another_alphabet_is_read() -> None:
    body = "Buchungstag;Betrag;Verwendungszweck;Auftraggeber\n11.05.2026;-12,50;Miete Mai;Müller\n".encode(
        "cp1252"
    )
    names = {
        "Buchungstag": "booked_on",
        "Betrag": "amount",
        "Verwendungszweck": "text",
        "Auftraggeber": "name",
    }
    (line,) = read_table(body, account="A", name="N", columns=names, currency="eur").lines
    assert (line.booked_on, line.amount, line.currency) == (date(2026, 5, 11), -1_250, "EUR")
    assert (line.text, line.name) == ("Miete Mai", "Müller")


def test_equal_rows_are_two_payments_and_the_same_file_again_is_the_same() -> None:
    body = b"booked_on,amount,currency,text\n2026-05-11,5,EUR,x\n\n2026-05-11,5,EUR,x\n2026-05-11,5,EUR,y\n"
    first, again = (read_table(body, account="A", name="N") for _ in range(2))
    assert len({line.key for line in first.lines}) == 3
    assert first == again


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "names no column booked_on, amount, currency"),
        (b"booked_on,amount,currency\n2026-02-30,5,EUR\n", "Row 2: '2026-02-30' is no day"),
        (b"booked_on,amount,currency\n2026-02-03,x,EUR\n", "Row 2: 'x' is no amount"),
        (b"booked_on,amount,currency\n2026-02-03,5,Euro\n", "Row 2: 'EURO' is no currency"),
        (
            b"booked_on,amount,currency\n2026-02-03,1.005,JPY\n2026-02-03,0.5,JPY\n",
            "Row 3: '0.5' is no amount in JPY",
        ),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_row(body: bytes, says: str) -> None:
    with pytest.raises(StatementWrong, match=says):
        read_table(body, account="A", name="N")
    with pytest.raises(StatementWrong, match="There is no column price"):
        read_table(b"x\n", account="A", name="N", columns={"x": "price"})
