"""The API's description as programs use it: generators of clients, and the console, whose types are made from it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from currant.api.application import create_app
from currant.api.describing import describe
from currant.api.services import ApiServices
from currant.tenancy.model import Permission

METHODS = frozenset({"get", "put", "post", "patch", "delete"})
COMPONENTS = "#/components/"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Made without a server or a database, for the routes describe themselves."""
    services = cast("ApiServices", cast("Any", SimpleNamespace(tenancy=None)))
    return cast("dict[str, Any]", msgspec.json.decode(describe(create_app(services))))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document, however deep."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from parts(each)
    elif isinstance(value, list):
        for each in value:
            yield from parts(each)


def test_no_two_types_share_a_name(document: dict[str, Any]) -> None:
    """msgspec puts the module before a name that two types have; a client's names would change with ours."""
    names = list(document["components"]["schemas"])
    assert [name for name in names if not name.isidentifier()] == []
    assert len({name.lower() for name in names}) == len(names), "some file systems do not tell case apart"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    leading = [each["$ref"] for each in parts(document) if isinstance(each.get("$ref"), str)]
    assert len(leading) > 1_000
    lost = set()
    for reference in leading:
        assert reference.startswith(COMPONENTS), reference
        kind, name = reference.removeprefix(COMPONENTS).split("/")
        if name not in document["components"][kind]:
            lost.add(reference)
    assert lost == set()


def test_every_type_is_used(document: dict[str, Any]) -> None:
    leading = {
        each["$ref"].rpartition("/")[2] for each in parts(document) if isinstance(each.get("$ref"), str)
    }
    assert set(document["components"]["schemas"]) - leading == set()


def test_every_operation_is_told_in_words(document: dict[str, Any]) -> None:
    wordless = []
    for name, operation in operations(document):
        summary, description = operation.get("summary", ""), operation.get("description", "")
        if not (3 < len(summary) <= 200 and not summary[0].islower()) or not description:
            wordless.append(f"{name}: {summary!r}")
    assert wordless == []


def test_every_operation_says_who_may_do_it(document: dict[str, Any]) -> None:
    known = {str(each) for each in Permission} | {"public", "driver"}
    for name, operation in operations(document):
        assert operation["x-permission"] in known, name
        assert operation["tags"], name
        assert "default" in operation["responses"], name


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert sorted(names) == sorted(set(names))
    assert [name for name in names if not name.isidentifier()] == []


def test_what_stands_in_a_path_is_a_parameter_of_it(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        named = {part[1:-1] for part in name.split("/") if part.startswith("{")}
        given = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert named <= given, name
