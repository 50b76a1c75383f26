"""Who pays for a session, and by what: a pure choice from what is known of it.

What was agreed for this one session goes before what an account usually does, and an account's own
terms before the installation's. Whoever cannot be asked for money is `nobody`: that is for a person
to look at, and never quietly free.
"""

import msgspec

from currant.billing.charges.model import AccountTerms, Payer, PayerKind, PaysBy
from currant.kit.ids import AccountId, PaymentId

# Tokens that a terminal or a payment page makes for one session (OCPP 2.1 DirectPayment and its like).
DIRECT_PAYMENT_KINDS = frozenset({"direct_payment", "directpayment"})
# Nobody was asked who they are.
OPEN_KINDS = frozenset({"keyless"})


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session when somebody has to pay for it."""

    gross: int
    """Minor units; less than nothing is owed to the driver."""
    account_id: AccountId | None = None
    token_kind: str = ""
    authorised: bool = True
    payment_id: PaymentId | None = None
    """A payment that was begun for this very session."""
    settled_by_terminal: bool = False
    partner: str = ""
    """The roaming partner that vouches for the token."""
    terms: AccountTerms | None = None


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """What holds where an account has no terms of its own."""

    accounts_pay_by: PaysBy = PaysBy.ACCOUNT_INVOICE
    open_is_free: bool = True
    """Charging that needs no token (a button) costs its user nothing."""


def payer_of(known: Known, usual: Usual) -> Payer:
    """Who pays."""
    if known.settled_by_terminal:
        return Payer(kind=PayerKind.TERMINAL, payment_id=known.payment_id)
    if known.payment_id is not None:
        return Payer(kind=PayerKind.CARD, owner=known.account_id or "", payment_id=known.payment_id)
    if known.gross == 0:
        return Payer(kind=PayerKind.FREE, owner=known.account_id or "")
    if known.partner:
        return Payer(kind=PayerKind.ROAMING, owner=known.partner)
    if known.account_id is not None:
        return _of_account(known.account_id, known.terms, usual)
    if known.token_kind in OPEN_KINDS and usual.open_is_free:
        return Payer(kind=PayerKind.FREE)
    return Payer(kind=PayerKind.NOBODY)


def _of_account(account_id: AccountId, terms: AccountTerms | None, usual: Usual) -> Payer:
    pays_by = (None if terms is None else terms.pays_by) or usual.accounts_pay_by
    match pays_by:
        case PaysBy.WALLET:
            return Payer(kind=PayerKind.WALLET, owner=account_id)
        case PaysBy.CARD if terms is not None and terms.method_id:
            return Payer(kind=PayerKind.CARD, owner=account_id, method_id=terms.method_id)
        case PaysBy.FREE:
            return Payer(kind=PayerKind.FREE, owner=account_id)
        case _:
            # One that is to pay by card and has none gets an invoice.
            return Payer(kind=PayerKind.ACCOUNT_INVOICE, owner=account_id)


def reasons_to_review(
    *,
    certain: bool,
    authorised: bool,
    repairs: tuple[str, ...],
    uncertain: frozenset[str],
    payer: Payer,
    gross: int,
    most: int | None,
    held_back: str = "",
) -> tuple[str, ...]:
    """Why a person has to look at a charge before it is final; nothing when nobody has to.

    `most` is the largest gross amount (minor units) that is let through unseen, `held_back` what the
    evidence of its meter has against it. A session that costs nothing needs nobody's look.
    """
    reasons: list[str] = []
    if not certain and gross:
        reasons += [code for code in repairs if code in uncertain] or ["uncertain"]
    if payer.kind is PayerKind.NOBODY:
        reasons.append("no_payer")
    elif not authorised and gross:
        reasons.append("not_authorised")
    if most is not None and abs(gross) > most:
        reasons.append("large_amount")
    if held_back:
        reasons.append(held_back)
    return tuple(dict.fromkeys(reasons))
