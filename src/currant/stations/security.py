"""Passwords of stations changed from afar, without ever losing a station.

The new password is offered to the station, and taken at the door beside the old one from the
moment before it is sent. The first connection with it settles the matter: from then on it is the
password. A refusal takes the offer back (2.x A01.FR.04; 1.6 likewise). An answer that never came
leaves both in force, for nobody can know what the station holds.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hmac import compare_digest
from logging import getLogger
from typing import TypeGuard

import msgspec

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit import crypto
from currant.kit.clock import Clock, micros
from currant.kit.errors import Conflict, CurrantError, Invalid
from currant.kit.event import Event
from currant.kit.ids import StationId, TenantId, new_id
from currant.stations import store
from currant.stations.admission import check_password, entry_of
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.network import SetNetworkProfile
from currant.stations.commanding.variables import SetVariables, Variable, VariableValue
from currant.stations.commands import CommandService
from currant.stations.device import mapping16, naming
from currant.stations.directory import DirectoryEntry, StationDirectory
from currant.stations.events import StationChanged
from currant.stations.link import StationLink
from currant.stations.model import CommandRecord, CommandStatus
from currant.stations.security_model import Credential, PasswordOffer, PasswordRotated, PasswordStatus
from currant.stations.store.security import KeptOffer

log = getLogger(__name__)

PasswordCommand = SetVariables | SetNetworkProfile
"""What may change what a station authenticates with: a variable, or 2.1's connection profiles."""
OFFERS_MAX = 3
"""New passwords of one station that nobody knows the fate of; each is one more that is taken at the door."""
ROTATIONS_SHOWN = 20
PASSWORD_16_BYTES = 20
"""OCPP 1.6 takes 16 to 20 bytes, written as hexadecimal digits (security whitepaper, A00.FR.205)."""
PASSWORD_2_LENGTH = 32
"""2.x takes 16 to 40 characters (A00.FR.205)."""

BASIC_AUTH_PASSWORD = Variable(component="SecurityCtrlr", name="BasicAuthPassword")
AUTHORIZATION_KEY = Variable(name="AuthorizationKey")


class Credentials:
    """The verbs of stations' passwords that are changed over the link."""

    def __init__(
        self,
        database: Database,
        directory: StationDirectory,
        link: StationLink,
        commands: CommandService,
        clock: Clock,
        *,
        unused_for: timedelta = timedelta(days=30),
    ) -> None:
        """`unused_for` is how long a new password and the old one are both taken, at most."""
        self._database = database
        self._directory = directory
        self._link = link
        self._commands = commands
        self._clock = clock
        self._unused_for = unused_for
        self._offers: dict[StationId, list[KeptOffer]] = {}
        self._rotating: set[StationId] = set()
        self._noting: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Take in what stations may come with; at start."""
        found: dict[StationId, list[KeptOffer]] = {}
        for kept in await self._database.read(store.security.valid_offers):
            found.setdefault(kept.offer.station_id, []).append(kept)
        self._offers = found

    async def rotate(self, tenant_id: TenantId, station: StationId | str, *, by: str) -> PasswordOffer:
        """Give a connected station a new random password, which nobody ever sees.

        Raises Conflict when the station is not connected, or when too many of its new passwords are
        still on their way.
        """
        entry = entry_of(self._directory, tenant_id, station)
        if not self._link.is_connected(entry.station_id):
            raise Conflict("The station is not connected: its password is changed over its connection.")
        old = await self._is_old(entry)
        secret = new_password(old=old)
        chosen = VariableValue(variable=AUTHORIZATION_KEY if old else BASIC_AUTH_PASSWORD, value=secret)
        offer, _ = await self._one_at_a_time(entry, SetVariables(values=(chosen,)), secret, by)
        return offer

    async def give(
        self,
        tenant_id: TenantId,
        station: StationId | str,
        command: PasswordCommand,
        *,
        by: str,
        deadline_s: float | None = None,
    ) -> CommandRecord:
        """Give a station a password that somebody chose, as a command like others (see `sets_password`).

        It is taken at the door as one of `rotate` is. Raises Conflict as that does, save that a
        station which is not connected is an outcome.
        """
        entry = self._commands.told(tenant_id, station, command)
        if isinstance(command, SetVariables) and len(command.values) != 1:
            raise Invalid("Set a password by itself, so that what came of it is plain.", field="values")
        if not self._link.is_connected(entry.station_id):
            return await self._commands.give(tenant_id, station, command, by=by, deadline_s=deadline_s)
        if isinstance(command, SetNetworkProfile):
            secret = command.profile.password or ""
        else:
            secret = command.values[0].value or ""
        check_password(secret.encode())
        if isinstance(command, SetVariables) and await self._is_old(entry):
            # As it goes over the wire: the station may come with the bytes that these digits spell.
            secret = mapping16.to_key(AUTHORIZATION_KEY.name, secret)
        _, record = await self._one_at_a_time(entry, command, secret, by, deadline_s)
        return record

    async def _is_old(self, entry: DirectoryEntry) -> bool:
        """Whether the station speaks OCPP 1.6."""
        stored = await self._database.read(
            lambda conn: store.stations.by_id(conn, entry.tenant_id, entry.station_id)
        )
        return stored is not None and stored.ocpp_version == "1.6"

    async def _one_at_a_time(
        self,
        entry: DirectoryEntry,
        command: PasswordCommand,
        secret: str,
        by: str,
        deadline_s: float | None = None,
    ) -> tuple[PasswordOffer, CommandRecord]:
        if entry.station_id in self._rotating:
            raise Conflict("The station is being given a new password already.")
        if len(self._offers.get(entry.station_id, ())) >= OFFERS_MAX:
            raise Conflict(
                f"The station has {OFFERS_MAX} new passwords that it has not used yet: "
                "let it connect anew first, or set a password by hand."
            )
        self._rotating.add(entry.station_id)
        try:
            return await self._make_offer(entry, command, secret, by, deadline_s)
        finally:
            self._rotating.discard(entry.station_id)

    async def _make_offer(
        self, entry: DirectoryEntry, command: PasswordCommand, secret: str, by: str, deadline_s: float | None
    ) -> tuple[PasswordOffer, CommandRecord]:
        kept = KeptOffer(
            offer=PasswordOffer(
                id=new_id(),
                tenant_id=entry.tenant_id,
                station_id=entry.station_id,
                status=PasswordStatus.OFFERED,
                offered_at=self._clock.now(),
                offered_by=by,
            ),
            digest=self._directory.digest(secret.encode()),
            valid=True,
        )
        changes = ChangeSet(entry.tenant_id)
        store.security.insert(changes, kept)
        changes.emit(self._told(entry, kept.offer, by))
        # Durable before it is sent: a station that took it must be let in, whatever happens to us.
        await self._database.commit(changes)
        self._offers.setdefault(entry.station_id, []).append(kept)
        record = await self._commands.give(
            entry.tenant_id, entry.station_id, command, by=by, deadline_s=deadline_s
        )
        return await self._answered(entry, kept, record), record

    async def _answered(self, entry: DirectoryEntry, kept: KeptOffer, record: CommandRecord) -> PasswordOffer:
        current = self._offer(entry.station_id, kept.offer.id)
        if current is None:
            # It came with the new password before its answer was heard, or another one was set meanwhile.
            rows = await self._history(entry)
            return next((each for each in rows if each.id == kept.offer.id), kept.offer)
        status = OUTCOMES.get(record.status, PasswordStatus.UNANSWERED)
        if status is PasswordStatus.ACCEPTED and isinstance(record.command, SetNetworkProfile):
            # It uses it when it uses the profile (2.x B09.FR.14, B10), which may be never.
            status = PasswordStatus.STORED
        if status is PasswordStatus.REFUSED:
            return await self._end(entry, current, PasswordStatus.REFUSED, record.reason)
        return await self._end(entry, current, status, record.reason, valid=True)

    async def _end(
        self,
        entry: DirectoryEntry,
        kept: KeptOffer,
        status: PasswordStatus,
        reason: str,
        *,
        valid: bool = False,
    ) -> PasswordOffer:
        now = self._clock.now()
        offer = msgspec.structs.replace(
            kept.offer, status=status, reason=reason, ended_at=None if valid else now
        )
        changes = ChangeSet(entry.tenant_id)
        store.security.set_status(
            changes, entry.tenant_id, offer.id, status, valid=valid, reason=reason, ended_at=offer.ended_at
        )
        changes.emit(self._told(entry, offer, offer.offered_by))
        await self._database.commit(changes)
        others = [each for each in self._offers.get(entry.station_id, ()) if each.offer.id != offer.id]
        self._keep(entry.station_id, [*others, KeptOffer(offer=offer, digest=kept.digest, valid=True)]
                   if valid else others)  # fmt: skip
        return offer

    def _keep(self, station_id: StationId, offers: Sequence[KeptOffer]) -> None:
        if offers:
            self._offers[station_id] = list(offers)
        else:
            self._offers.pop(station_id, None)

    def _offer(self, station_id: StationId, offer_id: str) -> KeptOffer | None:
        return next((each for each in self._offers.get(station_id, ()) if each.offer.id == offer_id), None)

    # At the door

    def offered(self, entry: DirectoryEntry, secret: bytes) -> str | None:
        """Which offer this is the password of; None when it is none. Does not wait."""
        found = None
        spelled = secret.hex()
        for kept in self._offers.get(entry.station_id, ()):
            for form in (secret, spelled.encode(), spelled.upper().encode()):
                if compare_digest(self._directory.digest(form), kept.digest):
                    found = kept.offer.id
        return found

    def has_offers(self, station_id: StationId) -> bool:
        return station_id in self._offers

    async def used(self, entry: DirectoryEntry, offer_id: str) -> None:
        """The station came with its new password: from now on that is the only one."""
        kept = self._offer(entry.station_id, offer_id)
        if kept is not None:
            await self._settle(entry, kept, PasswordStatus.USED, "")

    async def _settle(
        self, entry: DirectoryEntry, kept: KeptOffer, status: PasswordStatus, reason: str
    ) -> None:
        now = self._clock.now()
        offer = msgspec.structs.replace(kept.offer, status=status, reason=reason, ended_at=now)
        changes = ChangeSet(entry.tenant_id)
        changes.write(
            store.tables.SAVE_CREDENTIAL,
            (entry.station_id, entry.tenant_id, kept.digest, None, None, micros(now)),
        )
        for each in self._offers.get(entry.station_id, ()):
            mine = each.offer.id == offer.id
            store.security.set_status(
                changes,
                entry.tenant_id,
                each.offer.id,
                status if mine else PasswordStatus.LAPSED,
                valid=False,
                reason=reason if mine else "Another new password was used.",
                ended_at=now,
            )
        changes.emit(self._told(entry, offer, offer.offered_by))
        changes.emit(
            StationChanged(
                tenant_id=entry.tenant_id,
                happened_at=now,
                station_id=entry.station_id,
                identity=entry.identity,
                fields=("password",),
                by=offer.offered_by,
            )
        )
        await self._database.commit(changes)
        self._offers.pop(entry.station_id, None)
        current = self._directory.by_id(entry.station_id) or entry
        self._directory.put(
            msgspec.structs.replace(current, digest=kept.digest, previous_digest=None, previous_until=0)
        )

    def came_with_old(self, entry: DirectoryEntry) -> None:
        """The station came with its old password although it was offered a new one. Does not wait."""
        waiting = self._offers.get(entry.station_id)
        if not waiting or all(kept.offer.contradicted_at is not None for kept in waiting):
            return
        now = self._clock.now()
        changes = ChangeSet(entry.tenant_id)
        marked = []
        for kept in waiting:
            if kept.offer.contradicted_at is None and kept.offer.status is not PasswordStatus.OFFERED:
                store.security.contradict(changes, entry.tenant_id, kept.offer.id, now=now)
                kept = msgspec.structs.replace(
                    kept, offer=msgspec.structs.replace(kept.offer, contradicted_at=now)
                )
            marked.append(kept)
        self._offers[entry.station_id] = marked
        if changes:
            task = asyncio.get_running_loop().create_task(self._note(changes))
            self._noting.add(task)
            task.add_done_callback(self._noting.discard)

    async def _note(self, changes: ChangeSet) -> None:
        try:
            await self._database.commit(changes)
        except CurrantError as error:
            log.warning("That a station came with its old password could not be kept: %s", error)

    # Again and again

    async def settle_old(self) -> int:
        """End the time in which old and new are both taken, where it is over; how many offers that were.

        A station that said yes and was never seen with its old password since has the new one. Any
        other keeps the old one, which is the one that it was seen with.
        """
        before = self._clock.now() - self._unused_for
        due = [
            kept
            for waiting in list(self._offers.values())
            for kept in waiting
            if kept.offer.offered_at < before
        ]
        for kept in due:
            offer = kept.offer
            entry = self._directory.by_id(offer.station_id)
            if entry is None or self._offer(offer.station_id, offer.id) is None:
                continue
            if offer.status is PasswordStatus.ACCEPTED and offer.contradicted_at is None:
                await self._settle(entry, kept, PasswordStatus.USED, "Taken for used when its time was over.")
            else:
                await self._end(entry, kept, PasswordStatus.LAPSED, "The station never used it.")
        return len(due)

    # Looking

    async def of(self, tenant_id: TenantId, station: StationId | str) -> Credential:
        """What a station authenticates with, since when, and the changes of it."""
        entry = entry_of(self._directory, tenant_id, station)
        since = await self._database.read(
            lambda conn: store.security.password_set_at(conn, tenant_id, entry.station_id)
        )
        return Credential(
            has_password=entry.has_password,
            password_set_at=since,
            rotations=tuple(await self._history(entry)),
        )

    async def _history(self, entry: DirectoryEntry) -> list[PasswordOffer]:
        return await self._database.read(
            lambda conn: store.security.offers_of(
                conn, entry.tenant_id, entry.station_id, limit=ROTATIONS_SHOWN
            )
        )

    async def follow(self, event: Event) -> None:
        """Keep up with what other nodes offered, and with passwords set by hand."""
        if isinstance(event, PasswordRotated) or (
            isinstance(event, StationChanged) and "password" in event.fields
        ):
            station_id = event.station_id
            self._keep(
                station_id,
                await self._database.read(
                    lambda conn: store.security.valid_offers(conn, station_id=station_id)
                ),
            )

    def _told(self, entry: DirectoryEntry, offer: PasswordOffer, by: str) -> PasswordRotated:
        return PasswordRotated(
            tenant_id=entry.tenant_id,
            happened_at=self._clock.now(),
            station_id=entry.station_id,
            identity=entry.identity,
            offer_id=offer.id,
            status=offer.status,
            by=by,
            reason=offer.reason,
        )


# A CALLERROR says that something went wrong, not that nothing was changed.
OUTCOMES = {
    CommandStatus.ACCEPTED: PasswordStatus.ACCEPTED,
    CommandStatus.SCHEDULED: PasswordStatus.ACCEPTED,
    CommandStatus.REFUSED: PasswordStatus.REFUSED,
    CommandStatus.UNSUPPORTED: PasswordStatus.REFUSED,
    CommandStatus.OFFLINE: PasswordStatus.REFUSED,
}


def sets_password(command: AnyCommand) -> TypeGuard[PasswordCommand]:
    """Whether a command changes what a station authenticates with, so that we must know of it."""
    if isinstance(command, SetNetworkProfile):
        return command.profile.password is not None
    return isinstance(command, SetVariables) and any(
        naming.folded(mapping16.in_model(each.variable)) == naming.folded(BASIC_AUTH_PASSWORD)
        for each in command.values
    )


def new_password(*, old: bool) -> str:
    """A random password in the form that a station is sent: `old` is OCPP 1.6, which takes hexadecimal digits."""
    secret = crypto.new_secret(PASSWORD_2_LENGTH)
    return secret[:PASSWORD_16_BYTES].encode().hex() if old else secret
