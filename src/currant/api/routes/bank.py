"""Bank statements: taken in, matched with what was expected, and what needs a person."""

import asyncio
from datetime import date
from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from currant.api.authentication import ApiRequest
from currant.api.problems import ApiError
from currant.api.routes.common import caller_of, services_of, tenant_of
from currant.billing.bank.camt import read_camt
from currant.billing.bank.model import BankLine, ExpectedKind, LineState
from currant.billing.bank.service import BankService, Imported, WorkList
from currant.billing.bank.table import read_table
from currant.billing.settlement.model import ProviderLine
from currant.billing.settlement.service import Settlement
from currant.kit.errors import Invalid
from currant.stations.model import Page
from currant.tenancy.model import Permission

BYTES_MAX = 20_000_000
CAMT, CSV = ("application/xml", "text/xml"), "text/csv"

Text = Annotated[str, QueryParameter(max_length=200, required=False)]


class LineMatched(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says a line is for."""

    kind: ExpectedKind
    id: str


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line is none of ours."""

    note: str


class LookedAgain(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the open lines."""

    settled: int
    proposed: int


def _bank_of(request: ApiRequest) -> BankService:
    bank = services_of(request).bank
    assert bank is not None, "Where money is owed statements are read."
    return bank


def _settlement_of(request: ApiRequest) -> Settlement:
    settlement = services_of(request).settlement
    assert settlement is not None, "Where payments are taken they are settled."
    return settlement


@post(
    "/statements",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE, "takes": (*CAMT, CSV)},
    request_max_body_size=BYTES_MAX,
)
async def import_statements(
    request: ApiRequest,
    account: Text = "",
    name: Text = "",
    currency: Text = "",
    columns: Annotated[
        str,
        QueryParameter(
            max_length=2_000,
            required=False,
            description='For CSV: what your columns are called, as JSON: `{"Buchungstag": "booked_on"}`.',
        ),
    ] = "",
) -> Imported:
    """Take in a bank's statements: the body is the file, CAMT.053 (XML) or CSV.

    A CSV needs `account` (its IBAN); its first row names the columns `booked_on`, `amount`, `currency` and, if
    there are, `valued_on`, `name`, `iban`, `reference`, `text`, `id`. What names an invoice or a payout with its
    very amount is booked; the rest is proposed or left open. The same file again changes nothing.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    caller, body = caller_of(request), await request.body()
    if kind in CAMT:
        found = await asyncio.to_thread(read_camt, body)
    elif kind == CSV:
        if not account:
            raise Invalid("Say of which account this is: `?account=` with its IBAN.", field="account")
        called = _columns(columns)
        found = (
            await asyncio.to_thread(
                read_table, body, account=account, name=name or account, columns=called, currency=currency
            ),
        )
    else:
        raise ApiError(
            415, "unsupported_media_type", "Send `Content-Type: application/xml` (CAMT.053) or `text/csv`."
        )
    return await _bank_of(request).take_in(caller.tenant_id, found, by=caller.label)


def _columns(columns: str) -> dict[str, str]:
    if not columns:
        return {}
    try:
        return msgspec.json.decode(columns, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise Invalid('`columns` is JSON such as {"Buchungstag": "booked_on"}.', field="columns") from error


@get("/lines", opt={"permission": Permission.BILLING_READ})
async def list_bank_lines(
    request: ApiRequest,
    wanted: Annotated[LineState | None, QueryParameter(name="state", required=False)] = None,
    since: Annotated[date | None, QueryParameter(required=False)] = None,
    cursor: Annotated[str | None, QueryParameter(max_length=500, required=False)] = None,
    limit: Annotated[int, QueryParameter(required=False)] = 50,
) -> Page[BankLine]:
    """What came in and went out, those imported last first."""
    return await _bank_of(request).lines(
        tenant_of(request), state=wanted, since=since, cursor=cursor, limit=limit
    )


@get("/work-list", opt={"permission": Permission.BILLING_READ})
async def get_bank_work_list(request: ApiRequest) -> WorkList:
    """What needs a person: how many lines nobody knows, and money that should have come by now."""
    return await _bank_of(request).work_list(tenant_of(request))


@post("/look-again", status_code=200, opt={"permission": Permission.BILLING_WRITE})
async def match_bank_lines(request: ApiRequest) -> LookedAgain:
    """Match the open lines with what is expected now, such as after invoices were issued."""
    settled, proposed = await _bank_of(request).look_again(tenant_of(request))
    return LookedAgain(settled=settled, proposed=proposed)


@post("/lines/{bank_line:str}/settle", status_code=200, opt={"permission": Permission.BILLING_WRITE})
async def settle_bank_line(
    request: ApiRequest, bank_line: FromPath[str], data: JSONBody[LineMatched]
) -> BankLine:
    """Say what a line is for: a `payout`, a `document` or a `host`'s share. It is booked once."""
    caller = caller_of(request)
    return await _bank_of(request).settle(caller.tenant_id, bank_line, data.kind, data.id, by=caller.label)


@post("/lines/{bank_line:str}/set-aside", status_code=200, opt={"permission": Permission.BILLING_WRITE})
async def set_bank_line_aside(
    request: ApiRequest, bank_line: FromPath[str], data: JSONBody[SetAside]
) -> BankLine:
    """A line is none of ours: say why."""
    caller = caller_of(request)
    return await _bank_of(request).set_aside(caller.tenant_id, bank_line, data.note, by=caller.label)


@post("/lines/{bank_line:str}/reopen", status_code=200, opt={"permission": Permission.BILLING_WRITE})
async def reopen_bank_line(request: ApiRequest, bank_line: FromPath[str]) -> BankLine:
    """Look again at a line that was set aside."""
    caller = caller_of(request)
    return await _bank_of(request).reopen(caller.tenant_id, bank_line, by=caller.label)


@get("/provider-lines", opt={"permission": Permission.BILLING_READ})
async def list_provider_lines(
    request: ApiRequest,
    odd: Annotated[
        bool, QueryParameter(required=False, description="Only what does not fit and nobody has explained.")
    ] = False,
    cursor: Annotated[str | None, QueryParameter(max_length=500, required=False)] = None,
    limit: Annotated[int, QueryParameter(required=False)] = 50,
) -> Page[ProviderLine]:
    """What payment providers booked for us: payments, refunds, fees, payouts, latest first."""
    return await _settlement_of(request).lines(tenant_of(request), odd=odd, cursor=cursor, limit=limit)


@post(
    "/provider-lines/{provider:str}/{provider_line:str}/explain",
    status_code=200,
    opt={"permission": Permission.BILLING_WRITE},
)
async def explain_provider_line(
    request: ApiRequest, provider: FromPath[str], provider_line: FromPath[str], data: JSONBody[SetAside]
) -> ProviderLine:
    """Say what a provider's line is that does not fit any payment."""
    caller = caller_of(request)
    return await _settlement_of(request).explain(
        caller.tenant_id, provider, provider_line, data.note, by=caller.label
    )


@post("/look-at-providers", status_code=200, opt={"permission": Permission.BILLING_WRITE})
async def look_at_providers(request: ApiRequest) -> LookedAgain:
    """Ask the payment providers now what they booked, and match the bank's lines with it."""
    tenant_id = tenant_of(request)
    await _settlement_of(request).look(tenant_id)
    settled, proposed = await _bank_of(request).look_again(tenant_id)
    return LookedAgain(settled=settled, proposed=proposed)


router = Router(
    "/api/v1/bank",
    tags=["Bank"],
    route_handlers=[
        import_statements,
        list_bank_lines,
        get_bank_work_list,
        match_bank_lines,
        settle_bank_line,
        set_bank_line_aside,
        reopen_bank_line,
        list_provider_lines,
        explain_provider_line,
        look_at_providers,
    ],
)
