"""The running cost is what the session would be charged if it ended there; and costs little to know."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from shop import Shop

from charging.made import TENANT, at, begun, reading, register
from currant.billing.charges.costs import Costs
from currant.billing.charges.running import Basis, RunningCosts, RunningSession
from currant.billing.charges.timelines import timeline_of
from currant.charging import idle, tally
from currant.charging.model import Phase, Reading, Session
from currant.events.board import Board
from currant.kit.clock import micros
from currant.kit.ids import TariffVersionId
from currant.pricing.bills import bill_of
from currant.pricing.model import IdleFee, Prices
from currant.pricing.rating import rate
from currant.pricing.taxing import TaxRates
from pricing.made import element, energy, flat, prices, time

PRICES = Prices(
    currency="EUR",
    elements=(
        element(energy("0.50", tax="19"), start_time="12:30", end_time="13:00"),
        element(energy("0.30", tax="19"), time("1.20", tax="19"), flat("1", tax="19")),
    ),
    idle_fee=IdleFee(price_per_minute=Decimal("0.10"), grace_s=600, tax_percent=Decimal(19)),
)
BASIS = Basis(prices=PRICES, version_id=TariffVersionId("v1"), zone="UTC", rates=TaxRates(by_tariff=True))


def step(session: Session, each: Reading) -> Session:
    session, _ = tally.count(session, each)
    return replace(idle.settle(session), updated_at=each.at)


def told(session: Session, minute: float, letter: str) -> Session:
    moment = micros(at(minute))
    changed = idle.with_change(session.timeline, (moment, moment, letter), None)
    return replace(idle.settle(replace(session, timeline=changed)), updated_at=at(minute))


def whole(session: Session, readings: list[Reading], until: float) -> int:
    """What a session comes to that ends there, rated from all of its readings."""
    ended = idle.settle(replace(session, phase=Phase.ENDED, ended_at=at(until)))
    charge = rate(timeline_of(ended, readings, zone="UTC"), PRICES)
    return bill_of(charge, BASIS.rates).gross


def test_it_is_what_the_session_would_be_charged_if_it_ended_now() -> None:
    session, readings = told(begun(wh=0), 0, "c"), []
    running = RunningSession(BASIS, session, ())
    for minute, wh in [(10, 1_000), (20, 2_500), (40, 6_000), (50, 8_000)]:
        readings.append(reading(minute, wh))
        session = step(session, readings[-1])
        assert running.take(session)
        assert running.cost(at(minute)).gross == whole(session, readings, minute)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 3_000)),
        st.tuples(st.just("c"), st.just(0)),
        st.tuples(st.just("v"), st.just(0)),
        st.tuples(st.just("s"), st.just(0)),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.integers(0, 10))
def test_loaded_in_the_midst_or_followed_from_the_start_it_is_the_same(
    steps: list[tuple[str, int]], loaded_at: int
) -> None:
    session = told(begun(wh=0), 0, "c")
    readings: list[Reading] = []
    followed: RunningSession | None = RunningSession(BASIS, session, ())
    loaded: RunningSession | None = None
    minute, wh = 0.0, 0
    for number, (what, more) in enumerate(steps):
        minute += 3
        if what == "read":
            wh += more
            readings.append(reading(minute, wh))
            session = step(session, readings[-1])
        else:
            session = told(session, minute, what)
        assert followed is not None
        assert followed.take(session)
        if loaded is not None:
            assert loaded.take(session)
        elif number == loaded_at:
            loaded = RunningSession(BASIS, session, tuple(readings))
    if loaded is None:
        loaded = RunningSession(BASIS, session, tuple(readings))
    assert followed is not None
    one, other = followed.cost(at(minute)), loaded.cost(at(minute))
    assert abs(one.gross - other.gross) <= 1
    assert one.energy_wh == other.energy_wh == session.energy_wh


async def test_nobody_asks_and_nothing_is_kept(shop: Shop) -> None:
    running = running_of(shop)
    session = step(begun(wh=0), reading(10, 1_000))
    running.metered(session)
    assert running.held == 0


def running_of(shop: Shop, board: Board | None = None) -> RunningCosts:
    async def measured(session: Session) -> tuple[Session, tuple[Reading, ...]]:
        return await shop.charging.measured(TENANT, session.id)

    return RunningCosts(
        board or Board(shop.clock), shop.clock, basis_of=shop.charges.basis_of, measured=measured
    )


async def test_the_cost_so_far_becomes_the_charge(shop: Shop) -> None:
    await shop.sells(prices(energy("0.50", tax="19")))
    await shop.customer()
    running = running_of(shop)
    shop.charging.metered = running.metered
    costs = Costs(shop.charges, running, shop.charging)
    connection = await shop.connect()
    shop.go_to(at(0))
    answer = await connection.start(wh=0)
    await shop.tell()
    session = await connection.only()
    for minute, wh, gross in [(15, 4_000, 238), (30, 8_000, 476)]:
        shop.go_to(at(minute))
        await connection.meter(minute, register(minute, wh), transaction_id=str(answer.number))
        (cost,) = (await costs.of(TENANT, [await connection.only()])).values()
        assert (cost.gross, cost.final) == (gross, False)
        quota = await costs.for_quota(TENANT, session.id)
        assert (quota.minor_units, quota.currency) == (gross, "EUR")
    assert running.held == 1
    shop.go_to(at(60))
    await connection.stop(answer.number, 60, wh=20_000)
    session = await connection.only()
    # Until it is charged for, what it comes to is told as it is known.
    (cost,) = (await costs.of(TENANT, [session])).values()
    assert (cost.gross, cost.final) == (1190, False)
    await shop.tell()
    (cost,) = (await costs.of(TENANT, [session])).values()
    assert (cost.gross, cost.final) == (1190, True)
    running.ended(session.id)
    assert running.held == 0


async def test_what_nobody_asks_for_any_more_is_forgotten(shop: Shop) -> None:
    await shop.sells(prices(energy("0.50")))
    running = running_of(shop)
    connection = await shop.connect()
    shop.go_to(at(0))
    await connection.start(wh=0)
    assert await running.cost_of(await connection.only()) is not None
    assert running.forget_unasked() == 0
    shop.clock.advance(timedelta(hours=1))
    assert running.forget_unasked() == 1


async def test_a_board_that_is_looked_at_shows_the_cost(shop: Shop) -> None:
    await shop.sells(prices(energy("0.50")))
    board = Board(shop.clock, tick_s=0.01)
    running = running_of(shop, board)
    shop.charging.metered = running.metered
    connection = await shop.connect()
    shop.go_to(at(0))
    answer = await connection.start(wh=0)
    session = await connection.only()
    reader = board.subscribe(TENANT, [f"session:{session.id}"])
    shop.go_to(at(15))
    await connection.meter(15, register(15, 4_000), transaction_id=str(answer.number))
    told = b""
    for _ in range(5):
        if b"cost" in told:
            break
        told = await reader.next(within=5) or b""
    assert b'"minor_units":200' in told
    reader.close()
    await running.stop()
