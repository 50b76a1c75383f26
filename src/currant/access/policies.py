"""The verbs of policies and holiday calendars: made, changed, given away, and asked what is used of them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access import quotas, store
from currant.access.events import HolidayCalendarChanged, PolicyChanged
from currant.access.model import Place, TokenFacts
from currant.access.policy_checks import check_calendar, check_policy
from currant.access.policy_model import (
    CalendarChange,
    CalendarDraft,
    HolidayCalendar,
    Measure,
    Members,
    OpenUse,
    Parallel,
    Policy,
    PolicyChange,
    PolicyDraft,
    PolicyFacts,
    Quota,
    QuotaUse,
)
from currant.access.rulebook import Rulebook
from currant.access.rulings import zone_of
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import AccountId, CalendarId, PolicyId, SessionId, TenantId, TokenId, new_id
from currant.stations import paging
from currant.stations.drafts import changed
from currant.stations.model import Page
from currant.stations.sites import Site, site_of

POLICIES_MAX = 1_000
"""Of one tenant."""
APPLIED_MAX = 20
"""Given to one token, group or account."""
MEMBERS_SHOWN = 1_000

OpenEnergy = Callable[[Connection, TenantId, Sequence[SessionId]], Mapping[SessionId, int]]
"""What open sessions have taken so far, in Wh: asked of whoever keeps sessions."""


def no_open_energy(
    conn: Connection, tenant_id: TenantId, sessions: Sequence[SessionId]
) -> Mapping[SessionId, int]:
    return {}


class PolicyService:
    """The verbs of policies."""

    def __init__(self, database: Database, rulebook: Rulebook, clock: Clock) -> None:
        self._database = database
        self._rulebook = rulebook
        self._clock = clock

    # Judging

    def facts(
        self,
        conn: Connection,
        facts: TokenFacts,
        place: Place,
        *,
        at: datetime,
        number: int | None = None,
        open_energy: OpenEnergy = no_open_energy,
    ) -> tuple[PolicyFacts, ...]:
        """What has to be known of every policy that applies to a token; for use within somebody's read.

        A token without policies costs nothing here, one with policies about places alone no query.
        The session `number`, and whatever runs on the very EVSE that asks, does not count against it.
        """
        ids = facts.policies
        if not ids:
            return ()
        token = facts.token
        account_id = None if facts.account is None else facts.account.id
        site: Site | None = None
        known = []
        for policy in self._rulebook.policies(conn, token.tenant_id, ids):
            if not (policy.windows or policy.counts):
                known.append(PolicyFacts(policy=policy))
                continue
            if site is None:
                site = site_of(conn, token.tenant_id, place.location_id)
            holidays = self._rulebook.holidays(
                conn, token.tenant_id, policy.calendars, location_id=place.location_id, site=site
            )
            uses: tuple[QuotaUse, ...] = ()
            parallel = 0
            if policy.counts:
                running = store.uses.open_uses(conn, token.tenant_id, policy.id)
                others = [each for each in running if not _is_asked_about(each, place, number)]
                if policy.parallel is not None:
                    subject = quotas.subject_of(policy.parallel.per, token.id, account_id)
                    parallel = sum(_subject(policy.parallel, each) == subject for each in others)
                uses = self._uses(
                    conn, policy, token.id, account_id, site, at, running, open_energy, number=number
                )
            known.append(
                PolicyFacts(
                    policy=policy,
                    time_zone=site.time_zone,
                    holidays=holidays,
                    uses=uses,
                    open_sessions=parallel,
                )
            )
        return tuple(known)

    def _uses(
        self,
        conn: Connection,
        policy: Policy,
        token_id: TokenId,
        account_id: AccountId | None,
        site: Site,
        at: datetime,
        running: list[OpenUse],
        open_energy: OpenEnergy,
        *,
        number: int | None,
    ) -> tuple[QuotaUse, ...]:
        if not policy.quotas:
            return ()
        today = at.astimezone(zone_of(site.time_zone)).date()
        energy: Mapping[SessionId, int] = {}
        if running and any(quota.measure is Measure.ENERGY for quota in policy.quotas):
            energy = open_energy(conn, policy.tenant_id, [each.session_id for each in running])
        found = []
        for quota in policy.quotas:
            subject = quotas.subject_of(quota.per, token_id, account_id)
            first, beyond = quotas.period_of(quota.period, today)
            sessions, energy_wh, cost = store.uses.sums(
                conn,
                policy.tenant_id,
                policy.id,
                subject,
                first=first.toordinal(),
                beyond=beyond.toordinal(),
            )
            for each in running:
                if _subject(quota, each) != subject or not first.toordinal() <= each.day < beyond.toordinal():
                    continue
                energy_wh += max(energy.get(each.session_id, 0) - each.energy_wh, 0)
                if each.number == number:
                    # The session that is asked about began within its quota: it does not use itself up.
                    sessions -= 1
            used = {Measure.SESSIONS: sessions, Measure.ENERGY: energy_wh, Measure.MONEY: cost}[quota.measure]
            found.append(QuotaUse(quota=quota, used=used, first_day=first, next_first_day=beyond))
        return tuple(found)

    async def consumption(
        self,
        tenant_id: TenantId,
        policy_id: PolicyId,
        *,
        token_id: TokenId | None = None,
        account_id: AccountId | None = None,
        time_zone: str = "UTC",
        open_energy: OpenEnergy = no_open_energy,
    ) -> tuple[QuotaUse, ...]:
        """What is used of a policy's quotas now: by a token, by an account, or of its pools.

        Quotas that are not counted for what is asked about are left out.
        """
        now = self._clock.now()

        def read(conn: Connection) -> tuple[QuotaUse, ...]:
            policy = store.policies.policy(conn, tenant_id, policy_id)
            if policy is None:
                raise no_policy(policy_id)
            running = store.uses.open_uses(conn, tenant_id, policy_id)
            asked = []
            for quota in policy.quotas:
                subject = quotas.subject_of(quota.per, token_id or "", account_id)
                if subject != "token:" and not (subject.startswith("account:") and account_id is None):
                    asked.append(quota)
            limited = replace(policy, quotas=tuple(asked))
            return self._uses(
                conn,
                limited,
                token_id or TokenId(""),
                account_id,
                Site(time_zone=time_zone),
                now,
                running,
                open_energy,
                number=None,
            )

        return await self._database.read(read)

    # Policies

    async def create_policy(self, tenant_id: TenantId, draft: PolicyDraft, *, by: str) -> Policy:
        policy = Policy(
            id=PolicyId(new_id()),
            tenant_id=tenant_id,
            created_at=self._clock.now(),
            **{name: getattr(draft, name) for name in draft.__struct_fields__ if name != "name"},
            name=draft.name.strip(),
        )
        check_policy(policy)

        def make(conn: Connection, changes: ChangeSet) -> Policy:
            if store.policies.count_policies(conn, tenant_id, most=POLICIES_MAX) >= POLICIES_MAX:
                raise Conflict(f"There are {POLICIES_MAX} policies already: put rules together in one.")
            self._save_policy(conn, changes, policy, ("created",), by)
            return policy

        await self._database.decide(make, tenant_id)
        self._rulebook.put_policy(policy)
        return policy

    async def update_policy(
        self, tenant_id: TenantId, policy_id: PolicyId, change: PolicyChange, *, by: str
    ) -> Policy:
        """Change a policy; what was counted stays counted."""

        def apply(conn: Connection, changes: ChangeSet) -> Policy:
            before = store.policies.policy(conn, tenant_id, policy_id)
            if before is None:
                raise no_policy(policy_id)
            after, fields = changed(before, change)
            if not fields:
                return before
            check_policy(after)
            after = replace(after, revision=before.revision + 1)
            self._save_policy(conn, changes, after, fields, by)
            return after

        policy = await self._database.decide(apply, tenant_id)
        self._rulebook.put_policy(policy)
        return policy

    def _save_policy(
        self, conn: Connection, changes: ChangeSet, policy: Policy, fields: tuple[str, ...], by: str
    ) -> None:
        same = store.policies.policies_by_name(conn, policy.tenant_id, [policy.name])
        if same.get(policy.name, policy.id) != policy.id:
            raise Conflict(f"A policy with the name {policy.name!r} exists already.", field="name")
        for calendar_id in policy.calendars:
            if store.policies.calendar(conn, policy.tenant_id, calendar_id) is None:
                raise Invalid(f"There is no holiday calendar {calendar_id}.", field="calendars")
        store.policies.save_policy(changes, policy)
        changes.emit(
            PolicyChanged(
                tenant_id=policy.tenant_id,
                happened_at=self._clock.now(),
                policy_id=policy.id,
                name=policy.name,
                fields=fields,
                by=by,
            )
        )

    async def delete_policy(self, tenant_id: TenantId, policy_id: PolicyId, *, by: str) -> None:
        """Forget a policy and what was counted for it; Conflict while it is given to anybody."""

        def delete(conn: Connection, changes: ChangeSet) -> None:
            policy = store.policies.policy(conn, tenant_id, policy_id)
            if policy is None:
                raise no_policy(policy_id)
            given = store.policies.members(conn, tenant_id, policy_id, limit=1)
            if given.tokens or given.groups or given.accounts:
                raise Conflict(
                    "The policy is given to tokens, groups or accounts: take it from them first.",
                    policy=policy_id,
                )
            changes.write(store.tables.DELETE_POLICY, (policy_id, tenant_id))
            changes.write(store.tables.DELETE_POLICY_USES, (policy_id, tenant_id))
            changes.write(store.tables.DELETE_POLICY_DAYS, (policy_id, tenant_id))
            changes.emit(
                PolicyChanged(
                    tenant_id=tenant_id,
                    happened_at=self._clock.now(),
                    policy_id=policy_id,
                    name=policy.name,
                    fields=("deleted",),
                    by=by,
                )
            )

        await self._database.decide(delete, tenant_id)
        self._rulebook.drop_policy(tenant_id, policy_id)

    async def get_policy(self, tenant_id: TenantId, policy_id: PolicyId) -> Policy:
        policy = await self._database.read(lambda conn: store.policies.policy(conn, tenant_id, policy_id))
        if policy is None:
            raise no_policy(policy_id)
        return policy

    async def list_policies(
        self, tenant_id: TenantId, *, text: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[Policy]:
        """By name."""
        limit, after = paging.bounded(limit), _after(cursor)
        rows = await self._database.read(
            lambda conn: store.policies.search_policies(
                conn, tenant_id, text=text, after=after, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda policy: paging.encode(policy.name, policy.id))

    async def members(self, tenant_id: TenantId, policy_id: PolicyId) -> Members:
        """Whom a policy is given to: at most 1,000 of each kind."""

        def read(conn: Connection) -> Members:
            if store.policies.policy(conn, tenant_id, policy_id) is None:
                raise no_policy(policy_id)
            return store.policies.members(conn, tenant_id, policy_id, limit=MEMBERS_SHOWN)

        return await self._database.read(read)

    def check_given(self, conn: Connection, tenant_id: TenantId, ids: tuple[PolicyId, ...]) -> None:
        """Raise Invalid unless every one of these can be given to somebody; within a decision."""
        if len(ids) > APPLIED_MAX:
            raise Invalid(f"At most {APPLIED_MAX} policies can be given to one.", field="policies")
        if len(set(ids)) != len(ids):
            raise Invalid("A policy is named twice.", field="policies")
        for policy_id in ids:
            if store.policies.policy(conn, tenant_id, policy_id) is None:
                raise Invalid(f"There is no policy {policy_id}.", field="policies")

    def named(self, conn: Connection, tenant_id: TenantId, names: Sequence[str]) -> dict[str, PolicyId]:
        """The policies of these names; for imports, within a decision."""
        return store.policies.policies_by_name(conn, tenant_id, names) if names else {}

    # Holiday calendars

    async def create_calendar(self, tenant_id: TenantId, draft: CalendarDraft, *, by: str) -> HolidayCalendar:
        calendar = HolidayCalendar(
            id=CalendarId(new_id()),
            tenant_id=tenant_id,
            created_at=self._clock.now(),
            name=draft.name.strip(),
            country=draft.country,
            region=draft.region.strip(),
            locations=draft.locations,
            holidays=draft.holidays,
        )
        check_calendar(calendar)
        changes = ChangeSet(tenant_id)
        self._save_calendar(changes, calendar, ("created",), by)
        await self._database.commit(changes)
        self._rulebook.put_calendar(calendar)
        return calendar

    async def update_calendar(
        self, tenant_id: TenantId, calendar_id: CalendarId, change: CalendarChange, *, by: str
    ) -> HolidayCalendar:
        def apply(conn: Connection, changes: ChangeSet) -> HolidayCalendar:
            before = store.policies.calendar(conn, tenant_id, calendar_id)
            if before is None:
                raise no_calendar(calendar_id)
            after, fields = changed(before, change)
            if not fields:
                return before
            check_calendar(after)
            after = replace(after, revision=before.revision + 1)
            self._save_calendar(changes, after, fields, by)
            return after

        calendar = await self._database.decide(apply, tenant_id)
        self._rulebook.put_calendar(calendar)
        return calendar

    def _save_calendar(
        self, changes: ChangeSet, calendar: HolidayCalendar, fields: tuple[str, ...], by: str
    ) -> None:
        store.policies.save_calendar(changes, calendar)
        changes.emit(
            HolidayCalendarChanged(
                tenant_id=calendar.tenant_id,
                happened_at=self._clock.now(),
                calendar_id=calendar.id,
                name=calendar.name,
                fields=fields,
                by=by,
            )
        )

    async def delete_calendar(self, tenant_id: TenantId, calendar_id: CalendarId, *, by: str) -> None:
        """Forget a calendar; Conflict while policies name it."""

        def delete(conn: Connection, changes: ChangeSet) -> None:
            calendar = store.policies.calendar(conn, tenant_id, calendar_id)
            if calendar is None:
                raise no_calendar(calendar_id)
            named = store.policies.policies_with_calendar(conn, tenant_id, calendar_id)
            if named:
                raise Conflict(f"Policies name this calendar ({', '.join(named)}): change them first.")
            changes.write(store.tables.DELETE_CALENDAR, (calendar_id, tenant_id))
            changes.emit(
                HolidayCalendarChanged(
                    tenant_id=tenant_id,
                    happened_at=self._clock.now(),
                    calendar_id=calendar_id,
                    name=calendar.name,
                    fields=("deleted",),
                    by=by,
                )
            )

        await self._database.decide(delete, tenant_id)
        self._rulebook.drop_calendar(tenant_id, calendar_id)

    async def get_calendar(self, tenant_id: TenantId, calendar_id: CalendarId) -> HolidayCalendar:
        calendar = await self._database.read(
            lambda conn: store.policies.calendar(conn, tenant_id, calendar_id)
        )
        if calendar is None:
            raise no_calendar(calendar_id)
        return calendar

    async def list_calendars(
        self, tenant_id: TenantId, *, text: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[HolidayCalendar]:
        """By name."""
        limit, after = paging.bounded(limit), _after(cursor)
        rows = await self._database.read(
            lambda conn: store.policies.search_calendars(
                conn, tenant_id, text=text, after=after, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda calendar: paging.encode(calendar.name, calendar.id))


def _is_asked_about(use: OpenUse, place: Place, number: int | None) -> bool:
    if number is not None and use.number == number:
        return True
    return use.station_id == place.station_id and (place.evse is None or use.evse == place.evse)


def _subject(limit: Quota | Parallel, use: OpenUse) -> str:
    return quotas.subject_of(limit.per, use.token_id, use.account_id)


def _after(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    first, second = paging.decode(cursor, str, str)
    return str(first), str(second)


def no_policy(policy_id: str) -> NotFound:
    return NotFound(f"There is no policy {policy_id}.", field="policy", policy=policy_id)


def no_calendar(calendar_id: str) -> NotFound:
    return NotFound(f"There is no holiday calendar {calendar_id}.", field="calendar", calendar=calendar_id)
