"""What drivers are told of money: the price before they charge, what a session costs, and what of."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, format_decimal

from currant.billing.charges.costs import Costs
from currant.charging.model import Session
from currant.drivers.model import Cost, CostLine, DriverPrice
from currant.drivers.words import COST_LINES, in_language
from currant.kit.ids import SessionId, StationId, TenantId
from currant.kit.money import from_minor
from currant.pricing.charge import BillLine
from currant.pricing.model import Asker, TariffVersion
from currant.pricing.service import PricingService
from currant.pricing.words import price_lines
from currant.stations.directory import StationDirectory

WORDED_MAX = 2_000


class Selling:
    """Answers the ports of `prices`."""

    def __init__(self, costs: Costs, pricing: PricingService, directory: StationDirectory) -> None:
        self._costs = costs
        self._pricing = pricing
        self._directory = directory
        self._worded = lru_cache(WORDED_MAX)(_worded)

    def price_of(
        self, tenant_id: TenantId, station_id: StationId, evse: int, zone: str, at: datetime, language: str
    ) -> DriverPrice | None:
        """What anybody pays there from now on."""
        entry = self._directory.by_id(station_id)
        asker = Asker(
            tenant_id=tenant_id,
            location_id=None if entry is None else entry.location_id,
            station_id=station_id,
            evse=evse,
            station_groups=() if entry is None else entry.groups,
        )
        chosen = self._pricing.chosen(asker, at)
        if chosen is None:
            return None
        version = chosen.version
        own = version.texts.get(language) or version.texts.get("en")
        text = own or self._worded(_ById(version), zone, language)
        return DriverPrice(text=text) if text else None

    async def costs_of(
        self, tenant_id: TenantId, sessions: Sequence[Session], language: str
    ) -> dict[SessionId, Cost]:
        """What sessions cost, with tax."""
        found = await self._costs.of(tenant_id, sessions)
        return {
            session_id: Cost(
                text=money(cost.gross, cost.currency, language),
                minor_units=cost.gross,
                currency=cost.currency,
                final=cost.final,
            )
            for session_id, cost in found.items()
        }

    async def lines_of(self, session: Session, language: str) -> tuple[CostLine, ...]:
        """What a session's final cost is made of: its lines without tax, then the taxes."""
        found = await self._costs.charged(session)
        if found is None:
            return ()
        bill = found[1].bill
        lines = [
            CostLine(
                text=_line(line, bill.currency, language), amount=money(line.net, bill.currency, language)
            )
            for line in bill.lines
        ]
        lines += [
            CostLine(
                text=f"{part.name} {_number(part.percent, language)} %",
                amount=money(part.amount, bill.currency, language),
            )
            for part in bill.taxes
            if part.amount
        ]
        return tuple(lines)


class _ById:
    """A version as a key: one that is published never changes."""

    __slots__ = ("version",)

    def __init__(self, version: TariffVersion) -> None:
        self.version = version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.version.id == self.version.id

    def __hash__(self) -> int:
        return hash(self.version.id)


def _worded(key: _ById, zone: str, language: str) -> str:
    return price_lines(key.version.prices, zone, language).short


def money(minor_units: int, currency: str, language: str) -> str:
    """An amount as it is written in a language."""
    return format_currency(from_minor(minor_units, currency), currency, locale=language)


def _line(line: BillLine, currency: str, language: str) -> str:
    what = in_language(COST_LINES.get(line.kind.value, {"en": line.kind.value}), language)
    if line.unit == "pcs":
        return what
    price = format_currency(line.unit_price, currency, locale=language, decimal_quantization=False)
    return f"{what}: {_number(line.quantity, language)} {line.unit} × {price}"


def _number(value: Decimal, language: str) -> str:
    return format_decimal(value.normalize(), locale=language, decimal_quantization=False)
