"""Who may connect: every station's identity, admission and credential, in memory on every node.

A handshake is answered from here, without a query. The database stays the truth: services put
an entry in only after its change is durable, and other nodes follow the journal's events.
"""

from collections.abc import Iterator, Mapping, Sequence
from hmac import compare_digest
from typing import Any

import msgspec

from currant.db.engine import Database
from currant.kit import crypto
from currant.kit.clock import Clock, micros
from currant.kit.event import Event
from currant.kit.ids import LocationId, StationGroupId, StationId, TenantId
from currant.stations import store
from currant.stations.events import StationAdmitted, StationAppeared, StationBooted, StationChanged
from currant.stations.model import Admission, StationSettings


class DirectoryEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a handshake needs of one station. Digests are keyed (`kit.crypto`), never the secret itself."""

    station_id: StationId
    tenant_id: TenantId
    identity: str
    admission: Admission
    security_profile: int | None = None
    serial_number: str = ""
    """As the station said when it last booted, or as it was registered."""
    location_id: LocationId | None = None
    groups: tuple[StationGroupId, ...] = ()
    """The station groups that it is in."""
    settings: StationSettings = StationSettings()
    digest: bytes | None = None
    previous_digest: bytes | None = None
    previous_until: int = 0
    """Microseconds since 1970 until which the password before this one is taken too."""

    @property
    def has_password(self) -> bool:
        return self.digest is not None


class StationDirectory:
    """Identity to `DirectoryEntry`, and id to entry; nothing here waits."""

    def __init__(self, database: Database, clock: Clock, *, key: bytes) -> None:
        """`key` is the installation's own, at most 64 bytes; with another key no password fits any more."""
        self._database = database
        self._clock = clock
        self._key = key
        self._by_identity: dict[str, DirectoryEntry] = {}
        self._by_id: dict[StationId, DirectoryEntry] = {}

    def __len__(self) -> int:
        return len(self._by_identity)

    def __iter__(self) -> Iterator[DirectoryEntry]:
        return iter(self._by_identity.values())

    def find(self, identity: str) -> DirectoryEntry | None:
        return self._by_identity.get(identity)

    def by_id(self, station_id: StationId) -> DirectoryEntry | None:
        return self._by_id.get(station_id)

    def put(self, entry: DirectoryEntry) -> None:
        before = self._by_id.get(entry.station_id)
        if before is not None and before.identity != entry.identity:
            self._by_identity.pop(before.identity, None)
        self._by_identity[entry.identity] = entry
        self._by_id[entry.station_id] = entry

    def put_serial_number(self, station_id: StationId, serial_number: str) -> None:
        """Note what a station calls itself; one that says nothing takes back nothing."""
        entry = self._by_id.get(station_id)
        if entry is not None and serial_number and serial_number != entry.serial_number:
            self.put(msgspec.structs.replace(entry, serial_number=serial_number))

    def digest(self, secret: bytes) -> bytes:
        return crypto.digest(secret, key=self._key)

    def check_password(self, entry: DirectoryEntry, secret: bytes) -> bool:
        """Whether `secret`, as raw bytes off the wire, is the station's password or the one just before it.

        A password of hexadecimal digits also matches the bytes that they spell: OCPP 1.6 writes its
        AuthorizationKey so, and chargers differ in which of the two they send. Takes the same time
        whatever is wrong, also for a station that has no password (then False).
        """
        spelled = secret.hex()
        now = before = False
        for form in (secret, spelled.encode(), spelled.upper().encode()):
            given = crypto.digest(form, key=self._key)
            now |= compare_digest(given, entry.digest or bytes(32))
            before |= compare_digest(given, entry.previous_digest or bytes(32))
        return (now and entry.digest is not None) or (
            before and entry.previous_digest is not None and micros(self._clock.now()) < entry.previous_until
        )

    def was_password(self, entry: DirectoryEntry, secret: bytes) -> bool:
        """Whether `secret` is the password before this one, also when it is taken no more."""
        return entry.previous_digest is not None and compare_digest(
            self.digest(secret), entry.previous_digest
        )

    async def load(self) -> None:
        """Take in every station there is; at start."""
        for entry in await self._database.read(
            lambda conn: _entries(store.stations.directory(conn), store.groups.memberships(conn))
        ):
            self.put(entry)

    async def reload(
        self, *, station_id: StationId | None = None, identity: str | None = None
    ) -> DirectoryEntry | None:
        """Take in one station anew, by id or identity; None when there is no such station."""
        entries = await self._database.read(
            lambda conn: _entries(
                rows := store.stations.directory(conn, station_id=station_id, identity=identity),
                {row.id: store.groups.memberships(conn, station_id=row.id).get(row.id, ()) for row in rows},
            )
        )
        for entry in entries:
            self.put(entry)
        return entries[0] if entries else None

    async def follow(self, event: Event) -> None:
        """Keep up with what other nodes changed: a subscriber of `DIRECTORY_EVENTS`."""
        if isinstance(event, (StationChanged, StationAdmitted, StationAppeared)):
            await self.reload(station_id=event.station_id)
        elif isinstance(event, StationBooted):
            self.put_serial_number(event.station_id, event.serial_number)


DIRECTORY_EVENTS: tuple[type[Event], ...] = (StationChanged, StationAdmitted, StationAppeared, StationBooted)


def _entries(rows: Sequence[Any], groups: Mapping[str, tuple[StationGroupId, ...]]) -> list[DirectoryEntry]:
    return [_entry(row, groups.get(row.id, ())) for row in rows]


def _entry(row: Any, groups: tuple[StationGroupId, ...]) -> DirectoryEntry:
    return DirectoryEntry(
        station_id=row.id,
        tenant_id=row.tenant_id,
        identity=row.identity,
        admission=Admission(row.admission),
        security_profile=row.security_profile,
        serial_number=row.serial_number,
        location_id=row.location_id,
        groups=groups,
        settings=store.stations.settings_from(row.settings),
        digest=row.digest,
        previous_digest=row.previous_digest,
        previous_until=row.previous_until or 0,
    )
