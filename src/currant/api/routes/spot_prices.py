"""Prices of energy markets, which tariffs may follow."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.problems import ApiError
from currant.api.routes.common import caller_of, tenant_of
from currant.api.routes.parameters import Since, Until, check_times
from currant.api.routes.tariffs import pricing_of
from currant.kit.errors import Invalid
from currant.pricing.markets import Market, MarketPrice, MarketPrices, PerEnergy, read_csv
from currant.tenancy.model import Permission

BYTES_MAX = 5_000_000
QUARTERS_MAX = 5_000

CurrencyOfRows = Annotated[
    str, QueryParameter(min_length=3, max_length=3, description="ISO 4217, as in `EUR`.")
]
EnergyOfRows = Annotated[
    PerEnergy, QueryParameter(required=False, description="What a price is for: `kwh` or `mwh`.")
]
MinutesOfRows = Annotated[
    int, QueryParameter(required=False, description="How long each price holds: 15, 30 or 60 minutes.")
]


class Markets(msgspec.Struct, frozen=True, kw_only=True):
    """The markets whose prices are known."""

    items: tuple[Market, ...]


class MarketSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Prices of a market per kWh, by the quarter-hour."""

    market: Market
    prices: tuple[MarketPrice, ...]


@get("/spot-prices", opt={"permission": Permission.TARIFFS_READ})
async def list_markets(request: ApiRequest) -> Markets:
    """The markets whose prices were brought in, by name."""
    return Markets(items=await pricing_of(request).markets.markets(tenant_of(request)))


@get("/spot-prices/{market:str}", opt={"permission": Permission.TARIFFS_READ})
async def get_spot_prices(
    request: ApiRequest, market: FromPath[str], since: Since = None, until: Until = None
) -> MarketSeries:
    """Prices of a market per kWh, by the quarter-hour: of the last and the next day, or of another time.

    At most 5,000 quarter-hours (52 days) at once.
    """
    check_times(since=since, until=until)
    pricing = pricing_of(request)
    now: datetime = pricing.now()
    begin = now - timedelta(days=1) if since is None else since
    end = begin + timedelta(days=3) if until is None else until
    found, prices = await pricing.markets.series(
        tenant_of(request), market, begin=begin, end=end, limit=QUARTERS_MAX
    )
    return MarketSeries(market=found, prices=prices)


@put(
    "/spot-prices/{market:str}", opt={"permission": Permission.TARIFFS_WRITE}, request_max_body_size=BYTES_MAX
)
async def put_spot_prices(request: ApiRequest, market: FromPath[str], data: JSONBody[MarketPrices]) -> Market:
    """Bring in prices of a market, at most 40,000 at once. The first ones say which currency it is in.

    Quarter-hours that are known already get the new price; sessions that are final keep theirs.
    """
    return await pricing_of(request).markets.bring(
        tenant_of(request), market, data, by=caller_of(request).label
    )


@post(
    "/spot-prices/{market:str}/csv",
    status_code=200,
    opt={"permission": Permission.TARIFFS_WRITE, "takes": ("text/csv",)},
    request_max_body_size=BYTES_MAX,
)
async def post_spot_prices_csv(
    request: ApiRequest,
    market: FromPath[str],
    currency: CurrencyOfRows,
    per: EnergyOfRows = PerEnergy.MWH,
    minutes: MinutesOfRows = 15,
) -> Market:
    """Bring in prices of a market from a table: a column of instants (RFC 3339 with their zone), one of prices.

    A first line of names is passed over. Columns are separated by commas, semicolons or tabs.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise ApiError(415, "unsupported_media_type", "Send `Content-Type: text/csv`.")
    try:
        text = (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The table is not written in UTF-8.", field="body") from None
    prices = MarketPrices(prices=read_csv(text), currency=currency, per=per, minutes=minutes)
    return await pricing_of(request).markets.bring(
        tenant_of(request), market, prices, by=caller_of(request).label
    )


router = Router(
    "/api/v1",
    tags=["Spot prices"],
    route_handlers=[list_markets, get_spot_prices, put_spot_prices, post_spot_prices_csv],
)
