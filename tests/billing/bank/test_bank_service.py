"""Statements are taken in once, what is certain is booked once, and the rest waits for a person."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from currant.billing.bank.model import (
    BankBooking,
    BankLine,
    Certainty,
    Expected,
    ExpectedKind,
    LineState,
    Statement,
)
from currant.billing.bank.service import BankLineSettled, BankService
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import ManualClock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import TenantId

TENANT = TenantId("tenant")
DAY = date(2026, 5, 11)


class Invoices:
    """Somebody who expects money; what has come is written down."""

    def __init__(self, *expected: Expected) -> None:
        self.expected = list(expected)
        self.came: list[tuple[str, int]] = []

    async def open(self, tenant_id: TenantId, *, limit: int) -> Sequence[Expected]:
        return self.expected[:limit] if tenant_id == TENANT else []

    def settle(
        self, connection: Connection, changes: ChangeSet, tenant_id: TenantId, id_: str, line: BankLine
    ) -> None:
        found = next((each for each in self.expected if each.id == id_), None)
        if found is None:
            raise NotFound("There is no such invoice.")
        self.came.append((id_, line.line.amount))


def invoice(number: str, amount: int, **more: Any) -> Expected:
    return Expected(
        kind=ExpectedKind.DOCUMENT,
        id=number,
        amount=amount,
        currency="EUR",
        references=(number,),
        since=DAY - timedelta(days=30),
        **more,
    )


def statement(name: str, *lines: tuple[str, int, str], opening: int | None = None) -> Statement:
    found = tuple(
        BankBooking(key=f"DE1/{key}", booked_on=DAY, amount=amount, currency="EUR", text=text)
        for key, amount, text in lines
    )
    closing = None if opening is None else opening + sum(line.amount for line in found)
    return Statement(account="DE1", name=name, currency="EUR", opening=opening, closing=closing, lines=found)


@pytest.fixture
def invoices() -> Invoices:
    return Invoices(
        invoice("CU-2026-0001", 5_000, due_on=DAY - timedelta(days=20)),
        invoice("CU-2026-0002", 7_000),
    )


@pytest.fixture
def bank(database: Database, invoices: Invoices) -> BankService:
    clock = ManualClock(datetime(2026, 5, 12, tzinfo=UTC))
    return BankService(database, clock, {ExpectedKind.DOCUMENT: invoices})


async def test_what_is_certain_is_booked_and_the_same_file_again_changes_nothing(
    bank: BankService, invoices: Invoices, database: Database
) -> None:
    told: list[Any] = []
    database.listen(lambda _, events: told.extend(events))
    file = [statement("1", ("a", 5_000, "CU-2026-0001"), ("b", 6_000, "CU-2026-0002"), ("c", 1, "hello"))]
    first = await bank.take_in(TENANT, file, by="ada")
    assert (first.statements, first.lines, first.known, first.settled, first.proposed) == (1, 3, 0, 1, 1)
    again = await bank.take_in(TENANT, file, by="ada")
    assert (again.lines, again.known, again.settled, again.proposed) == (0, 3, 0, 1)
    assert invoices.came == [("CU-2026-0001", 5_000)]
    assert [event.about for event in told if isinstance(event, BankLineSettled)] == ["CU-2026-0001"]
    (matched,) = (await bank.lines(TENANT, state=LineState.MATCHED)).items
    assert (matched.matched_kind, matched.matched_id, matched.by) == (
        ExpectedKind.DOCUMENT,
        "CU-2026-0001",
        "",
    )
    left = (await bank.lines(TENANT, state=LineState.OPEN)).items
    assert [[each.certainty for each in kept.proposed] for kept in left] == [[], [Certainty.PARTIAL]]
    assert (await bank.work_list(TENANT)).open_lines == 2
    assert (await bank.lines(TenantId("another"))).items == ()


async def test_a_person_settles_sets_aside_and_opens_again(bank: BankService, invoices: Invoices) -> None:
    await bank.take_in(TENANT, [statement("1", ("b", 6_900, "no number"), ("c", 1, "hello"))], by="ada")
    hello, unnamed = (await bank.lines(TENANT)).items
    settled = await bank.settle(TENANT, unnamed.id, ExpectedKind.DOCUMENT, "CU-2026-0002", by="ada")
    assert (settled.state, settled.by) == (LineState.MATCHED, "ada")
    assert invoices.came == [("CU-2026-0002", 6_900)]
    for refused in (
        bank.settle(TENANT, unnamed.id, ExpectedKind.DOCUMENT, "CU-2026-0001", by="ada"),
        bank.set_aside(TENANT, unnamed.id, "no", by="ada"),
        bank.reopen(TENANT, unnamed.id, by="ada"),
    ):
        with pytest.raises(Conflict):
            await refused
    with pytest.raises(Invalid):
        await bank.set_aside(TENANT, hello.id, "  ", by="ada")
    aside = await bank.set_aside(TENANT, hello.id, "the rent", by="ada")
    assert (aside.state, aside.note) == (LineState.SET_ASIDE, "the rent")
    assert (await bank.reopen(TENANT, hello.id, by="bob")).state is LineState.OPEN
    with pytest.raises(NotFound, match="no such invoice"):
        await bank.settle(TENANT, hello.id, ExpectedKind.DOCUMENT, "nobody's", by="ada")
    with pytest.raises(Invalid, match="expects payout"):
        await bank.settle(TENANT, hello.id, ExpectedKind.PAYOUT, "p", by="ada")
    with pytest.raises(NotFound, match="no such line"):
        await bank.settle(TenantId("another"), hello.id, ExpectedKind.DOCUMENT, "CU-2026-0001", by="eve")


async def test_many_who_import_the_same_file_at_once_book_it_once(
    bank: BankService, invoices: Invoices
) -> None:
    file = [statement("1", *((str(n), 10 + n, "x") for n in range(50)), ("a", 5_000, "CU-2026-0001"))]
    done = await asyncio.gather(*(bank.take_in(TENANT, file, by="ada") for _ in range(8)))
    assert sum(each.lines for each in done) == 51
    assert sum(each.settled for each in done) == 1
    assert len((await bank.lines(TENANT, limit=200)).items) == 51


async def test_a_statement_that_is_missing_between_two_is_noticed(bank: BankService) -> None:
    assert (await bank.take_in(TENANT, [statement("1", ("a", 100, "x"), opening=0)], by="ada")).gaps == ()
    assert (await bank.take_in(TENANT, [statement("2", ("b", 50, "x"), opening=100)], by="ada")).gaps == ()
    assert (await bank.take_in(TENANT, [statement("4", ("c", 50, "x"), opening=999)], by="ada")).gaps == (
        "DE1",
    )


async def test_what_should_have_come_is_on_the_work_list_and_new_bills_are_matched_later(
    bank: BankService, invoices: Invoices
) -> None:
    assert [each.id for each in (await bank.work_list(TENANT)).overdue] == ["CU-2026-0001"]
    await bank.take_in(TENANT, [statement("1", ("z", 900, "CU-2026-0009"))], by="ada")
    assert invoices.came == []
    invoices.expected.append(invoice("CU-2026-0009", 900))
    assert await bank.look_again(TENANT) == (1, 0)
    assert invoices.came == [("CU-2026-0009", 900)]


async def test_lines_come_in_pages(bank: BankService) -> None:
    await bank.take_in(TENANT, [statement("1", *((str(n), n + 1, "x") for n in range(7)))], by="ada")
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = await bank.lines(TENANT, cursor=cursor, limit=3)
        seen += [kept.line.amount for kept in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]
