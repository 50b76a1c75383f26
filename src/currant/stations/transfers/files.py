"""Files that travel over Currant's own links: taken from stations, given to them, looked at, and thrown away in time."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import msgspec
from sqlalchemy import Connection

from currant.db.commits import ChangeSet
from currant.db.engine import Database
from currant.kit.clock import Clock
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound
from currant.kit.ids import FileId, StationId, TenantId, TransferId, new_id
from currant.stations import paging
from currant.stations.model import Page
from currant.stations.transfers import rules, store
from currant.stations.transfers.addressing import Addressing
from currant.stations.transfers.following import keep
from currant.stations.transfers.links import Direction, WrongLink
from currant.stations.transfers.model import Family, StoredFile, Transfer
from currant.stations.transfers.preview import FilePreview, preview
from currant.stations.transfers.service import TransferService
from currant.stations.transfers.shelf import Kept, NoRoom, Shelf, TooLarge

T = TypeVar("T")

RECEIVED_AT_ONCE = 64
GIVEN_AT_ONCE = 256
NAME_MAX = 200
ORPHAN_AFTER = timedelta(hours=2)
"""A file without a row is one whose node died between the two; younger ones may still get theirs."""
CHUNK = 500


class Busy(CurrantError):
    """As many files travel already as may at once."""

    code = "busy"
    status = 503


class TooSlow(CurrantError):
    """The file came too slowly, or stopped coming."""

    code = "too_slow"
    status = 408


class BrokenOff(CurrantError):
    """The sender went away before the end."""

    code = "broken_off"
    status = 400


SENT_ANEW = "The file is being sent anew over another connection."


class FileLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What files may take."""

    upload_bytes: int = 200_000_000
    firmware_bytes: int = 512_000_000
    tenant_bytes: int = 20_000_000_000
    keep_for: timedelta = timedelta(days=90)
    silence_s: float = 60.0
    """How long a sender may send nothing."""
    longest_s: float = 3600.0
    """How long a file may take in all."""


class Content(Protocol):
    """What is sent, as it comes; name and media type may be known only once the first bytes are read."""

    name: str
    media_type: str
    announced: int | None
    """How many bytes shall come, where the sender said so."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Fetchable(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be read: `file_id` is where it lies, `transfer` what it is fetched for."""

    file_id: FileId
    name: str
    size: int
    sha256: str
    created_at: datetime
    transfer: Transfer | None = None


class _Receiving:
    """A file that is being taken: by which task, and which attempt it is."""

    __slots__ = ("task", "turn")

    def __init__(self, task: "asyncio.Task[object]", turn: int) -> None:
        self.task = task
        self.turn = turn


class FileService:
    """The files of stations, and the reading of firmware by stations."""

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        transfers: TransferService,
        addressing: Addressing,
        clock: Clock,
        limits: FileLimits,
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._transfers = transfers
        self._addressing = addressing
        self._clock = clock
        self._limits = limits
        self._receiving: dict[str, _Receiving] = {}
        self._turns = itertools.count()
        self._given = 0

    async def receive(self, word: str, content: Content) -> StoredFile:
        """Take a station's file by the word of its link, durably.

        A second attempt takes the place of one that still runs. Raises WrongLink, ExpiredLink, Conflict (the file
        is here already), TooLarge, NoRoom, TooSlow, BrokenOff or Busy.
        """
        # Before anything is waited for: of two attempts, the one that came last counts.
        turn = next(self._turns)
        link = self._addressing.read(word, Direction.UP)
        transfer = await self._of_link(link.transfer_id)
        if transfer.family is not Family.LOG:
            raise WrongLink("This link is not for sending files.")
        if transfer.file_id is not None:
            raise Conflict("The file of this link is here already.")

        file_id = FileId(new_id())
        kept = await self.take(
            transfer.tenant_id,
            transfer.id,
            file_id,
            content,
            most_bytes=self._limits.upload_bytes,
            turn=turn,
        )
        now = self._clock.now()
        file = StoredFile(
            id=file_id,
            tenant_id=transfer.tenant_id,
            station_id=transfer.station_id,
            transfer_id=transfer.id,
            kind=transfer.kind,
            name=shown_name(content.name)
            or transfer.file_name
            or f"{transfer.kind.value}-{transfer.request_id}",
            media_type=content.media_type[:100],
            size=kept.size,
            sha256=kept.sha256,
            created_at=now,
        )

        def note(conn: Connection, changes: ChangeSet) -> bool:
            found = store.transfer(conn, transfer.tenant_id, transfer.id)
            if found is None or found.file_id is not None:
                return False
            store.save_file(changes, file)
            keep(changes, found, rules.arrived(found, file.id, now=now, name=file.name))
            return True

        if not await self._database.decide(note, transfer.tenant_id):
            await self._shelf.remove(file_id)
            raise Conflict("The file of this link is here already.")
        return file

    async def take(
        self,
        tenant_id: TenantId,
        about: str,
        file_id: str,
        content: Content,
        *,
        most_bytes: int,
        turn: int | None = None,
    ) -> Kept:
        """Write what comes to the shelf, within every limit; `about` is what one at a time is taken for.

        A later attempt takes the place of one under way; `turn` says which is later.
        """
        turn = next(self._turns) if turn is None else turn
        most_bytes = await self._room(tenant_id, content.announced, most_bytes)
        before = self._receiving.get(about)
        if before is not None:
            if before.turn > turn:
                raise BrokenOff(SENT_ANEW)
            del self._receiving[about]
            before.task.cancel()
        if len(self._receiving) >= RECEIVED_AT_ONCE:
            raise Busy("Too many files are being sent at once: try again in a minute.")
        task = asyncio.current_task()
        assert task is not None, "Files are taken in tasks, which can be ended."
        self._receiving[about] = mine = _Receiving(task, turn)
        try:
            async with self._shelf.receive(file_id, most_bytes=most_bytes) as incoming:
                await self._pour(content, incoming.write)
                if incoming.size == 0:
                    raise Invalid("The file is empty.", field="file")
                return await incoming.keep()
        except asyncio.CancelledError:
            if self._receiving.get(about) is mine:
                raise
            # Another attempt took this one's place; the task itself goes on, to say so.
            task.uncancel()
            raise BrokenOff(SENT_ANEW) from None
        finally:
            if self._receiving.get(about) is mine:
                del self._receiving[about]

    async def _pour(self, content: Content, write: Callable[[bytes], Awaitable[None]]) -> None:
        chunks = aiter(content)
        try:
            async with asyncio.timeout(self._limits.longest_s):
                while True:
                    try:
                        async with asyncio.timeout(self._limits.silence_s):
                            chunk = await anext(chunks)
                    except StopAsyncIteration:
                        return
                    await write(chunk)
        except TimeoutError:
            raise TooSlow("The file came too slowly.") from None

    async def _room(self, tenant_id: TenantId, announced: int | None, most_bytes: int) -> int:
        """How many bytes may come. Raises TooLarge or NoRoom where that is known to be too few."""
        if announced is not None and announced > most_bytes:
            raise TooLarge(f"Files of this kind have at most {most_bytes} bytes.")
        used = await self._database.read(lambda conn: store.bytes_of(conn, tenant_id))
        left = self._limits.tenant_bytes - used
        if left < (announced or 1):
            raise NoRoom("The organisation's files take all the room that they may: delete some.")
        await self._shelf.check_space(announced or 0)
        return min(most_bytes, left)

    async def _of_link(self, transfer_id: TransferId) -> Transfer:
        found = await self._database.read(lambda conn: store.transfer_of_link(conn, transfer_id))
        if found is None:
            raise WrongLink("This link is for nothing that Currant knows any more.")
        return found

    async def fetchable(self, word: str) -> Fetchable:
        """The image that a station may fetch by the word of its link. Raises WrongLink, ExpiredLink or NotFound."""
        link = self._addressing.read(word, Direction.DOWN)
        transfer = await self._of_link(link.transfer_id)
        firmware_id = transfer.firmware_id
        if firmware_id is None:
            raise WrongLink("This link is not for fetching files.")
        image = await self._transfers.image(transfer.tenant_id, firmware_id)
        return Fetchable(
            file_id=FileId(image.id),
            name=image.name,
            size=image.size,
            sha256=image.sha256,
            created_at=image.created_at,
            transfer=transfer,
        )

    async def given(self, file: Fetchable, *, begin: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a file for a station; Busy when too many are being fetched. Whole to the end, that is noted."""
        if self._given >= GIVEN_AT_ONCE:
            raise Busy("Too many files are being fetched at once: try again in a minute.")
        self._given += 1
        try:
            at = begin
            async for chunk in self._shelf.read(file.file_id, begin=begin, end=end):
                at += len(chunk)
                if at == file.size and file.transfer is not None:
                    # Noted before the last bytes leave: a station may hang up at once when it has them.
                    await self._note_fetched(file.transfer)
                yield chunk
        finally:
            self._given -= 1

    async def _note_fetched(self, transfer: Transfer) -> None:
        now = self._clock.now()
        await self._transfers.change(
            transfer.tenant_id, transfer.id, lambda found: rules.fetched(found, now=now)
        )

    def check_free(self) -> None:
        """Raise Busy when no more files can be given just now."""
        if self._given >= GIVEN_AT_ONCE:
            raise Busy("Too many files are being fetched at once: try again in a minute.")

    async def get(self, tenant_id: TenantId, file_id: FileId) -> StoredFile:
        found = await self._database.read(lambda conn: store.file(conn, tenant_id, file_id))
        if found is None:
            raise NotFound(f"There is no file {file_id}.", field="file", file=file_id)
        return found

    async def list(
        self,
        tenant_id: TenantId,
        *,
        station_id: StationId | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[StoredFile]:
        """Latest first."""
        limit = paging.bounded(limit)
        before = None if cursor is None else str(paging.decode(cursor, str)[0])
        rows = await self._database.read(
            lambda conn: store.search_files(
                conn, tenant_id, station_id=station_id, before=before, limit=limit + 1
            )
        )
        return paging.page(rows, limit, lambda file: paging.encode(file.id))

    def read(self, file_id: FileId, *, begin: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a file for a person, who was allowed to see it."""
        return self._shelf.read(file_id, begin=begin, end=end)

    async def preview(
        self, tenant_id: TenantId, file_id: FileId, *, member: str | None, most_bytes: int
    ) -> FilePreview:
        """The beginning of a file, or what is in it; `member` names one file of an archive."""
        file = await self.get(tenant_id, file_id)
        place = self._shelf.place_of(file.id)
        return await self._shelf.run(lambda: preview(place, member=member, most_bytes=most_bytes))

    async def delete(self, tenant_id: TenantId, file_id: FileId) -> None:
        file = await self.get(tenant_id, file_id)
        await self._forget([file])

    async def tidy(self) -> int:
        """Delete the files that have been kept long enough, and those that belong to nothing."""
        now, removed = self._clock.now(), 0
        while True:
            old = await self._database.read(
                lambda conn: store.old_files(conn, created_before=now - self._limits.keep_for, limit=CHUNK)
            )
            await self._forget(old)
            removed += len(old)
            if len(old) < CHUNK:
                break
        names = await self._shelf.names(older_than=(now - ORPHAN_AFTER).timestamp())
        for begin in range(0, len(names), CHUNK):
            some = names[begin : begin + CHUNK]
            known = await self._database.read(lambda conn, some=some: store.known_among(conn, some))  # type: ignore[misc]
            for name in set(some) - known:
                await self._shelf.remove(name)
                removed += 1
        return removed

    async def _forget(self, files: Sequence[StoredFile]) -> None:
        """Rows first: a file without a row is swept later, a row without a file would promise what is gone."""
        for file in files:
            changes = ChangeSet(file.tenant_id)
            changes.write(store.FILE_GONE, (file.id, file.tenant_id))
            await self._database.commit(changes)
            await self._shelf.remove(file.id)


def shown_name(name: str) -> str:
    """A file's name as a station gave it: its last part, of letters that can be shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:NAME_MAX]
