"""What becomes of the ledger, of wallets and of holds, as facts in the journal."""

from currant.kit.event import Event


class HoldLapsed(Event, frozen=True, kw_only=True):
    """What was set aside of a wallet, deposit or credit line is free again: its time was over."""

    hold_id: str
    owner: str
    source_type: str
    source_id: str
    currency: str
    amount: int


class LedgerOutOfOrder(Event, frozen=True, kw_only=True):
    """A check of the ledger found what must not be."""

    codes: tuple[str, ...]
    findings: int


class WalletAdjusted(Event, frozen=True, kw_only=True):
    """A person gave to a wallet or deposit, or took from it."""

    owner: str
    account_kind: str
    currency: str
    amount: int
    reason: str
    by: str


class CreditLineSet(Event, frozen=True, kw_only=True):
    """A company may use more or less before it pays."""

    owner: str
    currency: str
    limit: int
    by: str


class TopUpRuleSet(Event, frozen=True, kw_only=True):
    """A wallet is filled by itself from now on, otherwise than before, or no more."""

    owner: str
    currency: str
    below: int
    amount: int
    active: bool
    by: str


class WalletLow(Event, frozen=True, kw_only=True):
    """A wallet went below what its rule for filling says, and could not be filled by itself."""

    owner: str
    currency: str
    available: int
    reason: str


WALLET_EVENTS: tuple[type[Event], ...] = (HoldLapsed, LedgerOutOfOrder, WalletLow)
PERSONS_EVENTS: tuple[type[Event], ...] = (WalletAdjusted, CreditLineSet, TopUpRuleSet)
