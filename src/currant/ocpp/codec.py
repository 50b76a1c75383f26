"""Turns payloads into typed messages and back: tolerant in what it reads, strict in what it writes.

    codec = codec_for(Version.V16)
    codec.decode_request("Heartbeat", b"{}")     # Decoded(message=Heartbeat(), findings=())
    codec.encode_result(call.message_id, v16.HeartbeatResponse(current_time=now))

A payload that keeps the schema is decoded in one pass; one that does not is read by `reading`,
which says what it tolerated. A `Refusal` holds what a CALLERROR says.
"""

import base64
from datetime import UTC, tzinfo
from typing import Any

import msgspec
from msgspec import Raw, inspect

from currant.ocpp.catalogue import ACTIONS, ActionSpec, Party, Version
from currant.ocpp.errors import DESCRIPTION_MAX, UNDECODABLE, ErrorCode, Finding, Refusal, Unsendable
from currant.ocpp.frames import clean_json, token
from currant.ocpp.instants import FIRST_SENSIBLE_YEAR, REPORTED
from currant.ocpp.payload import Payload
from currant.ocpp.reading import Reading, Unusable
from currant.ocpp.writing import Writer

__all__ = ["SIGNED", "Codec", "Decoded", "ErrorCode", "Finding", "Refusal", "Unsendable", "codec_for"]

SIGNED = "-Signed"

# Ids of which 0 and -1 mean "none" (quirks C11 and E2): the attribute, and its name on the wire.
_NOTHING_IF_NOT_POSITIVE = {
    (Version.V16, "StartTransaction"): ("reservation_id", "reservationId"),
    (Version.V16, "MeterValues"): ("transaction_id", "transactionId"),
    (Version.V201, "TransactionEvent"): ("reservation_id", "reservationId"),
    (Version.V21, "TransactionEvent"): ("reservation_id", "reservationId"),
}

# Messages that come once per connection are read thoroughly: a text such as "0x0000" keeps the schema.
_ALWAYS_THOROUGH = frozenset({"BootNotification"})


_TOO_DEEP = Refusal(code=ErrorCode.FORMAT_VIOLATION, description="The payload is nested too deeply.")


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A typed message and what had to be tolerated to read it."""

    message: Any
    findings: tuple[Finding, ...] = ()


class _Reader:
    """Reads the payloads of one message type."""

    __slots__ = ("_decode", "_empty", "_instants", "_not_positive", "_salvage", "_thorough", "_type")

    def __init__(
        self, type_: type[Payload], *, salvage: bool, not_positive: tuple[str, str] | None, thorough: bool
    ) -> None:
        self._type = type_
        self._decode = msgspec.json.Decoder(type_).decode
        self._salvage = salvage
        self._not_positive = not_positive
        self._thorough = thorough
        self._instants = _instants_in(inspect.type_info(type_))
        self._empty = None if type_.__struct_fields__ else Decoded(type_())

    def read(self, payload: bytes) -> Decoded | Refusal:
        if self._empty is not None and payload == b"{}":
            return self._empty
        if self._thorough:
            return self._read_tolerantly(payload)
        try:
            message = self._decode(payload)
        except UNDECODABLE:
            return self._read_tolerantly(payload)
        if self._instants is not None and _needs_a_look(message, self._instants):
            return self._read_tolerantly(payload)
        if self._not_positive is not None:
            value = getattr(message, self._not_positive[0])
            if value is not None and value <= 0:
                return self._without_id(message, [])
        return Decoded(message)

    def read_in_zone(self, payload: bytes, local: tzinfo) -> Decoded | Refusal:
        return self._read_tolerantly(payload, local)

    def _read_tolerantly(self, payload: bytes, local: tzinfo = UTC) -> Decoded | Refusal:
        reading = Reading(salvage=self._salvage, local=local)
        try:
            value = msgspec.json.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            payload, reading.findings = clean_json(payload)
            try:
                value = msgspec.json.decode(payload)
            except UNDECODABLE as error:
                return _refusal(ErrorCode.FORMAT_VIOLATION, f"The payload is not readable: {error}.")
        except RecursionError:
            return _TOO_DEEP
        if value is None:
            reading.findings.append(Finding(code="null-value", field="", detail="null payload"))
            value = {}
        if not isinstance(value, dict):
            return _refusal(ErrorCode.FORMAT_VIOLATION, "The payload must be an object.")
        try:
            message = reading.read(self._type, value)
        except Unusable as error:
            return _refusal(error.code, f"{error}{_hint(value)}.", field=error.field)
        except RecursionError:
            return _TOO_DEEP
        return self._without_id(message, reading.findings)

    def _without_id(self, message: Payload, findings: list[Finding]) -> Decoded:
        if self._not_positive is not None:
            attribute, wire = self._not_positive
            value = getattr(message, attribute)
            if value is not None and value <= 0:
                message = msgspec.structs.replace(message, **{attribute: None})
                findings.append(Finding(code="id-not-positive", field=wire, detail=str(value)))
        return Decoded(message, tuple(findings))


class Codec:
    """Reads and writes the messages of one version. Stateless; one per version is enough (`codec_for`)."""

    __slots__ = ("_actions", "_answers", "_requests", "_writers", "version")

    def __init__(self, version: Version) -> None:
        self.version = version
        self._actions = ACTIONS[version]
        # Made when first needed: most of the 91 actions never come.
        self._requests: dict[str, _Reader] = {}
        self._answers: dict[str, _Reader] = {}
        self._writers: dict[type[Payload], Writer] = {}

    def spec(self, action: str) -> ActionSpec | None:
        """The catalogue's entry for an action, also when it comes signed."""
        return self._actions.get(action) or self._actions.get(action.removesuffix(SIGNED))

    def decode_request(self, action: str, payload: bytes | Raw) -> Decoded | Refusal:
        """The typed request (a CALL's or a SEND's), or what to answer instead."""
        data = bytes(payload)
        reader = self._requests.get(action)
        if reader is None:
            if action not in self._actions:
                return self._signed(action, data)
            reader = self._requests[action] = self._request_reader(self._actions[action])
        return reader.read(data)

    def decode_in_zone(self, action: str, payload: bytes | Raw, local: tzinfo) -> Decoded | Refusal:
        """As `decode_request`, with times that have no zone taken as of `local`.

        For messages that `decode_request` had findings on: only then can there be such times in it.
        """
        reader = self._requests.get(action)
        if reader is None:
            # Signed: its inside has been read before, so its reader is there.
            inner, plain = _signed_payload(bytes(payload)), action.removesuffix(SIGNED)
            reader = self._requests.get(plain)
            if inner is None or reader is None:
                return self.decode_request(action, payload)
            return _with(reader.read_in_zone(inner, local), _UNCHECKED)
        return reader.read_in_zone(bytes(payload), local)

    def decode_response(self, action: str, payload: bytes | Raw) -> Decoded | Refusal:
        """The typed answer to a request of ours; a `Refusal` means that the command failed."""
        data = bytes(payload)
        reader = self._answers.get(action)
        if reader is None:
            spec = self._actions[action]
            assert spec.response is not None, f"nothing answers {action}"
            reader = self._answers[action] = _Reader(
                spec.response, salvage=False, not_positive=None, thorough=False
            )
        outcome = reader.read(data)
        if isinstance(outcome, Refusal) and self.version is not Version.V16:
            inner = _signed_payload(data)
            if inner is not None:
                return _with(reader.read(inner), _UNCHECKED)
        return outcome

    def encode(self, message: Payload) -> bytes:
        """A payload, strictly within the schema; raises `Unsendable`."""
        type_ = type(message)
        writer = self._writers.get(type_)
        if writer is None:
            if not self._knows(type_):
                raise Unsendable(f"{type_.__qualname__} is not a message of OCPP {self.version}.", field="")
            writer = self._writers[type_] = Writer(type_, to_station=self._is_for_stations(type_))
        return writer.write(message)

    def encode_request(self, action: str, message: Payload | bytes) -> bytes:
        """The payload of a request of this action; bytes are taken as made by `encode`."""
        if isinstance(message, bytes):
            return message
        spec = self._actions.get(action)
        if spec is None or type(message) is not spec.request:
            raise Unsendable(f"{type(message).__name__} is not the request of {action}.", field="")
        return self.encode(message)

    def encode_call(self, message_id: str, action: str, message: Payload | bytes) -> bytes:
        """A CALL; the payload is a message or what `encode` made of one."""
        return b'[2,%b,"%b",%b]' % (token(message_id), action.encode(), self.encode_request(action, message))

    def encode_result(self, message_id: bytes, message: Payload | bytes) -> bytes:
        """A CALLRESULT to the call whose id token is `message_id`."""
        payload = message if isinstance(message, bytes) else self.encode(message)
        return b"[3,%b,%b]" % (message_id, payload)

    def encode_error(
        self, message_id: bytes, code: ErrorCode, description: str = "", details: dict[str, Any] | None = None
    ) -> bytes:
        """A CALLERROR, the code as this version spells it, the description cut to 255 characters."""
        return self._error(4, message_id, code, description, details)

    def encode_result_error(
        self, message_id: bytes, code: ErrorCode, description: str = "", details: dict[str, Any] | None = None
    ) -> bytes:
        """A CALLRESULTERROR, which only 2.1 has."""
        assert self.version is Version.V21
        return self._error(5, message_id, code, description, details)

    def encode_send(self, message_id: str, action: str, message: Payload | bytes) -> bytes:
        """A SEND, which only 2.1 has."""
        assert self.version is Version.V21
        return b'[6,%b,"%b",%b]' % (token(message_id), action.encode(), self.encode_request(action, message))

    def _error(
        self, kind: int, message_id: bytes, code: ErrorCode, description: str, details: dict[str, Any] | None
    ) -> bytes:
        return b"[%d,%b,%b]" % (
            kind,
            message_id,
            msgspec.json.encode([code.spelled(self.version), description[:DESCRIPTION_MAX], details or {}])[
                1:-1
            ],
        )

    def _knows(self, type_: type[Payload]) -> bool:
        spec = self._actions.get(type_.__name__.removesuffix("Response"))
        return spec is not None and type_ in (spec.request, spec.response)

    def _is_for_stations(self, type_: type[Payload]) -> bool:
        """Whether it is a message of 2.x that the CSMS sends."""
        if self.version is Version.V16:
            return False
        spec = self._actions[type_.__name__.removesuffix("Response")]
        return spec.sent_by is not (Party.STATION if type_ is spec.request else Party.CSMS)

    def _request_reader(self, spec: ActionSpec) -> _Reader:
        return _Reader(
            spec.request,
            # A command of ours with parts left out would be another command: only stations are humoured.
            salvage=spec.sent_by != "csms",
            not_positive=_NOTHING_IF_NOT_POSITIVE.get((self.version, spec.name)),
            thorough=spec.name in _ALWAYS_THOROUGH,
        )

    def _signed(self, action: str, payload: bytes) -> Decoded | Refusal:
        """A request in a JSON Web Signature (2.x Part 4, 7): taken out and read, not verified."""
        plain = action.removesuffix(SIGNED)
        if plain == action or plain not in self._actions or self.version is Version.V16:
            shown = action[:100]
            return _refusal(ErrorCode.NOT_IMPLEMENTED, f'"{shown}" is no action of OCPP {self.version}.')
        inner = _signed_payload(payload)
        if inner is None:
            return _refusal(ErrorCode.FORMAT_VIOLATION, "The payload is no JSON Web Signature.")
        return _with(self.decode_request(plain, inner), _UNCHECKED)


_CODECS = {version: Codec(version) for version in Version}


def codec_for(version: Version) -> Codec:
    """The codec of a version, shared by everybody."""
    return _CODECS[version]


_UNCHECKED = Finding(code="signature-not-checked", field="", detail="the payload was taken as it came")


def _signed_payload(payload: bytes) -> bytes | None:
    """What a JWS in flattened or general JSON form carries (RFC 7515, 7.2); None when it is none."""
    try:
        value = msgspec.json.decode(payload)
        inner = value["payload"] if "signatures" in value or "signature" in value else None
        if not isinstance(inner, str):
            return None
        # What was inside the signature did not pass through `parse_frame`, which keeps NULs out.
        return clean_json(base64.urlsafe_b64decode(inner + "=" * (-len(inner) % 4)))[0]
    except (*UNDECODABLE, KeyError, TypeError, ValueError):
        return None


def _with(outcome: Decoded | Refusal, finding: Finding) -> Decoded | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    return Decoded(outcome.message, (finding, *outcome.findings))


def _refusal(code: ErrorCode, description: str, *, field: str = "") -> Refusal:
    details = {"field": field} if field else {}
    return Refusal(code=code, description=description[:DESCRIPTION_MAX], details=details)


def _hint(payload: dict[str, Any]) -> str:
    # 2.0 was withdrawn for 2.0.1, yet some stations speak it on a 2.0.1 connection (quirk C16).
    if "transactionData" in payload and "transactionInfo" not in payload and "eventType" in payload:
        return " (this is OCPP 2.0, which 2.0.1 replaced: the station needs newer firmware)"
    return ""


# Where the instants of a type are: (attribute, whether it tells when something happened, or what is inside).
_Instants = list[tuple[str, "bool | _Instants"]]


def _instants_in(type_: inspect.Type) -> _Instants | None:
    assert isinstance(type_, inspect.StructType)
    paths: _Instants = []
    for field in type_.fields:
        inner = field.type
        while not isinstance(inner, inspect.StructType | inspect.DateTimeType):
            if isinstance(inner, inspect.Metadata):
                inner = inner.type
            elif isinstance(inner, inspect.ListType):
                inner = inner.item_type
            else:
                break
        if isinstance(inner, inspect.DateTimeType):
            paths.append((field.name, field.encode_name in REPORTED))
        elif isinstance(inner, inspect.StructType):
            below = _instants_in(inner)
            if below is not None:
                paths.append((field.name, below))
    return paths or None


def _needs_a_look(message: Any, paths: _Instants) -> bool:
    """Whether an instant is not in UTC, or comes from a clock that was never set."""
    for name, what in paths:
        value = getattr(message, name)
        if value is None:
            continue
        if what is True or what is False:
            if value.tzinfo is not UTC or (what and value.year < FIRST_SENSIBLE_YEAR):
                return True
        elif isinstance(value, list):
            for item in value:
                if _needs_a_look(item, what):
                    return True
        elif _needs_a_look(value, what):
            return True
    return False
