"""A backup of an installation: one folder with the database, the secrets and the certificates.

Made while the server runs. The database alone would be of no use: stations' passwords and API keys
are kept as digests under the installation's key, and chargers trust this root and no other.
"""

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from currant import __version__
from currant.app.place import Place
from currant.app.settings import Settings
from currant.db.backup import BackupFailed, back_up, restore
from currant.kit.clock import Clock

SECRETS = ("installation.key", "cli.key", "push.pem")

Progress = Callable[[int, int], None]


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself, in `backup.json`: written last, so that a broken-off one has none."""

    version: str
    made_at: datetime
    database: str
    """The file's name: `currant.sqlite`, or `currant.dump` of PostgreSQL."""


def make(settings: Settings, to: Path, clock: Clock, *, progress: Progress | None = None) -> Contents:
    """Back up into the new folder `to`, which only its user can read."""
    place = Place(settings.data_dir)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise BackupFailed(f"{to} exists already and is not empty: choose another name.")
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    to.chmod(0o700)
    name = "currant.sqlite" if settings.database_url.startswith("sqlite") else "currant.dump"
    contents = Contents(version=__version__, made_at=clock.now(), database=name)
    back_up(settings.database_url, to / name, progress=progress)
    for secret in SECRETS:
        if (place.folder / secret).exists():
            _copy(place.folder / secret, to / secret)
    if place.pki.is_dir():
        (to / "pki").mkdir(mode=0o700)
        for file in sorted(place.pki.iterdir()):
            _copy(file, to / "pki" / file.name)
    (to / "backup.json").write_bytes(msgspec.json.format(msgspec.json.encode(contents), indent=2))
    return contents


def put_back(settings: Settings, source: Path, *, force: bool = False) -> Contents:
    """Make the installation what the backup in `source` says; refused while a server runs on it.

    An installation that holds something already is overwritten with `force` alone.
    """
    try:
        contents = msgspec.json.decode((source / "backup.json").read_bytes(), type=Contents)
    except OSError as error:
        raise BackupFailed(f"{source} is no complete backup: it has no backup.json.") from error
    except msgspec.MsgspecError as error:
        raise BackupFailed(f"{source / 'backup.json'} cannot be read: {error}.") from error
    place = Place(settings.data_dir)
    place.prepare()
    with place.held():
        ours = "sqlite" if settings.database_url.startswith("sqlite") else "dump"
        if not contents.database.endswith(ours):
            raise BackupFailed(
                f"The backup is of another kind of database ({contents.database}) than database.url names."
            )
        restore(settings.database_url, source / contents.database, force=force)
        for secret in SECRETS:
            if (source / secret).exists():
                _copy(source / secret, place.folder / secret)
        if (source / "pki").is_dir():
            place.pki.mkdir(mode=0o700, exist_ok=True)
            for file in sorted((source / "pki").iterdir()):
                _copy(file, place.pki / file.name)
    return contents


def _copy(source: Path, to: Path) -> None:
    """A copy with the original's mode from its first byte on."""
    fresh = to.with_name(to.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, source.stat().st_mode & 0o777)
    with os.fdopen(descriptor, "wb") as file, source.open("rb") as original:
        shutil.copyfileobj(original, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(to)
