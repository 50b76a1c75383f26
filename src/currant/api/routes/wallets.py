"""Wallets, deposits and credit lines: what account holders and drivers may spend."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.idempotent import once
from currant.api.paging import Cursor, Limit
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.api.routes.ledger import Currency, LedgerEntry, entry_view
from currant.billing.ledger import Account, AccountKind, Hold, HoldState, Standing
from currant.billing.top_ups import Fill, FillState, TopUpRule
from currant.billing.wallets import Purse, TopUpRuleDraft, Wallets
from currant.kit.errors import Invalid
from currant.kit.ids import AccountId, EntryId
from currant.kit.money import Money
from currant.stations.model import Page
from currant.tenancy.model import Permission

CurrencyCode = Annotated[
    str, msgspec.Meta(min_length=3, max_length=3, description="ISO 4217, three capital letters.")
]


class WalletStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet, a deposit or a credit line, in minor units, seen from whose it is."""

    kind: AccountKind
    currency: str
    balance: int
    """What is theirs; of a credit line, less than nothing by what was used."""
    held: int
    """Set aside for sessions under way."""
    limit: int
    """A credit line's."""
    available: int
    """What can be spent now."""


class WalletHold(msgspec.Struct, frozen=True, kw_only=True):
    """What is set aside, and for what."""

    id: str
    kind: AccountKind
    currency: str
    amount: int
    state: HoldState
    source_type: str
    source_id: str
    placed_at: datetime
    expires_at: datetime


class WalletRule(msgspec.Struct, frozen=True, kw_only=True):
    """What fills a wallet by itself. After three failures in a row it rests until it is set again."""

    currency: str
    below: int
    amount: int
    most_a_month: int
    method_id: str
    active: bool
    failures: int


class WalletFill(msgspec.Struct, frozen=True, kw_only=True):
    """A filling that a rule has asked for."""

    id: str
    currency: str
    amount: int
    state: FillState
    asked_at: datetime
    payment_id: str
    reason: str


class WalletView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an owner (an account or a driver) has, has set aside and owes; minor units."""

    owner: str
    standings: tuple[WalletStanding, ...]
    owes: tuple[Money, ...]
    """On invoices, and for sessions whose payment failed."""
    holds: tuple[WalletHold, ...]
    rules: tuple[WalletRule, ...]
    fills: tuple[WalletFill, ...]
    """The latest first."""


class WalletMovement(msgspec.Struct, frozen=True, kw_only=True):
    """What came to a wallet or (less than nothing) left it, and what was there then; minor units."""

    amount: int
    balance: int
    entry: LedgerEntry


class WalletAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    """Money given to a wallet or deposit by hand, or (less than nothing) taken from it; minor units."""

    amount: int
    currency: CurrencyCode
    reason: str
    kind: AccountKind = AccountKind.WALLET


class WalletBooked(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked, and how the owner stands now."""

    entry_id: EntryId
    wallet: WalletView


class CreditLineDraft(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be used before it is paid; minor units."""

    limit: int
    currency: CurrencyCode


class DepositUse(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a deposit is used for what its owner owes; minor units."""

    amount: int
    currency: CurrencyCode


def _wallets_of(request: ApiRequest) -> Wallets:
    wallets = services_of(request).wallets
    assert wallets is not None, "Where there is an API with money there are wallets."
    return wallets


async def _purse(request: ApiRequest, owner: str) -> Purse:
    """What an account has, nothing too; of anybody else, only what is there. Raises NotFound."""
    tenant_id = tenant_of(request)
    purse = await _wallets_of(request).of(tenant_id, owner)
    if not (purse.standings or purse.owes or purse.rules):
        await services_of(request).access.get_account(tenant_id, AccountId(owner))
    return purse


def wallet_view(purse: Purse) -> WalletView:
    return WalletView(
        owner=purse.owner,
        standings=tuple(map(_standing_view, purse.standings)),
        owes=purse.owes,
        holds=tuple(map(_hold_view, purse.holds)),
        rules=tuple(_rule_view(rule) for rule in purse.rules),
        fills=tuple(map(_fill_view, purse.fills)),
    )


def _standing_view(found: Standing) -> WalletStanding:
    return WalletStanding(
        kind=found.account.kind,
        currency=found.account.currency,
        balance=found.balance,
        held=found.held,
        limit=found.limit,
        available=max(0, found.available),
    )


def _hold_view(hold: Hold) -> WalletHold:
    return WalletHold(
        id=hold.id,
        kind=hold.account.kind,
        currency=hold.account.currency,
        amount=hold.amount,
        state=hold.state,
        source_type=hold.source_type,
        source_id=hold.source_id,
        placed_at=hold.placed_at,
        expires_at=hold.expires_at,
    )


def _rule_view(rule: TopUpRule) -> WalletRule:
    return WalletRule(
        currency=rule.currency,
        below=rule.below,
        amount=rule.amount,
        most_a_month=rule.most_a_month,
        method_id=rule.method_id,
        active=rule.active,
        failures=rule.failures,
    )


def _fill_view(fill: Fill) -> WalletFill:
    return WalletFill(
        id=fill.id,
        currency=fill.currency,
        amount=fill.amount,
        state=fill.state,
        asked_at=fill.asked_at,
        payment_id=fill.payment_id,
        reason=fill.reason,
    )


@get("/wallets", opt={"permission": Permission.BILLING_READ})
async def list_wallets(request: ApiRequest, cursor: Cursor = None, limit: Limit = 100) -> Page[WalletView]:
    """Whoever has a wallet, a deposit or a credit line, by id."""
    page = await _wallets_of(request).list(tenant_of(request), cursor=cursor, limit=limit)
    return Page(items=tuple(map(wallet_view, page.items)), next_cursor=page.next_cursor)


@get("/wallets/{wallet:str}", opt={"permission": Permission.BILLING_READ})
async def get_wallet(request: ApiRequest, wallet: FromPath[str]) -> WalletView:
    """What an account or a driver has, has set aside and owes. An account that has nothing has an empty one."""
    return wallet_view(await _purse(request, wallet))


@get("/wallets/{wallet:str}/entries", opt={"permission": Permission.BILLING_READ})
async def list_wallet_entries(
    request: ApiRequest,
    wallet: FromPath[str],
    currency: Currency,
    kind: Annotated[AccountKind, QueryParameter(name="kind", required=False)] = AccountKind.WALLET,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[WalletMovement]:
    """What moved a wallet, deposit or credit line, the latest first, each with the balance after it."""
    await _purse(request, wallet)
    _check_currency(currency)
    page = await _wallets_of(request).lines(
        tenant_of(request),
        Account(kind=kind, owner=wallet, currency=currency),
        cursor=cursor,
        limit=limit,
    )
    lines = [
        WalletMovement(amount=line.amount, balance=line.balance, entry=entry_view(line.posted))
        for line in page.items
    ]
    return Page(items=tuple(lines), next_cursor=page.next_cursor)


@post(
    "/wallets/{wallet:str}/adjust",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def adjust_wallet(
    request: ApiRequest, wallet: FromPath[str], data: JSONBody[WalletAdjustment]
) -> Response[WalletBooked]:
    """Give to a wallet or deposit by hand, or take from it, and say why. Never below nothing: 409 `not_enough`."""
    await _purse(request, wallet)
    _check_currency(data.currency)
    if data.kind is AccountKind.CREDIT_LINE:
        raise Invalid("A credit line is set, not adjusted: give its limit.", field="kind")
    caller, wallets = caller_of(request), _wallets_of(request)

    async def adjust() -> WalletBooked:
        account = Account(kind=data.kind, owner=wallet, currency=data.currency)
        entry_id = await wallets.adjust(caller.tenant_id, account, data.amount, data.reason, by=caller.label)
        return WalletBooked(entry_id=entry_id, wallet=wallet_view(await wallets.of(caller.tenant_id, wallet)))

    return await once(request, adjust)


@post(
    "/wallets/{wallet:str}/use-deposit",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "idempotent": True},
)
async def use_deposit(
    request: ApiRequest, wallet: FromPath[str], data: JSONBody[DepositUse]
) -> Response[WalletBooked]:
    """Use (a part of) a deposit for what its owner owes."""
    await _purse(request, wallet)
    _check_currency(data.currency)
    caller, wallets = caller_of(request), _wallets_of(request)

    async def use() -> WalletBooked:
        money = Money(minor_units=data.amount, currency=data.currency)
        entry_id = await wallets.apply_deposit(caller.tenant_id, wallet, money, by=caller.label)
        return WalletBooked(entry_id=entry_id, wallet=wallet_view(await wallets.of(caller.tenant_id, wallet)))

    return await once(request, use)


@put("/wallets/{wallet:str}/credit-line", opt={"permission": Permission.BILLING_WRITE})
async def set_credit_line(
    request: ApiRequest, wallet: FromPath[str], data: JSONBody[CreditLineDraft]
) -> WalletView:
    """Say how much a company may use before it pays. What it owes already counts as used."""
    await _purse(request, wallet)
    _check_currency(data.currency)
    caller, wallets = caller_of(request), _wallets_of(request)
    limit = Money(minor_units=data.limit, currency=data.currency)
    await wallets.set_credit_line(caller.tenant_id, wallet, limit, by=caller.label)
    return wallet_view(await wallets.of(caller.tenant_id, wallet))


@put("/wallets/{wallet:str}/top-up-rules/{currency:str}", opt={"permission": Permission.BILLING_WRITE})
async def set_top_up_rule(
    request: ApiRequest, wallet: FromPath[str], currency: FromPath[str], data: JSONBody[TopUpRuleDraft]
) -> WalletRule:
    """Have a wallet filled by itself from a stored method whenever less than `below` can be spent."""
    caller = caller_of(request)
    await _purse(request, wallet)
    _check_currency(currency)
    rule = await _wallets_of(request).set_rule(caller.tenant_id, wallet, currency, data, by=caller.label)
    return _rule_view(rule)


@delete("/wallets/{wallet:str}/top-up-rules/{currency:str}", opt={"permission": Permission.BILLING_WRITE})
async def end_top_up_rule(request: ApiRequest, wallet: FromPath[str], currency: FromPath[str]) -> None:
    """Fill the wallet no more by itself."""
    caller = caller_of(request)
    await _wallets_of(request).end_rule(caller.tenant_id, wallet, currency, by=caller.label)


def _check_currency(currency: str) -> None:
    if len(currency) != 3 or not (currency.isascii() and currency.isupper()):
        raise Invalid("Give a currency's three capital letters (ISO 4217).", field="currency")


router = Router(
    "/api/v1",
    tags=["Wallets"],
    route_handlers=[
        list_wallets,
        get_wallet,
        list_wallet_entries,
        adjust_wallet,
        use_deposit,
        set_credit_line,
        set_top_up_rule,
        end_top_up_rule,
    ],
)
