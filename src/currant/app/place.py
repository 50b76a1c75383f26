"""The data directory: what lies in it, that one server at a time uses it, and how to find that server."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from currant.app.settings import Problem, SettingsWrong


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A server that is up, as it says of itself in `server.json` for the command line beside it."""

    pid: int
    version: str
    api: str
    """Base address of the API for this machine, without `/api/v1`."""
    ocpp: str = ""
    ocpp_tls: str = ""
    root: str = ""
    """Path of the root certificate, when the API speaks HTTPS."""
    log: str = ""


class Place:
    """A data directory, private to its user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def operator_key(self) -> Path:
        """The command line's own key (tenancy makes it)."""
        return self.folder / "cli.key"

    def prepare(self) -> None:
        """Make the directory, mode 0700; raises `SettingsWrong` when it cannot be written to."""
        try:
            # Not parents=True: it makes those that everybody may read.
            for folder in (*reversed(self.folder.parents), self.folder):
                folder.mkdir(mode=0o700, exist_ok=True)
            probe = self.folder / ".writable"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            what = f"It cannot be written to ({error.strerror}). Choose another with data_dir or CURRANT_DATA_DIR."
            raise SettingsWrong([Problem(where=str(self.folder), what=what)]) from error

    def installation_key(self) -> bytes:
        """32 random bytes, made once: the key of every stored digest of a station's or an API key's secret.

        Without this file no stored digest can be checked, which is why a backup holds it.
        """
        path = self.folder / "installation.key"
        if not path.exists():
            fresh = path.with_name("installation.key.new")
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        key = path.read_bytes()
        if len(key) != 32:
            what = "It should hold 32 bytes and does not: restore it from a backup."
            raise SettingsWrong([Problem(where=str(path), what=what)])
        return key

    @contextmanager
    def held(self) -> Iterator[None]:
        """This process alone uses the directory; raises `SettingsWrong` when another does."""
        with os.fdopen(os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                running = self.running()
                who = f"process {running.pid}, {running.api}" if running else "another process"
                what = (
                    f"A Currant server already runs on it ({who}). Stop it first, or choose another data_dir."
                )
                raise SettingsWrong([Problem(where=str(self.folder), what=what)]) from error
            yield

    def in_use(self) -> bool:
        try:
            with self.held():
                return False
        except SettingsWrong:
            return True

    @contextmanager
    def announced(self, running: Running) -> Iterator[None]:
        """The server can be found through `server.json` while this lasts."""
        path = self.folder / "server.json"
        fresh = path.with_name("server.json.new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(running), indent=2))
        fresh.rename(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """The server that announced itself here and is still alive."""
        try:
            running = msgspec.json.decode((self.folder / "server.json").read_bytes(), type=Running)
            os.kill(running.pid, 0)
        except PermissionError:
            return running
        except (OSError, msgspec.MsgspecError, json.JSONDecodeError):
            return None
        return running
