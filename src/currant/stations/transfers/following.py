"""Follows what becomes of transfers: what stations say of them, and what is seen of them here."""

from collections.abc import Callable

from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import NotFound
from currant.kit.event import Event
from currant.kit.ids import BatchId, FirmwareId, StationId, TenantId, TransferId
from currant.stations import paging
from currant.stations.events import StationBooted
from currant.stations.model import AttendedStation, CommandRecord, CommandStatus, Page
from currant.stations.transfers import rules, store
from currant.stations.transfers.model import (
    UNASKED,
    UNDER_WAY,
    Family,
    Stage,
    Transfer,
    TransferChanged,
    TransferKind,
    TransferStatus,
)

LOOKED_AT = 20
"""How many of a station's latest transfers a report without a number may be about."""
SWEPT_AT_ONCE = 500
WORD_MAX = 500
LOCATIONS_MAX = 20


Change = Callable[[Transfer], Transfer]


class Following:
    """The half of transfers that listens and looks."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def report(
        self,
        station: AttendedStation,
        family: Family,
        stage: Stage,
        *,
        said: str,
        request_id: int | None = None,
        detail: str = "",
        locations: tuple[str, ...] = (),
    ) -> bool:
        """Take note of what a station says of a transfer; False when it is of none that Currant knows."""
        now = self._clock.now()

        def note(conn: Connection, changes: ChangeSet) -> bool:
            known = store.latest(conn, station.tenant_id, station.station_id, family, limit=LOOKED_AT)
            transfer = _meant(known, request_id)
            if transfer is None:
                return False
            after = rules.reported(
                transfer,
                stage,
                now=now,
                said=said[:WORD_MAX],
                detail=detail[:WORD_MAX],
                named=request_id is not None,
                locations=tuple(each[:WORD_MAX] for each in locations[:LOCATIONS_MAX]),
            )
            keep(changes, transfer, after)
            # What says no number and changes nothing that has ended is of something that Currant did not begin.
            return request_id is not None or transfer.status in UNDER_WAY or after != transfer

        return await self._database.decide(note, station.tenant_id)

    async def booted(self, event: Event) -> None:
        """A subscriber of StationBooted: a start with other firmware ends an update."""
        assert isinstance(event, StationBooted), "It is told of nothing else."

        def look(conn: Connection) -> bool:
            return store.has_any(conn, event.tenant_id, event.station_id, TransferKind.FIRMWARE)

        # Few starts follow an update, and a whole network may start at once.
        if not await self._database.read(look):
            return
        now = self._clock.now()

        def note(conn: Connection, changes: ChangeSet) -> None:
            known = store.latest(conn, event.tenant_id, event.station_id, Family.FIRMWARE, limit=LOOKED_AT)
            transfer = _meant(known, None)
            if transfer is not None:
                keep(changes, transfer, rules.booted(transfer, event.firmware_version, now=now))

        await self._database.decide(note, event.tenant_id)

    async def sweep(self) -> int:
        """Give up the transfers of which nothing was heard for too long; returns how many those were."""
        now = self._clock.now()
        quiet = await self._database.read(
            lambda conn: store.quiet(conn, heard_before=now - rules.ARRIVED_PATIENCE, limit=SWEPT_AT_ONCE)
        )
        over = [each for each in quiet if rules.given_up(each, now=now) is not each]
        for each in over:
            await self.change(each.tenant_id, each.id, lambda found: rules.given_up(found, now=now))
        return len(over)

    async def get(self, tenant_id: TenantId, transfer_id: TransferId) -> Transfer:
        found = await self._database.read(lambda conn: store.transfer(conn, tenant_id, transfer_id))
        if found is None:
            raise NotFound(f"There is no transfer {transfer_id}.", field="transfer", transfer=transfer_id)
        return found

    async def list(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        kind: TransferKind | None = None,
        status: TransferStatus | None = None,
        firmware_id: FirmwareId | None = None,
        batch_id: BatchId | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Transfer]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.search_transfers(
                conn,
                tenant_id,
                station_id=station_id,
                kind=kind,
                status=status,
                firmware_id=firmware_id,
                batch_id=batch_id,
                before=before,
                limit=limit + 1,
            )
        )
        return paging.page(rows, limit, lambda transfer: paging.encode(transfer.id))

    async def latest_of(
        self, tenant_id: TenantId, station_id: StationId, family: Family
    ) -> tuple[Transfer, ...]:
        """A station's last transfers of a family, latest first."""
        return tuple(
            await self._database.read(
                lambda conn: store.latest(conn, tenant_id, station_id, family, limit=LOOKED_AT)
            )
        )

    async def change(self, tenant_id: TenantId, transfer_id: TransferId, change: Change) -> Transfer | None:
        """Move a transfer on; None when it is gone."""

        def move(conn: Connection, changes: ChangeSet) -> Transfer | None:
            before = store.transfer(conn, tenant_id, transfer_id)
            if before is None:
                return None
            after = change(before)
            keep(changes, before, after)
            return after

        return await self._database.decide(move, tenant_id)

    async def _answered(self, transfer: Transfer, record: CommandRecord) -> Transfer:
        now = self._clock.now()

        def note(conn: Connection, changes: ChangeSet) -> Transfer:
            before = store.transfer(conn, transfer.tenant_id, transfer.id) or transfer
            after = rules.answered(
                before,
                record.status,
                now=now,
                reason=record.reason,
                file_name=_named_in(record),
                command_id=record.id,
            )
            keep(changes, before, after)
            if record.status in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED):
                for other in store.latest(
                    conn, transfer.tenant_id, transfer.station_id, transfer.family, limit=LOOKED_AT
                ):
                    if other.id < transfer.id:
                        keep(changes, other, rules.replaced(other, now=now))
            return after

        return await self._database.decide(note, transfer.tenant_id)


def _named_in(record: CommandRecord) -> str:
    """The name of the file that a station says it will send; the versions spell the field alike but for a capital."""
    for key, value in (record.answer or {}).items():
        if key.lower() == "filename" and isinstance(value, str):
            return value[:255]
    return ""


def _meant(known: list[Transfer], request_id: int | None) -> Transfer | None:
    """Which of a station's transfers, latest first, a report is about."""
    if request_id is not None:
        return next((each for each in known if each.request_id == request_id), None)
    begun = [each for each in known if each.status not in UNASKED]
    return next((each for each in begun if each.status in UNDER_WAY), begun[0] if begun else None)


def keep(changes: ChangeSet, before: Transfer, after: Transfer) -> None:
    """Write a transfer that changed, and tell when it came to another state."""
    if after is before or after == before:
        return
    store.save(changes, after)
    if (after.status, after.reason, after.file_id) == (before.status, before.reason, before.file_id):
        return
    changes.emit(
        TransferChanged(
            tenant_id=after.tenant_id,
            happened_at=after.steps[-1].at if after.steps else after.heard_at,
            station_id=after.station_id,
            transfer_id=after.id,
            transfer=after.kind,
            status=after.status,
            reason=after.reason,
            said=after.steps[-1].said if after.steps else "",
            file_id=after.file_id,
            version=after.version_after or after.version,
        )
    )
