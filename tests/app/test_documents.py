"""The documents made from code are what the code says now."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.app.processes import environment

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    "script", ["document_settings.py", "document_commands.py", "document_conformance.py"]
)
def test_the_document_is_current(script: str) -> None:
    line = [sys.executable, str(ROOT / "scripts" / script), "--check"]
    done = subprocess.run(line, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_link_between_documents_leads_somewhere() -> None:
    import re

    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
