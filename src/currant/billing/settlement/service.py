"""The verbs of settlement: ask providers what they booked, book their fees, await their payouts."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.billing import books, flows
from currant.billing.bank.model import BankLine, Expected, ExpectedKind
from currant.billing.payments import finding
from currant.billing.payments.model import Payment
from currant.billing.payments.port import Ability, BalanceKind, BalanceLine
from currant.billing.payments.service import Payments
from currant.billing.settlement import store
from currant.billing.settlement.model import Oddity, ProviderLine, ProviderLineOdd
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound
from currant.kit.ids import TenantId
from currant.kit.money import Money
from currant.stations import paging
from currant.stations.model import Page

log = logging.getLogger(__name__)

# Providers book late, and by their own clocks.
LOOK_BACK = timedelta(days=3)
FIRST_LOOK = timedelta(days=30)
PAGES_MAX = 200
NOTE_MAX = 500
PAYOUT_TAKES = timedelta(days=5)


class Settlement:
    """What providers kept and paid out. Three ways have to agree: payment, provider, bank."""

    def __init__(self, database: Database, payments: Payments, clock: Clock) -> None:
        self._database = database
        self._payments = payments
        self._clock = clock

    async def look(self, tenant_id: TenantId) -> int:
        """Ask every provider of an organisation what it booked since; how many lines were new.

        A provider that does not answer is asked again with the next look.
        """
        new = 0
        for account in self._payments.providers.list(tenant_id):
            try:
                new += await self._look_at(tenant_id, account.name)
            except CurrantError as error:
                log.warning("What %s booked is not known: %s", account.name, error)
        return new

    async def _look_at(self, tenant_id: TenantId, provider: str) -> int:
        if Ability.BALANCE not in self._payments.providers.of(tenant_id, provider).abilities:
            return 0
        known = await self._database.read(lambda conn: store.latest(conn, tenant_id, provider))
        since = self._clock.now() - FIRST_LOOK if known is None else known - LOOK_BACK
        cursor, new = "", 0
        for _ in range(PAGES_MAX):
            page = await self._payments.balance(tenant_id, provider, since=since, cursor=cursor)
            new += await self._keep(tenant_id, provider, page.lines)
            cursor = page.next_cursor
            if not cursor:
                break
        return new

    async def _keep(self, tenant_id: TenantId, provider: str, found: Sequence[BalanceLine]) -> int:
        def keep(conn: Connection, changes: ChangeSet) -> int:
            fresh = [line for line in found if store.one(conn, tenant_id, provider, line.id) is None]
            references = {line.payment_reference or line.reference for line in fresh}
            payments = finding.of_provider(conn, tenant_id, provider, references)
            for line in fresh:
                payment = payments.get(line.payment_reference or line.reference)
                kept = _kept(tenant_id, provider, line, payment)
                store.save(changes, kept)
                fee = -line.net if line.kind is BalanceKind.FEE else line.fee
                if fee:
                    money = Money(minor_units=fee, currency=line.currency)
                    source = f"{provider}:{line.id}"
                    entry = flows.fee_taken(source, provider, money, at=line.at, source_type="provider_line")
                    books.post(conn, tenant_id, [entry])
                if kept.oddity:
                    changes.emit(self._odd(kept))
            return len(fresh)

        return await self._database.decide(keep, tenant_id) if found else 0

    async def lines(
        self, tenant_id: TenantId, *, odd: bool = False, cursor: str | None = None, limit: int = 50
    ) -> Page[ProviderLine]:
        """What providers booked, latest first; with `odd` what nobody has explained."""
        limit = paging.bounded(limit)
        before = None
        if cursor is not None:
            at, line_id = paging.decode(cursor, int, str)
            before = (int(at), str(line_id))
        found = await self._database.read(
            lambda conn: store.search(conn, tenant_id, odd=odd, before=before, limit=limit + 1)
        )
        return paging.page(found, limit, lambda line: paging.encode(micros(line.at), line.id))

    async def explain(
        self, tenant_id: TenantId, provider: str, line_id: str, note: str, *, by: str
    ) -> ProviderLine:
        """A person says what an odd line is. Raises NotFound, Conflict, Invalid."""
        if not note.strip() or len(note) > NOTE_MAX:
            raise Invalid(f"Say in 1 to {NOTE_MAX} characters what it is.", field="note")

        def explain(conn: Connection, changes: ChangeSet) -> ProviderLine:
            known = store.one(conn, tenant_id, provider, line_id)
            if known is None:
                raise NotFound("There is no such line.", field="line_id")
            if not known.oddity:
                raise Conflict("Nothing is odd about this line.")
            after = replace(known, explained=note.strip(), by=by)
            store.save(changes, after)
            changes.emit(self._odd(after))
            return after

        return await self._database.decide(explain, tenant_id)

    # The bank's side (bank.service.Expecting)

    async def open(self, tenant_id: TenantId, *, limit: int) -> Sequence[Expected]:
        """Payouts that no bank statement has told of."""
        awaited = await self._database.read(
            lambda conn: store.search(conn, tenant_id, payouts_awaited=True, limit=limit)
        )
        return [
            Expected(
                kind=ExpectedKind.PAYOUT,
                id=f"{line.provider}:{line.id}",
                owner=line.provider,
                amount=-line.net,
                currency=line.currency,
                references=tuple(each for each in (line.reference, line.id) if each),
                names=(line.provider,),
                since=line.at.date(),
                due_on=(line.at + PAYOUT_TAKES).date(),
            )
            for line in awaited
            if line.net
        ]

    def settle(
        self, connection: Connection, changes: ChangeSet, tenant_id: TenantId, id_: str, line: BankLine
    ) -> None:
        """Book that a payout came: out of the provider's clearing account, into the bank's."""
        provider, _, line_id = id_.partition(":")
        known = store.one(connection, tenant_id, provider, line_id)
        if known is None or known.kind is not BalanceKind.PAYOUT:
            raise NotFound("There is no such payout.", field="id")
        if known.arrived:
            raise Conflict("This payout has come already.")
        if (line.line.amount, line.line.currency) != (-known.net, known.currency):
            raise Conflict(
                f"The payout was {-known.net} {known.currency} and the bank has {line.line.amount} "
                f"{line.line.currency} (minor units): ask the provider."
            )
        booked_at = datetime.combine(line.line.booked_on, datetime.min.time(), tzinfo=UTC)
        books.post(
            connection,
            tenant_id,
            [
                flows.paid_out(
                    id_, provider, Money(minor_units=-known.net, currency=known.currency), at=booked_at
                )
            ],
        )
        store.save(changes, replace(known, arrived=line.id))

    def _odd(self, line: ProviderLine) -> ProviderLineOdd:
        return ProviderLineOdd(
            tenant_id=line.tenant_id,
            happened_at=self._clock.now(),
            provider=line.provider,
            line_id=line.id,
            oddity=line.oddity,
            explained=line.explained,
            by=line.by,
        )


def _kept(tenant_id: TenantId, provider: str, line: BalanceLine, payment: Payment | None) -> ProviderLine:
    return ProviderLine(
        id=line.id,
        tenant_id=tenant_id,
        provider=provider,
        kind=line.kind,
        currency=line.currency,
        gross=line.gross,
        fee=line.fee,
        net=line.net,
        at=line.at,
        payment_id="" if payment is None else payment.id,
        reference=line.payout_reference or line.reference,
        oddity=oddity_of(line, payment),
    )


def oddity_of(line: BalanceLine, payment: Payment | None) -> Oddity:
    """What does not fit between a provider's line and the payment it is about."""
    if line.kind is BalanceKind.ADJUSTMENT:
        return Oddity.UNEXPLAINED
    if line.kind in (BalanceKind.PAYOUT, BalanceKind.FEE):
        return Oddity.NONE
    if payment is None:
        return Oddity.NO_PAYMENT
    if line.currency != payment.currency:
        return Oddity.CURRENCY
    if line.kind is BalanceKind.CHARGE and line.gross != payment.captured:
        return Oddity.AMOUNT
    if line.kind is BalanceKind.REFUND and not 0 < -line.gross <= payment.refunded:
        return Oddity.AMOUNT
    return Oddity.NONE
