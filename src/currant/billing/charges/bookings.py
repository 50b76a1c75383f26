"""What charges are in the ledger: entries that balance, as pure functions.

While somebody is asked for money a session stands on an account of its own: recognising it debits that
account, whatever pays it credits it, and in the end it holds nothing. So a session that is corrected, paid
twice or refunded comes out right by itself. What is gathered for an invoice goes straight to what the
account owes.
"""

from datetime import datetime

from currant.billing.charges.model import Charge, PayerKind, Receivable
from currant.billing.ledger import Account, AccountKind, Entry, Leg
from currant.kit.ids import AccountId, PaymentId, SessionId
from currant.pricing.charge import Bill
from currant.pricing.model import Purpose

SOURCE = "charge"
NOWHERE = "ZZ"


def session_account(session_id: SessionId, currency: str) -> Account:
    return Account(kind=AccountKind.SESSION, owner=session_id, currency=currency)


def wallet_account(owner: str, currency: str) -> Account:
    return Account(kind=AccountKind.WALLET, owner=owner, currency=currency)


def deposit_account(payment_id: PaymentId, currency: str) -> Account:
    """Money of a payment that was taken beforehand."""
    return Account(kind=AccountKind.DEPOSIT, owner=payment_id, currency=currency)


def receivable_account(account_id: AccountId | str | None, session_id: SessionId, currency: str) -> Account:
    """What somebody owes; where nobody is known, what is owed for the session."""
    return Account(kind=AccountKind.RECEIVABLE, owner=account_id or session_id, currency=currency)


def recognised(charge: Charge, bill: Bill) -> Entry | None:
    """What a final charge or credit is: owed by somebody, earned, and taxed. None when it comes to nothing."""
    currency = charge.currency
    legs = [Leg(account=_owed(charge), amount=charge.gross)]
    if charge.purpose is Purpose.HOST:
        legs = [
            Leg(account=Account(kind=AccountKind.HOST_COST, currency=currency), amount=charge.net),
            Leg(account=_host(charge), amount=-charge.net),
        ]
        return _entry(charge, "recognised", charge.finalised_at, legs)
    if charge.purpose is Purpose.WHOLESALE and charge.payer.kind is not PayerKind.ROAMING:
        # What a partner would pay, of a session that is none of a partner's.
        return None
    earned = AccountKind.ROAMING_REVENUE if charge.payer.kind is PayerKind.ROAMING else AccountKind.REVENUE
    legs.append(Leg(account=Account(kind=earned, currency=currency), amount=-charge.net))
    by_head: dict[str, int] = {}
    for part in bill.taxes:
        owner = f"{charge.jurisdiction or NOWHERE}/{part.name}"
        by_head[owner] = by_head.get(owner, 0) + part.amount
    legs += [
        Leg(account=Account(kind=AccountKind.TAX_PAYABLE, owner=owner, currency=currency), amount=-amount)
        for owner, amount in sorted(by_head.items())
    ]
    return _entry(charge, "recognised", charge.finalised_at, legs)


def paid_from_wallet(charge: Charge, amount: int, at: datetime) -> Entry | None:
    """So much taken from the payer's wallet for a session; given back to it when less than nothing."""
    legs = [
        Leg(account=wallet_account(charge.payer.owner, charge.currency), amount=amount),
        Leg(account=session_account(charge.session_id, charge.currency), amount=-amount),
    ]
    return _entry(charge, "wallet", at, legs)


def became_owed(charge: Charge, amount: int, at: datetime, *, purpose: str = "owed") -> Entry | None:
    """What was to be paid at once and was not: from now on somebody owes it."""
    legs = [
        Leg(account=receivable_account(charge.account_id, charge.session_id, charge.currency), amount=amount),
        Leg(account=session_account(charge.session_id, charge.currency), amount=-amount),
    ]
    return _entry(charge, purpose, at, legs)


def no_longer_owed(charge: Charge, owed: Receivable, at: datetime) -> Entry | None:
    """What was owed for a charge that is taken back stands on the session's account again."""
    return became_owed(charge, -(owed.amount - owed.paid), at, purpose="owed_no_more")


def taken_from_deposit(charge: Charge, payment_id: PaymentId, amount: int, at: datetime) -> Entry | None:
    """So much of a prepaid sum taken for a session."""
    legs = [
        Leg(account=deposit_account(payment_id, charge.currency), amount=amount),
        Leg(account=session_account(charge.session_id, charge.currency), amount=-amount),
    ]
    return _entry(charge, f"deposit:{payment_id}", at, legs)


def written_off(owed: Receivable, at: datetime) -> Entry | None:
    """What will never be paid."""
    left = owed.amount - owed.paid
    legs = (
        Leg(account=Account(kind=AccountKind.BAD_DEBT, currency=owed.currency), amount=left),
        Leg(account=receivable_account(owed.account_id, owed.session_id, owed.currency), amount=-left),
    )
    if not left:
        return None
    return Entry(source_type="receivable", source_id=owed.id, purpose="written_off", at=at, legs=legs)


def owed_paid_from_wallet(owed: Receivable, amount: int, at: datetime, *, nth: int) -> Entry:
    """So much of what is owed, paid from the wallet later; the `nth` time."""
    assert owed.account_id is not None, "Whoever has a wallet has an account."
    legs = (
        Leg(account=wallet_account(owed.account_id, owed.currency), amount=amount),
        Leg(account=receivable_account(owed.account_id, owed.session_id, owed.currency), amount=-amount),
    )
    return Entry(source_type="receivable", source_id=owed.id, purpose=f"wallet:{nth}", at=at, legs=legs)


def _owed(charge: Charge) -> Account:
    if charge.payer.kind is PayerKind.ACCOUNT_INVOICE:
        return receivable_account(charge.payer.owner, charge.session_id, charge.currency)
    if charge.payer.kind is PayerKind.ROAMING:
        return Account(
            kind=AccountKind.ROAMING_RECEIVABLE, owner=charge.payer.owner, currency=charge.currency
        )
    return session_account(charge.session_id, charge.currency)


def _host(charge: Charge) -> Account:
    owner = charge.payer.owner or charge.location_id or charge.station_id
    return Account(kind=AccountKind.HOST_PAYABLE, owner=owner, currency=charge.currency)


def _entry(charge: Charge, purpose: str, at: datetime | None, legs: list[Leg]) -> Entry | None:
    assert at is not None, "What is booked is final."
    moved = tuple(leg for leg in legs if leg.amount)
    if not moved:
        return None
    return Entry(
        source_type=SOURCE,
        source_id=charge.id,
        purpose=purpose,
        at=at,
        legs=moved,
        memo=f"Session {charge.session_number}, charge {charge.number}",
    )
