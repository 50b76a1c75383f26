"""What operators ask about sessions and do to them, and what is tidied up in the background."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.model import Presented, Standing, TokenKind
from currant.access.policy_model import QuotaUse
from currant.charging import lifecycle, open_store, reading_store, store, zombies
from currant.charging.common import Common, no_session
from currant.charging.model import LoadPoint, Phase, Reading, Session, SessionFilter
from currant.db.commits import ChangeSet
from currant.kit.clock import instant, micros
from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import AccountId, LocationId, PolicyId, SessionId, StationId, TenantId, TokenId
from currant.stations import paging
from currant.stations.commanding.profiles import ChargingProfile
from currant.stations.commanding.remote import StartCharging, StopCharging
from currant.stations.directory import DirectoryEntry
from currant.stations.model import CommandRecord, Page

EVERY_SESSION = SessionFilter()
COUNT_MAX = 10_000
POINTS_MAX = 5_000
LOAD_POINTS_MAX = 3_000
LOAD_SPAN_MAX = timedelta(days=31)
STEP_MAX_S = 86_400
BY_REGISTER_FROM_S = 900
# A meter that reports rarely is taken to go on as it was for so long.
CARRIED_FOR_S = 900
REAPED_AT_ONCE = 200
THINNED_AT_ONCE = 2_000
DELETED_AT_ONCE = 5_000

Readings = tuple[Reading, ...]
Load = tuple[LoadPoint, ...]


class Operating(Common):
    """What operators ask for."""

    async def get(self, tenant_id: TenantId, session_id: SessionId) -> Session:
        """The session; NotFound when the tenant has none such."""
        session = await self._database.read(lambda conn: store.one(conn, tenant_id, session_id))
        if session is None:
            raise no_session(session_id)
        return session

    async def list(
        self,
        tenant_id: TenantId,
        wanted: SessionFilter = EVERY_SESSION,
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Session]:
        """Sessions, newest first."""
        limit = paging.bounded(limit)
        before: tuple[int, int] | None = None
        if cursor is not None:
            at, number = paging.decode(cursor, int, int)
            before = (int(at), int(number))
        found = await self._database.read(
            lambda conn: store.search(conn, tenant_id, wanted, before=before, limit=limit + 1)
        )
        return paging.page(
            found, limit, lambda session: paging.encode(micros(session.started_at), session.number)
        )

    async def count(self, tenant_id: TenantId, wanted: SessionFilter = EVERY_SESSION) -> int:
        """How many sessions there are of that kind; 10,000 stands for that or more."""
        return await self._database.read(lambda conn: store.count(conn, tenant_id, wanted, most=COUNT_MAX))

    async def curve(self, tenant_id: TenantId, session_id: SessionId, *, max_points: int = 500) -> Readings:
        """A session's readings in order of time, thinned evenly to about `max_points`.

        The first and the last, and those of its beginning and end, are always among them.
        """
        if not 2 <= max_points <= POINTS_MAX:
            raise Invalid(f"Ask for 2 to {POINTS_MAX} points.", field="max_points")

        def read(conn: Connection) -> Readings:
            session = store.one(conn, tenant_id, session_id)
            if session is None:
                raise no_session(session_id)
            return thinned(reading_store.of_session(conn, tenant_id, session), max_points)

        return await self._database.read(read)

    async def measured(self, tenant_id: TenantId, session_id: SessionId) -> tuple[Session, Readings]:
        """A session and all that was read of it, in order of time. Raises NotFound."""

        def read(conn: Connection) -> tuple[Session, Readings]:
            session = store.one(conn, tenant_id, session_id)
            if session is None:
                raise no_session(session_id)
            return session, tuple(reading_store.of_session(conn, tenant_id, session))

        return await self._database.read(read)

    async def signed(
        self, tenant_id: TenantId, session_id: SessionId, *, limit: int = 1000
    ) -> tuple[Session, Readings]:
        """A session, and its readings that have signed values, in order of time. Raises NotFound."""

        def read(conn: Connection) -> tuple[Session, Readings]:
            session = store.one(conn, tenant_id, session_id)
            if session is None:
                raise no_session(session_id)
            return session, tuple(reading_store.signed_of_session(conn, tenant_id, session, limit=limit))

        return await self._database.read(read)

    async def load(
        self, tenant_id: TenantId, location_id: LocationId, *, since: datetime, until: datetime, step_s: int
    ) -> Load:
        """The mean power of a location's EVSEs for every step in which anything was measured.

        A station's main meter (EVSE 0) counts only where its EVSEs are not metered themselves. Steps
        of a quarter of an hour and more are told from the registers at their bounds, shorter ones
        from the power that was reported.
        """
        span = until - since
        if not timedelta(0) < span <= LOAD_SPAN_MAX:
            raise Invalid(
                f"Ask for at most {LOAD_SPAN_MAX.days} days, and for an end after its beginning.",
                field="until",
            )
        if not 1 <= step_s <= STEP_MAX_S or span / timedelta(seconds=step_s) > LOAD_POINTS_MAX:
            raise Invalid(
                f"Ask for steps of 1 to {STEP_MAX_S} seconds, at most {LOAD_POINTS_MAX}.", field="step_s"
            )
        since_us, step_us = micros(since), step_s * 1_000_000
        steps = -(-(micros(until) - since_us) // step_us)

        def read(conn: Connection) -> Load:
            measured: dict[tuple[str, int], dict[int, float]] = {}
            without: list[int] | None = None
            if step_s >= BY_REGISTER_FROM_S:
                without = _by_register(conn, tenant_id, location_id, since_us, step_us, steps, measured)
            if without is not None and not without:
                return _summed(measured, since_us, step_us)
            rows = reading_store.load(
                conn,
                tenant_id,
                location_id,
                since_us=since_us,
                until_us=micros(until),
                step_us=step_us,
                of=without,
            )
            for station_id, evse, step, power_w, counted_wh in rows:
                if power_w is None and counted_wh is not None:
                    power_w = float(counted_wh) * 3600 / step_s
                if power_w is not None:
                    measured.setdefault((station_id, evse), {})[int(step)] = float(power_w)
            return _summed(measured, since_us, step_us)

        return await self._database.read(read)

    async def close(self, tenant_id: TenantId, session_id: SessionId, *, by: str, reason: str) -> Session:
        """End a session in the books, with what is known of it; the station is not told.

        A real stop that comes later corrects it. Conflict when it has ended already.
        """

        def end(conn: Connection, changes: ChangeSet) -> Session:
            session = store.one(conn, tenant_id, session_id)
            if session is None:
                raise no_session(session_id)
            if session.phase is Phase.ENDED:
                raise Conflict(f"Session {session.number} has ended already.", session=session_id)
            ended = lifecycle.closed(
                session,
                session.freed_at or lifecycle.last_sign(session),
                code="closed_by_operator",
                explanation=f"Closed by {by[:100]}: {reason[:500]}",
                reason="Other",
            )
            self._save(changes, session, ended, self._clock.now())
            return ended

        station_id = (await self.get(tenant_id, session_id)).station_id
        return await self._decide_beside(station_id, end, tenant_id)

    async def start_remotely(
        self,
        tenant_id: TenantId,
        station_id: StationId,
        presented: Presented,
        *,
        by: str,
        evse: int | None = None,
        connector: int | None = None,
        profile: ChargingProfile | None = None,
    ) -> CommandRecord:
        """Ask a station to begin a session for a token; whether it does is the command's outcome.

        A token that may not charge there is refused here, with the reason: the station would begin
        a session only to end it again.
        """
        assert self._commands is not None, "Commands are given where a CommandService is."
        command = StartCharging(
            token_uid=presented.uid,
            token_kind=presented.kind.value,
            evse=evse,
            connector=connector,
            profile=profile,
        )
        station = self._commands.told(tenant_id, station_id, command)
        opinion, at = await self._opinion(station, presented, evse), self._clock.now()
        decision, known = await self._database.read(
            lambda conn: (
                self._decide(conn, station, presented, at, evse=evse, opinion=opinion),
                self._access.facts(conn, tenant_id, presented),
            )
        )
        if known is not None and presented.kind is TokenKind.UNKNOWN:
            # OCPP 2.x names the kind, and a card presented to stop has to be of the one that started.
            command = replace(command, token_kind=known.token.kind.value)
        if decision.parent_uid is not None:
            # Whoever is of its group may stop the session (2.x C09).
            command = replace(command, parent_uid=decision.parent_uid)
        if not decision.allowed:
            return await self._commands.turn_down(
                tenant_id, station_id, command, by=by, reason=decision.explanation
            )
        return await self._commands.give(tenant_id, station_id, command, by=by)

    async def standing(
        self,
        station: DirectoryEntry,
        presented: Presented,
        *,
        evse: int | None = None,
        at: datetime | None = None,
    ) -> Standing:
        """What would be decided on a token at a station, now or at another time, and what every rule says.

        Counts what is used up to now. An external authoriser is not asked.
        """
        asked_at = at or self._clock.now()
        return await self._database.read(
            lambda conn: self._judge(conn, station, presented, asked_at, evse=evse)
        )

    async def consumption(
        self,
        tenant_id: TenantId,
        policy_id: PolicyId,
        *,
        token_id: TokenId | None = None,
        account_id: AccountId | None = None,
        time_zone: str = "UTC",
    ) -> tuple[QuotaUse, ...]:
        """What is used of a policy's quotas, open sessions up to now: by a token, an account, or of its pools."""
        return await self._access.policies.consumption(
            tenant_id,
            policy_id,
            token_id=token_id,
            account_id=account_id,
            time_zone=time_zone,
            open_energy=open_store.energy_of,
        )

    async def stop_remotely(self, tenant_id: TenantId, session_id: SessionId, *, by: str) -> CommandRecord:
        """Ask the station to end a session. Conflict when it has ended already."""
        assert self._commands is not None, "Commands are given where a CommandService is."
        session = await self.get(tenant_id, session_id)
        if session.phase is Phase.ENDED:
            raise Conflict(f"Session {session.number} has ended already.", session=session_id)
        command = StopCharging(transaction_id=session.transaction_id)
        return await self._commands.give(tenant_id, session.station_id, command, by=by)

    # In the background

    async def reap(self, now: datetime) -> int:
        """Give up sessions that show no sign of life; how many were."""
        suspects = await self._database.read(
            lambda conn: store.silent(
                conn,
                silent_before=now - zombies.SILENT_FOR,
                rebooted_before=now - zombies.REBOOTED_FOR,
                freed_before=now - zombies.FREE_FOR,
                limit=REAPED_AT_ONCE,
            )
        )
        closed = 0
        for suspect in suspects:
            if zombies.death_of(suspect, now) is not None and await self._give_up(suspect, now):
                closed += 1
        return closed

    async def _give_up(self, suspect: Session, now: datetime) -> bool:
        def end(conn: Connection, changes: ChangeSet) -> bool:
            session = store.one(conn, suspect.tenant_id, suspect.id)
            death = None
            if session is not None and session.phase is Phase.ACTIVE:
                death = zombies.death_of(session, now)
            if session is None or death is None:
                return False
            ended = lifecycle.closed(
                session, death.ended_at, code="zombie_closed", explanation=death.explanation, reason=""
            )
            self._save(changes, session, ended, now)
            return True

        return await self._decide_beside(suspect.station_id, end, suspect.tenant_id)

    async def thin_readings(self, *, before: datetime, keep_every_s: int) -> int:
        """Keep of older readings one per `keep_every_s`, and the first, last and special ones of each
        session; how many went. Done in small steps, and some of the work at a time."""
        before_us, step_us = micros(before), keep_every_s * 1_000_000
        if step_us <= 0:
            return 0
        gone = 0
        points = await self._database.read(
            lambda conn: reading_store.meters_to_thin(conn, before_us, limit=THINNED_AT_ONCE)
        )
        steps = 0
        for meter, since_us in points:
            done = since_us
            while done < before_us and steps < THINNED_AT_ONCE:
                removed, done = await self._thin(meter, done, before_us, step_us)
                gone += removed
                steps += 1
        return gone

    async def _thin(self, meter: int, since_us: int, until_us: int, step_us: int) -> tuple[int, int]:
        return await self._database.decide(
            lambda conn, _: reading_store.thin(
                conn, meter, since_us=since_us, until_us=until_us, step_us=step_us
            ),
            TenantId(""),
        )

    async def delete_readings(self, *, before: datetime) -> int:
        """Delete all readings from before an instant; how many went."""
        before_us, gone, after = micros(before), 0, 0
        while meters := await self._meters_after(after):
            for meter in meters:
                while removed := await self._delete(meter, before_us):
                    gone += removed
            after = meters[-1]
        return gone

    async def _meters_after(self, after: int) -> Sequence[int]:
        return await self._database.read(
            lambda conn: reading_store.meter_numbers(conn, after=after, limit=1000)
        )

    async def _delete(self, meter: int, before_us: int) -> int:
        return await self._database.decide(
            lambda conn, _: reading_store.delete_before(conn, meter, before_us, limit=DELETED_AT_ONCE),
            TenantId(""),
        )


def thinned(readings: Sequence[Reading], max_points: int) -> Readings:
    """About `max_points` of them, evenly; the first, the last, and those that mark something always."""
    if len(readings) <= max_points:
        return tuple(readings)
    special = ("Sample.Periodic", "Sample.Clock")
    last = len(readings) - 1
    wanted = {round(index * last / (max_points - 1)) for index in range(max_points)}
    return tuple(
        reading for index, reading in enumerate(readings) if index in wanted or reading.context not in special
    )


def _by_register(
    conn: Connection,
    tenant_id: TenantId,
    location_id: LocationId,
    since_us: int,
    step_us: int,
    steps: int,
    measured: dict[tuple[str, int], dict[int, float]],
) -> list[int]:
    """Fill in the mean power (W) of every step that has a register; the metering points that have none."""
    without: list[int] = []
    rows = reading_store.registers(
        conn, tenant_id, location_id, since_us=since_us, step_us=step_us, steps=steps
    )
    before: float | None = None
    for meter, station_id, evse, bound, bound_us, read_us, energy_wh in rows:
        if bound == 0:
            before = energy_wh
            continue
        if read_us is not None and energy_wh is not None and read_us >= bound_us - step_us:
            base = before
            if base is None:
                base = reading_store.first_register(
                    conn, tenant_id, meter, since_us=bound_us - step_us, until_us=bound_us
                )
            # A register that fell was changed or reset: what flowed meanwhile is not known.
            if base is not None and energy_wh >= base:
                power_w = (energy_wh - base) * 3_600_000_000 / step_us
                measured.setdefault((station_id, evse), {})[bound - 1] = power_w
        before = energy_wh
        if bound == steps and energy_wh is None:
            without.append(meter)
    return without


def _summed(measured: dict[tuple[str, int], dict[int, float]], since_us: int, step_us: int) -> Load:
    metered_evses = {station_id for station_id, evse in measured if evse > 0}
    carried = CARRIED_FOR_S * 1_000_000 // step_us
    totals: dict[int, tuple[float, int]] = {}
    for (station_id, evse), steps in measured.items():
        if evse == 0 and station_id in metered_evses:
            continue
        ordered = sorted(steps)
        for index, step in enumerate(ordered):
            power = steps[step]
            following = ordered[index + 1] if index + 1 < len(ordered) else step + 1
            # A step without a reading between two with one is no step without power.
            reach = following if following - step <= carried else step + 1
            for filled in range(step, reach):
                total, evses = totals.get(filled, (0.0, 0))
                totals[filled] = (total + power, evses + 1)
    return tuple(
        LoadPoint(at=instant(since_us + step * step_us), power_w=total, evses=evses)
        for step, (total, evses) in sorted(totals.items())
    )
