"""How many stored sessions are rated anew in a second?

    python bench/ratings.py [--sessions 100000] [--data FILE.csv]

Rates sessions of about thirty spans by a tariff of four elements (time of day, energy, duration, idle fee)
in one process, and makes bills of them. Times are drawn over a year, spans as stations report them. With
`--data` (or ACN-Data beside the checkout) the sessions' beginnings, ends and energy are those of real ones.
Prints sessions per second of processor time, and of the clock.
"""

import argparse
import csv
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from currant.pricing.bills import bill_of, own_rates
from currant.pricing.charge import RatedCharge
from currant.pricing.model import Component, Dimension, Element, IdleFee, Limit, Prices, Restrictions
from currant.pricing.rating import Running, rate
from currant.pricing.timeline import Doing, Span, Timeline

REAL = Path(__file__).parents[1].parent / "shared" / "data" / "acn" / "caltech_2018-09.csv"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SPANS = 30
ZONE = "Europe/Berlin"


def component(dimension: Dimension, price: str, step: int = 1) -> Component:
    return Component(dimension=dimension, price=Decimal(price), tax_percent=Decimal(19), step_size=step)


PRICES = Prices(
    currency="EUR",
    elements=(
        Element(
            components=(component(Dimension.ENERGY, "0.29"),),
            restrictions=Restrictions(start_time="22:00", end_time="06:00"),
        ),
        Element(
            components=(component(Dimension.ENERGY, "0.59"),),
            restrictions=Restrictions(start_time="16:00", end_time="20:00"),
        ),
        Element(
            components=(component(Dimension.PARKING_TIME, "2.40", 60),),
            restrictions=Restrictions(min_duration=4 * 3600),
        ),
        Element(
            components=(component(Dimension.FLAT, "0.50"), component(Dimension.ENERGY, "0.45")),
        ),
    ),
    idle_fee=IdleFee(
        price_per_minute=Decimal("0.10"),
        grace_s=1800,
        max_cost=Decimal(12),
        exempt=(("22:00", "06:00"),),
        tax_percent=Decimal(19),
    ),
    max_price=Limit(before_taxes=Decimal(60)),
)


def spans(begin: datetime, end: datetime, wh: int, chance: random.Random) -> tuple[Span, ...]:
    """A session as its readings tell it: power falls towards the end, then the vehicle stays."""
    charging = SPANS * 3 // 4
    step = (end - begin) / SPANS
    edges = [begin + number * step for number in range(SPANS)] + [end]
    shares = [1 + chance.random() for _ in range(charging)]
    given = [int(wh * share / sum(shares)) for share in shares]
    given[0] += wh - sum(given)
    return tuple(
        Span(
            begin=edges[number],
            end=edges[number + 1],
            energy_wh=given[number] if number < charging else 0,
            doing=Doing.CHARGING if number < charging else Doing.IDLE,
        )
        for number in range(SPANS)
    )


def synthetic(count: int) -> Iterator[Timeline]:
    chance = random.Random(5)
    for _ in range(count):
        begin = BEGIN + timedelta(seconds=chance.randrange(365 * 86_400))
        end = begin + timedelta(seconds=chance.randrange(900, 10 * 3600))
        yield Timeline(zone=ZONE, spans=spans(begin, end, chance.randrange(500, 60_000), chance))


def real(file: Path, count: int) -> Iterator[Timeline]:
    """Real sessions, over and over until there are so many."""
    chance = random.Random(5)
    with file.open() as lines:
        rows = [
            (
                datetime.fromisoformat(row["connectionTime"]),
                datetime.fromisoformat(row["disconnectTime"]),
                int(Decimal(row["kWhDelivered"]) * 1000),
            )
            for row in csv.DictReader(lines)
        ]
    kept = [
        Timeline(
            zone="America/Los_Angeles",
            spans=spans(begin.astimezone(UTC), end.astimezone(UTC), wh, chance),
        )
        for begin, end, wh in rows
        if end > begin
    ]
    for number in range(count):
        yield kept[number % len(kept)]


def measured(name: str, sessions: list[Timeline], work: Callable[[Timeline], object]) -> None:
    begin, cpu = time.perf_counter(), time.process_time()
    for session in sessions:
        work(session)
    cpu, took = time.process_time() - cpu, time.perf_counter() - begin
    print(
        f"{name:34} {len(sessions):7} sessions  {len(sessions) / cpu:8,.0f}/s CPU  {len(sessions) / took:8,.0f}/s"
    )


def billed(session: Timeline) -> RatedCharge:
    charge = rate(session, PRICES)
    bill_of(charge, own_rates(charge))
    return charge


def running(sessions: list[Timeline]) -> None:
    """What one more reading costs while a session goes on, with the cost so far asked for each time."""
    cpu, readings = time.process_time(), 0
    for session in sessions:
        so_far = Running(PRICES, session.zone)
        for span in session.spans:
            so_far.feed(span)
            so_far.charge()
            readings += 1
    cpu = time.process_time() - cpu
    print(f"running cost: {1e6 * cpu / readings:.0f} microseconds of CPU a reading")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sessions", type=int, default=100_000)
    asked.add_argument("--data", type=Path, default=REAL)
    options = asked.parse_args()
    # In portions, so that making the sessions is neither measured nor kept.
    sessions = list(synthetic(min(options.sessions, 20_000)))
    rounds = max(1, options.sessions // len(sessions))
    many = sessions * rounds
    measured("made up, rated", many, lambda session: rate(session, PRICES))
    measured("made up, rated and billed", many[: len(many) // 4], billed)
    if options.data.exists():
        found = list(real(options.data, options.sessions // 4))
        measured("real, rated", found, lambda session: rate(session, PRICES))
    running(sessions[:500])


if __name__ == "__main__":
    main()
