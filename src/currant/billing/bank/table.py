"""Bank statements as CSV, as banks and spreadsheets write them. Pure.

The first row names the columns: `booked_on`, `amount` and `currency` have to be there, `valued_on`, `name`,
`iban`, `reference`, `text` and `id` may be. Other names are given with the import
(`{"Buchungstag": "booked_on"}`). Separated by comma, semicolon or tab; UTF-8 or Windows-1252; days as
2026-05-31, 31.05.2026 or 31/05/2026; amounts as 1234.56, 1.234,56 or 1,234.56.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from currant.billing.bank.model import LINES_MAX, TEXT_MAX, BankBooking, Statement, StatementWrong
from currant.kit.money import minor_digits

COLUMNS = ("booked_on", "amount", "currency", "valued_on", "name", "iban", "reference", "text", "id")
_DAYS = (
    (re.compile(r"(\d{4})-(\d{2})-(\d{2})"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})"), (3, 2, 1)),
)


def read_table(
    body: bytes, *, account: str, name: str, columns: Mapping[str, str] | None = None, currency: str = ""
) -> Statement:
    """The statement in a table of an account. Raises StatementWrong with the row it is about."""
    called = {each.casefold(): each for each in COLUMNS}
    for theirs, ours in (columns or {}).items():
        if ours not in COLUMNS:
            raise StatementWrong(f"There is no column {ours}: there are {', '.join(COLUMNS)}.")
        called[theirs.strip().casefold()] = ours
    text = _decoded(body)
    rows = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
    try:
        header = [called.get(each.strip().strip("\ufeff").casefold(), "") for each in next(rows)]
    except (StopIteration, csv.Error):
        raise StatementWrong("The table is empty.") from None
    missing = [each for each in ("booked_on", "amount") if each not in header]
    if "currency" not in header and not currency:
        missing.append("currency")
    if missing:
        raise StatementWrong(
            f"The first row names no column {', '.join(missing)}: rename it, or say what yours are called."
        )
    lines: list[BankBooking] = []
    same: dict[str, int] = {}
    try:
        for number, row in enumerate(rows, start=2):
            if not any(cell.strip() for cell in row):
                continue
            if len(lines) >= LINES_MAX:
                raise StatementWrong(f"The table has more than {LINES_MAX} rows: import it in parts.")
            values = {key: cell.strip() for key, cell in zip(header, row, strict=False) if key}
            lines.append(_line(values, number, account, currency, same))
    except csv.Error as error:
        raise StatementWrong(f"The table cannot be read: {error}.") from error
    return Statement(
        account=account,
        name=name,
        currency=lines[0].currency if lines else currency,
        lines=tuple(lines),
    )


def _line(
    values: dict[str, str], number: int, account: str, currency: str, same: dict[str, int]
) -> BankBooking:
    code = (values.get("currency") or currency).upper()
    if not re.fullmatch("[A-Z]{3}", code):
        raise StatementWrong(f"Row {number}: {code[:20]!r} is no currency.")
    booked, amount = _day(values.get("booked_on", ""), number), _minor(values.get("amount", ""), code, number)
    name = values.get("id", "")
    if not name:
        # Two rows that say the same are two payments; the same row in another file is the same payment.
        content = "|".join((str(booked), str(amount), code, *(values.get(each, "") for each in COLUMNS[4:8])))
        times = same[content] = same.get(content, 0) + 1
        name = hashlib.sha256(f"{content}|{times}".encode()).hexdigest()[:32]
    return BankBooking(
        key=f"{account}/{name[:100]}",
        booked_on=booked,
        valued_on=_day(values["valued_on"], number) if values.get("valued_on") else None,
        amount=amount,
        currency=code,
        name=values.get("name", "")[:200],
        iban=re.sub(r"\s", "", values.get("iban", ""))[:34],
        reference=values.get("reference", "")[:200],
        text=values.get("text", "")[:TEXT_MAX],
    )


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(";,\t", key=first.count)


def _day(text: str, number: int) -> date:
    for pattern, order in _DAYS:
        found = pattern.fullmatch(text)
        if found:
            year, month, day = (int(found.group(at)) for at in order)
            try:
                return date(year, month, day)
            except ValueError:
                break
    raise StatementWrong(f"Row {number}: {text[:20]!r} is no day; write 2026-05-31 or 31.05.2026.")


def _minor(text: str, currency: str, number: int) -> int:
    compact = re.sub(r"[\s'\u00a0\u202f]", "", text).replace("\u2212", "-")
    if compact.endswith("-"):
        compact = "-" + compact[:-1]
    last = max(compact.rfind(","), compact.rfind("."))
    if last >= 0:
        whole, fraction = re.sub("[.,]", "", compact[:last]), compact[last + 1 :]
        # 1,234 is one thousand and more; 1,23 is not.
        grouped = len(fraction) == 3 and minor_digits(currency) != 3 and len(compact[:last].lstrip("+-")) <= 3
        compact = whole + fraction if grouped else f"{whole}.{fraction}"
    try:
        exact = Decimal(compact).scaleb(minor_digits(currency))
    except InvalidOperation:
        raise StatementWrong(f"Row {number}: {text[:40]!r} is no amount.") from None
    if not exact.is_finite() or exact != int(exact) or abs(exact) > 10**15:
        raise StatementWrong(f"Row {number}: {text[:40]!r} is no amount in {currency}.")
    return int(exact)
