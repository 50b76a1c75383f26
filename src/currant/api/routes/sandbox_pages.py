"""The sandbox's page, on which somebody pays with test cards and test addresses; no script, and no real card.

It stands for the page of a real provider: another company's as far as everything else is concerned.
"""

from html import escape
from urllib.parse import parse_qs

from litestar import MediaType, Response, Router, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from currant.api.authentication import PUBLIC, ApiRequest
from currant.api.problems import ApiError
from currant.api.routes.common import services_of
from currant.billing.payments.model import PaymentState
from currant.billing.payments.port import Declined
from currant.billing.payments.sandbox import Sandbox, SandboxPage
from currant.billing.payments.sandbox_rules import CARDS, UPI, SandboxPayment
from currant.kit.crypto import new_secret
from currant.kit.money import from_minor

OPEN = {"permission": PUBLIC, "any_parameters": True}
FORM_MAX = 4_096

STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { max-width: 26rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5; }
.note { border-left: .3rem solid #b45309; padding: .2rem .8rem; }
.sum { font-size: 2rem; font-weight: 600; margin: .5rem 0; font-variant-numeric: tabular-nums; }
label { display: block; margin: .4rem 0; }
input[type=text] { font: inherit; width: 100%; padding: .5rem; box-sizing: border-box; }
button { font: inherit; padding: .6rem 1.2rem; margin: .8rem .5rem 0 0; }
"""

WORDS = {
    PaymentState.AUTHORISED: "The money is held",
    PaymentState.CAPTURED: "It is paid",
    PaymentState.VOIDED: "This payment was given up",
    PaymentState.EXPIRED: "The time for this payment is over",
    PaymentState.FAILED: "This payment failed",
}


def sandbox_of(request: ApiRequest) -> Sandbox:
    sandbox = services_of(request).sandbox
    if sandbox is None:
        raise ApiError(404, "not_found", "There is no sandbox here.")
    return sandbox


@get("/pay/sandbox/{reference:str}", opt=OPEN, include_in_schema=False)
async def show_sandbox_page(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """What is to be paid, and with what it can be tried."""
    return _answer(await sandbox_of(request).page(reference))


@post(
    "/pay/sandbox/{reference:str}",
    opt=OPEN,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=FORM_MAX,
)
async def use_sandbox_page(request: ApiRequest, reference: FromPath[str]) -> Response[str] | Redirect:
    """A payer enters a test card, or answers their bank or UPI app."""
    sandbox = sandbox_of(request)
    form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
    does = form.get("does", [""])[0]
    wrong = ""
    try:
        if does == "pay":
            page = await sandbox.present(reference, (form.get("number") or form.get("card") or [""])[0])
        else:
            page = await sandbox.answer(reference, yes=does == "yes")
    except Declined as error:
        page, wrong = await sandbox.page(reference), error.text
    # The message goes its own way, as it does with real providers: the payer may be back before it.
    if not wrong and not _waits(page) and page.return_url.startswith("/") and "//" not in page.return_url[:2]:
        return Redirect(page.return_url, status_code=303)
    return _answer(page, wrong)


def _waits(page: SandboxPage) -> bool:
    state = page.method_state if page.payment is None else page.payment.state
    return state is PaymentState.NEEDS_ACTION


def _answer(page: SandboxPage, wrong: str = "") -> Response[str]:
    nonce = new_secret(20)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>Sandbox payment</title><style nonce="{nonce}">{STYLE}</style></head>'
        f"<body><main><h1>Sandbox payment</h1>{_body(page, wrong)}</main></body></html>"
    )
    return Response(text, media_type=MediaType.HTML, headers={"Content-Security-Policy": policy})


def _body(page: SandboxPage, wrong: str) -> str:
    parts = ['<p class="note">No money moves here. Real cards are not taken.</p>']
    payment = page.payment
    if payment is not None:
        amount = from_minor(payment.amount, payment.currency)
        parts.append(f'<p class="sum">{amount} {escape(payment.currency)}</p>')
        parts.append(f"<p>{escape(payment.description)}</p>")
    else:
        parts.append("<p>A card is stored, to be charged later.</p>")
    if told := wrong or page.failure:
        parts.append(f'<p role="alert"><strong>{escape(told)}</strong></p>')
    if not _waits(page):
        parts.append(_over(page))
    elif payment is not None and payment.challenged:
        parts.append(f"<p>The bank of this card asks: is it you?</p>{_yes_or_no('Yes, pay', 'No')}")
    elif payment is not None and payment.pay_with in UPI:
        parts.append(f"<p>{_upi(payment)}</p>{_yes_or_no('Approve', 'Decline')}")
    else:
        parts.append(_cards("Store the card" if payment is None else "Pay"))
    return "".join(parts)


def _upi(payment: SandboxPayment) -> str:
    if payment.upi_address:
        return f"An UPI app was asked at {escape(payment.upi_address)}."
    return "This is the UPI app that has read the code."


def _over(page: SandboxPage) -> str:
    payment = page.payment
    words = "The card is stored" if payment is None else WORDS.get(payment.state, payment.state.value)
    back = ""
    if page.return_url:
        back = f'<p><a href="{escape(page.return_url)}" rel="noreferrer">Back to charging</a></p>'
    return f'<p role="status"><strong>{escape(words)}.</strong></p>{back}'


def _yes_or_no(yes: str, no: str) -> str:
    return (
        '<form method="post">'
        f'<button name="does" value="yes">{yes}</button><button name="does" value="no">{no}</button></form>'
    )


def _cards(button: str) -> str:
    rows = "".join(
        f'<label><input type="radio" name="card" value="{card.number}"{" checked" if first else ""}> '
        f"{escape(card.number)}: {escape(card.does)}</label>"
        for first, card in ((index == 0, card) for index, card in enumerate(CARDS.values()))
    )
    return (
        f'<form method="post" autocomplete="off"><fieldset><legend>A test card</legend>{rows}'
        '<label>Or its number <input type="text" name="number" inputmode="numeric" maxlength="23"></label>'
        f'</fieldset><button name="does" value="pay">{button}</button></form>'
    )


router = Router("/", tags=["Payments"], route_handlers=[show_sandbox_page, use_sandbox_page])
