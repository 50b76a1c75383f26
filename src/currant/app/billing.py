"""What an installation charges for sessions with: its services, who follows what for them, and what is told."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

from currant.access.counting import SessionUse
from currant.app.duties import Duty
from currant.billing.charges.common import COLLECT, SETTLE, ChargeTerms
from currant.billing.charges.costs import Costs
from currant.billing.charges.locking import LOCKED_EVENTS, PriceLocks
from currant.billing.charges.model import (
    CHARGE_EVENTS,
    RECEIVABLE_EVENTS,
    ChargeFinal,
)
from currant.billing.charges.payers import Usual
from currant.billing.charges.running import RunningCosts
from currant.billing.charges.service import SETTLED_EVENTS, Charges
from currant.billing.onsite.showing import CostShowing, shows_cost_known_to
from currant.billing.payments.model import PAYMENT_EVENTS
from currant.charging.events import SessionCorrected, SessionEnded
from currant.charging.model import Reading, Session
from currant.db.jobs import JobRunner
from currant.drivers.selling import Selling
from currant.events.delivery import Subscription
from currant.kit.event import Event
from currant.kit.ids import SessionId, TenantId
from currant.pricing.events import SpotPricesChanged

if TYPE_CHECKING:
    from currant.access.policy_model import Cost
    from currant.app.container import Currant
    from currant.app.settings_of_charges import ChargeSettings

CHARGES_RECORDED: tuple[type[Event], ...] = (*CHARGE_EVENTS, *RECEIVABLE_EVENTS)
"""Those who sell react to them; who owes what is not for everybody who may follow the network."""


def start_charges(currant: "Currant", stack: AsyncExitStack) -> None:
    """Make the services of charges; prices, sessions, payments and evidence are there already."""
    settings, database, clock = currant.settings, currant.database, currant.clock
    locks = PriceLocks(database, currant.pricing, currant.access, currant.directory)
    charges = currant.charges = Charges(
        database,
        currant.charging,
        currant.pricing,
        locks,
        currant.access,
        clock,
        charge_terms(settings.charges),
        payments=getattr(currant, "payments", None),
        evidence=currant.evidence,
        reservations=currant.reservations,
    )
    charges.mailer = currant.mailer

    async def name_of(tenant_id: TenantId) -> str:
        return (await currant.tenancy.organisations.get(tenant_id)).name

    async def measured(session: Session) -> tuple[Session, tuple[Reading, ...]]:
        return await currant.charging.measured(session.tenant_id, session.id)

    charges.name_of = name_of
    running = RunningCosts(currant.board, clock, basis_of=charges.basis_of, measured=measured)
    stack.push_async_callback(running.stop)
    currant.running_costs = running
    currant.costs = Costs(charges, running, currant.charging)
    currant.showing = CostShowing(
        currant.registry,
        currant.registry.open_sessions,
        shows_cost_known_to(currant.device),
        running,
        currant.charging.get,
        clock,
    )
    currant.selling = Selling(currant.costs, currant.pricing, currant.directory)

    network_metered = currant.network.metered

    def metered(session: Session) -> None:
        network_metered(session)
        running.metered(session)

    currant.charging.metered = metered
    runner = JobRunner(database, {SETTLE: charges.settle_job, COLLECT: charges.collect_job}, clock=clock)
    runner.start()
    stack.push_async_callback(runner.stop)


def quota_costs(currant: "Currant") -> "QuotaCosts":
    """What sessions cost, for quotas of money: they are counted before anything is sold."""
    return QuotaCosts(currant)


class QuotaCosts:
    """Answers access.counting.CostOf as soon as there are charges."""

    def __init__(self, currant: "Currant") -> None:
        self._currant = currant

    async def __call__(self, tenant_id: TenantId, session_id: SessionId) -> "Cost":
        return await self._currant.costs.for_quota(tenant_id, session_id)


def charge_terms(wanted: "ChargeSettings") -> ChargeTerms:
    """How sessions are charged for, as it is set."""
    return ChargeTerms(
        settle_after=timedelta(seconds=wanted.settle_after_s),
        review_above=wanted.review_above or None,
        usual=Usual(accounts_pay_by=wanted.accounts_pay_by, open_is_free=wanted.open_is_free),
        due_after=timedelta(days=wanted.due_days),
        reminders=wanted.reminder_days,
        block_after=timedelta(days=wanted.block_days) if wanted.block_days else None,
    )


def charge_subscriptions(currant: "Currant", *, node: str) -> list[Subscription]:
    """Who follows what for charges."""
    charges, running = currant.charges, currant.running_costs

    def let_go(event: SessionEnded | SessionCorrected) -> None:
        running.ended(event.session_id)

    return [
        Subscription("prices of sessions", charges.locks.follow, to=LOCKED_EVENTS),
        Subscription("charges", charges.follow, to=SETTLED_EVENTS),
        Subscription("payments of charges", charges.follow_payment, to=PAYMENT_EVENTS, skip_after=20),
        Subscription(
            "charges that wait for a market", charges.spot_changed, to=(SpotPricesChanged,), skip_after=5
        ),
        Subscription("quotas of money", Counted(currant).follow, to=(ChargeFinal,), skip_after=5),
        Subscription(f"running costs of {node}", let_go, to=SETTLED_EVENTS, skip_after=1),
        Subscription(
            f"final costs at stations of {node}", currant.showing.charged, to=(ChargeFinal,), skip_after=1
        ),
        Subscription(f"costs shown by {node}", running.charged, to=(ChargeFinal,), skip_after=1),
    ]


def charge_duties(currant: "Currant") -> list[Duty]:
    """What is looked after again and again."""

    async def forget() -> None:
        currant.running_costs.forget_unasked()

    return [
        Duty(
            name="sessions not charged for",
            every_s=3600,
            run=currant.charges.charge_forgotten,
            first_s=900,
        ),
        Duty(name="reminders of what is owed", every_s=60, run=currant.charges.remind, first_s=25),
        Duty(name="costs at stations", every_s=15, run=currant.showing.turn, first_s=15, alone=False),
        Duty(name="running costs nobody asks for", every_s=300, run=forget, first_s=300, alone=False),
    ]


class Counted:
    """Counts what a session came to in the end for the quotas of money that it was counted for."""

    def __init__(self, currant: "Currant") -> None:
        self._access = currant.access

    async def follow(self, event: ChargeFinal) -> None:
        if event.token_id is None:
            return
        await self._access.counting.note(
            SessionUse(
                tenant_id=event.tenant_id,
                session_id=event.session_id,
                number=event.session_number,
                station_id=event.station_id,
                location_id=event.location_id,
                evse=event.evse,
                token_id=event.token_id,
                account_id=event.account_id,
                started_at=event.started_at,
                energy_wh=event.energy_wh,
                is_open=False,
                authorised=False,
            )
        )
