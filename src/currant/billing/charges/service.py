"""Charges: sessions are priced when they end, and again when they turn out otherwise.

The end of a session leaves a job, so nothing is forgotten when the server dies, and the job may run as
often as it likes: what is right already is left alone. Pricing, the ledger's entries and the charge's
state are one decision.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec
from sqlalchemy import Connection

from currant.billing.charges import settling, store
from currant.billing.charges.collecting import Collecting
from currant.billing.charges.common import SETTLE, no_charge
from currant.billing.charges.model import (
    Charge,
    ChargeDetails,
    ChargeFilter,
    Payer,
    PayerKind,
    PriceLock,
    RunningCost,
)
from currant.billing.charges.payers import Known, payer_of, reasons_to_review
from currant.billing.charges.pricing_sessions import (
    FOR_FREE,
    markets_of,
    priced,
    prices_reservations,
    taken_for,
)
from currant.billing.charges.releasing import Releasing
from currant.billing.charges.running import Basis
from currant.billing.charges.settling import Outcome, Step
from currant.billing.charges.taxing import SessionTax, tax_of
from currant.billing.charges.timelines import timeline_of
from currant.billing.payments.model import CreditTo, Payment, PaymentState
from currant.charging import repairs
from currant.charging.events import SessionCorrected, SessionEnded
from currant.charging.model import Phase, Session
from currant.db.commits import ChangeSet
from currant.db.jobs import Job, add_job
from currant.kit.clock import micros
from currant.kit.errors import CurrantError
from currant.kit.ids import AccountId, ChargeId, LocationId, SessionId, TenantId
from currant.pricing.charge import Bill
from currant.pricing.events import SpotPricesChanged
from currant.pricing.model import Purpose, TariffVersion
from currant.pricing.spot import SpotPrices
from currant.pricing.taxing import NO_TAX
from currant.pricing.timeline import Timeline
from currant.stations import paging
from currant.stations.model import Page
from currant.stations.sites import Site, site_of

log = logging.getLogger(__name__)

SETTLED_EVENTS = (SessionEnded, SessionCorrected)
COUNT_MAX = 10_000
Revenue = list[tuple[str, int, int, int]]
WAITING_AT_ONCE = 1_000
# From so many readings on a session is rated beside the loop.
MANY_READINGS = 500
FORGOTTEN_AFTER = timedelta(hours=6)
FORGOTTEN_FOR = timedelta(days=60)
FORGOTTEN_AT_ONCE = 1_000
LOST = frozenset({PaymentState.FAILED, PaymentState.EXPIRED, PaymentState.VOIDED})


class CostNow(msgspec.Struct, frozen=True, kw_only=True):
    """What a session costs: until now, or finally. `charge` and `details` once there is a charge."""

    running: RunningCost | None = None
    charge: Charge | None = None
    details: ChargeDetails | None = None
    version: TariffVersion | None = None
    lock: PriceLock | None = None


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a session before it is decided on."""

    session: Session
    timeline: Timeline
    versions: Mapping[Purpose, tuple[PriceLock, TariffVersion]]
    site: Site
    spot: SpotPrices
    payments: Sequence[Payment]
    held_back: str


class Charges(Collecting, Releasing):
    """The verbs of charges."""

    async def follow(self, event: SessionEnded | SessionCorrected) -> None:
        """Have a session that ended, or turned out otherwise, priced in a moment."""
        if isinstance(event, SessionCorrected) and event.ended_at is None:
            return
        changes = ChangeSet(event.tenant_id)
        run_at = self._clock.now() + self.terms.settle_after
        add_job(changes, SETTLE, {"session_id": event.session_id}, run_at=run_at)
        await self._database.commit(changes)

    async def settle_job(self, job: Job) -> None:
        """Do what `follow` left to be done."""
        await self.settle(job.tenant_id, SessionId(job.payload["session_id"]))

    async def spot_changed(self, event: SpotPricesChanged) -> None:
        """Market prices became known: price the sessions that waited for them."""
        waiting = await self._database.read(
            lambda conn: store.waiting(conn, event.tenant_id, limit=WAITING_AT_ONCE)
        )
        for charge in waiting:
            await self.settle(event.tenant_id, charge.session_id)

    async def settle(self, tenant_id: TenantId, session_id: SessionId) -> tuple[Charge, ...]:
        """Price a session that has ended, as it is known now; the charges that are new or changed.

        NotFound when there is no such session.
        """
        facts = await self._facts(tenant_id, session_id)
        if facts is None:
            return ()

        def settle(conn: Connection, changes: ChangeSet) -> tuple[Charge, ...]:
            existing = store.of_session(conn, tenant_id, session_id)
            written: dict[ChargeId, Charge] = {}
            for purpose, (lock, version) in facts.versions.items():
                mine = [each for each in existing if each.purpose is purpose]
                outcome = self._outcome(conn, facts, lock, version, mine)
                step = settling.settled(
                    self._file(conn, tenant_id, mine), outcome, facts.session, time_zone=facts.site.time_zone
                )
                written |= self._apply(conn, changes, step)
                self._ask_again(changes, outcome, step)
            return tuple(written.values())

        return await self._database.decide(settle, tenant_id)

    async def charge_forgotten(self) -> int:
        """Price sessions that ended long ago and were not charged for: their job failed too often; how many.

        What still cannot be priced is in the log, once for every time that this is tried.
        """
        now = self._clock.now()
        found = await self._database.read(
            lambda conn: store.uncharged(
                conn, since=now - FORGOTTEN_FOR, before=now - FORGOTTEN_AFTER, limit=FORGOTTEN_AT_ONCE
            )
        )
        charged = 0
        for tenant_id, session_id in found:
            try:
                charged += bool(await self.settle(tenant_id, session_id))
            except (CurrantError, ValueError) as error:
                log.warning("Session %s cannot be charged for: %s", session_id, error)
        return charged

    def _ask_again(self, changes: ChangeSet, outcome: Outcome, step: Step) -> None:
        if outcome.rated.waits_for and step.written:
            again = self._clock.now() + self.terms.ask_market_again
            session_id = step.written[0][0].session_id
            add_job(changes, SETTLE, {"session_id": session_id}, run_at=again)

    async def _facts(self, tenant_id: TenantId, session_id: SessionId) -> _Facts | None:
        session, readings = await self._charging.measured(tenant_id, session_id)
        if session.phase is not Phase.ENDED:
            return None
        locks = await self.locks.fix(session)
        if not locks:
            return None
        site = await self._database.read(lambda conn: site_of(conn, tenant_id, session.location_id))
        held_back = "" if self._evidence is None else await self._evidence.holds_back(session)
        payments: Sequence[Payment] = ()
        if self._payments is not None:
            payments = await self._payments.of_session(tenant_id, session_id)
        versions = {purpose: (lock, await self._version(tenant_id, lock)) for purpose, lock in locks.items()}
        reserved = await self._reserved(session, *(version for _, version in versions.values()))
        made = partial(timeline_of, session, readings, zone=site.time_zone, reserved=reserved)
        timeline = await asyncio.to_thread(made) if len(readings) > MANY_READINGS else made()
        return _Facts(
            session=session,
            timeline=timeline,
            versions=versions,
            site=site,
            spot=await self._pricing.markets.prices(
                tenant_id,
                sorted({market for _, version in versions.values() for market in markets_of(version)}),
                begin=session.started_at,
                end=session.ended_at or session.started_at,
            ),
            payments=payments,
            held_back=held_back,
        )

    def _outcome(
        self,
        conn: Connection,
        facts: _Facts,
        lock: PriceLock,
        version: TariffVersion,
        existing: Sequence[Charge],
    ) -> Outcome:
        session, purpose = facts.session, lock.purpose
        if purpose is not Purpose.RETAIL:
            tax = SessionTax(rates=NO_TAX, country=facts.site.country)
            rated, bill = priced(facts.timeline, version, tax, spot=facts.spot)
            owner = session.location_id or session.station_id
            payer = Payer(kind=PayerKind.HOST if purpose is Purpose.HOST else PayerKind.FREE, owner=owner)
        else:
            tax = self._tax(conn, session, version, facts.site)
            adjusters = taken_for(conn, session, existing)
            payer = self._payer(conn, facts, gross=1)
            if payer.kind is PayerKind.FREE:
                adjusters = (FOR_FREE,)
            rated, bill = priced(facts.timeline, version, tax, spot=facts.spot, adjusters=adjusters)
            payer = self._payer(conn, facts, gross=bill.gross)
        reasons = reasons_to_review(
            certain=session.certain,
            authorised=session.authorised or purpose is not Purpose.RETAIL,
            repairs=tuple(each.code for each in session.repairs),
            uncertain=repairs.UNCERTAIN,
            payer=payer,
            gross=bill.gross,
            most=self.terms.review_above,
            held_back=facts.held_back,
        )
        return Outcome(
            purpose=purpose,
            version_id=version.id,
            rule_id=lock.rule_id,
            rated=rated,
            bill=bill,
            payer=payer,
            reasons=reasons,
            jurisdiction=tax.country,
            decision=tax.decision,
            entity_id=tax.entity_id,
        )

    def _payer(self, conn: Connection, facts: _Facts, *, gross: int) -> Payer:
        session = facts.session
        paying = [each for each in facts.payments if each.state not in LOST and _pays_for_sessions(each)]
        terms = None
        if session.account_id is not None:
            terms = store.terms_of(conn, session.tenant_id, session.account_id)
        known = Known(
            gross=gross,
            account_id=session.account_id,
            token_kind=session.token_kind,
            authorised=session.authorised,
            payment_id=paying[-1].id if paying else None,
            terms=terms,
        )
        return payer_of(known, self.terms.usual)

    def _tax(self, conn: Connection, session: Session, version: TariffVersion, site: Site) -> SessionTax:
        return tax_of(
            conn,
            session.tenant_id,
            version.prices,
            site,
            location_id=session.location_id,
            account_id=session.account_id,
            ended_at=session.ended_at or self._clock.now(),
        )

    # Looking

    async def basis_of(self, session: Session) -> Basis | None:
        """What a session under way is rated by; None where it has no price."""
        tenant_id = session.tenant_id
        locks = await self.locks.fix(session)
        lock = locks.get(Purpose.RETAIL)
        if lock is None:
            return None
        version = await self._version(tenant_id, lock)

        def read(conn: Connection) -> tuple[Site, SessionTax]:
            site = site_of(conn, tenant_id, session.location_id)
            return site, self._tax(conn, session, version, site)

        site, tax = await self._database.read(read)
        return Basis(
            prices=version.prices,
            version_id=version.id,
            zone=site.time_zone,
            rates=tax.rates,
            rounding=tax.rounding,
            spot=self._pricing.spot(tenant_id),
            reserved=await self._reserved(session, version),
        )

    async def _reserved(self, session: Session, *versions: TariffVersion) -> tuple[datetime, datetime] | None:
        """For how long the place was kept before a session, where a price asks for that."""
        if self._reservations is None or session.token_id is None:
            return None
        if not any(prices_reservations(version) for version in versions):
            return None
        kept = await self._reservations.of_session(session.tenant_id, session.token_id, session.id)
        return None if kept is None else (kept.starts_at, session.started_at)

    async def lock_of(self, session: Session, purpose: Purpose = Purpose.RETAIL) -> PriceLock | None:
        """What a session's price is fixed to; None where it has none."""
        return (await self.locks.fix(session)).get(purpose)

    async def current(
        self, tenant_id: TenantId, session_ids: Sequence[SessionId], purpose: Purpose = Purpose.RETAIL
    ) -> dict[SessionId, Charge]:
        """The charges that count now, of those sessions that have one."""
        if not session_ids:
            return {}
        return await self._database.read(lambda conn: store.current_of(conn, tenant_id, session_ids, purpose))

    async def of_session(self, tenant_id: TenantId, session_id: SessionId) -> tuple[Charge, ...]:
        """Every charge and credit of a session, in the order in which they came about."""
        return tuple(await self._database.read(lambda conn: store.of_session(conn, tenant_id, session_id)))

    async def get(self, tenant_id: TenantId, charge_id: ChargeId) -> tuple[Charge, ChargeDetails]:
        """A charge with everything that explains it. NotFound."""

        def read(conn: Connection) -> tuple[Charge, ChargeDetails]:
            charge = store.one(conn, tenant_id, charge_id)
            details = store.details_of(conn, tenant_id, charge_id)
            if charge is None or details is None:
                raise no_charge(charge_id)
            return charge, details

        return await self._database.read(read)

    async def bills(self, tenant_id: TenantId, charge_ids: Sequence[ChargeId]) -> Mapping[ChargeId, Bill]:
        """The bills of several charges."""
        return await self._database.read(lambda conn: store.bills_of(conn, tenant_id, charge_ids))

    async def list(
        self, tenant_id: TenantId, wanted: ChargeFilter, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Charge]:
        """Charges, the latest end of a session first."""
        limit = paging.bounded(limit)
        before: tuple[int, str] | None = None
        if cursor is not None:
            at, charge_id = paging.decode(cursor, int, str)
            before = (int(at), str(charge_id))
        found = await self._database.read(
            lambda conn: store.search(conn, tenant_id, wanted, before=before, limit=limit + 1)
        )
        return paging.page(found, limit, lambda charge: paging.encode(_ended_us(charge), charge.id))

    async def count(self, tenant_id: TenantId, wanted: ChargeFilter) -> int:
        """How many; 10,000 stands for that or more."""
        return await self._database.read(lambda conn: store.count(conn, tenant_id, wanted, most=COUNT_MAX))

    async def revenue(
        self, tenant_id: TenantId, *, since: datetime, until: datetime, location_id: LocationId | None = None
    ) -> Revenue:
        """(currency, net, gross, charges) of the sessions that ended between, credits taken off."""
        return await self._database.read(
            lambda conn: store.revenue(
                conn,
                tenant_id,
                since=since,
                until=until,
                location_id=location_id,
            )
        )

    async def _version(self, tenant_id: TenantId, lock: PriceLock) -> TariffVersion:
        found = self._pricing.get(lock.version_id)
        return found or await self._pricing.version(tenant_id, lock.version_id)


def unbilled(
    connection: Connection, tenant_id: TenantId, account_id: AccountId, since: datetime, until: datetime
) -> list[tuple[Charge, ChargeDetails]]:
    """What an account is to be invoiced for and has not been, with its bills; for use inside a decision."""
    found = store.unbilled(connection, tenant_id, account_id, since=since, until=until)
    with_details = []
    for charge in found:
        details = store.details_of(connection, tenant_id, charge.id)
        assert details is not None, "A charge has its details."
        with_details.append((charge, details))
    return with_details


def accounts_unbilled(
    connection: Connection, tenant_id: TenantId, since: datetime, until: datetime, *, after: str, limit: int
) -> list[AccountId]:
    """Accounts that are to be invoiced for something, in ascending order, those after one."""
    return store.owners_unbilled(connection, tenant_id, since=since, until=until, after=after, limit=limit)


def charge_in(
    connection: Connection, tenant_id: TenantId, charge_id: ChargeId
) -> tuple[Charge, ChargeDetails] | None:
    """A charge with what explains it; for use inside a decision."""
    charge = store.one(connection, tenant_id, charge_id)
    details = None if charge is None else store.details_of(connection, tenant_id, charge_id)
    return None if charge is None or details is None else (charge, details)


def mark_documented(
    connection: Connection, tenant_id: TenantId, charge_ids: Sequence[ChargeId], document_id: str
) -> None:
    """Note on which issued document charges stand; for use inside a decision."""
    store.mark_documented(connection, tenant_id, charge_ids, document_id)


def _pays_for_sessions(payment: Payment) -> bool:
    return payment.credit_to in (CreditTo.SESSION, CreditTo.DEPOSIT)


def _ended_us(charge: Charge) -> int:
    return micros(charge.ended_at)
