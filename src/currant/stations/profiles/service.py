"""Charging profiles as operators set them, and what is known of those that stations have.

What stations have is kept from the outcomes of commands (whoever gave them), from their reports, and from
what ends profiles by itself: the end of a transaction, a restart. The station stays the truth: a report
corrects what was thought.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.db.numbers import Numbers
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import StationId, TenantId
from currant.stations import paging
from currant.stations.admission import entry_of
from currant.stations.commanding.profiles import (
    ClearChargingProfiles,
    GetChargingProfiles,
    GetCompositeSchedule,
    ProfileKind,
    ProfilePurpose,
    SetChargingProfile,
    UpdateDynamicSchedule,
)
from currant.stations.commanding.remote import StartCharging
from currant.stations.commands import DEADLINE_S, CommandService
from currant.stations.directory import StationDirectory
from currant.stations.events import CommandEnded, StationBooted
from currant.stations.model import AttendedStation, CommandRecord, CommandStatus, Page
from currant.stations.profiles import keeping, rules, store
from currant.stations.profiles.model import (
    GIVEN_FROM,
    ChargingLimitChanged,
    ChargingLimitCleared,
    CompositeSchedule,
    DynamicValues,
    InstalledProfile,
    InstalledProfilesChanged,
    OutsideLimit,
    ProfileDraft,
    ProfileFilter,
    ProfilesOf,
    Reported,
)
from currant.stations.profiles.moments import Begun, Moments
from currant.stations.profiles.noted import Noted
from currant.stations.store.stations import places_of

NUMBERS = "charging_profile"
EVERY_PROFILE = ProfileFilter()
# A station that reports more than this reports nonsense.
PROFILES_MAX = store.PROFILES_A_STATION_MAX

Known = Callable[[TenantId, StationId], Awaitable[Mapping[str, str | None]]]
"""What a station's variables say: 1.6 configuration keys, `Component.Variable` of 2.x."""

# Within the service, `list` is one of its verbs.
Profiles = list[InstalledProfile]
Limits = list[OutsideLimit]
Ids = list[int]

_ABOUT_PROFILES = frozenset(
    {
        *("SetChargingProfile", "ClearChargingProfiles", "GetChargingProfiles"),
        *("UpdateDynamicSchedule", "StartCharging"),
    }
)


async def nothing_known(tenant_id: TenantId, station_id: StationId) -> Mapping[str, str | None]:
    """What is known of a station's limits before anybody has asked it."""
    return {}


class ProfileService:
    """Sets, clears and lists charging profiles; keeps what stations have and what limits them from outside."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        commands: CommandService,
        numbers: Numbers,
        clock: Clock,
        *,
        known: Known = nothing_known,
    ) -> None:
        self._database = database
        self._directory = directory
        self._commands = commands
        self._numbers = numbers
        self._clock = clock
        self._known = known
        # Outcomes taken note of at once; the journal brings each a second time.
        self._noted = Noted()
        self._moments = Moments(clock)

    async def start(self) -> None:
        await self._numbers.prepare(NUMBERS)

    # What operators ask for

    async def set(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        evse: int,
        draft: ProfileDraft,
        *,
        by: str,
        iso15118: bool = False,
        deadline_s: float = DEADLINE_S,
    ) -> CommandRecord:
        """Set a profile at an EVSE (0: the station), after every rule of the specifications.

        Raises Invalid or Conflict with what to change; what the station makes of it is the record's.
        `iso15118`: the vehicle has told its needs, and may be offered several schedules.
        """
        entry = entry_of(self._directory, tenant_id, station)
        limits = rules.limits_of(await self._known(tenant_id, entry.station_id))
        number = draft.id
        if number is None:
            number = max(await self.next_id(), (limits.external_id_max or 0) + 1)
        profile = draft.numbered(number)
        command = SetChargingProfile(evse=evse, profile=profile)
        self._commands.told(tenant_id, entry.station_id, command)
        rules.check_device(profile, limits)

        def look(conn: Connection) -> tuple[str, Profiles]:
            return (
                store.version_of(conn, tenant_id, entry.station_id),
                store.profiles_of(conn, tenant_id, entry.station_id),
            )

        version, installed = await self._database.read(look)
        rules.check_beside(profile, evse, version, installed, limits, iso15118=iso15118)
        record = await self._commands.give(tenant_id, entry.station_id, command, by=by, deadline_s=deadline_s)
        await self.note(record)
        return record

    async def obstacle(
        self, tenant_id: TenantId, station_id: StationId, command: SetChargingProfile, *, version: str
    ) -> str | None:
        """Why a station cannot take this profile beside what it has, or at all; None when nothing is known.

        Asked again just before it is sent, whoever gave the command (K01.FR.06, .39, .52, .53).
        """
        limits = await self.device_limits(tenant_id, station_id)
        installed = await self.of_station(tenant_id, station_id)
        try:
            rules.check_device(command.profile, limits)
            rules.check_beside(command.profile, command.evse, version, installed, limits, iso15118=True)
        except (Invalid, Conflict) as found:
            return found.message
        return None

    def sending(self, station_id: StationId, command: SetChargingProfile) -> None:
        """A profile goes out to a station connected here: `to_be` has it until what came of it is kept."""
        self._moments.sent(station_id, command)

    async def next_id(self) -> int:
        """An id that no profile of ours has had before."""
        return GIVEN_FROM + await self._numbers.next(NUMBERS)

    async def clear(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        command: ClearChargingProfiles,
        *,
        by: str,
        deadline_s: float = DEADLINE_S,
    ) -> CommandRecord:
        """Clear one profile by its id, or all that match the criteria."""
        record = await self._commands.give(tenant_id, station, command, by=by, deadline_s=deadline_s)
        await self.note(record)
        return record

    async def ask(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        command: GetChargingProfiles,
        *,
        by: str,
        deadline_s: float = DEADLINE_S,
    ) -> ProfilesOf:
        """What the station says it has. OCPP 1.6 cannot be asked: then what is known to be installed."""
        record = await self._commands.give(tenant_id, station, command, by=by, deadline_s=deadline_s)
        await self.note(record)
        station_id, status, reason = record.station_id, record.status.value, record.reason
        if record.status is not CommandStatus.ACCEPTED:
            return ProfilesOf(status=status, reason=reason)
        installed = await self._database.read(lambda conn: store.profiles_of(conn, tenant_id, station_id))
        return ProfilesOf(status=status, reason=reason, profiles=tuple(rules.asked_for(command, installed)))

    async def composite(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        command: GetCompositeSchedule,
        *,
        by: str,
        deadline_s: float = DEADLINE_S,
    ) -> tuple[CommandRecord, CompositeSchedule | None]:
        """What the station works out that it will allow; None where it would not say."""
        record = await self._commands.give(tenant_id, station, command, by=by, deadline_s=deadline_s)
        told = (record.answer or {}).get("schedule")
        if record.status is not CommandStatus.ACCEPTED or told is None:
            return record, None
        return record, msgspec.convert(told, CompositeSchedule)

    async def list(
        self,
        tenant_id: TenantId,
        wanted: ProfileFilter = EVERY_PROFILE,
        *,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[InstalledProfile]:
        """Profiles known to be installed, by id, then station."""
        limit = paging.bounded(limit)
        after: tuple[int, str] | None = None
        if cursor is not None:
            profile_id, station_id = paging.decode(cursor, int, str)
            after = (int(profile_id), str(station_id))
        found = await self._database.read(
            lambda conn: store.search_profiles(conn, tenant_id, wanted, after=after, limit=limit + 1)
        )
        return paging.page(
            found, limit, lambda installed: paging.encode(installed.profile.id, installed.station_id)
        )

    async def of_station(self, tenant_id: TenantId, station_id: StationId) -> Profiles:
        """All that a station is known to have."""
        return await self._database.read(lambda conn: store.profiles_of(conn, tenant_id, station_id))

    async def to_be(self, tenant_id: TenantId, station_id: StationId) -> Profiles:
        """All that a station has if it takes what it was sent a moment ago, which comes first."""
        return self._moments.with_sent(station_id, await self.of_station(tenant_id, station_id))

    async def one(self, tenant_id: TenantId, station_id: StationId, profile_id: int) -> InstalledProfile:
        for found in await self.of_station(tenant_id, station_id):
            if found.profile.id == profile_id:
                return found
        raise NotFound(f"The station is not known to have a profile {profile_id}.", field="profile_id")

    async def limits(self, tenant_id: TenantId, station_id: StationId) -> Limits:
        """What limits a station from outside."""
        return await self._database.read(lambda conn: store.limits_of(conn, tenant_id, station_id))

    async def max_power_w(self, tenant_id: TenantId, station_id: StationId, evse: int) -> int | None:
        """What an EVSE's hardware gives; None where somebody left it unsaid of one of its connectors."""
        places = await self._database.read(lambda conn: places_of(conn, tenant_id, [station_id]))
        told = [watts for number, _, _, _, watts in places.get(station_id, ()) if number == evse]
        return max(watts for watts in told if watts) if told and all(told) else None

    async def device_limits(self, tenant_id: TenantId, station_id: StationId) -> rules.DeviceLimits:
        """What the station says that it can take of a profile."""
        return rules.limits_of(await self._known(tenant_id, station_id))

    # What came of commands

    async def command_ended(self, event: CommandEnded) -> None:
        """A subscriber: whoever gave a command, what it changed is kept."""
        if event.command in _ABOUT_PROFILES and event.command_id not in self._noted:
            await self.note(await self._commands.get(event.tenant_id, event.command_id))

    async def note(self, record: CommandRecord) -> None:
        """Keep what a command has changed at its station; a second time changes nothing."""
        command, station_id, tenant_id = record.command, record.station_id, record.tenant_id
        accepted = record.status is CommandStatus.ACCEPTED
        at = record.ended_at or record.asked_at
        if isinstance(command, StartCharging) and command.profile is None:
            return

        def keep(conn: Connection, changes: ChangeSet) -> None:
            installed = store.profiles_of(conn, tenant_id, station_id)
            if isinstance(command, SetChargingProfile) and accepted:
                version = store.version_of(conn, tenant_id, station_id)
                keeping.install(changes, record, command.evse, command.profile, version, installed, at)
            elif isinstance(command, StartCharging) and accepted and command.profile is not None:
                version = store.version_of(conn, tenant_id, station_id)
                evse, profile = command.evse or 0, command.profile
                begun = self._moments.began_since(station_id, command.evse, record.asked_at)
                if begun is not None:
                    # Its transaction was heard of first.
                    evse = begun.evse or evse
                    profile = msgspec.structs.replace(profile, transaction_id=begun.transaction_id)
                keeping.install(changes, record, evse, profile, version, installed, at)
            elif isinstance(command, ClearChargingProfiles) and (accepted or keeping.unknown(record)):
                keeping.remove(changes, station_id, rules.cleared_by(command, installed), at)
            elif isinstance(command, GetChargingProfiles) and accepted and keeping.complete(record):
                asked = rules.asked_for(command, installed)
                silent = [found for found in asked if store.known_at(found) < record.asked_at]
                keeping.remove(changes, station_id, silent, at)
            elif isinstance(command, UpdateDynamicSchedule) and accepted:
                keeping.update(changes, conn, record, command)

        async with self._noted.once(record.id) as due:
            if not due:
                return
            await self._database.decide(keep, tenant_id)
            if isinstance(command, SetChargingProfile):
                self._moments.answered(station_id, command.profile)

    # What stations say

    async def reported(self, station: AttendedStation, part: Reported, *, at: datetime) -> None:
        """Keep what a station says it has, asked or not."""

        def keep(conn: Connection, changes: ChangeSet) -> None:
            before = {
                found.profile.id: found
                for found in store.profiles_of(conn, station.tenant_id, station.station_id)
            }
            news: Ids = []
            for profile in part.profiles:
                known = before.get(profile.id)
                if known is None and len(before) + len(news) >= PROFILES_MAX:
                    break
                if known is None or known.profile != profile or known.evse != part.evse:
                    news.append(profile.id)
                store.save_profile(
                    changes,
                    InstalledProfile(
                        station_id=station.station_id,
                        evse=part.evse,
                        profile=profile,
                        source=part.source,
                        installed_at=at if known is None else known.installed_at,
                        confirmed_at=at,
                        command_id=None if known is None else known.command_id,
                    ),
                )
            if news:
                changes.emit(
                    InstalledProfilesChanged(
                        tenant_id=station.tenant_id,
                        happened_at=at,
                        station_id=station.station_id,
                        set=tuple(news),
                    )
                )

        await self._database.decide(keep, station.tenant_id)

    async def limit_told(self, station: AttendedStation, limit: OutsideLimit) -> None:
        """Keep a limit from outside (2.x K11, K12)."""
        changes = ChangeSet(station.tenant_id)
        store.save_limit(changes, limit)
        changes.emit(
            ChargingLimitChanged(
                tenant_id=station.tenant_id,
                happened_at=limit.at,
                station_id=station.station_id,
                evse=limit.evse,
                source=limit.source,
                grid_critical=limit.grid_critical,
            )
        )
        await self._database.commit(changes)

    async def limit_cleared(
        self, station: AttendedStation, source: str, *, evse: int | None, at: datetime
    ) -> None:
        """A limit from outside is gone (2.x K13), and with it the profiles that stood for it.

        Without an EVSE it was the whole station's, and then everything of that source.
        """
        tenant_id, station_id = station.tenant_id, station.station_id

        def keep(conn: Connection, changes: ChangeSet) -> None:
            for limit in store.limits_of(conn, tenant_id, station_id):
                if limit.source.lower() == source.lower() and evse in (None, 0, limit.evse):
                    store.remove_limit(changes, station_id, limit.evse, limit.source)
            gone = [
                found
                for found in store.profiles_of(conn, tenant_id, station_id)
                if found.profile.purpose is ProfilePurpose.EXTERNAL
                and found.source.lower() == source.lower()
                and evse in (None, 0, found.evse)
            ]
            keeping.remove(changes, station_id, gone, at)
            changes.emit(
                ChargingLimitCleared(
                    tenant_id=tenant_id, happened_at=at, station_id=station_id, evse=evse or 0, source=source
                )
            )

        await self._database.decide(keep, tenant_id)

    async def pulled(self, station: AttendedStation, profile_id: int) -> DynamicValues | None:
        """The values that a dynamic profile shall have now; None when it is none (2.1 K28.FR.07, .12)."""
        found = await self._database.read(
            lambda conn: store.dynamic_of(conn, station.tenant_id, station.station_id, profile_id)
        )
        if found is None or found[0].kind is not ProfileKind.DYNAMIC:
            return None
        profile, values = found
        return values or keeping.values_of(profile)

    # What ends profiles by itself

    async def booted(self, event: StationBooted) -> None:
        """A subscriber: a station that restarts loses some of its profiles."""
        if event.reason == "Triggered":
            return
        version = await self._database.read(
            lambda conn: store.version_of(conn, event.tenant_id, event.station_id)
        )
        await self._drop(
            event.tenant_id,
            event.station_id,
            # A report after the boot, heard of before its event, is the newer knowledge.
            lambda installed: rules.gone_after_boot(
                version, [found for found in installed if store.known_at(found) < event.happened_at]
            ),
            at=event.happened_at,
        )

    async def transaction_began(
        self,
        tenant_id: TenantId,
        station_id: StationId,
        transaction_id: str,
        *,
        evse: int | None,
        at: datetime,
    ) -> None:
        """The profile that went with a remote start is that of this transaction now."""
        self._moments.began(station_id, Begun(transaction_id=transaction_id, evse=evse, at=at))

        def waiting(installed: Profiles) -> Profiles:
            return [
                found
                for found in installed
                if found.profile.purpose is ProfilePurpose.TX
                and found.profile.transaction_id is None
                and found.evse in (0, evse)
            ]

        def keep(conn: Connection, changes: ChangeSet) -> None:
            for found in waiting(store.profiles_of(conn, tenant_id, station_id)):
                profile = msgspec.structs.replace(found.profile, transaction_id=transaction_id)
                store.save_profile(
                    changes,
                    msgspec.structs.replace(found, evse=evse or found.evse, profile=profile),
                )

        if waiting(await self.of_station(tenant_id, station_id)):
            await self._database.decide(keep, tenant_id)

    async def transaction_ended(
        self, tenant_id: TenantId, station_id: StationId, transaction_id: str, *, at: datetime
    ) -> None:
        """A transaction's profiles end with it (1.6 3.13.1, 2.x K01)."""
        await self._drop(
            tenant_id,
            station_id,
            lambda installed: [
                found
                for found in installed
                if found.profile.purpose is ProfilePurpose.TX
                and found.profile.transaction_id == transaction_id
            ],
            at=at,
        )

    async def _drop(
        self,
        tenant_id: TenantId,
        station_id: StationId,
        gone: Callable[[Profiles], Profiles],
        *,
        at: datetime,
    ) -> None:
        """Forget those that `gone` picks; most stations have none, and then nothing is written."""
        if gone(await self.of_station(tenant_id, station_id)):
            await self._database.decide(
                lambda conn, changes: keeping.remove(
                    changes, station_id, gone(store.profiles_of(conn, tenant_id, station_id)), at
                ),
                tenant_id,
            )
