"""The verbs of reservations: made, changed, cancelled, looked up."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET
from sqlalchemy import Connection

from currant.access.decision import judge
from currant.access.model import Place, Presented, TokenFacts
from currant.access.service import AccessService
from currant.charging import open_store
from currant.charging.reservations import booking, rules, store
from currant.charging.reservations.assignment import open_slots
from currant.charging.reservations.ending import close
from currant.charging.reservations.events import (
    ReservationChanged,
    ReservationMade,
    about,
)
from currant.charging.reservations.hearing import Hearing
from currant.charging.reservations.model import (
    PlaceKey,
    Reservation,
    ReservationChange,
    ReservationDraft,
    ReservationFilter,
    ReservationState,
    Slot,
    Terms,
    Wanted,
)
from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import LocationId, ReservationId, SessionId, StationId, TenantId, TokenId, new_id
from currant.stations import paging
from currant.stations.admission import entry_of
from currant.stations.commands import CommandService, StationNotAccepted
from currant.stations.directory import StationDirectory
from currant.stations.model import Admission, ConnectorStandard, Page

NUMBERS = "reservation"
"""The name of the numbers that reservations are counted by."""
SLOTS_MAX = 500
SLOTS_SPAN_MAX = timedelta(days=7)
EVERY_RESERVATION = ReservationFilter()


class Reservations(Hearing):
    """Places kept for drivers."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        access: AccessService,
        commands: CommandService,
        numbers: Numbers,
        clock: Clock,
        terms: Terms | None = None,
    ) -> None:
        super().__init__(database, commands, clock, terms or Terms())
        self._directory = directory
        self._access = access
        self._numbers = numbers

    async def start(self) -> None:
        """Make ready."""
        await self._numbers.prepare(NUMBERS)

    # Making, changing, ending

    async def reserve(self, tenant_id: TenantId, draft: ReservationDraft, *, by: str) -> Reservation:
        """Keep a place for a token; one that begins now is told to its station before this returns.

        Raises Invalid where it contradicts itself, Conflict where no place is to be had or the token
        may not charge there. What the station makes of it is the reservation's state.
        """
        now = self._clock.now()
        begins, ends, ad_hoc = rules.window(draft.starts_at, draft.ends_at, now=now, terms=self._terms)
        wanted = self.wanted_of(
            tenant_id,
            location_id=draft.location_id,
            station=draft.station,
            evse=draft.evse,
            connector_standard=draft.connector_standard,
            min_power_w=draft.min_power_w,
        )
        number = await self._numbers.next(NUMBERS)
        reservation_id = ReservationId(new_id())

        def make(conn: Connection, changes: ChangeSet) -> Reservation:
            facts = self.known(conn, tenant_id, Presented(uid=draft.token_uid, kind=draft.token_kind))
            if draft.for_group and facts.group is None:
                raise Invalid("The token is in no group.", field="for_group")
            of_token, of_account = store.count_open(conn, tenant_id, facts.token.id, facts.token.account_id)
            rules.check_share(of_token=of_token, of_account=of_account, terms=self._terms)
            asked = self.drafted(
                facts,
                wanted,
                reservation_id=reservation_id,
                number=number,
                by=by,
                begins=begins,
                ends=ends,
                ad_hoc=ad_hoc,
                for_group=draft.for_group,
                now=now,
            )
            return self.book(conn, changes, asked, facts, now=now, by=by)

        made = await self._database.decide(make, tenant_id)
        return await self.attend(tenant_id, made.id) if now >= made.hold_from else made

    def book(
        self,
        conn: Connection,
        changes: ChangeSet,
        asked: Reservation,
        facts: TokenFacts,
        *,
        now: datetime,
        by: str,
    ) -> Reservation:
        """Find a place for a reservation and keep it; Conflict where there is none."""
        wanted = asked.wanted
        avoid: frozenset[PlaceKey] = frozenset()
        if asked.ad_hoc and wanted.evse is None:
            # Which EVSE is asked for the station knows best; among several only a free one will do.
            among = booking.places_for(conn, asked.tenant_id, wanted.location_id, wanted.station_id)
            avoid = booking.taken_now(conn, asked.tenant_id, among, token_id=asked.token_id)
        place = booking.find_room(conn, changes, asked, now=now, avoid=avoid)
        if place is None:
            when = "now" if asked.ad_hoc else "in that time"
            raise Conflict(f"No fitting place is to be had {when}: take another time or place.")
        made = booking.at_place(asked, place)
        self._check_welcome(conn, facts, made)
        store.save(changes, made)
        told: dict[str, Any] = about(made)
        changes.emit(ReservationMade(happened_at=now, by=by, **told))
        return made

    def _check_welcome(self, conn: Connection, facts: TokenFacts, made: Reservation) -> None:
        """Raise Conflict where the token could not charge there at that time, by all that is known now."""
        entry = self._directory.by_id(made.place_station_id)
        there = Place(
            station_id=made.place_station_id,
            location_id=None if entry is None else entry.location_id,
            groups=() if entry is None else entry.groups,
            evse=made.place_evse,
        )
        presented = Presented(uid=facts.token.uid, kind=facts.token.kind)
        policies = self._access.policies.facts(
            conn, facts, there, at=made.starts_at, open_energy=open_store.energy_of
        )
        decision = judge(presented, facts, there, at=made.starts_at, policies=policies).decision
        if not decision.allowed:
            raise Conflict(
                f"The token may not charge there then: {decision.explanation}", reason=decision.reason.value
            )

    async def change(
        self, tenant_id: TenantId, reservation_id: ReservationId, change: ReservationChange, *, by: str
    ) -> Reservation:
        """Give a reservation other times, at its place or, before that is kept, at another that fits."""
        now = self._clock.now()

        def apply(conn: Connection, changes: ChangeSet) -> Reservation:
            before = _existing(conn, tenant_id, reservation_id)
            after = rules.retimed(
                before,
                None if change.starts_at is UNSET else change.starts_at,
                None if change.ends_at is UNSET else change.ends_at,
                now=now,
                terms=self._terms,
            )
            its_place = Wanted(
                location_id=before.location_id, station_id=before.place_station_id, evse=before.place_evse
            )
            place = booking.find_room(conn, changes, after, now=now, wanted=its_place)
            if place is None and before.state is ReservationState.PLANNED:
                place = booking.find_room(conn, changes, after, now=now)
            if place is None:
                raise Conflict("The place is booked by somebody else in that time.")
            if place != before.place:
                after = booking.at_place(after, place)
            store.save(changes, after)
            fields = tuple(
                name
                for name in ("starts_at", "ends_at", "place")
                if getattr(before, name) != getattr(after, name)
            )
            told: dict[str, Any] = about(after)
            changes.emit(ReservationChanged(happened_at=now, fields=fields, by=by, **told))
            return after

        after = await self._database.decide(apply, tenant_id)
        return await self.attend(tenant_id, after.id) if now >= after.hold_from else after

    async def cancel(
        self, tenant_id: TenantId, reservation_id: ReservationId, *, by: str, reason: str = ""
    ) -> Reservation:
        """Give the place free, and have the station do so; one that is over already stays as it is."""
        now = self._clock.now()

        def end(conn: Connection, changes: ChangeSet) -> Reservation:
            reservation = _existing(conn, tenant_id, reservation_id)
            if not reservation.is_open:
                return reservation
            over = rules.ended(
                reservation, ReservationState.CANCELLED, now, reason=reason or f"Cancelled by {by[:100]}."
            )
            close(conn, changes, over, now, by=by)
            return over

        over = await self._database.decide(end, tenant_id)
        return await self.attend(tenant_id, over.id) if over.station_knows else over

    def drafted(
        self,
        facts: TokenFacts,
        wanted: Wanted,
        *,
        reservation_id: ReservationId,
        number: int,
        by: str,
        begins: datetime,
        ends: datetime,
        ad_hoc: bool,
        now: datetime,
        for_group: bool = False,
    ) -> Reservation:
        """A reservation as it is asked for, without a place yet."""
        token = facts.token
        fresh = Reservation(
            id=reservation_id,
            number=number,
            tenant_id=token.tenant_id,
            state=ReservationState.PLANNED,
            token_id=token.id,
            token_uid=token.uid,
            token_kind=token.kind.value,
            account_id=token.account_id,
            parent_uid=facts.group.parent_uid if for_group and facts.group is not None else None,
            location_id=wanted.location_id,
            station_id=wanted.station_id,
            evse=wanted.evse,
            connector_standard=wanted.connector_standard,
            min_power_w=wanted.min_power_w,
            place_station_id=wanted.station_id or StationId(""),
            place_evse=wanted.evse or 0,
            starts_at=begins,
            ends_at=ends,
            ad_hoc=ad_hoc,
            hold_from=begins,
            release_at=ends,
            booked_until=ends,
            created_at=now,
            created_by=by[:200],
        )
        return rules.timed(fresh, begins, ends, terms=self._terms)

    def known(self, conn: Connection, tenant_id: TenantId, presented: Presented) -> TokenFacts:
        """What is known of a token; Invalid where it is not registered."""
        facts = self._access.facts(conn, tenant_id, presented)
        if facts is None:
            raise Invalid(
                f"No token {presented.uid[:40]!r} is registered: register it first.", field="token_uid"
            )
        return facts

    def wanted_of(
        self,
        tenant_id: TenantId,
        *,
        location_id: LocationId | None,
        station: str | None,
        evse: int | None = None,
        connector_standard: ConnectorStandard | None = None,
        min_power_w: int | None = None,
    ) -> Wanted:
        """The place that a caller asks for; NotFound where there is no such station, Invalid where none is named."""
        station_id = None
        if station is not None:
            entry = entry_of(self._directory, tenant_id, station)
            if entry.admission is not Admission.ACCEPTED:
                raise StationNotAccepted(
                    f"The station is {entry.admission.value}: accept it first.",
                    admission=entry.admission.value,
                )
            if location_id is not None and entry.location_id != location_id:
                raise Invalid("The station is not at that location: name one of the two.", field="station")
            station_id, location_id = entry.station_id, entry.location_id
        elif evse is not None:
            raise Invalid("An EVSE is one of a station: name the station too.", field="station")
        elif location_id is None:
            raise Invalid("Name a location, a station, or an EVSE of a station.", field="location_id")
        return Wanted(
            location_id=location_id,
            station_id=station_id,
            evse=evse,
            connector_standard=connector_standard,
            min_power_w=min_power_w,
        )

    # Looking up

    async def of_session(
        self, tenant_id: TenantId, token_id: TokenId, session_id: SessionId
    ) -> Reservation | None:
        """The reservation that a session of this token used."""
        return await self._database.read(lambda conn: store.of_session(conn, tenant_id, token_id, session_id))

    async def get(self, tenant_id: TenantId, reservation_id: ReservationId) -> Reservation:
        return await self._database.read(lambda conn: _existing(conn, tenant_id, reservation_id))

    async def list(
        self,
        tenant_id: TenantId,
        wanted: ReservationFilter = EVERY_RESERVATION,
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Reservation]:
        """Latest made first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        found = await self._database.read(
            lambda conn: store.search(conn, tenant_id, wanted, before=before, limit=limit + 1)
        )
        return paging.page(found, limit, lambda each: paging.encode(each.id))

    async def slots(
        self,
        tenant_id: TenantId,
        location_id: LocationId,
        *,
        since: datetime,
        until: datetime,
        connector_standard: ConnectorStandard | None = None,
        min_power_w: int | None = None,
        station_id: StationId | None = None,
    ) -> tuple[Slot, ...]:
        """When places of a location can be booked, the soonest first; at most `SLOTS_MAX` of them."""
        if not timedelta(0) < until - since <= SLOTS_SPAN_MAX:
            raise Invalid(
                f"Ask for at most {SLOTS_SPAN_MAX.days} days, and for an end after its beginning.",
                field="until",
            )
        since = max(since, self._clock.now())
        wanted = Wanted(
            location_id=location_id,
            station_id=station_id,
            connector_standard=connector_standard,
            min_power_w=min_power_w,
        )

        def look(conn: Connection) -> tuple[Slot, ...]:
            found = booking.places_for(conn, tenant_id, location_id, None)
            booked = store.booked(
                conn,
                tenant_id,
                location_id=location_id,
                station_ids={place.station_id for place in found},
                after=since,
            )
            return open_slots(
                wanted,
                found,
                [rules.booking_of(each) for each in booked],
                since=since,
                until=until,
                most=SLOTS_MAX,
            )

        return await self._database.read(look) if since < until else ()


def _existing(conn: Connection, tenant_id: TenantId, reservation_id: ReservationId) -> Reservation:
    found = store.one(conn, tenant_id, reservation_id)
    if found is None:
        raise NotFound(
            f"There is no reservation {reservation_id[:60]}.", field="reservation", reservation=reservation_id
        )
    return found
