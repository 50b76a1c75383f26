"""Commands written on a line: `kind=on_idle evse=2` becomes the command's fields, each of its own type.

The types come from the commands themselves (stations/commanding), so that every command there is,
and every one to come, can be given on a terminal.
"""

import json
import re
import types
import typing
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from currant.app.cli.exits import Exit, Failure
from currant.stations.commanding import AnyCommand
from currant.stations.commanding.base import Command, Part
from currant.stations.commanding.variables import Variable, VariableValue

COMMANDS: dict[str, type[Command]] = {kind.__name__: kind for kind in typing.get_args(AnyCommand)}
UNITS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
HOW_TO_LIST = (
    "`currant tell --describe` lists the commands, `currant tell --describe NAME` the fields of one."
)


def command_named(name: str) -> type[Command]:
    """The command of this name; case, hyphens and underscores do not matter."""
    plain = _plain(name)
    for known, kind in COMMANDS.items():
        if _plain(known) == plain:
            return kind
    raise Failure(f"There is no command {name!r}.", Exit.USAGE, hint=HOW_TO_LIST)


def command_of(kind: type[Command], pairs: Iterable[str]) -> dict[str, Any]:
    """The command as the API takes it, from `field=value` pairs."""
    fields: dict[str, Any] = {}
    for pair in pairs:
        path, equals, text = pair.partition("=")
        if not equals:
            raise Failure(f"{pair!r} is not of the form field=value.", Exit.USAGE, hint=HOW_TO_LIST)
        _put(kind, fields, path, text)
    return checked(kind, fields)


def checked(kind: type[Command], fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they go over the wire, if they make a command."""
    try:
        made = msgspec.convert({"command": kind.__name__, **fields}, kind)
    except msgspec.ValidationError as error:
        raise Failure(f"{kind.__name__}: {error}.", Exit.USAGE, hint=_usage(kind)) from error
    found = msgspec.to_builtins(made)
    assert isinstance(found, dict)
    return found


def read_body(file: Path, kind: type[Command]) -> dict[str, Any]:
    """The command in a file of JSON, with or without its name in `command`; `-` is standard input."""
    try:
        found = json.loads(Path("/dev/stdin").read_text() if str(file) == "-" else file.read_text())
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", Exit.USAGE) from error
    except ValueError as error:
        raise Failure(f"{file} is not JSON: {error}.", Exit.USAGE) from error
    if not isinstance(found, dict) or found.get("command", kind.__name__) != kind.__name__:
        raise Failure(f"{file} holds no {kind.__name__}.", Exit.USAGE)
    return checked(kind, {name: value for name, value in found.items() if name != "command"})


def described(kind: type[msgspec.Struct]) -> list[tuple[str, str, bool]]:
    """Each field: its name, what it may be, and whether it is needed."""
    return [(field.encode_name, _words(field.type), field.required) for field in msgspec.structs.fields(kind)]


def described_within(kind: type[msgspec.Struct], before: str = "") -> list[tuple[str, str, bool]]:
    """The same with the fields of fields, as they are written on a line (`profile.stack_level`)."""
    told = []
    for field in msgspec.structs.fields(kind):
        name, inner = before + field.encode_name, _struct_in(field.type)
        if inner is None or inner is Variable:
            told.append((name, _words(field.type), field.required))
        else:
            within = described_within(inner, f"{name}.")
            told += [(path, words, needed and field.required) for path, words, needed in within]
    return told


def variable(name: str) -> dict[str, Any]:
    """`HeartbeatInterval` (1.6) or `OCPPCommCtrlr.HeartbeatInterval`, `Component[instance].Variable` (2.x)."""
    component, dot, last = name.rpartition(".")
    found: dict[str, Any] = {"name": last if dot else name}
    if component:
        bare, bracket, instance = component.partition("[")
        found["component"] = bare
        if bracket:
            found["component_instance"] = instance.rstrip("]")
    return found


def moment_given(text: str, *, now: datetime) -> str:
    """A time as people give it: RFC 3339 (this machine's zone where it names none), or `2h`, `30min`, `3d` from now."""
    span = re.fullmatch(r"\+?(\d+)\s*(s|min|h|d)", text.strip())
    if span:
        return (now + timedelta(seconds=int(span[1]) * UNITS[span[2]])).isoformat()
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(
            f"{text!r} is no time.", Exit.USAGE, hint="Write 2026-01-31T12:00:00Z, or 2h, 30min, 3d from now."
        ) from error
    return given.astimezone(UTC).isoformat()


def _put(kind: type[msgspec.Struct], into: dict[str, Any], path: str, text: str) -> None:
    """`profile.stack_level` goes into the field of a field."""
    name, dot, rest = path.partition(".")
    field = next((each for each in msgspec.structs.fields(kind) if each.encode_name == name), None)
    if field is None:
        raise Failure(f"{kind.__name__} has no field {name!r}.", Exit.USAGE, hint=_usage(kind))
    if not dot:
        into[name] = _value(field.type, text, where=path)
        return
    inner = _struct_in(field.type)
    if inner is None:
        raise Failure(f"{name!r} of {kind.__name__} has no fields of its own.", Exit.USAGE, hint=_usage(kind))
    _put(inner, into.setdefault(name, {}), rest, text)


def _value(kind: Any, text: str, *, where: str) -> Any:
    if text.startswith("@") and str in _choices(kind):
        try:
            return Path(text[1:]).read_text()
        except OSError as error:
            raise Failure(f"{text[1:]} cannot be read: {error.strerror}.", Exit.USAGE) from error
    for choice in _choices(kind):
        if typing.get_origin(choice) is tuple or _struct_in(choice) or typing.get_origin(choice) is dict:
            return _composite(choice, text, where=where)
    try:
        return msgspec.to_builtins(msgspec.convert(text, kind, strict=False))
    except msgspec.ValidationError as error:
        raise Failure(f"{where}: {error}.", Exit.USAGE, hint=f"It is {_words(kind)}.") from error


def _composite(kind: Any, text: str, *, where: str) -> Any:
    """JSON; or, for a list of plain things or of variables, its members separated by commas."""
    if text[:1] in "[{" and not (kind is Variable and text[:1] == "["):
        try:
            return json.loads(text)
        except ValueError as error:
            raise Failure(f"{where} is not JSON: {error}.", Exit.USAGE) from error
    if kind is Variable:
        return variable(text)
    if kind is VariableValue:
        name, _, value = text.partition("=")
        return {"variable": variable(name), "value": value}
    if typing.get_origin(kind) is tuple:
        arguments = typing.get_args(kind)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            parts = [part for part in text.split(",") if part]
            return [_value(arguments[0], part, where=where) for part in parts]
    raise Failure(f"{where} is given as JSON.", Exit.USAGE, hint=f"It is {_words(kind)}.")


def _struct_in(kind: Any) -> type[Part] | None:
    for choice in _choices(kind):
        if isinstance(choice, type) and issubclass(choice, Part):
            return choice
    return None


def _choices(kind: Any) -> Sequence[Any]:
    union = typing.get_origin(kind) in (typing.Union, types.UnionType)
    return typing.get_args(kind) if union else (kind,)


def _words(kind: Any) -> str:
    """What a type takes, in words."""
    told = []
    for choice in _choices(kind):
        if choice is type(None):
            continue
        origin = typing.get_origin(choice)
        if origin is typing.Literal:
            told.append(" | ".join(str(each) for each in typing.get_args(choice)))
        elif origin is tuple:
            arguments = typing.get_args(choice)
            told.append(f"list of {_words(arguments[0])}" if arguments[-1] is Ellipsis else "a pair")
        elif choice is Variable:
            told.append("Component.Variable")
        elif choice is VariableValue:
            told.append("Component.Variable=value")
        elif isinstance(choice, type) and issubclass(choice, Part):
            told.append(f"{choice.__name__}({', '.join(name for name, _, _ in described(choice))})")
        elif hasattr(choice, "__members__"):
            told.append(" | ".join(str(each.value) for each in choice))
        else:
            told.append(_NAMES.get(choice, getattr(choice, "__name__", str(choice))))
    return " or ".join(told)


_NAMES: dict[Any, str] = {str: "text", int: "number", float: "number", bool: "true | false", datetime: "time"}


def _usage(kind: type[msgspec.Struct]) -> str:
    told = [f"{name}={words}" + ("" if needed else " (optional)") for name, words, needed in described(kind)]
    return f"Fields of {kind.__name__}: " + ("; ".join(told) or "none") + "."


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()
