"""Policies and holiday calendars in memory, so that a decision needs no query for them.

What is missing is read once, within whatever reads already; what changes is put in by the service
that changed it and, on other nodes, by the journal's events. An older revision never replaces a
newer one, so a slow reader cannot bring back what has been changed meanwhile.
"""

from datetime import date

from sqlalchemy import Connection

from currant.access import store
from currant.access.events import HolidayCalendarChanged, PolicyChanged
from currant.access.policy_model import HolidayCalendar, Policy
from currant.db.engine import Database
from currant.kit.event import Event
from currant.kit.ids import CalendarId, LocationId, PolicyId, TenantId
from currant.stations.sites import Site

RULEBOOK_EVENTS: tuple[type[Event], ...] = (PolicyChanged, HolidayCalendarChanged)
HELD_MAX = 20_000


class Rulebook:
    """What policies say, by tenant and id. Asked from readers' threads too: each step is one dictionary's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._policies: dict[tuple[TenantId, PolicyId], Policy] = {}
        self._calendars: dict[tuple[TenantId, CalendarId], HolidayCalendar] = {}

    def policies(self, conn: Connection, tenant_id: TenantId, ids: tuple[PolicyId, ...]) -> list[Policy]:
        """The policies of these ids, in their order; one that is gone is left out."""
        found = []
        for policy_id in ids:
            policy = self._policies.get((tenant_id, policy_id))
            if policy is None:
                policy = store.policies.policy(conn, tenant_id, policy_id)
                if policy is not None:
                    self.put_policy(policy)
            if policy is not None:
                found.append(policy)
        return found

    def holidays(
        self,
        conn: Connection,
        tenant_id: TenantId,
        ids: tuple[CalendarId, ...],
        *,
        location_id: LocationId | None,
        site: Site,
    ) -> frozenset[date]:
        """The holidays at a site, of those calendars that hold there."""
        days: set[date] = set()
        for calendar_id in ids:
            calendar = self._calendars.get((tenant_id, calendar_id))
            if calendar is None:
                calendar = store.policies.calendar(conn, tenant_id, calendar_id)
                if calendar is None:
                    continue
                self.put_calendar(calendar)
            if calendar.country and calendar.country != site.country:
                continue
            if calendar.locations and location_id not in calendar.locations:
                continue
            days.update(holiday.day for holiday in calendar.holidays)
        return frozenset(days)

    def put_policy(self, policy: Policy) -> None:
        key = (policy.tenant_id, policy.id)
        held = self._policies.get(key)
        if held is None or held.revision <= policy.revision:
            if len(self._policies) >= HELD_MAX:
                self._policies.clear()
            self._policies[key] = policy

    def put_calendar(self, calendar: HolidayCalendar) -> None:
        key = (calendar.tenant_id, calendar.id)
        held = self._calendars.get(key)
        if held is None or held.revision <= calendar.revision:
            if len(self._calendars) >= HELD_MAX:
                self._calendars.clear()
            self._calendars[key] = calendar

    def drop_policy(self, tenant_id: TenantId, policy_id: PolicyId) -> None:
        self._policies.pop((tenant_id, policy_id), None)

    def drop_calendar(self, tenant_id: TenantId, calendar_id: CalendarId) -> None:
        self._calendars.pop((tenant_id, calendar_id), None)

    async def follow(self, event: Event) -> None:
        """Keep up with what other nodes changed: a subscriber of `RULEBOOK_EVENTS`."""
        tenant_id = event.tenant_id
        if isinstance(event, PolicyChanged):
            policy_id = event.policy_id
            policy = await self._database.read(lambda conn: store.policies.policy(conn, tenant_id, policy_id))
            if policy is None:
                self.drop_policy(tenant_id, policy_id)
            else:
                self.put_policy(policy)
        elif isinstance(event, HolidayCalendarChanged):
            calendar_id = event.calendar_id
            calendar = await self._database.read(
                lambda conn: store.policies.calendar(conn, tenant_id, calendar_id)
            )
            if calendar is None:
                self.drop_calendar(tenant_id, calendar_id)
            else:
                self.put_calendar(calendar)
