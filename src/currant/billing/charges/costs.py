"""What sessions cost, for whoever asks: while they go on, until they are charged for, and finally.

One place for the console, the driver's app, quotas of money and stations with displays, so that all of
them are told the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from currant.access.policy_model import Cost as QuotaCost
from currant.billing.charges.model import Charge, ChargeDetails, RunningCost
from currant.billing.charges.running import RunningCosts
from currant.billing.charges.service import Charges
from currant.charging.model import Session
from currant.charging.service import ChargingService
from currant.kit.errors import NotFound
from currant.kit.ids import SessionId, TenantId


class SessionCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a session costs. Amounts are minor units; `final` once they are owed."""

    currency: str
    net: int
    tax: int
    gross: int
    final: bool
    at: datetime | None = None
    """Until when it is counted, while it goes on."""


class Costs:
    """What sessions cost."""

    def __init__(self, charges: Charges, running: RunningCosts, charging: ChargingService) -> None:
        self._charges = charges
        self._running = running
        self._charging = charging

    async def of(self, tenant_id: TenantId, sessions: Sequence[Session]) -> Mapping[SessionId, SessionCost]:
        """The costs of sessions, of those that have a price."""
        if not sessions:
            return {}
        costs: dict[SessionId, SessionCost] = {}
        charged = await self._charges.current(tenant_id, [session.id for session in sessions])
        for session in sessions:
            charge = charged.get(session.id)
            if charge is not None:
                costs[session.id] = of_charge(charge)
                continue
            running = await self._running.cost_of(session)
            if running is not None:
                costs[session.id] = of_running(running)
        return costs

    async def now(self, session: Session) -> RunningCost | None:
        """What a session under way has cost until now, line by line; None where it has no price."""
        return await self._running.cost_of(session)

    async def charged(self, session: Session) -> tuple[Charge, ChargeDetails] | None:
        """The charge of a session that counts, with all that explains it."""
        found = (await self._charges.current(session.tenant_id, [session.id])).get(session.id)
        return None if found is None else await self._charges.get(session.tenant_id, found.id)

    async def for_quota(self, tenant_id: TenantId, session_id: SessionId) -> QuotaCost:
        """What counts of a session for quotas of money: what is asked for, taxes and all."""
        try:
            session = await self._charging.get(tenant_id, session_id)
        except NotFound:
            return QuotaCost()
        found = (await self.of(tenant_id, [session])).get(session_id)
        if found is None:
            return QuotaCost()
        return QuotaCost(minor_units=max(found.gross, 0), currency=found.currency)


def of_charge(charge: Charge) -> SessionCost:
    return SessionCost(
        currency=charge.currency,
        net=charge.net,
        tax=charge.tax,
        gross=charge.gross,
        final=charge.finalised_at is not None,
    )


def of_running(running: RunningCost) -> SessionCost:
    return SessionCost(
        currency=running.currency,
        net=running.net,
        tax=running.tax,
        gross=running.gross,
        final=False,
        at=running.at,
    )
