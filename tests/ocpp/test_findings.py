"""Every finding can be explained, and every explanation is of a finding."""

import re
from pathlib import Path

from currant import ocpp
from currant.ocpp.findings import EXPLANATIONS


def test_every_finding_has_an_explanation() -> None:
    assert ocpp.__file__ is not None
    named: set[str] = set()
    for path in Path(ocpp.__file__).parent.glob("*.py"):
        if path.name != "findings.py":
            text = path.read_text()
            named.update(re.findall(r'(?:_found\(\s*|code=|broken\.add\()"([a-z0-9-]+)"', text))
            for pair in re.findall(r'return "([a-z]+-[a-z]+)" if .* else "([a-z]+-[a-z]+)"', text):
                named.update(pair)
    assert named == set(EXPLANATIONS)


def test_explanations_are_sentences() -> None:
    assert all(text[0].isupper() and text.endswith(".") for text in EXPLANATIONS.values())
