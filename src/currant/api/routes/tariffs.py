"""Tariffs: price lists, made in versions that never change once they are published."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Router, get, patch, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import Body, caller_of, services_of, tenant_of
from currant.api.routes.parameters import Search
from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import LocationId, TariffId
from currant.pricing.checks import check
from currant.pricing.choosing import in_force
from currant.pricing.drafts import TariffChange, TariffDraft, TariffVersionDraft, check_prices
from currant.pricing.findings import PricedSite, PriceFinding
from currant.pricing.model import Prices, Tariff, TariffVersion
from currant.pricing.ocpi import Unsaid, prices_from_ocpi, prices_to_ocpi, read_tariff, write_tariff
from currant.pricing.service import PricingService
from currant.pricing.sites import sites_at, sites_of_rules
from currant.stations.model import Page
from currant.tenancy.model import Permission

Named = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Archived = Annotated[bool, QueryParameter(required=False, description="Those that were put away, too.")]
VersionOfOcpi = Annotated[
    str, QueryParameter(name="version", required=False, description="2.3.0 or 2.2.1.", max_length=10)
]
NumberOfVersion = Annotated[
    int | None,
    QueryParameter(required=False, ge=1, description="Of a version; without it the one that holds now."),
]


class ListedTariff(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff in a list."""

    tariff: Tariff
    in_force: TariffVersion | None = None
    """The version that holds now."""
    next_from: datetime | None = None
    """When a later one begins to hold."""
    rules: int = 0
    """How many price rules give it, now or later."""


class TariffView(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff with its latest 100 versions, the latest first."""

    tariff: Tariff
    versions: tuple[TariffVersion, ...]
    in_force: int | None = None
    """The number of the version that holds now."""


class SavedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it was saved, and what there is to remark."""

    version: TariffVersion
    findings: tuple[PriceFinding, ...] = ()
    unsaid: tuple[Unsaid, ...] = ()
    """What of an OCPI tariff is not in it."""


class PublishTariff(Body, frozen=True, kw_only=True):
    """From when on a version holds; now, when left out."""

    valid_from: datetime | None = None
    prices: Prices | None = None
    """What you looked at: when the draft says something else by now, it is not published."""


class TariffCheck(Body, frozen=True, kw_only=True):
    """Prices to be looked at, and where they shall hold: these locations, or where a tariff's rules give it."""

    prices: Prices
    location_ids: Annotated[tuple[Named, ...], msgspec.Meta(max_length=200)] = ()
    tariff_id: Named | None = None


class PriceFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to remark, the gravest first."""

    findings: tuple[PriceFinding, ...]


class TariffInOcpi(msgspec.Struct, frozen=True, kw_only=True):
    """An OCPI tariff, and what it cannot say."""

    tariff: msgspec.Raw
    unsaid: tuple[Unsaid, ...]


def pricing_of(request: ApiRequest) -> PricingService:
    pricing = services_of(request).pricing
    assert pricing is not None, "Every server has prices; only tests of other things leave them out."
    return pricing


async def sites_of(
    request: ApiRequest, *, location_ids: Sequence[str] = (), tariff_id: str | None = None
) -> tuple[PricedSite, ...]:
    """The named locations, or those at which a tariff's rules give it."""
    services, tenant_id = services_of(request), tenant_of(request)
    if location_ids:
        return await sites_at(services.inventory, tenant_id, [LocationId(each) for each in location_ids])
    if tariff_id is None:
        return ()
    rules = await pricing_of(request).rules.list(tenant_id, tariff_id=TariffId(tariff_id), limit=500)
    if not rules.items:
        return ()
    return await sites_of_rules(services.inventory, services.directory, tenant_id, rules.items)


async def findings_on(
    request: ApiRequest, prices: Prices, sites: tuple[PricedSite, ...]
) -> tuple[PriceFinding, ...]:
    pricing, tenant_id = pricing_of(request), tenant_of(request)
    markets = {each.market: each.currency for each in await pricing.markets.markets(tenant_id)}
    # Prices with many limits take a moment that others should not wait for.
    return await asyncio.to_thread(check, prices, sites=sites, today=pricing.today(), markets=markets)


def _view(pricing: PricingService, tariff: Tariff, versions: tuple[TariffVersion, ...]) -> TariffView:
    holding = in_force(pricing.book.versions_of(tariff.tenant_id, tariff.id), pricing.now())
    return TariffView(tariff=tariff, versions=versions, in_force=None if holding is None else holding.number)


def _number(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < 10):
        raise NotFound("Versions of a tariff have numbers, from 1 on.", version=written)
    return int(written)


async def _saved(
    request: ApiRequest, version: TariffVersion, unsaid: tuple[Unsaid, ...] = ()
) -> SavedVersion:
    sites = await sites_of(request, tariff_id=version.tariff_id)
    return SavedVersion(
        version=version, findings=await findings_on(request, version.prices, sites), unsaid=unsaid
    )


@get("/tariffs", opt={"permission": Permission.TARIFFS_READ})
async def list_tariffs(
    request: ApiRequest,
    search: Search = None,
    archived: Archived = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ListedTariff]:
    """Tariffs by name, with the version that holds now."""
    pricing, tenant_id = pricing_of(request), tenant_of(request)
    page = await pricing.tariffs.list(tenant_id, text=search, archived=archived, cursor=cursor, limit=limit)
    now = pricing.now()
    counts = pricing.rule_counts(tenant_id)
    listed = []
    for tariff in page.items:
        versions = pricing.book.versions_of(tenant_id, tariff.id)
        coming = [
            each.valid_from for each in versions if each.valid_from is not None and each.valid_from > now
        ]
        listed.append(
            ListedTariff(
                tariff=tariff,
                in_force=in_force(versions, now),
                next_from=min(coming, default=None),
                rules=counts.get(tariff.id, 0),
            )
        )
    return Page(items=tuple(listed), next_cursor=page.next_cursor)


@post("/tariffs", opt={"permission": Permission.TARIFFS_WRITE})
async def create_tariff(request: ApiRequest, data: JSONBody[TariffDraft]) -> TariffView:
    """Make a tariff. It has no prices before its first version is published, and none for anybody before a
    price rule gives it. Its currency never changes."""
    tariff = await pricing_of(request).tariffs.create(tenant_of(request), data, by=caller_of(request).label)
    return TariffView(tariff=tariff, versions=())


@get("/tariffs/{tariff_id:str}", opt={"permission": Permission.TARIFFS_READ})
async def get_tariff(request: ApiRequest, tariff_id: FromPath[str]) -> TariffView:
    """One tariff, with its latest 100 versions."""
    pricing = pricing_of(request)
    return _view(pricing, *await pricing.tariffs.get(tenant_of(request), TariffId(tariff_id)))


@patch("/tariffs/{tariff_id:str}", opt={"permission": Permission.TARIFFS_WRITE})
async def change_tariff(
    request: ApiRequest, tariff_id: FromPath[str], data: JSONBody[TariffChange]
) -> TariffView:
    """Give a tariff another name, or put it away once no price rule gives it any more."""
    tenant_id, pricing = tenant_of(request), pricing_of(request)
    await pricing.tariffs.change(tenant_id, TariffId(tariff_id), data, by=caller_of(request).label)
    return _view(pricing, *await pricing.tariffs.get(tenant_id, TariffId(tariff_id)))


@post("/tariffs/{tariff_id:str}/versions", opt={"permission": Permission.TARIFFS_WRITE})
async def draft_tariff_version(
    request: ApiRequest, tariff_id: FromPath[str], data: JSONBody[TariffVersionDraft]
) -> SavedVersion:
    """Begin a new version as a draft: it prices nothing yet, and may be changed.

    The findings tell what is probably not meant, for the sites at which the tariff's rules give it.
    """
    version = await pricing_of(request).tariffs.draft(
        tenant_of(request), TariffId(tariff_id), data, by=caller_of(request).label
    )
    return await _saved(request, version)


@get("/tariffs/{tariff_id:str}/versions/{number:str}", opt={"permission": Permission.TARIFFS_READ})
async def get_tariff_version(
    request: ApiRequest, tariff_id: FromPath[str], number: FromPath[str]
) -> TariffVersion:
    """One version of a tariff."""
    return await pricing_of(request).tariffs.numbered(
        tenant_of(request), TariffId(tariff_id), _number(number)
    )


@put("/tariffs/{tariff_id:str}/versions/{number:str}", opt={"permission": Permission.TARIFFS_WRITE})
async def change_tariff_draft(
    request: ApiRequest,
    tariff_id: FromPath[str],
    number: FromPath[str],
    data: JSONBody[TariffVersionDraft],
) -> SavedVersion:
    """Give a draft other prices. A version that was published never changes (409): make a new one."""
    version = await pricing_of(request).tariffs.redraft(
        tenant_of(request), TariffId(tariff_id), _number(number), data, by=caller_of(request).label
    )
    return await _saved(request, version)


@post(
    "/tariffs/{tariff_id:str}/versions/{number:str}/publish",
    status_code=200,
    opt={"permission": Permission.TARIFFS_WRITE},
)
async def publish_tariff(
    request: ApiRequest, tariff_id: FromPath[str], number: FromPath[str], data: JSONBody[PublishTariff]
) -> SavedVersion:
    """Publish a draft: from then on it never changes, and from `valid_from` on it holds for sessions that begin.

    Sessions that have begun keep the version they began with. Prices with findings of severity `error`
    are refused (422).
    """
    version = await pricing_of(request).tariffs.publish(
        tenant_of(request),
        TariffId(tariff_id),
        _number(number),
        valid_from=data.valid_from,
        expected=data.prices,
        by=caller_of(request).label,
    )
    return await _saved(request, version)


@post(
    "/tariffs/{tariff_id:str}/versions/{number:str}/withdraw",
    status_code=200,
    opt={"permission": Permission.TARIFFS_WRITE},
)
async def withdraw_tariff(
    request: ApiRequest, tariff_id: FromPath[str], number: FromPath[str]
) -> TariffVersion:
    """Let a version hold no longer: the one before it holds again for sessions that begin now.

    Sessions that have begun keep it. A draft is put away.
    """
    return await pricing_of(request).tariffs.withdraw(
        tenant_of(request), TariffId(tariff_id), _number(number), by=caller_of(request).label
    )


@post("/tariffs/check", status_code=200, opt={"permission": Permission.TARIFFS_READ})
async def check_tariff(request: ApiRequest, data: JSONBody[TariffCheck]) -> PriceFindings:
    """Look at prices without saving them: gaps, prices that never hold, contradictions, laws of the sites, and
    what OCPI and OCPP 2.1 cannot say. The laws are a reminder and no legal advice."""
    check_prices(data.prices)
    sites = await sites_of(request, location_ids=data.location_ids, tariff_id=data.tariff_id)
    return PriceFindings(findings=await findings_on(request, data.prices, sites))


@get("/tariffs/{tariff_id:str}/ocpi", opt={"permission": Permission.TARIFFS_READ})
async def get_tariff_in_ocpi(
    request: ApiRequest,
    tariff_id: FromPath[str],
    version: VersionOfOcpi = "2.3.0",
    number: NumberOfVersion = None,
) -> TariffInOcpi:
    """A version of a tariff in the words of OCPI 2.3.0 or 2.2.1, and what these cannot say.

    Whose it is (`country_code`, `party_id`) is said where partners are told.
    """
    if version not in ("2.3.0", "2.2.1"):
        raise Invalid("The version is 2.3.0 or 2.2.1.", field="version")
    pricing, tenant_id = pricing_of(request), tenant_of(request)
    tariff, _ = await pricing.tariffs.get(tenant_id, TariffId(tariff_id))
    if number is not None:
        found: TariffVersion | None = await pricing.tariffs.numbered(tenant_id, tariff.id, number)
    else:
        found = in_force(pricing.book.versions_of(tenant_id, tariff.id), pricing.now())
    if found is None:
        raise Invalid("No version of this tariff holds now: name one by its number.", field="number")
    said = prices_to_ocpi(found.prices, version="2.2.1" if version == "2.2.1" else "2.3.0")
    whole: dict[str, Any] = {"id": tariff.id} | said.tariff
    if found.texts:
        whole["tariff_alt_text"] = [
            {"language": language, "text": text} for language, text in found.texts.items()
        ]
    whole["last_updated"] = (found.published_at or found.created_at).strftime("%Y-%m-%dT%H:%M:%SZ")
    return TariffInOcpi(tariff=msgspec.Raw(write_tariff(whole)), unsaid=said.unsaid)


@put("/tariffs/{tariff_id:str}/ocpi", opt={"permission": Permission.TARIFFS_WRITE})
async def put_tariff_in_ocpi(
    request: ApiRequest, tariff_id: FromPath[str], data: JSONBody[dict[str, Any]]
) -> SavedVersion:
    """Begin a new version (a draft) from an OCPI tariff of version 2.3.0 or 2.2.1.

    `unsaid` names what of it is not kept. Numbers are taken as they are written: 0.1 is a tenth.
    """
    tariff = read_tariff(await request.body())
    read = prices_from_ocpi(tariff)
    draft = TariffVersionDraft(prices=read.prices, texts=_texts(tariff))
    version = await pricing_of(request).tariffs.draft(
        tenant_of(request), TariffId(tariff_id), draft, by=caller_of(request).label
    )
    unsaid = tuple(each for each in read.unsaid if each.where != "tariff_alt_text")
    return await _saved(request, version, unsaid)


def _texts(tariff: dict[str, Any]) -> dict[str, str]:
    texts = tariff.get("tariff_alt_text")
    if not isinstance(texts, list):
        return {}
    return {
        str(text["language"]): str(text["text"])
        for text in texts
        if isinstance(text, dict) and "language" in text and "text" in text
    }


router = Router(
    "/api/v1",
    tags=["Tariffs"],
    route_handlers=[
        list_tariffs,
        create_tariff,
        check_tariff,
        get_tariff,
        change_tariff,
        draft_tariff_version,
        get_tariff_version,
        change_tariff_draft,
        publish_tariff,
        withdraw_tariff,
        get_tariff_in_ocpi,
        put_tariff_in_ocpi,
    ],
)
