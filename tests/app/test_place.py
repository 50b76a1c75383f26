"""The data directory keeps secrets, serves one server at a time, and says where that is."""

import os
import stat
from pathlib import Path

import pytest

from currant.app.place import Place, Running
from currant.app.settings import SettingsWrong


def place(folder: Path) -> Place:
    made = Place(folder / "data")
    made.prepare()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_installation_key_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    here = place(tmp_path)
    key = here.installation_key()
    assert len(key) == 32
    assert Place(here.folder).installation_key() == key
    assert (mode(here.folder), mode(here.folder / "installation.key")) == (0o700, 0o600)


def test_directories_made_on_the_way_are_private_too(tmp_path: Path) -> None:
    Place(tmp_path / "data" / "demo").prepare()
    assert (mode(tmp_path / "data"), mode(tmp_path / "data" / "demo")) == (0o700, 0o700)


def test_a_damaged_installation_key_is_never_replaced(tmp_path: Path) -> None:
    here = place(tmp_path)
    (here.folder / "installation.key").write_bytes(b"short")
    with pytest.raises(SettingsWrong, match="restore it from a backup"):
        here.installation_key()
    assert (here.folder / "installation.key").read_bytes() == b"short"


def test_one_server_at_a_time(tmp_path: Path) -> None:
    here = place(tmp_path)
    with here.held():
        assert Place(here.folder).in_use()
        with pytest.raises(SettingsWrong, match="already runs"), Place(here.folder).held():
            pass
    assert not here.in_use()


def test_a_running_server_is_found_and_a_dead_one_is_not(tmp_path: Path) -> None:
    here = place(tmp_path)
    running = Running(pid=os.getpid(), version="1", api="http://127.0.0.1:1")
    with here.announced(running):
        assert here.running() == running
    assert here.running() is None
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)
    with here.announced(Running(pid=gone, version="1", api="http://127.0.0.1:1")):
        assert here.running() is None


def test_a_directory_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsWrong, match="Choose another"):
        Place(tmp_path / "file" / "data").prepare()
