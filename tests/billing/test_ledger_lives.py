"""Whatever happens with money, in whatever order and however often: the ten rules hold after every step.

A ledger in a real SQLite beside a model of plain numbers. Every decision may also die before its end, and
every entry may come again.
"""

import itertools
import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from billing.bookings import NOW
from currant.billing import books, books_checks, flows
from currant.billing import books_reading_store as reading
from currant.billing import books_store as store
from currant.billing.books_checks import BooksSeverity, PaperTax
from currant.billing.ledger import (
    Account,
    AccountKind,
    BookedOtherwise,
    Entry,
    Hold,
    HoldSettled,
    HoldState,
    NotEnough,
    Unbalanced,
    credit,
    debit,
)
from currant.db.backends import SQLite, backend_for
from currant.kit.ids import EntryId, TenantId
from currant.kit.money import Money
from services import copy_of_tables

T = TypeVar("T")
OWNERS = st.sampled_from(["anna", "bela", "fleet"])
AMOUNTS = st.integers(1, 10_000)
PARTS = st.integers(1, 100)
PROVIDER = "sandbox"


def paper(charge: str, tax: int) -> PaperTax:
    return PaperTax(document_id=charge, number=charge, currency="EUR", tax=tax, charges=(charge,))


class Killed(Exception):
    """The process ended in the middle of a decision."""


class Lives(RuleBasedStateMachine):
    """One tenant's books."""

    backend: ClassVar[SQLite]
    connection: ClassVar[Connection]
    tenants = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.tenant = TenantId(f"tenant-{next(self.tenants)}")
        self.other = TenantId(f"{self.tenant}-other")
        self.numbers = itertools.count()
        self.now = NOW
        self.balances: dict[Account, int] = defaultdict(int)
        self.held: dict[Account, int] = defaultdict(int)
        self.limits: dict[Account, int] = defaultdict(int)
        self.holds: dict[str, Hold] = {}
        self.entries: list[tuple[Entry, EntryId]] = []
        self.payments: dict[str, tuple[Account, int]] = {}
        self.charges: dict[str, tuple[int, dict[str, int]]] = {}
        self.on_paper: list[PaperTax] = []

    # The books, and the model beside them

    def decide(self, function: Callable[[Connection], T]) -> T:
        driver: Any = self.connection.connection.driver_connection
        driver.execute("BEGIN IMMEDIATE")
        try:
            result = function(self.connection)
        except BaseException:
            driver.rollback()
            raise
        driver.execute("COMMIT")
        return result

    def post(self, *entries: Entry) -> None:
        ids = self.decide(lambda conn: books.post(conn, self.tenant, entries))
        for each, entry_id in zip(entries, ids, strict=True):
            self.take_note(each, entry_id)

    def take_note(self, entry: Entry, entry_id: EntryId | None) -> None:
        if entry_id is None:
            assert entry.legs == ()
            return
        self.entries.append((entry, entry_id))
        for leg in entry.legs:
            self.balances[leg.account] += leg.amount

    def name(self, what: str) -> str:
        return f"{what}-{next(self.numbers)}"

    def money(self, amount: int) -> Money:
        return Money(minor_units=amount, currency="EUR")

    def available(self, account: Account) -> int:
        owed = 0
        if account.kind is AccountKind.CREDIT_LINE:
            owed = max(0, self.balances[flows.receivable(account.owner, account.currency)])
        return -self.balances[account] - self.held[account] + self.limits[account] - owed

    # What happens

    @rule(owner=OWNERS, amount=AMOUNTS)
    def a_wallet_is_filled(self, owner: str, amount: int) -> None:
        payment = self.name("payment")
        self.post(flows.topped_up(payment, PROVIDER, self.money(amount), owner, at=self.now))
        self.payments[payment] = (flows.wallet(owner, "EUR"), amount)

    @rule(owner=OWNERS, amount=AMOUNTS)
    def a_deposit_is_taken(self, owner: str, amount: int) -> None:
        payment = self.name("payment")
        account = flows.deposit(owner, "EUR")
        self.post(flows.captured(payment, PROVIDER, self.money(amount), account, at=self.now))
        self.payments[payment] = (account, amount)

    @rule(owner=OWNERS, limit=st.integers(0, 8_000))
    def a_credit_line_is_set(self, owner: str, limit: int) -> None:
        account = flows.credit_line(owner, "EUR")
        self.decide(lambda conn: store.set_limit(conn, self.tenant, account, limit))
        self.limits[account] = limit

    @rule(owner=OWNERS, amount=AMOUNTS, kind=st.sampled_from([flows.wallet, flows.credit_line]))
    def a_session_begins(self, owner: str, amount: int, kind: Callable[[str, str], Account]) -> None:
        account, session = kind(owner, "EUR"), self.name("session")

        def begin(conn: Connection) -> Hold:
            return books.hold(
                conn,
                self.tenant,
                account,
                amount,
                source_type="session",
                source_id=session,
                at=self.now,
                expires_at=self.now + timedelta(hours=4),
            )

        if amount > self.available(account):
            with pytest.raises(NotEnough):
                self.decide(begin)
            return
        held = self.decide(begin)
        assert self.decide(begin) == held
        self.holds[held.id] = held
        self.held[account] += amount

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), part=PARTS, tax=st.integers(0, 25))
    def a_session_ends(self, data: st.DataObject, part: int, tax: int) -> None:
        held = self.holds[data.draw(st.sampled_from(sorted(self.holds)))]
        gross = max(1, held.amount * part // 100)
        charge = self.name("charge")
        net = gross * 100 // (100 + tax)
        taxes = {"DE/VAT": gross - net}
        recognised = flows.recognised(charge, held.source_id, "EUR", net=net, taxes=taxes, at=self.now)
        paid = flows.paid_from(held.account, charge, held.source_id, gross, at=self.now)

        def end(conn: Connection) -> tuple[EntryId | None, Hold, EntryId]:
            (first,) = books.post(conn, self.tenant, (recognised,))
            return first, *books.capture(conn, self.tenant, held.id, paid, at=self.now)

        if held.state is not HoldState.OPEN:
            with pytest.raises(HoldSettled):
                self.decide(end)
            return
        first, settled, second = self.decide(end)
        assert self.decide(end) == (first, settled, second)
        self.take_note(recognised, first)
        self.take_note(paid, second)
        self.holds[held.id] = settled
        self.held[held.account] -= held.amount
        self.charges[charge] = (net, taxes)
        self.on_paper.append(paper(charge, taxes["DE/VAT"]))

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), lapsed=st.booleans())
    def a_session_never_was(self, data: st.DataObject, lapsed: bool) -> None:
        held = self.holds[data.draw(st.sampled_from(sorted(self.holds)))]
        late = self.now + timedelta(days=1)

        def release(conn: Connection) -> Hold:
            if lapsed:
                return books.expire(conn, self.tenant, held.id, now=late)
            return books.void(conn, self.tenant, held.id, at=self.now)

        if held.state is HoldState.CAPTURED and not lapsed:
            with pytest.raises(HoldSettled):
                self.decide(release)
            return
        settled = self.decide(release)
        if held.state is HoldState.OPEN:
            assert settled.released == held.amount
            self.held[held.account] -= held.amount
            self.holds[held.id] = settled
        else:
            assert settled == held

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), amount=AMOUNTS)
    def a_session_needs_more(self, data: st.DataObject, amount: int) -> None:
        held = self.holds[data.draw(st.sampled_from(sorted(self.holds)))]

        def grow(conn: Connection) -> Hold:
            return books.change_hold(conn, self.tenant, held.id, amount, expires_at=held.expires_at)

        if held.state is not HoldState.OPEN:
            with pytest.raises(HoldSettled):
                self.decide(grow)
            return
        more = amount - held.amount
        there = self.available(held.account)
        if there - more < min(0, there):
            with pytest.raises(NotEnough):
                self.decide(grow)
            return
        self.holds[held.id] = self.decide(grow)
        self.held[held.account] += more

    @rule(gross=AMOUNTS, host=st.integers(0, 100))
    def somebody_pays_by_card(self, gross: int, host: int) -> None:
        charge, payment, session = self.name("charge"), self.name("payment"), self.name("session")
        tax = gross * 19 // 119
        account = flows.session_account(session, "EUR")
        self.post(
            flows.recognised(charge, session, "EUR", net=gross - tax, taxes={"DE/VAT": tax}, at=self.now),
            flows.captured(payment, PROVIDER, self.money(gross), account, at=self.now),
            flows.fee_taken(payment, PROVIDER, self.money(gross // 50), at=self.now),
            flows.host_share(charge, "host", self.money(gross * host // 100), at=self.now),
        )
        self.payments[payment] = (account, gross)
        self.charges[charge] = (gross - tax, {"DE/VAT": tax})
        self.on_paper.append(paper(charge, tax))

    @precondition(lambda self: self.charges)
    @rule(data=st.data(), owner=OWNERS)
    def a_charge_turns_out_otherwise(self, data: st.DataObject, owner: str) -> None:
        charge = data.draw(st.sampled_from(sorted(self.charges)))
        net, taxes = self.charges.pop(charge)
        owed = flows.receivable(owner, "EUR")
        credit_id = self.name("credit")
        credited = flows.credited(credit_id, "", "EUR", net=net, taxes=taxes, at=self.now, against=owed)
        self.post(credited)
        self.on_paper.append(paper(credit_id, -sum(taxes.values())))

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), part=PARTS)
    def money_is_given_back(self, data: st.DataObject, part: int) -> None:
        payment = data.draw(st.sampled_from(sorted(self.payments)))
        account, left = self.payments[payment]
        amount = left * part // 100
        refund = flows.refunded(
            payment, self.name("refund"), PROVIDER, self.money(amount), account, at=self.now
        )
        guarded = account.kind in (AccountKind.WALLET, AccountKind.DEPOSIT)
        if amount and guarded and amount > self.available(account):
            with pytest.raises(NotEnough):
                self.post(refund)
            return
        self.post(refund)
        self.payments[payment] = (account, left - amount)

    @rule(owner=OWNERS, gross=AMOUNTS)
    def somebody_owes_it(self, owner: str, gross: int) -> None:
        charge, session = self.name("charge"), self.name("session")
        self.post(
            flows.recognised(charge, session, "EUR", net=gross, taxes={}, at=self.now),
            flows.put_on_account(charge, session, owner, self.money(gross), at=self.now),
        )
        self.charges[charge] = (gross, {})

    @rule(owner=OWNERS, amount=AMOUNTS, given_up=st.booleans())
    def what_is_owed_is_paid_or_given_up(self, owner: str, amount: int, given_up: bool) -> None:
        owed = flows.receivable(owner, "EUR")
        if given_up:
            self.post(flows.written_off("receivable", self.name("r"), self.money(amount), owed, at=self.now))
        else:
            self.post(flows.received("bank_line", self.name("b"), self.money(amount), owed, at=self.now))

    @rule(amount=AMOUNTS, fee=st.integers(0, 500))
    def the_provider_pays_out(self, amount: int, fee: int) -> None:
        self.post(flows.paid_out(self.name("payout"), PROVIDER, self.money(amount), fee, at=self.now))

    @rule(amount=AMOUNTS, rate=st.integers(50, 120))
    def euros_become_rupees(self, amount: int, rate: int) -> None:
        rupees = Money(minor_units=amount * rate, currency="INR")
        to = Account(kind=AccountKind.BANK, currency="INR")
        self.post(
            flows.exchanged(
                self.name("x"), self.money(amount), rupees, of=flows.bank("EUR"), to=to, at=self.now
            )
        )

    @rule(owner=OWNERS, amount=st.integers(-5_000, 5_000))
    def a_person_corrects_a_wallet(self, owner: str, amount: int) -> None:
        account = flows.wallet(owner, "EUR")
        adjusted = flows.adjusted(self.name("a"), account, amount, "Counted wrong", at=self.now)
        if self.available(account) + amount < 0:
            with pytest.raises(NotEnough):
                self.post(adjusted)
            return
        self.post(adjusted)

    # What goes wrong

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def the_same_comes_again(self, data: st.DataObject) -> None:
        entry, entry_id = data.draw(st.sampled_from(self.entries))
        assert self.decide(lambda conn: books.post(conn, self.tenant, (entry,))) == (entry_id,)

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def something_else_comes_under_the_same_name(self, data: st.DataObject) -> None:
        entry, _ = data.draw(st.sampled_from(self.entries))
        bank, other = flows.bank("EUR"), Account(kind=AccountKind.ADJUSTMENT, currency="EUR")
        legs = (debit(bank, 424_242), credit(other, 424_242))
        changed = Entry(
            source_type=entry.source_type,
            source_id=entry.source_id,
            purpose=entry.purpose,
            at=entry.at,
            legs=legs,
        )
        with pytest.raises(BookedOtherwise):
            self.decide(lambda conn: books.post(conn, self.tenant, (changed,)))

    @rule(amount=AMOUNTS)
    def something_does_not_balance(self, amount: int) -> None:
        legs = (debit(flows.bank("EUR"), amount + 1), credit(flows.clearing(PROVIDER, "EUR"), amount))
        wrong = Entry(source_type="x", source_id=self.name("x"), purpose="x", at=self.now, legs=legs)
        with pytest.raises(Unbalanced):
            self.decide(lambda conn: books.post(conn, self.tenant, (wrong,)))

    @rule(owner=OWNERS, amount=AMOUNTS)
    def a_decision_dies_before_its_end(self, owner: str, amount: int) -> None:
        entry = flows.topped_up(self.name("payment"), PROVIDER, self.money(amount), owner, at=self.now)

        def die(conn: Connection) -> None:
            books.post(conn, self.tenant, (entry,))
            raise Killed

        with pytest.raises(Killed):
            self.decide(die)

    @rule(owner=OWNERS, amount=AMOUNTS)
    def another_tenant_books_the_like(self, owner: str, amount: int) -> None:
        entry = flows.topped_up("payment-0", PROVIDER, self.money(amount), owner, at=self.now)
        try:
            self.decide(lambda conn: books.post(conn, self.other, (entry,)))
        except BookedOtherwise:
            return

    @rule()
    def balances_are_added_up(self) -> None:
        def add_up(conn: Connection) -> None:
            start, newest = reading.through(conn, self.tenant), reading.newest(conn, self.tenant)
            if newest > start:
                sums = reading.sums_between(conn, self.tenant, start, newest)
                assert reading.keep_balances(
                    conn, self.tenant, sums, from_id=start, through_id=newest, at=self.now
                )

        self.decide(add_up)

    # What holds

    @invariant()
    def every_account_holds_what_was_booked_on_it(self) -> None:
        for account, balance in self.balances.items():
            assert reading.balance(self.connection, self.tenant, account) == balance
        listed = reading.accounts(
            self.connection, self.tenant, kind=None, owner=None, after=None, limit=1_000
        )
        assert dict(listed) == {account: balance for account, balance in self.balances.items() if balance}

    @invariant()
    def what_can_be_spent_is_what_is_left(self) -> None:
        for account in self.held.keys() | self.limits.keys():
            found = self.decide(lambda conn, account=account: books.standing(conn, self.tenant, account))  # type: ignore[misc]
            assert (found.balance, found.held) == (-self.balances[account], self.held[account])
            assert found.available == self.available(account)
            assert account.kind is AccountKind.CREDIT_LINE or found.available >= 0

    @rule()
    def somebody_checks(self) -> None:
        self.nothing_is_found()

    def teardown(self) -> None:
        self.nothing_is_found()

    def nothing_is_found(self) -> None:
        found = books_checks.report(
            self.connection, self.tenant, self.now, tax_on_paper=lambda conn, tenant: self.on_paper
        )
        assert [each for each in found.findings if each.severity is BooksSeverity.ERROR] == []
        assert found.entries == len(self.entries)


def test_the_ten_rules_hold_through_many_lives() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lives.sqlite"
        copy_of_tables(path)
        backend = backend_for(f"sqlite:///{path}")
        assert isinstance(backend, SQLite)
        with backend.connect() as connection:
            # How durable it is is not what this test is about.
            connection.exec_driver_sql("PRAGMA synchronous = OFF")
            Lives.backend, Lives.connection = backend, connection
            run_state_machine_as_test(
                Lives, settings=settings(max_examples=15, stateful_step_count=30, deadline=None)
            )
        backend.close()
