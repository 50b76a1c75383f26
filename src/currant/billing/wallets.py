"""Wallets, deposits and credit lines: what there is to spend, and the verbs of people and of drivers.

An owner is an account or a driver. Amounts are seen from the owner's side: what is theirs is more than
nothing. Spending itself is booked by those who charge (`books.post`, `books.hold`), inside their own decisions.
"""

import logging
from datetime import datetime
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from currant.billing import books, flows
from currant.billing import books_reading_store as reading
from currant.billing import books_store as entries_store
from currant.billing import wallet_store as store
from currant.billing.books_events import CreditLineSet, TopUpRuleSet, WalletAdjusted, WalletLow
from currant.billing.ledger import (
    AMOUNT_MAX,
    GUARDED,
    MEMO_MAX,
    Account,
    AccountKind,
    Hold,
    Posted,
    Standing,
)
from currant.billing.top_ups import MONTH, Choice, Fill, FillState, TopUpRule, after_filling, choose
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound
from currant.kit.ids import EntryId, TenantId, new_id
from currant.kit.money import Money
from currant.stations import paging
from currant.stations.model import Page

log = logging.getLogger(__name__)

HOLDS_SHOWN = 50
RULES_AT_ONCE = 100
OWNER_MAX = 100


class NoSuchRule(NotFound):
    """No rule fills this wallet."""

    code = "no_such_rule"


class WalletLine(msgspec.Struct, frozen=True, kw_only=True):
    """What moved a wallet, deposit or credit line, seen from its owner."""

    posted: Posted
    amount: int
    balance: int
    """After it."""


class Purse(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an owner has and owes."""

    owner: str
    standings: tuple[Standing, ...]
    owes: tuple[Money, ...]
    """On invoices and for sessions that were not paid."""
    holds: tuple[Hold, ...]
    rules: tuple[TopUpRule, ...]
    fills: tuple[Fill, ...]


class TopUpRuleDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that fills a wallet by itself, in minor units."""

    below: int
    """Fill when less than this can be spent."""
    amount: int
    method_id: str
    """The stored method that pays."""
    most_a_month: int = 0
    """At most so much in any 30 days; 0 for no limit."""


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking for a filling: done, failed, or asked for (nothing is known yet)."""

    state: FillState
    payment_id: str = ""
    reason: str = ""


class Filling(Protocol):
    """Asks for the money of a filling; the fill's id is its key, and asking again asks for the same one."""

    async def __call__(self, rule: TopUpRule, fill: Fill) -> Filled: ...


class Wallets:
    """What there is to spend."""

    def __init__(self, database: Database, clock: Clock, *, filling: Filling | None = None) -> None:
        self._database = database
        self._clock = clock
        self._filling = filling

    async def of(self, tenant_id: TenantId, owner: str) -> Purse:
        """Everything an owner has, has set aside and owes; nothing is no error."""
        return await self._database.read(lambda conn: _purse(conn, tenant_id, owner))

    async def list(self, tenant_id: TenantId, *, cursor: str | None = None, limit: int = 100) -> Page[Purse]:
        """Whoever has a wallet, a deposit or a credit line."""
        paging.bounded(limit)
        after = "" if cursor is None else str(paging.decode(cursor, str)[0])
        found = await self._database.read(
            lambda conn: [
                _purse(conn, tenant_id, owner)
                for owner in store.owners(conn, tenant_id, after=after, limit=limit + 1)
            ]
        )
        return paging.page(found, limit, lambda purse: paging.encode(purse.owner))

    async def lines(
        self, tenant_id: TenantId, account: Account, *, cursor: str | None = None, limit: int = 100
    ) -> Page[WalletLine]:
        """What moved it, the latest first, with the balance after each."""
        paging.bounded(limit)
        _spendable(account.kind)
        before = "" if cursor is None else str(paging.decode(cursor, str)[0])

        def read(conn: Connection) -> list[WalletLine]:
            balance = reading.balance(conn, tenant_id, account, before=before)
            found = []
            for posted, amount in reading.movements(conn, tenant_id, account, before=before, limit=limit + 1):
                found.append(WalletLine(posted=posted, amount=-amount, balance=-balance))
                balance -= amount
            return found

        lines = await self._database.read(read)
        return paging.page(lines, limit, lambda line: paging.encode(line.posted.id))

    async def adjust(
        self,
        tenant_id: TenantId,
        account: Account,
        amount: int,
        reason: str,
        *,
        by: str,
        adjustment_id: str = "",
    ) -> EntryId:
        """Give to a wallet or deposit by hand, or (less than nothing) take from it, and say why.

        Raises NotEnough when there is less than is to be taken.
        """
        _spendable(account.kind)
        _checked_owner(account.owner)
        if not reason.strip() or len(reason) > MEMO_MAX:
            raise Invalid(f"Say why, in at most {MEMO_MAX} characters.", field="reason")
        now = self._clock.now()
        entry = flows.adjusted(adjustment_id or new_id(), account, amount, reason.strip(), at=now)

        def decide(conn: Connection, changes: ChangeSet) -> EntryId:
            (entry_id,) = books.post(conn, tenant_id, (entry,))
            if entry_id is None:
                raise Invalid("Give an amount that is not nothing.", field="amount")
            changes.emit(
                WalletAdjusted(
                    tenant_id=tenant_id,
                    happened_at=now,
                    owner=account.owner,
                    account_kind=account.kind.value,
                    currency=account.currency,
                    amount=amount,
                    reason=reason.strip(),
                    by=by,
                )
            )
            return entry_id

        return await self._database.decide(decide, tenant_id)

    async def apply_deposit(
        self, tenant_id: TenantId, owner: str, money: Money, *, by: str, key: str = ""
    ) -> EntryId:
        """Use a deposit for what its owner owes. Raises NotEnough, and Conflict for more than is owed."""
        if money.minor_units <= 0:
            raise Invalid("Give an amount of more than nothing.", field="amount")
        now = self._clock.now()
        owed = flows.receivable(owner, money.currency)
        entry = flows.moved(
            "person",
            key or new_id(),
            "deposit_applied",
            money,
            to=flows.deposit(owner, money.currency),
            of=owed,
            at=now,
        )

        def decide(conn: Connection, changes: ChangeSet) -> EntryId:
            known = books.booked(conn, tenant_id, entry.source_type, entry.source_id, entry.purpose)
            if known is None and reading.balance(conn, tenant_id, owed) < money.minor_units:
                raise Conflict("That is more than is owed.", field="amount")
            (entry_id,) = books.post(conn, tenant_id, (entry,))
            assert entry_id is not None, "More than nothing is booked."
            if known is None:
                changes.emit(
                    WalletAdjusted(
                        tenant_id=tenant_id,
                        happened_at=now,
                        owner=owner,
                        account_kind=AccountKind.DEPOSIT.value,
                        currency=money.currency,
                        amount=-money.minor_units,
                        reason="Used for what is owed",
                        by=by,
                    )
                )
            return entry_id

        return await self._database.decide(decide, tenant_id)

    async def set_credit_line(self, tenant_id: TenantId, owner: str, limit: Money, *, by: str) -> Standing:
        """Say how much a company may use before it pays; one below what is used lets it use no more."""
        _checked_owner(owner)
        if not 0 <= limit.minor_units <= AMOUNT_MAX:
            raise Invalid("Give a limit of nothing or more.", field="limit")
        account = flows.credit_line(owner, limit.currency)

        def decide(conn: Connection, changes: ChangeSet) -> Standing:
            entries_store.set_limit(conn, tenant_id, account, limit.minor_units)
            changes.emit(
                CreditLineSet(
                    tenant_id=tenant_id,
                    happened_at=self._clock.now(),
                    owner=owner,
                    currency=limit.currency,
                    limit=limit.minor_units,
                    by=by,
                )
            )
            return books.standing(conn, tenant_id, account)

        return await self._database.decide(decide, tenant_id)

    async def set_rule(
        self, tenant_id: TenantId, owner: str, currency: str, draft: TopUpRuleDraft, *, by: str
    ) -> TopUpRule:
        """Have a wallet filled by itself; setting it again also wakes one that rests after failures."""
        _checked_owner(owner)
        if draft.amount <= 0 or draft.below <= 0 or draft.most_a_month < 0 or draft.amount > AMOUNT_MAX:
            raise Invalid(
                "Say below what it is filled and by how much, both more than nothing.", field="amount"
            )
        if draft.most_a_month and draft.most_a_month < draft.amount:
            raise Invalid("A month's limit is at least one filling.", field="most_a_month")
        if not 0 < len(draft.method_id) <= OWNER_MAX:
            raise Invalid("Say which stored method pays.", field="method_id")
        rule = TopUpRule(
            tenant_id=tenant_id,
            owner=owner,
            currency=currency,
            below=draft.below,
            amount=draft.amount,
            most_a_month=draft.most_a_month,
            method_id=draft.method_id,
            changed_at=self._clock.now(),
        )
        changes = ChangeSet(tenant_id)
        self._keep_rule(changes, rule, by=by)
        await self._database.commit(changes)
        return rule

    async def end_rule(self, tenant_id: TenantId, owner: str, currency: str, *, by: str) -> None:
        """Fill the wallet no more by itself. Raises NoSuchRule."""

        def decide(conn: Connection, changes: ChangeSet) -> None:
            rule = store.rule_of(conn, tenant_id, owner, currency)
            if rule is None or not rule.active:
                raise NoSuchRule("No rule fills this wallet.")
            self._keep_rule(changes, msgspec.structs.replace(rule, active=False), by=by)

        await self._database.decide(decide, tenant_id)

    async def fill_all(self) -> int:
        """Fill the wallets that are too low and have a rule; how many rules were looked at."""
        rules = await self._database.read(lambda conn: store.in_want(conn, limit=RULES_AT_ONCE))
        for rule in rules:
            try:
                await self.fill(rule.tenant_id, rule.owner, rule.currency)
            except CurrantError as error:
                log.warning("The wallet of %s waits to be filled: %s", rule.owner, error)
        return len(rules)

    async def fill(self, tenant_id: TenantId, owner: str, currency: str) -> Choice:
        """Fill a wallet if its rule says so now."""
        if self._filling is None:
            return Choice.NOTHING
        now = self._clock.now()

        def begin(conn: Connection, changes: ChangeSet) -> tuple[Choice, TopUpRule | None, Fill | None]:
            rule = store.rule_of(conn, tenant_id, owner, currency)
            if rule is None:
                return Choice.NOTHING, None, None
            available = books.standing(conn, tenant_id, flows.wallet(owner, currency)).available
            under_way = store.under_way(conn, tenant_id, owner, currency)
            filled = store.filled_since(conn, tenant_id, owner, currency, now - MONTH)
            choice = choose(rule, available, under_way, filled, now)
            fill = under_way
            if choice is Choice.FILL:
                fill = Fill(
                    id=new_id(),
                    tenant_id=tenant_id,
                    owner=owner,
                    currency=currency,
                    amount=rule.amount,
                    asked_at=now,
                )
                store.save_fill(changes, fill)
            return choice, rule, fill

        choice, rule, fill = await self._database.decide(begin, tenant_id)
        if choice in (Choice.FILL, Choice.ASK_AGAIN) and rule is not None and fill is not None:
            # Written down before it is asked for: who dies here asks again by the same key.
            filled = await self._filling(rule, fill)
            await self._settle(fill, filled, now)
        return choice

    async def _settle(self, fill: Fill, filled: Filled, now: datetime) -> None:
        tenant_id = fill.tenant_id

        def decide(conn: Connection, changes: ChangeSet) -> None:
            before = store.fill_by_id(conn, tenant_id, fill.id)
            rule = store.rule_of(conn, tenant_id, fill.owner, fill.currency)
            if before is None or rule is None or before.state is not FillState.ASKED:
                return
            ended = msgspec.structs.replace(
                before, state=filled.state, payment_id=filled.payment_id, reason=filled.reason
            )
            if ended != before:
                store.save_fill(changes, ended)
            after = after_filling(rule, ended, now)
            if after != rule:
                store.save_rule(changes, after)
            if ended.state is FillState.FAILED:
                standing = books.standing(conn, tenant_id, flows.wallet(fill.owner, fill.currency))
                changes.emit(
                    WalletLow(
                        tenant_id=tenant_id,
                        happened_at=now,
                        owner=fill.owner,
                        currency=fill.currency,
                        available=standing.available,
                        reason=filled.reason,
                    )
                )

        await self._database.decide(decide, tenant_id)

    def _keep_rule(self, changes: ChangeSet, rule: TopUpRule, *, by: str) -> None:
        store.save_rule(changes, rule)
        changes.emit(
            TopUpRuleSet(
                tenant_id=rule.tenant_id,
                happened_at=self._clock.now(),
                owner=rule.owner,
                currency=rule.currency,
                below=rule.below,
                amount=rule.amount,
                active=rule.active,
                by=by,
            )
        )


def _purse(conn: Connection, tenant_id: TenantId, owner: str) -> Purse:
    owed = reading.accounts(conn, tenant_id, kind=AccountKind.RECEIVABLE, owner=owner, after=None, limit=20)
    owes = {account.currency: balance for account, balance in owed}
    standings = [
        msgspec.structs.replace(each, owed=max(0, owes.get(each.account.currency, 0)))
        if each.account.kind is AccountKind.CREDIT_LINE
        else each
        for each in entries_store.standings_of(conn, tenant_id, owner)
    ]
    return Purse(
        owner=owner,
        standings=tuple(standings),
        owes=tuple(Money(minor_units=amount, currency=currency) for currency, amount in owes.items()),
        holds=tuple(entries_store.holds_of(conn, tenant_id, owner, limit=HOLDS_SHOWN)),
        rules=tuple(store.rules_of(conn, tenant_id, owner)),
        fills=tuple(store.latest_fills(conn, tenant_id, owner)),
    )


def _spendable(kind: AccountKind) -> None:
    if kind not in GUARDED:
        raise Invalid(f"Give {', '.join(sorted(GUARDED))}.", field="kind")


def _checked_owner(owner: str) -> None:
    if not 0 < len(owner) <= OWNER_MAX:
        raise Invalid(
            f"An owner is an account's or driver's id, of at most {OWNER_MAX} characters.", field="owner"
        )
