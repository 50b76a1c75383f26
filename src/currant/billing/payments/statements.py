"""Compares what providers booked with what is known here, so that nothing stays unnoticed of which no message came.

A dispute, or a refund that somebody made at the provider itself, changes a payment that nobody asks about
any more. The provider's statement names it: then it is asked.
"""

import logging
from datetime import timedelta

import msgspec

from currant.billing.payments import store
from currant.billing.payments.model import Payment
from currant.billing.payments.operations import Operations
from currant.billing.payments.port import Ability, BalanceKind, BalanceLine, ProviderError
from currant.billing.payments.providers import PaymentProviders
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import CurrantError
from currant.kit.ids import TenantId

log = logging.getLogger(__name__)

LOOKED_BACK = timedelta(days=7)
PAGES_MAX = 200
OF_PAYMENTS = frozenset({BalanceKind.CHARGE, BalanceKind.REFUND, BalanceKind.DISPUTE})


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison found; `unknown` are the provider's references of payments that nobody here began."""

    lines: int = 0
    asked: int = 0
    unknown: tuple[str, ...] = ()


class Statements:
    """Reads providers' statements and asks about what is not known."""

    def __init__(
        self, database: Database, providers: PaymentProviders, operations: Operations, clock: Clock
    ) -> None:
        self._database = database
        self._providers = providers
        self._operations = operations
        self._clock = clock

    async def compare_all(self) -> None:
        """Compare the last days, for every organisation and provider that can be asked."""
        for tenant_id, name in self._providers.everybodys():
            try:
                found = await self.compare(tenant_id, name)
            except (ProviderError, CurrantError) as error:
                log.warning("What %s booked for %s is not known: %s", name, tenant_id, error)
                continue
            if found.unknown:
                log.info("%s has %d payments that were not begun here.", name, len(found.unknown))

    async def compare(self, tenant_id: TenantId, name: str) -> Compared:
        """Compare the last days of one provider. ProviderError when it does not say."""
        provider = self._providers.of(tenant_id, name)
        if Ability.BALANCE not in provider.abilities:
            return Compared()
        since, cursor = self._clock.now() - LOOKED_BACK, ""
        lines, asked, unknown = 0, set[str](), set[str]()
        for _ in range(PAGES_MAX):
            page = await provider.list_balance_transactions(since=since, cursor=cursor)
            for line in page.lines:
                lines += 1
                if line.kind not in OF_PAYMENTS or not line.payment_reference:
                    continue
                payment = await self._payment(tenant_id, name, line.payment_reference)
                if payment is None:
                    unknown.add(line.payment_reference)
                elif payment.id not in asked and not _is_known(payment, line):
                    asked.add(payment.id)
                    await self._operations.refresh(payment)
            cursor = page.next_cursor
            if not cursor:
                break
        return Compared(lines=lines, asked=len(asked), unknown=tuple(sorted(unknown)))

    async def _payment(self, tenant_id: TenantId, name: str, reference: str) -> Payment | None:
        return await self._database.read(
            lambda conn: store.payment_by_reference(conn, tenant_id, name, reference)
        )


def _is_known(payment: Payment, line: BalanceLine) -> bool:
    """Whether a payment shows already what a line tells."""
    if line.kind is BalanceKind.CHARGE:
        return payment.captured > 0
    if line.kind is BalanceKind.REFUND:
        return any(each.reference == line.reference for each in payment.refunds)
    return any(each.reference == line.reference for each in payment.disputes)
