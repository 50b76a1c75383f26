"""Reads bodies strictly: a field that does not exist is a mistake to be told, at any depth.

msgspec ignores unknown fields of values that others need tolerant (stored ones, those of newer
versions); a caller's misspelt `latitde` must not vanish, so bodies are compared with their type first.
"""

import re
from typing import Any

import msgspec
from msgspec import inspect

from currant.api.problems import FieldError, meant

ERRORS_MAX = 20
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]*)`")


def mistakes(raw: Any, wanted: Any) -> tuple[FieldError, ...]:
    """What is wrong with a decoded JSON value that should be a `wanted`; nothing when it is one."""
    found: list[FieldError] = []
    _unknown(raw, inspect.type_info(wanted), "", found)
    if found:
        return tuple(found[:ERRORS_MAX])
    try:
        msgspec.convert(raw, wanted)
    except msgspec.ValidationError as error:
        return (_told(str(error)),)
    return ()


def _told(message: str) -> FieldError:
    at = _AT.search(message)
    path = at["path"] if at else ""
    message = _AT.sub("", message)
    if missing := _MISSING.search(message):
        name = missing["name"]
        return FieldError(field=f"{path}.{name}" if path else name, message=f"The field `{name}` is missing.")
    message = message.replace("`", "").removesuffix(".")
    return FieldError(field=path or "body", message=f"{message}.")


def _unknown(raw: Any, wanted: inspect.Type, path: str, found: list[FieldError]) -> None:
    if isinstance(wanted, inspect.UnionType):
        wanted = _member(raw, wanted) or wanted
    if isinstance(wanted, inspect.StructType) and isinstance(raw, dict):
        fields = {field.encode_name: field.type for field in wanted.fields}
        for name, value in raw.items():
            where = f"{path}.{name}" if path else name
            if name in fields:
                _unknown(value, fields[name], where, found)
            elif name != wanted.tag_field:
                message = f"There is no field `{name}` here.{meant(name, list(fields))}"
                found.append(FieldError(field=where, message=message))
    elif isinstance(wanted, (inspect.ListType, inspect.VarTupleType)) and isinstance(raw, list):
        for index, value in enumerate(raw):
            _unknown(value, wanted.item_type, f"{path}[{index}]", found)


def _member(raw: Any, union: inspect.UnionType) -> inspect.Type | None:
    """The member of a union that a value claims to be, by its tag or by its shape."""
    structs = [kind for kind in union.types if isinstance(kind, inspect.StructType)]
    if isinstance(raw, dict):
        for kind in structs:
            if kind.tag_field is None or raw.get(kind.tag_field) == kind.tag:
                return kind
    if isinstance(raw, list):
        lists = (inspect.ListType, inspect.VarTupleType)
        return next((kind for kind in union.types if isinstance(kind, lists)), None)
    return None
