"""The ledger as a beancount journal, so that another program can add it up. Pure.

Entries stand as transactions, every account is opened, and at the end each account's balance is stated: a
file in which an amount was changed or an entry left out does not add up any more.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from currant.billing.ledger import Account, AccountKind, Posted
from currant.kit.money import from_minor, minor_digits

_OPENED = date(1970, 1, 1)

_K = AccountKind
ROOTS = {
    _K.BANK: "Assets:Bank",
    _K.PSP_CLEARING: "Assets:Clearing",
    _K.PSP_FEES: "Expenses:PaymentFees",
    _K.RECEIVABLE: "Assets:Receivable",
    _K.SESSION: "Assets:Sessions",
    _K.WALLET: "Liabilities:Wallets",
    _K.DEPOSIT: "Liabilities:Deposits",
    _K.CREDIT_LINE: "Assets:CreditLines",
    _K.REVENUE: "Income:Charging",
    _K.TAX_PAYABLE: "Liabilities:Tax",
    _K.HOST_COST: "Expenses:Hosts",
    _K.HOST_PAYABLE: "Liabilities:Hosts",
    _K.ROAMING_REVENUE: "Income:Roaming",
    _K.ROAMING_RECEIVABLE: "Assets:Roaming",
    _K.ROAMING_COST: "Expenses:Roaming",
    _K.ROAMING_PAYABLE: "Liabilities:Roaming",
    _K.PROMO: "Expenses:Promotion",
    _K.ROUNDING: "Expenses:Rounding",
    _K.BAD_DEBT: "Expenses:BadDebt",
    _K.EXCHANGE: "Equity:Exchange",
    _K.ADJUSTMENT: "Equity:Adjustments",
}


class Journal:
    """Writes one journal, piece by piece: head, entries, tail."""

    def __init__(self) -> None:
        self._opened: set[str] = set()
        self._last = _OPENED

    def head(self) -> str:
        return 'option "title" "Ledger of Currant"\n\n'

    def entries(self, some: Iterable[Posted]) -> str:
        """Transactions, each after the accounts that it is the first to need."""
        lines: list[str] = []
        for posted in some:
            entry = posted.entry
            day = entry.at.date()
            self._last = max(self._last, day)
            for leg in entry.legs:
                lines += self._open(leg.account)
            what = f"{entry.source_type} {entry.source_id}: {entry.purpose}"
            lines.append(f"{day} * {_text(what)} {_text(entry.memo)}")
            lines.append(f"  entry: {_text(posted.id)}")
            lines += [
                f"  {name_of(leg.account)}  {_amount(leg.amount, leg.account.currency)}" for leg in entry.legs
            ]
            lines.append("")
        return "\n".join(lines) + "\n"

    def tail(self, balances: Mapping[Account, int]) -> str:
        """Every account's balance once all is booked; one that is not among `balances` has nothing."""
        # A balance holds at the beginning of its day.
        day = self._last + timedelta(days=1)
        lines: list[str] = []
        stated = set()
        for account, balance in sorted(balances.items()):
            lines += self._open(account)
            stated.add((name_of(account), account.currency))
            lines.append(_stated(day, name_of(account), balance, account.currency))
        for opened in sorted(self._opened):
            name, currency = opened.split(" ")
            if (name, currency) not in stated:
                lines.append(_stated(day, name, 0, currency))
        return "\n".join(lines) + "\n"

    def _open(self, account: Account) -> list[str]:
        name = name_of(account)
        key = f"{name} {account.currency}"
        if key in self._opened:
            return []
        self._opened.add(key)
        return [
            f"{_OPENED} open {name} {account.currency}",
            f"  owner: {_text(account.owner)}",
        ]


def name_of(account: Account) -> str:
    """Beancount's name of an account: its root, its owner and its currency, each another account."""
    root = ROOTS[account.kind]
    return ":".join(filter(None, (root, _part(account.owner), account.currency)))


def _part(owner: str) -> str:
    """An owner as a part of a name: letters, digits and dashes, told apart by a digest where it had others."""
    if not owner:
        return ""
    plain = re.sub(r"[^A-Za-z0-9-]", "-", owner)
    if plain != owner:
        plain = f"{plain}-{hashlib.sha256(owner.encode()).hexdigest()[:8]}"
    # A part begins with a capital letter or a digit; X tells that it did not, so that no two are one.
    return plain if plain[0].isdigit() and plain == owner else f"X{plain}"


def _stated(day: date, name: str, balance: int, currency: str) -> str:
    # Beancount would let twice half of the last digit pass: a cent is a cent.
    number, _ = _amount(balance, currency).split()
    return f"{day} balance {name}  {number} ~ 0 {currency}"


def _amount(minor_units: int, currency: str) -> str:
    return f"{from_minor(minor_units, currency):.{minor_digits(currency)}f} {currency}"


def _text(words: str) -> str:
    # Beancount's strings know JSON's escapes for quotes and backslashes; lines stay lines.
    return json.dumps(" ".join(words.split()), ensure_ascii=False)
