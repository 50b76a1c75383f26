"""What a tariff would make of sessions: typical ones, and last month's real ones."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from currant.kit.ids import LocationId, TariffId, TenantId
from currant.kit.money import Money
from currant.pricing.adjusting import Adjuster
from currant.pricing.bills import TaxRates, bill_of, own_rates
from currant.pricing.charge import BillLine
from currant.pricing.model import Prices
from currant.pricing.rating import rate
from currant.pricing.spot import NO_SPOT, SpotPrices
from currant.pricing.timeline import Doing, Span, Timeline

TURN = 20
"""Sessions rated in a row."""
SESSIONS_MAX = 2_000
"""Real sessions looked at for one preview."""
STEP = timedelta(minutes=5)


class TypicalSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it might be; times are the site's."""

    name: str
    """A word for programs: `ac_4h`, `overnight`, …"""
    text: str
    begins: str
    charging_min: int
    energy_kwh: Decimal
    power_kw: Decimal
    idle_min: int = 0
    """Plugged in after charging is over."""
    parked_min: int = 0
    """In the middle of it, in which the vehicle asks for nothing."""


TYPICAL: tuple[TypicalSession, ...] = (
    TypicalSession(
        name="ac_4h",
        text="AC 11 kW, four hours at work",
        begins="09:00",
        charging_min=240,
        energy_kwh=Decimal(44),
        power_kw=Decimal(11),
    ),
    TypicalSession(
        name="overnight",
        text="Overnight at home, 7.4 kW, plugged in until the morning",
        begins="21:30",
        charging_min=300,
        energy_kwh=Decimal(37),
        power_kw=Decimal("7.4"),
        idle_min=240,
    ),
    TypicalSession(
        name="dc_50",
        text="DC 50 kW, half an hour",
        begins="12:00",
        charging_min=30,
        energy_kwh=Decimal(24),
        power_kw=Decimal(50),
    ),
    TypicalSession(
        name="dc_150",
        text="DC 150 kW, a stop on the motorway",
        begins="17:30",
        charging_min=25,
        energy_kwh=Decimal(48),
        power_kw=Decimal(150),
    ),
    TypicalSession(
        name="idle_overstay",
        text="DC 50 kW, and forgotten for an hour and a half",
        begins="18:00",
        charging_min=40,
        energy_kwh=Decimal(30),
        power_kw=Decimal(50),
        idle_min=90,
    ),
    TypicalSession(
        name="short",
        text="A try of one minute",
        begins="10:00",
        charging_min=1,
        energy_kwh=Decimal("0.05"),
        power_kw=Decimal(3),
    ),
)


class PreviewedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session under the prices that are looked at; amounts in minor units."""

    name: str
    text: str
    begin: datetime
    energy_kwh: Decimal
    minutes: int
    net: int
    tax: int
    gross: int
    lines: tuple[BillLine, ...]
    per_kwh: Decimal | None = None
    """What a kWh came to, all included."""
    waits_for_market: bool = False
    trace: tuple[str, ...] = ()


class PastSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was: its timeline, what was asked for it, and what changed its price for one driver."""

    session_id: str
    timeline: Timeline
    charged: Money | None = None
    """With tax; None where nothing was asked."""
    adjusters: tuple[Adjuster, ...] = ()
    rates: TaxRates | None = None
    """The taxes of its site; None leaves them to the tariff."""


class PastTimelines(Protocol):
    """Whoever knows sessions that were."""

    async def past(
        self,
        tenant_id: TenantId,
        *,
        tariff_id: TariffId | None,
        location_ids: Sequence[LocationId],
        since: datetime,
        until: datetime,
        limit: int,
    ) -> Sequence[PastSession]:
        """Sessions that began between the two and have ended: at some places, or priced by a tariff, or all."""
        ...


class NoPast:
    """Where nobody keeps sessions."""

    async def past(
        self,
        tenant_id: TenantId,
        *,
        tariff_id: TariffId | None,
        location_ids: Sequence[LocationId],
        since: datetime,
        until: datetime,
        limit: int,
    ) -> Sequence[PastSession]:
        return ()


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What other prices would have made of sessions that were; amounts in minor units, with tax."""

    sessions: int
    energy_kwh: Decimal
    before: int
    """What was asked, of those that were priced in this currency."""
    after: int
    """What would have been asked for the same."""
    dearer: int
    """How many would have cost more, by a minor unit at least."""
    cheaper: int
    unpriced: int = 0
    """How many had no price in this currency: they are in `sessions` and in neither sum."""
    unpriced_after: int = 0
    """What those would have cost."""
    waits_for_market: int = 0
    most: bool = False
    """Whether there were more sessions than are looked at."""
    greatest: tuple["Difference", ...] = ()
    """The sessions whose price would have changed most."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One session before and after, with tax."""

    session_id: str
    before: int
    after: int


GREATEST_TOLD = 10


def timeline_of(session: TypicalSession, *, zone: str, day: date) -> Timeline:
    """A typical session on a day at a site, in steps of five minutes as meters tell them."""
    local = datetime.combine(day, time.fromisoformat(session.begins), tzinfo=ZoneInfo(zone))
    at = local.astimezone(UTC)
    spans: list[Span] = []
    whole = int(session.energy_kwh * 1000)
    stretch = timedelta(minutes=session.charging_min)
    given, passed = 0, timedelta()
    while passed < stretch:
        step = min(STEP, stretch - passed)
        passed += step
        until = whole * passed // stretch
        spans.append(Span(begin=at, end=at + step, doing=Doing.CHARGING, energy_wh=until - given))
        given, at = until, at + step
    for minutes, doing in ((session.parked_min, Doing.PARKED), (session.idle_min, Doing.IDLE)):
        if minutes:
            end = at + timedelta(minutes=minutes)
            spans.append(Span(begin=at, end=end, doing=doing))
            at = end
    return Timeline(zone=zone, spans=tuple(spans))


def preview(
    prices: Prices,
    *,
    zone: str,
    day: date,
    sessions: Iterable[TypicalSession] = TYPICAL,
    rates: TaxRates | None = None,
    spot: SpotPrices = NO_SPOT,
) -> tuple[PreviewedSession, ...]:
    """What typical sessions would cost on a day; without `rates` by the tariff's own taxes."""
    found = []
    for session in sessions:
        timeline = timeline_of(session, zone=zone, day=day)
        charge = rate(timeline, prices, spot=spot)
        bill = bill_of(charge, own_rates(charge) if rates is None else rates)
        gross = Money(minor_units=bill.gross, currency=bill.currency).amount
        begin, end = timeline.spans[0].begin, timeline.spans[-1].end
        found.append(
            PreviewedSession(
                name=session.name,
                text=session.text,
                begin=begin,
                energy_kwh=session.energy_kwh,
                minutes=(end - begin) // timedelta(minutes=1),
                net=bill.net,
                tax=bill.tax,
                gross=bill.gross,
                lines=bill.lines,
                per_kwh=round(gross / session.energy_kwh, 4) if session.energy_kwh else None,
                waits_for_market=bool(charge.waits_for),
                trace=charge.trace,
            )
        )
    return tuple(found)


async def effect(prices: Prices, past: Sequence[PastSession], *, spot: SpotPrices = NO_SPOT) -> Effect:
    """What these prices would have made of sessions that were; lets others have their turn in between."""
    energy = Fraction(0)
    before = after = dearer = cheaper = unpriced = unpriced_after = waiting = 0
    differences: list[Difference] = []
    for number, session in enumerate(past[:SESSIONS_MAX]):
        if number % TURN == TURN - 1:
            await asyncio.sleep(0)
        charge = rate(session.timeline, prices, spot=spot, adjusters=session.adjusters)
        bill = bill_of(charge, own_rates(charge) if session.rates is None else session.rates)
        energy += sum(span.energy_wh for span in session.timeline.spans)
        waiting += bool(charge.waits_for)
        was = session.charged
        if was is None or was.currency != prices.currency:
            unpriced += 1
            unpriced_after += bill.gross
            continue
        before += was.minor_units
        after += bill.gross
        dearer += bill.gross > was.minor_units
        cheaper += bill.gross < was.minor_units
        if bill.gross != was.minor_units:
            differences.append(
                Difference(session_id=session.session_id, before=was.minor_units, after=bill.gross)
            )
    differences.sort(key=lambda each: (-abs(each.after - each.before), each.session_id))
    return Effect(
        sessions=min(len(past), SESSIONS_MAX),
        energy_kwh=Decimal(round(energy)) / 1000,
        before=before,
        after=after,
        dearer=dearer,
        cheaper=cheaper,
        unpriced=unpriced,
        unpriced_after=unpriced_after,
        waits_for_market=waiting,
        most=len(past) > SESSIONS_MAX,
        greatest=tuple(differences[:GREATEST_TOLD]),
    )


def last_month(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """When the calendar month before this one began and ended, somewhere."""
    local = now.astimezone(ZoneInfo(zone))
    end = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    begin = (end - timedelta(days=1)).replace(day=1)
    return begin.astimezone(UTC), end.astimezone(UTC)
