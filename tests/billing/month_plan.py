"""What is to happen in a month: places and their prices, who comes when and goes wrong how, what the bank writes. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import msgspec

from billing.payments.till import CALLED_BACK, DECLINED, GOOD
from currant.billing.bank.model import Expected
from currant.kit.money import from_minor
from currant.pricing.model import Dimension, IdleFee, Prices, TaxMode
from currant.pricing.model import PriceLimit as Limit
from currant.stations.drafts import LocationDraft
from pricing.made import component, element

PLACES = {
    "Berlin": LocationDraft(name="Berlin", city="Berlin", country="DE", time_zone="Europe/Berlin"),
    "Wien": LocationDraft(name="Wien", city="Wien", country="AT", time_zone="Europe/Vienna"),
    "Bengaluru": LocationDraft(name="Bengaluru", city="Bengaluru", country="IN", time_zone="Asia/Kolkata"),
}
STATIONS = {
    **{f"DE-{number}": "Berlin" for number in range(1, 6)},
    **{f"AT-{number}": "Wien" for number in range(1, 4)},
    **{f"IN-{number}": "Bengaluru" for number in range(1, 3)},
}


def _prices(currency: str, day: str, night: str, minute: str, idle: str, least: str, most: str) -> Prices:
    """Energy by day and night, time, a start, an idle fee, a lowest and a highest price; with tax."""
    hourly = str(Decimal(minute) * 60)
    return Prices(
        currency=currency,
        tax_mode=TaxMode.INCLUDED,
        elements=(
            element(component(Dimension.ENERGY, night), start_time="22:00", end_time="06:00"),
            element(
                component(Dimension.ENERGY, day),
                component(Dimension.TIME, hourly),
                component(Dimension.FLAT, least),
            ),
        ),
        idle_fee=IdleFee(price_per_minute=Decimal(idle), grace_s=900, max_cost=Decimal(most) / 4),
        min_price=Limit(before_taxes=Decimal(least)),
        max_price=Limit(before_taxes=Decimal(most)),
    )


PRICES = {
    "Berlin": _prices("EUR", "0.4937", "0.3891", "0.013", "0.10", "0.75", "29.90"),
    "Wien": _prices("EUR", "0.4519", "0.3733", "0.017", "0.20", "0.35", "24.90"),
    "Bengaluru": _prices("INR", "18.37", "14.11", "0.47", "2.50", "11", "900"),
}


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody without an account, who has money held before charging."""

    card: str = GOOD
    holds: int = 5_000


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One session to come."""

    station: str
    begins: datetime
    minutes: int
    wh: int
    uid: str
    guest: Guest | None = None
    idles: bool = False
    closed_before: bool = False
    """Somebody ends it by hand, and the station tells its real end later."""


def visits(noon: datetime, chance: Random) -> list[Visit]:
    """Ten a day, one at each station."""
    euro: list[str | None] = ["FLEET", "DEALER", "CLERK", "WALLET", "POOR", "FILLED", "CARD", "BROKE"]
    euro += ["STAFF", None, None, None]
    rupee: list[str | None] = ["IN-FLEET", "IN-CLERK", "IN-WALLET", None]
    chosen = [*chance.sample(euro, 8), *chance.sample(rupee, 2)]
    visits = []
    for station, uid in zip(STATIONS, chosen, strict=True):
        indian = station.startswith("IN")
        begins = noon + timedelta(minutes=chance.randrange(12 * 60), seconds=chance.randrange(60))
        empty = chance.random() < 0.05
        guest = None
        if uid is None:
            kind = chance.random()
            card = CALLED_BACK if kind < 0.1 else DECLINED if kind < 0.16 else GOOD
            holds = 300 if 0.16 <= kind < 0.25 else 5_000
            guest = Guest(card=card, holds=holds * (50 if indian else 1))
        visits.append(
            Visit(
                station=station,
                begins=begins,
                minutes=1 if empty else chance.randrange(15, 300),
                wh=0 if empty else chance.randrange(500, 70_000),
                uid=uid or "GUEST",
                guest=guest,
                idles=not empty and chance.random() < 0.2,
                closed_before=not empty and guest is None and chance.random() < 0.06,
            )
        )
    return sorted(visits, key=lambda each: each.begins)


def camt(currency: str, number: int, expected: Sequence[Expected], now: datetime) -> bytes:
    """A statement in which all of it has come."""
    day = f"{now:%Y-%m-%d}"
    entries = "".join(
        f"""<Ntry><Amt Ccy="{currency}">{from_minor(abs(each.amount), currency)}</Amt>
        <CdtDbtInd>{"CRDT" if each.amount > 0 else "DBIT"}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{currency}-{number}-{place}</AcctSvcrRef>
        <NtryDtls><TxDtls><RmtInf><Ustrd>With thanks {each.references[0]}</Ustrd></RmtInf></TxDtls></NtryDtls>
        </Ntry>"""
        for place, each in enumerate(expected)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
    <Id>{currency}-{number}</Id><Acct><Id><Othr><Id>{currency}-account</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>
    {entries}</Stmt></BkToCstmrStmt></Document>""".encode()
