"""Price rules: which tariff holds for whom and where; and what holds now, and why."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.parameters import Station, Word, check_times
from currant.api.routes.tariffs import pricing_of
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import AccountId, GroupId, LocationId, TariffId, TokenId
from currant.pricing.choosing import Considered
from currant.pricing.drafts import PriceRuleChange, PriceRuleDraft, check_rule
from currant.pricing.model import Asker, PricePurpose, PriceRule, PriceScope, TariffVersion
from currant.stations.admission import entry_of
from currant.stations.model import Page
from currant.tenancy.model import Permission

Ended = Annotated[bool, QueryParameter(required=False, description="Those that have ended, too.")]
At = Annotated[
    datetime | None,
    QueryParameter(required=False, description="When the session begins (RFC 3339); now, when left out."),
]
EvseNumber = Annotated[
    int | None, QueryParameter(required=False, ge=1, le=9_999, description="The EVSE of the station.")
]
ScopeWanted = Annotated[PriceScope | None, QueryParameter(name="scope", required=False)]
PurposeWanted = Annotated[PricePurpose | None, QueryParameter(name="purpose", required=False)]
WhichPurpose = Annotated[
    PricePurpose,
    QueryParameter(
        name="purpose", required=False, description="What the driver pays, a partner pays, or the host gets."
    ),
]


class EffectivePrice(msgspec.Struct, frozen=True, kw_only=True):
    """What a session that begins at `at` is priced by, and every rule that was asked, most particular first."""

    at: datetime
    purpose: PricePurpose
    asker: Asker
    """Who charges where, as far as it was said."""
    rule_id: str | None = None
    """The rule that holds; null when nothing says what it costs."""
    tariff_name: str = ""
    version: TariffVersion | None = None
    considered: tuple[Considered, ...] = ()


async def check_about(request: ApiRequest, scope: PriceScope, about: str) -> None:
    """Raise Invalid when the caller has nothing with this id."""
    services, tenant_id = services_of(request), tenant_of(request)
    try:
        match scope:
            case PriceScope.NETWORK:
                return
            case PriceScope.TOKEN:
                await services.access.get_token(tenant_id, TokenId(about))
            case PriceScope.ACCOUNT:
                await services.access.get_account(tenant_id, AccountId(about))
            case PriceScope.GROUP:
                await services.access.get_group(tenant_id, GroupId(about))
            case PriceScope.LOCATION:
                await services.inventory.get_location(tenant_id, LocationId(about))
            case PriceScope.STATION:
                station, _, evse = about.partition("/")
                entry = entry_of(services.directory, tenant_id, station)
                if entry.station_id != station or (evse and not evse.isdecimal()):
                    raise NotFound("Name the station by its id, and its EVSE by a number.")
            case PriceScope.STATION_GROUP:
                assert services.station_groups is not None, "Every server has them."
                group = await services.station_groups.get(tenant_id, about)
                if group.id != about:
                    raise NotFound("Name the station group by its id.")
    except NotFound as error:
        raise Invalid(
            f"A rule for {scope.value.replace('_', ' ')}: {error.message}", field="about"
        ) from error


@get("/price-rules", opt={"permission": Permission.TARIFFS_READ})
async def list_price_rules(
    request: ApiRequest,
    tariff_id: Word = None,
    wanted: ScopeWanted = None,
    about: Word = None,
    purpose: PurposeWanted = None,
    ended: Ended = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[PriceRule]:
    """Price rules, the latest made first."""
    return await pricing_of(request).rules.list(
        tenant_of(request),
        tariff_id=None if tariff_id is None else TariffId(tariff_id),
        scope=wanted,
        about=about,
        purpose=purpose,
        ended=ended,
        cursor=cursor,
        limit=limit,
    )


@post("/price-rules", opt={"permission": Permission.TARIFFS_WRITE})
async def create_price_rule(request: ApiRequest, data: JSONBody[PriceRuleDraft]) -> PriceRule:
    """Say which tariff holds for whom or where.

    For a session the most particular rule wins: token, account, group, station (one of its EVSEs before all
    of it), station group, location, network; then the higher `priority`, then the later made. A rule whose
    tariff has no version that holds is passed over.
    """
    check_rule(data)
    await check_about(request, data.scope, data.about)
    return await pricing_of(request).rules.create(tenant_of(request), data, by=caller_of(request).label)


@get("/price-rules/effective", opt={"permission": Permission.TARIFFS_READ})
async def get_effective_price(
    request: ApiRequest,
    station: Station = None,
    evse: EvseNumber = None,
    location_id: Word = None,
    token_id: Word = None,
    account_id: Word = None,
    group_id: Word = None,
    purpose: WhichPurpose = PricePurpose.RETAIL,
    at: At = None,
) -> EffectivePrice:
    """What a session costs that begins now, or at another time: which rule holds, and why not the others.

    A station brings its location and groups, a token its account and group.
    """
    check_times(at=at)
    pricing, tenant_id = pricing_of(request), tenant_of(request)
    asker = await _asker(
        request,
        station=station,
        evse=evse,
        location_id=location_id,
        token_id=token_id,
        account_id=account_id,
        group_id=group_id,
    )
    begins = pricing.now() if at is None else at
    chosen = pricing.chosen(asker, begins, purpose)
    name = ""
    if chosen is not None:
        name = (await pricing.tariffs.get(tenant_id, chosen.version.tariff_id))[0].name
    return EffectivePrice(
        at=begins,
        purpose=purpose,
        asker=asker,
        rule_id=None if chosen is None else chosen.rule_id,
        tariff_name=name,
        version=None if chosen is None else chosen.version,
        considered=pricing.considered(asker, begins, purpose)[:500],
    )


async def _asker(
    request: ApiRequest,
    *,
    station: str | None,
    evse: int | None,
    location_id: str | None,
    token_id: str | None,
    account_id: str | None,
    group_id: str | None,
) -> Asker:
    services, tenant_id = services_of(request), tenant_of(request)
    entry = None if station is None else entry_of(services.directory, tenant_id, station)
    if entry is None and location_id is not None:
        await services.inventory.get_location(tenant_id, LocationId(location_id))
    token = None if token_id is None else await services.access.get_token(tenant_id, TokenId(token_id))
    if account_id is not None:
        await services.access.get_account(tenant_id, AccountId(account_id))
    if group_id is not None:
        await services.access.get_group(tenant_id, GroupId(group_id))
    groups = [each for each in (group_id, None if token is None else token.group_id) if each is not None]
    place = LocationId(location_id) if location_id is not None else None
    return Asker(
        tenant_id=tenant_id,
        location_id=place if entry is None else entry.location_id,
        station_id=None if entry is None else entry.station_id,
        evse=evse,
        station_groups=() if entry is None else entry.groups,
        token_id=None if token is None else token.id,
        account_id=AccountId(account_id) if account_id else (None if token is None else token.account_id),
        groups=tuple(GroupId(each) for each in groups),
    )


@get("/price-rules/{price_rule:str}", opt={"permission": Permission.TARIFFS_READ})
async def get_price_rule(request: ApiRequest, price_rule: FromPath[str]) -> PriceRule:
    """One price rule."""
    return await pricing_of(request).rules.get(tenant_of(request), price_rule)


@patch("/price-rules/{price_rule:str}", opt={"permission": Permission.TARIFFS_WRITE})
async def change_price_rule(
    request: ApiRequest, price_rule: FromPath[str], data: JSONBody[PriceRuleChange]
) -> PriceRule:
    """Change a price rule.

    One that holds already is not rewritten, so that it can always be said what held: it ends now, and the
    answer is the rule that goes on from now, with an id of its own. When it ends may be changed as it is.
    """
    return await pricing_of(request).rules.change(
        tenant_of(request), price_rule, data, by=caller_of(request).label
    )


@delete("/price-rules/{price_rule:str}", opt={"permission": Permission.TARIFFS_WRITE})
async def delete_price_rule(request: ApiRequest, price_rule: FromPath[str]) -> None:
    """End a price rule now. One that has never held is gone; one that has is kept, and listed with `ended`."""
    await pricing_of(request).rules.delete(tenant_of(request), price_rule, by=caller_of(request).label)


router = Router(
    "/api/v1",
    tags=["Price rules"],
    route_handlers=[
        list_price_rules,
        create_price_rule,
        get_effective_price,
        get_price_rule,
        change_price_rule,
        delete_price_rule,
    ],
)
