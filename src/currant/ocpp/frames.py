"""Frames of OCPP-J: what kind of message it is, whose, and its payload still as JSON.

A well-formed frame is taken apart in one pass, without looking into the payload. Everything else
gets a second, tolerant look: what can be understood comes back as `Repaired` with findings, the
rest as `Malformed`, which says what to answer, if anything.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec import Raw

from currant.ocpp.catalogue import Version
from currant.ocpp.errors import UNDECODABLE, ErrorCode, Finding

MESSAGE_ID_MAX = 36

_EMPTY = Raw(b"{}")


class Call(msgspec.Struct, array_like=True, tag=2, frozen=True, gc=False):
    """A request. `message_id` is the very JSON token that came, to be echoed as it is."""

    message_id: Raw
    action: str
    payload: Raw


class CallResult(msgspec.Struct, array_like=True, tag=3, frozen=True, gc=False):
    """The answer to a request."""

    message_id: Raw
    payload: Raw


class CallError(msgspec.Struct, array_like=True, tag=4, frozen=True, gc=False):
    """A request was not understood or not carried out."""

    message_id: Raw
    code: str
    description: str
    details: Raw


class CallResultError(msgspec.Struct, array_like=True, tag=5, frozen=True, gc=False):
    """An answer was not understood (2.1)."""

    message_id: Raw
    code: str
    description: str
    details: Raw


class Send(msgspec.Struct, array_like=True, tag=6, frozen=True, gc=False):
    """A message that wants no answer (2.1)."""

    message_id: Raw
    action: str
    payload: Raw


Frame: TypeAlias = Call | CallResult | CallError | CallResultError | Send


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """A frame that breaks the rules and whose meaning is clear."""

    frame: Frame
    findings: tuple[Finding, ...]


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """A frame that cannot be used.

    `code` None means: say nothing. Otherwise a CALLERROR goes to `message_id`, the token that was
    readable, or ``"-1"`` (2.x Part 4, 4.2.3). `kind` is the message type number, when readable.
    """

    kind: int | None
    message_id: bytes | None
    code: ErrorCode | None
    description: str


_BACKSLASH = ord("\\")
_V21 = Version.V21
_Decode: TypeAlias = Callable[[bytes], Frame]
_decode_frame: _Decode = msgspec.json.Decoder(Call | CallResult | CallError).decode
_decode_frame_21: _Decode = msgspec.json.Decoder(
    Call | CallResult | CallError | CallResultError | Send
).decode
_elements = msgspec.json.Decoder(list[Raw])
_KINDS = {Version.V16: (2, 3, 4), Version.V201: (2, 3, 4), Version.V21: (2, 3, 4, 5, 6)}


def parse_frame(data: bytes | bytearray | memoryview, version: Version) -> Frame | Repaired | Malformed:
    """Take a frame apart. The buffer may be reused by its owner afterwards."""
    # Raw parts look into the buffer they were decoded from: a socket's own buffer is copied first.
    if type(data) is not bytes:
        data = bytes(data)
    try:
        # PostgreSQL text cannot hold NUL, which JSON can spell (quirk B4). A single byte is found fastest.
        if data.find(_BACKSLASH) < 0 or b"\\u0000" not in data:
            return _decode_frame_21(data) if version is _V21 else _decode_frame(data)
    except UNDECODABLE:
        pass
    return _second_look(data, version)


def token(message_id: str | int) -> bytes:
    """A message id as it stands in a frame."""
    return msgspec.json.encode(message_id)


def id_text(message_id: bytes) -> str:
    """A message id for people and logs: a string without its quotes, anything else as written."""
    return message_id.decode(errors="replace").strip('"')


def _second_look(data: bytes, version: Version) -> Frame | Repaired | Malformed:
    clean, findings = clean_json(data)
    try:
        parts = [bytes(part) for part in _elements.decode(clean)]
    except UNDECODABLE as error:
        return _unreadable(clean, version, str(error))
    kind = _number(parts[0]) if parts else None
    if kind is None or kind not in _KINDS[version]:
        return _unknown_kind(kind, parts, version)
    if len(parts) < 2:
        return Malformed(
            kind=kind, message_id=None, code=_answerable(kind), description="The message id is missing."
        )
    message_id = parts[1]
    if parts[0] != str(kind).encode():
        findings.append(Finding(code="message-type-not-a-number", field="", detail=parts[0].decode()))
    frame: Frame
    match kind:
        case 2 | 6:
            action = _text(parts[2]) if len(parts) > 2 else ""
            if not action:
                return Malformed(
                    kind=kind,
                    message_id=message_id,
                    code=_answerable(kind),
                    description="The action is missing.",
                )
            if len(parts) < 4:
                findings.append(Finding(code="payload-missing", field="", detail=f"{len(parts)} elements"))
            payload = Raw(parts[3]) if len(parts) > 3 else _EMPTY
            frame = (Call if kind == 2 else Send)(Raw(message_id), action, payload)
        case 3:
            if len(parts) < 3:
                findings.append(Finding(code="payload-missing", field="", detail=f"{len(parts)} elements"))
            frame = CallResult(Raw(message_id), Raw(parts[2]) if len(parts) > 2 else _EMPTY)
        case _:
            if len(parts) != 5 or any(not part.startswith(b'"') for part in parts[2:4]):
                findings.append(
                    Finding(code="error-frame-irregular", field="", detail=f"{len(parts)} elements")
                )
            code, description = (_text(part) for part in [*parts[2:4], b'""', b'""'][:2])
            details = Raw(parts[4]) if len(parts) > 4 else _EMPTY
            frame = (CallError if kind == 4 else CallResultError)(Raw(message_id), code, description, details)
    return Repaired(frame=frame, findings=tuple(findings)) if findings else frame


def _unknown_kind(kind: int | None, parts: list[bytes], version: Version) -> Malformed:
    message_id = parts[1] if len(parts) > 1 else None
    if kind is None:
        return Malformed(
            kind=None,
            message_id=message_id,
            code=None if version is Version.V16 else ErrorCode.RPC_FRAMEWORK_ERROR,
            description="The message type is not a number.",
        )
    # 1.6 (4.1.3) and 2.1 ignore other numbers; 2.0.1 Part 4, 4.4 has a code for them.
    code = ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED if version is Version.V201 else None
    return Malformed(kind=kind, message_id=message_id, code=code, description=f"No message type {kind}.")


_START = re.compile(rb'\s*\[\s*"?(\d{1,3})"?\s*,\s*("(?:[^"\\]|\\.)*"|-?\d+)\s*,', re.DOTALL)


def _unreadable(data: bytes, version: Version, reason: str) -> Malformed:
    start = _START.match(data)
    kind, message_id = (int(start[1]), start[2]) if start else (None, None)
    description = f"Not a message in JSON: {reason}."
    if kind is not None and kind != 2:
        return Malformed(kind=kind, message_id=message_id, code=None, description=description)
    if message_id is None and version is Version.V16:
        # 1.6 has no id for what cannot be read, so there is nobody to answer.
        return Malformed(kind=kind, message_id=None, code=None, description=description)
    code = ErrorCode.FORMAT_VIOLATION if message_id else ErrorCode.RPC_FRAMEWORK_ERROR
    return Malformed(kind=kind, message_id=message_id, code=code, description=description)


def _answerable(kind: int) -> ErrorCode | None:
    return ErrorCode.RPC_FRAMEWORK_ERROR if kind == 2 else None


def _number(part: bytes) -> int | None:
    try:
        number = float(part.strip(b'"'))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _text(part: bytes) -> str:
    try:
        value = msgspec.json.decode(part)
    except UNDECODABLE:
        return ""
    if isinstance(value, str):
        return value
    return "" if value is None else part.decode(errors="replace")


_CONTROL = re.compile("[\x00-\x1f]")
_NOT_A_LINE_BREAK = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f]")
# What a meter that knows nothing makes some stations write.
_STRING_OR_NOT_A_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|[-+]?\b(?:nan|inf|infinity)\b', re.IGNORECASE)
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a character in two halves
    r"|\\(?:[\"\\/bfnrt]|u[0-9a-fA-F]{4})?"
)


def clean_json(data: bytes) -> tuple[bytes, list[Finding]]:
    """JSON text without what no JSON text may hold: wrong UTF-8, NULs, control characters, wrong escapes."""
    findings = []
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        text = data.decode(errors="replace")
        findings.append(
            Finding(code="invalid-utf8", field="", detail=f"{error.reason} at byte {error.start}")
        )
    text = text.removeprefix("\ufeff")
    broken: set[str] = set()
    if "\x00" in text:
        broken.add("nul-character")
        text = text.replace("\x00", "")
    if _NOT_A_LINE_BREAK.search(text):
        broken.add("control-character")
    text = _ESCAPE.sub(lambda match: _escape(match[0], broken), _CONTROL.sub(" ", text))
    text = _STRING_OR_NOT_A_NUMBER.sub(lambda match: _no_number(match[0], broken), text)
    findings.extend(Finding(code=code, field="", detail="removed or replaced") for code in sorted(broken))
    return text.encode(), findings


def _no_number(part: str, broken: set[str]) -> str:
    if part.startswith('"'):
        return part
    broken.add("not-a-number")
    return "null"


def _escape(escape: str, broken: set[str]) -> str:
    if escape == "\\":
        broken.add("invalid-escape")
        return "\\\\"
    if len(escape) == 6:
        if escape == "\\u0000":
            broken.add("nul-character")
            return ""
        if escape[2] in "dD" and escape[3] in "89abcdefABCDEF":
            broken.add("invalid-escape")
            return "\\ufffd"
    return escape
