"""What a line of a bank statement is for. Pure.

A line that names what was expected, with its very amount, is booked without asking. Everything else is
proposed to a person: the right reference with another amount, or the right amount from the right name.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from currant.billing.bank.model import BankBooking, Certainty, Expected, Match

PROPOSED_MAX = 5
# A bank may be a few days late, and a payer a few days early.
EARLY = timedelta(days=5)
REFERENCE_MIN = 4


def match(lines: Sequence[BankBooking], expected: Sequence[Expected]) -> dict[str, tuple[Match, ...]]:
    """What each line seems to be for, the surest first; by the line's key. Nothing is used up twice with certainty."""
    by_reference: dict[str, list[Expected]] = {}
    by_amount: dict[tuple[str, int], list[Expected]] = {}
    for each in expected:
        for reference in each.references:
            key = _squeezed(reference)
            if len(key) >= REFERENCE_MIN:
                by_reference.setdefault(key, []).append(each)
        by_amount.setdefault((each.currency, each.amount), []).append(each)
    lengths = sorted({len(key) for key in by_reference}, reverse=True)
    used: set[tuple[str, str]] = set()
    found: dict[str, tuple[Match, ...]] = {}
    for line in lines:
        named = [each for each in _named(line, by_reference, lengths) if _may_be(line, each)]
        exact = [each for each in named if each.amount == line.amount and (each.kind, each.id) not in used]
        if len(exact) == 1 and not line.returned:
            used.add((exact[0].kind, exact[0].id))
            found[line.key] = (_match(line, exact[0], Certainty.CERTAIN),)
            continue
        proposed = [_match(line, each, Certainty.PARTIAL) for each in named]
        likely = [
            each
            for each in by_amount.get((line.currency, line.amount), ())
            if _may_be(line, each) and _is_from(line, each) and each not in named
        ]
        proposed += [_match(line, each, Certainty.LIKELY) for each in likely]
        if proposed:
            found[line.key] = tuple(proposed[:PROPOSED_MAX])
    return found


def overdue(expected: Sequence[Expected], today: date, *, grace: timedelta) -> tuple[Expected, ...]:
    """What should have come by now and has not, the longest awaited first."""
    late = [each for each in expected if each.due_on is not None and each.due_on + grace < today]
    return tuple(sorted(late, key=lambda each: (each.due_on or today, each.id)))


def _named(
    line: BankBooking, by_reference: dict[str, list[Expected]], lengths: Sequence[int]
) -> list[Expected]:
    """What the line's words name. Banks break and squeeze words: they are compared without anything between."""
    words = _squeezed(f"{line.reference} {line.text}")
    found: dict[tuple[str, str], Expected] = {}
    for length in lengths:
        for at in range(len(words) - length + 1):
            candidates = by_reference.get(words[at : at + length])
            # INV-1 is no part of INV-12.
            if candidates and not words[at + length : at + length + 1].isdigit():
                for each in candidates:
                    found[each.kind, each.id] = each
    return list(found.values())


def _may_be(line: BankBooking, each: Expected) -> bool:
    return (
        each.currency == line.currency
        and (each.amount > 0) == (line.amount > 0)
        and line.booked_on >= each.since - EARLY
    )


def _is_from(line: BankBooking, each: Expected) -> bool:
    words = _squeezed(f"{line.name} {line.text}")
    return any(len(name) >= 3 and name in words for name in map(_squeezed, each.names))


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _match(line: BankBooking, each: Expected, certainty: Certainty) -> Match:
    return Match(line=line.key, kind=each.kind, id=each.id, certainty=certainty)
