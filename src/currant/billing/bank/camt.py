"""Bank statements as CAMT.053 (ISO 20022 BankToCustomerStatement, versions 02 to 13). Pure.

Booked entries alone are read. An entry that stands for a batch is told apart by its transactions where
their amounts add up to it, and is one line otherwise. Opening and closing balance have to fit the lines.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from msgspec.structs import replace

from currant.billing.bank.model import LINES_MAX, TEXT_MAX, BankBooking, Statement, StatementWrong
from currant.kit.money import minor_digits


def read_camt(body: bytes) -> tuple[Statement, ...]:
    """The statements in a file. Raises StatementWrong, naming the place."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise StatementWrong(f"This is no XML that can be read: {error}") from error
    for element in root.iter():
        # Versions differ in their namespace alone as far as it is read here.
        element.tag = str(element.tag).rpartition("}")[2]
    found = root.findall("BkToCstmrStmt/Stmt")
    if not found:
        raise StatementWrong(
            "This is no CAMT.053: it has no BkToCstmrStmt with a Stmt. Ask the bank for camt.053 and not camt.052 or 054."
        )
    return tuple(_statement(element) for element in found)


def _statement(element: Element) -> Statement:
    name = _text(element, "Id")
    account = _text(element, "Acct/Id/IBAN") or _text(element, "Acct/Id/Othr/Id")
    if not account:
        raise StatementWrong(f"Statement {name or '?'} does not say of which account it is (Acct/Id).")
    balances = {
        _text(each, "Tp/CdOrPrtry/Cd"): (_signed(each), _currency(each)) for each in element.findall("Bal")
    }
    currency = _text(element, "Acct/Ccy") or next((each[1] for each in balances.values()), "")
    lines: list[BankBooking] = []
    seen: dict[str, int] = {}
    for number, entry in enumerate(element.findall("Ntry")):
        status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
        if status not in ("BOOK", ""):
            continue
        currency = currency or _currency(entry)
        for line in _lines(entry, account, name, number, currency):
            # Banks that give one reference to several entries of a day: tell them apart by their order.
            times = seen[line.key] = seen.get(line.key, 0) + 1
            lines.append(line if times == 1 else replace(line, key=f"{line.key}#{times}"))
        if len(lines) > LINES_MAX:
            raise StatementWrong(f"Statement {name} has more than {LINES_MAX} lines: ask for shorter ones.")
    opening = next((balances[code][0] for code in ("OPBD", "PRCD") if code in balances), None)
    closing = balances["CLBD"][0] if "CLBD" in balances else None
    total = sum(line.amount for line in lines)
    if opening is not None and closing is not None and opening + total != closing:
        raise StatementWrong(
            f"Statement {name} does not add up: {opening} + {total} is not {closing} (minor units)."
            " The file is incomplete, or was changed."
        )
    return Statement(
        account=account, name=name, currency=currency, opening=opening, closing=closing, lines=tuple(lines)
    )


def _lines(entry: Element, account: str, statement: str, number: int, currency: str) -> Iterator[BankBooking]:
    amount = _signed(entry)
    if _currency(entry) != currency:
        raise StatementWrong(f"Entry {number + 1} of {statement} is in another currency than its account.")
    booked = _day(entry, "BookgDt") or _day(entry, "ValDt")
    if booked is None:
        raise StatementWrong(f"Entry {number + 1} of {statement} has no day (BookgDt).")
    reference = _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
    key = reference or hashlib.sha256(f"{statement}|{number}|{booked}|{amount}".encode()).hexdigest()[:32]
    details = entry.findall("NtryDtls/TxDtls")
    parts = [_part(each, amount, currency) for each in details]
    apart = (
        len(details) > 1 and all(part is not None for part in parts) and sum(p or 0 for p in parts) == amount
    )
    for index, detail in enumerate(details if apart else [details[0] if len(details) == 1 else entry]):
        yield BankBooking(
            key=f"{account}/{key}" + (f"/{index + 1}" if apart else ""),
            booked_on=booked,
            valued_on=_day(entry, "ValDt"),
            amount=(parts[index] or 0) if apart else amount,
            currency=currency,
            returned=_text(entry, "RvslInd") == "true" or detail.find("RtrInf") is not None,
            **_words(detail, entry, incoming=amount > 0),
        )


def _words(detail: Element, entry: Element, *, incoming: bool) -> dict[str, str]:
    party = "Dbtr" if incoming else "Cdtr"
    name = _text(detail, f"RltdPties/{party}/Pty/Nm") or _text(detail, f"RltdPties/{party}/Nm")
    end_to_end = _text(detail, "Refs/EndToEndId")
    reference = _text(detail, "RmtInf/Strd/CdtrRefInf/Ref") or (
        "" if end_to_end == "NOTPROVIDED" else end_to_end
    )
    said = [each.text or "" for each in detail.findall("RmtInf/Ustrd")]
    return {
        "name": name[:200],
        "iban": _text(detail, f"RltdPties/{party}Acct/Id/IBAN"),
        "reference": reference[:200],
        "text": (" ".join(" ".join(said).split()) or _text(entry, "AddtlNtryInf"))[:TEXT_MAX],
    }


def _part(detail: Element, whole: int, currency: str) -> int | None:
    """A transaction's part of a batch, with the batch's sign unless it has its own."""
    amount = detail.find("AmtDtls/TxAmt/Amt")
    if amount is None:
        amount = detail.find("Amt")
    if amount is None or amount.get("Ccy") != currency:
        return None
    sign = {"CRDT": 1, "DBIT": -1}.get(_text(detail, "CdtDbtInd"), 1 if whole > 0 else -1)
    return sign * _minor(amount.text or "", currency)


def _signed(element: Element) -> int:
    sign = {"CRDT": 1, "DBIT": -1}.get(_text(element, "CdtDbtInd"))
    if sign is None:
        raise StatementWrong("An amount does not say whether it came or went (CdtDbtInd).")
    return sign * _minor(_text(element, "Amt"), _currency(element))


def _currency(element: Element) -> str:
    amount = element.find("Amt")
    return "" if amount is None else amount.get("Ccy", "")


def _minor(text: str, currency: str) -> int:
    try:
        exact = Decimal(text.strip()).scaleb(minor_digits(currency))
    except InvalidOperation:
        raise StatementWrong(f"{text[:40]!r} is no amount.") from None
    if exact != int(exact) or abs(exact) > 10**15:
        raise StatementWrong(f"{text[:40]} is no amount in {currency}.")
    return int(exact)


def _day(element: Element, path: str) -> date | None:
    text = _text(element, f"{path}/Dt") or _text(element, f"{path}/DtTm")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise StatementWrong(f"{text[:40]!r} is no day.") from None


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
