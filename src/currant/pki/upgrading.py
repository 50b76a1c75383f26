"""Moves stations to another security profile: carries out what the rules say, and remembers how far it got.

Each move has a task on the node that holds the station's connection; it is a row, so that a restart
of ours goes on where it was. The door asks `accepted` which profiles a station may come in meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from logging import getLogger

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound
from currant.kit.event import Event
from currant.kit.ids import StationId, TenantId, new_id
from currant.pki import security_upgrade as rules
from currant.pki import upgrade_store as store
from currant.pki.held import HeldCertificates
from currant.pki.security_upgrade import Came, Do, Facts, Upgrade, UpgradePhase
from currant.pki.signing import BY, Signing
from currant.stations import paging
from currant.stations.admission import entry_of
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.certificates import RootUse
from currant.stations.commanding.network import ConnectionProfile, SetNetworkProfile
from currant.stations.commanding.remote import Reset, ResetKind
from currant.stations.commanding.rules.network import set_profile as check_profile
from currant.stations.commanding.variables import GetVariables, SetVariables, Variable, VariableValue
from currant.stations.commands import CommandService
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.drafts import StationChange
from currant.stations.inventory import Inventory
from currant.stations.link import StationLink
from currant.stations.model import CommandRecord, CommandStatus, Page, Severity
from currant.stations.service import StationService

log = getLogger(__name__)

UNDER_WAY_MAX = 500
"""Moves at the same time on this node; more are told to come later."""
TIDIED_AFTER_S = 10.0
PRIORITY = Variable(component="OCPPCommCtrlr", name="NetworkConfigurationPriority")
SECURITY_PROFILE = Variable(name="SecurityProfile")


class SecurityUpgradeChanged(Event, frozen=True, kw_only=True):
    """A station's move to another security profile went a step on, or ended."""

    station_id: StationId
    identity: str
    upgrade_id: str
    from_profile: int
    to_profile: int
    phase: UpgradePhase
    reason: str = ""
    by: str = ""


class Upgrades:
    """The verbs of moves between security profiles. A station is named by its id or its identity."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        link: StationLink,
        commands: CommandService,
        inventory: Inventory,
        stations: StationService,
        held: HeldCertificates,
        signing: Signing,
        clock: Clock,
        *,
        url: str = "",
        plain_url: str = "",
        look_every_s: float = 5.0,
    ) -> None:
        """`url` and `plain_url` are where stations reach us with and without TLS, without their identity."""
        self._database = database
        self._directory = directory
        self._link = link
        self._commands = commands
        self._inventory = inventory
        self._stations = stations
        self._held = held
        self._signing = signing
        self._clock = clock
        self._urls = {True: url, False: plain_url}
        self._look_every_s = look_every_s
        self._open: dict[StationId, Upgrade] = {}
        self._tasks: dict[StationId, asyncio.Task[None]] = {}
        self._news: dict[StationId, asyncio.Event] = {}
        self._came: dict[StationId, list[int]] = {}
        self._tidying: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Take in what was under way when we stopped, and go on with it."""
        for upgrade in await self._database.read(store.all_open):
            self._open[upgrade.station_id] = upgrade
            if not upgrade.ended:
                self._go_on(upgrade.station_id)

    async def stop(self) -> None:
        tasks = [*self._tasks.values(), *self._tidying]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # At the door

    def accepted(self, station_id: StationId) -> tuple[int, ...]:
        """Which profiles the station may come in besides the prescribed one."""
        upgrade = self._open.get(station_id)
        return () if upgrade is None else rules.accepted_profiles(upgrade)

    def came(self, station_id: StationId, profile: int) -> None:
        """The station was let in, in this profile. Does not wait."""
        if station_id not in self._open:
            return
        seen = self._came.setdefault(station_id, [])
        if len(seen) < 20:
            seen.append(profile)
        self._go_on(station_id)

    # Operators

    async def start(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        to_profile: int,
        *,
        by: str,
        url: str = "",
        slot: int | None = None,
        address_key: str = "",
        allow_downgrade: bool = False,
    ) -> Upgrade:
        """Begin to move a station; it goes on by itself.

        Raises Conflict when the station is not connected or on its way already, Invalid when the
        profile is no step up. Down goes only 3 to 2, with `allow_downgrade`, and only at a station of
        OCPP 2.1 that allows it (SecurityCtrlr.AllowSecurityProfileDowngrade; B09.FR.31).
        """
        entry = entry_of(self._directory, tenant_id, station)
        if not 0 <= to_profile <= 3:
            raise Invalid("A security profile is 0, 1, 2 or 3.", field="to_profile")
        before = self._open.get(entry.station_id)
        if before is not None and not before.ended:
            raise Conflict(f"The station is on its way to security profile {before.to_profile} already.")
        if len(self._tasks) >= UNDER_WAY_MAX:
            raise Conflict("Too many stations are being moved at the same time: try again later.")
        current = self._link.profile_of(entry.station_id)
        if current is None:
            raise Conflict("The station is not connected: it is moved over its connection.")
        overview = await self._inventory.get_station(tenant_id, entry.station_id)
        version = overview.station.ocpp_version or "1.6"
        self._check_direction(entry, current, to_profile, version, allow_downgrade)
        address = url or self._urls[to_profile >= 2]
        if version != "1.6":
            if not address:
                raise Invalid("Say at which address the station shall connect.", field="url")
            check_profile(_command(address, slot if slot is not None else 1, to_profile, version))
        now = self._clock.now()
        upgrade = Upgrade(
            id=new_id(),
            tenant_id=tenant_id,
            station_id=entry.station_id,
            identity=entry.identity,
            version=version,
            from_profile=current,
            to_profile=to_profile,
            url=address,
            address_key=address_key,
            slot=slot,
            phase=UpgradePhase.PREPARING,
            since=now,
            started_at=now,
            started_by=by,
        )
        if before is not None:
            await self._save(before, is_open=False)
        await self._save(upgrade)
        self._came.pop(entry.station_id, None)
        self._go_on(entry.station_id)
        return upgrade

    def _check_direction(
        self, entry: DirectoryEntry, current: int, to_profile: int, version: str, allow_downgrade: bool
    ) -> None:
        if to_profile == current:
            raise Invalid(f"The station uses security profile {current} already.", field="to_profile")
        if to_profile < current:
            if not allow_downgrade:
                raise Invalid(
                    "A station is not moved to a lower security profile, unless you allow it explicitly.",
                    field="to_profile",
                )
            if version != "2.1" or (current, to_profile) != (3, 2):
                raise Invalid(
                    "No station goes down over OCPP, except one of OCPP 2.1 from profile 3 to 2: "
                    "change the others on site.",
                    field="to_profile",
                )
        if to_profile in (1, 2) and not entry.has_password:
            raise Invalid(
                "The station has no password, which the profile needs: give it one first.", field="to_profile"
            )

    async def cancel(self, tenant_id: TenantId, station: StationId | str, *, by: str) -> Upgrade:
        """Stop a move where it stands. Both profiles stay taken until the next move."""
        entry = entry_of(self._directory, tenant_id, station)
        upgrade = self._open.get(entry.station_id)
        if upgrade is None or upgrade.ended:
            raise NotFound("The station is on its way to no other security profile.")
        stopped = rules.cancelled(upgrade, by=by, now=self._clock.now())
        await self._save(stopped)
        return stopped

    async def of(self, tenant_id: TenantId, station: StationId | str) -> Upgrade | None:
        """The latest move of a station."""
        entry = entry_of(self._directory, tenant_id, station)
        found = await self._database.read(
            lambda conn: store.search(conn, tenant_id, station_id=entry.station_id, limit=1)
        )
        return found[0] if found else None

    async def list(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        phase: UpgradePhase | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Upgrade]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.search(
                conn, tenant_id, station_id=station_id, phase=phase, before=before, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda each: paging.encode(each.id))

    async def follow(self, event: Event) -> None:
        """Keep up with moves that other nodes began or ended: the door must know."""
        if isinstance(event, SecurityUpgradeChanged) and event.station_id not in self._tasks:
            await self._read_again(event.station_id)

    async def _read_again(self, station_id: StationId) -> None:
        found = await self._database.read(lambda conn: store.all_open(conn, station_id=station_id))
        if found:
            self._open[station_id] = found[-1]
        else:
            self._open.pop(station_id, None)

    # Going on

    def _go_on(self, station_id: StationId) -> None:
        news = self._news.setdefault(station_id, asyncio.Event())
        news.set()
        if station_id not in self._tasks:
            task = asyncio.get_running_loop().create_task(
                self._work(station_id, news), name=f"security upgrade of {station_id}"
            )
            self._tasks[station_id] = task
            task.add_done_callback(lambda _: self._done(station_id))

    def _done(self, station_id: StationId) -> None:
        self._tasks.pop(station_id, None)
        self._news.pop(station_id, None)
        if self._came.get(station_id):
            self._go_on(station_id)

    async def _work(self, station_id: StationId, news: asyncio.Event) -> None:
        while True:
            news.clear()
            try:
                if not await self._step(station_id):
                    return
            except CurrantError as error:
                log.warning("The security upgrade of station %s has to wait: %s", station_id, error)
            except Exception:
                log.exception("The security upgrade of station %s stumbled", station_id)
            try:
                async with asyncio.timeout(self._look_every_s):
                    await news.wait()
            except TimeoutError:
                continue

    async def _step(self, station_id: StationId) -> bool:
        """Do what is to be done now; whether there may be more."""
        if not self._link.is_connected(station_id):
            # Another node may hold its connection, and know more.
            await self._read_again(station_id)
        while True:
            upgrade = self._open.get(station_id)
            entry = self._directory.by_id(station_id)
            if upgrade is None or entry is None:
                self._came.pop(station_id, None)
                return False
            now = self._clock.now()
            changed = upgrade
            for profile in self._came.pop(station_id, []):
                changed = rules.came_back(changed, profile, now=now)
            if changed is not upgrade:
                await self._move(entry, upgrade, changed)
                continue
            changed, do = rules.next_step(upgrade, await self._facts(entry, upgrade))
            if changed != upgrade:
                await self._move(entry, upgrade, changed)
                continue
            if do is Do.WAIT:
                return not upgrade.ended
            came = await self._carry_out(entry, upgrade, do)
            # It may have come back, or been stopped, while it was asked.
            current = self._open.get(station_id, upgrade)
            changed = rules.after(current, do, came, now=self._clock.now())
            if changed == current:
                return not upgrade.ended
            await self._move(entry, current, changed)
            if changed.phase is current.phase and changed.attempts > current.attempts:
                return True

    async def _facts(self, entry: DirectoryEntry, upgrade: Upgrade) -> Facts:
        trusts: bool | None = None
        if upgrade.phase is UpgradePhase.PREPARING and upgrade.to_profile >= 2:
            trusts = await self._held.holds_own_root(entry.tenant_id, entry.station_id)
        certified = False
        if upgrade.phase in (UpgradePhase.PREPARING, UpgradePhase.CERTIFYING) and upgrade.to_profile == 3:
            certified = await self._signing.has_valid(entry.tenant_id, entry.station_id)
        return Facts(
            now=self._clock.now(),
            connected=self._link.is_connected(entry.station_id),
            trusts_us=trusts,
            has_certificate=certified,
        )

    async def _move(self, entry: DirectoryEntry, before: Upgrade, after: Upgrade) -> None:
        if after.phase is UpgradePhase.DONE and before.phase is not UpgradePhase.DONE:
            # A05.FR.07: from now on no lower profile is taken. Written first: it is what the move is for.
            await self._inventory.update_station(
                entry.tenant_id,
                entry.station_id,
                StationChange(security_profile=after.to_profile),
                by=after.started_by,
            )
            self._tidy(entry, after)
        await self._save(after)
        if after.phase is UpgradePhase.FALLEN_BACK and before.phase is not UpgradePhase.FALLEN_BACK:
            await self._stations.security_event(
                entry.tenant_id,
                identity=entry.identity,
                station_id=entry.station_id,
                kind="SecurityUpgradeFellBack",
                at=self._clock.now(),
                detail=f"Profile {after.from_profile} to {after.to_profile}: {after.reason}",
                severity=Severity.MEDIUM,
            )

    async def _save(self, upgrade: Upgrade, *, is_open: bool | None = None) -> None:
        if is_open is None:
            is_open = bool(rules.accepted_profiles(upgrade))
        changes = ChangeSet(upgrade.tenant_id)
        store.save(changes, upgrade, is_open=is_open)
        changes.emit(
            SecurityUpgradeChanged(
                tenant_id=upgrade.tenant_id,
                happened_at=self._clock.now(),
                station_id=upgrade.station_id,
                identity=upgrade.identity,
                upgrade_id=upgrade.id,
                from_profile=upgrade.from_profile,
                to_profile=upgrade.to_profile,
                phase=upgrade.phase,
                reason=upgrade.reason,
                by=upgrade.started_by,
            )
        )
        await self._database.commit(changes)
        if is_open:
            self._open[upgrade.station_id] = upgrade
        else:
            self._open.pop(upgrade.station_id, None)

    def _tidy(self, entry: DirectoryEntry, upgrade: Upgrade) -> None:
        """2.x: the order of connection profiles keeps the new one alone (A05.FR.06 asks it of the station)."""
        if upgrade.version == "1.6" or upgrade.slot is None:
            return

        async def tidy() -> None:
            try:
                await asyncio.sleep(min(TIDIED_AFTER_S, self._look_every_s * 2))
                await self._set(entry, PRIORITY, str(upgrade.slot))
            except CurrantError as error:
                log.info("Station %s keeps its old connection profiles: %s", entry.identity, error)

        task = asyncio.get_running_loop().create_task(tidy())
        self._tidying.add(task)
        task.add_done_callback(self._tidying.discard)

    # Doing

    async def _carry_out(self, entry: DirectoryEntry, upgrade: Upgrade, do: Do) -> Came:
        steps: dict[Do, Callable[[DirectoryEntry, Upgrade], Awaitable[Came]]] = {
            Do.ASK_ROOTS: self._ask_roots,
            Do.INSTALL_ROOT: self._install_root,
            Do.ASK_CERTIFICATE: self._ask_certificate,
            Do.READ_PRIORITY: self._read_priority,
            Do.SET_PROFILE: self._set_profile,
            Do.SET_ADDRESS: lambda entry, upgrade: self._set(
                entry, Variable(name=upgrade.address_key), upgrade.url
            ),
            Do.SET_PRIORITY: self._set_priority,
            Do.SET_SECURITY_PROFILE: lambda entry, upgrade: self._set(
                entry, SECURITY_PROFILE, str(upgrade.to_profile)
            ),
            Do.RESTART: self._restart,
            Do.RESTORE_PRIORITY: lambda entry, upgrade: self._set(entry, PRIORITY, upgrade.priority_before),
        }
        return await steps[do](entry, upgrade)

    async def _give(self, entry: DirectoryEntry, command: AnyCommand) -> CommandRecord:
        return await self._commands.give(entry.tenant_id, entry.station_id, command, by=BY)

    async def _ask_roots(self, entry: DirectoryEntry, upgrade: Upgrade) -> Came:
        return _came(
            await self._held.ask(entry.tenant_id, entry.station_id, by=BY, uses=(RootUse.CSMS,), chains=False)
        )

    async def _install_root(self, entry: DirectoryEntry, upgrade: Upgrade) -> Came:
        roots = [each for each in self._held.known_roots() if each.own]
        if not roots:
            # The server's certificate is of an authority that we do not know: the station says whether it does.
            return Came(accepted=True)
        return _came(
            await self._held.install(
                entry.tenant_id, entry.station_id, use=RootUse.CSMS, pem=roots[0].certificate, by=BY
            )
        )

    async def _ask_certificate(self, entry: DirectoryEntry, upgrade: Upgrade) -> Came:
        return _came(await self._signing.renew(entry.tenant_id, entry.station_id, by=BY))

    async def _read_priority(self, entry: DirectoryEntry, upgrade: Upgrade) -> Came:
        record = await self._give(entry, GetVariables(variables=(PRIORITY,)))
        values = [each.value for each in record.variables if each.value]
        came = _came(record)
        return Came(
            accepted=came.accepted,
            refused=came.refused,
            reason=came.reason,
            value=values[0] if values else "",
        )

    async def _set_profile(self, entry: DirectoryEntry, upgrade: Upgrade) -> Came:
        if upgrade.slot is None:
            return Came(refused=True, reason="The station has no free slot for a connection profile.")
        command = _command(upgrade.url, upgrade.slot, upgrade.to_profile, upgrade.version)
        return _came(await self._give(entry, command))

    async def _set_priority(self, entry: DirectoryEntry, upgrade: Upgrade) -> Came:
        assert upgrade.slot is not None, "A profile was written to a slot."
        value = rules.with_slot_first(upgrade.slot, upgrade.priority_before)
        return await self._set(entry, PRIORITY, value)

    async def _set(self, entry: DirectoryEntry, variable: Variable, value: str) -> Came:
        record = await self._give(
            entry, SetVariables(values=(VariableValue(variable=variable, value=value),))
        )
        again = any(each.status == "RebootRequired" for each in record.variables)
        came = _came(record)
        return Came(accepted=came.accepted, refused=came.refused, reason=came.reason, needs_restart=again)

    async def _restart(self, entry: DirectoryEntry, upgrade: Upgrade) -> Came:
        record = await self._give(entry, Reset(kind=ResetKind.ON_IDLE))
        came = _came(record)
        # 1.6 has no such word: its soft reset ends sessions first.
        return Came(
            accepted=came.accepted,
            reason=came.reason,
            refused=came.refused,
            scheduled=record.status is CommandStatus.SCHEDULED,
        )


def _came(record: CommandRecord) -> Came:
    return Came(
        accepted=record.status in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED),
        refused=record.status in (CommandStatus.REFUSED, CommandStatus.UNSUPPORTED),
        reason=record.reason,
    )


def _command(url: str, slot: int, to_profile: int, version: str) -> SetNetworkProfile:
    return SetNetworkProfile(
        slot=slot,
        profile=ConnectionProfile(
            url=url,
            security_profile=to_profile,
            version=version if version == "2.1" else "2.0.1",
            message_timeout_s=30,
        ),
    )
