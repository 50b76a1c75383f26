"""What documents change in the ledger: entries that balance, as pure functions.

Charges are booked when they become final. A document over them books only what it makes different: tax by
rate instead of by charge, and what its sum was rounded by. A credit note books what it takes back.
"""

from collections.abc import Sequence

from currant.billing.documents.billable import BillableCharge
from currant.billing.documents.model import Document, DocumentKind
from currant.billing.ledger import Account, AccountKind, Entry, Leg

SOURCE = "document"


def of_charges(document: Document, charges: Sequence[BillableCharge]) -> Entry | None:
    """What a document over charges makes different from how they were booked; None for nothing."""
    sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
    heads: dict[str, int] = {}
    for tax in document.taxes:
        heads[tax.name] = heads.get(tax.name, 0) + sign * tax.amount
    for charge in charges:
        for name, amount in charge.taxes.items():
            heads[name] = heads.get(name, 0) - amount
    rounding = sign * document.rounding
    legs = [_tax(document, name, -amount) for name, amount in sorted(heads.items())]
    legs.append(Leg(account=_account(document, AccountKind.ROUNDING), amount=-rounding))
    legs.append(Leg(account=_owed(document), amount=sum(heads.values()) + rounding))
    return _entry(document, "rounded", legs)


def credited(note: Document) -> Entry | None:
    """What a credit note over a document takes back of what was earned and taxed."""
    legs = [
        Leg(account=_account(note, AccountKind.REVENUE), amount=note.net),
        *(_tax(note, tax.name, tax.amount) for tax in note.taxes),
        Leg(account=_account(note, AccountKind.ROUNDING), amount=note.rounding),
        Leg(account=_owed(note), amount=-(note.gross + note.rounding)),
    ]
    return _entry(note, "credited", legs)


def self_billed(document: Document) -> Entry | None:
    """The tax on a host's share: owed to the host with it, and claimed back. The share itself is booked by charges."""
    host = Account(
        kind=AccountKind.HOST_PAYABLE,
        owner=document.owner.partition(":")[2],
        currency=document.currency,
    )
    sign = -1 if document.kind is DocumentKind.CREDIT_NOTE else 1
    legs = [_tax(document, f"{tax.name} input", sign * tax.amount) for tax in document.taxes]
    legs.append(Leg(account=host, amount=-sign * document.tax))
    return _entry(document, "self_billed", legs)


def _owed(document: Document) -> Account:
    """Who owes a document: its owner, or where nobody is known the document itself."""
    owner = document.owner.partition(":")[2] or document.id
    return Account(kind=AccountKind.RECEIVABLE, owner=owner, currency=document.currency)


def _tax(document: Document, name: str, amount: int) -> Leg:
    owner = f"{document.jurisdiction or 'ZZ'}/{name}"
    account = Account(kind=AccountKind.TAX_PAYABLE, owner=owner, currency=document.currency)
    return Leg(account=account, amount=amount)


def _account(document: Document, kind: AccountKind) -> Account:
    return Account(kind=kind, currency=document.currency)


def _entry(document: Document, purpose: str, legs: Sequence[Leg]) -> Entry | None:
    sums: dict[Account, int] = {}
    for leg in legs:
        sums[leg.account] = sums.get(leg.account, 0) + leg.amount
    moved = tuple(Leg(account=account, amount=amount) for account, amount in sums.items() if amount)
    if not moved:
        return None
    return Entry(
        source_type=SOURCE,
        source_id=document.id,
        purpose=purpose,
        at=document.issued_at,
        legs=moved,
        memo=document.number,
    )
