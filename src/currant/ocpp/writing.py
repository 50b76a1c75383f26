"""Writes payloads exactly as the schemas want them, or not at all.

A message is encoded and then read back by the strict decoder of its own type, which knows every
limit of the schema: one mechanism for both directions. What a schema cannot say, or says for
stations that are picky, is settled before: instants to the second with a ``Z`` (quirk D7), no
empty lists, tenths in the charging schedules of 1.6, six decimals and 32 bits towards stations
of 2.x, a vendor for custom data.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import inspect

from currant.ocpp import v16
from currant.ocpp.errors import Unsendable
from currant.ocpp.payload import Payload

# JSON schema of 1.6: multipleOf 0.1.
_TENTHS = {(v16.ChargingSchedulePeriod, "limit"), (v16.ChargingSchedule, "minChargingRate")}

DECIMALS_MAX = 6
INTEGER_LIMIT = 2**31
"""2.x Part 2, 2.1.1 (primitive data types): whole numbers have 31 bits and a sign."""

_encoder = msgspec.json.Encoder()

Prepare = Callable[[Any], Any]


class _Wrong(Exception):
    """A value that cannot be sent; its path grows on the way out."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        self.path = ""

    def under(self, wire: str) -> "_Wrong":
        self.path = (
            wire if not self.path else f"{wire}{self.path if self.path[0] == '[' else '.' + self.path}"
        )
        return self


class Writer:
    """The strict encoder of one message type.

    `to_station`: a message of 2.x for a charging station, whose numbers are bounded.
    """

    __slots__ = ("_decode", "_has_fields", "_may_hold_null", "_prepare", "_type")

    def __init__(self, type_: type[Payload], *, to_station: bool = False) -> None:
        self._type = type_
        self._decode = msgspec.json.Decoder(type_).decode
        info = inspect.type_info(type_)
        self._prepare = _preparing(info, to_station)
        self._may_hold_null = _may_hold_null(info)
        self._has_fields = bool(type_.__struct_fields__)

    def write(self, message: Payload) -> bytes:
        """The payload; `Unsendable` names the field which breaks the schema."""
        if type(message) is not self._type:
            raise Unsendable(
                f"A {self._type.__name__} is due here, not a {type(message).__name__}.", field=""
            )
        if not self._has_fields:
            return b"{}"
        try:
            if self._prepare is not None:
                message = self._prepare(message)
            payload = _encoder.encode(message)
            self._decode(payload)
        except msgspec.ValidationError as error:
            problem, _, field = str(error).partition(" - at `$")
            raise self._unsendable(field.rstrip("`").removeprefix("."), problem) from None
        except _Wrong as wrong:
            raise self._unsendable(wrong.path, wrong.problem) from None
        except (TypeError, AttributeError, UnicodeEncodeError, RecursionError) as error:
            raise self._unsendable("", str(error)) from None
        if self._may_hold_null and b"null" in payload:
            _refuse_nulls(message, self._type.__name__)
        return payload

    def _unsendable(self, field: str, problem: str) -> Unsendable:
        return unsendable(self._type.__name__, field, problem)


def unsendable(message: str, field: str, problem: str) -> Unsendable:
    where = f"{message}.{field}" if field else message
    return Unsendable(
        f"{where} was not sent: {problem}. Correct the value.", field=field, message_type=message
    )


def _preparing(type_: inspect.Type, to_station: bool) -> Prepare | None:
    """What must be done to a value of this type before it is encoded; None when nothing must."""
    match type_:
        case inspect.Metadata():
            return _preparing(type_.type, to_station)
        case inspect.DateTimeType():
            return _to_the_second
        case inspect.IntType():
            return _in_32_bits if to_station else None
        case inspect.FloatType():
            return _in_six_decimals if to_station else None
        case inspect.DictType():
            return _with_vendor
        case inspect.ListType():
            item = _preparing(type_.item_type, to_station)
            return None if item is None else lambda values: _each(item, values)
        case inspect.StructType():
            return _preparing_struct(type_, to_station)
    return None


def _preparing_struct(info: inspect.StructType, to_station: bool) -> Prepare | None:
    steps: list[tuple[str, str, Prepare]] = []
    for field in info.fields:
        prepare = _preparing(field.type, to_station)
        if (info.cls, field.encode_name) in _TENTHS:
            prepare = _in_tenths
        if not field.required and _is_nothing_when_empty(field.type):
            prepare = _none_if_empty(prepare)
        if prepare is not None:
            steps.append((field.name, field.encode_name, prepare))
    if not steps:
        return None

    def prepare_struct(value: Any) -> Any:
        changed = {}
        for name, wire, step in steps:
            before = getattr(value, name)
            if before is not None:
                try:
                    after = step(before)
                except _Wrong as wrong:
                    raise wrong.under(wire) from None
                if after is not before:
                    changed[name] = after
        return msgspec.structs.replace(value, **changed) if changed else value

    return prepare_struct


def _is_nothing_when_empty(type_: inspect.Type) -> bool:
    return isinstance(type_, inspect.ListType) or (
        isinstance(type_, inspect.StrType) and type_.min_length == 1
    )


def _none_if_empty(prepare: Prepare | None) -> Prepare:
    # OCPP-J 1.6, 4.2.1 and 2.x Part 4, 4.2.1: optional fields that are empty are omitted.
    def step(value: Any) -> Any:
        if not value:
            return None
        return value if prepare is None else prepare(value)

    return step


def _each(item: Prepare, values: Any) -> Any:
    prepared = []
    for index, value in enumerate(values):
        try:
            prepared.append(item(value))
        except _Wrong as wrong:
            raise wrong.under(f"[{index}]") from None
    changed = any(after is not before for after, before in zip(prepared, values, strict=True))
    return prepared if changed else values


def _to_the_second(value: Any) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _Wrong("a time needs a zone")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    # Cheaper than `replace`, and this stands in the answer to every heartbeat.
    return value - timedelta(microseconds=value.microsecond) if value.microsecond else value


def _with_vendor(value: Any) -> Any:
    vendor = value.get("vendorId") if isinstance(value, dict) else None
    if not isinstance(vendor, str) or len(vendor) > 255:
        raise _Wrong("custom data needs a vendorId of at most 255 characters")
    return value


def _in_32_bits(value: Any) -> Any:
    if isinstance(value, int) and not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
        raise _Wrong(f"{value} is no whole number of 32 bits")
    return value


def _in_six_decimals(value: Any) -> Any:
    # 2.x Part 2, 2.1.1: what is sent towards a station has no more.
    if not isinstance(value, float):
        return value
    rounded = round(value, DECIMALS_MAX)
    return value if rounded == value else rounded


def _in_tenths(value: Any) -> Any:
    tenths = value * 10
    if not math.isfinite(tenths) or abs(tenths - round(tenths)) > 1e-6:
        raise _Wrong(f"{value} is no number with one decimal")
    return value


def _may_hold_null(type_: inspect.Type) -> bool:
    """Whether the strict decoder leaves nulls in it: only custom data and the data of a DataTransfer are free."""
    match type_:
        case inspect.StructType():
            return any(_may_hold_null(field.type) for field in type_.fields)
        case inspect.ListType():
            return _may_hold_null(type_.item_type)
        case inspect.Metadata():
            return _may_hold_null(type_.type)
        case _:
            return isinstance(type_, inspect.DictType | inspect.AnyType)


def _refuse_nulls(message: Payload, name: str) -> None:

    def walk(value: Any, where: str) -> None:
        if value is None:
            raise unsendable(name, where, "null is not sent in OCPP: leave the field out")
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{where}.{key}" if where else str(key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                walk(inner, f"{where}[{index}]")

    walk(msgspec.json.decode(_encoder.encode(message)), "")
