"""Counts what sessions use of the policies that they charge by.

Fed with facts that have become durable, at least once and in order. A session counts for the
policies that applied to its token when it was first heard of, for the calendar day at its site on
which it began. What has been counted of each session is kept, so that a repeated fact changes
nothing and a corrected one changes the difference.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access import quotas, store
from currant.access.policies import OpenEnergy
from currant.access.policy_model import Cost, Measure, OpenUse, Per, Policy, QuotaUse
from currant.access.rulebook import Rulebook
from currant.access.rulings import zone_of
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.ids import AccountId, LocationId, PolicyId, SessionId, StationId, TenantId, TokenId
from currant.stations.sites import site_of

CostOf = Callable[[TenantId, SessionId], Awaitable[Cost]]
ASKED_AGAIN_AFTER = timedelta(minutes=15)
"""A session that was to be stopped and goes on is asked about again after this."""
STOPPED_AT_ONCE = 200
USES_KEPT = timedelta(days=100)
DAYS_KEPT = timedelta(days=400)
FORGOTTEN_AT_ONCE = 500


async def nothing_yet(tenant_id: TenantId, session_id: SessionId) -> Cost:
    """The cost of a session while Currant prices none: 0, so that quotas of money are never used up."""
    return Cost()


class SessionUse(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a session, in the words that counting needs."""

    tenant_id: TenantId
    session_id: SessionId
    number: int
    station_id: StationId
    location_id: LocationId | None
    evse: int | None
    token_id: TokenId
    account_id: AccountId | None
    started_at: datetime
    energy_wh: int
    is_open: bool
    authorised: bool
    """Whether this fact says that it may charge; one that never does is not counted."""


class Exhausted(msgspec.Struct, frozen=True, kw_only=True):
    """An open session that has used up a quota of a policy that wants it stopped then."""

    tenant_id: TenantId
    policy_id: PolicyId
    policy_name: str
    use: OpenUse
    explanation: str


class Counting:
    """The verbs of counting."""

    def __init__(
        self, database: Database, rulebook: Rulebook, clock: Clock, *, cost_of: CostOf = nothing_yet
    ) -> None:
        self._database = database
        self._rulebook = rulebook
        self._clock = clock
        self._cost_of = cost_of

    async def note(self, told: SessionUse) -> None:
        """Count a session as far as it is not counted yet."""
        if not await self._database.read(lambda conn: self._matters(conn, told)):
            return
        cost = await self._cost_of(told.tenant_id, told.session_id)
        await self._database.decide(
            lambda conn, changes: self._count(conn, changes, told, cost), told.tenant_id
        )

    def _matters(self, conn: Connection, told: SessionUse) -> bool:
        return bool(store.uses.uses_of(conn, told.tenant_id, told.session_id)) or bool(
            told.authorised and self._policies_of(conn, told)
        )

    def _policies_of(self, conn: Connection, told: SessionUse) -> list[Policy]:
        facts = store.queries.facts_of_token(conn, told.tenant_id, told.token_id)
        if facts is None:
            return []
        return [
            policy
            for policy in self._rulebook.policies(conn, told.tenant_id, facts.policies)
            if policy.counts
        ]

    def _count(self, conn: Connection, changes: ChangeSet, told: SessionUse, cost: Cost) -> None:
        known = store.uses.uses_of(conn, told.tenant_id, told.session_id)
        if known:
            for policy_id, (before, was_open) in known.items():
                policy = next(iter(self._rulebook.policies(conn, told.tenant_id, (policy_id,))), None)
                after = replace(
                    before, evse=told.evse, energy_wh=told.energy_wh, cost_minor=_counted(policy, cost)
                )
                if after == before and was_open == told.is_open:
                    continue
                store.uses.save_use(changes, told.tenant_id, policy_id, after, is_open=told.is_open)
                self._add(conn, changes, told.tenant_id, policy_id, after, before)
            return
        site = site_of(conn, told.tenant_id, told.location_id)
        day = told.started_at.astimezone(zone_of(site.time_zone)).date().toordinal()
        for policy in self._policies_of(conn, told) if told.authorised else ():
            use = OpenUse(
                session_id=told.session_id,
                number=told.number,
                station_id=told.station_id,
                evse=told.evse,
                token_id=told.token_id,
                account_id=told.account_id,
                day=day,
                energy_wh=told.energy_wh,
                cost_minor=_counted(policy, cost),
            )
            store.uses.save_use(changes, told.tenant_id, policy.id, use, is_open=told.is_open)
            self._add(conn, changes, told.tenant_id, policy.id, use, None)

    def _add(
        self,
        conn: Connection,
        changes: ChangeSet,
        tenant_id: TenantId,
        policy_id: PolicyId,
        after: OpenUse,
        before: OpenUse | None,
    ) -> None:
        energy_wh = after.energy_wh - (0 if before is None else before.energy_wh)
        cost_minor = after.cost_minor - (0 if before is None else before.cost_minor)
        sessions = 1 if before is None else 0
        if not (energy_wh or cost_minor or sessions):
            return
        # For every subject, whatever the quotas of today: those of tomorrow may ask another way.
        for subject in {quotas.subject_of(per, after.token_id, after.account_id) for per in Per}:
            store.uses.add(
                conn,
                changes,
                tenant_id,
                policy_id,
                subject,
                after.day,
                sessions=sessions,
                energy_wh=energy_wh,
                cost_minor=cost_minor,
            )

    async def forget_old(self) -> int:
        """Forget what no quota asks for any more; how many rows went.

        A session that is corrected later than this is not counted anew.
        """
        today = self._clock.now().date()
        uses_before = (today - USES_KEPT).toordinal()
        days_before = (today - DAYS_KEPT).toordinal()
        gone = 0
        for forget, before in ((store.uses.forget_uses, uses_before), (store.uses.forget_days, days_before)):
            while removed := await self._database.decide(
                lambda conn, _, forget=forget, before=before: forget(  # type: ignore[misc]
                    conn, before=before, limit=FORGOTTEN_AT_ONCE
                ),
                TenantId(""),
            ):
                gone += removed
        return gone

    async def exhausted(self, open_energy: OpenEnergy) -> list[Exhausted]:
        """The open sessions that are to be stopped now, of whatever tenant; each is told again only after a while."""
        now = self._clock.now()
        return await self._database.read(lambda conn: self._exhausted(conn, open_energy, now))

    def _exhausted(self, conn: Connection, open_energy: OpenEnergy, now: datetime) -> list[Exhausted]:
        found: list[Exhausted] = []
        for tenant_id, policy_id in store.uses.policies_in_use(conn):
            for policy in self._rulebook.policies(conn, tenant_id, (policy_id,)):
                if not policy.stop_when_exhausted:
                    continue
                running = store.uses.open_uses(conn, tenant_id, policy_id)
                energy = open_energy(conn, tenant_id, [each.session_id for each in running])
                for use in running:
                    if use.stop_asked_at is not None and now < use.stop_asked_at + ASKED_AGAIN_AFTER:
                        continue
                    explanation = _exhausted_by(conn, policy, use, running, energy)
                    if explanation:
                        found.append(
                            Exhausted(
                                tenant_id=tenant_id,
                                policy_id=policy_id,
                                policy_name=policy.name,
                                use=use,
                                explanation=explanation,
                            )
                        )
                    if len(found) == STOPPED_AT_ONCE:
                        return found
        return found

    async def note_stop_asked(self, exhausted: Exhausted) -> None:
        """Remember that the station was asked to stop the session."""
        tenant_id, policy_id, session_id = exhausted.tenant_id, exhausted.policy_id, exhausted.use.session_id
        now = self._clock.now()

        def note(conn: Connection, changes: ChangeSet) -> None:
            known = store.uses.uses_of(conn, tenant_id, session_id).get(policy_id)
            if known is not None:
                use, is_open = known
                asked = replace(use, stop_asked_at=now)
                store.uses.save_use(changes, tenant_id, policy_id, asked, is_open=is_open)

        await self._database.decide(note, tenant_id)


def _exhausted_by(
    conn: Connection,
    policy: Policy,
    use: OpenUse,
    running: list[OpenUse],
    energy: Mapping[SessionId, int],
) -> str:
    """What is used up, in words; nothing when the session may go on. Each counts for the period it began in."""
    for quota in policy.quotas:
        if quota.measure is Measure.SESSIONS:
            continue
        subject = quotas.subject_of(quota.per, use.token_id, use.account_id)
        first, beyond = quotas.period_of(quota.period, date.fromordinal(use.day))
        first_day, beyond_day = first.toordinal(), beyond.toordinal()
        _, energy_wh, cost = store.uses.sums(
            conn, policy.tenant_id, policy.id, subject, first=first_day, beyond=beyond_day
        )
        for each in running:
            theirs = quotas.subject_of(quota.per, each.token_id, each.account_id)
            if theirs == subject and first_day <= each.day < beyond_day:
                energy_wh += max(energy.get(each.session_id, 0) - each.energy_wh, 0)
        used = QuotaUse(
            quota=quota,
            used=energy_wh if quota.measure is Measure.ENERGY else cost,
            first_day=first,
            next_first_day=beyond,
        )
        if used.exhausted:
            return quotas.in_words(used, policy.name)
    return ""


def _counted(policy: Policy | None, cost: Cost) -> int:
    """What of a cost counts: that in the currency of the policy's own quota of money."""
    if policy is None or not cost.minor_units:
        return 0
    counted = any(
        quota.measure is Measure.MONEY and quota.currency == cost.currency for quota in policy.quotas
    )
    return cost.minor_units if counted else 0
