"""The build hook: it knows when there is nothing to build, and what a wish to skip or to require means."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hook(tmp_path: Path) -> ModuleType:
    """The hook as it stands in a tree of its own, with sources and no bundle."""
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    (tmp_path / "web" / "src").mkdir(parents=True)
    (tmp_path / "web" / "src" / "main.ts").write_text("first")
    (tmp_path / "web" / "node_modules").mkdir()
    spec = importlib.util.spec_from_file_location("hook_in_a_tree", tmp_path / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.pop("hook_in_a_tree", None)
    spec.loader.exec_module(module)
    return module


def built(hook: ModuleType) -> None:
    hook.DIST.mkdir(parents=True)
    (hook.DIST / "console.html").write_text("a page")
    hook.STAMP.write_text(hook.stamp())


def made(hook: ModuleType) -> Any:
    return hook.WebBuildHook.__new__(hook.WebBuildHook)


def test_the_stamp_follows_the_sources_and_nothing_else(hook: ModuleType) -> None:
    before = hook.stamp()
    (hook.WEB / "node_modules" / "thing.js").write_text("installed")
    assert hook.stamp() == before
    (hook.WEB / "src" / "main.ts").write_text("second")
    assert hook.stamp() != before


def test_a_bundle_counts_until_a_source_changes(hook: ModuleType) -> None:
    assert not hook.is_current()
    built(hook)
    assert hook.is_current()
    assert made(hook).dependencies() == []
    (hook.WEB / "src" / "new.ts").write_text("more")
    assert not hook.is_current()
    assert made(hook).dependencies() == [hook.NODE]


def test_skipping_leaves_the_pages_out(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    built(hook)
    monkeypatch.setenv("CURRANT_WEB", "skip")
    data: dict[str, Any] = {"artifacts": []}
    made(hook).initialize("standard", data)
    assert data["artifacts"] == []
    assert made(hook).dependencies() == []


def test_a_bundle_that_is_current_is_packed(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    built(hook)
    monkeypatch.delenv("CURRANT_WEB", raising=False)
    data: dict[str, Any] = {"artifacts": []}
    made(hook).initialize("standard", data)
    assert data["artifacts"] == ["src/currant/web/dist/**"]


def test_a_failed_build_is_an_error_only_where_pages_are_required(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # There is no package.json here, so that npm has nothing to go by.
    monkeypatch.delenv("CURRANT_WEB", raising=False)
    data: dict[str, Any] = {"artifacts": []}
    made(hook).initialize("standard", data)
    assert data["artifacts"] == []
    assert "could not be built" in capsys.readouterr().err
    monkeypatch.setenv("CURRANT_WEB", "require")
    with pytest.raises((OSError, RuntimeError)):
        made(hook).initialize("standard", data)


def test_a_source_archive_brings_what_was_built(hook: ModuleType) -> None:
    built(hook)
    shutil.rmtree(hook.WEB)
    assert hook.is_current()
