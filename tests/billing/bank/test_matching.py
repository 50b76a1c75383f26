"""Lines of a bank are known by what they name; what is not sure is proposed, and nothing is used twice."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from currant.billing.bank.matching import match, overdue
from currant.billing.bank.model import BankBooking, Certainty, Expected, ExpectedKind

DAY = date(2026, 5, 11)


def line(key: str, amount: int, text: str = "", **more: Any) -> BankBooking:
    return BankBooking(key=key, booked_on=DAY, amount=amount, currency="EUR", text=text, **more)


def invoice(number: str, amount: int, **more: Any) -> Expected:
    return Expected(
        kind=ExpectedKind.DOCUMENT,
        id=number,
        amount=amount,
        currency="EUR",
        references=(number,),
        since=DAY - timedelta(days=10),
        **more,
    )


def test_the_very_amount_with_its_number_is_certain_however_the_bank_writes_it() -> None:
    for text in (
        "Invoice CU-2026-000017",
        "cu2026000017 thank you",
        "CU 2026 0000\n17",
        "RE CU_2026_000017.",
    ):
        found = match([line("a", 5_000, text)], [invoice("CU-2026-000017", 5_000)])
        assert [(each.id, each.certainty) for each in found["a"]] == [("CU-2026-000017", Certainty.CERTAIN)]


def test_a_number_is_no_part_of_a_longer_one() -> None:
    assert match([line("a", 5_000, "CU-2026-00012")], [invoice("CU-2026-0001", 5_000)]) == {}


def test_another_amount_or_only_the_name_is_proposed() -> None:
    expected = [invoice("CU-2026-17", 5_000, names=("Ada Lovelace",))]
    part = match([line("a", 4_000, "CU-2026-17")], expected)
    assert [each.certainty for each in part["a"]] == [Certainty.PARTIAL]
    likely = match([line("a", 5_000, "thanks", name="LOVELACE, Ada / Ada Lovelace")], expected)
    assert [each.certainty for each in likely["a"]] == [Certainty.LIKELY]
    assert match([line("a", 5_000, "thanks", name="Somebody")], expected) == {}


def test_what_is_paid_twice_is_booked_once_and_shown() -> None:
    found = match(
        [line("a", 5_000, "CU-2026-17"), line("b", 5_000, "CU-2026-17")], [invoice("CU-2026-17", 5_000)]
    )
    assert [found[key][0].certainty for key in "ab"] == [Certainty.CERTAIN, Certainty.PARTIAL]


def test_money_that_came_back_the_other_way_or_before_is_never_certain() -> None:
    expected = [invoice("CU-2026-17", 5_000)]
    assert match([line("a", -5_000, "CU-2026-17")], expected) == {}
    dollars = BankBooking(key="a", booked_on=DAY, amount=5_000, currency="USD", text="CU-2026-17")
    assert match([dollars], expected) == {}
    early = BankBooking(
        key="a", booked_on=DAY - timedelta(days=60), amount=5_000, currency="EUR", text="CU-2026-17"
    )
    assert match([early], expected) == {}
    back = match([line("a", 5_000, "CU-2026-17", returned=True)], expected)
    assert [each.certainty for each in back["a"]] == [Certainty.PARTIAL]


def test_what_has_not_come_is_told_the_longest_awaited_first() -> None:
    late = [invoice("B", 1, due_on=DAY), invoice("A", 1, due_on=DAY - timedelta(days=9)), invoice("C", 1)]
    days = timedelta(days=3)
    assert [each.id for each in overdue(late, DAY + timedelta(days=4), grace=days)] == ["A", "B"]
    assert [each.id for each in overdue(late, DAY + timedelta(days=3), grace=days)] == ["A"]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), max_size=30))
def test_nothing_is_ever_used_up_twice_with_certainty(paid: list[tuple[int, int]]) -> None:
    lines = [line(str(n), amount, f"CU-2026-{number:04}") for n, (number, amount) in enumerate(paid)]
    expected = [invoice(f"CU-2026-{number:04}", 1 + number % 5) for number in range(20)]
    certain = [
        each.id
        for found in match(lines, expected).values()
        for each in found
        if each.certainty is Certainty.CERTAIN
    ]
    assert len(certain) == len(set(certain))
