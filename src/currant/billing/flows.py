"""What is booked for everything that happens with money, as entries. Pure.

Each flow has one function and one purpose, so that doing it again books nothing. Amounts are minor units and more
than nothing, unless it is said otherwise; a flow of nothing is an entry without legs, which `books.post` leaves out.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from currant.billing.ledger import Account, AccountKind, Entry, Leg, credit, debit
from currant.kit.money import Money


def bank(currency: str) -> Account:
    return Account(kind=AccountKind.BANK, currency=currency)


def clearing(provider: str, currency: str) -> Account:
    return Account(kind=AccountKind.PSP_CLEARING, owner=provider, currency=currency)


def session_account(session_id: str, currency: str) -> Account:
    return Account(kind=AccountKind.SESSION, owner=session_id, currency=currency)


def receivable(owner: str, currency: str) -> Account:
    return Account(kind=AccountKind.RECEIVABLE, owner=owner, currency=currency)


def wallet(owner: str, currency: str) -> Account:
    return Account(kind=AccountKind.WALLET, owner=owner, currency=currency)


def deposit(owner: str, currency: str) -> Account:
    return Account(kind=AccountKind.DEPOSIT, owner=owner, currency=currency)


def credit_line(owner: str, currency: str) -> Account:
    return Account(kind=AccountKind.CREDIT_LINE, owner=owner, currency=currency)


# Payments


def captured(
    payment_id: str, provider: str, money: Money, against: Account, *, at: datetime, purpose: str = "captured"
) -> Entry:
    """A provider took money for a session, a receivable, a deposit or (a top-up) a wallet."""
    return _entry("payment", payment_id, purpose, at, clearing(provider, money.currency), against, money)


def topped_up(payment_id: str, provider: str, money: Money, owner: str, *, at: datetime) -> Entry:
    """A provider took money for a wallet."""
    return captured(payment_id, provider, money, wallet(owner, money.currency), at=at)


def refunded(
    payment_id: str, refund_id: str, provider: str, money: Money, against: Account, *, at: datetime
) -> Entry:
    """A provider gave back what it had taken for `against`."""
    purpose = f"refunded:{refund_id}"
    return _entry("payment", payment_id, purpose, at, against, clearing(provider, money.currency), money)


def refund_failed(
    payment_id: str, refund_id: str, provider: str, money: Money, against: Account, *, at: datetime
) -> Entry:
    """A refund came back: the provider has the money still."""
    purpose = f"refund_failed:{refund_id}"
    return _entry("payment", payment_id, purpose, at, clearing(provider, money.currency), against, money)


def disputed(
    payment_id: str, dispute_id: str, provider: str, money: Money, against: Account, *, at: datetime
) -> Entry:
    """The provider took a disputed payment back; `against` owes it until the dispute is over."""
    purpose = f"disputed:{dispute_id}"
    return _entry("payment", payment_id, purpose, at, against, clearing(provider, money.currency), money)


def dispute_won(
    payment_id: str, dispute_id: str, provider: str, money: Money, against: Account, *, at: datetime
) -> Entry:
    """The provider gave a disputed payment back to us."""
    purpose = f"dispute_won:{dispute_id}"
    return _entry("payment", payment_id, purpose, at, clearing(provider, money.currency), against, money)


def fee_taken(
    source_id: str, provider: str, money: Money, *, at: datetime, source_type: str = "payment"
) -> Entry:
    """The provider kept a fee (or, less than nothing, gave one back)."""
    fees = Account(kind=AccountKind.PSP_FEES, owner=provider, currency=money.currency)
    return _entry(source_type, source_id, "fee", at, fees, clearing(provider, money.currency), money)


def paid_out(payout_id: str, provider: str, gross: Money, fee: int = 0, *, at: datetime) -> Entry:
    """The provider paid to the bank what it had taken, less a fee that was not booked before."""
    fees = Account(kind=AccountKind.PSP_FEES, owner=provider, currency=gross.currency)
    return _legs(
        "payout",
        payout_id,
        "paid_out",
        at,
        debit(bank(gross.currency), gross.minor_units - fee),
        debit(fees, fee),
        credit(clearing(provider, gross.currency), gross.minor_units),
    )


def received(source_type: str, source_id: str, money: Money, against: Account, *, at: datetime) -> Entry:
    """Money came to the bank by itself: a transfer for what somebody owes."""
    return _entry(source_type, source_id, "received", at, bank(money.currency), against, money)


# Sessions


def recognised(
    charge_id: str,
    session_id: str,
    currency: str,
    *,
    net: int,
    taxes: Mapping[str, int],
    gross: int | None = None,
    at: datetime,
    revenue_of: str = "",
    against: Account | None = None,
    kind: AccountKind = AccountKind.REVENUE,
    source_type: str = "charge",
    purpose: str = "recognised",
) -> Entry:
    """What a session comes to: owed on the session's account, earned net, its taxes due by jurisdiction.

    Amounts less than nothing (discharging into the grid, a correction) are booked the other way round. What
    `gross` differs from net and taxes is a rounding.
    """
    total = net + sum(taxes.values())
    owed = total if gross is None else gross
    return _legs(
        source_type,
        charge_id,
        purpose,
        at,
        debit(against or session_account(session_id, currency), owed),
        credit(Account(kind=kind, owner=revenue_of, currency=currency), net),
        *[
            credit(Account(kind=AccountKind.TAX_PAYABLE, owner=owner, currency=currency), tax)
            for owner, tax in taxes.items()
        ],
        credit(Account(kind=AccountKind.ROUNDING, currency=currency), owed - total),
    )


def credited(
    credit_id: str,
    session_id: str,
    currency: str,
    *,
    net: int,
    taxes: Mapping[str, int],
    gross: int | None = None,
    at: datetime,
    revenue_of: str = "",
    against: Account | None = None,
    kind: AccountKind = AccountKind.REVENUE,
    source_type: str = "charge",
) -> Entry:
    """A charge is taken back. Amounts as they were recognised, with their signs."""
    return recognised(
        credit_id,
        session_id,
        currency,
        net=-net,
        taxes={owner: -tax for owner, tax in taxes.items()},
        gross=None if gross is None else -gross,
        at=at,
        revenue_of=revenue_of,
        against=against,
        kind=kind,
        source_type=source_type,
        purpose="credited",
    )


def moved(
    source_type: str, source_id: str, purpose: str, money: Money, *, to: Account, of: Account, at: datetime
) -> Entry:
    """What `of` owed is owed by `to` from now on; an amount less than nothing goes the other way."""
    return _entry(source_type, source_id, purpose, at, to, of, money)


def paid_from(
    account: Account, charge_id: str, session_id: str, amount: int, *, at: datetime, purpose: str = "paid"
) -> Entry:
    """A session is paid from a wallet, a deposit or a credit line; less than nothing is given back to it."""
    money = Money(minor_units=amount, currency=account.currency)
    owed = session_account(session_id, account.currency)
    return _entry("charge", charge_id, purpose, at, account, owed, money)


def put_on_account(charge_id: str, session_id: str, owner: str, money: Money, *, at: datetime) -> Entry:
    """A session is owed by somebody: gathered on an invoice, or a payment that failed."""
    owed = session_account(session_id, money.currency)
    return _entry("charge", charge_id, "on_account", at, receivable(owner, money.currency), owed, money)


def promoted(charge_id: str, session_id: str, voucher: str, money: Money, *, at: datetime) -> Entry:
    """A voucher pays for (a part of) a session."""
    cost = Account(kind=AccountKind.PROMO, currency=money.currency)
    owed = session_account(session_id, money.currency)
    return _entry("charge", charge_id, f"promoted:{voucher}", at, cost, owed, money)


def written_off(source_type: str, source_id: str, money: Money, against: Account, *, at: datetime) -> Entry:
    """What somebody owes is given up."""
    lost = Account(kind=AccountKind.BAD_DEBT, currency=money.currency)
    return _entry(source_type, source_id, "written_off", at, lost, against, money)


# Hosts and partners


def host_share(
    charge_id: str, host: str, money: Money, *, at: datetime, purpose: str = "host_share"
) -> Entry:
    """What the host of a site gets of a session."""
    cost = Account(kind=AccountKind.HOST_COST, owner=host, currency=money.currency)
    owed = Account(kind=AccountKind.HOST_PAYABLE, owner=host, currency=money.currency)
    return _entry("charge", charge_id, purpose, at, cost, owed, money)


def host_paid(payout_id: str, host: str, money: Money, *, at: datetime) -> Entry:
    """A host's money left the bank."""
    owed = Account(kind=AccountKind.HOST_PAYABLE, owner=host, currency=money.currency)
    return _entry("host_payout", payout_id, "paid", at, owed, bank(money.currency), money)


def roaming_sold(
    charge_id: str, partner: str, currency: str, *, net: int, taxes: Mapping[str, int], at: datetime
) -> Entry:
    """A partner's driver charged with us: the partner owes it; no taxes where the charge is reversed."""
    return recognised(
        charge_id,
        "",
        currency,
        net=net,
        taxes=taxes,
        at=at,
        revenue_of=partner,
        against=Account(kind=AccountKind.ROAMING_RECEIVABLE, owner=partner, currency=currency),
        kind=AccountKind.ROAMING_REVENUE,
        purpose="roaming_sold",
    )


def roaming_bought(charge_id: str, partner: str, money: Money, *, at: datetime) -> Entry:
    """Our driver charged with a partner: we owe it."""
    cost = Account(kind=AccountKind.ROAMING_COST, owner=partner, currency=money.currency)
    owed = Account(kind=AccountKind.ROAMING_PAYABLE, owner=partner, currency=money.currency)
    return _entry("charge", charge_id, "roaming_bought", at, cost, owed, money)


def partner_paid(payment_id: str, partner: str, money: Money, *, at: datetime) -> Entry:
    """A partner's money left the bank."""
    owed = Account(kind=AccountKind.ROAMING_PAYABLE, owner=partner, currency=money.currency)
    return _entry("partner_payout", payment_id, "paid", at, owed, bank(money.currency), money)


# By hand, and between currencies


def adjusted(adjustment_id: str, account: Account, amount: int, memo: str, *, at: datetime) -> Entry:
    """A person gives to an account of a customer (or, less than nothing, takes from it), and says why."""
    other = Account(kind=AccountKind.ADJUSTMENT, currency=account.currency)
    return _legs(
        "person", adjustment_id, "adjusted", at, debit(other, amount), credit(account, amount), memo=memo
    )


def exchanged(
    source_id: str, given: Money, got: Money, *, of: Account, to: Account, at: datetime, memo: str = ""
) -> Entry:
    """`given` leaves the account `of`, and `got` comes to the account `to`, in another currency.

    Each currency balances by itself, by way of its own exchange account; `memo` keeps rate and source.
    """
    return _legs(
        "exchange",
        source_id,
        "exchanged",
        at,
        debit(Account(kind=AccountKind.EXCHANGE, currency=given.currency), given.minor_units),
        credit(of, given.minor_units),
        debit(to, got.minor_units),
        credit(Account(kind=AccountKind.EXCHANGE, currency=got.currency), got.minor_units),
        memo=memo,
    )


def _entry(
    source_type: str,
    source_id: str,
    purpose: str,
    at: datetime,
    debited: Account,
    credited: Account,
    money: Money,
) -> Entry:
    if {debited.currency, credited.currency} != {money.currency}:
        raise ValueError(f"{money.currency} cannot be booked on {debited.code} and {credited.code}.")
    amount = money.minor_units
    return _legs(source_type, source_id, purpose, at, debit(debited, amount), credit(credited, amount))


def _legs(source_type: str, source_id: str, purpose: str, at: datetime, *legs: Leg, memo: str = "") -> Entry:
    return Entry(
        source_type=source_type,
        source_id=source_id,
        purpose=purpose,
        at=at,
        legs=_whole(legs),
        memo=memo,
    )


def _whole(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """Legs of more or less than nothing, one for each account."""
    totals: dict[Account, int] = {}
    for leg in legs:
        totals[leg.account] = totals.get(leg.account, 0) + leg.amount
    return tuple(Leg(account=account, amount=amount) for account, amount in totals.items() if amount)
