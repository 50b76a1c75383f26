"""The API's description, OpenAPI 3.1: made from the routes and the types they take and give.

Litestar knows the addresses and parameters, msgspec the shapes of the values. What neither can know
is added here: permissions, problems, what the fields of a value mean, and examples.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar._openapi.plugin import OpenAPIPlugin
from litestar.config.app import AppConfig
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Tag

from currant import __version__
from currant.api.authentication import CSRF_HEADER, PUBLIC, SESSION_COOKIE
from currant.api.examples import EXAMPLES
from currant.api.problems import MEDIA_TYPE, Problem

REF = "#/components/schemas/{name}"
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A word of your own for this request (a UUID). Sent again within 24 hours, the request is not "
    "done again: the first answer is repeated, with the header `Idempotency-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "example": "01981e5c-7a2b-7c11-8f7e-0d6b6f3c2a10",
}
ABOUT = f"""Everything Currant does goes through this API.

**Signing in.** A program sends `Authorization: Bearer cur_…` with a key made under *Keys*. A browser signs
in with `POST /api/v1/login`, gets a cookie, and sends the `csrf_token` of `/api/v1/me` in the header
`{CSRF_HEADER}` with everything but GET.

**Lists** come in pages: `items` and `next_cursor`, which goes into `cursor` for the next page.

**Mistakes** are problem documents (RFC 9457, `{MEDIA_TYPE}`) with a stable `code`, a sentence in `detail`,
and `errors` by field. Unknown fields and parameters are mistakes too.

**Times** are RFC 3339 in UTC; units are in the names (`energy_wh`, `power_w`).

**Stations** are named by their id or by the identity they connect with, **sessions** by id or number,
wherever one is asked for."""


def describe(app: Litestar) -> bytes:
    """The document, encoded; nothing in it depends on who asks."""
    generated = _generated(app)
    handlers = {
        handler.handler_name: handler
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.resolve_include_in_schema()
    }
    taken = [t for h in handlers.values() for t in _structs(_body_of(h))]
    given = [t for h in handlers.values() for answer in _answers_of(h) for t in _structs(answer)]
    schemas = _schemas([*taken, *given, Problem], answers_alone=set(_reach(given)) - set(_reach(taken)))
    for name, schema in generated["components"]["schemas"].items():
        if "enum" in schema:  # words that only parameters use
            schemas.setdefault(name, schema)
    paths = generated["paths"]
    for path in paths.values():
        for operation in path.values():
            if isinstance(operation, dict) and "operationId" in operation:
                _finish(operation, handlers[operation["operationId"]])
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Currant",
            "version": __version__,
            "summary": "An open EV charging management system.",
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": generated.get("tags", []),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                "Problem": {
                    "description": "It was not done; `code` and `detail` say why.",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(name="Problem")}}},
                }
            },
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key: `Authorization: Bearer cur_…`",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION_COOKIE,
                    "description": f"The cookie of a signed-in person; unsafe requests also carry {CSRF_HEADER}.",
                },
            },
        },
    }
    return msgspec.json.encode(_renamed(document))


def _generated(app: Litestar) -> dict[str, Any]:
    """Litestar's own description of the routes. Its plugin gets its settings here and not from the
    application, because it would add addresses of its own, with pages that load from elsewhere."""
    plugin = app.plugins.get(OpenAPIPlugin)
    plugin.on_app_init(
        AppConfig(
            openapi_config=OpenAPIConfig(
                title="Currant",
                version=__version__,
                operation_id_creator=lambda handler, method, path: handler.handler_name,
                tags=[Tag(name=name, description=text) for name, text in app.state.tags.items()],
            )
        )
    )
    return plugin.provide_openapi_schema()


def _finish(operation: dict[str, Any], handler: Any) -> None:
    """Give one operation its words, types, permission and problems."""
    permission = handler.opt["permission"]
    text = inspect.cleandoc(handler.fn.__doc__ or "")
    first, _, rest = text.partition("\n\n")
    first = " ".join(first.split())
    summary, dot, more = first.partition(". ")
    operation["summary"] = (summary + dot).strip().rstrip(".:")
    words = [part for part in (more.strip(), " ".join(rest.split())) if part]
    usual = "Open to everybody." if permission == PUBLIC else f"Needs the permission `{permission}`."
    words.append(handler.opt.get("access", usual))
    operation["description"] = "\n\n".join(words)
    operation["x-permission"] = str(permission)
    operation["security"] = [] if permission == PUBLIC else [{"key": []}, {"session": []}]
    operation.pop("deprecated", None)
    for parameter in operation.get("parameters", ()):
        _tidy_parameter(parameter)
    if handler.opt.get("idempotent"):
        operation.setdefault("parameters", []).append(IDEMPOTENCY)
    if (body := _body_of(handler)) is not None:
        schema = msgspec.json.schema_components([body], ref_template=REF)[0][0]
        operation["requestBody"]["content"] = {"application/json": {"schema": schema}}
        operation["requestBody"]["required"] = not handler.opt.get("body_optional", False)
    if takes := handler.opt.get("takes"):
        content = {kind: {"schema": {"type": "string"}} for kind in takes}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = _responses(operation, handler)


def _responses(operation: dict[str, Any], handler: Any) -> dict[str, Any]:
    (answer, *others), status = _answers_of(handler), str(handler.status_code)
    success: dict[str, Any] = {"description": handler.opt.get("answer", "Done.")}
    if kinds := handler.opt.get("gives"):
        success["content"] = {kind: {"schema": {"type": "string"}} for kind in kinds}
    elif answer not in (None, type(None)):
        schema = msgspec.json.schema_components([answer], ref_template=REF)[0][0]
        success["content"] = {"application/json": {"schema": schema}}
    problems = ["default"]
    if operation["security"]:
        problems += ["401", "403"]
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        problems.append("404")
    if operation.get("parameters") or "requestBody" in operation:
        problems.append("422")
    problem = {"$ref": "#/components/responses/Problem"}
    further = {}
    if others:
        # What is answered instead of the first is not done yet: that is what 202 says.
        schema = msgspec.json.schema_components([others[0]], ref_template=REF)[0][0]
        told = " ".join(inspect.cleandoc(others[0].__doc__ or "Not done yet.").split())
        further["202"] = {"description": told, "content": {"application/json": {"schema": schema}}}
    return {status: success} | further | dict.fromkeys(sorted(problems), problem)


def _tidy_parameter(parameter: dict[str, Any]) -> None:
    for name in ("deprecated", "allowEmptyValue", "allowReserved"):
        parameter.pop(name, None)
    schema = parameter["schema"]
    schema.pop("description", None)
    choices = [each for each in schema.pop("oneOf", ()) if each != {"type": "null"}]
    if choices:
        # "or null" means "or left out" for a parameter, and that is what `required` says.
        schema.update(choices[0] if len(choices) == 1 else {"oneOf": choices})
    for limit in ("minimum", "maximum"):
        if isinstance(schema.get(limit), float) and schema[limit].is_integer():
            schema[limit] = int(schema[limit])


def _body_of(handler: Any) -> Any:
    return None if handler.parsed_data_field is None else handler.parsed_data_field.annotation


def _answers_of(handler: Any) -> tuple[Any, ...]:
    """What a route answers: one kind, and after it another where `Response[A | B]` names two structs."""
    annotation = handler.parsed_fn_signature.return_type.annotation
    if handler.opt.get("gives"):
        return (None,)
    if get_origin(annotation) is not None and issubclass(_class_of(annotation), Response):
        annotation = get_args(annotation)[0]
        kinds = get_args(annotation)
        if len(kinds) == 2 and all(
            isinstance(each, type) and issubclass(each, msgspec.Struct) for each in kinds
        ):
            return kinds
    return (annotation,)


def _class_of(annotation: Any) -> type:
    origin = get_origin(annotation)
    return origin if isinstance(origin, type) else type(None)


def _structs(annotation: Any) -> Iterator[Any]:
    if annotation not in (None, type(None)):
        yield annotation


def _reach(types: list[Any]) -> Iterator[str]:
    return iter(msgspec.json.schema_components(types, ref_template=REF)[1] if types else ())


def _schemas(types: list[Any], *, answers_alone: set[str]) -> dict[str, Any]:
    """The shapes of all values by name, with what their fields mean."""
    _, schemas = msgspec.json.schema_components(types, ref_template=REF)
    classes = {each.__name__: each for each in _all_structs(types)}
    examples = {type(each).__name__: each for each in EXAMPLES}
    for name, schema in schemas.items():
        cls = classes.get(name)
        if cls is not None:
            _describe_fields(cls, schema.get("properties", {}))
        if all(isinstance(word, str) for word in schema.get("enum", (0,))):
            schema["type"] = "string"
        if "description" in schema:
            schema["description"] = " ".join(schema["description"].split())
        if name in answers_alone and cls is not None and not cls.__struct_config__.omit_defaults:
            # Fields with a default may be left out by who sends them; we always send them.
            schema["required"] = list(schema.get("properties", {}))
        if name in examples:
            schema["examples"] = [msgspec.to_builtins(examples[name])]
    return dict(sorted(schemas.items()))


def _describe_fields(cls: type[msgspec.Struct], properties: dict[str, Any]) -> None:
    docs = _field_docs(cls)
    info = msgspec.inspect.type_info(cls)
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        schema = properties[field.encode_name]
        kinds = field.type.types if isinstance(field.type, msgspec.inspect.UnionType) else (field.type,)
        if any(isinstance(kind, msgspec.inspect.DateTimeType) for kind in kinds):
            # msgspec says so only of times that it checks for a zone; all of ours have one.
            for each in schema.get("anyOf", [schema]):
                if each.get("type") == "string":
                    each["format"] = "date-time"
        if field.name in docs:
            properties[field.encode_name] = {**schema, "description": docs[field.name]}


def _all_structs(types: list[Any]) -> set[type[msgspec.Struct]]:
    found: set[type[msgspec.Struct]] = set()

    def visit(kind: Any) -> None:
        if isinstance(kind, msgspec.inspect.StructType):
            cls = get_origin(kind.cls) or kind.cls
            if cls in found and not get_args(kind.cls):
                return
            found.add(cls)
            for field in kind.fields:
                visit(field.type)
            return
        for name in ("types", "item_types"):
            for each in getattr(kind, name, ()):
                visit(each)
        for name in ("item_type", "key_type", "value_type", "type"):
            if isinstance(inner := getattr(kind, name, None), msgspec.inspect.Type):
                visit(inner)

    for each in msgspec.inspect.multi_type_info(types):
        visit(each)
    return found


def _field_docs(cls: type) -> dict[str, str]:
    """The sentence under each field, of the class and those it is made from."""
    docs: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if each in (object, msgspec.Struct) or not each.__module__.startswith("currant"):
            continue
        body = _classes_of(each.__module__)[each.__qualname__]
        for field, after in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                docs[field.target.id] = " ".join(after.value.value.split())
    return docs


@cache
def _classes_of(module: str) -> dict[str, ast.ClassDef]:
    """The classes that a module's source defines; parsed once, for it has many of them."""
    found: dict[str, ast.ClassDef] = {}

    def visit(body: list[ast.stmt], outer: str) -> None:
        for each in body:
            if isinstance(each, ast.ClassDef):
                found[outer + each.name] = each
                visit(each.body, f"{outer}{each.name}.")

    visit(ast.parse(inspect.getsource(sys.modules[module])).body, "")
    return found


def _renamed(document: dict[str, Any]) -> dict[str, Any]:
    """`Page_Session_` is msgspec's name for a page of sessions; people and generated clients say it so."""
    text = msgspec.json.encode(document).decode()
    text = re.sub(r"\bPage_([A-Za-z]+)_(?=[\"/])", r"PageOf\1", text)
    return msgspec.json.decode(text)  # type: ignore[no-any-return]
