"""Prices looked at before they hold: what sessions would cost, and a day as a picture."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from litestar import Router, post
from litestar.params import JSONBody

from currant.api.authentication import ApiRequest
from currant.api.routes.common import Body, services_of, tenant_of
from currant.api.routes.tariffs import Named, pricing_of
from currant.kit.errors import Invalid
from currant.kit.ids import LocationId, TariffId
from currant.pricing.drafts import check_number, check_prices
from currant.pricing.model import Prices
from currant.pricing.picture import PriceQuarter, picture
from currant.pricing.preview import SESSIONS_MAX, Effect, PreviewedSession, effect, last_month, preview
from currant.pricing.spot import SpotPrices
from currant.pricing.words import PriceWords, price_lines
from currant.tenancy.model import Permission


class WhichSessions(StrEnum):
    """The sessions that prices are tried on."""

    TYPICAL = "typical"
    LAST_MONTH = "last_month"


class TariffPreview(Body, frozen=True, kw_only=True):
    """Prices to be tried. Times of day are those of `zone`, or of a location."""

    prices: Prices
    sessions: WhichSessions = WhichSessions.TYPICAL
    zone: Named | None = None
    location_id: Named | None = None
    day: date | None = None
    """On which typical sessions begin; today, when left out."""
    tariff_id: Named | None = None
    """Last month's sessions that were priced by this tariff alone; those of the location, or all, without it."""


class PreviewedPrices(msgspec.Struct, frozen=True, kw_only=True):
    """What sessions would cost."""

    currency: str
    zone: str
    sessions: tuple[PreviewedSession, ...] = ()
    """Typical ones."""
    last_month: Effect | None = None
    """Real ones, when asked for."""


class TariffPicture(Body, frozen=True, kw_only=True):
    """A day of prices: for a session at this power, in which so much has happened already."""

    prices: Prices
    zone: Named | None = None
    location_id: Named | None = None
    day: date | None = None
    power_kw: Decimal = Decimal(11)
    after_kwh: Decimal = Decimal(0)
    after_s: Annotated[int, msgspec.Meta(ge=0, le=31 * 86_400)] = 0


class TariffWords(Body, frozen=True, kw_only=True):
    """Prices to be put into words."""

    prices: Prices
    language: Annotated[str, msgspec.Meta(min_length=2, max_length=35)] = "en"
    zone: Named | None = None
    location_id: Named | None = None


class PricesOfADay(msgspec.Struct, frozen=True, kw_only=True):
    """What holds over a day, by the quarter-hour: 96, or 92 or 100 where clocks change."""

    currency: str
    zone: str
    day: date
    quarters: tuple[PriceQuarter, ...]


async def _zone(request: ApiRequest, zone: str | None, location_id: str | None) -> str:
    if location_id is not None:
        found = await services_of(request).inventory.get_location(tenant_of(request), LocationId(location_id))
        return found.time_zone
    name = zone or "UTC"
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid(
            f"{name!r} is no time zone: use an IANA name, as in `Europe/Berlin`.", field="zone"
        ) from None
    return name


def _day(day: date | None, now: datetime, zone: str) -> date:
    found = now.astimezone(ZoneInfo(zone)).date() if day is None else day
    if not 2000 <= found.year <= 2200:
        raise Invalid("A day lies between the years 2000 and 2200.", field="day")
    return found


async def _spot(request: ApiRequest, prices: Prices, day: date, zone: str) -> SpotPrices:
    begin = datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return await pricing_of(request).markets.prices(
        tenant_of(request), markets_of(prices), begin=begin, end=begin + timedelta(days=3)
    )


def markets_of(prices: Prices) -> list[str]:
    """The markets that prices follow."""
    return sorted(
        {
            component.spot.market
            for element in prices.elements
            for component in element.components
            if component.spot is not None
        }
    )


@post("/tariffs/preview", status_code=200, opt={"permission": Permission.TARIFFS_READ})
async def preview_tariff(request: ApiRequest, data: JSONBody[TariffPreview]) -> PreviewedPrices:
    """What sessions would cost under these prices: typical ones, or last month's real ones beside what was asked
    for them. Tax is the tariff's own, as in its prices; that of a site is added where it is charged."""
    check_prices(data.prices)
    pricing, tenant_id = pricing_of(request), tenant_of(request)
    zone = await _zone(request, data.zone, data.location_id)
    if data.sessions is WhichSessions.TYPICAL:
        day = _day(data.day, pricing.now(), zone)
        spot = await _spot(request, data.prices, day, zone)
        found = preview(data.prices, zone=zone, day=day, spot=spot)
        return PreviewedPrices(currency=data.prices.currency, zone=zone, sessions=found)
    begin, end = last_month(pricing.now(), zone)
    past = await pricing.past.past(
        tenant_id,
        tariff_id=None if data.tariff_id is None else TariffId(data.tariff_id),
        location_ids=() if data.location_id is None else (LocationId(data.location_id),),
        since=begin,
        until=end,
        limit=SESSIONS_MAX + 1,
    )
    spot = await pricing.markets.prices(
        tenant_id, markets_of(data.prices), begin=begin - timedelta(days=2), end=end
    )
    return PreviewedPrices(
        currency=data.prices.currency, zone=zone, last_month=await effect(data.prices, past, spot=spot)
    )


@post("/tariffs/picture", status_code=200, opt={"permission": Permission.TARIFFS_READ})
async def picture_tariff(request: ApiRequest, data: JSONBody[TariffPicture]) -> PricesOfADay:
    """What a kWh, an hour, a start and an idle minute cost over a day, by the quarter-hour."""
    check_prices(data.prices)
    check_number("power_kw", data.power_kw, least=Decimal(0))
    check_number("after_kwh", data.after_kwh, least=Decimal(0))
    zone = await _zone(request, data.zone, data.location_id)
    day = _day(data.day, pricing_of(request).now(), zone)
    spot = await _spot(request, data.prices, day, zone)
    quarters = picture(
        data.prices,
        zone,
        day,
        power_kw=data.power_kw,
        after_kwh=data.after_kwh,
        after_s=data.after_s,
        spot=spot,
    )
    return PricesOfADay(currency=data.prices.currency, zone=zone, day=day, quarters=quarters)


@post("/tariffs/words", status_code=200, opt={"permission": Permission.TARIFFS_READ})
async def say_tariff(request: ApiRequest, data: JSONBody[TariffWords]) -> PriceWords:
    """Prices as drivers read them: in one line, and all of it, in English, German, Hindi or Arabic."""
    check_prices(data.prices)
    zone = await _zone(request, data.zone, data.location_id)
    return price_lines(data.prices, zone, data.language)


router = Router("/api/v1", tags=["Tariffs"], route_handlers=[preview_tariff, picture_tariff, say_tariff])
