"""What an installation takes payments with: its services, the providers, who follows what, what is looked after."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx

from currant.app.duties import Duty
from currant.billing.payments.model import PAYMENT_EVENTS, MethodChanged, PaymentProviderChanged
from currant.billing.payments.mollie import mollie
from currant.billing.payments.providers import PaymentProviders, ProviderDraft
from currant.billing.payments.razorpay import razorpay
from currant.billing.payments.sandbox import Sandbox
from currant.billing.payments.sandbox_account import NAME as SANDBOX
from currant.billing.payments.service import Payments
from currant.billing.payments.stripe import stripe
from currant.billing.payments.webhooks import JOB
from currant.db.jobs import JobRunner
from currant.events.delivery import Subscription
from currant.kit.crypto import new_secret
from currant.kit.event import Event

if TYPE_CHECKING:
    from currant.app.container import Currant

PAYMENTS_FOLLOWED: tuple[type[Event], ...] = (PaymentProviderChanged,)
PAYMENTS_RECORDED: tuple[type[Event], ...] = (*PAYMENT_EVENTS, MethodChanged)
"""Those who charge react to them; not everybody who may follow the network may know who pays."""

OURSELVES = "http://localhost"


async def start_payments(currant: "Currant", stack: AsyncExitStack) -> None:
    """Make the services of payments. The sandbox is there where it was asked for, and nowhere else."""
    settings, database, clock = currant.settings, currant.database, currant.clock
    outbound, key = currant.outbound, currant.place.installation_key()
    kinds = [stripe(outbound), razorpay(outbound), mollie(outbound)]
    currant.sandbox = None
    if settings.payments.sandbox:
        currant.sandbox = Sandbox(database, clock, base_url=settings.http.public_url)
        currant.sandbox.deliver = lambda path, headers, body: _bring(currant, path, headers, body)
        kinds.append(currant.sandbox.kind())
    providers = PaymentProviders(database, clock, kinds, key=key, public_url=settings.http.public_url)
    await providers.start()
    currant.payments = Payments(database, providers, clock)
    host = currant.tenancy.host_tenant_id
    if currant.sandbox is not None and not providers.list(host):
        draft = ProviderDraft(priority=1_000, secrets={"webhook_secret": new_secret(32)})
        await providers.put(host, SANDBOX, draft, by="payments.sandbox")
    runner = JobRunner(database, {JOB: currant.payments.webhooks.work_off}, clock=clock)
    currant.payments.webhooks.wake = runner.wake
    runner.start()
    stack.push_async_callback(runner.stop)


def payment_subscriptions(payments: Payments, *, node: str) -> list[Subscription]:
    """Who follows what for payments."""
    return [
        Subscription(f"payment providers of {node}", payments.providers.follow, to=PAYMENTS_FOLLOWED),
    ]


def payment_duties(currant: "Currant") -> list[Duty]:
    """What is looked after again and again."""
    duties = [Duty(name="payments under way", every_s=10, run=currant.payments.reconcile, first_s=7)]
    compare = currant.payments.statements.compare_all
    duties.append(Duty(name="statements of payment providers", every_s=21_600, run=compare, first_s=600))
    if currant.sandbox is not None:
        duties.append(Duty(name="the sandbox of payments", every_s=1, run=currant.sandbox.tick, first_s=3))
    return duties


async def _bring(currant: "Currant", path: str, headers: Mapping[str, str], body: bytes) -> int:
    """Bring a message of the sandbox to the webhook route: the real one, without a socket in between."""
    app: Any = currant.api.app
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=OURSELVES) as client:
        answer = await client.post(path, content=body, headers=dict(headers))
        return answer.status_code
