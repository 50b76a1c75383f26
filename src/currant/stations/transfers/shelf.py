"""A folder that files are kept in: written beside, synced, and only then put in their place.

A file that lies under its id is whole, whatever happened to the machine in between. What was only
begun lies in `incoming`, which is emptied when this node starts. All that touches the disk runs in
threads of the shelf's own, so that a slow disk makes nobody wait but those who use it.
"""

import asyncio
import hashlib
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from currant.kit.errors import CurrantError

T = TypeVar("T")

THREADS = 4
WRITE_BYTES = 1 << 20
"""So much is gathered before it is written."""
READ_BYTES = 1 << 18
SPACE_LOOKED_AT_EVERY = 16 << 20


class TooLarge(CurrantError):
    """The file is larger than files of its kind may be."""

    code = "file_too_large"
    status = 413


class NoRoom(CurrantError):
    """There is no room left for files: of the organisation's share, or on the disk."""

    code = "no_room"
    status = 507


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was written, whole; digests in hexadecimal."""

    size: int
    sha256: str
    md5: str


class Shelf:
    """Files by id. `node` is whose half files lie in `incoming`, where several nodes share the folder."""

    def __init__(self, folder: Path, *, node: str, free_bytes_min: int) -> None:
        self._kept = folder / "kept"
        self._incoming = folder / "incoming" / "".join(c if c.isalnum() or c in "-_" else "_" for c in node)
        self._free_bytes_min = free_bytes_min
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="currant-files")

    def prepare(self) -> None:
        """Make the folders, private to their user, and remove what was left half written."""
        for folder in (self._kept, self._incoming):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for half in self._incoming.iterdir():
            half.unlink()

    def close(self) -> None:
        self._threads.shutdown(wait=True)

    async def run(self, work: Callable[[], T]) -> T:
        """Do something slow in a thread of the shelf's."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def place_of(self, file_id: str) -> Path:
        return self._kept / file_id

    def receive(self, file_id: str, *, most_bytes: int) -> "Incoming":
        return Incoming(self, self._incoming / file_id, self.place_of(file_id), most_bytes)

    async def check_space(self, coming: int = 0) -> None:
        """Raise NoRoom when the disk would be left with too little."""
        free = await self.run(lambda: shutil.disk_usage(self._kept).free)
        if free - coming < self._free_bytes_min:
            raise NoRoom("The disk is too full to take files: make room, or lower files.free_disk_mb.")

    async def read(self, file_id: str, *, begin: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `begin` up to `end`; ends early when the file is gone."""
        try:
            file = await self.run(lambda: self.place_of(file_id).open("rb"))
        except FileNotFoundError:
            return
        try:
            at = begin
            await self.run(lambda: file.seek(begin))
            while end is None or at < end:
                most = READ_BYTES if end is None else min(READ_BYTES, end - at)
                chunk = await self.run(lambda most=most: file.read(most))  # type: ignore[misc]
                if not chunk:
                    return
                at += len(chunk)
                yield chunk
        finally:
            file.close()

    async def remove(self, file_id: str) -> None:
        await self.run(lambda: self.place_of(file_id).unlink(missing_ok=True))

    async def names(self, *, older_than: float) -> list[str]:
        """The ids of files last written before this time (seconds since 1970)."""

        def look() -> list[str]:
            with os.scandir(self._kept) as entries:
                return [entry.name for entry in entries if entry.stat().st_mtime < older_than]

        return await self.run(look)


class Incoming:
    """A file that is being written. Use as `async with`: unless it was `keep`t, nothing of it stays."""

    def __init__(self, shelf: Shelf, half: Path, whole: Path, most_bytes: int) -> None:
        self._shelf = shelf
        self._half, self._whole = half, whole
        self._most_bytes = most_bytes
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._file: BinaryIO | None = None
        # Who is cancelled leaves a thread that still writes: it and the end of the file keep apart.
        self._writing = threading.Lock()
        self._gathered = bytearray()
        self._space_looked_at = 0
        self.size = 0

    async def __aenter__(self) -> "Incoming":
        self._file = await self._shelf.run(self._open)
        return self

    async def __aexit__(self, *_: object) -> None:
        file, self._file = self._file, None
        if file is not None:
            # Whoever ended the task that was sending: the half file goes.
            await asyncio.shield(self._shelf.run(lambda: self._give_up(file)))

    async def write(self, chunk: bytes) -> None:
        """Take what came. Raises TooLarge or NoRoom."""
        self.size += len(chunk)
        if self.size > self._most_bytes:
            raise TooLarge(f"Files of this kind have at most {self._most_bytes} bytes.")
        self._gathered += chunk
        if len(self._gathered) >= WRITE_BYTES:
            await self._flush()
        if self.size - self._space_looked_at > SPACE_LOOKED_AT_EVERY:
            self._space_looked_at = self.size
            await self._shelf.check_space()

    async def keep(self) -> Kept:
        """Put the file in its place, durably."""
        await self._flush()
        file, self._file = self._file, None
        assert file is not None, "A file is kept once."
        await self._shelf.run(lambda: self._finish(file))
        return Kept(size=self.size, sha256=self._sha256.hexdigest(), md5=self._md5.hexdigest())

    async def _flush(self) -> None:
        if self._gathered:
            gathered, self._gathered = bytes(self._gathered), bytearray()
            await self._shelf.run(lambda: self._write(gathered))

    def _open(self) -> BinaryIO:
        descriptor = os.open(self._half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return os.fdopen(descriptor, "wb", buffering=0)

    def _write(self, content: bytes) -> None:
        with self._writing:
            file = self._file
            if file is None:
                return
            self._sha256.update(content)
            self._md5.update(content)
            left = memoryview(content)
            try:
                while left:
                    left = left[os.write(file.fileno(), left) :]
            except OSError as error:
                raise NoRoom(f"The file could not be written: {error.strerror}.") from error

    def _finish(self, file: BinaryIO) -> None:
        with file:
            os.fsync(file.fileno())
        self._half.rename(self._whole)
        folder = os.open(self._whole.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _give_up(self, file: BinaryIO) -> None:
        with self._writing:
            file.close()
        self._half.unlink(missing_ok=True)
