"""Writes docs/conformance.md: what of OCPP is shown by which test. `--check` says whether it is up to date.

Tests carry `@shows("TC_A_01_CSMS", "1.6 Reset")` (tests/conformance/shows.py). What no test shows
must stand in tests/conformance/not_yet.tsv with the reason; what is shown must not.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from currant.ocpp.catalogue import ACTIONS, Party, Version  # noqa: E402

TESTS = ROOT / "tests"
FILE = ROOT / "docs" / "conformance.md"
CASES = TESTS / "conformance" / "cases_201.tsv"
NOT_YET = TESTS / "conformance" / "not_yet.tsv"

HEAD = """# Conformance

What Currant does of OCPP, and the test that shows it: every test case of OCPP 2.0.1 for a CSMS, every
operation of OCPP 1.6 with its security extension, and every message of OCPP 2.1. The tests run over real
sockets, and everything that Currant sends is held against the official JSON schemas.

This page is made by `scripts/document_conformance.py` from the tests themselves; `make check` fails when it is
out of date, and when something is neither shown by a test nor said to be missing.
"""


def shown() -> dict[str, list[str]]:
    """Id to the tests that show it, as `path::name`."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for function, ids in _marked(ast.parse(path.read_text())):
            for each in ids:
                found[each].append(f"{path.relative_to(ROOT)}::{function}")
    return found


def _marked(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "shows":
                assert all(isinstance(arg, ast.Constant) for arg in decorator.args), node.name
                yield node.name, [str(arg.value) for arg in decorator.args if isinstance(arg, ast.Constant)]


def rows_of(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines()[1:] if line.strip()]


def operations(version: Version) -> list[tuple[str, str]]:
    """Every message of a version and who sends it."""
    words = {Party.CSMS: "Currant", Party.STATION: "the station"}
    return [(name, words.get(spec.sent_by, "either")) for name, spec in sorted(ACTIONS[version].items())]


def page() -> tuple[str, list[str]]:
    """The page, and what is wrong."""
    tests, missing = shown(), {row[0]: row[1] for row in rows_of(NOT_YET)}
    wrong: list[str] = []
    known: set[str] = set()
    lines = [HEAD]

    def mark(key: str) -> str:
        known.add(key)
        if key in tests and key in missing:
            wrong.append(f"{key} is shown by a test and said to be missing.")
        if key in tests:
            first, *more = tests[key]
            return _linked(first) + (f" and {len(more)} more" if more else "")
        if key in missing:
            return f"not yet: {missing[key]}"
        wrong.append(f"{key} is shown by no test, and not_yet.tsv does not say why.")
        return "not yet"

    cases = rows_of(CASES)
    table = [(row[0], row[1], row[3], mark(row[0])) for row in cases]
    mandatory = [row for row in table if row[2] == "M"]
    done = sum(not row[3].startswith("not yet") for row in table)
    done_mandatory = sum(not row[3].startswith("not yet") for row in mandatory)
    lines.append("## OCPP 2.0.1: test cases for a CSMS\n")
    lines.append(
        f"{done} of {len(table)} are shown, {done_mandatory} of the {len(mandatory)} mandatory ones. "
        "M: mandatory in at least one certification profile; C: conditional; neither: optional.\n"
    )
    lines.append("| case | what | | shown by |\n|---|---|---|---|")
    lines += [f"| {case} | {name} | {status} | {test} |" for case, name, status, test in table]
    for version, title in ((Version.V16, "OCPP 1.6 with the security extension"), (Version.V21, "OCPP 2.1")):
        told = [(name, sender, mark(f"{version.value} {name}")) for name, sender in operations(version)]
        done = sum(not test.startswith("not yet") for _, _, test in told)
        lines.append(f"\n## {title}: every message\n")
        lines.append(f"{done} of {len(told)} are shown.\n")
        lines.append("| message | sent by | shown by |\n|---|---|---|")
        lines += [f"| {name} | {sender} | {test} |" for name, sender, test in told]
    for key in tests.keys() - known:
        wrong.append(f"{tests[key][0]} shows {key}, which is no case or message.")
    for key in missing.keys() - known:
        wrong.append(f"not_yet.tsv names {key}, which is no case or message.")
    return "\n".join(lines) + "\n", wrong


def _linked(test: str) -> str:
    path, name = test.split("::")
    words = name.removeprefix("test_").replace("_", " ")
    return f"[{words}](../{path})"


def main() -> int:
    text, wrong = page()
    for problem in wrong:
        print(problem)
    if "--check" in sys.argv:
        if not FILE.exists() or FILE.read_text() != text:
            print("docs/conformance.md is out of date: run scripts/document_conformance.py.")
            return 1
        return 1 if wrong else 0
    FILE.write_text(text)
    print(f"Wrote {FILE.relative_to(ROOT)}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
