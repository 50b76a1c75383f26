"""The committed message types are those that the generator writes today."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_generated_types_are_up_to_date(tmp_path: Path) -> None:
    runpy.run_path(str(ROOT / "scripts" / "generate_ocpp.py"))["generate"](tmp_path)
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.py"))
    assert len(written) == 12
    for path in written:
        committed = ROOT / "src" / "currant" / "ocpp" / path
        assert committed.read_text() == (tmp_path / path).read_text(), f"run scripts/generate_ocpp.py: {path}"
