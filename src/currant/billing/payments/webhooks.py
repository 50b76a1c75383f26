"""Messages of providers: verified as they came, kept once, answered at once, and worked off as jobs.

A message is a hint and no fact: what it says of a payment is asked of the provider, and joined. So one
that comes a hundred times, late or before the one it follows changes what has changed, once.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from currant.billing.payments import store
from currant.billing.payments.methods import PaymentMethods
from currant.billing.payments.model import REFERENCE_MAX, Notice, Payment
from currant.billing.payments.operations import Operations
from currant.billing.payments.port import News, NewsAbout, NotGenuine, ProviderError
from currant.billing.payments.providers import PaymentProviders
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.jobs import Job, add_job
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, CurrantError, NotAllowed, NotFound
from currant.kit.ids import TenantId, new_id
from currant.stations import paging
from currant.stations.model import Page

log = logging.getLogger(__name__)

JOB = "payment notice"
BODY_MAX = 256 * 1024
ASKED_AGAIN_AFTER = timedelta(seconds=30)


class BodyTooLarge(CurrantError):
    """A message is longer than any that a provider sends."""

    code = "too_large"
    status = 413


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A message was taken in; `new` says whether it is the first of its kind."""

    new: bool


class Webhooks:
    """Takes messages in, and works them off."""

    def __init__(
        self,
        database: Database,
        providers: PaymentProviders,
        operations: Operations,
        methods: PaymentMethods,
        clock: Clock,
    ) -> None:
        self._database = database
        self._providers = providers
        self._operations = operations
        self._methods = methods
        self._clock = clock
        self.wake = _nothing
        """Called when there is work; whoever runs the jobs sets it."""

    async def handle(self, provider: str, hook: str, headers: Mapping[str, str], body: bytes) -> Taken:
        """Take a message in: durable when this returns. NotFound or NotAllowed when it is not one for us."""
        if len(body) > BODY_MAX:
            raise BodyTooLarge(f"A message has at most {BODY_MAX} bytes.")
        found = self._providers.by_hook(provider, hook)
        if found is None:
            raise NotFound("No provider sends its messages here.")
        tenant_id, adapter = found
        now = self._clock.now()
        try:
            news = adapter.parse_webhook(headers, body, now=now)
        except NotGenuine as error:
            log.warning("A message that %s did not sign was turned away: %s", provider, error)
            raise NotAllowed(f"This message is not genuine: {error.text}") from None
        return Taken(new=await self._keep(tenant_id, provider, news, body))

    async def _keep(self, tenant_id: TenantId, provider: str, news: News, body: bytes) -> bool:
        def apply(conn: Connection, changes: ChangeSet) -> bool:
            if store.notice_known(conn, tenant_id, provider, news.event_id):
                return False
            now = self._clock.now()
            notice_id = new_id()
            ours = news.about is not NewsAbout.NOTHING
            changes.write(
                store.INSERT_NOTICE,
                (
                    notice_id,
                    tenant_id,
                    provider,
                    news.event_id[:REFERENCE_MAX],
                    news.kind[:REFERENCE_MAX],
                    news.about.value,
                    news.reference[:REFERENCE_MAX],
                    news.payment_id[:REFERENCE_MAX],
                    body,
                    micros(now),
                    None if ours else micros(now),
                    "" if ours else "not followed",
                ),
            )
            if ours:
                add_job(changes, JOB, {"notice": notice_id}, run_at=now)
            return True

        new = await self._database.decide(apply, tenant_id)
        if new:
            self.wake()
        return new

    async def work_off(self, job: Job) -> None:
        """The handler of the jobs: what it raises has it tried again."""
        tenant_id, notice_id = job.tenant_id, str(job.payload["notice"])
        notice = await self._database.read(lambda conn: store.notice(conn, tenant_id, notice_id))
        if notice is None or notice.handled_at is not None:
            return
        if notice.about == NewsAbout.METHOD.value:
            known = await self._methods.heard_of(tenant_id, notice.provider, notice.reference)
            await self._end(notice, "heard" if known else "unknown")
            return
        payment = await self._database.read(lambda conn: _payment_of(conn, notice))
        if payment is None:
            await self._end(notice, "unknown")
            return
        try:
            await self._operations.refresh(payment, notice_id=notice.id)
        except (ProviderError, Conflict) as error:
            # It is asked again like one of which nothing was heard.
            log.warning("How payment %s stands is not known: %s", payment.id, error)
            later = micros(self._clock.now() + ASKED_AGAIN_AFTER)
            changes = ChangeSet(tenant_id)
            changes.write(store.LOOK_LATER, (later, payment.id, tenant_id))
            changes.write(
                store.HANDLE_NOTICE, (micros(self._clock.now()), "asked again", notice.id, tenant_id)
            )
            await self._database.commit(changes)

    async def list_notices(
        self,
        tenant_id: TenantId,
        *,
        provider: str = "",
        payment_id: str = "",
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[Notice]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = "" if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.list_notices(
                conn, tenant_id, provider=provider, payment_id=payment_id, before=before, limit=limit
            )
        )
        return paging.page(rows, limit, lambda notice: paging.encode(notice.id))

    async def _end(self, notice: Notice, outcome: str) -> None:
        changes = ChangeSet(notice.tenant_id)
        changes.write(store.HANDLE_NOTICE, (micros(self._clock.now()), outcome, notice.id, notice.tenant_id))
        await self._database.commit(changes)


def _payment_of(conn: Connection, notice: Notice) -> Payment | None:
    found = None
    if notice.reference:
        found = store.payment_by_reference(conn, notice.tenant_id, notice.provider, notice.reference)
    if found is None and notice.payment_id:
        # Begun, and the answer with its reference is not here yet.
        found = store.payment(conn, notice.tenant_id, notice.payment_id)
    return found if found is not None and found.provider == notice.provider else None


def _nothing() -> None:
    return None
