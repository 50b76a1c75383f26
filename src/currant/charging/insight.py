"""Gathers what is known of one station, so that it can be said what it is doing and what is wrong with it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from currant.charging.model import Phase, Session, SessionFilter
from currant.charging.operating import Operating
from currant.charging.reservations.model import ReservationFilter
from currant.charging.reservations.service import Reservations
from currant.kit.clock import Clock
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.profiles import ChargingProfile, ChargingSchedule, ProfileKind
from currant.stations.commanding.remote import SetAvailability
from currant.stations.commands import CommandService
from currant.stations.desired.service import DesiredState
from currant.stations.device.monitoring import Monitoring
from currant.stations.device.watching import ProblemSource
from currant.stations.fleet import ConnectorNow, StationNow, state_of
from currant.stations.insight import insight
from currant.stations.insight_model import (
    Insight,
    Known,
    LimitSeen,
    OutOfService,
    PartProblem,
    ReservationSeen,
    SessionSeen,
    Standing,
    TransferSeen,
)
from currant.stations.inventory import Inventory
from currant.stations.messages import MessageLog
from currant.stations.model import (
    CommandStatus,
    ConnectorState,
    ConnectorStatus,
    SecurityEvent,
    Station,
    StationOverview,
    StatusChange,
)
from currant.stations.profiles.model import InstalledProfile
from currant.stations.profiles.service import ProfileService
from currant.stations.transfers.model import ENDED, TransferKind, TransferStatus
from currant.stations.transfers.service import TransferService

RECENT = 20
REFUSED_MAX = 100
DAY = timedelta(days=1)
ZONE_STEP_S, ZONE_TOLERANCE_S = 1800, 60
_GIVEN = (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED)
_FAILED = (TransferStatus.FAILED, TransferStatus.REFUSED, TransferStatus.GIVEN_UP)


class StationInsight:
    """Asks everybody who knows something of a station."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        charging: Operating,
        monitoring: Monitoring,
        profiles: ProfileService,
        reservations: Reservations,
        commands: CommandService,
        messages: MessageLog,
        clock: Clock,
        desired: DesiredState | None = None,
        transfers: TransferService | None = None,
    ) -> None:
        self._inventory = inventory
        self._charging = charging
        self._monitoring = monitoring
        self._profiles = profiles
        self._reservations = reservations
        self._commands = commands
        self._messages = messages
        self._clock = clock
        self._desired = desired
        self._transfers = transfers

    async def of(self, tenant_id: TenantId, station_id: StationId, *, security: bool = True) -> Insight:
        """What a station is doing and what is wrong with it; without `security`, nothing of security events."""
        now = self._clock.now()
        overview = await self._inventory.get_station(tenant_id, station_id)
        states = reported(overview.states)
        sessions, recent, installed, outside = await asyncio.gather(
            self._charging.list(
                tenant_id, SessionFilter(station_id=station_id, phase=Phase.ACTIVE), limit=RECENT
            ),
            self._charging.list(
                tenant_id, SessionFilter(station_id=station_id, since=now - 7 * DAY), limit=RECENT
            ),
            self._profiles.of_station(tenant_id, station_id),
            self._profiles.limits(tenant_id, station_id),
        )
        parts, history, waiting, availability = await asyncio.gather(
            self._monitoring.problems(tenant_id, station_id=station_id, limit=50),
            self._inventory.status_history(tenant_id, station_id, since=now - DAY, limit=10),
            self._commands.list(tenant_id, station_id=station_id, status=CommandStatus.QUEUED, limit=100),
            self._commands.list(tenant_id, station_id=station_id, kind="SetAvailability", limit=RECENT),
        )
        refused, boots, findings = await asyncio.gather(
            self._messages.search(
                tenant_id,
                station_id=station_id,
                direction="in",
                outcome="error:",
                since=now - DAY,
                limit=REFUSED_MAX,
            ),
            self._messages.search(
                tenant_id,
                station_id=station_id,
                direction="in",
                action="BootNotification",
                since=now - DAY,
                limit=RECENT,
            ),
            self._inventory.list_findings(tenant_id, station=station_id, limit=50),
        )
        return insight(
            Known(
                now=now,
                station=overview.station,
                state=_state(overview, states, tenant_id, sessions.items),
                connected=overview.connection.connected,
                since=overview.connection.since,
                profile=overview.connection.security_profile,
                states=states,
                sessions=tuple(map(seen, sessions.items)),
                recent=tuple(map(seen, recent.items)),
                limits=(
                    *(
                        LimitSeen(
                            evse=each.evse,
                            source=each.source,
                            outside=True,
                            grid_critical=each.grid_critical,
                            **_least(each.schedules, each.at, now),
                        )
                        for each in outside
                    ),
                    *limits_of(installed, overview.station, sessions.items, now),
                ),
                firmware=await self._firmware(tenant_id, station_id),
                reservations=await self._kept(tenant_id, station_id, now),
                out_of_service=out_of_service(
                    [
                        (record.command, record.asked_by, record.asked_at)
                        for record in availability.items
                        if record.status in _GIVEN and isinstance(record.command, SetAvailability)
                    ]
                ),
                parts=tuple(
                    PartProblem(
                        error=each.error,
                        evse=each.evse,
                        component=each.component,
                        since=each.since,
                        detail=each.tech_info or each.value,
                    )
                    for each in parts.items
                    if each.source is ProblemSource.COMPONENT
                ),
                findings=findings,
                security=await self._security(tenant_id, station_id, now) if security else (),
                standings=await self._standings(tenant_id, station_id),
                refused_messages=len(refused.items),
                refused_actions=tuple(message.action for message in refused.items),
                boots=len(boots.items),
                clock=clock_problem(history.items, recent.items),
                waiting_commands=len(waiting.items),
            )
        )

    async def _firmware(self, tenant_id: TenantId, station_id: StationId) -> TransferSeen | None:
        if self._transfers is None:
            return None
        page = await self._transfers.list(
            tenant_id, station_id=station_id, kind=TransferKind.FIRMWARE, limit=1
        )
        if not page.items:
            return None
        latest = page.items[0]
        open_ = latest.status not in ENDED
        started = latest.status not in (
            *(TransferStatus.PLANNED, TransferStatus.WAITING, TransferStatus.SCHEDULED),
            TransferStatus.INSTALL_SCHEDULED,
        )
        return TransferSeen(
            id=latest.id,
            status=latest.status.value,
            open=open_ and started,
            failed=latest.status in _FAILED,
            version=latest.version,
            reason=latest.reason,
            at=latest.heard_at,
        )

    async def _kept(
        self, tenant_id: TenantId, station_id: StationId, now: datetime
    ) -> tuple[ReservationSeen, ...]:
        page = await self._reservations.list(
            tenant_id, ReservationFilter(station_id=station_id, open=True, since=now, until=now), limit=20
        )
        return tuple(
            ReservationSeen(evse=each.place_evse, number=each.number, until=each.ends_at)
            for each in page.items
        )

    async def _security(
        self, tenant_id: TenantId, station_id: StationId, now: datetime
    ) -> tuple[SecurityEvent, ...]:
        page = await self._inventory.list_security_events(
            tenant_id, station=station_id, since=now - 7 * DAY, limit=100
        )
        return page.items

    async def _standings(self, tenant_id: TenantId, station_id: StationId) -> tuple[Standing, ...]:
        if self._desired is None:
            return ()
        found = await self._desired.overview.of_station(tenant_id, station_id)
        worst: dict[tuple[str, str], Standing] = {}
        for key in found.keys:
            worst.setdefault(
                (key.aspect, key.standing),
                Standing(aspect=key.aspect, standing=key.standing.value, reason=key.reason, since=key.since),
            )
        return tuple(worst.values())


def reported(states: Sequence[ConnectorState]) -> tuple[ConnectorState, ...]:
    """What connectors last reported, also those of a station that is offline now."""
    return tuple(
        ConnectorState(
            evse=each.evse,
            connector=each.connector,
            status=each.last_reported or each.status,
            since=each.since,
            error=each.error,
            raw_error=each.raw_error,
            vendor_error=each.vendor_error,
            info=each.info,
        )
        for each in states
    )


def seen(session: Session) -> SessionSeen:
    return SessionSeen(
        id=session.id,
        number=session.number,
        evse=session.evse,
        activity=session.activity.value,
        activity_since=session.activity_since,
        started_at=session.started_at,
        active=session.phase is Phase.ACTIVE,
        authorised=session.authorised,
        energy_wh=session.energy_wh,
        power_w=session.power_w,
        soc_percent=session.soc_percent,
        read_at=session.read_at,
        heard_at=session.updated_at,
        repairs=tuple(repair.code for repair in session.repairs),
    )


def _state(
    overview: StationOverview,
    states: Sequence[ConnectorState],
    tenant_id: TenantId,
    running: Sequence[Session],
) -> str:
    station = overview.station
    now = StationNow(
        id=station.id,
        tenant_id=tenant_id,
        identity=station.identity,
        admission=station.admission,
        connected=overview.connection.connected,
        connectors={
            (state.evse, state.connector): ConnectorNow(status=ConnectorStatus(state.status))
            for state in states
        },
    )
    word = state_of(now)
    charging = any(session.activity == "charging" for session in running)
    return "charging" if charging and word in ("occupied", "available", "unknown") else word.value


def out_of_service(
    given: Sequence[tuple[SetAvailability, str, datetime]],
) -> tuple[OutOfService, ...]:
    """What the accepted commands, the latest first, have left out of service."""
    found: list[OutOfService] = []
    settled: set[int | None] = set()
    for command, by, at in given:
        evse = command.evse or None
        if evse in settled or None in settled:
            continue
        settled.add(evse)
        if not command.operative:
            found.append(OutOfService(evse=evse, by=by, at=at))
    return tuple(found)


def clock_problem(history: Sequence[StatusChange], sessions: Sequence[Session]) -> str:
    """What is wrong with a station's clock, in words: from the times of its latest reports."""
    lags = [(each.received_at - each.at).total_seconds() for each in history]
    if any(lag < -300 for lag in lags):
        return f"it is {round(-min(lags) / 60)} minutes ahead."
    steps = Counter(
        round(lag / ZONE_STEP_S)
        for lag in lags
        if lag > 600 and abs(lag - round(lag / ZONE_STEP_S) * ZONE_STEP_S) <= ZONE_TOLERANCE_S
    )
    if steps and max(steps.values()) >= max(2, len(lags) // 2):
        return f"it is {steps.most_common(1)[0][0] * 30} minutes behind, as if in local time."
    for session in sessions:
        for repair in session.repairs:
            if repair.code == "clock_wrong":
                return repair.explanation
    return ""


# What is in force of profiles: enough to say that something limits, not what a station works out itself.


def limits_of(
    installed: Sequence[InstalledProfile], station: Station, running: Sequence[Session], now: datetime
) -> list[LimitSeen]:
    """Charging profiles that hold now and allow less than the hardware gives."""
    strongest = {evse.number: _hardware(station, evse.number) for evse in station.evses}
    found = []
    for each in installed:
        profile = each.profile
        if (profile.valid_from and profile.valid_from > now) or (
            profile.valid_until and profile.valid_until <= now
        ):
            continue
        begun = _begun(profile, each, running)
        if begun is None:
            continue
        told = _least(profile.schedules, begun, now, recurrency=profile.recurrency)
        limit, unit = told.get("limit"), told.get("unit")
        if not isinstance(limit, (int, float)):
            continue
        # A limit of the whole station is compared with its strongest EVSE: less than that is felt.
        outlets = [strongest[each.evse]] if each.evse in strongest else list(strongest.values())
        known = [most_w if unit == "W" else most_a for most_w, most_a in outlets]
        most = max((value for value in known if value is not None), default=None)
        if most is None or limit < most:
            found.append(
                LimitSeen(
                    evse=each.evse, source=each.source, outside=False, limit=float(limit), unit=str(unit)
                )
            )
    return found


def _hardware(station: Station, number: int) -> tuple[int | None, int | None]:
    for evse in station.evses:
        if evse.number == number and not evse.learned:
            watts = [c.max_power_w for c in evse.connectors if c.max_power_w]
            amperes = [c.max_current_a for c in evse.connectors]
            return evse.max_power_w or max(watts, default=None), max(amperes, default=None)
    return None, None


def _begun(
    profile: ChargingProfile, installed: InstalledProfile, running: Sequence[Session]
) -> datetime | None:
    """When a profile's schedule began where it does not say so itself; None while it does not hold."""
    if profile.transaction_id is not None or profile.kind is ProfileKind.RELATIVE:
        return next(
            (
                session.started_at
                for session in running
                if profile.transaction_id in (None, session.transaction_id)
                and installed.evse in (0, session.evse)
            ),
            None,
        )
    return installed.installed_at


def _least(
    schedules: Sequence[ChargingSchedule],
    begun: datetime,
    now: datetime,
    *,
    recurrency: str | None = None,
) -> dict[str, Any]:
    """The lowest limit that these schedules set now."""
    found: list[tuple[float, str]] = []
    for schedule in schedules:
        passed = (now - (schedule.starts_at or begun)).total_seconds()
        if recurrency is not None and passed >= 0:
            passed %= 86_400 if recurrency == "daily" else 7 * 86_400
        if passed < 0 or (schedule.duration_s is not None and passed >= schedule.duration_s):
            continue
        current = [period for period in schedule.periods if period.start_s <= passed]
        if current and current[-1].limit is not None:
            found.append((current[-1].limit, schedule.unit))
    if not found:
        return {}
    limit, unit = min(found)
    return {"limit": limit, "unit": unit}
