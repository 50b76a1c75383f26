"""Reads a payload that breaks the schema, as long as it is clear what it means.

Stations cannot be repaired from here, and a CALLERROR on a transaction message makes them repeat
it for days. So every value with a clear meaning is taken, and each liberty taken is a finding.
An optional value without a meaning is left out; a required one is refused, with the code that
says why. Slower by far than the strict decoder, so only asked after that has given up.
"""

import math
from datetime import UTC, tzinfo
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec import inspect

from currant.ocpp import v16, v21, v201
from currant.ocpp.errors import ErrorCode, Finding
from currant.ocpp.instants import REPORTED, Unreadable, from_epoch, is_unset, read_instant
from currant.ocpp.payload import Payload

DETAIL_MAX = 100
FINDINGS_MAX = 50

_INT64 = 2**63

# The word an unknown one becomes, where the specification has a word for the rest of the world.
_FALLBACKS: dict[tuple[str, ...], str] = {
    tuple(sorted(get_args(alias))): fallback
    for alias, fallback in [
        (v16.ChargePointErrorCode, "OtherError"),
        (v16.Reason, "Other"),
        (v16.ReadingContext, "Other"),
        (v201.ReasonEnumType, "Other"),
        (v201.ReadingContextEnumType, "Other"),
        (v201.BootReasonEnumType, "Unknown"),
        (v21.ReadingContextEnumType, "Other"),
        (v21.BootReasonEnumType, "Unknown"),
    ]
}

# What stations invent in good faith is kept as they say it; the types show these as `str`.
_KEPT: frozenset[tuple[str, ...]] = frozenset(
    tuple(sorted(get_args(alias)))
    for alias in [
        v16.Measurand,
        v16.UnitOfMeasure,
        v201.MeasurandEnumType,
        v201.IdTokenEnumType,
        v21.MeasurandEnumType,
    ]
)

# Units as vendors write them (quirk C6); 1.6 itself knows Celsius in two spellings (errata 2.1).
_SYNONYMS = {"hz": "Hertz", "°c": "Celsius", "c": "Celsius", "%": "Percent"}

# Texts that mean "nothing" in an optional field (quirk C12), unless an empty text is a value there.
_NOTHING = {"", "null", "NULL", "0x0000"}

# Required by the schema, often left out, and harmless (quirk C14).
_DEFAULTS: dict[tuple[type, str], Any] = {
    (v16.KeyValue, "readonly"): False,
    (v16.StatusNotification, "errorCode"): "NoError",
}

_ABSENT: Any = object()


class Unusable(Exception):
    """A value without a clear meaning, and where it stands."""

    def __init__(self, code: ErrorCode, field: str, problem: str) -> None:
        self.code, self.field, self.problem = code, field, problem
        super().__init__(f"{field}: {problem}" if field else problem)


class Reading:
    """One tolerant reading of one payload.

    With `salvage`, an optional part or an element of a list that makes no sense is left out;
    without, it makes the whole payload unusable, as half an answer to a command would mislead.
    A time without a zone is one of `local`.
    """

    def __init__(self, *, salvage: bool, local: tzinfo = UTC) -> None:
        self.salvage = salvage
        self.local = local
        self.findings: list[Finding] = []

    def read(self, type_: type[Payload], value: Any) -> Payload:
        """The message, or `Unusable`."""
        message: Payload = self._struct(_shape(type_), value, "")
        return message

    def _found(self, code: str, field: str, value: Any) -> None:
        if len(self.findings) < FINDINGS_MAX:
            detail = value if isinstance(value, str) else repr(value)
            self.findings.append(Finding(code=code, field=field, detail=detail[:DETAIL_MAX]))

    def _struct(self, shape: "_Shape", value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(path, "an object", value)
        given = self._properties(shape.wires, value, path)
        values: dict[str, Any] = {}
        for field in shape.fields:
            found = given.get(field.wire, _ABSENT)
            if found is _ABSENT and not field.required:
                values[field.name] = None
                continue
            where = f"{path}.{field.wire}" if path else field.wire
            if found is None:
                # No null stands anywhere in OCPP (OCPP-J 1.6, 4.2; 2.x Part 4, 4.2): it means "absent".
                found = _ABSENT
                if not field.required:
                    self._found("null-value", where, "null")
            read = self._required if field.required else self._optional
            values[field.name] = read(field, found, where)
        return shape.type(**values)

    def _properties(self, wires: frozenset[str], value: dict[str, Any], path: str) -> dict[str, Any]:
        if value.keys() <= wires:
            return value
        given = dict(value)
        folded = {name.lower(): name for name in wires}
        for name in [name for name in value if name not in wires]:
            where = f"{path}.{name}" if path else name
            meant = folded.get(name.lower())
            if meant is not None and meant not in value:
                given[meant] = value[name]
                self._found("property-misspelt", where, name)
            else:
                self._found("unknown-property", where, value[name])
        return given

    def _required(self, field: "_Field", value: Any, where: str) -> Any:
        if value is _ABSENT:
            if field.reported or field.default is not _ABSENT:
                self._found("value-missing", where, "absent")
                return None if field.reported else field.default
            raise Unusable(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, where, "is required and missing")
        if not field.reported:
            return self._value(field.type, value, where, field.wire)
        try:
            return self._value(field.type, value, where, field.wire)
        except Unusable as error:
            # An instant of the wrong type is still only a station that does not know the time.
            self._found(_code_of(field.type), where, error.problem)
            return None

    def _optional(self, field: "_Field", value: Any, where: str) -> Any:
        if value is _ABSENT:
            return None
        if isinstance(value, str) and value in _NOTHING and not field.may_be_empty:
            self._found("empty-value", where, value)
            return None
        try:
            return self._value(field.type, value, where, field.wire)
        except Unusable as error:
            if not self.salvage and isinstance(field.type, inspect.StructType | inspect.ListType):
                raise
            self._found(_code_of(field.type), error.field, error.problem)
            return None

    def _value(self, type_: inspect.Type, value: Any, where: str, name: str) -> Any:
        match type_:
            case inspect.StructType():
                return self._struct(_shape(type_.cls), value, where)
            case inspect.ListType():
                return self._list(type_, value, where, name)
            case inspect.LiteralType():
                return self._word(type_, value, where)
            case inspect.StrType():
                return self._text(type_, value, where, name)
            case inspect.IntType():
                return self._integer(type_, value, where)
            case inspect.FloatType():
                return self._limited(type_, self._number(value, where), where)
            case inspect.BoolType():
                return self._flag(value, where)
            case inspect.DateTimeType():
                return self._instant(value, where, name)
            case inspect.DictType():
                if not isinstance(value, dict):
                    raise _wrong_type(where, "an object", value)
                return value
            case _:
                return value

    def _list(self, type_: inspect.ListType, value: Any, where: str, name: str) -> list[Any]:
        if isinstance(value, dict):
            self._found("element-without-list", where, "one object where a list belongs")
            value = [value]
        if not isinstance(value, list):
            raise _wrong_type(where, "a list", value)
        if len(value) < (type_.min_length or 0):
            self._found("list-too-short", where, f"{len(value)} elements")
        elif type_.max_length is not None and len(value) > type_.max_length:
            self._found("list-too-long", where, f"{len(value)} elements, {type_.max_length} allowed")
        item_type, _ = _unwrapped(type_.item_type)
        items = []
        plain = item_type.cls if isinstance(item_type, inspect.StructType) else None
        if plain is not None and _shape(plain).tells_time:
            plain = None
        for index, item in enumerate(value):
            if plain is not None:
                # Most elements of a long list are as they should be.
                try:
                    items.append(msgspec.convert(item, plain))
                    continue
                except msgspec.ValidationError:
                    pass
            try:
                items.append(self._value(item_type, item, f"{where}[{index}]", name))
            except Unusable as error:
                if not self.salvage:
                    raise
                self._found("element-unusable", error.field, error.problem)
        return items

    def _word(self, type_: inspect.LiteralType, value: Any, where: str) -> str:
        words: tuple[str, ...] = type_.values  # type: ignore[assignment]
        if not isinstance(value, str):
            raise _wrong_type(where, "a word", value)
        if value in words:
            return value
        meant = _words_folded(words).get(_folded(_SYNONYMS.get(value.lower(), value)))
        if meant is not None:
            self._found("word-misspelt", where, value)
            return meant
        if words in _KEPT:
            self._found("unknown-word", where, value)
            return value
        if words in _FALLBACKS:
            self._found("unknown-word", where, value)
            return _FALLBACKS[words]
        shown = value[:DETAIL_MAX]
        raise Unusable(
            ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, where, f'"{shown}" is none of the words allowed'
        )

    def _text(self, type_: inspect.StrType, value: Any, where: str, name: str) -> str:
        if not isinstance(value, str):
            if isinstance(value, dict | list):
                if name != "data":
                    raise _wrong_type(where, "a text", value)
                text = msgspec.json.encode(value).decode()
            else:
                text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
            self._found("not-a-string", where, text)
            value = text
        if type_.max_length is not None and len(value) > type_.max_length:
            self._found("string-too-long", where, f"{len(value)} characters, {type_.max_length} allowed")
        return str(value)

    def _number(self, value: Any, where: str) -> float:
        if isinstance(value, str):
            try:
                number = float(value)
            except ValueError:
                raise _wrong_type(where, "a number", value) from None
            if not math.isfinite(number):
                raise _wrong_type(where, "a number", value)
            self._found("number-as-string", where, value)
            return number
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(where, "a number", value)
        try:
            return float(value)
        except OverflowError:
            raise Unusable(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, where, "is too large") from None

    def _integer(self, type_: inspect.IntType, value: Any, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            number = self._number(value, where)
            if not number.is_integer():
                self._found("number-not-whole", where, value)
            value = round(number)
        if not -_INT64 <= value < _INT64:
            raise Unusable(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, where, "is too large")
        return int(self._limited(type_, value, where))

    def _limited(self, type_: inspect.IntType | inspect.FloatType, value: float, where: str) -> float:
        low, high = type_.ge, type_.le
        if (low is not None and value < low) or (high is not None and value > high):
            # Clear in meaning, if not in sense: what to do with it is for those who know what it measures.
            self._found("number-out-of-range", where, value)
        return value

    def _flag(self, value: Any, where: str) -> bool:
        if isinstance(value, bool):
            return value
        meant = {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower())
        if meant is None:
            raise _wrong_type(where, "true or false", value)
        self._found("not-a-boolean", where, value)
        return meant

    def _instant(self, value: Any, where: str, name: str) -> Any:
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                at = from_epoch(value)
                self._found("time-as-number", where, value)
            elif isinstance(value, str):
                at, has_zone = read_instant(value, local=self.local)
                if not has_zone:
                    self._found("time-without-zone", where, value)
            else:
                raise _wrong_type(where, "a date and time", value)
        except Unreadable:
            shown = str(value)[:DETAIL_MAX]
            raise Unusable(
                ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, where, f'"{shown}" is no date and time (RFC 3339)'
            ) from None
        if name in REPORTED and is_unset(at):
            self._found("clock-not-set", where, value)
            return None
        return at


class _Field:
    """How one field is written and read."""

    __slots__ = ("default", "may_be_empty", "name", "reported", "required", "type", "wire")

    def __init__(self, owner: type, field: inspect.Field) -> None:
        self.name = field.name
        self.wire = field.encode_name
        self.required = field.required
        self.type, self.reported = _unwrapped(field.type)
        # The generator demands a character of every optional text that means nothing when empty.
        self.may_be_empty = isinstance(self.type, inspect.StrType) and self.type.min_length is None
        self.default = _DEFAULTS.get((owner, field.encode_name), _ABSENT)


class _Shape:
    """The fields of a message type, looked up once."""

    __slots__ = ("fields", "tells_time", "type", "wires")

    def __init__(self, type_: type) -> None:
        info = inspect.type_info(type_)
        assert isinstance(info, inspect.StructType)
        self.type = type_
        self.fields = [_Field(type_, field) for field in info.fields]
        self.wires = frozenset(field.wire for field in self.fields)
        self.tells_time = any(_tells_time(field.type) for field in self.fields)


_shapes: dict[type, _Shape] = {}


def _shape(type_: type) -> _Shape:
    shape = _shapes.get(type_)
    if shape is None:
        shape = _shapes[type_] = _Shape(type_)
    return shape


def _unwrapped(type_: inspect.Type) -> tuple[inspect.Type, bool]:
    """The type without the mark `Reported`, and whether it had the mark."""
    if isinstance(type_, inspect.Metadata):
        return type_.type, True
    return type_, False


def _tells_time(type_: inspect.Type) -> bool:
    match type_:
        case inspect.StructType():
            return _shape(type_.cls).tells_time
        case inspect.ListType():
            return _tells_time(_unwrapped(type_.item_type)[0])
        case _:
            return isinstance(type_, inspect.DateTimeType)


def _code_of(type_: inspect.Type) -> str:
    return "time-unreadable" if isinstance(type_, inspect.DateTimeType) else "value-unusable"


def _wrong_type(where: str, expected: str, value: Any) -> Unusable:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    got = names.get(type(value), "a number")
    return Unusable(ErrorCode.TYPE_CONSTRAINT_VIOLATION, where, f"is {got} and must be {expected}")


@cache
def _words_folded(words: tuple[str, ...]) -> dict[str, str]:
    return {_folded(word): word for word in words}


def _folded(word: str) -> str:
    return "".join(character for character in word.lower() if character.isalnum())
