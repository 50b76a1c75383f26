"""What the running cost adds to a meter value: CPU for each, of sessions nobody asks about, and of those somebody does.

    python bench/running_costs.py [readings]

What a whole message costs is told by `make bench`.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from currant.billing.charges.running import Basis, RunningCosts, RunningSession
from currant.charging.model import Activity, Session
from currant.events.board import Board
from currant.kit.clock import ManualClock
from currant.kit.ids import SessionId, StationId, TariffVersionId, TenantId
from currant.pricing.model import Component, Dimension, Element, Prices, Restrictions
from currant.pricing.taxing import TaxRates

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PRICES = Prices(
    currency="EUR",
    elements=(
        Element(
            components=(Component(dimension=Dimension.ENERGY, price=Decimal("0.49")),),
            restrictions=Restrictions(start_time="22:00", end_time="06:00"),
        ),
        Element(
            components=(
                Component(dimension=Dimension.ENERGY, price=Decimal("0.59"), tax_percent=Decimal(19)),
                Component(dimension=Dimension.FLAT, price=Decimal("1.00"), tax_percent=Decimal(19)),
            )
        ),
        Element(components=(Component(dimension=Dimension.PARKING_TIME, price=Decimal("6.00")),)),
    ),
)
BASIS = Basis(
    prices=PRICES, version_id=TariffVersionId("v"), zone="Europe/Berlin", rates=TaxRates(by_tariff=True)
)


def session(number: int) -> Session:
    return Session(
        id=SessionId(f"session-{number}"),
        number=number,
        tenant_id=TenantId("tenant"),
        station_id=StationId("station"),
        transaction_id=str(number),
        started_at=NOON,
        activity=Activity.CHARGING,
        timeline=((0, 0, "c"),),
    )


def states(readings: int) -> list[Session]:
    """A session as it stands after each of its readings, every 30 seconds."""
    first, found = session(1), []
    for number in range(1, readings + 1):
        at = NOON + timedelta(seconds=30 * number)
        found.append(
            replace(
                first,
                read_at=at,
                last_energy_at=at,
                first_energy_at=NOON,
                updated_at=at,
                energy_wh=92 * number,
            )
        )
    return found


def told(name: str, seconds: float, readings: int) -> None:
    print(f"{name:<58}{seconds / readings * 1e6:8.2f} µs a reading")


async def main(readings: int) -> None:
    async def nothing(*_: object) -> None:
        return None

    following = states(readings)
    costs = RunningCosts(Board(ManualClock(NOON)), ManualClock(NOON), basis_of=nothing, measured=nothing)  # type: ignore[arg-type]
    begin = time.process_time()
    for each in following:
        costs.metered(each)
    told("nobody asks", time.process_time() - begin, readings)

    held = RunningSession(BASIS, session(1), ())
    costs._held[following[0].id] = held
    begin = time.process_time()
    for each in following:
        costs.metered(each)
    held.cost(following[-1].read_at or NOON)
    told("asked about: every reading rated", time.process_time() - begin, readings)

    held = RunningSession(BASIS, session(1), ())
    costs._held[following[0].id] = held
    begin = time.process_time()
    for each in following:
        costs.metered(each)
        held.cost(each.read_at or NOON)
    told("shown after every reading, taxes and lines and all", time.process_time() - begin, readings)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
